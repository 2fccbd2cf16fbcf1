//! One's favourites: the list, and the button on cards.

use super::caller::{Caller, PageError};
use super::form::Sent;
use super::render;
use crate::state::AppState;
use app::favourite::pages::FavouritesPage;
use app::shell::Frame;
use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use domain::ctx::Actor;
use domain::error::Fields;
use domain::favourite;
use domain::scheduling::zone;
use domain::search;
use http::HeaderMap;
use http::header::REFERER;
use leptos::prelude::*;

async fn show(Caller(ctx): Caller) -> Result<Response, PageError> {
    if matches!(ctx.actor, Actor::Visitor { .. }) {
        return Ok(Redirect::to("/sign-in?next=/favourites").into_response());
    }
    let items = search::list_favourites(&ctx).await?;
    let today = items.first().map_or_else(|| ctx.now().utc_date(), |item| zone::local_in(ctx.now(), &item.provider.zone).date);
    Ok(render::page(&ctx, Frame::private("Favourites"), view! { <FavouritesPage items=items today=today /> }))
}

/// The button posts from wherever it stands, and leads back there.
async fn save(Caller(ctx): Caller, headers: HeaderMap, sent: Sent) -> Result<Response, PageError> {
    let back = back(&headers);
    if matches!(ctx.actor, Actor::Visitor { .. }) {
        let next: String = serde_urlencoded::to_string([("next", back)]).unwrap_or_default();
        return Ok(Redirect::to(&format!("/sign-in?{next}")).into_response());
    }
    let id = sent.text("provider_id").parse().map_err(|_| Fields::one("provider_id", "This provider is not known."))?;
    if sent.text("saved") == "0" {
        favourite::remove(&ctx, id).await?;
    } else {
        favourite::add(&ctx, id).await?;
    }
    Ok(Redirect::to(&back).into_response())
}

/// The path of the page the form stood on; only its path, so it cannot lead elsewhere.
fn back(headers: &HeaderMap) -> String {
    let referer = headers.get(REFERER).and_then(|value| value.to_str().ok()).and_then(|text| text.parse::<http::Uri>().ok());
    let path = referer.as_ref().and_then(http::Uri::path_and_query).map_or("/favourites", |it| it.as_str());
    domain::account::policy::safe_next(Some(path)).to_owned()
}

pub fn router() -> Router<AppState> {
    Router::new().route("/favourites", get(show).post(save))
}
