//! Finding for programs: search, providers with services and reviews.

use super::extract::{Json, Path, Query, page};
use super::problem::{Problem, ProblemBody};
use crate::state::AppState;
use crate::web::caller::Caller;
use axum::extract::RawQuery;
use domain::error::Fields;
use domain::id::ProviderId;
use domain::page::Page;
use domain::provider::{
    self,
    model::{ProviderView, ServiceView},
};
use domain::review::{self, model::ReviewView};
use domain::search::{
    self,
    model::{SearchQuery, SearchView},
};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(Deserialize)]
struct Shown {
    limit: Option<i64>,
    cursor: Option<String>,
}

/// Who matches, best first, with the next times that are really free.
#[utoipa::path(get, path = "/search", tag = "find",
    params(
        ("q" = Option<String>, Query, description = "Words; prefixes, accents and small mistakes are understood"),
        ("category" = Option<String>, Query, pattern = r"^\s*[a-z0-9-]+\s*$", description = "A category's slug"),
        ("place" = Option<String>, Query, description = "Street, district or postcode"),
        ("lat" = Option<f64>, Query, minimum = -90, maximum = 90),
        ("lng" = Option<f64>, Query, minimum = -180, maximum = 180),
        ("radius_km" = Option<f64>, Query, minimum = 0.1, maximum = 200),
        ("price_max_minor" = Option<i64>, Query, minimum = 0),
        ("currency" = Option<String>, Query, pattern = r"^\s*[A-Za-z]{3}\s*$", description = "ISO 4217"),
        ("rating_min" = Option<f64>, Query, minimum = 0, maximum = 5),
        ("free_on" = Option<domain::time::Date>, Query, description = "Free on this date, in the provider's zone"),
        ("free_at" = Option<String>, Query, pattern = r"^\s*[0-9]{1,2}:[0-9]{2}", description = "With free_on: free at this local time, 18:00"),
        ("instant" = Option<bool>, Query),
        ("language" = Option<String>, Query, pattern = r"^\s*[A-Za-z]{2,3}\s*$", description = "ISO 639-1"),
        ("mode" = Option<domain::provider::model::Mode>, Query),
        ("sort" = Option<domain::search::model::Sort>, Query),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, body = SearchView), (status = 422, body = ProblemBody)))]
async fn find(Caller(ctx): Caller, RawQuery(raw): RawQuery) -> Result<Json<SearchView>, Problem> {
    let pairs = pairs(raw.as_deref());
    refuse_empty(&pairs).finish()?;
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
    responses((status = 200, body = Page<ServiceView>), (status = 404, body = ProblemBody)))]
async fn list_services(Caller(ctx): Caller, Path(id): Path<ProviderId>) -> Result<Json<Page<ServiceView>>, Problem> {
    Ok(Json(Page::whole(provider::list_services(&ctx, id).await?)))
}

/// Published reviews by customers, newest first.
#[utoipa::path(get, path = "/providers/{id}/reviews", tag = "find",
    params(("id" = ProviderId, Path), ("limit" = Option<i64>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Page<ReviewView>), (status = 404, body = ProblemBody)))]
async fn list_reviews(
    Caller(ctx): Caller,
    Path(id): Path<ProviderId>,
    Query(shown): Query<Shown>,
) -> Result<Json<Page<ReviewView>>, Problem> {
    provider::get(&ctx, id).await?;
    Ok(Json(review::list(&ctx, id, &page(shown.limit, shown.cursor)?).await?))
}

/// Forms send empty fields, programs leave them out.
fn refuse_empty(pairs: &[(String, String)]) -> Fields {
    let texts = ["q", "place", "cursor"];
    let mut fields = Fields::none();
    for (name, value) in pairs {
        fields.check(!value.contains('\0'), name, "The character U+0000 cannot be stored.");
        fields.check(!value.trim().is_empty() || texts.contains(&name.as_str()), name, "Give a value, or leave it out.");
    }
    fields
}

fn pairs(raw: Option<&str>) -> Vec<(String, String)> {
    serde_urlencoded::from_str(raw.unwrap_or_default()).unwrap_or_default()
}

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(find)).routes(routes!(get_provider)).routes(routes!(list_services)).routes(routes!(list_reviews))
}
