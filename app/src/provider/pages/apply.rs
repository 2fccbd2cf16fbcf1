//! The application, step by step; each step is saved when it is sent.

use super::offer::address;
use crate::kit::{Button, ErrorSummary, Filled, Icon, Kind, LinkButton, Notice, State, icon_s};
use crate::provider::parts::{PolicyFields, ProfileFields, ServiceForm};
use crate::scheduling::parts::WeekFields;
use domain::error::Fields;
use domain::id::ProviderId;
use domain::provider::model::{ProviderStatus, ProviderView, ResourceView, ServiceView};
use domain::scheduling::model::WeekRange;
use leptos::prelude::*;

/// In their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Business,
    Services,
    Hours,
    Policy,
    Review,
}

impl Step {
    pub const ALL: [Self; 5] = [Self::Business, Self::Services, Self::Hours, Self::Policy, Self::Review];
    pub const fn path(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::Services => "services",
            Self::Hours => "hours",
            Self::Policy => "policy",
            Self::Review => "review",
        }
    }
    pub const fn label(self) -> &'static str {
        match self {
            Self::Business => "The business",
            Self::Services => "Services",
            Self::Hours => "Hours",
            Self::Policy => "Policy",
            Self::Review => "Send it in",
        }
    }
    pub fn parse(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.path() == path)
    }
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|step| *step == self).unwrap_or(0);
        Self::ALL[(at + 1).min(4)]
    }
}

/// Title, the way through, and the step itself.
pub fn steps(id: Option<ProviderId>, here: Step, view: AnyView) -> AnyView {
    let links = Step::ALL
        .into_iter()
        .map(|step| match id {
            Some(id) => {
                view! { <li><a href=address(id, step.path()) aria-current=(step == here).then_some("step")>{step.label()}</a></li> }
                    .into_any()
            }
            None => view! { <li aria-current=(step == here).then_some("step")>{step.label()}</li> }.into_any(),
        })
        .collect_view();
    view! {
        <div class="column apply">
            <h1>"Offer your services"</h1>
            <nav aria-label="Steps of the application"><ol class="apply-steps plain">{links}</ol></nav>
            {view}
        </div>
    }
    .into_any()
}

#[component]
pub fn ApplyProfile(filled: Filled, categories: Vec<(String, String)>, zones: Vec<String>) -> impl IntoView {
    view! {
        <form method="post" class="form desk-form">
            <ErrorSummary filled=filled.clone() />
            <ProfileFields filled=filled categories=categories zones=zones />
            <div class="row"><Button kind=Kind::Primary>"Save and go on"</Button></div>
        </form>
    }
}

/// Those there are, and the form for another.
#[component]
pub fn ApplyServices(
    id: ProviderId,
    services: Vec<ServiceView>,
    filled: Filled,
    categories: Vec<(String, String)>,
    resources: Vec<ResourceView>,
    currency: String,
) -> impl IntoView {
    let has_some = !services.is_empty();
    let rows = services
        .into_iter()
        .map(|service| {
            let line = format!("{} · {}", crate::kit::format::duration(service.duration_min), service.price);
            view! { <li class="row" data-fit="between"><strong>{service.name}</strong><span class="muted num">{line}</span></li> }
        })
        .collect_view();
    let onward = has_some.then(|| view! { <LinkButton href=address(id, "hours") kind=Kind::Primary>"Go on to hours"</LinkButton> });
    let title = if has_some { "Add another service" } else { "Your first service" };
    view! {
        {has_some.then(|| view! { <ul class="plain ruled">{rows}</ul> })}
        {onward}
        <h2>{title}</h2>
        <ServiceForm filled=filled categories=categories resources=resources currency=currency extras=0 submit="Save this service" />
    }
}

#[component]
pub fn ApplyHours(hours: Vec<WeekRange>, filled: Filled, zone: String) -> impl IntoView {
    view! {
        <form method="post" class="form desk-form">
            <ErrorSummary filled=filled.clone() />
            <p class="muted measure">{format!("When can customers book you in an ordinary week? Times are meant in {zone}. Holidays and exceptions come later.")}</p>
            <WeekFields hours=hours filled=filled />
            <div class="row"><Button kind=Kind::Primary>"Save and go on"</Button></div>
        </form>
    }
}

#[component]
pub fn ApplyPolicy(filled: Filled) -> impl IntoView {
    view! {
        <form method="post" class="form desk-form">
            <ErrorSummary filled=filled.clone() />
            <PolicyFields filled=filled />
            <div class="row"><Button kind=Kind::Primary>"Save and go on"</Button></div>
        </form>
    }
}

/// What is still missing, or the button that sends it.
#[component]
pub fn ApplyReview(provider: ProviderView, missing: Fields, filled: Filled) -> impl IntoView {
    if provider.status == ProviderStatus::Submitted {
        return view! {
            <Notice state=State::Good>"Your application is with us. Someone reads every one, usually within two working days; we write to you either way. You can go on editing meanwhile."</Notice>
        }
        .into_any();
    }
    if matches!(provider.status, ProviderStatus::Active | ProviderStatus::Suspended) {
        return view! { <LinkButton href=format!("/desk/{}", provider.id) kind=Kind::Primary>"Open your workspace"</LinkButton> }
            .into_any();
    }
    let reason = provider.status_reason.filter(|_| provider.status == ProviderStatus::Rejected);
    let reason = reason.map(|reason| view! { <Notice state=State::Bad>{format!("We could not admit it yet: {reason}")}</Notice> });
    let id = provider.id;
    if !missing.is_empty() {
        let step = |name: &str| match name {
            "services" => Step::Services,
            "hours" => Step::Hours,
            _ => Step::Business,
        };
        let items = missing
            .0
            .into_iter()
            .map(|field| view! { <li>{icon_s(Icon::CIRCLE_ALERT)} <a href=address(id, step(&field.name).path())>{field.problem}</a></li> })
            .collect_view();
        return view! { {reason} <h2>"Almost there"</h2> <p class="muted">"Still missing:"</p> <ul class="plain ruled missing">{items}</ul> }.into_any();
    }
    view! {
        {reason}
        <form method="post" class="form">
            <ErrorSummary filled=filled />
            <h2>{format!("{} is ready", provider.name)}</h2>
            <p class="muted measure">"We read it, and write to you. Until then nobody else sees it."</p>
            <div class="row"><Button kind=Kind::Primary size="large">"Send it in"</Button></div>
        </form>
    }
    .into_any()
}
