//! Favourites for programs.

use super::extract::{Json, Path};
use super::problem::{Problem, ProblemBody};
use crate::state::AppState;
use crate::web::caller::Caller;
use domain::favourite;
use domain::id::ProviderId;
use domain::page::Page;
use domain::search::{self, model::ResultView};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// One's own, newest first, with their next free times.
#[utoipa::path(get, path = "/favourites", tag = "find", responses((status = 200, body = Page<ResultView>), (status = 401, body = ProblemBody)))]
async fn list(Caller(ctx): Caller) -> Result<Json<Page<ResultView>>, Problem> {
    Ok(Json(Page::whole(search::list_favourites(&ctx).await?)))
}

#[utoipa::path(put, path = "/favourites/{provider_id}", tag = "find", params(("provider_id" = ProviderId, Path)),
    responses((status = 204), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn add(Caller(ctx): Caller, Path(id): Path<ProviderId>) -> Result<StatusCode, Problem> {
    favourite::add(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(delete, path = "/favourites/{provider_id}", tag = "find", params(("provider_id" = ProviderId, Path)),
    responses((status = 204), (status = 401, body = ProblemBody)))]
async fn remove(Caller(ctx): Caller, Path(id): Path<ProviderId>) -> Result<StatusCode, Problem> {
    favourite::remove(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(add, remove))
}
