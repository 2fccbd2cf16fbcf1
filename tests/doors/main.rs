//! Real requests through the whole router, on a fresh database per test.

#![recursion_limit = "512"]

mod account;
mod admin;
mod bad_input;
mod bad_values;
mod by_hand;
mod clocks;
mod desk;
mod frames;
mod gateway;
mod gone;
mod harness;
mod line;
mod live;
mod markup;
mod nodes;
mod openapi;
mod paying;
mod payment;
mod photos;
mod questions;
mod repeats;
mod roles;
mod routes;
mod scans;
mod sessions;
mod shop;
mod slow;
mod stampede;
mod tokens;
mod traces;
