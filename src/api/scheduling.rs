//! Free times, and what makes them: hours, time off, blocks, imported calendars.

use super::extract::{Json, Path, Query};
use super::problem::{Problem, ProblemBody};
use crate::state::AppState;
use crate::web::caller::Caller;
use domain::booking;
use domain::id::{AllocationId, BookingId, CalendarId, ProviderId, ResourceId, ServiceId, TimeOffId};
use domain::page::Page;
use domain::scheduling;
use domain::scheduling::model::{
    Availability, AvailabilityQuery, BlockView, Explanation, ImportedCalendarView, NewBlock, ScheduleView, TimeOffInput, TimeOffView,
    WeekRange,
};
use domain::time::{Date, Instant, Span};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    service_id: ServiceId,
    /// First date.
    from: Date,
    /// Last date, included; at most 62 dates.
    to: Date,
    /// IANA name; the provider's zone if absent.
    tz: Option<String>,
    /// Only this person.
    resource_id: Option<ResourceId>,
    /// Minutes the chosen add-ons make it longer.
    extra_min: Option<i64>,
    /// A booking of one's own that is to be moved counts as gone.
    ignoring: Option<BookingId>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AskedWhy {
    service_id: ServiceId,
    at: Instant,
}

/// Weekly hours to put in place of the present ones.
#[derive(Deserialize, ToSchema)]
struct Hours {
    /// Absent: the provider's own.
    resource_id: Option<ResourceId>,
    /// IANA name.
    zone: Option<String>,
    hours: Vec<WeekRange>,
}

#[derive(Deserialize, ToSchema)]
struct MinuteRange {
    from_min: i32,
    to_min: i32,
}

/// One date in place of its weekday; no ranges close it.
#[derive(Deserialize, ToSchema)]
struct Override {
    resource_id: Option<ResourceId>,
    date: Date,
    ranges: Vec<MinuteRange>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OverrideOf {
    resource_id: Option<ResourceId>,
    date: Date,
}

#[derive(Deserialize, ToSchema)]
struct BlockInput {
    resource_id: ResourceId,
    during: Span,
    #[serde(default)]
    title: String,
}

#[derive(Deserialize, ToSchema)]
struct CalendarInput {
    resource_id: ResourceId,
    /// The calendar's private address; https or webcal.
    url: String,
}

#[derive(Serialize, ToSchema)]
struct CalendarAdded {
    id: CalendarId,
}

/// Free times of a service by date.
#[utoipa::path(get, path = "/providers/{id}/availability", tag = "scheduling", params(("id" = ProviderId, Path), Asked),
    responses((status = 200, body = Availability), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn get_availability(
    Caller(ctx): Caller,
    Path(provider): Path<ProviderId>,
    Query(asked): Query<Asked>,
) -> Result<Json<Availability>, Problem> {
    // What becomes free without a booking tells when it is.
    if let Some(own) = asked.ignoring {
        booking::get(&ctx, own).await?;
    }
    let query = AvailabilityQuery {
        provider,
        service: asked.service_id,
        from: asked.from,
        to: asked.to,
        zone: asked.tz,
        resource: asked.resource_id,
        extra_min: asked.extra_min.unwrap_or(0),
        ignoring: asked.ignoring,
    };
    Ok(Json(scheduling::get_availability(&ctx, &query).await?))
}

/// Why a time is not offered.
#[utoipa::path(get, path = "/providers/{id}/availability/explain", tag = "scheduling", params(("id" = ProviderId, Path), AskedWhy),
    responses((status = 200, body = Explanation), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn explain(
    Caller(ctx): Caller,
    Path(provider): Path<ProviderId>,
    Query(asked): Query<AskedWhy>,
) -> Result<Json<Explanation>, Problem> {
    Ok(Json(scheduling::explain(&ctx, provider, asked.service_id, asked.at).await?))
}

/// Weekly hours with overrides: the provider's own and those of its people and things.
#[utoipa::path(get, path = "/providers/{id}/schedules", tag = "scheduling", params(("id" = ProviderId, Path)),
    responses((status = 200, body = Page<ScheduleView>), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn list_schedules(Caller(ctx): Caller, Path(provider): Path<ProviderId>) -> Result<Json<Page<ScheduleView>>, Problem> {
    domain::provider::get(&ctx, provider).await?;
    Ok(Json(Page::whole(scheduling::list_schedules(&ctx, provider).await?)))
}

/// Replace weekly hours.
#[utoipa::path(put, path = "/providers/{id}/schedules", tag = "scheduling", params(("id" = ProviderId, Path)), request_body = Hours,
    responses((status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn put_hours(Caller(ctx): Caller, Path(provider): Path<ProviderId>, Json(input): Json<Hours>) -> Result<StatusCode, Problem> {
    scheduling::set_hours(&ctx, provider, input.resource_id, input.zone.as_deref(), input.hours).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Let a person or thing follow the provider's hours again.
#[utoipa::path(delete, path = "/providers/{id}/schedules/{resource_id}", tag = "scheduling",
    params(("id" = ProviderId, Path), ("resource_id" = ResourceId, Path)),
    responses((status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn delete_hours(Caller(ctx): Caller, Path((provider, resource)): Path<(ProviderId, ResourceId)>) -> Result<StatusCode, Problem> {
    scheduling::clear_hours(&ctx, provider, resource).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replace one date.
#[utoipa::path(put, path = "/providers/{id}/schedule-overrides", tag = "scheduling", params(("id" = ProviderId, Path)), request_body = Override,
    responses((status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn put_override(Caller(ctx): Caller, Path(provider): Path<ProviderId>, Json(input): Json<Override>) -> Result<StatusCode, Problem> {
    let ranges = input.ranges.into_iter().map(|range| (range.from_min, range.to_min)).collect();
    scheduling::set_override(&ctx, provider, input.resource_id, input.date, ranges).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Let the weekday hold again.
#[utoipa::path(delete, path = "/providers/{id}/schedule-overrides", tag = "scheduling", params(("id" = ProviderId, Path), OverrideOf),
    responses((status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn delete_override(
    Caller(ctx): Caller,
    Path(provider): Path<ProviderId>,
    Query(of): Query<OverrideOf>,
) -> Result<StatusCode, Problem> {
    scheduling::remove_override(&ctx, provider, of.resource_id, of.date).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Time off from now on.
#[utoipa::path(get, path = "/providers/{id}/time-off", tag = "scheduling", params(("id" = ProviderId, Path)),
    responses((status = 200, body = Page<TimeOffView>), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn list_time_off(Caller(ctx): Caller, Path(provider): Path<ProviderId>) -> Result<Json<Page<TimeOffView>>, Problem> {
    domain::provider::get(&ctx, provider).await?;
    Ok(Json(Page::whole(scheduling::list_time_off(&ctx, provider).await?)))
}

/// Be away. Bookings already made stand.
#[utoipa::path(post, path = "/providers/{id}/time-off", tag = "scheduling", params(("id" = ProviderId, Path)), request_body = TimeOffInput,
    responses((status = 201, body = TimeOffView), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn add_time_off(
    Caller(ctx): Caller,
    Path(provider): Path<ProviderId>,
    Json(input): Json<TimeOffInput>,
) -> Result<(StatusCode, Json<TimeOffView>), Problem> {
    Ok((StatusCode::CREATED, Json(scheduling::add_time_off(&ctx, provider, input).await?)))
}

/// Be back.
#[utoipa::path(delete, path = "/providers/{id}/time-off/{time_off_id}", tag = "scheduling",
    params(("id" = ProviderId, Path), ("time_off_id" = TimeOffId, Path)),
    responses((status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn delete_time_off(Caller(ctx): Caller, Path((provider, id)): Path<(ProviderId, TimeOffId)>) -> Result<StatusCode, Problem> {
    scheduling::remove_time_off(&ctx, provider, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take time out of a calendar.
#[utoipa::path(post, path = "/providers/{id}/blocks", tag = "scheduling", params(("id" = ProviderId, Path)), request_body = BlockInput,
    responses((status = 201, body = BlockView), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, description = "`slot_taken`", body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn create_block(
    Caller(ctx): Caller,
    Path(provider_id): Path<ProviderId>,
    Json(input): Json<BlockInput>,
) -> Result<(StatusCode, Json<BlockView>), Problem> {
    let new = NewBlock { provider_id, resource_id: input.resource_id, during: input.during, title: input.title };
    Ok((StatusCode::CREATED, Json(scheduling::create_block(&ctx, new).await?)))
}

/// Move blocked time.
#[utoipa::path(put, path = "/blocks/{id}", tag = "scheduling", params(("id" = AllocationId, Path)), request_body = BlockInput,
    responses((status = 200, body = BlockView), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, description = "`slot_taken`", body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn move_block(Caller(ctx): Caller, Path(id): Path<AllocationId>, Json(input): Json<BlockInput>) -> Result<Json<BlockView>, Problem> {
    Ok(Json(scheduling::move_block(&ctx, id, input.resource_id, input.during).await?))
}

/// Give blocked time back.
#[utoipa::path(delete, path = "/blocks/{id}", tag = "scheduling", params(("id" = AllocationId, Path)),
    responses((status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn delete_block(Caller(ctx): Caller, Path(id): Path<AllocationId>) -> Result<StatusCode, Problem> {
    scheduling::delete_block(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Calendars that are imported, with their last reading.
#[utoipa::path(get, path = "/providers/{id}/imported-calendars", tag = "scheduling", params(("id" = ProviderId, Path)),
    responses((status = 200, body = Page<ImportedCalendarView>), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn list_calendars(Caller(ctx): Caller, Path(provider): Path<ProviderId>) -> Result<Json<Page<ImportedCalendarView>>, Problem> {
    domain::provider::get(&ctx, provider).await?;
    Ok(Json(Page::whole(scheduling::list_calendars(&ctx, provider).await?)))
}

/// Import a calendar by its address.
#[utoipa::path(post, path = "/providers/{id}/imported-calendars", tag = "scheduling", params(("id" = ProviderId, Path)), request_body = CalendarInput,
    responses((status = 201, body = CalendarAdded), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn add_calendar(
    Caller(ctx): Caller,
    Path(provider): Path<ProviderId>,
    Json(input): Json<CalendarInput>,
) -> Result<(StatusCode, Json<CalendarAdded>), Problem> {
    let id = scheduling::add_calendar(&ctx, provider, input.resource_id, &input.url).await?;
    Ok((StatusCode::CREATED, Json(CalendarAdded { id })))
}

/// Stop importing a calendar; its busy time goes.
#[utoipa::path(delete, path = "/providers/{id}/imported-calendars/{calendar_id}", tag = "scheduling",
    params(("id" = ProviderId, Path), ("calendar_id" = CalendarId, Path)),
    responses((status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn delete_calendar(Caller(ctx): Caller, Path((provider, id)): Path<(ProviderId, CalendarId)>) -> Result<StatusCode, Problem> {
    scheduling::remove_calendar(&ctx, provider, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Read a calendar again now.
#[utoipa::path(post, path = "/providers/{id}/imported-calendars/{calendar_id}/refresh", tag = "scheduling",
    params(("id" = ProviderId, Path), ("calendar_id" = CalendarId, Path)),
    responses((status = 202), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn refresh_calendar(Caller(ctx): Caller, Path((provider, id)): Path<(ProviderId, CalendarId)>) -> Result<StatusCode, Problem> {
    scheduling::refresh_calendar(&ctx, provider, id).await?;
    Ok(StatusCode::ACCEPTED)
}

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_availability))
        .routes(routes!(explain))
        .routes(routes!(list_schedules, put_hours))
        .routes(routes!(delete_hours))
        .routes(routes!(put_override, delete_override))
        .routes(routes!(list_time_off, add_time_off))
        .routes(routes!(delete_time_off))
        .routes(routes!(create_block))
        .routes(routes!(move_block, delete_block))
        .routes(routes!(list_calendars, add_calendar))
        .routes(routes!(delete_calendar))
        .routes(routes!(refresh_calendar))
}
