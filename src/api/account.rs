//! Accounts for programs: coming in, one's own profile, sessions and tokens.

use super::extract::{Json, Path};
use super::problem::{Problem, ProblemBody};
use super::repeat::ShownOnce;
use crate::state::AppState;
use crate::web::account::user_agent;
use crate::web::caller::Caller;
use crate::web::session::Visit;
use axum::Extension;
use axum::response::IntoResponse;
use domain::account::{self, Claimed, CreateToken, MeView, Password, Register, SessionView, SignIn, TokenCreated, TokenView, UpdateMe};
use domain::id::{SessionId, TokenId};
use domain::page::Page;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(Deserialize, ToSchema)]
struct MailAddress {
    email: String,
}

#[derive(Deserialize, ToSchema)]
struct LinkSecret {
    /// The last part of the link in the e-mail.
    secret: String,
}

#[derive(Deserialize, ToSchema)]
struct SecretAndPassword {
    secret: String,
    /// 10 to 128 characters; ignored where bookings join an account that exists.
    #[serde(default)]
    password: Password,
}

#[derive(Deserialize, ToSchema)]
struct NewAddress {
    email: String,
    /// The present one.
    password: Password,
}

#[derive(Deserialize, ToSchema)]
struct NewPassword {
    current: Password,
    /// 10 to 128 characters.
    password: Password,
}

#[derive(Serialize, ToSchema)]
struct Proved {
    /// What was done under this address joined an account that has it already; sign in there.
    is_joined: bool,
}

fn proved(claimed: Claimed) -> Json<Proved> {
    Json(Proved { is_joined: claimed == Claimed::Joined })
}

/// Register and begin a session. The answer is the same for an address that is already known.
#[utoipa::path(post, path = "/auth/register", tag = "account", request_body = Register,
    responses((status = 201, body = MeView), (status = 422, body = ProblemBody), (status = 429, body = ProblemBody)))]
async fn register(
    Caller(ctx): Caller,
    visit: Visit,
    headers: HeaderMap,
    Json(input): Json<Register>,
) -> Result<(StatusCode, Json<MeView>), Problem> {
    let signed = account::register(&ctx, input, user_agent(&headers)).await?;
    visit.sign_in(&ctx, signed.account).await?;
    Ok((StatusCode::CREATED, Json(account::get_signed_in(&ctx, &signed).await?)))
}

/// Begin a session.
#[utoipa::path(post, path = "/auth/sign-in", tag = "account", request_body = SignIn,
    responses((status = 200, body = MeView), (status = 422, description = "`wrong_sign_in`, `account_suspended`", body = ProblemBody), (status = 429, body = ProblemBody)))]
async fn sign_in(Caller(ctx): Caller, visit: Visit, headers: HeaderMap, Json(input): Json<SignIn>) -> Result<Json<MeView>, Problem> {
    let signed = account::sign_in(&ctx, input, user_agent(&headers)).await?;
    visit.sign_in(&ctx, signed.account).await?;
    Ok(Json(account::get_signed_in(&ctx, &signed).await?))
}

/// End the present session. Harmless without one.
#[utoipa::path(post, path = "/auth/sign-out", tag = "account", responses((status = 204)))]
async fn sign_out(Caller(ctx): Caller, visit: Visit) -> Result<StatusCode, Problem> {
    account::sign_out(&ctx).await?;
    visit.sign_out().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End every session of the account.
#[utoipa::path(post, path = "/auth/sign-out-everywhere", tag = "account", responses((status = 204), (status = 401, body = ProblemBody)))]
async fn sign_out_everywhere(Caller(ctx): Caller, visit: Visit) -> Result<StatusCode, Problem> {
    account::sign_out_everywhere(&ctx).await?;
    visit.sign_out().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ask for a link to choose a new password. The answer is the same for an unknown address.
#[utoipa::path(post, path = "/auth/password-reset", tag = "account", request_body = MailAddress,
    responses((status = 202), (status = 422, body = ProblemBody), (status = 429, body = ProblemBody)))]
async fn ask_for_reset(Caller(ctx): Caller, Json(input): Json<MailAddress>) -> Result<StatusCode, Problem> {
    account::request_password_reset(&ctx, &input.email).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Choose a new password by the link. Every session and token ends.
#[utoipa::path(post, path = "/auth/password-reset/confirm", tag = "account", request_body = SecretAndPassword,
    responses((status = 204), (status = 422, description = "`link_expired` or a password that will not do", body = ProblemBody)))]
async fn reset(Caller(ctx): Caller, Json(input): Json<SecretAndPassword>) -> Result<StatusCode, Problem> {
    account::reset_password(&ctx, &input.secret, &input.password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Confirm the address by the link.
#[utoipa::path(post, path = "/auth/email/confirm", tag = "account", request_body = LinkSecret,
    responses((status = 200, body = Proved), (status = 422, body = ProblemBody)))]
async fn confirm(Caller(ctx): Caller, Json(input): Json<LinkSecret>) -> Result<Json<Proved>, Problem> {
    Ok(proved(account::confirm_email(&ctx, &input.secret).await?))
}

/// Ask for the link to confirm the address once more.
#[utoipa::path(post, path = "/auth/email/confirmation", tag = "account",
    responses((status = 202), (status = 401, body = ProblemBody), (status = 409, description = "`already_confirmed`", body = ProblemBody)))]
async fn ask_for_confirmation(Caller(ctx): Caller) -> Result<StatusCode, Problem> {
    account::request_confirmation(&ctx).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Ask to change the address. Nothing changes until the link sent there is opened.
#[utoipa::path(post, path = "/auth/email/change", tag = "account", request_body = NewAddress,
    responses((status = 202), (status = 401, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn ask_for_change(Caller(ctx): Caller, Json(input): Json<NewAddress>) -> Result<StatusCode, Problem> {
    account::request_email_change(&ctx, &input.email, &input.password).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Change the address by the link sent to the new one.
#[utoipa::path(post, path = "/auth/email/change/confirm", tag = "account", request_body = LinkSecret,
    responses((status = 204), (status = 409, description = "`address_taken`", body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn change_address(Caller(ctx): Caller, Json(input): Json<LinkSecret>) -> Result<StatusCode, Problem> {
    account::confirm_new_email(&ctx, &input.secret).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Change the password. Every other session ends.
#[utoipa::path(post, path = "/auth/password", tag = "account", request_body = NewPassword,
    responses((status = 204), (status = 401, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn change_password(Caller(ctx): Caller, Json(input): Json<NewPassword>) -> Result<StatusCode, Problem> {
    account::change_password(&ctx, &input.current, &input.password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Claim what was booked as a guest, by the link in the confirmation.
#[utoipa::path(post, path = "/auth/claim", tag = "account", request_body = SecretAndPassword,
    responses((status = 200, body = Proved), (status = 422, body = ProblemBody)))]
async fn claim(Caller(ctx): Caller, Json(input): Json<SecretAndPassword>) -> Result<Json<Proved>, Problem> {
    Ok(proved(account::claim(&ctx, &input.secret, &input.password).await?))
}

#[utoipa::path(get, path = "/me", tag = "account", responses((status = 200, body = MeView), (status = 401, body = ProblemBody)))]
async fn me(Caller(ctx): Caller) -> Result<Json<MeView>, Problem> {
    Ok(Json(account::get_me(&ctx).await?))
}

/// Absent members stay as they are.
#[utoipa::path(patch, path = "/me", tag = "account", request_body = UpdateMe,
    responses((status = 200, body = MeView), (status = 401, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn update_me(Caller(ctx): Caller, Json(input): Json<UpdateMe>) -> Result<Json<MeView>, Problem> {
    Ok(Json(account::update_me(&ctx, input).await?))
}

/// Where one is signed in; by session only.
#[utoipa::path(get, path = "/sessions", tag = "account", responses((status = 200, body = Page<SessionView>), (status = 401, body = ProblemBody)))]
async fn sessions(Caller(ctx): Caller) -> Result<Json<Page<SessionView>>, Problem> {
    Ok(Json(Page::whole(account::list_sessions(&ctx).await?)))
}

#[utoipa::path(delete, path = "/sessions/{id}", tag = "account", params(("id" = SessionId, Path)),
    responses((status = 204), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn end_session(Caller(ctx): Caller, Path(id): Path<SessionId>) -> Result<StatusCode, Problem> {
    account::revoke_session(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One's own tokens, without their secrets; by session only.
#[utoipa::path(get, path = "/tokens", tag = "account", responses((status = 200, body = Page<TokenView>), (status = 401, body = ProblemBody)))]
async fn tokens(Caller(ctx): Caller) -> Result<Json<Page<TokenView>>, Problem> {
    Ok(Json(Page::whole(account::list_tokens(&ctx).await?)))
}

/// The secret is in this answer and nowhere else: repeated with the same Idempotency-Key, it answers 409 `answer_shown_once`.
#[utoipa::path(post, path = "/tokens", tag = "account", request_body = CreateToken,
    responses((status = 201, body = TokenCreated), (status = 401, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn create_token(Caller(ctx): Caller, Json(input): Json<CreateToken>) -> Result<impl IntoResponse, Problem> {
    Ok((StatusCode::CREATED, Extension(ShownOnce), Json(account::create_token(&ctx, input).await?)))
}

#[utoipa::path(delete, path = "/tokens/{id}", tag = "account", params(("id" = TokenId, Path)),
    responses((status = 204), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn revoke_token(Caller(ctx): Caller, Path(id): Path<TokenId>) -> Result<StatusCode, Problem> {
    account::revoke_token(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(sign_in))
        .routes(routes!(sign_out))
        .routes(routes!(sign_out_everywhere))
        .routes(routes!(ask_for_reset))
        .routes(routes!(reset))
        .routes(routes!(confirm))
        .routes(routes!(ask_for_confirmation))
        .routes(routes!(ask_for_change))
        .routes(routes!(change_address))
        .routes(routes!(change_password))
        .routes(routes!(claim))
        .routes(routes!(me, update_me))
        .routes(routes!(sessions))
        .routes(routes!(end_session))
        .routes(routes!(tokens, create_token))
        .routes(routes!(revoke_token))
}
