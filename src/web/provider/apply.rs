//! Offer your services: the pitch, and the application step by step.

use super::{categories, forms, workplace, zones};
use crate::state::AppState;
use crate::web::caller::{Caller, PageError};
use crate::web::form::{Sent, refuse};
use crate::web::render::{page, redirect_with_notice};
use crate::web::scheduling::week_of;
use app::kit::Filled;
use app::provider::pages::{ApplyHours, ApplyPolicy, ApplyProfile, ApplyReview, ApplyServices, OfferPage, Step, steps};
use app::shell::Frame;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use domain::ctx::Ctx;
use domain::error::{Error, Result};
use domain::id::ProviderId;
use domain::provider;
use domain::provider::model::{ProviderStatus, ProviderView};
use domain::scheduling;
use domain::scheduling::model::WeekRange;
use leptos::prelude::*;

async fn show_offer(Caller(ctx): Caller) -> Result<Response, PageError> {
    let own = if ctx.person().is_ok() { provider::list_mine(&ctx).await? } else { Vec::new() };
    let own: Vec<ProviderView> = own.into_iter().filter(|view| view.status != ProviderStatus::Active).collect();
    let frame = Frame::new("Offer your services", "Show people nearby when you are free. They book and pay in a minute.")
        .canonical(ctx.url("/offer-your-services"));
    let commission = app::kit::format::percent(ctx.settings().await?.commission_bp);
    Ok(page(&ctx, frame, view! { <OfferPage own=own commission=commission /> }))
}

async fn show_start(Caller(ctx): Caller) -> Result<Response, PageError> {
    let person = ctx.person()?;
    let filled =
        Filled::with([("zone", "Europe/Lisbon"), ("currency", "EUR"), ("country", "PT"), ("languages", "en"), ("email", &person.email)]);
    let categories = categories(&ctx).await?;
    let view = view! { <ApplyProfile filled=filled categories=categories zones=zones() /> }.into_any();
    Ok(page(&ctx, Frame::private("Your application"), steps(None, Step::Business, view)))
}

async fn start(Caller(ctx): Caller, sent: Sent) -> Result<Response, PageError> {
    let made = match forms::profile_of(&sent) {
        Ok(input) => provider::apply(&ctx, input).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(id) => Ok(Redirect::to(&address(id, Step::Services)).into_response()),
        Err(error) => {
            let categories = categories(&ctx).await?;
            refuse(&ctx, Frame::private("Your application"), sent, error, move |filled| {
                steps(None, Step::Business, view! { <ApplyProfile filled=filled categories=categories zones=zones() /> }.into_any())
            })
        }
    }
}

async fn show_step(Caller(ctx): Caller, Path((id, step)): Path<(ProviderId, String)>) -> Result<Response, PageError> {
    let place = workplace(&ctx, id).await?;
    let step = Step::parse(&step).ok_or(Error::NotFound)?;
    let filled = match step {
        Step::Business => forms::filled_profile(&place),
        Step::Policy => forms::filled_policy(&place.policy),
        Step::Services => first_service(&ctx, &place).await?,
        Step::Hours | Step::Review => Filled::default(),
    };
    let show = step_view(&ctx, place, step).await?;
    Ok(page(&ctx, Frame::private(step.label()), show(filled)))
}

async fn save_step(Caller(ctx): Caller, Path((id, step)): Path<(ProviderId, String)>, sent: Sent) -> Result<Response, PageError> {
    let place = workplace(&ctx, id).await?;
    let step = Step::parse(&step).ok_or(Error::NotFound)?;
    match save(&ctx, &place, step, &sent).await {
        Ok(()) if step == Step::Review => Ok(redirect_with_notice(&address(id, step), "Thank you. Your application is with us.")),
        // another service may follow
        Ok(()) if step == Step::Services => Ok(redirect_with_notice(&address(id, step), "Saved. Add another, or go on to your hours.")),
        Ok(()) => Ok(Redirect::to(&address(id, step.next())).into_response()),
        Err(error) => {
            let show = step_view(&ctx, place, step).await?;
            refuse(&ctx, Frame::private(step.label()), sent, error, show)
        }
    }
}

async fn save(ctx: &Ctx, place: &ProviderView, step: Step, sent: &Sent) -> Result<()> {
    let id = place.id;
    match step {
        Step::Business => provider::update_profile(ctx, id, forms::profile_of(sent)?).await.map(drop),
        Step::Services => provider::create_service(ctx, id, forms::service_of(sent, place.currency, None)?).await.map(drop),
        Step::Hours => scheduling::set_hours(ctx, id, None, None, week_of(sent)?).await,
        Step::Policy => provider::update_policy(ctx, id, forms::policy_of(sent)?).await.map(drop),
        Step::Review => provider::submit(ctx, id).await,
    }
}

type Show = Box<dyn FnOnce(Filled) -> AnyView + Send>;

/// Reads what the step shows; the form's state comes last.
async fn step_view(ctx: &Ctx, place: ProviderView, step: Step) -> Result<Show> {
    let id = place.id;
    let show: Show = match step {
        Step::Business => {
            let categories = categories(ctx).await?;
            Box::new(move |filled| view! { <ApplyProfile filled=filled categories=categories zones=zones() /> }.into_any())
        }
        Step::Services => {
            let (services, resources) = (provider::list_services(ctx, id).await?, provider::list_resources(ctx, id).await?);
            let (categories, currency) = (categories(ctx).await?, place.currency.to_string());
            Box::new(move |filled| {
                view! { <ApplyServices id=id services=services filled=filled categories=categories resources=resources currency=currency /> }.into_any()
            })
        }
        Step::Hours => {
            let known = scheduling::list_schedules(ctx, id).await?.into_iter().find(|schedule| schedule.resource_id.is_none());
            let usual = || (1..=5).map(|weekday| WeekRange { weekday, from_min: 540, to_min: 1080 }).collect();
            let hours = known.map_or_else(usual, |schedule| schedule.hours);
            Box::new(move |filled| view! { <ApplyHours hours=hours filled=filled zone=place.zone /> }.into_any())
        }
        Step::Policy => Box::new(move |filled| view! { <ApplyPolicy filled=filled /> }.into_any()),
        Step::Review => {
            let missing = provider::list_missing(ctx, id).await?;
            Box::new(move |filled| view! { <ApplyReview provider=place missing=missing filled=filled /> }.into_any())
        }
    };
    Ok(Box::new(move |filled| steps(Some(id), step, show(filled))))
}

/// A new service begins in the business's category, done by everyone there is.
async fn first_service(ctx: &Ctx, place: &ProviderView) -> Result<Filled> {
    let category = place.category.as_ref().map(|category| category.id.to_string()).unwrap_or_default();
    let mut filled = Filled::with([("mode", "at_provider"), ("duration_min", "60"), ("category_id", &category)]);
    for person in provider::list_resources(ctx, place.id).await?.into_iter().filter(|one| one.kind == provider::model::ResourceKind::Person)
    {
        filled.values.push(("person".to_owned(), person.id.to_string()));
    }
    Ok(filled)
}

fn address(id: ProviderId, step: Step) -> String {
    format!("/offer-your-services/apply/{id}/{}", step.path())
}

pub fn router() -> axum::Router<AppState> {
    axum::Router::new()
        .route("/offer-your-services", get(show_offer))
        .route("/offer-your-services/apply", get(show_start).post(start))
        .route("/offer-your-services/apply/{provider}/{step}", get(show_step).post(save_step))
}
