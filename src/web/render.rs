//! A view in its frame becomes a response, synchronously.
//!
//! Rendering is plain: `Owner::new_root` with an islands context, `to_html()`, no streaming, no resources
//! (docs/decisions: pages are rendered synchronously). [`remember`] wraps every route: it keeps what the frame
//! shows of the request (theme, path, notice).

use crate::state::AppState;
use app::shell::{Document, DocumentProps, Frame, Theme, Viewer, Workplace};
use app::site::pages::error::{ErrorView, ErrorViewProps, Trouble};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use domain::ctx::{Actor, Ctx};
use http::header::{CACHE_CONTROL, COOKIE, REFRESH, SET_COOKIE, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use hydration_context::SsrSharedContext;
use leptos::prelude::*;
use leptos::reactive::computed::ScopedFuture;
use std::sync::Arc;

/// Remembers the theme for a year.
pub const THEME_COOKIE: &str = "theme";
/// Carries a sentence over one redirect.
const NOTICE_COOKIE: &str = "notice";
const LONGEST_NOTICE: usize = 300;

/// What the frame shows of the request.
#[derive(Debug, Clone, Default)]
struct Seen {
    path: String,
    theme: Theme,
    notice: Option<String>,
    /// The place in the spine before anything was read: what comes after it, the page is told.
    cursor: Option<String>,
}

tokio::task_local! {
    static SEEN: Seen;
}

/// Under what the page of this request may be kept for others: None for who is signed in, and where a notice is shown.
pub fn shared_key(ctx: &Ctx, query: Option<&str>) -> Option<String> {
    if !matches!(ctx.actor, Actor::Visitor { .. }) {
        return None;
    }
    SEEN.try_with(|seen| seen.notice.is_none().then(|| format!("{:?} {}?{}", seen.theme, seen.path, query.unwrap_or_default())))
        .ok()
        .flatten()
}

/// The page in its frame, 200. Who looks comes from `ctx`, the rest of the frame from [`remember`].
pub fn page(ctx: &Ctx, frame: Frame, view: impl IntoView + 'static) -> Response {
    page_with(StatusCode::OK, ctx, frame, view)
}

/// The same with another status: 422 for a refused form, 409 for a lost race.
pub fn page_with(status: StatusCode, ctx: &Ctx, frame: Frame, view: impl IntoView + 'static) -> Response {
    respond(status, Some(&ctx.actor), frame, view, SEEN.try_with(Clone::clone).unwrap_or_default())
}

fn respond(status: StatusCode, actor: Option<&Actor>, mut frame: Frame, view: impl IntoView + 'static, seen: Seen) -> Response {
    frame.path = seen.path;
    frame.theme = seen.theme;
    frame.viewer = actor.and_then(viewer);
    frame.cursor = seen.cursor;
    frame.assets = super::assets::table().assets();
    let had_notice = seen.notice.is_some();
    frame.notice = frame.notice.take().or(seen.notice);
    let is_private = frame.is_private || frame.viewer.is_some();
    let mut response = (status, Html(html(frame, view))).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(if is_private { "private, no-store" } else { "private, no-cache" }));
    headers.insert(VARY, HeaderValue::from_static("cookie"));
    if had_notice {
        headers.append(SET_COOKIE, cookie(NOTICE_COOKIE, "", 0));
    }
    response
}

/// 303 to `to`, where the sentence is shown once.
pub fn redirect_with_notice(to: &str, sentence: &str) -> Response {
    let mut response = axum::response::Redirect::to(to).into_response();
    let text: String = sentence.chars().take(LONGEST_NOTICE).collect();
    let encoded: String = serde_urlencoded::to_string([("n", text)]).unwrap_or_default().split_off(2);
    response.headers_mut().append(SET_COOKIE, cookie(NOTICE_COOKIE, &encoded, 60));
    response
}

/// `seconds` 0 removes it. No secret is in either cookie, so neither needs more than this.
pub fn cookie(name: &str, value: &str, seconds: u32) -> HeaderValue {
    HeaderValue::from_str(&format!("{name}={value}; Path=/; Max-Age={seconds}; SameSite=Lax; HttpOnly"))
        .unwrap_or_else(|_| HeaderValue::from_static(""))
}

fn html(frame: Frame, view: impl IntoView + 'static) -> String {
    let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new_islands())));
    let body = owner.with(|| {
        let children = Box::new(move || view.into_any());
        Document(DocumentProps { frame, children }).to_html()
    });
    owner.unset_with_forced_cleanup();
    format!("<!DOCTYPE html>{body}")
}

fn viewer(actor: &Actor) -> Option<Viewer> {
    let Actor::Person(person) = actor else { return None };
    Some(Viewer {
        name: person.name.clone(),
        email: person.email.clone(),
        is_email_confirmed: person.is_email_confirmed,
        is_admin: person.is_admin,
        is_support: person.is_support,
        workplaces: person
            .memberships
            .iter()
            .map(|membership| Workplace {
                id: membership.provider,
                name: membership.provider_name.clone(),
                role: membership.role.as_str().to_owned(),
                icon: membership.icon.clone(),
                tone: membership.tone,
                waiting: membership.waiting,
            })
            .collect(),
    })
}

/// The layer that remembers what the frame shows of the request, for every page rendered within it.
pub async fn remember(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let cursor = state.hub.position().map(|cursor| cursor.to_string());
    let seen = Seen { cursor, ..seen(request.uri().path(), request.headers()) };
    // A handler makes its view before it is framed, and islands with children ask for their owner already then.
    let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new_islands())));
    let response = owner.with(|| ScopedFuture::new(SEEN.scope(seen, next.run(request)))).await;
    owner.unset_with_forced_cleanup();
    response
}

fn seen(path: &str, headers: &HeaderMap) -> Seen {
    Seen {
        path: path.to_owned(),
        theme: cookie_value(headers, THEME_COOKIE).and_then(|value| Theme::parse(&value)).unwrap_or_default(),
        notice: cookie_value(headers, NOTICE_COOKIE).and_then(|value| notice_text(&value)),
        cursor: None,
    }
}

/// The page for an error: what happened, and what to do. `ctx` is None if it failed before it was known who asks. With `again_s` the browser asks for it
/// again after so many seconds; of `Retry-After` it takes no notice.
pub fn failure(ctx: Option<&Ctx>, headers: &HeaderMap, path: &str, trouble: Trouble, again_s: Option<u64>) -> Response {
    let status = StatusCode::from_u16(trouble.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let frame = Frame::private(trouble.title());
    let view = ErrorView(ErrorViewProps { trouble, again_s });
    let mut response = respond(status, ctx.map(|ctx| &ctx.actor), frame, view, Seen { notice: None, ..seen(path, headers) });
    if let Some(seconds) = again_s {
        response.headers_mut().insert(REFRESH, HeaderValue::from(seconds));
    }
    response
}

fn cookie_value(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok()).flat_map(|line| line.split(';')).find_map(|pair| {
        let (known, value) = pair.trim().split_once('=')?;
        (known == name).then(|| value.to_owned())
    })
}

fn notice_text(encoded: &str) -> Option<String> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(&format!("n={encoded}")).ok()?;
    let text = pairs.into_iter().next()?.1;
    (!text.is_empty() && text.chars().count() <= LONGEST_NOTICE && !text.contains(char::is_control)).then_some(text)
}
