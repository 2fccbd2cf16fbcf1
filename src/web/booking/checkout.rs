//! From the slot to the agreement: holding, checking out, paying, coming back.

use super::{Answer, Pairs, photos, refused, status_of, value};
use crate::web::caller::{At, Caller};
use crate::web::render;
use app::booking::islands::{HoldVial, HoldVialProps};
use app::booking::pages::{checkout, confirmed, hold_ended, taken};
use app::kit::Filled;
use app::payment::islands::{CardForm, CardFormProps};
use app::shell::Frame;
use axum::Form;
use axum::response::{IntoResponse, Redirect, Response};
use domain::booking;
use domain::booking::model::{Action, Address, BookingView, CheckoutDetails, HoldSlot, Status, ViewerRole};
use domain::booking::settlement::{self, Pay, Standing};
use domain::ctx::Ctx;
use domain::error::{Error, Result};
use domain::id::{BookingId, PhotoId};
use domain::payment::{self, AttemptStatus, NextStep, PaymentStatus, policy};
use domain::provider;
use http::{HeaderValue, StatusCode, header};
use leptos::prelude::{AnyView, IntoAny};

/// How often, in seconds, a page that waits for money asks again by itself without scripting.
const ASK_AGAIN_S: &str = "6";

/// POST `/book`: keeps the slot and leads to checkout; a lost race shows what is free nearby.
pub async fn book(Caller(ctx): Caller, Form(pairs): Form<Pairs>) -> Answer {
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

/// What was saved or typed before a hold ran out goes with the customer to the new one.
async fn carry_over(ctx: &Ctx, pairs: &Pairs, to: BookingId) {
    let Ok(from) = value(pairs, "from").parse() else { return };
    let _ = booking::copy_photos(ctx, from, to).await;
    let _ = if value(pairs, "name").is_empty() && value(pairs, "email").is_empty() {
        booking::copy_details(ctx, from, to).await
    } else {
        booking::keep_typed(ctx, to, details_of(pairs)).await
    };
}

pub async fn show_checkout(Caller(ctx): Caller, At(id): At<BookingId>) -> Answer {
    let standing = standing(&ctx, id).await?;
    let held = booking::get(&ctx, id).await?;
    let filled = filled_from(&ctx, &held).await?;
    checkout_page(&ctx, held, standing, filled, StatusCode::OK)
}

/// The payment so far. The gateway is asked only where something was begun that may have ended meanwhile.
async fn standing(ctx: &Ctx, id: BookingId) -> Result<Standing> {
    use AttemptStatus::{Created, Processing, RequiresAction, Unknown};
    booking::get(ctx, id).await?;
    let payment = payment::find_for_payer(ctx, id).await?;
    let is_begun = payment.as_ref().is_some_and(|payment| {
        payment.status == PaymentStatus::Pending
            && (matches!(payment.attempt, Some(Created | Processing | RequiresAction | Unknown))
                || matches!(payment.next, Some(NextStep::Redirect { .. })))
    });
    if is_begun { settlement::look(ctx, id).await } else { Ok(Standing { payment, is_certain: true }) }
}

/// The page as the hold stands: form, ended, or already agreed.
fn checkout_page(ctx: &Ctx, held: BookingView, standing: Standing, filled: Filled, status: StatusCode) -> Answer {
    let now = ctx.now();
    let is_over = held.status == Status::Expired || held.status == Status::Held && held.hold_expires_at.is_some_and(|at| at <= now);
    if held.viewer != ViewerRole::Customer {
        return Ok(Redirect::to(&format!("/bookings/{}", held.id)).into_response());
    }
    if is_over {
        let returned = standing.payment.and_then(|payment| payment.refunds.into_iter().next_back());
        let view = hold_ended::HoldEnded(hold_ended::HoldEndedProps { booking: held, filled, returned, now });
        return Ok(render::page_with(StatusCode::CONFLICT, ctx, Frame::focused("Your hold has ended"), view));
    }
    if !held.may(Action::Pay) {
        return Ok(Redirect::to(&format!("/bookings/{}", held.id)).into_response());
    }
    let trouble = standing.payment.as_ref().and_then(|payment| policy::trouble(payment, standing.is_certain));
    let mut frame = Frame::focused(format!("Pay {}", held.price.total));
    frame.description = format!("{} by {}: look over the booking and pay for it.", held.service_name, held.provider.name);
    if let Some(ends_at) = held.hold_expires_at.filter(|_| held.status == Status::Held) {
        let until = checkout::clock(ends_at, &held.zone);
        let props = HoldVialProps { booking: held.id, ends_at, now, total_min: held.hold_min, until, form: checkout::FORM.to_owned() };
        frame = frame.beside(HoldVial(props));
    }
    let email_is_fixed = ctx.account_id().is_some();
    let form = card_form(ctx, &held);
    let view = checkout::Checkout(checkout::CheckoutProps {
        booking: held,
        filled,
        email_is_fixed,
        now,
        trouble: trouble.map(str::to_owned),
        form,
    });
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
async fn filled_from(ctx: &Ctx, held: &BookingView) -> Result<Filled> {
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
        if held.contact.phone.is_empty() {
            filled = filled.set("phone", domain::account::get_me(ctx).await?.phone.unwrap_or_default());
        }
    }
    Ok(filled)
}

/// POST `/checkout/{id}`: keeps photos that came along, saves who and where, then leads to the payment page, or confirms what costs nothing.
pub async fn pay(Caller(ctx): Caller, At(id): At<BookingId>, sent: photos::Sent) -> Answer {
    let read = photos::read(&ctx, id, sent).await?;
    if let Err(error) = read.check() {
        return typed_page(&ctx, id, Filled::refused(read.pairs, &error), read.status).await;
    }
    match check_out_and_pay(&ctx, id, details_of(&read.pairs)).await {
        Ok(to) => Ok(Redirect::to(&to).into_response()),
        Err(error @ (Error::Invalid(_) | Error::Refused(_) | Error::Unavailable { .. })) => {
            typed_page(&ctx, id, Filled::refused(read.pairs, &error), status_of(&error)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The checkout with what was typed in it. What did not arrive, since the form broke off, stands as it was saved.
async fn typed_page(ctx: &Ctx, id: BookingId, mut filled: Filled, status: StatusCode) -> Answer {
    let held = booking::get(ctx, id).await?;
    for (name, saved) in filled_from(ctx, &held).await?.values {
        let is_known = filled.values.iter().any(|(known, _)| *known == name);
        // Whoever is signed in pays under their own address, whatever was sent.
        if !is_known || name == "email" && ctx.account_id().is_some() {
            filled = filled.set(&name, saved);
        }
    }
    // The sentence of this try stands on top; that of an earlier one would only confuse.
    let payment = payment::find_for_booking(ctx, id).await?.filter(|payment| !payment.refunds.is_empty());
    checkout_page(ctx, held, Standing { payment, is_certain: true }, filled, status)
}

/// POST `/checkout/{id}/photos`: the whole form as it stands, since without scripting everything else in it would be lost.
pub async fn add_photos(Caller(ctx): Caller, At(id): At<BookingId>, sent: photos::Sent) -> Answer {
    let mut read = photos::read(&ctx, id, sent).await?;
    if read.added == 0 && read.problems.is_empty() {
        read.problems.add("photo", "Choose a photo first.");
    }
    keep_typed(&ctx, id, read).await
}

/// POST `/checkout/{id}/photos/{photo}/remove`.
pub async fn remove_photo(Caller(ctx): Caller, At((id, photo)): At<(BookingId, PhotoId)>, sent: photos::Sent) -> Answer {
    booking::remove_photo(&ctx, id, photo).await?;
    let read = photos::read(&ctx, id, sent).await?;
    keep_typed(&ctx, id, read).await
}

/// Back to the checkout, with everything typed so far. What is sound is saved; what is not yet is shown again as it was typed.
async fn keep_typed(ctx: &Ctx, id: BookingId, read: photos::Read) -> Answer {
    // Of a form that broke off only half is known: what is saved stays.
    if read.is_whole {
        booking::keep_typed(ctx, id, details_of(&read.pairs)).await?;
    }
    if let Err(error) = read.check() {
        return typed_page(ctx, id, Filled::refused(read.pairs, &error), read.status).await;
    }
    let saved = filled_from(ctx, &booking::get(ctx, id).await?).await?;
    let is_saved = read
        .pairs
        .iter()
        .all(|(name, typed)| name == "photo" || name == "email" && ctx.account_id().is_some() || saved.value(name) == typed.trim());
    if is_saved {
        return Ok(Redirect::to(&format!("/checkout/{id}#photos")).into_response());
    }
    typed_page(ctx, id, Filled { values: read.pairs, ..Filled::default() }, StatusCode::OK).await
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
    CheckoutDetails {
        name: text("name"),
        email: text("email"),
        phone: text("phone"),
        notes: text("notes"),
        address: address_of(pairs),
        tip_minor: value(pairs, "tip_minor").parse().unwrap_or(0),
    }
}

/// None where no street was said.
pub fn address_of(pairs: &Pairs) -> Option<Address> {
    let text = |name: &str| value(pairs, name).to_owned();
    let street = text("address.street");
    (!street.trim().is_empty()).then(|| Address {
        street,
        postcode: text("address.postcode"),
        town: text("address.town"),
        extra: text("address.extra"),
        ..Address::default()
    })
}

pub async fn release(Caller(ctx): Caller, At(id): At<BookingId>) -> Answer {
    let held = booking::get(&ctx, id).await?;
    booking::release(&ctx, id).await?;
    let next = if held.viewer == ViewerRole::Customer { format!("/p/{}", held.provider.slug) } else { format!("/bookings/{id}") };
    Ok(render::redirect_with_notice(&next, "The time is free again. Nothing was charged."))
}

/// Where the payment page leads back to. The money, not the browser, confirms; we only ask whether it has come, and say how it stands.
pub async fn came_back(Caller(ctx): Caller, At(id): At<BookingId>) -> Answer {
    let standing = settlement::look(&ctx, id).await?;
    let seen = booking::get(&ctx, id).await?;
    // Whoever comes back may have paid there a moment ago: without the gateway's word this is no time to show them the form again.
    let is_under_way = standing.payment.as_ref().is_some_and(|payment| !standing.is_certain || policy::is_under_way(payment, true));
    match seen.status {
        Status::Held if is_under_way => Ok(waiting(&ctx, seen)),
        // Refused, given up or never begun: the checkout says which.
        Status::Held | Status::Expired => Ok(Redirect::to(&format!("/checkout/{id}")).into_response()),
        _ => Ok(Redirect::to(&format!("/bookings/{id}/confirmed")).into_response()),
    }
}

fn waiting(ctx: &Ctx, booking: BookingView) -> Response {
    let view = confirmed::Waiting(confirmed::WaitingProps { booking });
    let mut response = render::page(ctx, Frame::focused("Waiting for your payment"), view);
    response.headers_mut().insert(header::REFRESH, HeaderValue::from_static(ASK_AGAIN_S));
    response
}

pub async fn show_confirmed(Caller(ctx): Caller, At(id): At<BookingId>) -> Answer {
    let booking = booking::get(&ctx, id).await?;
    if !matches!(booking.status, Status::Confirmed | Status::Requested) {
        return Ok(Redirect::to(&format!("/bookings/{id}")).into_response());
    }
    let is_guest = ctx.account_id().is_none();
    let title = if booking.status == Status::Requested { "You have asked for it" } else { "It is booked" };
    let view = confirmed::Confirmed(confirmed::ConfirmedProps { booking, is_guest, now: ctx.now() });
    Ok(render::page(&ctx, Frame::private(title), view))
}

/// The link of a booking taken by phone: a page first, since opening a link changes nothing.
pub async fn show_pay_link(Caller(ctx): Caller, At(secret): At<String>) -> Answer {
    let view = confirmed::PayLink(confirmed::PayLinkProps { secret });
    Ok(render::page(&ctx, Frame::focused("Pay for your booking"), view))
}

pub async fn open_pay_link(Caller(ctx): Caller, At(secret): At<String>) -> Answer {
    let id = booking::open_pay_link(&ctx, &secret).await?;
    Ok(Redirect::to(&format!("/checkout/{id}")).into_response())
}
