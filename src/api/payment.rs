//! Payments for programs: one's own with their receipts, and for admins all of them with refunds by hand; what a provider earned.

use super::extract::{Json, Path, Query, page};
use super::problem::{Problem, ProblemBody};
use crate::state::AppState;
use crate::web::caller::Caller;
use crate::web::payment::pdf;
use app::payment::paper::Paper;
use axum::response::{IntoResponse, Response};
use domain::booking::{self, settlement};
use domain::id::{BookingId, PaymentId, ProviderId};
use domain::ledger::{self, Earnings};
use domain::page::Page;
use domain::payment::{self, PaymentQuery, PaymentStatus, PaymentView};
use domain::time::Date;
use http::{HeaderMap, StatusCode, header};
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

/// A browser shows a PDF by an object with a style of its own.
const SHOWN: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; object-src 'self'; style-src 'unsafe-inline'";

/// The receipt as a file: what its page says, on A4.
#[utoipa::path(get, path = "/payments/{id}/receipt.pdf", tag = "payment", params(("id" = PaymentId, Path)),
    responses((status = 200, body = String, content_type = "application/pdf"), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody)))]
async fn receipt(Caller(ctx): Caller, Path(id): Path<PaymentId>) -> Result<Response, Problem> {
    let payment = payment::get(&ctx, id).await?;
    let booking = booking::get(&ctx, payment.booking_id).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"receipt-{}.pdf\"", booking.reference)),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
        (header::CONTENT_SECURITY_POLICY, SHOWN.to_owned()),
    ];
    Ok((headers, pdf::draw(Paper::of(&booking, Some(&payment))).await?).into_response())
}

#[derive(Deserialize, ToSchema)]
struct RefundByHand {
    /// Absent: all that is left.
    amount_minor: Option<i64>,
    /// 1 to 500 characters; the customer reads it.
    reason: String,
}

/// Give back by hand, in part or whole. Admins only; use an Idempotency-Key: for the same key, payment and amount money goes back once, however late it
/// is asked for again.
#[utoipa::path(post, path = "/payments/{id}/refunds", tag = "payment", params(("id" = PaymentId, Path)), request_body = RefundByHand,
    responses((status = 201, body = PaymentView), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 422, description = "`refund_too_large`, `nothing_to_refund`", body = ProblemBody)))]
async fn refund(
    Caller(ctx): Caller,
    Path(id): Path<PaymentId>,
    headers: HeaderMap,
    Json(input): Json<RefundByHand>,
) -> Result<(StatusCode, Json<PaymentView>), Problem> {
    // An answer that was never kept, because the process died, does not mean that nothing was done.
    let key = headers.get(super::repeat::HEADER).and_then(|key| key.to_str().ok());
    Ok((StatusCode::CREATED, Json(settlement::refund_by_hand(&ctx, id, input.amount_minor, &input.reason, key).await?)))
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
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(receipt))
        .routes(routes!(refund))
        .routes(routes!(earnings))
}
