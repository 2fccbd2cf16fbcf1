//! Where services belong.
//!
//! - The operator's list, in an order of their own; hidden ones stay on old services and are offered nowhere.

pub mod model;
