//! Bookings for programs: hold, pay, look, change, cancel, work.

use super::extract::{Json, OptionalJson, Path, Query, page};
use super::problem::{Problem, ProblemBody};
use crate::state::AppState;
use crate::web::caller::Caller;
use axum::response::{IntoResponse, Response};
use domain::booking::model::{
    Address, BookByHand, BookingItem, BookingQuery, BookingView, CancellationPreview, Contact, HoldSlot, ListAs, ReschedulePreview, Side,
    Status, TimelineEntry,
};
use domain::booking::settlement::{self, Pay};
use domain::booking::{self, CancelBooking, GivenDetails, Reschedule};
use domain::error::Fields;
use domain::id::{BookingId, ProviderId};
use domain::page::Page;
use domain::payment::PaymentView;
use domain::time::Instant;
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Keep a slot. Belongs to the account, or to the session without one.
#[utoipa::path(post, path = "/bookings", tag = "booking", request_body = HoldSlot,
    responses((status = 201, body = BookingView), (status = 404, body = ProblemBody),
        (status = 409, description = "`slot_taken` with `alternatives`, `too_many_holds`, `not_bookable`", body = ProblemBody),
        (status = 422, description = "`not_available` with `alternatives`, `outside_radius`, `address_unknown`, `too_late_to_ask`", body = ProblemBody)))]
async fn hold(Caller(ctx): Caller, Json(input): Json<HoldSlot>) -> Result<(StatusCode, Json<BookingView>), Problem> {
    Ok((StatusCode::CREATED, Json(booking::hold(&ctx, input).await?)))
}

/// Give a hold back.
#[utoipa::path(delete, path = "/bookings/{id}/hold", tag = "booking", params(("id" = BookingId, Path)),
    responses((status = 204), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn release(Caller(ctx): Caller, Path(id): Path<BookingId>) -> Result<StatusCode, Problem> {
    booking::release(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// `customer` (default) or `provider`.
    r#as: Option<ListAs>,
    /// On the provider's side, when one works for several.
    provider: Option<ProviderId>,
    /// One or more, separated by commas.
    status: Option<String>,
    from: Option<Instant>,
    to: Option<Instant>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    cursor: Option<String>,
}

/// One's own bookings, or those of a provider one works for; the latest start first.
#[utoipa::path(get, path = "/bookings", tag = "booking", params(ListQuery),
    responses((status = 200, body = Page<BookingItem>), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn list(Caller(ctx): Caller, Query(query): Query<ListQuery>) -> Result<Json<Page<BookingItem>>, Problem> {
    let words = query.status.as_deref().unwrap_or_default().split(',').map(str::trim).filter(|word| !word.is_empty());
    let status = words
        .map(|word| Status::parse(word).ok_or_else(|| Fields::one("status", format!("{word} is not a status of bookings.")).into()))
        .collect::<Result<Vec<_>, domain::error::Error>>()?;
    let query = BookingQuery {
        side: query.r#as.unwrap_or_default(),
        provider: query.provider,
        status,
        from: query.from,
        to: query.to,
        is_ascending: false,
        page: page(query.limit, query.cursor)?,
    };
    Ok(Json(booking::list(&ctx, &query).await?))
}

#[utoipa::path(get, path = "/bookings/{id}", tag = "booking", params(("id" = BookingId, Path)),
    responses((status = 200, body = BookingView), (status = 404, body = ProblemBody)))]
async fn show(Caller(ctx): Caller, Path(id): Path<BookingId>) -> Result<Json<BookingView>, Problem> {
    Ok(Json(booking::get(&ctx, id).await?))
}

/// Everything so far, and what is still to come.
#[utoipa::path(get, path = "/bookings/{id}/timeline", tag = "booking", params(("id" = BookingId, Path)),
    responses((status = 200, body = Page<TimelineEntry>), (status = 404, body = ProblemBody)))]
async fn timeline(Caller(ctx): Caller, Path(id): Path<BookingId>) -> Result<Json<Page<TimelineEntry>>, Problem> {
    Ok(Json(Page::whole(booking::timeline(&ctx, id).await?)))
}

/// The booking as an iCalendar file (RFC 5545).
#[utoipa::path(get, path = "/bookings/{id}/calendar.ics", tag = "booking", params(("id" = BookingId, Path)),
    responses((status = 200, body = String, content_type = "text/calendar"), (status = 404, body = ProblemBody)))]
async fn calendar(Caller(ctx): Caller, Path(id): Path<BookingId>) -> Result<Response, Problem> {
    let text = booking::calendar_file(&ctx, id).await?;
    Ok(([(header::CONTENT_TYPE, "text/calendar; charset=utf-8")], text).into_response())
}

/// What a cancellation would give back now.
#[utoipa::path(get, path = "/bookings/{id}/cancellation", tag = "booking", params(("id" = BookingId, Path)),
    responses((status = 200, body = CancellationPreview), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn preview_cancellation(Caller(ctx): Caller, Path(id): Path<BookingId>) -> Result<Json<CancellationPreview>, Problem> {
    Ok(Json(booking::preview_cancellation(&ctx, id).await?))
}

#[utoipa::path(post, path = "/bookings/{id}/cancellation", tag = "booking", params(("id" = BookingId, Path)), request_body = Option<CancelBooking>,
    responses((status = 200, body = BookingView), (status = 404, body = ProblemBody),
        (status = 409, description = "`wrong_status`, `refund_changed` with `refund`", body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn cancel(
    Caller(ctx): Caller,
    Path(id): Path<BookingId>,
    OptionalJson(input): OptionalJson<CancelBooking>,
) -> Result<Json<BookingView>, Problem> {
    Ok(Json(booking::cancel(&ctx, id, input).await?))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct MoveQuery {
    #[param(example = "2026-12-01T09:30:00Z")]
    starts_at: Instant,
}

/// What moving it would mean.
#[utoipa::path(get, path = "/bookings/{id}/reschedule", tag = "booking", params(("id" = BookingId, Path), MoveQuery),
    responses((status = 200, body = ReschedulePreview), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn preview_reschedule(
    Caller(ctx): Caller,
    Path(id): Path<BookingId>,
    Query(query): Query<MoveQuery>,
) -> Result<Json<ReschedulePreview>, Problem> {
    Ok(Json(booking::preview_reschedule(&ctx, id, query.starts_at).await?))
}

/// Move it, or ask the other side to.
#[utoipa::path(post, path = "/bookings/{id}/reschedule", tag = "booking", params(("id" = BookingId, Path)), request_body = Reschedule,
    responses((status = 200, body = BookingView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, description = "`slot_taken` with `alternatives`, `same_time`, `proposal_waiting`, `wrong_status`", body = ProblemBody),
        (status = 422, body = ProblemBody)))]
async fn reschedule(Caller(ctx): Caller, Path(id): Path<BookingId>, Json(input): Json<Reschedule>) -> Result<Json<BookingView>, Problem> {
    Ok(Json(booking::reschedule(&ctx, id, input).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Accept,
    Refuse,
    Withdraw,
}

#[derive(Deserialize, ToSchema)]
struct AnswerBody {
    answer: Answer,
    /// The proposed time that was seen; if it is another one by now, nothing happens and that one is told.
    #[serde(default)]
    expected_starts_at: Option<Instant>,
}

/// Answer a proposed time, or take one's own back.
#[utoipa::path(post, path = "/bookings/{id}/reschedule/answer", tag = "booking", params(("id" = BookingId, Path)), request_body = AnswerBody,
    responses((status = 200, body = BookingView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, description = "`no_proposal`, `proposal_changed` with `starts_at`, `slot_taken` with `alternatives`", body = ProblemBody),
        (status = 422, body = ProblemBody)))]
async fn answer(Caller(ctx): Caller, Path(id): Path<BookingId>, Json(body): Json<AnswerBody>) -> Result<Json<BookingView>, Problem> {
    let seen = body.expected_starts_at;
    Ok(Json(match body.answer {
        Answer::Accept => booking::consent(&ctx, id, seen).await?,
        Answer::Refuse => booking::refuse(&ctx, id, seen).await?,
        Answer::Withdraw => booking::withdraw(&ctx, id, seen).await?,
    }))
}

/// Accept a request.
#[utoipa::path(post, path = "/bookings/{id}/approval", tag = "booking", params(("id" = BookingId, Path)),
    responses((status = 200, body = BookingView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn approve(Caller(ctx): Caller, Path(id): Path<BookingId>) -> Result<Json<BookingView>, Problem> {
    Ok(Json(booking::approve(&ctx, id).await?))
}

#[derive(Default, Deserialize, ToSchema)]
struct DeclineReason {
    /// For the customer; up to 500 characters.
    #[serde(default)]
    reason: String,
}

/// Decline a request.
#[utoipa::path(post, path = "/bookings/{id}/decline", tag = "booking", params(("id" = BookingId, Path)), request_body = Option<DeclineReason>,
    responses((status = 200, body = BookingView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn decline(
    Caller(ctx): Caller,
    Path(id): Path<BookingId>,
    OptionalJson(body): OptionalJson<DeclineReason>,
) -> Result<Json<BookingView>, Problem> {
    Ok(Json(booking::decline(&ctx, id, &body.reason).await?))
}

#[utoipa::path(post, path = "/bookings/{id}/start", tag = "booking", params(("id" = BookingId, Path)),
    responses((status = 200, body = BookingView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn start(Caller(ctx): Caller, Path(id): Path<BookingId>) -> Result<Json<BookingView>, Problem> {
    Ok(Json(booking::start(&ctx, id).await?))
}

#[utoipa::path(post, path = "/bookings/{id}/completion", tag = "booking", params(("id" = BookingId, Path)),
    responses((status = 200, body = BookingView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn complete(Caller(ctx): Caller, Path(id): Path<BookingId>) -> Result<Json<BookingView>, Problem> {
    Ok(Json(booking::complete(&ctx, id).await?))
}

#[derive(Default, Deserialize, ToSchema)]
struct Absent {
    /// `customer` or `provider`; only operators say it, others report the other side.
    #[serde(default)]
    absent: Option<Side>,
}

/// The other side did not come.
#[utoipa::path(post, path = "/bookings/{id}/no-show", tag = "booking", params(("id" = BookingId, Path)), request_body = Option<Absent>,
    responses((status = 200, body = BookingView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn no_show(
    Caller(ctx): Caller,
    Path(id): Path<BookingId>,
    OptionalJson(body): OptionalJson<Absent>,
) -> Result<Json<BookingView>, Problem> {
    Ok(Json(booking::no_show(&ctx, id, body.absent).await?))
}

#[utoipa::path(post, path = "/bookings/{id}/on-the-way", tag = "booking", params(("id" = BookingId, Path)),
    responses((status = 200, body = BookingView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn on_the_way(Caller(ctx): Caller, Path(id): Path<BookingId>) -> Result<Json<BookingView>, Problem> {
    Ok(Json(booking::on_the_way(&ctx, id).await?))
}

#[derive(Deserialize, ToSchema)]
struct Late {
    /// 1 to 240.
    minutes: i64,
}

#[utoipa::path(post, path = "/bookings/{id}/delay", tag = "booking", params(("id" = BookingId, Path)), request_body = Late,
    responses((status = 200, body = BookingView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn delay(Caller(ctx): Caller, Path(id): Path<BookingId>, Json(body): Json<Late>) -> Result<Json<BookingView>, Problem> {
    Ok(Json(booking::running_late(&ctx, id, body.minutes).await?))
}

#[derive(Serialize, ToSchema)]
struct ByHand {
    booking: BookingView,
    /// Where the customer pays, if by link.
    pay_url: Option<String>,
}

/// A booking taken by phone; for the provider's team.
#[utoipa::path(post, path = "/bookings/by-hand", tag = "booking", request_body = BookByHand,
    responses((status = 201, body = ByHand), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, description = "`slot_taken` with `alternatives`", body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn by_hand(Caller(ctx): Caller, Json(input): Json<BookByHand>) -> Result<(StatusCode, Json<ByHand>), Problem> {
    let booked = booking::book_by_hand(&ctx, input).await?;
    Ok((StatusCode::CREATED, Json(ByHand { booking: booked.booking, pay_url: booked.pay_url })))
}

#[derive(Deserialize, ToSchema)]
struct StartPaying {
    /// `card`.
    tender: String,
    /// 0 to 100 % of the service.
    tip_minor: Option<i64>,
    /// Who it is for; needed once from those without an account.
    contact: Option<Contact>,
    notes: Option<String>,
    /// Where the job is, if they come to the customer.
    address: Option<Address>,
    /// A payment method of the gateway; confirms in the same call.
    payment_method: Option<String>,
    /// The gateway's own page instead of its form.
    #[serde(default)]
    is_hosted: bool,
}

#[derive(Serialize, ToSchema)]
struct Paying {
    booking: BookingView,
    /// None when nothing has to be paid.
    payment: Option<PaymentView>,
}

/// Begin or continue paying. The payment's `next` says what the client does.
#[utoipa::path(post, path = "/bookings/{id}/payment", tag = "booking", params(("id" = BookingId, Path)), request_body = StartPaying,
    responses((status = 200, body = Paying), (status = 404, body = ProblemBody),
        (status = 409, description = "`hold_expired`, `wrong_status`", body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn pay(Caller(ctx): Caller, Path(id): Path<BookingId>, Json(body): Json<StartPaying>) -> Result<Json<Paying>, Problem> {
    if body.tender != "card" {
        return Err(domain::error::Error::from(Fields::one("tender", "Only card is taken so far.")).into());
    }
    let given = GivenDetails { contact: body.contact, notes: body.notes, address: body.address, tip_minor: body.tip_minor };
    let booking = booking::check_out_with(&ctx, id, given).await?;
    if booking.price.total.is_zero() {
        return Ok(Json(Paying { booking, payment: None }));
    }
    let payment = settlement::pay(&ctx, id, Pay { is_hosted: body.is_hosted, payment_method: body.payment_method }).await?;
    Ok(Json(Paying { booking: booking::get(&ctx, id).await?, payment: Some(payment) }))
}

/// How the payment stands.
#[utoipa::path(get, path = "/bookings/{id}/payment", tag = "booking", params(("id" = BookingId, Path)),
    responses((status = 200, body = Paying), (status = 404, body = ProblemBody)))]
async fn payment(Caller(ctx): Caller, Path(id): Path<BookingId>) -> Result<Json<Paying>, Problem> {
    let payment = settlement::state(&ctx, id).await?;
    Ok(Json(Paying { booking: booking::get(&ctx, id).await?, payment }))
}

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(hold, list))
        .routes(routes!(by_hand))
        .routes(routes!(release))
        .routes(routes!(show))
        .routes(routes!(timeline))
        .routes(routes!(calendar))
        .routes(routes!(preview_cancellation, cancel))
        .routes(routes!(preview_reschedule, reschedule))
        .routes(routes!(answer))
        .routes(routes!(approve))
        .routes(routes!(decline))
        .routes(routes!(start))
        .routes(routes!(complete))
        .routes(routes!(no_show))
        .routes(routes!(on_the_way))
        .routes(routes!(delay))
        .routes(routes!(payment, pay))
}
