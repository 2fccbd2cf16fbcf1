//! From the slot to the review: holding, checkout, bookings and every step of theirs.

use crate::state::AppState;
use crate::web::caller::{At, Caller, PageError};
use crate::web::render;
use app::booking::pages::{booking as page, bookings, cancel, checkout, confirmed, reschedule, taken};
use app::kit::Filled;
use app::payment::islands::{CardForm, CardFormProps};
use app::shell::Frame;
use axum::extract::{DefaultBodyLimit, Multipart, Query};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use domain::booking::model::{Address, BookingView, CheckoutDetails, HoldSlot, Status, ViewerRole};
use domain::booking::settlement::{self, Pay};
use domain::booking::{self, CancelBooking, Reschedule};
use domain::ctx::Ctx;
use domain::error::{Error, Refusal, Result};
use domain::id::{BookingId, PhotoId};
use domain::page::PageQuery;
use domain::payment::NextStep;
use domain::provider;
use domain::scheduling::{self, model::AvailabilityQuery};
use domain::time::{Date, Instant};
use http::{HeaderValue, StatusCode, header};
use leptos::prelude::{AnyView, IntoAny};
use serde::Deserialize;

type Pairs = Vec<(String, String)>;
type Answer = Result<Response, PageError>;

fn value<'a>(pairs: &'a Pairs, name: &str) -> &'a str {
    pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}

/// POST `/book`: keeps the slot and leads to checkout; a lost race shows what is free nearby.
async fn book(Caller(ctx): Caller, Form(pairs): Form<Pairs>) -> Answer {
    let slot = slot_of(&pairs)?;
    match booking::hold(&ctx, slot.clone()).await {
        Ok(held) => {
            carry_over(&ctx, &pairs, held.id).await;
            Ok(Redirect::to(&format!("/checkout/{}", held.id)).into_response())
        }
        Err(Error::Refused(refusal)) => {
            let service = provider::get_service(&ctx, slot.service_id).await?;
            let place = provider::get(&ctx, service.provider_id).await?;
            let purpose =
                taken::Purpose::Hold { service: slot.service_id, add_ons: slot.add_ons.iter().map(ToString::to_string).collect() };
            Ok(refused(&ctx, refusal, purpose, place.zone, format!("/p/{}", place.slug)))
        }
        Err(error) => Err(error.into()),
    }
}

fn slot_of(pairs: &Pairs) -> Result<HoldSlot> {
    let starts_at = value(pairs, "starts_at").parse().map_err(|_| Error::NotFound)?;
    Ok(HoldSlot {
        service_id: value(pairs, "service_id").parse().map_err(|_| Error::NotFound)?,
        starts_at,
        resource_id: value(pairs, "resource_id").parse().ok(),
        add_ons: pairs.iter().filter(|(key, _)| key == "add_on").filter_map(|(_, id)| id.parse().ok()).collect(),
        notes: value(pairs, "notes").to_owned(),
        address: None,
    })
}

/// What was typed before a hold ran out goes with the customer to the new one.
async fn carry_over(ctx: &Ctx, pairs: &Pairs, to: BookingId) {
    if let Ok(from) = value(pairs, "from").parse() {
        let _ = booking::copy_details(ctx, from, to).await;
    }
}

fn refused(ctx: &Ctx, refusal: Refusal, purpose: taken::Purpose, zone: String, back: String) -> Response {
    let status = if refusal.is_conflict { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = taken::Taken(taken::TakenProps { refusal, purpose, zone_name: zone, back });
    render::page_with(status, ctx, Frame::private("Another time"), view)
}

async fn show_checkout(Caller(ctx): Caller, At(id): At<BookingId>) -> Answer {
    let held = booking::get(&ctx, id).await?;
    let filled = filled_from(&ctx, &held);
    checkout_page(&ctx, held, filled, StatusCode::OK)
}

/// The page as the hold stands: form, ended, or already agreed.
fn checkout_page(ctx: &Ctx, held: BookingView, filled: Filled, status: StatusCode) -> Answer {
    let now = ctx.now();
    let is_over = held.status == Status::Expired || held.status == Status::Held && held.hold_expires_at.is_some_and(|at| at <= now);
    if held.viewer != ViewerRole::Customer {
        return Ok(Redirect::to(&format!("/bookings/{}", held.id)).into_response());
    }
    if is_over {
        let view = checkout::HoldEnded(checkout::HoldEndedProps { booking: held, now });
        return Ok(render::page_with(StatusCode::CONFLICT, ctx, Frame::focused("Your hold has ended"), view));
    }
    if !held.may(domain::booking::model::Action::Pay) {
        return Ok(Redirect::to(&format!("/bookings/{}", held.id)).into_response());
    }
    let frame = Frame::focused(format!("Pay {}", held.price.total)).beside(checkout::vial(&held, now));
    let email_is_fixed = ctx.account_id().is_some();
    let form = card_form(ctx, &held);
    let view = checkout::Checkout(checkout::CheckoutProps { booking: held, filled, email_is_fixed, now, form });
    Ok(render::page_with(status, ctx, frame, view))
}

/// The gateway's form in the page; without scripting the button leads to the gateway's own page.
fn card_form(ctx: &Ctx, held: &BookingView) -> Option<AnyView> {
    if held.price.total.is_zero() {
        return None;
    }
    let gateway = &ctx.house().payments;
    let props = CardFormProps {
        booking: held.id,
        publishable_key: gateway.publishable_key().to_owned(),
        script_url: gateway.script_url().to_owned(),
        base_minor: held.price.total.minor - held.price.tip.minor,
        currency: held.currency.code().to_ascii_lowercase(),
        is_manual: held.needs_approval,
        return_url: ctx.url(&format!("/checkout/{}/return", held.id)),
        form: checkout::FORM.to_owned(),
    };
    Some(CardForm(props).into_any())
}

/// What is known already: from the hold, else from the account.
fn filled_from(ctx: &Ctx, held: &BookingView) -> Filled {
    let address = held.address.clone().unwrap_or_default();
    let mut filled = Filled::with([
        ("name", held.contact.name.as_str()),
        ("email", held.contact.email.as_str()),
        ("phone", held.contact.phone.as_str()),
        ("notes", held.notes.as_str()),
        ("address.street", address.street.as_str()),
        ("address.postcode", address.postcode.as_str()),
        ("address.town", address.town.as_str()),
        ("address.extra", address.extra.as_str()),
    ])
    .set("tip_minor", held.price.tip.minor.to_string());
    if let Ok(person) = ctx.person() {
        filled = filled.set("email", person.email.clone());
        if held.contact.name.is_empty() {
            filled = filled.set("name", person.name.clone());
        }
    }
    filled
}

/// POST `/checkout/{id}`: saves who and where, then leads to the payment page, or confirms what costs nothing.
async fn pay(Caller(ctx): Caller, At(id): At<BookingId>, Form(pairs): Form<Pairs>) -> Answer {
    match check_out_and_pay(&ctx, id, details_of(&pairs)).await {
        Ok(to) => Ok(Redirect::to(&to).into_response()),
        Err(error @ (Error::Invalid(_) | Error::Refused(_) | Error::Unavailable { .. })) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
            let held = booking::get(&ctx, id).await?;
            let email = ctx.person().map(|p| p.email.clone()).ok();
            let mut filled = Filled::refused(pairs, &error);
            if let Some(email) = email {
                filled = filled.set("email", email);
            }
            checkout_page(&ctx, held, filled, status)
        }
        Err(error) => Err(error.into()),
    }
}

/// Saves the details and begins the payment. Answers where the browser goes next.
async fn check_out_and_pay(ctx: &Ctx, id: BookingId, details: CheckoutDetails) -> Result<String> {
    let booking = booking::check_out(ctx, id, details).await?;
    let is_settled = matches!(booking.status, Status::Confirmed | Status::Requested) && booking.price.total.is_zero();
    if is_settled {
        return Ok(format!("/bookings/{id}/confirmed"));
    }
    let payment = settlement::pay(ctx, id, Pay { is_hosted: true, payment_method: None }).await?;
    Ok(match payment.next {
        Some(NextStep::Redirect { url }) => url,
        _ => format!("/checkout/{id}/return"),
    })
}

fn details_of(pairs: &Pairs) -> CheckoutDetails {
    let text = |name: &str| value(pairs, name).to_owned();
    let street = text("address.street");
    let address = (!street.trim().is_empty()).then(|| Address {
        street,
        postcode: text("address.postcode"),
        town: text("address.town"),
        extra: text("address.extra"),
        ..Address::default()
    });
    CheckoutDetails {
        name: text("name"),
        email: text("email"),
        phone: text("phone"),
        notes: text("notes"),
        address,
        tip_minor: value(pairs, "tip_minor").parse().unwrap_or(0),
    }
}

async fn release(Caller(ctx): Caller, At(id): At<BookingId>) -> Answer {
    let held = booking::get(&ctx, id).await?;
    booking::release(&ctx, id).await?;
    Ok(render::redirect_with_notice(&format!("/p/{}", held.provider.slug), "The time is free again. Nothing was charged."))
}

/// Where the payment page leads back to. The money, not the browser, confirms; we only ask whether it has come.
async fn came_back(Caller(ctx): Caller, At(id): At<BookingId>) -> Answer {
    // A gateway that does not answer leaves it open; the page says so.
    let _ = settlement::state(&ctx, id).await;
    let seen = booking::get(&ctx, id).await?;
    match seen.status {
        Status::Held => {
            let view = confirmed::Waiting(confirmed::WaitingProps { booking: seen });
            let mut response = render::page(&ctx, Frame::focused("Waiting for your payment"), view);
            // looks again by itself, with and without scripting
            response.headers_mut().insert(header::REFRESH, HeaderValue::from_static("4"));
            Ok(response)
        }
        Status::Expired => Ok(Redirect::to(&format!("/checkout/{id}")).into_response()),
        _ => Ok(Redirect::to(&format!("/bookings/{id}/confirmed")).into_response()),
    }
}

async fn show_confirmed(Caller(ctx): Caller, At(id): At<BookingId>) -> Answer {
    let booking = booking::get(&ctx, id).await?;
    if !matches!(booking.status, Status::Confirmed | Status::Requested) {
        return Ok(Redirect::to(&format!("/bookings/{id}")).into_response());
    }
    let is_guest = ctx.account_id().is_none();
    let title = if booking.status == Status::Requested { "You have asked for it" } else { "It is booked" };
    let view = confirmed::Confirmed(confirmed::ConfirmedProps { booking, is_guest, now: ctx.now() });
    Ok(render::page(&ctx, Frame::private(title), view))
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
    let view = bookings::Bookings(bookings::BookingsProps { upcoming, past, is_first_page, feed, now: ctx.now() });
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
    let view = page::Booking(page::BookingProps { booking, timeline, payment, filled, now: ctx.now() });
    Ok(render::page_with(status, ctx, frame, view))
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
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT);
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

async fn no_show(Caller(ctx): Caller, At(id): At<BookingId>, Form(pairs): Form<Pairs>) -> Answer {
    let outcome = booking::no_show(&ctx, id, None).await;
    after(&ctx, id, outcome, "Noted.", pairs).await
}

async fn on_my_way(Caller(ctx): Caller, At(id): At<BookingId>, Form(pairs): Form<Pairs>) -> Answer {
    let outcome = booking::on_the_way(&ctx, id).await;
    after(&ctx, id, outcome, "The customer sees that you are on the way.", pairs).await
}

async fn running_late(Caller(ctx): Caller, At(id): At<BookingId>, Form(pairs): Form<Pairs>) -> Answer {
    let outcome = booking::running_late(&ctx, id, value(&pairs, "minutes").parse().unwrap_or(0)).await;
    after(&ctx, id, outcome, "The customer has been told.", pairs).await
}

async fn consent(Caller(ctx): Caller, At(id): At<BookingId>, Form(pairs): Form<Pairs>) -> Answer {
    let outcome = booking::consent(&ctx, id).await;
    after(&ctx, id, outcome, "Moved to the new time.", pairs).await
}

async fn refuse(Caller(ctx): Caller, At(id): At<BookingId>, Form(pairs): Form<Pairs>) -> Answer {
    let outcome = booking::refuse(&ctx, id).await;
    let words = match &outcome {
        Ok(booking) if booking.status == Status::Cancelled => "Cancelled. Everything paid goes back.",
        _ => "The old time stays.",
    };
    after(&ctx, id, outcome, words, pairs).await
}

async fn withdraw(Caller(ctx): Caller, At(id): At<BookingId>, Form(pairs): Form<Pairs>) -> Answer {
    let outcome = booking::withdraw(&ctx, id).await;
    after(&ctx, id, outcome, "Taken back. The old time stays.", pairs).await
}

async fn save_notes(Caller(ctx): Caller, At(id): At<BookingId>, Form(pairs): Form<Pairs>) -> Answer {
    let outcome = booking::edit_notes(&ctx, id, value(&pairs, "notes")).await;
    after(&ctx, id, outcome, "Saved.", pairs).await
}

async fn show_cancel(Caller(ctx): Caller, At(id): At<BookingId>) -> Answer {
    cancel_page(&ctx, id, Filled::default(), StatusCode::OK).await
}

async fn cancel_page(ctx: &Ctx, id: BookingId, filled: Filled, status: StatusCode) -> Answer {
    let seen = booking::get(ctx, id).await?;
    let preview = match booking::preview_cancellation(ctx, id).await {
        Ok(preview) => preview,
        Err(error @ Error::Refused(_)) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT);
            return booking_page(ctx, id, Filled::refused(Vec::new(), &error), status).await;
        }
        Err(error) => return Err(error.into()),
    };
    let card = domain::payment::find_for_booking(ctx, id).await?.and_then(|p| p.card).map(|card| card.label());
    let view = cancel::Cancel(cancel::CancelProps { booking: seen, preview, card, filled, now: ctx.now() });
    Ok(render::page_with(status, ctx, Frame::private("Cancel"), view))
}

async fn do_cancel(Caller(ctx): Caller, At(id): At<BookingId>, Form(pairs): Form<Pairs>) -> Answer {
    let input = CancelBooking {
        reason: value(&pairs, "reason").to_owned(),
        expected_refund_minor: value(&pairs, "expected_refund_minor").parse().ok(),
    };
    match booking::cancel(&ctx, id, input).await {
        Ok(_) => Ok(render::redirect_with_notice(&format!("/bookings/{id}"), "Cancelled.")),
        Err(error @ (Error::Refused(_) | Error::Invalid(_))) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT);
            cancel_page(&ctx, id, Filled::refused(pairs, &error), status).await
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
struct MoveQuery {
    starts_at: Option<String>,
    from: Option<String>,
}

async fn show_reschedule(Caller(ctx): Caller, At(id): At<BookingId>, Query(query): Query<MoveQuery>) -> Answer {
    let seen = booking::get(&ctx, id).await?;
    let asked: Option<Instant> = query.starts_at.as_deref().and_then(|text| text.parse().ok());
    let Some(starts_at) = asked else {
        return choose_page(&ctx, seen, query.from.as_deref(), Filled::default(), StatusCode::OK).await;
    };
    match booking::preview_reschedule(&ctx, id, starts_at).await {
        Ok(preview) => {
            let view = reschedule::Confirm(reschedule::ConfirmProps { booking: seen, preview, now: ctx.now() });
            Ok(render::page(&ctx, Frame::private("Another time"), view))
        }
        Err(error) => move_refused(&ctx, seen, error).await,
    }
}

async fn move_refused(ctx: &Ctx, seen: BookingView, error: Error) -> Answer {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT);
    match error {
        Error::Refused(refusal) if refusal.help.contains_key("alternatives") => {
            let action = format!("/bookings/{}/reschedule", seen.id);
            let purpose = taken::Purpose::Move { action: action.clone() };
            Ok(refused(ctx, refusal, purpose, seen.zone, action))
        }
        error @ Error::Refused(_) => booking_page(ctx, seen.id, Filled::refused(Vec::new(), &error), status).await,
        error => Err(error.into()),
    }
}

async fn choose_page(ctx: &Ctx, seen: BookingView, from: Option<&str>, filled: Filled, status: StatusCode) -> Answer {
    if !seen.may(domain::booking::model::Action::Reschedule) {
        return Ok(Redirect::to(&format!("/bookings/{}", seen.id)).into_response());
    }
    let today = scheduling::zone::local_in(ctx.now(), &seen.zone).date;
    let from: Date = from.and_then(|text| text.parse().ok()).unwrap_or(today).max(today).min(today.plus_days(730));
    let query = AvailabilityQuery {
        provider: seen.provider.id,
        service: seen.service_id,
        from,
        to: from.plus_days(13),
        zone: None,
        resource: None,
        extra_min: seen.add_ons.iter().map(|extra| extra.extra_min).sum(),
        ignoring: Some(seen.id),
    };
    let times = scheduling::get_availability(ctx, &query).await?;
    let view = reschedule::Choose(reschedule::ChooseProps { booking: seen, times, from, filled, now: ctx.now() });
    Ok(render::page_with(status, ctx, Frame::private("Another time"), view))
}

async fn do_reschedule(Caller(ctx): Caller, At(id): At<BookingId>, Form(pairs): Form<Pairs>) -> Answer {
    let starts_at = value(&pairs, "starts_at").parse().map_err(|_| Error::NotFound)?;
    match booking::reschedule(&ctx, id, Reschedule { starts_at, resource_id: None }).await {
        Ok(moved) => {
            let words = if moved.proposal.is_some() { "They have been asked. The old time stays until they answer." } else { "Moved." };
            Ok(render::redirect_with_notice(&format!("/bookings/{id}"), words))
        }
        Err(error) => {
            let seen = booking::get(&ctx, id).await?;
            move_refused(&ctx, seen, error).await
        }
    }
}

/// As a file to add to a calendar.
async fn calendar_file(Caller(ctx): Caller, At(id): At<BookingId>) -> Answer {
    Ok(calendar(booking::calendar_file(&ctx, id).await?, "booking.ics"))
}

async fn feed(Caller(ctx): Caller, At(secret): At<String>) -> Answer {
    Ok(calendar(booking::feed(&ctx, &secret).await?, "fettle.ics"))
}

fn calendar(text: String, name: &str) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

async fn add_photo(Caller(ctx): Caller, At(id): At<BookingId>, mut form: Multipart) -> Answer {
    while let Ok(Some(field)) = form.next_field().await {
        if field.name() != Some("photo") {
            continue;
        }
        let name = field.file_name().unwrap_or("photo").to_owned();
        // A body that breaks off or is too large is no photo.
        let bytes = field.bytes().await.map(|b| b.to_vec()).unwrap_or_default();
        let outcome = match booking::add_photo(&ctx, id, &name, bytes).await {
            Ok(_) => booking::get(&ctx, id).await,
            Err(error) => Err(error),
        };
        return after(&ctx, id, outcome, "Added.", Vec::new()).await;
    }
    Ok(Redirect::to(&format!("/bookings/{id}")).into_response())
}

async fn remove_photo(Caller(ctx): Caller, At((id, photo)): At<(BookingId, PhotoId)>) -> Answer {
    booking::remove_photo(&ctx, id, photo).await?;
    Ok(Redirect::to(&format!("/bookings/{id}")).into_response())
}

async fn photo(Caller(ctx): Caller, At((id, photo)): At<(BookingId, PhotoId)>) -> Answer {
    let bytes = booking::get_photo(&ctx, id, photo).await?;
    let headers = [(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "private, max-age=86400, immutable")];
    Ok((headers, bytes).into_response())
}

/// The link of a booking taken by phone: a page first, since opening a link changes nothing.
async fn show_pay_link(Caller(ctx): Caller, At(secret): At<String>) -> Answer {
    let view = confirmed::PayLink(confirmed::PayLinkProps { secret });
    Ok(render::page(&ctx, Frame::focused("Pay for your booking"), view))
}

async fn open_pay_link(Caller(ctx): Caller, At(secret): At<String>) -> Answer {
    let id = booking::open_pay_link(&ctx, &secret).await?;
    Ok(Redirect::to(&format!("/checkout/{id}")).into_response())
}

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/book", post(book))
        .route("/checkout/{id}", get(show_checkout).post(pay))
        .route("/checkout/{id}/release", post(release))
        .route("/checkout/{id}/return", get(came_back))
        .route("/pay/{secret}", get(show_pay_link).post(open_pay_link))
        .route("/bookings", get(list))
        .route("/bookings/feed", post(make_feed))
        .route("/bookings/{id}", get(show))
        .route("/bookings/{id}/confirmed", get(show_confirmed))
        .route("/bookings/{id}/cancel", get(show_cancel).post(do_cancel))
        .route("/bookings/{id}/reschedule", get(show_reschedule).post(do_reschedule))
        .route("/bookings/{id}/calendar.ics", get(calendar_file))
        .route("/bookings/{id}/accept", post(accept))
        .route("/bookings/{id}/decline", post(decline))
        .route("/bookings/{id}/start", post(start))
        .route("/bookings/{id}/complete", post(complete))
        .route("/bookings/{id}/no-show", post(no_show))
        .route("/bookings/{id}/on-my-way", post(on_my_way))
        .route("/bookings/{id}/running-late", post(running_late))
        .route("/bookings/{id}/consent", post(consent))
        .route("/bookings/{id}/refuse", post(refuse))
        .route("/bookings/{id}/withdraw", post(withdraw))
        .route("/bookings/{id}/notes", post(save_notes))
        .route("/bookings/{id}/photos", post(add_photo).layer(DefaultBodyLimit::max(booking::MAX_PHOTO_BYTES + 64 * 1024)))
        .route("/bookings/{id}/photos/{photo}", get(photo))
        .route("/bookings/{id}/photos/{photo}/remove", post(remove_photo))
        .route("/feeds/{secret}/calendar.ics", get(feed))
}
