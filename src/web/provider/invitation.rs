//! Where the letter of an invitation leads. Looking uses nothing up; the button joins.

use crate::state::AppState;
use crate::web::caller::{Caller, PageError};
use crate::web::render::{page, page_with, redirect_with_notice};
use app::kit::format::query_text;
use app::provider::pages::{InvitationOverPage, InvitationPage};
use app::shell::Frame;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use domain::ctx::{Ctx, StaffRole};
use domain::provider;
use http::StatusCode;
use leptos::prelude::*;

async fn show(Caller(ctx): Caller, Path(secret): Path<String>) -> Result<Response, PageError> {
    let Some(invitation) = provider::find_invitation(&ctx, &secret).await? else { return Ok(over(&ctx)) };
    if ctx.is_staff(invitation.provider_id, StaffRole::Member) {
        return Ok(redirect_with_notice(&format!("/desk/{}", invitation.provider_id), "You are in this team already."));
    }
    let account = ctx.person().ok().map(|person| person.email.clone());
    let frame = Frame::focused(format!("Join {}", invitation.provider_name));
    Ok(page(&ctx, frame, view! { <InvitationPage invitation=invitation account=account address=address(&secret) /> }))
}

async fn accept(Caller(ctx): Caller, Path(secret): Path<String>) -> Result<Response, PageError> {
    if ctx.person().is_err() {
        return Ok(Redirect::to(&format!("/sign-in?next={}", query_text(&address(&secret)))).into_response());
    }
    match provider::accept_invitation(&ctx, &secret).await {
        Ok(id) => Ok(redirect_with_notice(&format!("/desk/{id}"), "Welcome to the team.")),
        Err(error) => match error.code() {
            "link_expired" | "invitation_over" => Ok(over(&ctx)),
            "already_member" => show(Caller(ctx), Path(secret)).await,
            _ => Err(error.into()),
        },
    }
}

/// For a secret that is unknown or used, and an invitation that was taken back or has expired: they are not told apart.
fn over(ctx: &Ctx) -> Response {
    let desks = ctx.person().ok().map(|person| {
        person.memberships.iter().map(|membership| (membership.provider, membership.provider_name.clone())).collect::<Vec<_>>()
    });
    page_with(StatusCode::GONE, ctx, Frame::focused("This invitation is over"), view! { <InvitationOverPage desks=desks /> })
}

fn address(secret: &str) -> String {
    format!("/invitations/{secret}")
}

pub fn router() -> axum::Router<AppState> {
    axum::Router::new().route("/invitations/{secret}", get(show).post(accept))
}
