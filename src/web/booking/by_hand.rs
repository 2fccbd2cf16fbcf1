//! Bookings that a team takes itself.

use super::{Answer, Pairs, status_of, value};
use crate::web::caller::{At, Caller};
use crate::web::provider::workplace;
use crate::web::render;
use app::booking::pages::by_hand::{ByHandData, ByHandPage, ByHandPageProps};
use app::kit::Filled;
use app::shell::Frame;
use axum::Form;
use axum::extract::Query;
use domain::booking;
use domain::booking::model::{BookByHand, Status};
use domain::ctx::Ctx;
use domain::error::{Error, Fields, Result};
use domain::id::ProviderId;
use domain::provider;
use domain::provider::model::ResourceKind;
use domain::scheduling::model::Slot;
use domain::scheduling::zone::{self, Meaning};
use domain::time::{Date, Instant, minute_of};
use http::StatusCode;
use serde::Deserialize;

/// What a drag over the calendar, or a link, knows already.
#[derive(Deserialize)]
pub struct Known {
    service: Option<String>,
    date: Option<Date>,
    time: Option<String>,
    person: Option<String>,
}

pub async fn show(Caller(ctx): Caller, At(id): At<ProviderId>, Query(known): Query<Known>) -> Answer {
    let place = workplace(&ctx, id).await?;
    let date = known.date.unwrap_or_else(|| zone::local_in(ctx.now(), &place.zone).date);
    let filled = Filled::default()
        .set("service", known.service.unwrap_or_default())
        .set("date", date.to_string())
        .set("time", known.time.unwrap_or_default())
        .set("person", known.person.unwrap_or_default());
    page(&ctx, id, filled, Vec::new(), StatusCode::OK).await
}

async fn page(ctx: &Ctx, id: ProviderId, filled: Filled, alternatives: Vec<Slot>, status: StatusCode) -> Answer {
    let place = workplace(ctx, id).await?;
    let services = provider::list_services(ctx, id).await?.into_iter().filter(|service| !service.is_archived).collect();
    let people = provider::list_resources(ctx, id)
        .await?
        .into_iter()
        .filter(|resource| resource.kind == ResourceKind::Person && !resource.is_archived)
        .map(|resource| (resource.id.to_string(), resource.name))
        .collect();
    let back = format!("/desk/{id}/calendar");
    let data = ByHandData { back, zone: place.zone, services, people, alternatives };
    let frame = Frame::workspace("New booking", id, place.name);
    Ok(render::page_with(status, ctx, frame, ByHandPage(ByHandPageProps { data, filled })))
}

pub async fn book(Caller(ctx): Caller, At(id): At<ProviderId>, Form(pairs): Form<Pairs>) -> Answer {
    let place = workplace(&ctx, id).await?;
    let booked = match input(&pairs, &place.zone) {
        Ok(input) => booking::book_by_hand(&ctx, input).await,
        Err(error) => Err(error),
    };
    match booked {
        Ok(booked) => {
            let words = match booked.booking.status {
                Status::Held => {
                    format!("Kept for {}. A link to pay is on its way to {}.", booked.booking.contact.name, booked.booking.contact.email)
                }
                _ => "Booked.".to_owned(),
            };
            Ok(render::redirect_with_notice(&format!("/bookings/{}", booked.booking.id), &words))
        }
        Err(error @ (Error::Invalid(_) | Error::Refused(_))) => {
            let alternatives = match &error {
                Error::Refused(refusal) => {
                    refusal.help.get("alternatives").cloned().and_then(|found| serde_json::from_value(found).ok()).unwrap_or_default()
                }
                _ => Vec::new(),
            };
            let pairs = pairs.into_iter().filter(|(name, _)| name != "starts_at").collect();
            page(&ctx, id, Filled::refused(pairs, &error), alternatives, status_of(&error)).await
        }
        Err(error) => Err(error.into()),
    }
}

fn input(pairs: &Pairs, zone_name: &str) -> Result<BookByHand> {
    let text = |name: &str| value(pairs, name).to_owned();
    let way = value(pairs, "way");
    let service_id = value(pairs, "service").parse().map_err(|_| Error::from(Fields::one("service", "Choose a service.")))?;
    Ok(BookByHand {
        service_id,
        starts_at: starts_at(pairs, zone_name)?,
        resource_id: value(pairs, "person").parse().ok(),
        add_ons: Vec::new(),
        customer_name: text("customer_name"),
        customer_email: text("customer_email"),
        customer_phone: text("customer_phone"),
        notes: text("notes"),
        address: super::checkout::address_of(pairs),
        is_paid_by_link: way == "link",
        is_free: way == "free",
        is_outside_hours: true,
    })
}

/// A time that was offered, else date and time as the clock of the place shows them.
fn starts_at(pairs: &Pairs, zone_name: &str) -> Result<Instant> {
    if let Ok(offered) = value(pairs, "starts_at").parse() {
        return Ok(offered);
    }
    let date: Date = value(pairs, "date").parse().map_err(|_| Fields::one("date", "Choose a date."))?;
    let minute = minute_of(value(pairs, "time")).ok_or_else(|| Fields::one("starts_at", "Choose a time, such as 09:30."))?;
    match zone::instant(date, minute, zone::stored(zone_name)) {
        Meaning::Once(at) | Meaning::Twice(at, _) => Ok(at),
        Meaning::Never => Err(Fields::one("starts_at", "The clocks go forward over this time; it does not exist on that date.").into()),
    }
}
