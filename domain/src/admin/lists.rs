//! Lists an operator searches, and one thing with all that surrounds it.

use super::model::*;
use super::overview::span;
use super::sort::{Order, Placed, columns, paged};
use super::store;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::id::{AccountId, PaymentId, ProviderId};
use crate::page::{Page, PageQuery};

/// What was typed, tidied; None if nothing.
fn typed(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(|text| text.chars().take(100).collect())
}

/// Newest first, unless sorted otherwise.
pub async fn list_bookings(ctx: &Ctx, filter: &BookingFilter, page: &PageQuery) -> Result<Page<BookingLine>> {
    ctx.require_admin()?;
    let (made_from, made_to) = span(ctx, filter.made_from, filter.made_to).await?;
    let (starts_from, starts_to) = span(ctx, filter.starts_from, filter.starts_to).await?;
    let query = store::BookingQuery {
        q: typed(filter.q.as_deref()),
        status: typed(filter.status.as_deref()),
        provider: filter.provider,
        customer: filter.customer,
        made_from,
        made_to,
        starts_from,
        starts_to,
        order: Order::of(filter.sort.as_ref(), columns::BOOKINGS, page),
    };
    let rows = store::list_bookings(ctx.db(), &query, page.limit() + 1).await?;
    Ok(paged(rows, &query.order, page.limit(), |row| (row.created_at, row.id)))
}

/// Newest first, unless sorted otherwise.
pub async fn list_people(ctx: &Ctx, filter: &PeopleFilter, page: &PageQuery) -> Result<Page<PersonLine>> {
    ctx.require_admin()?;
    let (q, kind) = (typed(filter.q.as_deref()), typed(filter.kind.as_deref()));
    let order = Order::of(filter.sort.as_ref(), columns::PEOPLE, page);
    let rows = store::list_people(ctx.db(), q.as_deref(), kind.as_deref(), None, &order, page.limit() + 1).await?;
    Ok(paged(rows, &order, page.limit(), |row| (row.created_at, row.id)))
}

pub async fn get_person(ctx: &Ctx, id: AccountId) -> Result<PersonView> {
    ctx.require_admin()?;
    let db = ctx.db();
    let found = store::list_people(db, None, Some("any"), Some(id), &Order::default(), 1).await?.pop();
    let person = found.ok_or(Error::NotFound)?.line;
    let contact = store::find_contact(db, id).await?;
    let bookings = store::BookingQuery { customer: Some(id), ..store::BookingQuery::default() };
    let payments = store::PaymentQuery { payer: Some(id), ..store::PaymentQuery::default() };
    Ok(PersonView {
        person,
        phone: contact.0,
        zone: contact.1,
        places: store::list_places(db, id).await?,
        bookings: lines(store::list_bookings(db, &bookings, 10).await?),
        payments: lines(store::list_payments(db, &payments, 10).await?),
        sessions: store::list_sessions(db, id, ctx.now()).await?,
        audit: store::list_audit_of(db, id, 20).await?,
    })
}

pub(super) fn lines<T>(rows: Vec<Placed<T>>) -> Vec<T> {
    rows.into_iter().map(|row| row.line).collect()
}

/// Newest first, unless sorted otherwise, with how many there are in each status.
pub async fn list_providers(ctx: &Ctx, filter: &ProviderFilter, page: &PageQuery) -> Result<(Page<ProviderLine>, StatusCounts)> {
    ctx.require_admin()?;
    let (q, status) = (typed(filter.q.as_deref()), typed(filter.status.as_deref()));
    let order = Order::of(filter.sort.as_ref(), columns::PROVIDERS, page);
    let rows = store::list_providers(ctx.db(), q.as_deref(), status.as_deref(), None, &order, page.limit() + 1).await?;
    Ok((paged(rows, &order, page.limit(), |row| (row.created_at, row.id)), store::count_statuses(ctx.db()).await?))
}

pub async fn get_provider(ctx: &Ctx, id: ProviderId) -> Result<ProviderLine> {
    ctx.require_admin()?;
    let found = store::list_providers(ctx.db(), None, None, Some(id), &Order::default(), 1).await?.pop();
    Ok(found.ok_or(Error::NotFound)?.line)
}

/// Newest first, unless sorted otherwise.
pub async fn list_payments(ctx: &Ctx, filter: &PaymentFilter, page: &PageQuery) -> Result<Page<PaymentLine>> {
    ctx.require_admin()?;
    let (paid_from, paid_to) = span(ctx, filter.paid_from, filter.paid_to).await?;
    let query = store::PaymentQuery {
        id: None,
        q: typed(filter.q.as_deref()),
        status: typed(filter.status.as_deref()),
        trouble: typed(filter.trouble.as_deref()),
        payer: filter.payer,
        paid_from,
        paid_to,
        stuck_before: Some(ctx.now().plus_minutes(-store::STUCK_MIN)),
        order: Order::of(filter.sort.as_ref(), columns::PAYMENTS, page),
    };
    let rows = store::list_payments(ctx.db(), &query, page.limit() + 1).await?;
    Ok(paged(rows, &query.order, page.limit(), |row| (row.created_at, row.id)))
}

pub async fn get_payment(ctx: &Ctx, id: PaymentId) -> Result<PaymentDetail> {
    ctx.require_admin()?;
    let db = ctx.db();
    let query = store::PaymentQuery { id: Some(id), ..store::PaymentQuery::default() };
    let payment = store::list_payments(db, &query, 1).await?.pop().ok_or(Error::NotFound)?.line;
    Ok(PaymentDetail {
        refundable: store::get_refundable(db, id).await?,
        attempts: store::list_attempts(db, id).await?,
        refunds: store::list_refunds(db, id).await?,
        messages: store::list_messages_of(db, id).await?,
        ledger: store::list_ledger(db, id).await?,
        payment,
    })
}

/// Newest first, unless sorted otherwise.
pub async fn list_audit(ctx: &Ctx, filter: &AuditFilter, page: &PageQuery) -> Result<Page<AuditLine>> {
    ctx.require_admin()?;
    let (from, to) = span(ctx, filter.from, filter.to).await?;
    let subject = typed(filter.subject.as_deref());
    let (kind, id) = match subject.as_deref().and_then(|text| text.split_once(':')) {
        Some((kind, id)) => (Some(kind.to_owned()), Some(id.to_owned())),
        None if subject.as_deref().is_some_and(|text| text.len() == 36) => (None, subject.clone()),
        None => (subject.clone(), None),
    };
    let order = Order::of(filter.sort.as_ref(), columns::AUDIT, page);
    let query = store::AuditQuery { who: typed(filter.who.as_deref()), action: typed(filter.action.as_deref()), kind, id, from, to, order };
    let rows = store::list_audit(ctx.db(), &query, page.limit() + 1).await?;
    Ok(paged(rows, &query.order, page.limit(), |row| (row.at, row.id)))
}
