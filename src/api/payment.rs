//! Payments for programs: one's own, and for admins all of them with refunds by hand; what a provider earned.

use super::extract::{Json, Path, Query, page};
use super::problem::{Problem, ProblemBody};
use crate::state::AppState;
use crate::web::caller::Caller;
use domain::booking::settlement;
use domain::id::{BookingId, PaymentId, ProviderId};
use domain::ledger::{self, Earnings};
use domain::page::Page;
use domain::payment::{self, PaymentQuery, PaymentStatus, PaymentView};
use domain::time::Date;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(Deserialize)]
struct Wanted {
    status: Option<PaymentStatus>,
    booking_id: Option<BookingId>,
    /// Part of the payer's name or address, or the booking's code; for operators.
    q: Option<String>,
    limit: Option<i64>,
    cursor: Option<String>,
}

/// One's own payments, newest first; all of them for support and admins.
#[utoipa::path(get, path = "/payments", tag = "payment",
    params(("status" = Option<PaymentStatus>, Query), ("booking_id" = Option<BookingId>, Query), ("q" = Option<String>, Query),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Page<PaymentView>), (status = 401, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn list(Caller(ctx): Caller, Query(wanted): Query<Wanted>) -> Result<Json<Page<PaymentView>>, Problem> {
    let page = page(wanted.limit, wanted.cursor)?;
    let query = PaymentQuery { status: wanted.status, booking: wanted.booking_id, text: wanted.q, page };
    Ok(Json(payment::list(&ctx, &query).await?))
}

#[utoipa::path(get, path = "/payments/{id}", tag = "payment", params(("id" = PaymentId, Path)),
    responses((status = 200, body = PaymentView), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn get(Caller(ctx): Caller, Path(id): Path<PaymentId>) -> Result<Json<PaymentView>, Problem> {
    Ok(Json(payment::get(&ctx, id).await?))
}

#[derive(Deserialize, ToSchema)]
struct RefundByHand {
    /// Absent: all that is left.
    amount_minor: Option<i64>,
    /// 1 to 500 characters; the customer reads it.
    reason: String,
}

/// Give back by hand, in part or whole. Admins only; use an Idempotency-Key.
#[utoipa::path(post, path = "/payments/{id}/refunds", tag = "payment", params(("id" = PaymentId, Path)), request_body = RefundByHand,
    responses((status = 201, body = PaymentView), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 422, description = "`refund_too_large`, `nothing_to_refund`", body = ProblemBody)))]
async fn refund(
    Caller(ctx): Caller,
    Path(id): Path<PaymentId>,
    Json(input): Json<RefundByHand>,
) -> Result<(StatusCode, Json<PaymentView>), Problem> {
    Ok((StatusCode::CREATED, Json(settlement::refund_by_hand(&ctx, id, input.amount_minor, &input.reason).await?)))
}

#[derive(Deserialize)]
struct Days {
    from: Option<Date>,
    to: Option<Date>,
}

/// What a provider earned between two days of its zone (by default the last thirty). For its owner and managers.
#[utoipa::path(get, path = "/providers/{id}/earnings", tag = "payment",
    params(("id" = ProviderId, Path), ("from" = Option<Date>, Query), ("to" = Option<Date>, Query)),
    responses((status = 200, body = Earnings), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn earnings(Caller(ctx): Caller, Path(id): Path<ProviderId>, Query(days): Query<Days>) -> Result<Json<Earnings>, Problem> {
    let to = days.to.unwrap_or(ctx.now().utc_date());
    let from = days.from.unwrap_or(to.plus_days(-29));
    Ok(Json(ledger::get_earnings(&ctx, id, from, to).await?))
}

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get)).routes(routes!(refund)).routes(routes!(earnings))
}
