//! A provider's public page and its booker; the application and the workspace pages of services, team and settings.

pub mod pages;
pub mod parts;
