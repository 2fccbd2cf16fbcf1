//! How often: each request counts against its kind's limit, per account if signed in, else per address. What is worth guessing at counts against both, or
//! whoever has many accounts could guess as often for each. What a program asks counts against its token's own limit first, whatever kind it is: one that
//! runs wild leaves something for the account's other tokens and its sessions.
//!
//! Tokens, search and the rest are counted by this node; booking and sensitive actions by all nodes together, in Postgres or Redis.

pub mod kind;
pub mod shared;

use super::failure::failed;
use crate::realtime::hub::Share;
use crate::state::AppState;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use domain::ctx::Ctx;
use domain::error::{Error, Result};
use domain::id::TokenId;
use domain::settings::Settings;
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
/// One token takes no more than half of what its account may, unless the configuration says otherwise.
const TOKEN_SHARE: u32 = 2;
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

    /// Counts one for each, given with how many a minute it has; Err(TooMany) if that is over for any.
    async fn take(&self, ctx: &Ctx, kind: Kind, whom: Vec<(String, u32)>) -> Result<()> {
        let whom: Vec<(String, u32)> = whom.into_iter().map(|(who, most)| (format!("{}:{who}", kind.as_str()), most)).collect();
        let retry_after_s = if kind.is_shared() {
            self.take_shared(ctx, whom).await
        } else {
            whom.into_iter().filter_map(|(key, per_minute)| self.take_own(key, per_minute)).max()
        };
        judge(kind.as_str(), retry_after_s)
    }

    /// Counts one of a token.
    fn take_token(&self, token: TokenId, per_minute: u32) -> Result<()> {
        judge("token", self.take_own(format!("token:{token}"), per_minute))
    }

    fn take_own(&self, key: String, per_minute: u32) -> Option<u64> {
        let limiter = {
            let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
            own.entry(per_minute)
                .or_insert_with(|| Arc::new(RateLimiter::keyed(Quota::per_minute(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN)))))
                .clone()
        };
        if limiter.len() > MOST_KEYS {
            limiter.retain_recent();
        }
        let until = limiter.check_key(&key).err()?;
        Some(until.wait_time_from(DefaultClock::default().now()).as_secs() + 1)
    }

    async fn take_shared(&self, ctx: &Ctx, whom: Vec<(String, u32)>) -> Option<u64> {
        let now = ctx.now().millis();
        let (keys, most): (Vec<String>, Vec<u32>) = whom.into_iter().unzip();
        {
            let mut blocked = self.blocked.lock().unwrap_or_else(PoisonError::into_inner);
            // A clock that was set back blocks nobody beyond a minute.
            let left = keys.iter().filter_map(|key| blocked.get(key)).map(|until| until - now).find(|left| (1..=MINUTE).contains(left));
            if let Some(left) = left {
                return Some(seconds(left));
            }
            if blocked.len() > MOST_KEYS {
                blocked.retain(|_, until| (1..=MINUTE).contains(&(*until - now)));
            }
        }
        let minute = now.div_euclid(MINUTE) * MINUTE;
        let counts = match self.shared.count(&keys, minute).await {
            Ok(counts) => counts,
            Err(error) => {
                // Counting is not worth refusing anyone for; the request itself will find what is wrong.
                tracing::warn!(error, "limits are not counted");
                return None;
            }
        };
        let over: Vec<String> = keys
            .into_iter()
            .zip(counts)
            .zip(most)
            .filter(|((_, count), most)| *count > u64::from(*most))
            .map(|((key, _), _)| key)
            .collect();
        if over.is_empty() {
            return None;
        }
        let until = minute + MINUTE;
        self.blocked.lock().unwrap_or_else(PoisonError::into_inner).extend(over.into_iter().map(|key| (key, until)));
        Some(seconds(until - now))
    }
}

fn judge(kind: &'static str, retry_after_s: Option<u64>) -> Result<()> {
    let Some(retry_after_s) = retry_after_s else { return Ok(()) };
    metrics::counter!("limited_requests", "kind" => kind).increment(1);
    Err(Error::TooMany { retry_after_s })
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

/// How many sockets the caller may have open on this node: as many as they may ask for in a minute. None for whom nothing is counted.
pub async fn sockets(state: &AppState, ctx: &Ctx) -> Result<Option<Share>> {
    let settings = ctx.settings().await?;
    Ok(whom(ctx, general(state, &settings), GENERAL_FACTOR).map(|(whose, most)| Share { whose: whose.into(), most: most as usize }))
}

/// Who is counted, and how many they have: the account if signed in, else the address. Only tests come from nowhere.
fn whom(ctx: &Ctx, per_minute: u32, factor: u32) -> Option<(String, u32)> {
    account(ctx, per_minute).or_else(|| address(ctx, per_minute, factor))
}

fn account(ctx: &Ctx, per_minute: u32) -> Option<(String, u32)> {
    ctx.account_id().map(|account| (account.to_string(), per_minute))
}

fn address(ctx: &Ctx, per_minute: u32, factor: u32) -> Option<(String, u32)> {
    ctx.address.as_deref().map(|address| (network(address), per_minute.saturating_mul(factor)))
}

/// What was set as a limit.
fn number(value: i64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX).max(1)
}

fn general(state: &AppState, settings: &Settings) -> u32 {
    state.config.rates.general.unwrap_or(number(settings.general_per_min))
}

async fn check(state: &AppState, ctx: &Ctx, kind: Kind) -> Result<()> {
    let settings = ctx.settings().await?;
    let rates = &state.config.rates;
    let general = general(state, &settings);
    if let Some(token) = ctx.token() {
        state.limits.take_token(token.id, rates.token.unwrap_or(general / TOKEN_SHARE))?;
    }
    let (per_minute, factor) = match kind {
        Kind::Search => (rates.search.unwrap_or(number(settings.search_per_min)), number(settings.address_factor)),
        Kind::Booking => (rates.booking.unwrap_or(number(settings.booking_per_min)), number(settings.address_factor)),
        Kind::Sensitive | Kind::Guess => (rates.sensitive.unwrap_or(number(settings.sensitive_per_min)), 1),
        Kind::General => (general, GENERAL_FACTOR),
    };
    let whom: Vec<(String, u32)> = match kind {
        Kind::Guess => account(ctx, per_minute).into_iter().chain(address(ctx, per_minute, factor)).collect(),
        _ => whom(ctx, per_minute, factor).into_iter().collect(),
    };
    if whom.is_empty() {
        return Ok(());
    }
    state.limits.take(ctx, kind, whom).await
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
