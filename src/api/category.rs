//! Categories for programs.

use super::extract::Json;
use super::problem::Problem;
use crate::state::AppState;
use crate::web::caller::Caller;
use domain::category::{self, model::CategoryView};
use domain::page::Page;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Categories in the operator's order.
#[utoipa::path(get, path = "/categories", tag = "find", responses((status = 200, body = Page<CategoryView>)))]
async fn list_categories(Caller(ctx): Caller) -> Result<Json<Page<CategoryView>>, Problem> {
    Ok(Json(Page::whole(category::list(&ctx).await?)))
}

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_categories))
}
