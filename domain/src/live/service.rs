//! Who may listen to what, and what a returning listener has missed.

use super::frames::{Frame, frames};
use super::store;
use super::topic::Topic;
use crate::ctx::{Actor, Ctx, Person, StaffRole};
use crate::error::{Error, Result};
use crate::event::Cursor;
use crate::outbox::{self, About};

/// Ok if the caller may listen to the topic, and a token was given what the topic tells. What belongs to someone else is not found.
pub async fn require_topic(ctx: &Ctx, topic: Topic) -> Result<()> {
    if let Some(scope) = scope_of(topic) {
        ctx.require_scope(scope)?;
    }
    match topic {
        Topic::Availability(_) => Ok(()),
        Topic::Me(account) if ctx.account_id() == Some(account) => Ok(()),
        Topic::Me(_) => Err(Error::Unauthenticated),
        Topic::Admin => ctx.require_admin(),
        Topic::Provider(_) if ctx.is_admin() => Ok(()),
        Topic::Provider(provider) => ctx.require_staff(provider, StaffRole::Member),
        Topic::Booking(booking) => {
            let parties = store::find_parties(ctx.db(), booking).await?.ok_or(Error::NotFound)?;
            let is_customer = parties.customer.is_some() && parties.customer == ctx.account_id();
            let is_holder = parties.visitor.is_some() && parties.visitor == ctx.visitor_id();
            let is_insider = ctx.is_staff(parties.provider, StaffRole::Member) || ctx.is_support() || ctx.is_system();
            if is_customer || is_holder || is_insider { Ok(()) } else { Err(Error::NotFound) }
        }
    }
}

/// What a token needs to listen to it; the same as to ask for it.
fn scope_of(topic: Topic) -> Option<&'static str> {
    match topic {
        Topic::Availability(_) => None,
        Topic::Me(_) | Topic::Booking(_) => Some("bookings:read"),
        Topic::Provider(_) => Some("provider:read"),
        Topic::Admin => Some("admin:read"),
    }
}

/// What came after a cursor on one topic.
#[derive(Debug)]
pub enum Missed {
    /// In order; the cursor goes with each.
    Frames(Vec<(Cursor, Frame)>),
    /// Too much, or from another life of the database: fetch again.
    Reload,
}

/// More than this is not replayed.
const MOST: i64 = 500;

pub async fn list_missed(ctx: &Ctx, topic: Topic, after: Cursor) -> Result<Missed> {
    let now = outbox::cursor(ctx.db()).await?;
    if after.epoch != now.epoch || after.xid > now.xid {
        return Ok(Missed::Reload);
    }
    let about = match topic {
        Topic::Availability(provider) | Topic::Provider(provider) => About { provider: Some(provider), ..About::default() },
        Topic::Booking(booking) => About { booking: Some(booking), ..About::default() },
        Topic::Me(account) => About { account: Some(account), ..About::default() },
        Topic::Admin => About::default(),
    };
    let events = outbox::list_after_about(ctx.db(), after, about, MOST + 1).await?;
    if events.len() as i64 > MOST {
        return Ok(Missed::Reload);
    }
    let missed = events.iter().flat_map(|event| frames(event).into_iter().map(|frame| (event.cursor, frame)));
    Ok(Missed::Frames(missed.filter(|(_, frame)| frame.topic == topic).collect()))
}

/// The caller as they are now, since what they may do can have changed since a socket was opened. None once the session or token that opened it has ended.
pub async fn look_again(ctx: &Ctx) -> Result<Option<Ctx>> {
    if !is_alive(ctx).await? {
        return Ok(None);
    }
    let Actor::Person(before) = &ctx.actor else { return Ok(Some(ctx.clone())) };
    let Some(now) = crate::actor::load_person(ctx.db(), before.id).await? else { return Ok(None) };
    let (session, token, visitor, scopes) = (before.session, before.token, before.visitor, before.scopes.clone());
    let mut ctx = ctx.clone();
    ctx.actor = Actor::Person(Box::new(Person { session, token, visitor, scopes, ..now }));
    Ok(Some(ctx))
}

/// False once the session or token that opened a socket has ended. Visitors have nothing to lose.
async fn is_alive(ctx: &Ctx) -> Result<bool> {
    let Actor::Person(person) = &ctx.actor else { return Ok(true) };
    match (person.session, person.token) {
        (Some(session), _) => store::is_session_alive(ctx.db(), person.id, session, ctx.now()).await,
        (None, Some(token)) => store::is_token_alive(ctx.db(), person.id, token.id, ctx.now()).await,
        (None, None) => Ok(crate::actor::load_person(ctx.db(), person.id).await?.is_some()),
    }
}
