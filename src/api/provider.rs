//! What a provider manages: application, settings, services, resources, team.

use super::extract::{Json, Path};
use super::problem::{Problem, ProblemBody};
use crate::state::AppState;
use crate::web::caller::Caller;
use domain::ctx::StaffRole;
use domain::id::{AccountId, InvitationId, ProviderId, ResourceId, ServiceId};
use domain::page::Page;
use domain::provider;
use domain::provider::model::{
    BookingPolicy, ProfileInput, ProviderView, ResourceInput, ResourceView, ServiceInput, ServiceView, TeamRole, TeamView,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(Serialize, ToSchema)]
struct Applied {
    provider_id: ProviderId,
}

/// What is given is replaced as a whole; what is absent stays.
#[derive(Deserialize, ToSchema)]
struct ChangeProvider {
    profile: Option<ProfileInput>,
    policy: Option<BookingPolicy>,
}

#[derive(Deserialize, ToSchema)]
struct Invitation {
    email: String,
    /// `member` or `manager`.
    role: TeamRole,
}

#[derive(Serialize, ToSchema)]
struct Invited {
    invitation_id: InvitationId,
}

#[derive(Deserialize, ToSchema)]
struct InvitationSecret {
    /// The last part of the link in the letter.
    secret: String,
}

#[derive(Serialize, ToSchema)]
struct Joined {
    provider_id: ProviderId,
}

#[derive(Deserialize, ToSchema)]
struct RoleInput {
    role: TeamRole,
}

/// Begin an application: a draft whose owner one becomes.
#[utoipa::path(post, path = "/provider-applications", tag = "provider", request_body = ProfileInput,
    responses((status = 201, body = Applied), (status = 401, body = ProblemBody), (status = 409, description = "`too_many_drafts`", body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn apply(Caller(ctx): Caller, Json(input): Json<ProfileInput>) -> Result<(StatusCode, Json<Applied>), Problem> {
    let provider_id = provider::apply(&ctx, input).await?;
    Ok((StatusCode::CREATED, Json(Applied { provider_id })))
}

/// Hand the draft to the operator. 422 names what is still missing.
#[utoipa::path(post, path = "/provider-applications/{id}/submission", tag = "provider", params(("id" = ProviderId, Path)),
    responses((status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, description = "`wrong_status`, `email_not_confirmed`", body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn submit(Caller(ctx): Caller, Path(id): Path<ProviderId>) -> Result<StatusCode, Problem> {
    provider::submit(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Profile, policy and status, for the team.
#[utoipa::path(get, path = "/providers/{id}/settings", tag = "provider", params(("id" = ProviderId, Path)),
    responses((status = 200, body = ProviderView), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn get_settings(Caller(ctx): Caller, Path(id): Path<ProviderId>) -> Result<Json<ProviderView>, Problem> {
    ctx.require_staff(id, StaffRole::Member)?;
    Ok(Json(provider::get(&ctx, id).await?))
}

/// Change profile, policy or both.
#[utoipa::path(patch, path = "/providers/{id}/settings", tag = "provider", params(("id" = ProviderId, Path)), request_body = ChangeProvider,
    responses((status = 200, body = ProviderView), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn patch_settings(
    Caller(ctx): Caller,
    Path(id): Path<ProviderId>,
    Json(input): Json<ChangeProvider>,
) -> Result<Json<ProviderView>, Problem> {
    ctx.require_staff(id, StaffRole::Member)?;
    if let Some(profile) = input.profile {
        provider::update_profile(&ctx, id, profile).await?;
    }
    if let Some(policy) = input.policy {
        provider::update_policy(&ctx, id, policy).await?;
    }
    Ok(Json(provider::get(&ctx, id).await?))
}

/// Offer a new service.
#[utoipa::path(post, path = "/providers/{id}/services", tag = "provider", params(("id" = ProviderId, Path)), request_body = ServiceInput,
    responses((status = 201, body = ServiceView), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn create_service(
    Caller(ctx): Caller,
    Path(id): Path<ProviderId>,
    Json(input): Json<ServiceInput>,
) -> Result<(StatusCode, Json<ServiceView>), Problem> {
    Ok((StatusCode::CREATED, Json(provider::create_service(&ctx, id, input).await?)))
}

/// Replace a service; add-ons without id are new, those left out are no longer sold.
#[utoipa::path(put, path = "/services/{id}", tag = "provider", params(("id" = ServiceId, Path)), request_body = ServiceInput,
    responses((status = 200, body = ServiceView), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn put_service(
    Caller(ctx): Caller,
    Path(id): Path<ServiceId>,
    Json(input): Json<ServiceInput>,
) -> Result<Json<ServiceView>, Problem> {
    Ok(Json(provider::update_service(&ctx, id, input).await?))
}

/// Stop selling a service; its bookings stand.
#[utoipa::path(delete, path = "/services/{id}", tag = "provider", params(("id" = ServiceId, Path)),
    responses((status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn delete_service(Caller(ctx): Caller, Path(id): Path<ServiceId>) -> Result<StatusCode, Problem> {
    provider::archive_service(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// People, rooms, vehicles and equipment.
#[utoipa::path(get, path = "/providers/{id}/resources", tag = "provider", params(("id" = ProviderId, Path)),
    responses((status = 200, body = Page<ResourceView>), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn list_resources(Caller(ctx): Caller, Path(id): Path<ProviderId>) -> Result<Json<Page<ResourceView>>, Problem> {
    provider::get(&ctx, id).await?;
    Ok(Json(Page::whole(provider::list_resources(&ctx, id).await?)))
}

/// Add a person, room, vehicle or piece of equipment.
#[utoipa::path(post, path = "/providers/{id}/resources", tag = "provider", params(("id" = ProviderId, Path)), request_body = ResourceInput,
    responses((status = 201, body = ResourceView), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn create_resource(
    Caller(ctx): Caller,
    Path(id): Path<ProviderId>,
    Json(input): Json<ResourceInput>,
) -> Result<(StatusCode, Json<ResourceView>), Problem> {
    Ok((StatusCode::CREATED, Json(provider::create_resource(&ctx, id, input).await?)))
}

/// Rename it, or change its colour or account.
#[utoipa::path(put, path = "/providers/{id}/resources/{resource_id}", tag = "provider",
    params(("id" = ProviderId, Path), ("resource_id" = ResourceId, Path)), request_body = ResourceInput,
    responses((status = 200, body = ResourceView), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn put_resource(
    Caller(ctx): Caller,
    Path((provider, id)): Path<(ProviderId, ResourceId)>,
    Json(input): Json<ResourceInput>,
) -> Result<Json<ResourceView>, Problem> {
    Ok(Json(provider::update_resource(&ctx, provider, id, input).await?))
}

/// Take it out of use.
#[utoipa::path(delete, path = "/providers/{id}/resources/{resource_id}", tag = "provider",
    params(("id" = ProviderId, Path), ("resource_id" = ResourceId, Path)),
    responses((status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, description = "`in_use`", body = ProblemBody)))]
async fn delete_resource(Caller(ctx): Caller, Path((provider, id)): Path<(ProviderId, ResourceId)>) -> Result<StatusCode, Problem> {
    provider::archive_resource(&ctx, provider, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Members, open invitations, people and things.
#[utoipa::path(get, path = "/providers/{id}/team", tag = "provider", params(("id" = ProviderId, Path)),
    responses((status = 200, body = TeamView), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn get_team(Caller(ctx): Caller, Path(id): Path<ProviderId>) -> Result<Json<TeamView>, Problem> {
    provider::get(&ctx, id).await?;
    Ok(Json(provider::get_team(&ctx, id).await?))
}

/// Invite someone by e-mail.
#[utoipa::path(post, path = "/providers/{id}/team/invitations", tag = "provider", params(("id" = ProviderId, Path)), request_body = Invitation,
    responses((status = 201, body = Invited), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, description = "`already_member`, `email_not_confirmed`, `too_many_invitations`", body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn invite(
    Caller(ctx): Caller,
    Path(id): Path<ProviderId>,
    Json(input): Json<Invitation>,
) -> Result<(StatusCode, Json<Invited>), Problem> {
    let invitation_id = provider::invite(&ctx, id, &input.email, input.role).await?;
    Ok((StatusCode::CREATED, Json(Invited { invitation_id })))
}

/// Join the team that a letter invites to, once. Whoever has the secret may: it proves that the letter reached them.
#[utoipa::path(post, path = "/invitations/acceptance", tag = "provider", request_body = InvitationSecret,
    responses((status = 200, body = Joined), (status = 401, body = ProblemBody), (status = 409, description = "`already_member`, `invitation_over`", body = ProblemBody), (status = 422, description = "`link_expired`", body = ProblemBody)))]
async fn accept_invitation(Caller(ctx): Caller, Json(input): Json<InvitationSecret>) -> Result<Json<Joined>, Problem> {
    let provider_id = provider::accept_invitation(&ctx, &input.secret).await?;
    Ok(Json(Joined { provider_id }))
}

/// Take an invitation back.
#[utoipa::path(delete, path = "/providers/{id}/team/invitations/{invitation_id}", tag = "provider",
    params(("id" = ProviderId, Path), ("invitation_id" = InvitationId, Path)),
    responses((status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn revoke_invitation(Caller(ctx): Caller, Path((provider, id)): Path<(ProviderId, InvitationId)>) -> Result<StatusCode, Problem> {
    provider::revoke_invitation(&ctx, provider, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Change a member's role.
#[utoipa::path(put, path = "/providers/{id}/team/members/{account_id}", tag = "provider",
    params(("id" = ProviderId, Path), ("account_id" = AccountId, Path)), request_body = RoleInput,
    responses((status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, description = "`last_owner`", body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn put_member(
    Caller(ctx): Caller,
    Path((provider, account)): Path<(ProviderId, AccountId)>,
    Json(input): Json<RoleInput>,
) -> Result<StatusCode, Problem> {
    provider::set_role(&ctx, provider, account, input.role).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove a member, or leave.
#[utoipa::path(delete, path = "/providers/{id}/team/members/{account_id}", tag = "provider",
    params(("id" = ProviderId, Path), ("account_id" = AccountId, Path)),
    responses((status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, description = "`last_owner`", body = ProblemBody)))]
async fn delete_member(Caller(ctx): Caller, Path((provider, account)): Path<(ProviderId, AccountId)>) -> Result<StatusCode, Problem> {
    provider::remove_member(&ctx, provider, account).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(apply))
        .routes(routes!(submit))
        .routes(routes!(get_settings, patch_settings))
        .routes(routes!(create_service))
        .routes(routes!(put_service, delete_service))
        .routes(routes!(list_resources, create_resource))
        .routes(routes!(put_resource, delete_resource))
        .routes(routes!(get_team))
        .routes(routes!(invite))
        .routes(routes!(accept_invitation))
        .routes(routes!(revoke_invitation))
        .routes(routes!(put_member, delete_member))
}
