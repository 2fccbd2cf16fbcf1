//! Pages of accounts: coming in, and the links of e-mails. Settings are in `account/settings.rs`.

mod settings;

use super::caller::{Caller, PageError};
use super::form::{Sent, refuse};
use super::render::{page, redirect_with_notice};
use super::session::Visit;
use crate::state::AppState;
use app::account::pages::{ClaimPage, ConfirmPage, DeadLinkPage, ForgotPage, RegisterPage, ResetPage, SentPage, SignInPage};
use app::kit::Filled;
use app::shell::Frame;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use domain::account::{self, Claimed, LinkPurpose, Password, Register, SignIn, policy};
use domain::ctx::Ctx;
use domain::error::Error;
use http::{HeaderMap, header};
use leptos::prelude::*;
use serde::Deserialize;

/// The browser's own words, for naming the device.
pub fn user_agent(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok())
}

#[derive(Deserialize, Default)]
struct Next {
    next: Option<String>,
}

async fn show_sign_in(Caller(ctx): Caller, Query(Next { next }): Query<Next>) -> Response {
    let next = policy::safe_next(next.as_deref()).to_owned();
    if ctx.person().is_ok() {
        return Redirect::to(&next).into_response();
    }
    page(&ctx, Frame::focused("Sign in"), view! { <SignInPage filled=Filled::default() next=next /> })
}

async fn sign_in(Caller(ctx): Caller, visit: Visit, headers: HeaderMap, sent: Sent) -> Result<Response, PageError> {
    let next = policy::safe_next(Some(sent.text("next"))).to_owned();
    let input = SignIn { email: sent.text("email").to_owned(), password: Password(sent.text("password").to_owned()) };
    match account::sign_in(&ctx, input, user_agent(&headers)).await {
        Ok(signed) => {
            visit.sign_in(&ctx, signed.account).await?;
            Ok(Redirect::to(&next).into_response())
        }
        Err(error) => refuse(&ctx, Frame::focused("Sign in"), sent, error, |filled| view! { <SignInPage filled=filled next=next /> }),
    }
}

async fn show_register(Caller(ctx): Caller, Query(Next { next }): Query<Next>) -> Response {
    let next = policy::safe_next(next.as_deref()).to_owned();
    if ctx.person().is_ok() {
        return Redirect::to(&next).into_response();
    }
    page(&ctx, Frame::focused("Make an account"), view! { <RegisterPage filled=Filled::default() next=next /> })
}

async fn register(Caller(ctx): Caller, visit: Visit, headers: HeaderMap, sent: Sent) -> Result<Response, PageError> {
    let next = policy::safe_next(Some(sent.text("next"))).to_owned();
    let input = Register {
        email: sent.text("email").to_owned(),
        password: Password(sent.text("password").to_owned()),
        name: sent.text("name").to_owned(),
    };
    match account::register(&ctx, input, user_agent(&headers)).await {
        Ok(signed) => {
            visit.sign_in(&ctx, signed.account).await?;
            Ok(redirect_with_notice(&next, "Welcome. We sent you a link to confirm your address."))
        }
        Err(error) => {
            refuse(&ctx, Frame::focused("Make an account"), sent, error, |filled| view! { <RegisterPage filled=filled next=next /> })
        }
    }
}

async fn sign_out(Caller(ctx): Caller, visit: Visit) -> Result<Response, PageError> {
    account::sign_out(&ctx).await?;
    visit.sign_out().await?;
    Ok(redirect_with_notice("/", "You are signed out."))
}

async fn show_forgot(Caller(ctx): Caller) -> Response {
    let filled = ctx.person().map(|person| Filled::with([("email", person.email.as_str())])).unwrap_or_default();
    page(&ctx, Frame::focused("Choose a new password"), view! { <ForgotPage filled=filled /> })
}

async fn forgot(Caller(ctx): Caller, sent: Sent) -> Result<Response, PageError> {
    let email = policy::tidy_email(sent.text("email"));
    match account::request_password_reset(&ctx, &email).await {
        Ok(()) => Ok(page(&ctx, Frame::focused("Look at your e-mail"), view! { <SentPage email=email /> })),
        Err(error) => refuse(&ctx, Frame::focused("Choose a new password"), sent, error, |filled| view! { <ForgotPage filled=filled /> }),
    }
}

/// The page that a dead link leads to, and where to ask for another.
fn dead_link(ctx: &Ctx, again: &'static str, button: &'static str) -> Response {
    super::render::page_with(
        http::StatusCode::GONE,
        ctx,
        Frame::focused("This link has expired"),
        view! { <DeadLinkPage again=again button=button /> },
    )
}

fn is_dead(error: &Error) -> bool {
    error.code() == "link_expired"
}

async fn show_reset(Caller(ctx): Caller, Path(secret): Path<String>) -> Result<Response, PageError> {
    if account::find_link(&ctx, LinkPurpose::ResetPassword, &secret).await?.is_none() {
        return Ok(dead_link(&ctx, "/forgot-password", "Ask for a new link"));
    }
    Ok(page(
        &ctx,
        Frame::focused("Choose a new password"),
        view! { <ResetPage filled=Filled::default() action=format!("/reset-password/{secret}") /> },
    ))
}

async fn reset(Caller(ctx): Caller, visit: Visit, Path(secret): Path<String>, sent: Sent) -> Result<Response, PageError> {
    match account::reset_password(&ctx, &secret, &Password(sent.text("password").to_owned())).await {
        Ok(signed) => {
            visit.sign_in(&ctx, signed.account).await?;
            Ok(redirect_with_notice("/settings/security", "Your password is changed. You are signed out everywhere else."))
        }
        Err(error) if is_dead(&error) => Ok(dead_link(&ctx, "/forgot-password", "Ask for a new link")),
        Err(error) => refuse(&ctx, Frame::focused("Choose a new password"), sent, error, |filled| {
            view! { <ResetPage filled=filled action=format!("/reset-password/{secret}") /> }
        }),
    }
}

async fn show_confirm(Caller(ctx): Caller, Path(secret): Path<String>) -> Result<Response, PageError> {
    if account::find_link(&ctx, LinkPurpose::ConfirmEmail, &secret).await?.is_none() {
        return Ok(dead_link(&ctx, "/settings", "Ask for a new link"));
    }
    let view = view! {
        <ConfirmPage
            title="Is this your address?"
            line="Confirm it to see all your bookings, write to providers and review them."
            button="Confirm my address"
            action=format!("/confirm-email/{secret}")
            filled=Filled::default()
        />
    };
    Ok(page(&ctx, Frame::focused("Confirm your address"), view))
}

async fn confirm(Caller(ctx): Caller, visit: Visit, Path(secret): Path<String>) -> Result<Response, PageError> {
    match account::confirm_email(&ctx, &secret).await {
        Ok(Claimed::Own(_)) if ctx.person().is_ok() => Ok(redirect_with_notice("/settings", "Thank you. Your address is confirmed.")),
        Ok(Claimed::Own(_)) => Ok(redirect_with_notice("/sign-in", "Thank you. Your address is confirmed.")),
        Ok(Claimed::Joined) => joined(&visit).await,
        Err(error) if is_dead(&error) => Ok(dead_link(&ctx, "/settings", "Ask for a new link")),
        Err(error) => Err(error.into()),
    }
}

/// The session may belong to the account that was just joined into another.
async fn joined(visit: &Visit) -> Result<Response, PageError> {
    visit.sign_out().await?;
    Ok(redirect_with_notice("/sign-in?next=/bookings", "Everything is in your account now. Sign in to see it."))
}

async fn show_change(Caller(ctx): Caller, Path(secret): Path<String>) -> Result<Response, PageError> {
    if account::find_link(&ctx, LinkPurpose::ChangeEmail, &secret).await?.is_none() {
        return Ok(dead_link(&ctx, "/settings/security", "Ask for a new link"));
    }
    Ok(page(&ctx, Frame::focused("Use this address"), change_page(&secret, Filled::default())))
}

fn change_page(secret: &str, filled: Filled) -> impl IntoView + use<> {
    view! {
        <ConfirmPage
            title="Use this address?"
            line="From now on we write to you here, and you sign in with it."
            button="Use this address"
            action=format!("/change-email/{secret}")
            filled=filled
        />
    }
}

async fn change(Caller(ctx): Caller, Path(secret): Path<String>) -> Result<Response, PageError> {
    match account::confirm_new_email(&ctx, &secret).await {
        Ok(()) => Ok(redirect_with_notice("/settings/security", "Your new address is in use.")),
        Err(error) if is_dead(&error) => Ok(dead_link(&ctx, "/settings/security", "Ask for a new link")),
        Err(error) => refuse(&ctx, Frame::focused("Use this address"), Sent::default(), error, |filled| change_page(&secret, filled)),
    }
}

async fn show_claim(Caller(ctx): Caller, Path(secret): Path<String>) -> Result<Response, PageError> {
    let Some(claim) = account::find_claim(&ctx, &secret).await? else {
        return Ok(dead_link(&ctx, "/forgot-password", "Ask for a new link"));
    };
    Ok(page(
        &ctx,
        Frame::focused("Claim your booking"),
        view! { <ClaimPage claim=claim filled=Filled::default() action=format!("/claim/{secret}") /> },
    ))
}

async fn claim(Caller(ctx): Caller, visit: Visit, Path(secret): Path<String>, sent: Sent) -> Result<Response, PageError> {
    let Some(claim) = account::find_claim(&ctx, &secret).await? else {
        return Ok(dead_link(&ctx, "/forgot-password", "Ask for a new link"));
    };
    match account::claim(&ctx, &secret, &Password(sent.text("password").to_owned())).await {
        Ok(Claimed::Own(account)) => {
            visit.sign_in(&ctx, account).await?;
            Ok(redirect_with_notice("/bookings", "Welcome. Your bookings are here from now on."))
        }
        Ok(Claimed::Joined) if ctx.person().is_ok_and(|person| person.email.eq_ignore_ascii_case(&claim.email)) => {
            Ok(redirect_with_notice("/bookings", "The booking is in your account now."))
        }
        Ok(Claimed::Joined) => joined(&visit).await,
        Err(error) if is_dead(&error) => Ok(dead_link(&ctx, "/forgot-password", "Ask for a new link")),
        Err(error) => refuse(&ctx, Frame::focused("Claim your booking"), sent, error, |filled| {
            view! { <ClaimPage claim=claim filled=filled action=format!("/claim/{secret}") /> }
        }),
    }
}

pub fn router() -> axum::Router<AppState> {
    axum::Router::new()
        .route("/sign-in", get(show_sign_in).post(sign_in))
        .route("/register", get(show_register).post(register))
        .route("/sign-out", post(sign_out))
        .route("/forgot-password", get(show_forgot).post(forgot))
        .route("/reset-password/{secret}", get(show_reset).post(reset))
        .route("/confirm-email/{secret}", get(show_confirm).post(confirm))
        .route("/change-email/{secret}", get(show_change).post(change))
        .route("/claim/{secret}", get(show_claim).post(claim))
        .merge(settings::router())
}
