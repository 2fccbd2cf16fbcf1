//! Real requests through the whole router, on a fresh database per test.

#![recursion_limit = "512"]

mod account;
mod admin;
mod authorisation;
mod bad_input;
mod gone;
mod harness;
mod live;
mod nodes;
mod payment;
mod repeats;
mod routes;
mod sessions;
