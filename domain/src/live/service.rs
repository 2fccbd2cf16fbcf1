//! Who may listen to what, and what a returning listener has missed.

use super::frames::{Frame, frames};
use super::store;
use super::topic::Topic;
use crate::ctx::{Actor, Ctx, StaffRole};
use crate::error::{Error, Result};
use crate::event::Cursor;
use crate::outbox::{self, About};

/// Ok if the caller may listen to the topic. What belongs to someone else is not found.
pub async fn require_topic(ctx: &Ctx, topic: Topic) -> Result<()> {
    match topic {
        Topic::Availability(_) => Ok(()),
        Topic::Me(account) if ctx.account_id() == Some(account) => ctx.require_scope("bookings:read"),
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

/// False once the session that opened a socket has ended. Visitors have nothing to lose; tokens are checked by their account.
pub async fn is_alive(ctx: &Ctx) -> Result<bool> {
    match &ctx.actor {
        Actor::Person(person) => match person.session {
            Some(session) => store::is_session_alive(ctx.db(), person.id, session, ctx.now()).await,
            None => Ok(crate::actor::load_person(ctx.db(), person.id).await?.is_some()),
        },
        _ => Ok(true),
    }
}
