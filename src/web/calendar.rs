//! A provider's days: today, requests, day and week.

use super::caller::{Caller, PageError};
use super::render;
use crate::state::AppState;
use app::calendar::pages::requests::{RequestsPage, RequestsPageProps};
use app::calendar::pages::today::{TodayData, TodayPage, TodayPageProps};
use app::calendar::pages::week::{WeekData, WeekPage, WeekPageProps, monday};
use app::calendar::parts::ShownRequest;
use app::shell::Frame;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::get;
use domain::calendar;
use domain::ctx::Ctx;
use domain::error::{Error, Result};
use domain::id::{ProviderId, ResourceId};
use domain::scheduling::zone;
use domain::time::{Date, Instant};
use serde::Deserialize;

#[derive(Deserialize)]
struct Whose {
    whose: Option<String>,
}

async fn today(Caller(ctx): Caller, Path(provider): Path<ProviderId>, Query(query): Query<Whose>) -> Result<Response, PageError> {
    let mine = own_lane(&ctx, provider).await?;
    let only = mine.filter(|_| query.whose.as_deref() != Some("team"));
    let view = calendar::get_calendar(&ctx, provider, None, 1, only).await?;
    let requests = shown_requests(&ctx, provider, &view.zone).await?;
    let data = TodayData { provider, view, requests, is_mine: mine.map(|_| only.is_some()) };
    Ok(render::page(&ctx, frame(&ctx, provider, "Today"), TodayPage(TodayPageProps { data })))
}

async fn requests(Caller(ctx): Caller, Path(provider): Path<ProviderId>) -> Result<Response, PageError> {
    let view = calendar::get_calendar(&ctx, provider, None, 1, None).await?;
    let requests = shown_requests(&ctx, provider, &view.zone).await?;
    Ok(render::page(&ctx, frame(&ctx, provider, "Requests"), RequestsPage(RequestsPageProps { provider, requests })))
}

#[derive(Deserialize)]
struct Shown {
    view: Option<String>,
    from: Option<Date>,
    only: Option<ResourceId>,
}

async fn week(Caller(ctx): Caller, Path(provider): Path<ProviderId>, Query(query): Query<Shown>) -> Result<Response, PageError> {
    let is_day = query.view.as_deref() == Some("day");
    let from = match (query.from, is_day) {
        (Some(date), true) => Some(date),
        (Some(date), false) => Some(monday(date)),
        (None, true) => None,
        (None, false) => Some(monday(calendar::get_calendar(&ctx, provider, None, 1, None).await?.today)),
    };
    let view = calendar::get_calendar(&ctx, provider, from, if is_day { 1 } else { 7 }, query.only).await?;
    let data = WeekData { provider, view, is_day, only: query.only };
    Ok(render::page(&ctx, frame(&ctx, provider, "Calendar"), WeekPage(WeekPageProps { data })))
}

/// The frame of this workplace, named as in the viewer's list of them.
fn frame(ctx: &Ctx, provider: ProviderId, title: &str) -> Frame {
    let name = ctx
        .person()
        .ok()
        .and_then(|p| p.memberships.iter().find(|m| m.provider == provider))
        .map_or_else(String::new, |m| m.provider_name.clone());
    Frame::workspace(title, provider, name)
}

/// The resource that this person is, if they do jobs here.
async fn own_lane(ctx: &Ctx, provider: ProviderId) -> Result<Option<ResourceId>> {
    let account = ctx.account_id().ok_or(Error::Unauthenticated)?;
    let resources = domain::provider::list_resources(ctx, provider).await?;
    Ok(resources.into_iter().find(|resource| resource.account_id == Some(account)).map(|resource| resource.id))
}

async fn shown_requests(ctx: &Ctx, provider: ProviderId, zone_name: &str) -> Result<Vec<ShownRequest>> {
    let tz = zone::stored(zone_name);
    let local = |at: Instant| zone::local(at, tz);
    let today = local(ctx.now()).date;
    let shown = |entry: calendar::Entry| {
        let (starts, ends) = (local(entry.span.starts_at), local(entry.span.ends_at));
        let answer_by = entry.job.as_ref().and_then(|job| job.answer_by).map(|at| (local(at).date, i64::from(local(at).minute)));
        ShownRequest { date: starts.date, from_min: starts.minute.into(), to_min: ends.minute.into(), today, answer_by, entry }
    };
    Ok(calendar::list_requests(ctx, provider).await?.into_iter().map(shown).collect())
}

pub fn router() -> axum::Router<AppState> {
    axum::Router::new()
        .route("/desk/{provider}", get(today))
        .route("/desk/{provider}/requests", get(requests))
        .route("/desk/{provider}/calendar", get(week))
}
