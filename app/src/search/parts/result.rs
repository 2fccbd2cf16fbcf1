//! A result: one line of facts and three times. The whole row opens the provider, the times go to checkout.

use crate::kit::slot::ShownSlot;
use crate::kit::{Cover, Icon, Rating, SlotRow, format, icon};
use domain::id::Id;
use domain::provider::model::Mode;
use domain::search::model::{FreeTime, ResultView};
use domain::time::{Date, Instant};
use leptos::prelude::*;

/// A result's free times as buttons; `soonest` is the earliest of the whole list.
pub fn card_slots(times: &[FreeTime], today: Date, soonest: Option<Instant>) -> Vec<ShownSlot> {
    times
        .iter()
        .map(|time| ShownSlot {
            starts_at: time.starts_at,
            day: format::day_tight(time.date, today),
            time: format::clock(time.minute.into()),
            is_soonest: soonest == Some(time.starts_at),
        })
        .collect()
}

/// `n` counts from one over all pages.
#[component]
pub fn ResultItem(result: ResultView, n: usize, today: Date, soonest: Option<Instant>) -> impl IntoView {
    let provider = result.provider;
    let service = result.service;
    let href = format!("/p/{}?service={}", provider.slug, service.id);
    let slots = card_slots(&result.next_free, today, soonest);
    let has_slots = !slots.is_empty();
    let mut facts = vec![view! { <Rating hundredths=provider.rating.unwrap_or(0) count=provider.rating_count /> }.into_any()];
    let mut fact = |text: String| facts.push(view! { <span class="dot"></span><span class="nowrap">{text}</span> }.into_any());
    match result.distance_m {
        Some(metres) => fact(format::distance(metres as f64 / 1000.0)),
        None if !provider.district.is_empty() => fact(provider.district.clone()),
        None => {}
    }
    if service.mode != Mode::AtCustomer {
        fact(service.mode.label().to_owned());
    }
    if service.is_instant {
        fact("Instant".into());
    }
    let more = if result.other_services > 0 { Some(format::plural(result.other_services, "more service", "more services")) } else { None };
    let name = provider.name.clone();
    let saved = result.is_favourite;
    view! {
        <li class="result" id=format!("r{n}") data-n=n data-provider=provider.id.to_string()>
            <Cover id=provider.id.as_u128() icon_name=provider.icon.clone() tone=provider.tone />
            <div class="about">
                <h2>
                    <span class="rank">{n}</span>
                    <a href=href.clone()>{name.clone()}</a>
                    {provider.is_verified.then(verified)}
                </h2>
                <p class="small muted">
                    {service.name} <span class="dot"></span> {format::duration(service.duration_min)}
                    {more.map(|text| view! { <span class="wide-only"><span class="dot"></span><span class="nowrap">{text}</span></span> })}
                </p>
                <p class="small">{facts}</p>
            </div>
            <p class="price"><b>{service.price.short()}</b><span class="tiny muted">"from"</span></p>
            <SaveButton provider=provider.id.to_string() name=name.clone() is_saved=saved />
            {if has_slots {
                view! { <SlotRow service=service.id with=name slots=slots more=format!("{href}#times") class="next" /> }.into_any()
            } else {
                view! { <p class="next small muted">"Nothing free soon. "<a class="link" href=format!("{href}#times")>"See later days"</a></p> }.into_any()
            }}
        </li>
    }
}

fn verified() -> impl IntoView {
    view! { <span class="verified" title="Identity checked by Fettle">{icon(Icon::BADGE_CHECK)}<span class="hidden-visually">"Verified"</span></span> }
}

/// Saves or forgets a provider: a form, so that it works without scripting.
#[component]
pub fn SaveButton(provider: String, name: String, is_saved: bool) -> impl IntoView {
    let label = if is_saved { format!("Take {name} off your list") } else { format!("Save {name}") };
    view! {
        <form class="save" method="post" action="/favourites">
            <input type="hidden" name="provider_id" value=provider />
            <button
                class="icon-button"
                name="saved"
                value=if is_saved { "0" } else { "1" }
                aria-pressed=if is_saved { "true" } else { "false" }
                aria-label=label.clone()
                title=label
            >
                {icon(Icon::HEART)}
            </button>
        </form>
    }
}
