//! The description of the whole API at `/api/v1/openapi.json`, and a page that shows it at `/api/docs`.

use super::problem::ProblemBody;
use crate::state::AppState;
use axum::Router;
use axum::middleware::from_fn;
use axum::routing::get;
use std::sync::Arc;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Fettle",
        description = "Find, book and pay local services. Instants are RFC 3339 in UTC, money is integer minor units with a currency, errors are problem details (RFC 9457).",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(ProblemBody)),
    modifiers(&SignIn),
    security((), ("session" = []), ("token" = []))
)]
struct Description;

/// The two ways to be someone.
struct SignIn;

impl Modify for SignIn {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let components = api.components.get_or_insert_with(Default::default);
        let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API token of POST /tokens")).build();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("__Host-fettle"))));
    }
}

/// The API's routes and its description, which also names every route for the authorisation table.
pub fn assemble() -> (Router<AppState>, utoipa::openapi::OpenApi) {
    let rooms = super::rooms().layer(from_fn(super::repeat::layer));
    OpenApiRouter::with_openapi(Description::openapi()).nest("/api/v1", rooms).split_for_parts()
}

pub fn router() -> (Router<AppState>, Arc<utoipa::openapi::OpenApi>) {
    let (routes, api) = assemble();
    let api = Arc::new(api);
    let json = serde_json::to_string(&*api).map(bytes::Bytes::from).unwrap_or_default();
    let routes = routes
        .route("/api/v1/openapi.json", get(|| async move { ([(http::header::CONTENT_TYPE, "application/json")], json) }))
        .merge(SwaggerUi::new("/api/docs").config(utoipa_swagger_ui::Config::from("/api/v1/openapi.json")));
    (routes, api)
}
