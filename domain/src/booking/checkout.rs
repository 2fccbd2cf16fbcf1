//! What checkout asks before money moves: who, where, how much on top.

use super::model::{Action, Address, BookingRefusal, BookingView, CheckoutDetails, Contact, Status, ViewerRole};
use super::store::{self, BookingRow, Details};
use super::{hold, place, policy, read, text, transition, work};
use crate::account;
use crate::ctx::{Actor, Ctx};
use crate::error::{Fields, Result};
use crate::id::{AccountId, BookingId};
use crate::provider::model::Mode;

/// Saves the details of a hold. A visitor becomes a guest: an account without password that sees this booking only. A total of zero needs no payment:
/// the booking is then confirmed (or requested) at once. Everything else waits for `settlement` to start a payment.
pub async fn check_out(ctx: &Ctx, id: BookingId, details: CheckoutDetails) -> Result<BookingView> {
    let mut details = tidy(ctx, details);
    if details.phone.is_empty() && ctx.account_id().is_some() {
        details.phone = account::get_me(ctx).await?.phone.unwrap_or_default();
    }
    if let Some(address) = &details.address {
        details.address = Some(place::locate(ctx, address).await?);
    }
    let mut tx = ctx.begin().await?;
    let (row, role) = transition::lock(&mut tx, ctx, id).await?;
    match row.status() {
        Status::Held if row.hold_expires_at.is_some_and(|at| at <= ctx.now()) => return Err(BookingRefusal::HoldExpired.into()),
        Status::Expired => return Err(BookingRefusal::HoldExpired.into()),
        // Sent twice, or in two tabs: the first one has settled it.
        Status::Confirmed | Status::Requested if row.price().total() == 0 => return read::as_it_stands(ctx, tx, id).await,
        _ => {}
    }
    work::require(Action::Pay, role, &row, ctx)?;
    check(&row, &details, ctx.account_id().is_some())?;
    let customer = customer_of(&mut tx, ctx, &row, &details).await?;
    store::save_details(
        &mut tx,
        id,
        Details {
            customer,
            name: &details.name,
            email: &details.email,
            phone: &details.phone,
            notes: &details.notes,
            address: details.address.as_ref(),
            tip_minor: details.tip_minor,
        },
        ctx.now(),
    )
    .await?;
    if row.price().total() - row.tip_minor + details.tip_minor == 0 {
        // Read again: the facts that follow name the customer.
        let (row, _) = transition::lock(&mut tx, ctx, id).await?;
        transition::settle_without_money(&mut tx, ctx, &row).await?;
    }
    ctx.commit(tx).await?;
    read::get(ctx, id).await
}

/// What a program says when it pays; what it leaves out stays as it is, or comes from the account.
#[derive(Debug, Clone, Default)]
pub struct GivenDetails {
    pub contact: Option<Contact>,
    pub notes: Option<String>,
    pub address: Option<Address>,
    pub tip_minor: Option<i64>,
}

/// Checking out for programs. What is no hold any more is answered as it stands.
pub async fn check_out_with(ctx: &Ctx, id: BookingId, given: GivenDetails) -> Result<BookingView> {
    let booking = read::get(ctx, id).await?;
    if booking.status != Status::Held {
        return Ok(booking);
    }
    let contact = given.contact.unwrap_or(booking.contact);
    let details = CheckoutDetails {
        name: contact.name,
        email: contact.email,
        phone: contact.phone,
        notes: given.notes.unwrap_or(booking.notes),
        address: given.address.or(booking.address),
        tip_minor: given.tip_minor.unwrap_or(booking.price.tip.minor),
    };
    match check_out(ctx, id, details).await {
        Ok(booking) => Ok(booking),
        // Its money may have arrived since it was looked at: whoever pays twice hears that it is paid.
        Err(error) => match read::get(ctx, id).await? {
            settled if settled.status != Status::Held => Ok(settled),
            _ => Err(error),
        },
    }
}

/// What was typed for an earlier hold of one's own goes along to the next, so that nothing is typed twice.
pub async fn copy_details(ctx: &Ctx, from: BookingId, to: BookingId) -> Result<()> {
    let mut tx = ctx.begin().await?;
    let (old, old_role) = transition::lock(&mut tx, ctx, from).await?;
    let (new, new_role) = transition::lock(&mut tx, ctx, to).await?;
    let are_own = old_role == ViewerRole::Customer && new_role == ViewerRole::Customer;
    if !are_own || new.status() != Status::Held || old.service_id != new.service_id {
        return Ok(());
    }
    let details = Details {
        customer: None,
        name: &old.customer_name,
        email: &old.customer_email,
        phone: &old.customer_phone,
        notes: &old.notes,
        address: old.address.as_ref().map(|a| &a.0),
        tip_minor: old.tip_minor,
    };
    store::save_details(&mut tx, to, details, ctx.now()).await?;
    ctx.commit(tx).await
}

/// Photos of an earlier hold of one's own go along to the next.
pub async fn copy_photos(ctx: &Ctx, from: BookingId, to: BookingId) -> Result<()> {
    let mut tx = ctx.begin().await?;
    let (old, old_role) = transition::lock(&mut tx, ctx, from).await?;
    let (new, new_role) = transition::lock(&mut tx, ctx, to).await?;
    let are_own = old_role == ViewerRole::Customer && new_role == ViewerRole::Customer;
    if are_own && old.status() == Status::Expired && new.status() == Status::Held && new.photos.is_empty() {
        store::move_photos(&mut tx, from, to).await?;
        ctx.commit(tx).await?;
    }
    Ok(())
}

/// Keeps what was typed for a hold that ran out with the new one, as far as it makes sense; nothing is checked before the person pays.
pub async fn keep_typed(ctx: &Ctx, id: BookingId, details: CheckoutDetails) -> Result<()> {
    let details = tidy(ctx, details);
    let mut tx = ctx.begin().await?;
    let (row, role) = transition::lock(&mut tx, ctx, id).await?;
    if role != ViewerRole::Customer || row.status() != Status::Held {
        return Ok(());
    }
    let mut fields = Fields::none();
    account::policy::check_name(&mut fields, "name", &details.name);
    account::policy::check_email(&mut fields, "email", &details.email);
    account::policy::check_phone(&mut fields, "phone", &details.phone);
    if let Some(address) = &details.address {
        place::check(&mut fields, address);
    }
    let sound = |name: &str, text: String| if fields.problem(name).is_none() { text } else { String::new() };
    let has_address = !fields.0.iter().any(|field| field.name.starts_with("address."));
    let tip_minor = if policy::check_tip(details.tip_minor, &row.price()).is_ok() { details.tip_minor } else { row.tip_minor };
    let (name, email, phone) = (sound("name", details.name), sound("email", details.email), sound("phone", details.phone));
    let notes: String = details.notes.chars().take(hold::MAX_NOTES).collect();
    let kept = Details {
        customer: None,
        name: &name,
        email: &email,
        phone: &phone,
        notes: &notes,
        address: details.address.as_ref().filter(|_| has_address),
        tip_minor,
    };
    store::save_details(&mut tx, id, kept, ctx.now()).await?;
    ctx.commit(tx).await
}

fn tidy(ctx: &Ctx, details: CheckoutDetails) -> CheckoutDetails {
    let mut tidy = CheckoutDetails {
        name: text::tidy_line(&details.name),
        email: account::policy::tidy_email(&details.email),
        phone: text::tidy_line(&details.phone),
        notes: text::tidy(&details.notes),
        address: details.address.as_ref().map(place::tidy),
        tip_minor: details.tip_minor,
    };
    // Someone signed in is who they are; only what they leave empty is filled in.
    if let Actor::Person(person) = &ctx.actor {
        tidy.email.clone_from(&person.email);
        if tidy.name.is_empty() {
            tidy.name.clone_from(&person.name);
        }
    }
    tidy
}

fn check(row: &BookingRow, details: &CheckoutDetails, has_account: bool) -> Result<()> {
    let mut fields = Fields::none();
    account::policy::check_name(&mut fields, "name", &details.name);
    account::policy::check_email(&mut fields, "email", &details.email);
    account::policy::check_phone(&mut fields, "phone", &details.phone);
    policy::check_reachable(&mut fields, &details.phone, has_account);
    fields.check(details.notes.chars().count() <= hold::MAX_NOTES, "notes", "Please keep it under 2,000 characters.");
    if let Err(problems) = policy::check_tip(details.tip_minor, &row.price()) {
        fields.0.extend(problems.0);
    }
    if row.mode() == Mode::AtCustomer {
        match &details.address {
            Some(address) => place::check(&mut fields, address),
            None => fields.add("address.street", "They come to you, so please say where."),
        }
    }
    fields.finish()?;
    if let (Mode::AtCustomer, Some(address)) = (row.mode(), &details.address) {
        place::check_radius(address, row.radius_km, row.provider_lat, row.provider_lng)?;
    }
    Ok(())
}

/// Whose booking it becomes: the person signed in, the guest it already has if the address is theirs, or a new guest. What the booking itself says of an
/// address was only typed.
async fn customer_of(tx: &mut crate::ctx::Tx, ctx: &Ctx, row: &BookingRow, details: &CheckoutDetails) -> Result<Option<AccountId>> {
    if let Some(account) = ctx.account_id() {
        return Ok(Some(account));
    }
    if let Some(guest) = row.customer_id
        && account::is_guest_of(tx, guest, &details.email).await?
    {
        return Ok(Some(guest));
    }
    account::create_guest(tx, ctx, &details.name, &details.email, &details.phone).await.map(Some)
}
