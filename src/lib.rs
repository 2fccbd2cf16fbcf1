//! The server: pages, REST, live socket, workers and adapters around the domain.

#![recursion_limit = "512"]

pub mod api;
pub mod state;
pub mod web;
