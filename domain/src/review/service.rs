//! Writing, publishing, answering and reading reviews.

use super::model::{Distribution, ReviewFormView, ReviewRefusal, ReviewView, Side, WriteReview};
use super::policy;
use super::store::{self, BookingRow, NewReview};
use crate::audit;
use crate::ctx::{Ctx, StaffRole, Tx};
use crate::error::{Error, Fields, Result, violated};
use crate::event::{EventKind, NewEvent};
use crate::id::{AccountId, BookingId, ProviderId, ReviewId};
use crate::outbox;
use crate::page::{Page, PageQuery};
use crate::provider;
use crate::time::Instant;

/// Rows published in one transaction.
const BATCH: i64 = 200;

/// What customers wrote about a provider that everyone may see, newest first.
pub async fn list(ctx: &Ctx, id: ProviderId, page: &PageQuery) -> Result<Page<ReviewView>> {
    let limit = page.limit();
    let after: Option<(Instant, ReviewId)> = page.after();
    let rows = store::list_published(ctx.db(), id, after, limit + 1).await?;
    Ok(Page::from_rows(rows, limit, |row| (row.published_at, row.id)))
}

/// The stars of all published reviews.
pub async fn get_distribution(ctx: &Ctx, id: ProviderId) -> Result<Distribution> {
    store::distribution(ctx.db(), id).await
}

/// For the desk: what customers wrote about this provider, published only.
pub async fn list_for_desk(ctx: &Ctx, id: ProviderId, page: &PageQuery) -> Result<Page<ReviewView>> {
    ctx.require_staff(id, StaffRole::Member)?;
    list(ctx, id, page).await
}

/// Finished bookings that the provider has not reviewed yet and still may, oldest first.
pub async fn list_waiting(ctx: &Ctx, id: ProviderId) -> Result<Vec<ReviewFormView>> {
    ctx.require_staff(id, StaffRole::Member)?;
    let rows = store::list_waiting(ctx.db(), id, ctx.now()).await?;
    Ok(rows.into_iter().map(|row| form(row, Side::Provider, Vec::new(), ctx.now())).collect())
}

/// What providers wrote about a customer: for the team of a provider with a booking of theirs.
pub async fn list_about_customer(ctx: &Ctx, reader: ProviderId, customer: AccountId) -> Result<Vec<ReviewView>> {
    ctx.require_staff(reader, StaffRole::Member)?;
    store::list_about_customer(ctx.db(), reader, customer).await
}

/// What this person may write about the booking, or has written.
pub async fn get_form(ctx: &Ctx, id: BookingId) -> Result<ReviewFormView> {
    let (booking, side) = load(ctx, id).await?;
    if booking.completed_at.is_none() {
        return Err(ReviewRefusal::NotCompleted.into());
    }
    let written = store::list_of_booking(ctx.db(), id).await?;
    Ok(form(booking, side, written, ctx.now()))
}

/// Writes one side's review. If the other side has written, both are published at once.
///
/// # Errors
/// Refused before completion, after seven days, a second time, without a confirmed address, or to a customer who works for the provider.
pub async fn write(ctx: &Ctx, id: BookingId, input: &WriteReview) -> Result<ReviewView> {
    let input = WriteReview { rating: input.rating, body: policy::tidy(&input.body) };
    policy::check(&input).finish()?;
    let (booking, side) = load(ctx, id).await?;
    let person = ctx.person()?;
    if !person.is_email_confirmed {
        return Err(ReviewRefusal::EmailNotConfirmed.into());
    }
    let completed_at = booking.completed_at.ok_or(ReviewRefusal::NotCompleted)?;
    let now = ctx.now();
    if !policy::is_open(completed_at, now) {
        return Err(ReviewRefusal::TooLate.into());
    }
    let mut tx = ctx.begin().await?;
    // the two sides may write at once: whoever comes second sees the first
    store::lock_booking(&mut tx, id).await?;
    let review = ctx.new_id::<ReviewId>();
    let new = NewReview {
        id: review,
        booking: id,
        provider: booking.provider_id,
        side,
        author: person.id,
        subject: (side == Side::Provider).then_some(booking.customer_id).flatten(),
        author_name: if side == Side::Customer { policy::public_name(&person.name) } else { booking.provider_name.clone() },
        rating: input.rating,
        body: input.body,
        due_at: policy::due_at(completed_at),
    };
    store::insert(&mut tx, &new, now).await.map_err(|error| match &error {
        source if violated(source) == Some("reviews_booking_id_side_key") => ReviewRefusal::AlreadyWritten.into(),
        _ => Error::from(error),
    })?;
    let about = |kind| NewEvent::new(kind).booking(id).provider(booking.provider_id).account(booking.customer_id);
    outbox::record(&mut tx, ctx, about(EventKind::ReviewWritten).data(serde_json::json!({ "side": side.as_str() }))).await?;
    audit::record(&mut tx, ctx, audit::Entry::new("review.write", "review", review).provider(booking.provider_id)).await?;
    let written = store::list_unpublished_of_booking(&mut tx, id).await?;
    if written.len() == 2 {
        publish(&mut tx, ctx, &written).await?;
    }
    ctx.commit(tx).await?;
    store::find(ctx.db(), review).await?.ok_or(Error::NotFound)
}

/// The provider's one answer to a published review of theirs.
pub async fn reply(ctx: &Ctx, id: ReviewId, text: &str) -> Result<ReviewView> {
    let review =
        store::find(ctx.db(), id).await?.filter(|r| r.published_at.is_some() && r.side == Side::Customer).ok_or(Error::NotFound)?;
    ctx.require_staff(review.provider_id, StaffRole::Manager)?;
    let text = policy::tidy(text);
    if text.is_empty() {
        return Err(Fields::one("reply", "Write something first.").into());
    }
    if text.chars().count() > super::model::MAX_BODY {
        return Err(Fields::one("reply", "Please keep it under 2,000 characters.").into());
    }
    let mut tx = ctx.begin().await?;
    if !store::set_reply(&mut tx, id, &text, ctx.now()).await? {
        return Err(ReviewRefusal::AlreadyReplied.into());
    }
    outbox::record(&mut tx, ctx, NewEvent::new(EventKind::ReviewReplied).provider(review.provider_id)).await?;
    audit::record(&mut tx, ctx, audit::Entry::new("review.reply", "review", id).provider(review.provider_id)).await?;
    ctx.commit(tx).await?;
    store::find(ctx.db(), id).await?.ok_or(Error::NotFound)
}

/// Publishes a batch of reviews whose seven days are over. How many.
pub async fn publish_due(ctx: &Ctx) -> Result<usize> {
    let mut tx = ctx.begin().await?;
    let due = store::lock_due(&mut tx, ctx.now(), BATCH).await?;
    publish(&mut tx, ctx, &due).await?;
    ctx.commit(tx).await?;
    Ok(due.len())
}

async fn publish(tx: &mut Tx, ctx: &Ctx, reviews: &[store::UnpublishedRow]) -> Result<()> {
    for review in reviews {
        store::set_published(tx, review.id, ctx.now()).await?;
        let is_public = review.side == Side::Customer.as_str();
        if is_public {
            provider::add_rating(tx, review.provider_id, review.rating).await?;
        }
        let event = NewEvent::new(EventKind::ReviewPublished)
            .booking(review.booking_id)
            .provider(review.provider_id)
            .account(review.customer_id)
            .data(serde_json::json!({ "side": review.side }));
        outbox::record(tx, ctx, event).await?;
    }
    Ok(())
}

/// The booking and the side this person is on; NotFound for everyone else. Who is on both could praise themselves, and is refused.
async fn load(ctx: &Ctx, id: BookingId) -> Result<(BookingRow, Side)> {
    let person = ctx.person()?;
    let booking = store::find_booking(ctx.db(), id).await?.ok_or(Error::NotFound)?;
    let is_customer = booking.customer_id == Some(person.id);
    let side = match (is_customer, ctx.is_staff(booking.provider_id, StaffRole::Member)) {
        (true, true) => return Err(ReviewRefusal::OwnBusiness.into()),
        (true, false) => Side::Customer,
        (false, true) => Side::Provider,
        (false, false) => return Err(Error::NotFound),
    };
    Ok((booking, side))
}

fn form(booking: BookingRow, side: Side, written: Vec<ReviewView>, now: Instant) -> ReviewFormView {
    let completed_at = booking.completed_at.unwrap_or(now);
    let (mine, others): (Vec<_>, Vec<_>) = written.into_iter().partition(|review| review.side == side);
    let mine = mine.into_iter().next();
    ReviewFormView {
        booking_id: booking.id,
        reference: booking.reference,
        side,
        about: if side == Side::Customer { booking.provider_name } else { booking.customer_name },
        service_name: booking.service_name,
        completed_at,
        due_at: policy::due_at(completed_at),
        is_open: mine.is_none() && policy::is_open(completed_at, now),
        mine,
        // a customer never sees what was said about them
        theirs: others.into_iter().find(|review| side == Side::Provider && review.published_at.is_some()),
    }
}
