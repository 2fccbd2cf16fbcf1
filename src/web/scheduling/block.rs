//! Blocked time: make it, move it, free it.

use crate::state::AppState;
use crate::web::caller::{At, Caller, PageError};
use crate::web::form::Sent;
use crate::web::provider::workplace;
use crate::web::render;
use app::kit::{Filled, format};
use app::scheduling::pages::block::{BlockData, BlockPage, BlockPageProps};
use app::shell::Frame;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use domain::ctx::Ctx;
use domain::error::{Error, Fields, Result};
use domain::id::{AllocationId, ProviderId, ResourceId};
use domain::scheduling::model::{BlockView, NewBlock};
use domain::scheduling::{self, zone};
use domain::time::{Date, Instant, Span, minute_of};
use http::StatusCode;
use serde::Deserialize;

type Answer = Result<Response, PageError>;

/// How far around now a block is looked for when its page is opened.
const REACH_DAYS: i64 = 800;

/// What a drag over the calendar, or a link, knows already.
#[derive(Deserialize)]
struct Known {
    date: Option<Date>,
    from: Option<String>,
    to: Option<String>,
    resource: Option<String>,
}

async fn show_new(Caller(ctx): Caller, At(id): At<ProviderId>, Query(known): Query<Known>) -> Answer {
    let place = workplace(&ctx, id).await?;
    let date = known.date.unwrap_or_else(|| zone::local_in(ctx.now(), &place.zone).date).to_string();
    let filled = Filled::default()
        .set("resource", known.resource.unwrap_or_default())
        .set("from_date", date.clone())
        .set("to_date", date)
        .set("from", known.from.unwrap_or_default())
        .set("to", known.to.unwrap_or_default());
    page(&ctx, id, None, filled, StatusCode::OK).await
}

async fn page(ctx: &Ctx, id: ProviderId, block: Option<AllocationId>, filled: Filled, status: StatusCode) -> Answer {
    let place = workplace(ctx, id).await?;
    let resources = domain::provider::list_resources(ctx, id).await?;
    let resources = resources.into_iter().filter(|one| !one.is_archived).map(|one| (one.id.to_string(), one.name)).collect();
    let data = BlockData { back: format!("/desk/{id}/calendar"), zone: place.zone, resources, block };
    let frame = Frame::workspace("Block time", id, place.name);
    Ok(render::page_with(status, ctx, frame, BlockPage(BlockPageProps { data, filled })))
}

async fn create(Caller(ctx): Caller, At(id): At<ProviderId>, sent: Sent) -> Answer {
    let place = workplace(&ctx, id).await?;
    let made = match (resource_of(&sent), span_of(&sent, &place.zone)) {
        (Ok(resource_id), Ok(during)) => {
            let new = NewBlock { provider_id: id, resource_id, during, title: sent.text("title").to_owned() };
            scheduling::create_block(&ctx, new).await
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    answer(&ctx, id, None, made, sent, "Blocked. Nobody can book it then.").await
}

async fn show(Caller(ctx): Caller, At((id, block)): At<(ProviderId, AllocationId)>) -> Answer {
    let place = workplace(&ctx, id).await?;
    let reach = Span::new(ctx.now().plus_days(-REACH_DAYS), ctx.now().plus_days(REACH_DAYS));
    let known = scheduling::list_blocks(&ctx, id, reach).await?.into_iter().find(|one| one.id == block).ok_or(Error::NotFound)?;
    page(&ctx, id, Some(block), filled_of(&known, &place.zone), StatusCode::OK).await
}

fn filled_of(block: &BlockView, zone_name: &str) -> Filled {
    let (from, to) = (zone::local_in(block.during.starts_at, zone_name), zone::local_in(block.during.ends_at, zone_name));
    Filled::default()
        .set("resource", block.resource_id.to_string())
        .set("from_date", from.date.to_string())
        .set("to_date", to.date.to_string())
        .set("from", format::clock(from.minute.into()))
        .set("to", format::clock(to.minute.into()))
}

async fn change(Caller(ctx): Caller, At((id, block)): At<(ProviderId, AllocationId)>, sent: Sent) -> Answer {
    let place = workplace(&ctx, id).await?;
    if sent.text("act") == "remove" {
        scheduling::delete_block(&ctx, block).await?;
        return Ok(render::redirect_with_notice(&format!("/desk/{id}/calendar"), "The time is free again."));
    }
    let moved = match (resource_of(&sent), span_of(&sent, &place.zone)) {
        (Ok(resource), Ok(during)) => scheduling::move_block(&ctx, block, resource, during).await,
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    answer(&ctx, id, Some(block), moved, sent, "Moved.").await
}

/// The week it falls into, or the form with what is wrong.
async fn answer(ctx: &Ctx, id: ProviderId, block: Option<AllocationId>, made: Result<BlockView>, sent: Sent, words: &str) -> Answer {
    match made {
        Ok(_) => Ok(render::redirect_with_notice(&format!("/desk/{id}/calendar?from={}", sent.text("from_date")), words)),
        Err(error @ (Error::Invalid(_) | Error::Refused(_))) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
            page(ctx, id, block, Filled::refused(sent.0, &error), status).await
        }
        Err(error) => Err(error.into()),
    }
}

fn resource_of(sent: &Sent) -> Result<ResourceId> {
    sent.text("resource").parse().map_err(|_| Fields::one("resource", "Choose who or what.").into())
}

fn span_of(sent: &Sent, zone_name: &str) -> Result<Span> {
    Ok(Span::new(moment(sent, "from_date", "from", zone_name)?, moment(sent, "to_date", "to", zone_name)?))
}

/// A reading that the clocks skip means the first moment after it.
fn moment(sent: &Sent, date: &str, time: &str, zone_name: &str) -> Result<Instant> {
    let day: Date = sent.text(date).parse().map_err(|_| Fields::one(date, "Choose a date."))?;
    let minute = minute_of(sent.text(time)).ok_or_else(|| Fields::one(time, "Choose a time, such as 09:30."))?;
    Ok(zone::first_from(day, minute, zone::stored(zone_name)))
}

pub fn router() -> axum::Router<AppState> {
    axum::Router::new()
        .route("/desk/{provider}/blocks/new", get(show_new).post(create))
        .route("/desk/{provider}/blocks/{block}", get(show).post(change))
}
