//! How often: each request counts against its kind's limit, per account if signed in, else per address.
//!
//! Search and the rest are counted by this node; booking and sensitive actions by all nodes together, in Postgres or Redis.

pub mod kind;
pub mod shared;

use super::failure::failed;
use crate::state::AppState;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use domain::ctx::Ctx;
use domain::error::{Error, Result};
use domain::time::MINUTE;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use kind::Kind;
use shared::Shared;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

/// Addresses are shared by many people for everything else too.
const GENERAL_FACTOR: u32 = 5;
/// Keys remembered by this node before those at rest are dropped.
const MOST_KEYS: usize = 100_000;

/// The counters of this node, and the way to those of all.
pub struct Limits {
    own: Mutex<HashMap<u32, Arc<DefaultKeyedRateLimiter<String>>>>,
    shared: Arc<dyn Shared>,
    /// Keys that are over their limit, and until when (milliseconds): asking again costs no query.
    blocked: Mutex<HashMap<String, i64>>,
}

impl Limits {
    pub fn new(shared: Arc<dyn Shared>) -> Self {
        Self { own: Mutex::default(), shared, blocked: Mutex::default() }
    }

    /// Counts one; Err(TooMany) over `per_minute`.
    async fn take(&self, ctx: &Ctx, kind: Kind, who: &str, per_minute: u32) -> Result<()> {
        let retry_after_s =
            if kind.is_shared() { self.take_shared(ctx, kind, who, per_minute).await? } else { self.take_own(kind, who, per_minute) };
        match retry_after_s {
            None => Ok(()),
            Some(retry_after_s) => {
                metrics::counter!("limited_requests", "kind" => kind.as_str()).increment(1);
                Err(Error::TooMany { retry_after_s })
            }
        }
    }

    fn take_own(&self, kind: Kind, who: &str, per_minute: u32) -> Option<u64> {
        let limiter = {
            let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
            own.entry(per_minute)
                .or_insert_with(|| Arc::new(RateLimiter::keyed(Quota::per_minute(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN)))))
                .clone()
        };
        if limiter.len() > MOST_KEYS {
            limiter.retain_recent();
        }
        let until = limiter.check_key(&format!("{}:{who}", kind.as_str())).err()?;
        Some(until.wait_time_from(DefaultClock::default().now()).as_secs() + 1)
    }

    async fn take_shared(&self, ctx: &Ctx, kind: Kind, who: &str, per_minute: u32) -> Result<Option<u64>> {
        let key = format!("{}:{who}", kind.as_str());
        let now = ctx.now().millis();
        {
            let mut blocked = self.blocked.lock().unwrap_or_else(PoisonError::into_inner);
            // A clock that was set back blocks nobody beyond a minute.
            if let Some(&until) = blocked.get(&key).filter(|&&until| (1..=MINUTE).contains(&(until - now))) {
                return Ok(Some(seconds(until - now)));
            }
            if blocked.len() > MOST_KEYS {
                blocked.retain(|_, until| (1..=MINUTE).contains(&(*until - now)));
            }
        }
        let minute = now.div_euclid(MINUTE) * MINUTE;
        let count = match self.shared.count(&key, minute).await {
            Ok(count) => count,
            Err(error) => {
                // Counting is not worth refusing anyone for; the request itself will find what is wrong.
                tracing::warn!(error, "limits are not counted");
                return Ok(None);
            }
        };
        if count <= u64::from(per_minute) {
            return Ok(None);
        }
        let until = minute + MINUTE;
        self.blocked.lock().unwrap_or_else(PoisonError::into_inner).insert(key, until);
        Ok(Some(seconds(until - now)))
    }
}

fn seconds(millis: i64) -> u64 {
    (millis.max(0) as u64).div_ceil(1000).max(1)
}

pub async fn layer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let Some(kind) = kind::of(request.method(), request.uri().path()) else { return next.run(request).await };
    let Some(ctx) = request.extensions().get::<Ctx>().cloned() else { return next.run(request).await };
    match check(&state, &ctx, kind).await {
        Ok(()) => next.run(request).await,
        Err(error) => failed(error),
    }
}

async fn check(state: &AppState, ctx: &Ctx, kind: Kind) -> Result<()> {
    let settings = ctx.settings().await?;
    let number = |value: i64| u32::try_from(value).unwrap_or(u32::MAX).max(1);
    let rates = &state.config.rates;
    let (per_minute, factor) = match kind {
        Kind::Search => (rates.search.unwrap_or(number(settings.search_per_min)), number(settings.address_factor)),
        Kind::Booking => (rates.booking.unwrap_or(number(settings.booking_per_min)), number(settings.address_factor)),
        Kind::Sensitive => (rates.sensitive.unwrap_or(number(settings.sensitive_per_min)), 1),
        Kind::General => (rates.general.unwrap_or(number(settings.general_per_min)), GENERAL_FACTOR),
    };
    let (who, per_minute) = match (ctx.account_id(), &ctx.address) {
        (Some(account), _) => (account.to_string(), per_minute),
        (None, Some(address)) => (network(address), per_minute.saturating_mul(factor)),
        // Only tests come from nowhere.
        (None, None) => return Ok(()),
    };
    state.limits.take(ctx, kind, &who, per_minute).await
}

/// The address; of IPv6 the /64, since one household has as many as it likes.
fn network(address: &str) -> String {
    match address.parse::<std::net::Ipv6Addr>() {
        Ok(v6) => {
            let s = v6.segments();
            format!("{:x}:{:x}:{:x}:{:x}::/64", s[0], s[1], s[2], s[3])
        }
        Err(_) => address.to_owned(),
    }
}
