//! REST, `/api/v1`: each file a room, its `router()` last.
