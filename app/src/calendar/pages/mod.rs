pub mod requests;
pub mod today;
pub mod week;
