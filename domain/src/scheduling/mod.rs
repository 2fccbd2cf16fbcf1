#[cfg(feature = "server")]
pub mod port;
