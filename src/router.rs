//! The whole house behind one door: pages, REST, server functions, health.

use crate::config::Config;
use crate::state::AppState;
use crate::{api, dev, health, layers, realtime, web};
use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse;
use axum::routing::post;
use http::{HeaderValue, header};

pub fn router(state: &AppState) -> Router {
    layers::wrap(routes(&state.config), state)
}

/// Every route there is, before the layers that each request passes through.
pub fn routes(config: &Config) -> Router<AppState> {
    let (programs, _) = api::openapi::router();
    let mut all = Router::new()
        .merge(web::router())
        .merge(programs)
        .merge(health::router())
        .merge(realtime::router())
        .merge(web::assets::router(&config.site_dir))
        .route("/do/{*verb}", post(server_function))
        .fallback(|| async { web::caller::PageError(domain::error::Error::NotFound) });
    if config.is_development {
        all = all.merge(dev::router());
    }
    all
}

/// Islands speak JSON; the redirecting answers for plain forms, which would put errors into the address, are never wanted.
async fn server_function(mut request: Request) -> impl IntoResponse {
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    leptos_axum::handle_server_fns(request).await
}
