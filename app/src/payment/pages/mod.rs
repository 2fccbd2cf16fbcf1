//! Receipts and the money page.

pub mod money;
pub mod receipt;
pub mod receipts;
