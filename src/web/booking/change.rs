//! Cancelling and moving a booking: look at what it means, then do it.

use super::{Answer, Pairs, after, booking_page, refused, status_of, value};
use crate::web::caller::{At, Caller};
use crate::web::render;
use app::booking::pages::{cancel, no_show, reschedule, taken};
use app::booking::parts::Cancelling;
use app::kit::Filled;
use app::shell::Frame;
use axum::Form;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect};
use domain::booking::model::{BookingView, Side, ViewerRole};
use domain::booking::{self, CancelBooking, Reschedule};
use domain::ctx::Ctx;
use domain::error::Error;
use domain::id::BookingId;
use domain::scheduling::{self, model::AvailabilityQuery};
use domain::time::{Date, Instant, minute_of};
use http::StatusCode;
use serde::Deserialize;

/// So many days of free times stand on one page.
const DAYS: i32 = 7;

pub async fn show_cancel(Caller(ctx): Caller, At(id): At<BookingId>) -> Answer {
    cancel_page(&ctx, id, Filled::default(), StatusCode::OK).await
}

async fn cancel_page(ctx: &Ctx, id: BookingId, filled: Filled, status: StatusCode) -> Answer {
    let seen = booking::get(ctx, id).await?;
    let preview = match booking::preview_cancellation(ctx, id).await {
        Ok(preview) => preview,
        Err(error @ Error::Refused(_)) => {
            let status = status_of(&error);
            return booking_page(ctx, id, Filled::refused(Vec::new(), &error), status).await;
        }
        Err(error) => return Err(error.into()),
    };
    let card = domain::payment::find_for_booking(ctx, id).await?.and_then(|p| p.card).map(|card| card.label());
    let cancelling = Cancelling::of(&seen, &preview, card, ctx.now());
    let view = cancel::Cancel(cancel::CancelProps { booking: seen, cancelling, filled });
    Ok(render::page_with(status, ctx, Frame::private("Cancel"), view))
}

pub async fn do_cancel(Caller(ctx): Caller, At(id): At<BookingId>, Form(pairs): Form<Pairs>) -> Answer {
    let input = CancelBooking {
        reason: value(&pairs, "reason").to_owned(),
        expected_refund_minor: value(&pairs, "expected_refund_minor").parse().ok(),
    };
    match booking::cancel(&ctx, id, input).await {
        Ok(booking) => {
            let words = if booking.price.refunded.is_zero() {
                "Cancelled.".to_owned()
            } else if booking.viewer == ViewerRole::Customer {
                format!("Cancelled. {} goes back to you.", booking.price.refunded)
            } else {
                format!("Cancelled. {} goes back to the customer.", booking.price.refunded)
            };
            Ok(render::redirect_with_notice(&format!("/bookings/{id}"), &words))
        }
        Err(error @ (Error::Refused(_) | Error::Invalid(_))) => {
            let status = status_of(&error);
            cancel_page(&ctx, id, Filled::refused(pairs, &error), status).await
        }
        Err(error) => Err(error.into()),
    }
}

pub async fn show_no_show(Caller(ctx): Caller, At(id): At<BookingId>) -> Answer {
    let seen = booking::get(&ctx, id).await?;
    let preview = match booking::preview_no_show(&ctx, id).await {
        Ok(preview) => preview,
        Err(error @ Error::Refused(_)) => {
            let status = status_of(&error);
            return booking_page(&ctx, id, Filled::refused(Vec::new(), &error), status).await;
        }
        Err(error) => return Err(error.into()),
    };
    let card = domain::payment::find_for_booking(&ctx, id).await?.and_then(|p| p.card).map(|card| card.label());
    let view = no_show::NoShow(no_show::NoShowProps { booking: seen, preview, card });
    Ok(render::page(&ctx, Frame::private("Not there"), view))
}

/// Operators say who; for the sides it is the other one.
pub async fn no_show(Caller(ctx): Caller, At(id): At<BookingId>, Form(pairs): Form<Pairs>) -> Answer {
    let absent = match value(&pairs, "absent") {
        "customer" => Some(Side::Customer),
        "provider" => Some(Side::Provider),
        _ => None,
    };
    let outcome = booking::no_show(&ctx, id, absent).await;
    after(&ctx, id, outcome, "Noted. It stands on the booking for both sides.", pairs).await
}

#[derive(Deserialize)]
pub struct MoveQuery {
    starts_at: Option<String>,
    from: Option<String>,
    /// Instead of an instant: a date and a time on the clock of the place.
    date: Option<Date>,
    time: Option<String>,
}

impl MoveQuery {
    fn asked(&self, zone_name: &str) -> Option<Instant> {
        if let Some(instant) = self.starts_at.as_deref().and_then(|text| text.parse().ok()) {
            return Some(instant);
        }
        let minute = self.time.as_deref().and_then(minute_of)?;
        scheduling::zone::instant(self.date?, minute, scheduling::zone::stored(zone_name)).first()
    }
}

pub async fn show_reschedule(Caller(ctx): Caller, At(id): At<BookingId>, Query(query): Query<MoveQuery>) -> Answer {
    let seen = booking::get(&ctx, id).await?;
    let Some(starts_at) = query.asked(&seen.zone) else {
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
    let status = status_of(&error);
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
        to: from.plus_days(DAYS - 1),
        zone: None,
        resource: None,
        extra_min: seen.add_ons.iter().map(|extra| extra.extra_min).sum(),
        ignoring: Some(seen.id),
    };
    let times = scheduling::get_availability(ctx, &query).await?;
    let view = reschedule::Choose(reschedule::ChooseProps { booking: seen, times, from, filled, now: ctx.now() });
    Ok(render::page_with(status, ctx, Frame::private("Another time"), view))
}

pub async fn do_reschedule(Caller(ctx): Caller, At(id): At<BookingId>, Form(pairs): Form<Pairs>) -> Answer {
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
