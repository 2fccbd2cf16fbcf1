//! Bookings by hand and blocked time, from the calendar.

use super::{Shown, week_page};
use crate::web::caller::{Caller, PageError};
use crate::web::form::Sent;
use crate::web::render::redirect_with_notice;
use app::calendar::parts::Adding;
use app::kit::Filled;
use axum::extract::{Path, Query};
use axum::response::Response;
use domain::booking;
use domain::booking::model::{Address, BookByHand};
use domain::ctx::{Ctx, StaffRole};
use domain::error::{Error, Fields, Result};
use domain::id::{AllocationId, ProviderId};
use domain::provider;
use domain::provider::model::{Mode, ResourceKind};
use domain::scheduling;
use domain::scheduling::model::NewBlock;
use domain::scheduling::zone::{self, Meaning};
use domain::time::{Instant, Span};
use http::StatusCode;

/// What the forms choose from; what a drag over the grid, or a link, has already chosen stands in them.
pub async fn adding(ctx: &Ctx, provider: ProviderId, shown: &Shown, filled: Filled) -> Result<Option<Adding>> {
    let Some(kind) = shown.add.as_deref() else { return Ok(None) };
    ctx.require_staff(provider, StaffRole::Member)?;
    let is_block = kind == "block";
    let place = provider::get(ctx, provider).await?;
    let services: Vec<_> = provider::list_services(ctx, provider).await?.into_iter().filter(|service| !service.is_archived).collect();
    let resources = provider::list_resources(ctx, provider).await?;
    let lanes = resources
        .into_iter()
        .filter(|one| !one.is_archived && (is_block || one.kind == ResourceKind::Person))
        .map(|one| (one.id.to_string(), one.name))
        .collect();
    let filled = if filled.values.is_empty() { chosen(ctx, shown, &place.zone) } else { filled };
    Ok(Some(Adding {
        is_block,
        back: shown.address(provider),
        needs_address: services.iter().any(|service| service.mode == Mode::AtCustomer),
        services: services.into_iter().map(|service| (service.id.to_string(), service.name)).collect(),
        lanes,
        zone: place.zone,
        filled,
    }))
}

fn chosen(ctx: &Ctx, shown: &Shown, zone_name: &str) -> Filled {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let today = || zone::local_in(ctx.now(), zone_name).date;
    Filled::default()
        .set("date", shown.date.unwrap_or_else(today).to_string())
        .set("from", text(&shown.at))
        .set("to", text(&shown.to))
        .set("resource_id", shown.only.map(|id| id.to_string()).unwrap_or_default())
}

pub async fn add(
    Caller(ctx): Caller,
    Path(provider): Path<ProviderId>,
    Query(mut shown): Query<Shown>,
    sent: Sent,
) -> Result<Response, PageError> {
    ctx.require_staff(provider, StaffRole::Member)?;
    let back = shown.address(provider);
    match act(&ctx, provider, &sent).await {
        Ok(notice) => Ok(redirect_with_notice(&back, &notice)),
        Err(error @ (Error::Invalid(_) | Error::Refused(_))) => {
            shown.add = Some(sent.text("act").to_owned());
            let filled = Filled::refused(sent.0, &error);
            Ok(week_page(&ctx, provider, &shown, filled, StatusCode::UNPROCESSABLE_ENTITY).await?)
        }
        Err(error) => Err(error.into()),
    }
}

async fn act(ctx: &Ctx, provider: ProviderId, sent: &Sent) -> Result<String> {
    match sent.text("act") {
        "booking" => book(ctx, provider, sent).await,
        "block" => block(ctx, provider, sent).await,
        "move" => {
            let id: AllocationId = id_of(sent, "id")?;
            scheduling::move_block(ctx, id, id_of(sent, "resource_id")?, span(ctx, provider, sent).await?).await?;
            Ok("Moved.".into())
        }
        "unblock" => {
            scheduling::delete_block(ctx, id_of(sent, "id")?).await?;
            Ok("The time is free again.".into())
        }
        _ => Err(Error::NotFound),
    }
}

fn id_of<T: std::str::FromStr>(sent: &Sent, name: &str) -> Result<T> {
    sent.text(name).parse().map_err(|_| Error::NotFound)
}

async fn book(ctx: &Ctx, provider: ProviderId, sent: &Sent) -> Result<String> {
    let service = provider::get_service(ctx, id_of(sent, "service_id")?).await?;
    if service.provider_id != provider {
        return Err(Error::NotFound);
    }
    let zone_name = provider::get(ctx, provider).await?.zone;
    let text = |name: &str| sent.text(name).to_owned();
    let address = (service.mode == Mode::AtCustomer).then(|| Address {
        street: text("address.street"),
        district: String::new(),
        town: text("address.town"),
        postcode: String::new(),
        extra: String::new(),
        lat: None,
        lng: None,
    });
    let input = BookByHand {
        service_id: service.id,
        starts_at: instant(sent, "from", "starts_at", &zone_name)?,
        resource_id: sent.text("resource_id").parse().ok(),
        add_ons: Vec::new(),
        customer_name: text("customer_name"),
        customer_email: text("customer_email"),
        customer_phone: text("customer_phone"),
        notes: text("notes"),
        address,
        is_paid_by_link: sent.text("paid") == "link",
        is_outside_hours: true,
    };
    let booked = booking::book_by_hand(ctx, input).await?;
    let name = booked.booking.service_name;
    Ok(match booked.pay_url {
        Some(url) => format!("{name} is kept for 24 hours. Send them this link to pay: {url}"),
        None => format!("{name} is in the calendar."),
    })
}

async fn block(ctx: &Ctx, provider: ProviderId, sent: &Sent) -> Result<String> {
    let resource_id = sent.text("resource_id").parse().map_err(|_| Fields::one("resource_id", "Choose whose time it is."))?;
    let during = span(ctx, provider, sent).await?;
    let new = NewBlock { provider_id: provider, resource_id, during, title: sent.text("title").to_owned() };
    scheduling::create_block(ctx, new).await?;
    Ok("The time is blocked.".into())
}

async fn span(ctx: &Ctx, provider: ProviderId, sent: &Sent) -> Result<Span> {
    let zone_name = provider::get(ctx, provider).await?.zone;
    let (from, to) = (instant(sent, "from", "from", &zone_name)?, instant(sent, "to", "to", &zone_name)?);
    if to <= from {
        return Err(Fields::one("to", "The end comes after the beginning.").into());
    }
    Ok(Span::new(from, to))
}

/// The date of the form at the time in `name`; what is wrong is said beside `problem`.
fn instant(sent: &Sent, name: &str, problem: &'static str, zone_name: &str) -> Result<Instant> {
    let date = sent.text("date").parse().map_err(|_| Fields::one("date", "Choose a date."))?;
    let minute = crate::web::scheduling::minute_of(sent.text(name)).ok_or_else(|| Fields::one(problem, "Choose a time, such as 09:30."))?;
    match zone::instant(date, minute, zone::stored(zone_name)) {
        Meaning::Never => Err(Fields::one(problem, "The clocks go forward over this time; it does not exist on that date.").into()),
        meaning => meaning.first().ok_or(Error::NotFound),
    }
}
