//! What the notify room does later. Dispatched by [`crate::jobs`].

use super::service::{self, Telling};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::id::{BookingId, MailId};
use serde::Deserialize;
use serde_json::Value;

/// A letter about a booking; the dispatcher adds a guest's claim link and the calendar file.
pub const BOOKING: &str = "notify.booking";
/// A letter about a business.
pub const PROVIDER: &str = "notify.provider";
/// Hands a kept letter over.
pub const SEND: &str = "notify.send";
/// The duty that writes reminders.
pub const REMIND: &str = "notify.remind";

#[derive(Deserialize)]
struct Send {
    mail: MailId,
}

/// The booking a [`BOOKING`] job is about, and whether its letter goes to the customer.
pub fn booking_of(payload: &Value) -> Option<(BookingId, bool)> {
    let telling: Telling = serde_json::from_value(payload.clone()).ok()?;
    let template = super::model::Template::parse(&telling.template)?;
    Some((telling.booking?, !template.is_for_provider()))
}

pub async fn tell_of_booking(ctx: &Ctx, payload: Value, claim_url: Option<String>, calendar: Option<String>) -> Result<()> {
    service::tell_of_booking(ctx, &read(payload)?, claim_url, calendar).await
}

pub async fn tell_of_provider(ctx: &Ctx, payload: Value) -> Result<()> {
    service::tell_of_provider(ctx, &read(payload)?).await
}

pub async fn send(ctx: &Ctx, payload: Value) -> Result<()> {
    let Send { mail } = read(payload)?;
    service::send(ctx, mail).await
}

fn read<T: serde::de::DeserializeOwned>(payload: Value) -> Result<T> {
    serde_json::from_value(payload).map_err(Error::internal)
}
