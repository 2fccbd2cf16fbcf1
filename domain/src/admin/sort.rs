//! Lists sorted by one of their columns, and paged by where the last row stood.

use serde::{Deserialize, Serialize};

/// By which column, and which way round: `name` in addresses, `-name` for the last or greatest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Sort {
    pub by: String,
    pub is_down: bool,
}

impl Sort {
    /// None where nothing is said.
    pub fn parse(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| text.to_owned().into())
    }
}

impl From<String> for Sort {
    fn from(text: String) -> Self {
        match text.strip_prefix('-') {
            Some(by) => Self { by: by.to_owned(), is_down: true },
            None => Self { by: text, is_down: false },
        }
    }
}

impl From<Sort> for String {
    fn from(sort: Sort) -> Self {
        if sort.is_down { format!("-{}", sort.by) } else { sort.by }
    }
}

/// The columns by which each list sorts. An unknown one counts as none: newest first.
pub mod columns {
    pub const BOOKINGS: &[&str] = &["customer", "provider", "starts", "status", "total", "made"];
    pub const PEOPLE: &[&str] = &["name", "bookings", "since"];
    pub const PROVIDERS: &[&str] = &["name", "owner", "category", "services", "bookings", "status", "since"];
    pub const PAYMENTS: &[&str] = &["payer", "provider", "status", "amount", "begun"];
    pub const AUDIT: &[&str] = &["when", "who", "did"];
}

#[cfg(feature = "server")]
pub use server::{Order, Place, Placed, paged};

#[cfg(feature = "server")]
mod server {
    use super::Sort;
    use crate::page::{Page, PageQuery};
    use crate::time::Instant;
    use serde::de::DeserializeOwned;
    use serde::{Deserialize, Serialize};

    /// What a row is sorted by. Columns of words use the one, columns of numbers and times (in microseconds) the other.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    pub struct Place {
        pub words: String,
        pub number: i64,
    }

    #[derive(Debug)]
    pub struct Placed<T> {
        pub line: T,
        pub place: Place,
    }

    /// How a list is read: by a column, or the newest first, which an index has.
    #[derive(Debug)]
    pub struct Order<I> {
        pub by: Option<String>,
        pub is_down: bool,
        /// After this one of the newest.
        pub newest: Option<(Instant, I)>,
        /// After this one of those sorted.
        pub after: Option<(Place, I)>,
    }

    impl<I> Default for Order<I> {
        fn default() -> Self {
            Self { by: None, is_down: true, newest: None, after: None }
        }
    }

    impl<I: DeserializeOwned> Order<I> {
        pub fn of(sort: Option<&Sort>, columns: &[&str], page: &PageQuery) -> Self {
            match sort.filter(|sort| columns.contains(&sort.by.as_str())) {
                Some(sort) => Self { by: Some(sort.by.clone()), is_down: sort.is_down, newest: None, after: page.after() },
                None => Self { newest: page.after(), ..Self::default() },
            }
        }
    }

    /// The page of what was read in that order; `newest` is when a row was made, and its id.
    pub fn paged<T, I: Serialize>(rows: Vec<Placed<T>>, order: &Order<I>, limit: i64, newest: impl Fn(&T) -> (Instant, I)) -> Page<T> {
        let page = if order.by.is_some() {
            Page::from_rows(rows, limit, |row| (row.place.clone(), newest(&row.line).1))
        } else {
            Page::from_rows(rows, limit, |row| newest(&row.line))
        };
        page.map(|row| row.line)
    }
}
