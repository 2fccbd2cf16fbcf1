//! The business of Fettle: words, rules, transactions. No HTTP and no pages.
//!
//! Every capability is a room with the same name on every storey of the house. Without feature
//! `server` only types and pure rules remain, small enough for the browser.

// What every room speaks.
pub mod error;
pub mod id;
pub mod money;
pub mod page;
pub mod settings;
pub mod time;

#[cfg(feature = "server")]
mod sql;

// Who acts, the event spine, jobs, exactly-once.
#[cfg(feature = "server")]
pub mod actor;
#[cfg(feature = "server")]
pub mod audit;
#[cfg(feature = "server")]
pub mod cache;
#[cfg(feature = "server")]
pub mod crash;
#[cfg(feature = "server")]
pub mod ctx;
#[cfg(feature = "server")]
pub mod event;
#[cfg(feature = "server")]
pub mod idempotency;
#[cfg(feature = "server")]
pub mod jobs;
#[cfg(feature = "server")]
pub mod outbox;
#[cfg(feature = "server")]
pub mod pool;
#[cfg(feature = "server")]
pub mod queue;
#[cfg(feature = "server")]
pub mod reactions;
#[cfg(feature = "server")]
pub mod trace;

// The rooms, in the order of one job's life.
/// People who can sign in: registration, sessions, roles, tokens, guests.
pub mod account;
/// What the operator sees and decides: figures, settings, health.
pub mod admin;
/// Agreed jobs from hold to completion, changes and cancellations.
pub mod booking;
/// What a provider's days hold, side by side.
pub mod calendar;
/// Where services belong.
pub mod category;
/// Providers someone wants to find again.
pub mod favourite;
/// Every movement of money as balanced entries.
pub mod ledger;
/// What open pages are told as it happens: topics and types of the live socket.
pub mod live;
/// What we tell people, by e-mail so far.
pub mod notify;
/// Collecting and returning money through gateways.
pub mod payment;
/// Streets, districts and postcodes: where an address lies.
pub mod place;
/// What customers choose: profiles, services, teams, resources, and the decision to admit them.
pub mod provider;
/// What both sides say afterwards.
pub mod review;
/// Free times: schedules, the slot engine, and why a time is not offered.
pub mod scheduling;
/// Finding someone: text, place, filters, ranking.
pub mod search;

/// A house for tests: clock, chance and ports under the test's control. Also used by the tests of the doors, so it is always compiled; nothing of the server refers to it.
#[cfg(feature = "server")]
#[doc(hidden)]
pub mod world;
