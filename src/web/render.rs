//! A view in its frame becomes a response, synchronously.
