//! The description of the whole API at `/api/v1/openapi.json`, and a page that shows it at `/api/docs`.

use super::describe::{complete, needs_sign_in};
use super::problem::{Problem, ProblemBody};
use crate::state::AppState;
use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::ctx::{Actor, Ctx};
use domain::error::Error;
use http::{HeaderValue, StatusCode, header};
use std::collections::HashMap;
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
    components(schemas(
        ProblemBody,
        domain::booking::model::ListAs,
        domain::id::JobId,
        domain::id::MailId,
        domain::id::PhotoId,
        domain::payment::PaymentStatus,
        domain::search::model::Sort
    )),
    modifiers(&SignIn)
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

/// The API's routes and its description.
pub fn assemble() -> (Router<AppState>, utoipa::openapi::OpenApi) {
    let rooms = super::rooms().layer(from_fn(super::repeat::layer)).layer(from_fn(require_sign_in));
    let (routes, api) = OpenApiRouter::with_openapi(Description::openapi()).nest("/api/v1", rooms).split_for_parts();
    let methods = Arc::new(methods(&api));
    (routes.layer(from_fn(move |request: Request, next: Next| refuse_method(methods.clone(), request, next))), api)
}

/// The whole description, as programs read it.
pub fn document(api: &utoipa::openapi::OpenApi) -> serde_json::Value {
    let mut document = serde_json::to_value(api).unwrap_or_default();
    complete(&mut document);
    document
}

/// What each address does, as `Allow` has it.
fn methods(api: &utoipa::openapi::OpenApi) -> HashMap<String, String> {
    let of = |item: &utoipa::openapi::PathItem| {
        let calls = [("GET,HEAD", &item.get), ("POST", &item.post), ("PUT", &item.put), ("PATCH", &item.patch), ("DELETE", &item.delete)];
        calls.into_iter().filter(|(_, call)| call.is_some()).map(|(name, _)| name).collect::<Vec<_>>().join(",")
    };
    api.paths.paths.iter().map(|(path, item)| (path.clone(), of(item))).collect()
}

/// A method that an address does not have is refused before anything else is asked, such as who it is or whether the key was used.
async fn refuse_method(methods: Arc<HashMap<String, String>>, request: Request, next: Next) -> Response {
    let allowed = request.extensions().get::<MatchedPath>().and_then(|path| methods.get(path.as_str()));
    match allowed.filter(|allowed| !allowed.split(',').any(|one| one == request.method().as_str())) {
        None => next.run(request).await,
        Some(allowed) => {
            let mut response = Problem::of_status(StatusCode::METHOD_NOT_ALLOWED).into_response();
            if let Ok(allowed) = HeaderValue::from_str(allowed) {
                response.headers_mut().insert(header::ALLOW, allowed);
            }
            response
        }
    }
}

/// Whoever is not signed in where one has to be is told so, whatever else they sent.
async fn require_sign_in(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().and_then(|path| path.as_str().strip_prefix("/api/v1")).unwrap_or_default();
    let is_visitor = request.extensions().get::<Ctx>().is_none_or(|ctx| matches!(ctx.actor, Actor::Visitor { .. }));
    if is_visitor && needs_sign_in(request.method().as_str(), route) {
        return Problem::from(Error::Unauthenticated).into_response();
    }
    next.run(request).await
}

pub fn router() -> (Router<AppState>, Arc<utoipa::openapi::OpenApi>) {
    let (routes, api) = assemble();
    let api = Arc::new(api);
    let json = bytes::Bytes::from(document(&api).to_string());
    let routes = routes
        .route("/api/v1/openapi.json", get(|| async move { ([(header::CONTENT_TYPE, "application/json")], json) }))
        // Its validator is somebody else's server, which would be told the address, and which the page's policy refuses.
        .merge(SwaggerUi::new("/api/docs").config(utoipa_swagger_ui::Config::from("/api/v1/openapi.json").validator_url("none")));
    (routes, api)
}
