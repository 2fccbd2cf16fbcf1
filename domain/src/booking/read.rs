//! Looking at bookings: one, lists, the timeline, a stretch of the provider's calendar.

use super::model::{BookingItem, BookingQuery, BookingView, ListAs, Status, TimelineEntry, ViewerRole};
use super::store::{self, ListFilter};
use super::view;
use crate::ctx::{Actor, Ctx, StaffRole, Tx};
use crate::error::{Error, Fields, Result};
use crate::id::{BookingId, ProviderId};
use crate::page::{Page, PageQuery};
use crate::time::Instant;

/// One booking, for its customer, the provider's staff and operators.
pub async fn get(ctx: &Ctx, id: BookingId) -> Result<BookingView> {
    let row = store::find(ctx.db(), id).await?.ok_or(Error::NotFound)?;
    let role = view::role_of(ctx, &row)?;
    Ok(view::view(row, role, ctx.now()))
}

/// The same for a verb that finds nothing to do. Its transaction ends first: whoever keeps a connection and waits for another may wait for itself.
pub(super) async fn as_it_stands(ctx: &Ctx, tx: Tx, id: BookingId) -> Result<BookingView> {
    drop(tx);
    get(ctx, id).await
}

/// One's own bookings, or a provider's for its staff. The latest start first unless asked the other way round.
pub async fn list(ctx: &Ctx, query: &BookingQuery) -> Result<Page<BookingItem>> {
    let limit = query.page.limit();
    let mut filter = ListFilter {
        statuses: query.status.iter().map(|s| s.as_str().to_owned()).collect(),
        from: query.from,
        to: query.to,
        after: query.page.after(),
        is_ascending: query.is_ascending,
        limit: limit + 1,
        now: Some(ctx.now()),
        ..ListFilter::default()
    };
    let role = match (query.side, &ctx.actor) {
        (ListAs::Provider, _) => {
            filter.provider = Some(provider_of(ctx, query.provider)?);
            ViewerRole::Staff
        }
        (ListAs::Customer, Actor::Person(person)) => {
            filter.customer = Some(person.id);
            ViewerRole::Customer
        }
        (ListAs::Customer, Actor::Visitor { visitor }) => {
            filter.visitor = Some(*visitor);
            ViewerRole::Customer
        }
        (ListAs::Customer, Actor::System(_)) => return Err(Error::Unauthenticated),
    };
    let rows = store::list(ctx.db(), &filter).await?;
    let page = Page::from_rows(rows, limit, |row| (row.starts_at, row.id));
    Ok(page.map(|row| view::item(row, role, ctx.now())))
}

fn provider_of(ctx: &Ctx, asked: Option<ProviderId>) -> Result<ProviderId> {
    let provider = match (asked, ctx.person()?.memberships.as_slice()) {
        (Some(provider), _) => provider,
        (None, [only]) => only.provider,
        (None, []) => return Err(Error::Forbidden),
        (None, _) => return Err(Fields::one("provider", "Say for which business.").into()),
    };
    if !ctx.is_support() {
        ctx.require_staff(provider, StaffRole::Member)?;
    }
    Ok(provider)
}

/// Everything so far, and what is still to come, in words for this viewer.
pub async fn timeline(ctx: &Ctx, id: BookingId) -> Result<Vec<TimelineEntry>> {
    let booking = get(ctx, id).await?;
    let events = store::list_events(ctx.db(), id).await?;
    Ok(super::timeline::tell(&booking, events, ctx.account_id(), ctx.now()))
}

/// A customer's next booking and what follows, soonest first.
pub async fn list_upcoming(ctx: &Ctx, page: PageQuery) -> Result<Page<BookingItem>> {
    let query = BookingQuery {
        status: vec![Status::Held, Status::Requested, Status::Confirmed, Status::InProgress],
        from: Some(ctx.now()),
        is_ascending: true,
        page,
        ..BookingQuery::default()
    };
    list(ctx, &query).await
}

/// What a customer has behind them, latest first.
pub async fn list_past(ctx: &Ctx, page: PageQuery) -> Result<Page<BookingItem>> {
    let query = BookingQuery {
        status: vec![Status::Completed, Status::NoShow, Status::Declined, Status::Cancelled, Status::Confirmed, Status::InProgress],
        page,
        ..BookingQuery::default()
    };
    let mut past = list(ctx, &query).await?;
    let now: Instant = ctx.now();
    past.items.retain(|item| !item.status.occupies() || item.ends_at <= now);
    Ok(past)
}
