//! Real requests through the whole router, on a fresh database per test.

#![recursion_limit = "512"]

mod account;
mod admin;
mod asked;
mod bad_input;
mod bad_values;
mod by_hand;
mod calendars;
mod clocks;
mod desk;
mod frames;
mod gateway;
mod gone;
mod guessing;
mod harness;
mod letters;
mod line;
mod live;
mod live_roles;
mod mail;
mod markup;
mod migrations;
mod nodes;
mod openapi;
mod paying;
mod payment;
mod photos;
mod program;
mod questions;
mod readers;
mod receipts;
mod refunds;
mod repeats;
mod restart;
mod roles;
mod routes;
mod scans;
mod secrets;
mod sessions;
mod shop;
mod slow;
mod stampede;
mod tokens;
mod traces;
