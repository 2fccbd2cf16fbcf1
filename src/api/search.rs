//! Finding for programs: search, providers with services and reviews.

use super::extract::{Json, Path};
use super::problem::{Problem, ProblemBody};
use crate::state::AppState;
use crate::web::caller::Caller;
use axum::extract::RawQuery;
use domain::id::ProviderId;
use domain::page::{Page, PageQuery};
use domain::provider::{
    self,
    model::{ProviderView, ServiceView},
};
use domain::review::{self, model::ReviewView};
use domain::search::{
    self,
    model::{SearchQuery, SearchView},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(Serialize, ToSchema)]
struct Items<T> {
    items: Vec<T>,
}

/// Who matches, best first, with the next times that are really free.
#[utoipa::path(get, path = "/search", tag = "find",
    params(
        ("q" = Option<String>, Query, description = "Words; prefixes, accents and small mistakes are understood"),
        ("category" = Option<String>, Query, description = "A category's slug"),
        ("place" = Option<String>, Query, description = "Street, district or postcode"),
        ("lat" = Option<f64>, Query, minimum = -90, maximum = 90),
        ("lng" = Option<f64>, Query, minimum = -180, maximum = 180),
        ("radius_km" = Option<f64>, Query, minimum = 0.1, maximum = 200),
        ("price_max_minor" = Option<i64>, Query, minimum = 0),
        ("currency" = Option<String>, Query),
        ("rating_min" = Option<f64>, Query, minimum = 0, maximum = 5),
        ("free_on" = Option<domain::time::Date>, Query, description = "Free on this date, in the provider's zone"),
        ("free_at" = Option<String>, Query, description = "With free_on: free at this local time, 18:00"),
        ("instant" = Option<bool>, Query),
        ("language" = Option<String>, Query, description = "ISO 639-1"),
        ("mode" = Option<domain::provider::model::Mode>, Query),
        ("sort" = Option<domain::search::model::Sort>, Query),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, body = SearchView), (status = 422, body = ProblemBody)))]
async fn find(Caller(ctx): Caller, RawQuery(raw): RawQuery) -> Result<Json<SearchView>, Problem> {
    let pairs = pairs(raw.as_deref());
    let (query, fields) = SearchQuery::parse(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    fields.finish()?;
    Ok(Json(search::find(&ctx, &query).await?))
}

/// A provider's profile and team.
#[utoipa::path(get, path = "/providers/{id}", tag = "find", params(("id" = ProviderId, Path)),
    responses((status = 200, body = ProviderView), (status = 404, body = ProblemBody)))]
async fn get_provider(Caller(ctx): Caller, Path(id): Path<ProviderId>) -> Result<Json<ProviderView>, Problem> {
    Ok(Json(provider::get(&ctx, id).await?))
}

/// What a provider sells.
#[utoipa::path(get, path = "/providers/{id}/services", tag = "find", params(("id" = ProviderId, Path)),
    responses((status = 200, body = inline(Items<ServiceView>)), (status = 404, body = ProblemBody)))]
async fn list_services(Caller(ctx): Caller, Path(id): Path<ProviderId>) -> Result<Json<Items<ServiceView>>, Problem> {
    Ok(Json(Items { items: provider::list_services(&ctx, id).await? }))
}

/// Published reviews by customers, newest first.
#[utoipa::path(get, path = "/providers/{id}/reviews", tag = "find",
    params(("id" = ProviderId, Path), ("limit" = Option<i64>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = inline(Page<ReviewView>)), (status = 404, body = ProblemBody)))]
async fn list_reviews(Caller(ctx): Caller, Path(id): Path<ProviderId>, RawQuery(raw): RawQuery) -> Result<Json<Page<ReviewView>>, Problem> {
    provider::get(&ctx, id).await?;
    Ok(Json(review::list(&ctx, id, &page_query(raw.as_deref())).await?))
}

fn pairs(raw: Option<&str>) -> Vec<(String, String)> {
    serde_urlencoded::from_str(raw.unwrap_or_default()).unwrap_or_default()
}

/// `limit` and `cursor` of a list.
pub fn page_query(raw: Option<&str>) -> PageQuery {
    let pairs = pairs(raw);
    let value = |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    PageQuery { limit: value("limit").and_then(|text| text.parse().ok()), cursor: value("cursor") }
}

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(find)).routes(routes!(get_provider)).routes(routes!(list_services)).routes(routes!(list_reviews))
}
