//! The server: pages, REST, live socket, workers and adapters around the domain.

#![recursion_limit = "512"]

pub mod adapters;
pub mod api;
pub mod boot;
pub mod config;
pub mod dev;
pub mod health;
pub mod layers;
pub mod metrics;
pub mod migrations;
pub mod realtime;
pub mod router;
pub mod seed;
pub mod serve;
pub mod state;
pub mod telemetry;
pub mod web;
pub mod worker;
