//! Pages that belong to no room: home, help, the theme, and in development the kit.

use super::caller::{Caller, PageError};
use super::render::{self, THEME_COOKIE};
use crate::state::AppState;
use app::shell::{Frame, Theme};
use app::site::pages::{CancellingPage, HelpPage, PrivacyPage, TermsPage};
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use domain::error::Error;
use http::header::{REFERER, SET_COOKIE};
use http::{HeaderMap, Uri};
use serde::Deserialize;

const A_YEAR_S: u32 = 365 * 24 * 3600;

#[derive(Deserialize)]
struct ThemeForm {
    theme: String,
}

/// Remembers light, dark or as the system has it, and goes back to where one was.
async fn set_theme(headers: HeaderMap, Form(form): Form<ThemeForm>) -> Response {
    let theme = Theme::parse(&form.theme).unwrap_or_default();
    let referer = headers.get(REFERER).and_then(|value| value.to_str().ok()).and_then(|text| text.parse::<Uri>().ok());
    let back = referer.as_ref().and_then(Uri::path_and_query).map_or("/", |it| it.as_str());
    // An address that begins with two slashes would name another host.
    let back = if back.starts_with("//") { "/" } else { back };
    let mut response = Redirect::to(back).into_response();
    let seconds = if theme == Theme::System { 0 } else { A_YEAR_S };
    response.headers_mut().append(SET_COOKIE, render::cookie(THEME_COOKIE, theme.as_str(), seconds));
    response
}

/// Every part of the kit in every state; for those who build.
async fn kit(State(state): State<AppState>, Caller(ctx): Caller) -> Result<Response, PageError> {
    if !state.config.is_development {
        return Err(Error::NotFound.into());
    }
    Ok(render::page(&ctx, Frame::private("Kit"), app::kit::specimen::KitPage()))
}

async fn help(Caller(ctx): Caller) -> Response {
    let frame =
        Frame::new("Help", "How Fettle works: booking a free time, paying, cancelling, reviews and your data.").canonical(ctx.url("/help"));
    render::page(&ctx, frame, HelpPage())
}

async fn cancelling(Caller(ctx): Caller) -> Response {
    let frame = Frame::new("The refund promise", "What comes back when plans change, to the hour and to the cent, before you book.")
        .canonical(ctx.url("/help/cancelling"));
    render::page(&ctx, frame, CancellingPage())
}

async fn terms(Caller(ctx): Caller) -> Response {
    let frame = Frame::new("Terms", "What you can expect of Fettle, of providers and of each other.").canonical(ctx.url("/terms"));
    render::page(&ctx, frame, TermsPage())
}

async fn privacy(Caller(ctx): Caller) -> Response {
    let frame = Frame::new("Privacy", "What Fettle keeps about you, what for, and for how long.").canonical(ctx.url("/privacy"));
    render::page(&ctx, frame, PrivacyPage())
}

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/help", get(help))
        .route("/help/cancelling", get(cancelling))
        .route("/terms", get(terms))
        .route("/privacy", get(privacy))
        .route("/theme", post(set_theme))
        .route("/kit", get(kit))
}
