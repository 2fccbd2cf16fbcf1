//! Reviews for programs.

use super::extract::{Json, Path};
use super::problem::{Problem, ProblemBody};
use crate::state::AppState;
use crate::web::caller::Caller;
use domain::id::{BookingId, ReviewId};
use domain::review::{
    self,
    model::{ReviewFormView, ReviewView, WriteReview},
};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(Deserialize, ToSchema)]
struct Reply {
    reply: String,
}

/// What may be written about a booking, or has been.
#[utoipa::path(get, path = "/bookings/{id}/review", tag = "review", params(("id" = BookingId, Path)),
    responses((status = 200, body = ReviewFormView), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn get_form(Caller(ctx): Caller, Path(id): Path<BookingId>) -> Result<Json<ReviewFormView>, Problem> {
    Ok(Json(review::get_form(&ctx, id).await?))
}

/// Hidden until both sides have written or seven days have passed.
#[utoipa::path(post, path = "/bookings/{id}/review", tag = "review", params(("id" = BookingId, Path)), request_body = WriteReview,
    responses((status = 201, body = ReviewView), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn write(
    Caller(ctx): Caller,
    Path(id): Path<BookingId>,
    Json(input): Json<WriteReview>,
) -> Result<(StatusCode, Json<ReviewView>), Problem> {
    Ok((StatusCode::CREATED, Json(review::write(&ctx, id, &input).await?)))
}

/// A provider's one answer.
#[utoipa::path(post, path = "/reviews/{id}/reply", tag = "review", params(("id" = ReviewId, Path)), request_body = Reply,
    responses((status = 200, body = ReviewView), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn reply(Caller(ctx): Caller, Path(id): Path<ReviewId>, Json(input): Json<Reply>) -> Result<Json<ReviewView>, Problem> {
    Ok(Json(review::reply(&ctx, id, &input.reply).await?))
}

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_form, write)).routes(routes!(reply))
}
