//! Bookings and every step of theirs. Checkout, changes and what a team books by hand are in files of their own.

mod by_hand;
mod change;
mod checkout;
mod photos;

use crate::state::AppState;
use crate::web::caller::{At, Caller, PageError};
use crate::web::render;
use app::booking::pages::{booking as page, bookings, taken};
use app::booking::parts::Cancelling;
use app::kit::Filled;
use app::shell::Frame;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Form, Router};
use domain::booking;
use domain::booking::model::{Action, BookingView, Status, ViewerRole};
use domain::ctx::Ctx;
use domain::error::{Error, Refusal, Result};
use domain::id::BookingId;
use domain::page::PageQuery;
use domain::time::Instant;
use http::StatusCode;
use serde::Deserialize;

type Pairs = Vec<(String, String)>;
type Answer = Result<Response, PageError>;

fn value<'a>(pairs: &'a Pairs, name: &str) -> &'a str {
    pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}

fn status_of(error: &Error) -> StatusCode {
    StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT)
}

fn refused(ctx: &Ctx, refusal: Refusal, purpose: taken::Purpose, zone: String, back: String) -> Response {
    let status = if refusal.is_conflict { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = taken::Taken(taken::TakenProps { refusal, purpose, zone_name: zone, back });
    render::page_with(status, ctx, Frame::private("Another time"), view)
}

#[derive(Deserialize)]
struct ListPlace {
    cursor: Option<String>,
    ahead: Option<String>,
}

async fn list(Caller(ctx): Caller, Query(place): Query<ListPlace>) -> Answer {
    list_page(&ctx, place, None).await
}

async fn list_page(ctx: &Ctx, place: ListPlace, feed: Option<String>) -> Answer {
    let is_first_page = place.cursor.is_none() && place.ahead.is_none();
    let upcoming = if place.cursor.is_none() {
        booking::list_upcoming(ctx, PageQuery { limit: None, cursor: place.ahead.clone() }).await?
    } else {
        domain::page::Page::empty()
    };
    let past = if place.ahead.is_none() {
        booking::list_past(ctx, PageQuery { limit: None, cursor: place.cursor }).await?
    } else {
        domain::page::Page::empty()
    };
    let is_staff = ctx.person().is_ok_and(|person| !person.memberships.is_empty());
    let view = bookings::Bookings(bookings::BookingsProps { upcoming, past, is_first_page, feed, is_staff, now: ctx.now() });
    Ok(render::page(ctx, Frame::private("Bookings"), view))
}

/// Shows the new private address once.
async fn make_feed(Caller(ctx): Caller) -> Answer {
    let address = booking::issue_feed(&ctx).await?;
    list_page(&ctx, ListPlace { cursor: None, ahead: None }, Some(address)).await
}

async fn show(Caller(ctx): Caller, At(id): At<BookingId>) -> Answer {
    booking_page(&ctx, id, Filled::default(), StatusCode::OK).await
}

async fn booking_page(ctx: &Ctx, id: BookingId, filled: Filled, status: StatusCode) -> Answer {
    let booking = booking::get(ctx, id).await?;
    let timeline = booking::timeline(ctx, id).await?;
    let payment = payment_words(ctx, &booking).await?;
    let title = format!("{} · {}", booking.service_name, booking.reference);
    let frame = match booking.viewer {
        ViewerRole::Staff => Frame::workspace(title, booking.provider.id, booking.provider.name.clone()),
        _ => Frame::private(title),
    };
    let cancelling = if booking.may(Action::Cancel) { cancelling(ctx, &booking).await? } else { None };
    let view = page::Booking(page::BookingProps { booking, timeline, payment, cancelling, filled, now: ctx.now() });
    Ok(render::page_with(status, ctx, frame, view))
}

/// What cancelling would mean now; None when it has become impossible meanwhile.
async fn cancelling(ctx: &Ctx, booking: &BookingView) -> Result<Option<Cancelling>> {
    let preview = match booking::preview_cancellation(ctx, booking.id).await {
        Ok(preview) => preview,
        Err(Error::Refused(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let card = domain::payment::find_for_booking(ctx, booking.id).await?.and_then(|p| p.card).map(|card| card.label());
    Ok(Some(Cancelling::of(booking, &preview, card, ctx.now())))
}

/// `Visa ending 4242, paid` for what was captured or is set aside.
async fn payment_words(ctx: &Ctx, booking: &BookingView) -> Result<Option<String>> {
    if booking.viewer != ViewerRole::Customer {
        return Ok(None);
    }
    let payment = domain::payment::find_for_booking(ctx, booking.id).await?;
    Ok(payment.filter(|p| p.status.is_captured() || p.status == domain::payment::PaymentStatus::Authorised).map(|payment| {
        let card = payment.card.as_ref().map_or_else(|| "Card".to_owned(), domain::payment::CardView::label);
        format!("{card}, {}", payment.status.label().to_lowercase())
    }))
}

/// After a step: back to the booking, or the booking with what stood in the way.
async fn after(ctx: &Ctx, id: BookingId, outcome: Result<BookingView>, sentence: &str, pairs: Pairs) -> Answer {
    match outcome {
        Ok(_) => Ok(render::redirect_with_notice(&back_to(&pairs, id), sentence)),
        Err(error @ (Error::Refused(_) | Error::Invalid(_))) => {
            let status = status_of(&error);
            booking_page(ctx, id, Filled::refused(pairs, &error), status).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The page a step was taken on, if the form names one of ours; else the booking's.
fn back_to(pairs: &Pairs, id: BookingId) -> String {
    match domain::account::policy::safe_next(Some(value(pairs, "next"))) {
        next if value(pairs, "next") == next && !next.is_empty() => next.to_owned(),
        _ => format!("/bookings/{id}"),
    }
}

async fn accept(Caller(ctx): Caller, At(id): At<BookingId>, Form(pairs): Form<Pairs>) -> Answer {
    let outcome = booking::approve(&ctx, id).await;
    let words = match &outcome {
        Ok(booking) if booking.status == Status::Confirmed => "Accepted. The customer has been told.",
        _ => "The card is being charged. It is confirmed as soon as the money is certain.",
    };
    after(&ctx, id, outcome, words, pairs).await
}

async fn decline(Caller(ctx): Caller, At(id): At<BookingId>, Form(pairs): Form<Pairs>) -> Answer {
    let outcome = booking::decline(&ctx, id, value(&pairs, "reason")).await;
    after(&ctx, id, outcome, "Declined. The customer has been told, and nothing was charged.", pairs).await
}

async fn start(Caller(ctx): Caller, At(id): At<BookingId>, Form(pairs): Form<Pairs>) -> Answer {
    let outcome = booking::start(&ctx, id).await;
    after(&ctx, id, outcome, "Started.", pairs).await
}

async fn complete(Caller(ctx): Caller, At(id): At<BookingId>, Form(pairs): Form<Pairs>) -> Answer {
    let outcome = booking::complete(&ctx, id).await;
    after(&ctx, id, outcome, "Done.", pairs).await
}

async fn on_my_way(Caller(ctx): Caller, At(id): At<BookingId>, Form(pairs): Form<Pairs>) -> Answer {
    let outcome = booking::on_the_way(&ctx, id).await;
    after(&ctx, id, outcome, "The customer sees that you are on the way.", pairs).await
}

async fn running_late(Caller(ctx): Caller, At(id): At<BookingId>, Form(pairs): Form<Pairs>) -> Answer {
    let outcome = booking::running_late(&ctx, id, value(&pairs, "minutes").parse().unwrap_or(0)).await;
    after(&ctx, id, outcome, "The customer has been told.", pairs).await
}

/// Which proposed time the page showed, so that no other is answered.
fn seen_time(pairs: &Pairs) -> Option<Instant> {
    value(pairs, "expected_starts_at").parse().ok()
}

async fn consent(Caller(ctx): Caller, At(id): At<BookingId>, Form(pairs): Form<Pairs>) -> Answer {
    let outcome = booking::consent(&ctx, id, seen_time(&pairs)).await;
    after(&ctx, id, outcome, "Moved to the new time.", pairs).await
}

async fn refuse(Caller(ctx): Caller, At(id): At<BookingId>, Form(pairs): Form<Pairs>) -> Answer {
    let outcome = booking::refuse(&ctx, id, seen_time(&pairs)).await;
    let words = match &outcome {
        Ok(booking) if booking.status == Status::Cancelled => "Cancelled. Everything paid goes back.",
        _ => "The old time stays.",
    };
    after(&ctx, id, outcome, words, pairs).await
}

async fn withdraw(Caller(ctx): Caller, At(id): At<BookingId>, Form(pairs): Form<Pairs>) -> Answer {
    let outcome = booking::withdraw(&ctx, id, seen_time(&pairs)).await;
    after(&ctx, id, outcome, "Taken back. The old time stays.", pairs).await
}

async fn save_notes(Caller(ctx): Caller, At(id): At<BookingId>, Form(pairs): Form<Pairs>) -> Answer {
    let outcome = booking::edit_notes(&ctx, id, value(&pairs, "notes")).await;
    after(&ctx, id, outcome, "Saved.", pairs).await
}

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/book", post(checkout::book))
        .route("/checkout/{id}", get(checkout::show_checkout).post(checkout::pay))
        .route("/checkout/{id}/photos", post(checkout::add_photos))
        .route("/checkout/{id}/photos/{photo}/remove", post(checkout::remove_photo))
        .route("/checkout/{id}/release", post(checkout::release))
        .route("/checkout/{id}/return", get(checkout::came_back))
        .route("/pay/{secret}", get(checkout::show_pay_link).post(checkout::open_pay_link))
        .route("/bookings", get(list))
        .route("/bookings/feed", post(make_feed))
        .route("/bookings/{id}", get(show))
        .route("/bookings/{id}/confirmed", get(checkout::show_confirmed))
        .route("/bookings/{id}/cancel", get(change::show_cancel).post(change::do_cancel))
        .route("/bookings/{id}/reschedule", get(change::show_reschedule).post(change::do_reschedule))
        .route("/bookings/{id}/calendar.ics", get(photos::calendar_file))
        .route("/bookings/{id}/accept", post(accept))
        .route("/bookings/{id}/decline", post(decline))
        .route("/bookings/{id}/start", post(start))
        .route("/bookings/{id}/complete", post(complete))
        .route("/bookings/{id}/no-show", get(change::show_no_show).post(change::no_show))
        .route("/bookings/{id}/on-my-way", post(on_my_way))
        .route("/bookings/{id}/running-late", post(running_late))
        .route("/bookings/{id}/consent", post(consent))
        .route("/bookings/{id}/refuse", post(refuse))
        .route("/bookings/{id}/withdraw", post(withdraw))
        .route("/bookings/{id}/notes", post(save_notes))
        .route("/bookings/{id}/photos", post(photos::add_photo))
        .route("/bookings/{id}/photos/{photo}", get(photos::photo))
        .route("/bookings/{id}/photos/{photo}/remove", post(photos::remove_photo))
        .route("/feeds/{secret}/calendar.ics", get(photos::feed))
        .route("/desk/{provider}/bookings/new", get(by_hand::show).post(by_hand::book))
}
