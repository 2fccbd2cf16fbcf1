//! Pages in which a business runs itself: services, team, settings. The application is in `provider/apply.rs`, joining in
//! `provider/invitation.rs`.

mod apply;
pub mod forms;
mod invitation;

use super::caller::{Caller, PageError};
use super::form::{Sent, refuse};
use super::render::{page, redirect_with_notice};
use crate::state::AppState;
use app::kit::Filled;
use app::provider::pages::{ServicePage, ServicesPage, SettingsPage, TeamPage};
use app::shell::Frame;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use domain::ctx::{Ctx, StaffRole};
use domain::error::{Error, Result};
use domain::id::{ProviderId, ServiceId};
use domain::provider;
use domain::provider::model::{ProviderView, ResourceInput, ResourceKind, TeamRole};
use domain::scheduling::zone;
use leptos::prelude::*;

/// The provider, for a page of its workspace.
pub async fn workplace(ctx: &Ctx, id: ProviderId) -> Result<ProviderView> {
    ctx.require_staff(id, StaffRole::Member)?;
    provider::get(ctx, id).await
}

async fn categories(ctx: &Ctx) -> Result<Vec<(String, String)>> {
    Ok(provider::list_category_choices(ctx).await?.into_iter().map(|(id, name)| (id.to_string(), name)).collect())
}

fn zones() -> Vec<String> {
    zone::names().map(str::to_owned).collect()
}

async fn show_services(Caller(ctx): Caller, Path(id): Path<ProviderId>) -> Result<Response, PageError> {
    let place = workplace(&ctx, id).await?;
    let services = provider::list_services(&ctx, id).await?;
    let may_add = ctx.is_staff(id, StaffRole::Owner);
    Ok(page(&ctx, Frame::workspace("Services", id, place.name), view! { <ServicesPage id=id services=services may_add=may_add /> }))
}

async fn show_new_service(Caller(ctx): Caller, Path(id): Path<ProviderId>) -> Result<Response, PageError> {
    service_page(&ctx, id, None, None).await
}

async fn create_service(Caller(ctx): Caller, Path(id): Path<ProviderId>, sent: Sent) -> Result<Response, PageError> {
    let place = workplace(&ctx, id).await?;
    let made = match forms::service_of(&sent, place.currency, None) {
        Ok(input) => provider::create_service(&ctx, id, input).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(service) => Ok(redirect_with_notice(
            &format!("/desk/{id}/services"),
            &format!("{} can be booked as soon as there are hours.", service.name),
        )),
        Err(error) => service_page(&ctx, id, None, Some((sent, error))).await,
    }
}

async fn show_service(Caller(ctx): Caller, Path((id, service)): Path<(ProviderId, ServiceId)>) -> Result<Response, PageError> {
    service_page(&ctx, id, Some(service), None).await
}

async fn change_service(
    Caller(ctx): Caller,
    Path((id, service)): Path<(ProviderId, ServiceId)>,
    sent: Sent,
) -> Result<Response, PageError> {
    let place = workplace(&ctx, id).await?;
    let before = provider::get_service(&ctx, service).await?;
    // Whoever runs two businesses would read its price in the currency of the other.
    if before.provider_id != id {
        return Err(Error::NotFound.into());
    }
    let list = format!("/desk/{id}/services");
    if sent.text("act") == "archive" {
        provider::archive_service(&ctx, service).await?;
        return Ok(redirect_with_notice(&list, &format!("{} is no longer offered.", before.name)));
    }
    let saved = match forms::service_of(&sent, place.currency, Some(&before)) {
        Ok(input) => provider::update_service(&ctx, service, input).await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(service) => Ok(redirect_with_notice(&list, &format!("{} is saved.", service.name))),
        Err(error) => service_page(&ctx, id, Some(service), Some((sent, error))).await,
    }
}

/// The form of a service, new or known, as it is or as it was refused.
async fn service_page(
    ctx: &Ctx,
    id: ProviderId,
    service: Option<ServiceId>,
    refused: Option<(Sent, Error)>,
) -> Result<Response, PageError> {
    let place = workplace(ctx, id).await?;
    ctx.require_staff(id, StaffRole::Manager)?;
    let view = match service {
        Some(service) => Some(provider::get_service(ctx, service).await?).filter(|view| view.provider_id == id && !view.is_archived),
        None => None,
    };
    if service.is_some() && view.is_none() {
        return Err(Error::NotFound.into());
    }
    let resources = provider::list_resources(ctx, id).await?;
    let (categories, currency) = (categories(ctx).await?, place.currency.to_string());
    let name = view.as_ref().map(|view| view.name.clone());
    let frame = Frame::workspace(name.clone().unwrap_or_else(|| "New service".to_owned()), id, place.name);
    let extras = view.as_ref().map_or(0, |view| view.add_ons.len());
    let show = move |filled: Filled| {
        view! { <ServicePage id=id name=name filled=filled categories=categories resources=resources currency=currency extras=extras /> }
    };
    match refused {
        Some((sent, error)) => refuse(ctx, frame, sent, error, show),
        None => {
            let filled =
                view.as_ref().map_or_else(|| Filled::with([("mode", "at_provider"), ("duration_min", "60")]), forms::filled_service);
            Ok(page(ctx, frame, show(filled)))
        }
    }
}

async fn show_settings(Caller(ctx): Caller, Path(id): Path<ProviderId>) -> Result<Response, PageError> {
    let place = workplace(&ctx, id).await?;
    let (profile, policy) = (forms::filled_profile(&place), forms::filled_policy(&place.policy));
    let (categories, may_edit) = (categories(&ctx).await?, ctx.is_staff(id, StaffRole::Owner));
    let frame = Frame::workspace("Settings", id, place.name.clone());
    let view =
        view! { <SettingsPage provider=place profile=profile policy=policy categories=categories zones=zones() may_edit=may_edit /> };
    Ok(page(&ctx, frame, view))
}

async fn change_settings(Caller(ctx): Caller, Path(id): Path<ProviderId>, sent: Sent) -> Result<Response, PageError> {
    let place = workplace(&ctx, id).await?;
    let is_policy = sent.text("act") == "policy";
    let saved = if is_policy {
        match forms::policy_of(&sent) {
            Ok(input) => provider::update_policy(&ctx, id, input).await,
            Err(error) => Err(error),
        }
    } else {
        match forms::profile_of(&sent) {
            Ok(input) => provider::update_profile(&ctx, id, input).await,
            Err(error) => Err(error),
        }
    };
    let error = match saved {
        Ok(_) => {
            return Ok(redirect_with_notice(&format!("/desk/{id}/settings"), if is_policy { "Policy saved." } else { "Profile saved." }));
        }
        Err(error) => error,
    };
    let categories = categories(&ctx).await?;
    let frame = Frame::workspace("Settings", id, place.name.clone());
    refuse(&ctx, frame, sent, error, move |filled| {
        let (profile, policy) = (forms::filled_profile(&place), forms::filled_policy(&place.policy));
        let (profile, policy) = if is_policy { (profile, filled) } else { (filled, policy) };
        view! { <SettingsPage provider=place profile=profile policy=policy categories=categories zones=zones() may_edit=true /> }
    })
}

async fn show_team(Caller(ctx): Caller, Path(id): Path<ProviderId>) -> Result<Response, PageError> {
    let place = workplace(&ctx, id).await?;
    let team = provider::get_team(&ctx, id).await?;
    let (may_own, may_manage) = (ctx.is_staff(id, StaffRole::Owner), ctx.is_staff(id, StaffRole::Manager));
    let frame = Frame::workspace("Team and resources", id, place.name);
    let view = view! { <TeamPage team=team filled=Filled::default() now=ctx.now() may_own=may_own may_manage=may_manage /> };
    Ok(page(&ctx, frame, view))
}

async fn change_team(Caller(ctx): Caller, Path(id): Path<ProviderId>, sent: Sent) -> Result<Response, PageError> {
    let place = workplace(&ctx, id).await?;
    let error = match act_on_team(&ctx, id, &sent).await {
        Ok(notice) => return Ok(redirect_with_notice(&format!("/desk/{id}/team"), notice)),
        Err(error) => error,
    };
    let team = provider::get_team(&ctx, id).await?;
    let (now, may_own, may_manage) = (ctx.now(), ctx.is_staff(id, StaffRole::Owner), ctx.is_staff(id, StaffRole::Manager));
    let frame = Frame::workspace("Team and resources", id, place.name);
    refuse(&ctx, frame, sent, error, move |filled| {
        view! { <TeamPage team=team filled=filled now=now may_own=may_own may_manage=may_manage /> }
    })
}

/// One of the page's small forms; gives the sentence to show.
async fn act_on_team(ctx: &Ctx, id: ProviderId, sent: &Sent) -> Result<&'static str> {
    let role = TeamRole::parse(sent.text("role")).unwrap_or(TeamRole::Member);
    let of = sent.text("id");
    let resource = |kind: ResourceKind| ResourceInput {
        kind,
        name: sent.text("name").to_owned(),
        tone: sent.text("tone").parse().ok(),
        account_id: None,
    };
    match sent.text("act") {
        "invite" => provider::invite(ctx, id, sent.text("email"), role).await.map(|_| "The invitation is on its way."),
        "revoke" => {
            provider::revoke_invitation(ctx, id, of.parse().map_err(|_| Error::NotFound)?).await.map(|()| "The invitation is taken back.")
        }
        "role" => provider::set_role(ctx, id, of.parse().map_err(|_| Error::NotFound)?, role).await.map(|()| "The role is changed."),
        "remove" => provider::remove_member(ctx, id, of.parse().map_err(|_| Error::NotFound)?)
            .await
            .map(|()| "They no longer sign in for this business."),
        "add" => {
            let kind = ResourceKind::parse(sent.text("kind")).unwrap_or(ResourceKind::Person);
            provider::create_resource(ctx, id, resource(kind)).await.map(|_| "Added.")
        }
        "rename" => {
            let of = of.parse().map_err(|_| Error::NotFound)?;
            let known = provider::list_resources(ctx, id).await?.into_iter().find(|known| known.id == of).ok_or(Error::NotFound)?;
            let input = ResourceInput { account_id: known.account_id, ..resource(known.kind) };
            provider::update_resource(ctx, id, of, input).await.map(|_| "Saved.")
        }
        "archive" => provider::archive_resource(ctx, id, of.parse().map_err(|_| Error::NotFound)?).await.map(|()| "Taken out of use."),
        _ => Err(Error::NotFound),
    }
}

pub fn router() -> axum::Router<AppState> {
    axum::Router::new()
        .route("/desk/{provider}/services", get(show_services))
        .route("/desk/{provider}/services/new", get(show_new_service).post(create_service))
        .route("/desk/{provider}/services/{service}", get(show_service).post(change_service))
        .route("/desk/{provider}/team", get(show_team).post(change_team))
        .route("/desk/{provider}/settings", get(show_settings).post(change_settings))
        .merge(apply::router())
        .merge(invitation::router())
}
