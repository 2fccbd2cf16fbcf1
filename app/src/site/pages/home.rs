//! Home: the question is the heading, the bar is the answer.

use crate::kit::cover::Patch;
use crate::kit::money::TierState;
use crate::kit::slot::{ShownSlot, SlotButton};
use crate::kit::{Avatar, Icon, LinkButton, ProviderMark, Rating, RefundScale, Tier, format, icon};
use crate::search::parts::{Asked, SearchBar};
use domain::id::Id;
use domain::money::{Currency, Halves, Money, WHOLE_BP, share};
use domain::provider::model::CancelTiers;
use domain::search::model::{FreeTime, ResultView, SearchQuery};
use domain::search::pages::{HomeView, VoiceView};
use domain::time::Instant;
use leptos::prelude::*;

/// `month_year` writes the month of a review in the town's zone: `May 2026`.
#[component]
pub fn HomePage(view: HomeView, month_year: fn(Instant, &str) -> String) -> impl IntoView {
    let today = view.today;
    let voices: Vec<(VoiceView, String)> =
        view.voices.iter().map(|voice| (voice.clone(), month_year(voice.published_at, &view.zone))).collect();
    view! {
        <section class="opening column">
            <div class="lead">
                <h1>"What needs doing?"</h1>
                <p>"Find someone good nearby, see the times that are really free, and book one in under a minute."</p>
            </div>
            {pulse(&view)}
            <SearchBar asked=Asked::default() today=today />
            {quilt(&view)}
        </section>
        {ruler(&view)}
        {how()}
        {trust(&view, voices)}
        <section class="column">
            <div class="offer">
                <div>
                    <h2>"Do you do this kind of work?"</h2>
                    <p class="muted">"Your calendar, your team, your customers and your money in one place. You keep 90 % of every job, and all of the tip."</p>
                </div>
                <LinkButton href="/offer-your-services">"List your services"</LinkButton>
            </div>
        </section>
    }
}

/// How many are free today, with the hours of the times below as a small drawing.
fn pulse(view: &HomeView) -> Option<AnyView> {
    if view.free_today == 0 {
        return None;
    }
    let mut hours = [0_u32; 10];
    for time in view.soonest.iter().flat_map(|result| &result.next_free).filter(|time| time.date == view.today) {
        hours[((time.minute / 60 - 9).clamp(0, 9)) as usize] += 1;
    }
    let most = hours.iter().copied().max().unwrap_or(1).max(1);
    let mut bars = String::new();
    for (at, count) in hours.iter().enumerate() {
        let height = 3.0 + 34.0 * f64::from(*count) / f64::from(most);
        let class = if *count == most { "most" } else { "" };
        bars.push_str(&format!(
            r#"<rect class="{class}" x="{}" y="{:.1}" width="16" height="{height:.1}" rx="2"/>"#,
            at * 22,
            40.0 - height
        ));
    }
    bars.push_str(r#"<path d="M0 42.5h220"/>"#);
    let to = SearchQuery { free_on: Some(view.today), ..SearchQuery::default() }.link();
    let words = if view.free_today == 1 {
        "1 provider free today".to_owned()
    } else {
        format!("{} providers free today", format::count(view.free_today))
    };
    Some(
        view! {
            <a class="pulse" href=to>
                <svg viewBox="0 0 220 44" aria-hidden="true" inner_html=bars></svg>
                <span><b>{words}</b><span class="tiny muted">{format!("in {}, of {}", view.town, format::count(view.provider_count))}</span></span>
            </a>
        }
        .into_any(),
    )
}

fn quilt(view: &HomeView) -> impl IntoView + use<> {
    let items = view
        .categories
        .iter()
        .map(|entry| {
            let category = &entry.category;
            let line = if entry.free_today > 0 {
                format!("{} free today", format::count(entry.free_today))
            } else {
                format::plural(category.provider_count, "provider", "providers")
            };
            view! {
                <li>
                    <a href=format!("/search?category={}", category.slug)>
                        <Patch icon_name=category.icon.clone() tone=category.tone.clamp(1, 8) as u8 id=category.id.as_u128() />
                        <b>{category.name.clone()}</b>
                        <span class="tiny muted">{line}</span>
                    </a>
                </li>
            }
        })
        .collect_view();
    view! { <nav class="quilt" aria-label="Categories"><ul class="plain">{items}</ul></nav> }
}

/// Times closer than this are left out of the ruler: they would lie on each other, and a few spread ones say more of the day.
const APART_MIN: i32 = 90;

/// The day as a ruler: a time stands where it is. Folds to rows of times on a phone.
fn ruler(view: &HomeView) -> Option<AnyView> {
    let date = view.soonest.iter().flat_map(|result| &result.next_free).map(|time| time.date).min()?;
    let rows: Vec<(&ResultView, Vec<FreeTime>)> = view
        .soonest
        .iter()
        .map(|result| (result, apart(result.next_free.iter().filter(|time| time.date == date).cloned().collect())))
        .filter(|(_, times)| !times.is_empty())
        .take(6)
        .collect();
    let minutes = || rows.iter().flat_map(|(_, times)| times).map(|time| time.minute);
    let (first, last) = (minutes().min()? / 60, minutes().max()? / 60 + 1);
    let last = last.max(first + 6);
    let soonest = rows.iter().flat_map(|(_, times)| times).map(|time| time.starts_at).min();
    let step = if last - first > 12 { 2 } else { 1 };
    let hours = (first..=last)
        .step_by(step)
        .map(|hour| view! { <span style=format!("--t: {hour}")>{format::clock(i64::from(hour) * 60)}</span> })
        .collect_view();
    let count = rows.len();
    let items = rows.into_iter().map(|(result, times)| row(result, times, soonest)).collect_view();
    let place = view.town.clone();
    let title = match date.days() - view.today.days() {
        0 => format!("Free today in {place}"),
        1 => format!("Free tomorrow in {place}"),
        _ => format!("Free {} in {place}", format::day(date)),
    };
    let all = SearchQuery { free_on: Some(date), ..SearchQuery::default() }.link();
    let style = format!("--from: {:.1}; --span: {:.1}; --rows: {count}", f64::from(first) - 0.5, f64::from(last - first) + 1.0);
    Some(
        view! {
            <section class="column soon" aria-labelledby="soon">
                <div class="row" data-fit="between">
                    <h2 id="soon">{title}</h2>
                    <p class="row small"><span class="soonest muted">"Soonest"</span><a class="link" href=all>"See everyone who is free"</a></p>
                </div>
                <div class="ruler" style=style><div class="hours" aria-hidden="true">{hours}</div><ul class="plain">{items}</ul></div>
            </section>
        }
        .into_any(),
    )
}

/// Without those that would lie on one before.
fn apart(times: Vec<FreeTime>) -> Vec<FreeTime> {
    let mut kept: Vec<FreeTime> = Vec::new();
    for time in times {
        if kept.last().is_none_or(|before| time.minute - before.minute >= APART_MIN) {
            kept.push(time);
        }
    }
    kept.truncate(6);
    kept
}

fn row(result: &ResultView, times: Vec<FreeTime>, soonest: Option<Instant>) -> impl IntoView + use<> {
    let provider = &result.provider;
    let service = &result.service;
    let where_it_is = result.distance_m.map_or_else(|| provider.district.clone(), |m| format::distance(m as f64 / 1000.0));
    let slots = times
        .into_iter()
        .map(|time| {
            let shown = ShownSlot {
                starts_at: time.starts_at,
                day: String::new(),
                time: format::clock(time.minute.into()),
                is_soonest: soonest == Some(time.starts_at),
            };
            let label = format!("{}, {}", provider.name, shown.time);
            let style = format!("--t: {:.2}", f64::from(time.minute) / 60.0);
            view! { <SlotButton of=shown label=label style=style /> }
        })
        .collect_view();
    view! {
        <li>
            <div class="who">
                <ProviderMark id=provider.id.as_u128() icon_name=provider.icon.clone() tone=provider.tone size="l" />
                <div>
                    <a class="name" href=format!("/p/{}?service={}", provider.slug, service.id)>{provider.name.clone()}</a>
                    <p class="tiny muted">{service.name.clone()}</p>
                    <p class="tiny">
                        <Rating hundredths=provider.rating.unwrap_or(0) count=provider.rating_count />
                        {(!where_it_is.is_empty()).then(|| view! { <span class="dot"></span>{where_it_is} })}
                        <span class="dot"></span>
                        {format!("from {}", service.price.short())}
                    </p>
                </div>
            </div>
            <form class="times" method="post" action="/book">
                <input type="hidden" name="service_id" value=service.id.to_string() />
                {slots}
            </form>
        </li>
    }
}

fn how() -> impl IntoView {
    view! {
        <section class="column how" aria-labelledby="how">
            <h2 id="how">"How it works"</h2>
            <ol class="plain">
                <li>"Say what needs doing, where and when."</li>
                <li>"Pick a time that is really free. It is held for you for 15 minutes."</li>
                <li>"Pay once. Any refund is shown, to the cent, before you ask."</li>
            </ol>
        </section>
    }
}

/// The default tiers applied to a round price, so that the promise is read in money.
fn promise() -> Vec<Tier> {
    let price = Money::new(10_000, Currency::USD);
    let back = |bp| Money::new(share(price.minor, bp, WHOLE_BP, Halves::Up), price.currency).to_string();
    let names = [("Until Thu 14:00", "24 hours before"), ("Until Fri 12:00", "2 hours before"), ("Until Fri 14:00", "the start")];
    CancelTiers::default()
        .0
        .iter()
        .zip(names)
        .map(|(tier, (when, why))| Tier::new(when, why, back(tier.refund_bp)))
        .chain([Tier::new("After that", "or not at home", back(0)).state(TierState::None)])
        .collect()
}

fn trust(view: &HomeView, voices: Vec<(VoiceView, String)>) -> impl IntoView + use<> {
    let has_voices = !voices.is_empty();
    let quotes = voices
        .into_iter()
        .enumerate()
        .take(3)
        .map(|(at, (voice, month))| {
            view! {
                <figure class="voice" data-size=(at == 0).then_some("large")>
                    <blockquote>{format!("“{}”", voice.body.trim())}</blockquote>
                    <figcaption>
                        <Avatar name=voice.author_name.clone() size="s" />
                        <span>
                            <b>{voice.author_name}</b> " "
                            <span class="muted">"about "<a class="link" href=format!("/p/{}", voice.provider_slug)>{voice.provider_name}</a>{format!(", {month}")}</span>
                        </span>
                    </figcaption>
                </figure>
            }
        })
        .collect_view();
    let total = view.rating.map(|rating| {
        view! {
            <p class="tiny muted">
                <Rating hundredths=rating count=view.review_count in_words=true />
                <br />
                "Only people whose booking was completed can write one."
            </p>
        }
    });
    view! {
        <section class="column trust" aria-labelledby="trust">
            <div class="promise">
                <h2 id="trust">"Plans change. The refund is known before they do."</h2>
                <p class="muted measure">
                    "This is what comes back on a $100.00 visit on Friday at 14:00, to the hour. If the provider cancels, all of it does, always."
                </p>
                <RefundScale tiers=promise() />
                <p><a class="link" href="/help/cancelling">{icon(Icon::SHIELD_CHECK)} "The refund promise in full"</a></p>
            </div>
            {has_voices.then(|| view! { <div class="voices">{quotes} {total}</div> })}
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_on_the_ruler_do_not_lie_on_each_other() {
        let date: domain::time::Date = "2026-06-09".parse().expect("a date");
        let at =
            |minute| FreeTime { starts_at: Instant::from_millis(0), ends_at: Instant::from_millis(0), date, minute, resource_ids: vec![] };
        let kept = apart(vec![at(600), at(615), at(630), at(660), at(720)]);
        assert_eq!(kept.iter().map(|time| time.minute).collect::<Vec<_>>(), [600, 720]);
    }

    #[test]
    fn the_promise_is_the_default_policy() {
        let parts: Vec<String> = promise().into_iter().map(|tier| tier.part).collect();
        assert_eq!(parts, ["$100.00", "$75.00", "$50.00", "$0.00"]);
    }
}
