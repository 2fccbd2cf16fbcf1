//! Bookings taken by phone or at the counter, by the team.

use super::hold::{self, Attempt, NewHold};
use super::model::{BookByHand, BookingRefusal, BookingView, HoldSlot, Price, Settlement, Source, Status};
use super::store;
use super::{place, text};
use crate::account::{self, LinkPurpose};
use crate::ctx::{Ctx, StaffRole, Tx};
use crate::error::{Error, Fields, Result};
use crate::event::EventKind;
use crate::id::{AccountId, BookingId};
use crate::notify::model::Template;
use crate::notify::{self, LinkMail};
use crate::scheduling;
use crate::scheduling::model::AssignQuery;

/// How long a customer has to pay by the link, at most until the start.
const LINK_HOURS: i64 = 24;

/// A booking and, when it is to be paid by link, the address that leads there.
pub struct BookedByHand {
    pub booking: BookingView,
    pub pay_url: Option<String>,
}

/// Takes a booking for someone else. Paid elsewhere it is confirmed at once and without commission; by link it is held until the link is paid.
/// Staff may choose times outside hours and notice; what is busy stays busy.
pub async fn book_by_hand(ctx: &Ctx, input: BookByHand) -> Result<BookedByHand> {
    let slot = HoldSlot {
        service_id: input.service_id,
        starts_at: input.starts_at,
        resource_id: input.resource_id,
        add_ons: input.add_ons.clone(),
        notes: text::tidy(&input.notes),
        address: input.address.as_ref().map(place::tidy),
    };
    let contact =
        (text::tidy_line(&input.customer_name), account::policy::tidy_email(&input.customer_email), text::tidy_line(&input.customer_phone));
    let now = ctx.now();
    for _ in 0..3 {
        let mut tx = ctx.begin().await?;
        let mut offer = store::find_offer(&mut tx, slot.service_id, Some(&slot.add_ons), slot.starts_at, None, None, now)
            .await?
            .ok_or(Error::NotFound)?;
        ctx.require_staff(offer.provider_id, StaffRole::Member)?;
        check(&input, &contact)?;
        let mut fields = Fields::none();
        fields.check(slot.starts_at > now.plus_days(-1), "starts_at", "That time has already passed.");
        fields.check(slot.starts_at < now.plus_days(730), "starts_at", "That is more than two years ahead.");
        fields.finish()?;
        let is_online = input.is_paid_by_link && !input.is_free && hold::price_of(&offer, offer.commission_bp.into()).total() > 0;
        // Who takes a booking themselves has said yes to it: once it is paid it is agreed.
        offer.needs_approval &= !is_online;
        let commission_bp = if is_online { offer.commission_bp.into() } else { 0 };
        let mut price = hold::price_of(&offer, commission_bp);
        if input.is_free {
            price = Price { discount_minor: price.service_minor + price.add_ons_minor, tax_minor: 0, ..price };
        }
        let query = AssignQuery {
            service: slot.service_id,
            starts_at: slot.starts_at,
            extra_min: offer.add_ons.iter().map(|a| a.extra_min).sum(),
            resource: slot.resource_id,
            ignoring: None,
            is_by_hand: true,
            agreed: None,
            had_notice: false,
        };
        let choice = match scheduling::choose(&mut tx, ctx, &query).await? {
            Ok(choice) => choice,
            Err(not_free) => {
                drop(tx);
                return Err(hold::not_available(ctx, slot.service_id, slot.starts_at, not_free).await);
            }
        };
        let customer = guest(&mut tx, ctx, &contact).await?;
        let link_until = now.plus_hours(LINK_HOURS).min(slot.starts_at);
        if is_online && link_until <= now {
            return Err(BookingRefusal::TooLate.into());
        }
        let new = NewHold {
            status: if is_online { Status::Held } else { Status::Confirmed },
            source: Source::ByHand,
            settlement: match (is_online, price.total()) {
                (true, _) => Settlement::Gateway,
                (false, 0) => Settlement::None,
                (false, _) => Settlement::Elsewhere,
            },
            price,
            commission_bp,
            contact: contact.clone(),
            hold_expires_at: is_online.then_some(link_until),
            hold_limit: None,
            kind: if is_online { EventKind::BookingHeld } else { EventKind::BookingConfirmed },
            customer,
            visitor: None,
        };
        match hold::write(ctx, &mut tx, &slot, &offer, &choice, &new).await? {
            Attempt::Held(row) => {
                let booking = hold::seen(ctx, *row)?;
                // With the booking or not at all: nobody else could pay for it.
                let pay_url = if is_online { Some(send_pay_link(&mut tx, ctx, &booking, customer, &contact).await?) } else { None };
                ctx.commit(tx).await?;
                return Ok(BookedByHand { booking, pay_url });
            }
            Attempt::Refused(_) => break,
            Attempt::Lost => {}
        }
    }
    Err(hold::slot_taken(ctx, slot.service_id, slot.starts_at).await)
}

/// Whoever has the link may pay: their browser now holds the booking. Answers which one it is.
pub async fn open_pay_link(ctx: &Ctx, secret: &str) -> Result<BookingId> {
    let link = account::find_link(ctx, LinkPurpose::PayBooking, secret).await?.ok_or(Error::NotFound)?;
    let id: BookingId = link.data.get("booking").and_then(|v| v.as_str()).and_then(|v| v.parse().ok()).ok_or(Error::NotFound)?;
    let visitor = ctx.visitor_id().ok_or(Error::Unauthenticated)?;
    let mut tx = ctx.begin().await?;
    let row = store::lock(&mut tx, id).await?.ok_or(Error::NotFound)?;
    if row.status() == Status::Held {
        store::set_visitor(&mut tx, id, visitor).await?;
        ctx.commit(tx).await?;
    }
    Ok(id)
}

/// Makes the link that leads to the checkout and mails it to the customer.
async fn send_pay_link(
    tx: &mut Tx,
    ctx: &Ctx,
    booking: &BookingView,
    customer: Option<AccountId>,
    (name, email, _): &(String, String, String),
) -> Result<String> {
    let data = serde_json::json!({ "booking": booking.id });
    let secret = account::issue_link(tx, ctx, LinkPurpose::PayBooking, customer, data, LINK_HOURS * 60).await?;
    let url = ctx.url(&format!("/pay/{secret}"));
    let mail = LinkMail {
        template: Template::PayBooking,
        account: customer,
        to: email.clone(),
        name: name.clone(),
        subject: booking.provider.name.clone(),
        url: url.clone(),
        valid_hours: LINK_HOURS,
    };
    notify::mail_link(tx, ctx, &mail).await?;
    Ok(url)
}

/// A customer known by address becomes a guest, so that letters and a later claim find them.
async fn guest(tx: &mut Tx, ctx: &Ctx, (name, email, phone): &(String, String, String)) -> Result<Option<AccountId>> {
    if email.is_empty() {
        return Ok(None);
    }
    account::create_guest(tx, ctx, name, email, phone).await.map(Some)
}

fn check(input: &BookByHand, (name, email, phone): &(String, String, String)) -> Result<()> {
    let mut fields = Fields::none();
    account::policy::check_name(&mut fields, "customer_name", name);
    if !email.is_empty() || input.is_paid_by_link {
        account::policy::check_email(&mut fields, "customer_email", email);
    }
    if !phone.is_empty() {
        account::policy::check_phone(&mut fields, "customer_phone", phone);
    }
    fields.check(input.notes.chars().count() <= hold::MAX_NOTES, "notes", "Please keep it under 2,000 characters.");
    if let Some(address) = &input.address {
        place::check(&mut fields, address);
    }
    fields.finish()
}
