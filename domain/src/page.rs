//! Lists in pages by key: a cursor names the last row seen, so rows that come and go shift nothing.

use serde::{Deserialize, Serialize};

pub const DEFAULT_LIMIT: i64 = 20;
pub const MAX_LIMIT: i64 = 100;

/// One page of a list and where the next one begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next_cursor: Option<String>,
}

/// What a caller asks of a list.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PageQuery {
    pub limit: Option<i64>,
    pub cursor: Option<String>,
}

impl PageQuery {
    /// Between 1 and [`MAX_LIMIT`].
    pub fn limit(&self) -> i64 {
        self.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT)
    }
    /// The cursor's parts; a cursor that is not ours counts as none.
    #[cfg(feature = "server")]
    pub fn after<K: serde::de::DeserializeOwned>(&self) -> Option<K> {
        use base64::Engine;
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(self.cursor.as_deref()?).ok()?;
        serde_json::from_slice(&bytes).ok()
    }
}

impl<T> Page<T> {
    pub fn empty() -> Self {
        Self { items: Vec::new(), next_cursor: None }
    }
    /// A list so short that one page has all of it.
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }
    pub fn map<U>(self, each: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(each).collect(), next_cursor: self.next_cursor }
    }
    /// From `limit + 1` rows read: the extra one only tells that there is more.
    #[cfg(feature = "server")]
    pub fn from_rows<K: Serialize>(mut rows: Vec<T>, limit: i64, key: impl Fn(&T) -> K) -> Self {
        use base64::Engine;
        let has_more = rows.len() as i64 > limit;
        rows.truncate(limit as usize);
        let next_cursor = match (has_more, rows.last()) {
            (true, Some(last)) => {
                serde_json::to_vec(&key(last)).ok().map(|json| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json))
            }
            _ => None,
        };
        Self { items: rows, next_cursor }
    }
}
