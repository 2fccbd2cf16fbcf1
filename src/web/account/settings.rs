//! What people settle about their own account.

use crate::state::AppState;
use crate::web::caller::{Caller, PageError};
use crate::web::form::{Sent, refuse};
use crate::web::render::{page, redirect_with_notice};
use crate::web::session::Visit;
use app::account::pages::{ProfilePage, SecurityPage, SessionsPage, TokensPage};
use app::kit::Filled;
use app::shell::Frame;
use axum::response::Response;
use axum::routing::{get, post};
use domain::account::{self, CreateToken, MeView, Password, TokenCreated, UpdateMe};
use domain::ctx::Ctx;
use domain::error::{Error, Fields};
use domain::id::{SessionId, TokenId};
use leptos::prelude::*;

fn frame() -> Frame {
    Frame::private("Settings")
}

/// Every zone people name; the database of zones knows many more that are only old spellings.
fn zones() -> Vec<&'static str> {
    chrono_tz::TZ_VARIANTS
        .iter()
        .map(|zone| zone.name())
        .filter(|name| {
            name.contains('/') && !["Etc/", "US/", "Canada/", "Brazil/", "Chile/", "Mexico/"].iter().any(|old| name.starts_with(old))
        })
        .collect()
}

async fn show_profile(Caller(ctx): Caller) -> Result<Response, PageError> {
    let me = account::get_me(&ctx).await?;
    let filled = Filled::with([
        ("name", me.name.as_str()),
        ("phone", me.phone.as_deref().unwrap_or_default()),
        ("zone", me.zone.as_deref().unwrap_or_default()),
    ]);
    Ok(page(&ctx, frame(), view! { <ProfilePage me=me filled=filled zones=zones() /> }))
}

async fn save_profile(Caller(ctx): Caller, sent: Sent) -> Result<Response, PageError> {
    let me = account::get_me(&ctx).await?;
    let text = |name: &str| Some(sent.text(name).to_owned());
    let input = UpdateMe { name: text("name"), phone: text("phone"), zone: text("zone") };
    match account::update_me(&ctx, input).await {
        Ok(_) => Ok(redirect_with_notice("/settings", "Saved.")),
        Err(error) => refuse(&ctx, frame(), sent, error, |filled| view! { <ProfilePage me=me filled=filled zones=zones() /> }),
    }
}

async fn send_confirmation(Caller(ctx): Caller) -> Result<Response, PageError> {
    match account::request_confirmation(&ctx).await {
        Ok(()) => Ok(redirect_with_notice("/settings", "A new link is on its way.")),
        Err(Error::Refused(refusal)) => Ok(redirect_with_notice("/settings", &refusal.sentence)),
        Err(error) => Err(error.into()),
    }
}

async fn security_page(ctx: &Ctx, me: MeView, password: Filled, email: Filled) -> Result<impl IntoView + use<>, Error> {
    let (notes, now) = (account::list_security_notes(ctx).await?, ctx.now());
    Ok(view! { <SecurityPage me=me password=password email=email notes=notes now=now /> })
}

async fn show_security(Caller(ctx): Caller) -> Result<Response, PageError> {
    let me = account::get_me(&ctx).await?;
    let view = security_page(&ctx, me, Filled::default(), Filled::default()).await?;
    Ok(page(&ctx, frame(), view))
}

/// A wrong password is told beside its own field.
fn beside(error: Error, field: &str) -> Error {
    match error {
        Error::Refused(refusal) if refusal.code == "wrong_password" => Error::Invalid(Fields::one(field, refusal.sentence)),
        other => other,
    }
}

async fn change_password(Caller(ctx): Caller, sent: Sent) -> Result<Response, PageError> {
    let me = account::get_me(&ctx).await?;
    let current = Password(sent.text("current_password").to_owned());
    match account::change_password(&ctx, &current, &Password(sent.text("password").to_owned())).await {
        Ok(()) => Ok(redirect_with_notice("/settings/security", "Your password is changed. You are signed out everywhere else.")),
        Err(error) => {
            let error = beside(error, "current_password");
            let view = security_page(&ctx, me, Filled::refused(sent.0.clone(), &error), Filled::default()).await?;
            refuse(&ctx, frame(), sent, error, |_| view)
        }
    }
}

async fn change_email(Caller(ctx): Caller, sent: Sent) -> Result<Response, PageError> {
    let me = account::get_me(&ctx).await?;
    match account::request_email_change(&ctx, sent.text("email"), &Password(sent.text("email_password").to_owned())).await {
        Ok(()) => Ok(redirect_with_notice("/settings/security", "A link is on its way to the new address. Open it to finish.")),
        Err(error) => {
            let error = beside(error, "email_password");
            let view = security_page(&ctx, me, Filled::default(), Filled::refused(sent.0.clone(), &error)).await?;
            refuse(&ctx, frame(), sent, error, |_| view)
        }
    }
}

async fn show_sessions(Caller(ctx): Caller) -> Result<Response, PageError> {
    let (sessions, now) = (account::list_sessions(&ctx).await?, ctx.now());
    Ok(page(&ctx, frame(), view! { <SessionsPage sessions=sessions now=now /> }))
}

async fn end_session(Caller(ctx): Caller, sent: Sent) -> Result<Response, PageError> {
    let id: SessionId = sent.text("id").parse().map_err(|_| Error::NotFound)?;
    account::revoke_session(&ctx, id).await?;
    Ok(redirect_with_notice("/settings/sessions", "That session is over."))
}

async fn end_all_sessions(Caller(ctx): Caller, visit: Visit) -> Result<Response, PageError> {
    account::sign_out_everywhere(&ctx).await?;
    visit.sign_out().await?;
    Ok(redirect_with_notice("/", "You are signed out everywhere."))
}

async fn tokens_page(ctx: &Ctx, created: Option<TokenCreated>, filled: Filled) -> Result<impl IntoView + use<>, Error> {
    let (tokens, now, is_admin) = (account::list_tokens(ctx).await?, ctx.now(), ctx.is_admin());
    Ok(view! { <TokensPage tokens=tokens created=created filled=filled is_admin=is_admin now=now /> })
}

async fn show_tokens(Caller(ctx): Caller) -> Result<Response, PageError> {
    let view = tokens_page(&ctx, None, Filled::default()).await?;
    Ok(page(&ctx, frame(), view))
}

/// Answers with the page itself: the secret must not travel through an address or a cookie.
async fn create_token(Caller(ctx): Caller, sent: Sent) -> Result<Response, PageError> {
    let days = sent.text("days").parse().unwrap_or_default();
    let input = CreateToken { name: sent.text("name").to_owned(), scopes: sent.all("scopes"), days };
    match account::create_token(&ctx, input).await {
        Ok(created) => {
            let view = tokens_page(&ctx, Some(created), Filled::default()).await?;
            Ok(page(&ctx, frame(), view))
        }
        Err(error) => {
            let view = tokens_page(&ctx, None, Filled::refused(sent.0.clone(), &error)).await?;
            refuse(&ctx, frame(), sent, error, |_| view)
        }
    }
}

async fn revoke_token(Caller(ctx): Caller, sent: Sent) -> Result<Response, PageError> {
    let id: TokenId = sent.text("id").parse().map_err(|_| Error::NotFound)?;
    account::revoke_token(&ctx, id).await?;
    Ok(redirect_with_notice("/settings/tokens", "The token no longer works."))
}

pub fn router() -> axum::Router<AppState> {
    axum::Router::new()
        .route("/settings", get(show_profile).post(save_profile))
        .route("/settings/confirmation", post(send_confirmation))
        .route("/settings/security", get(show_security))
        .route("/settings/security/password", post(change_password))
        .route("/settings/security/email", post(change_email))
        .route("/settings/sessions", get(show_sessions).post(end_session))
        .route("/settings/sessions/all", post(end_all_sessions))
        .route("/settings/tokens", get(show_tokens).post(create_token))
        .route("/settings/tokens/revocation", post(revoke_token))
}
