//! Exactly once by key: the same key and request return the first answer, another request under the key is refused.
