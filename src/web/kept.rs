//! Pages that are the same for everyone who is not signed in, kept as they were drawn while nothing they show has changed.
//!
//! Nobody sees an old free time: each request first asks the database for the page's version, and only an equal one lets the kept page out.
//! What the clock alone changes (a time that has passed, a hold that has run out) is at most [`AGE`] behind.

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use domain::error::{Error, Result};
use domain::search::pages::ProfileVersion;
use domain::time::{Instant, SECOND};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, SET_COOKIE, VARY};
use http::{HeaderMap, StatusCode};
use moka::future::Cache;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// So old a page may be.
const AGE: i64 = 10 * SECOND;
/// All of them together, in bytes.
const ROOM: u64 = 8 * 1024 * 1024;
const LONGEST: usize = 1024 * 1024;
/// Longer addresses are nobody's links.
const LONGEST_KEY: usize = 400;

struct Kept {
    version: ProfileVersion,
    drawn_at: Instant,
    headers: HeaderMap,
    body: Bytes,
}

pub struct Pages {
    kept: Cache<String, Arc<Kept>>,
    /// Held by whoever draws the page of that key: when it grows old, hundreds may ask for it at once, and one drawing serves them all.
    drawing: Cache<String, Arc<Mutex<()>>>,
}

impl Default for Pages {
    fn default() -> Self {
        let weigh = |key: &String, kept: &Arc<Kept>| (key.len() + kept.body.len() + 500) as u32;
        let kept = Cache::builder().max_capacity(ROOM).weigher(weigh).time_to_live(Duration::from_secs(60)).build();
        Self { kept, drawing: Cache::builder().max_capacity(1_000).time_to_idle(Duration::from_secs(60)).build() }
    }
}

impl Pages {
    /// The page kept under `key` if it is of this version, else what `draw` gives, kept from then on.
    ///
    /// # Errors
    /// What `draw` fails with.
    pub async fn get_or_draw<E: From<Error>>(
        &self,
        key: String,
        version: ProfileVersion,
        now: Instant,
        draw: impl Future<Output = Result<Response, E>>,
    ) -> Result<Response, E> {
        if key.len() > LONGEST_KEY {
            return draw.await;
        }
        if let Some(page) = self.get(&key, &version, now).await {
            return Ok(page);
        }
        let turn = self.drawing.get_with(key.clone(), async { Arc::default() }).await;
        let _turn = turn.lock().await;
        if let Some(page) = self.get(&key, &version, now).await {
            return Ok(page);
        }
        let (parts, body) = draw.await?.into_parts();
        let body = axum::body::to_bytes(body, LONGEST).await.map_err(|cause| E::from(Error::internal(cause)))?;
        if parts.status == StatusCode::OK && !parts.headers.contains_key(SET_COOKIE) {
            let mut headers = HeaderMap::new();
            for name in [CONTENT_TYPE, CACHE_CONTROL, VARY] {
                if let Some(value) = parts.headers.get(&name) {
                    headers.insert(name, value.clone());
                }
            }
            self.kept.insert(key, Arc::new(Kept { version, drawn_at: now, headers, body: body.clone() })).await;
        }
        Ok(Response::from_parts(parts, Body::from(body)))
    }

    async fn get(&self, key: &str, version: &ProfileVersion, now: Instant) -> Option<Response> {
        // drawn a moment later than asked for: whoever waited for its drawing has an earlier `now`
        let kept = self.kept.get(key).await.filter(|kept| kept.version == *version && (-SECOND..AGE).contains(&(now - kept.drawn_at)))?;
        Some((StatusCode::OK, kept.headers.clone(), Body::from(kept.body.clone())).into_response())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn version(latest: i64) -> ProfileVersion {
        ProfileVersion { epoch: 1, status: "active".to_owned(), updated_at: Instant::from_millis(0), latest }
    }

    async fn shown(pages: &Pages, latest: i64, at: i64, fresh: &'static str) -> Bytes {
        let draw = async { Ok::<_, Error>(fresh.into_response()) };
        let page = pages.get_or_draw("/p/one".to_owned(), version(latest), Instant::from_millis(at), draw).await.expect("draws");
        axum::body::to_bytes(page.into_body(), LONGEST).await.expect("a body")
    }

    #[tokio::test]
    async fn a_page_is_kept_until_something_happens_or_it_is_old() {
        let pages = Pages::default();
        assert_eq!(shown(&pages, 1, 0, "first").await, "first");
        assert_eq!(shown(&pages, 1, AGE - 1, "second").await, "first");
        assert_eq!(shown(&pages, 2, AGE - 1, "third").await, "third", "something happened");
        assert_eq!(shown(&pages, 2, 2 * AGE, "fourth").await, "fourth", "it is old");
        assert_eq!(shown(&pages, 2, AGE, "fifth").await, "fifth", "the clock was turned back");
    }

    #[tokio::test]
    async fn everyone_who_waits_for_a_page_gets_the_one_that_is_being_drawn() {
        let (pages, drawings) = (Pages::default(), AtomicUsize::new(0));
        let asked = (0..50).map(|_| async {
            let draw = async {
                drawings.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                Ok::<_, Error>("drawn".into_response())
            };
            pages.get_or_draw("/p/one".to_owned(), version(1), Instant::from_millis(0), draw).await.expect("draws")
        });
        let answers = futures::future::join_all(asked).await;
        assert!(answers.iter().all(|answer| answer.status() == StatusCode::OK));
        assert_eq!(drawings.into_inner(), 1);
    }

    #[tokio::test]
    async fn what_sets_a_cookie_or_fails_is_for_one_person_only() {
        let pages = Pages::default();
        let draw = async { Ok::<_, Error>(([(SET_COOKIE, "notice=; Max-Age=0")], "mine").into_response()) };
        let page = pages.get_or_draw("/p/one".to_owned(), version(1), Instant::from_millis(0), draw).await.expect("draws");
        assert!(page.headers().contains_key(SET_COOKIE));
        assert_eq!(shown(&pages, 1, 0, "everyone's").await, "everyone's");
    }
}
