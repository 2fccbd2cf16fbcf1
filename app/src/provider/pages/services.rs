//! What the provider sells.

use crate::kit::format;
use crate::kit::{Badge, Button, Empty, Filled, Icon, Kind, LinkButton, State, WorkHeader};
use crate::provider::parts::ServiceForm;
use domain::id::ProviderId;
use domain::provider::model::{ResourceView, ServiceView};
use leptos::prelude::*;

#[component]
pub fn ServicesPage(id: ProviderId, services: Vec<ServiceView>, may_add: bool) -> impl IntoView {
    let new = format!("/desk/{id}/services/new");
    let count = format::plural(services.len() as i64, "service", "services");
    let body = if services.is_empty() {
        let href = new.clone();
        view! {
            <Empty title="Nothing to book yet" icon_before=Icon::LIST text="A service has a price, a duration and someone who does it. Add one, and its free times appear by themselves.">
                {may_add.then(|| view! { <LinkButton href=href kind=Kind::Primary>"Add a service"</LinkButton> })}
            </Empty>
        }
        .into_any()
    } else {
        let rows = services.into_iter().map(|service| row(id, service)).collect_view();
        view! { <ul class="plain ruled services">{rows}</ul> }.into_any()
    };
    view! {
        <WorkHeader title="Services" line=count>
            {may_add.then(|| view! { <LinkButton href=new kind=Kind::Primary size="dense" icon_before=Icon::PLUS>"Add a service"</LinkButton> })}
        </WorkHeader>
        <div class="work-body">{body}</div>
    }
}

fn row(id: ProviderId, service: ServiceView) -> AnyView {
    let names: Vec<String> = service.people.iter().map(|person| person.name.clone()).collect();
    let who = if names.is_empty() { service.things.iter().map(|thing| thing.name.clone()).collect() } else { names };
    let line = [format::duration(service.duration_min), service.mode.label().to_owned(), who.join(", ")];
    let line: Vec<String> = line.into_iter().filter(|part| !part.is_empty()).collect();
    let extras = (!service.add_ons.is_empty()).then(|| format::plural(service.add_ons.len() as i64, "extra", "extras"));
    view! {
        <li class="row" data-fit="between">
            <div>
                <a class="strong" href=format!("/desk/{id}/services/{}", service.id)>{service.name}</a>
                <p class="small muted">{line.join(" · ")}</p>
            </div>
            <div class="row">
                {service.needs_approval.then(|| view! { <Badge text="By request" state=State::Note /> })}
                {extras.map(|text| view! { <Badge text=text /> })}
                <span class="num strong">{service.price.to_string()}</span>
            </div>
        </li>
    }
    .into_any()
}

/// One service to edit, or a new one. `name` None: new.
#[component]
pub fn ServicePage(
    id: ProviderId,
    name: Option<String>,
    filled: Filled,
    categories: Vec<(String, String)>,
    resources: Vec<ResourceView>,
    currency: String,
    extras: usize,
) -> impl IntoView {
    let is_new = name.is_none();
    let title = name.unwrap_or_else(|| "New service".to_owned());
    let remove = (!is_new).then(|| {
        view! {
            <form method="post" class="danger-zone">
                <input type="hidden" name="act" value="archive" />
                <p class="small muted measure">"No longer offer it: it disappears from your page at once. Bookings already made stand."</p>
                <Button kind=Kind::DangerQuiet>"Stop offering this"</Button>
            </form>
        }
    });
    view! {
        <WorkHeader title=title><LinkButton href=format!("/desk/{id}/services") size="dense">"All services"</LinkButton></WorkHeader>
        <div class="work-body">
            <ServiceForm
                filled=filled
                categories=categories
                resources=resources
                currency=currency
                extras=extras
                submit=if is_new { "Add this service" } else { "Save changes" }
            />
            {remove}
        </div>
    }
}
