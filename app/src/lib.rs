//! What people see: plain components for pages, islands for what reacts. Given their data, they fetch none.

// Deep views make deep types.
#![recursion_limit = "512"]

pub mod browser;
pub mod door;
pub mod kit;
pub mod live;
pub mod shell;

pub mod account;
pub mod admin;
pub mod booking;
pub mod calendar;
pub mod favourite;
pub mod payment;
pub mod provider;
pub mod review;
pub mod scheduling;
pub mod search;
/// Pages that belong to no room: home, help and policies, errors.
pub mod site;
