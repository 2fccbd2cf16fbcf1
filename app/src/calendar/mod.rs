//! A provider's days: today's jobs, requests that wait, day and week.

pub mod pages;
pub mod parts;
