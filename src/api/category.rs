//! Categories for programs.

use super::extract::Json;
use super::problem::Problem;
use crate::state::AppState;
use crate::web::caller::Caller;
use domain::category::{self, model::CategoryView};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(Serialize, ToSchema)]
struct Categories {
    items: Vec<CategoryView>,
}

/// Categories in the operator's order.
#[utoipa::path(get, path = "/categories", tag = "find", responses((status = 200, body = Categories)))]
async fn list_categories(Caller(ctx): Caller) -> Result<Json<Categories>, Problem> {
    Ok(Json(Categories { items: category::list(&ctx).await? }))
}

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_categories))
}
