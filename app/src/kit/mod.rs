//! Buttons, fields, dialogs, tables, charts: no business.
pub mod islands;
