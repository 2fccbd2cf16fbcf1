//! Payments on a real database, against a gateway in memory.
