//! A provider's public page: cover and facts, services, who comes, reviews, what happens if plans change; the booker stays in view.

use crate::kit::islands::LiveRegion;
use crate::kit::layout::Facts;
use crate::kit::{
    Avatar, Badge, Cover, CoverShape, Crumbs, Empty, Icon, LinkButton, Notice, ProviderMark, Rating, RefundScale, State, Tier, format,
    icon, icon_s,
};
use crate::provider::parts::{ActionBar, Booker, BookerView, Reviews};
use domain::id::Id;
use domain::provider::model::{Mode, ResourceKind, ServiceView};
use domain::review::model::ReviewView;
use domain::search::pages::ProfileView;
use leptos::prelude::*;

/// `next_free` leads to the soonest time of all: words (`Free today 14:00`) and address. `tiers` are those of the chosen service and time.
#[component]
pub fn ProfilePage(
    view: ProfileView,
    booker: Option<BookerView>,
    next_free: Option<(String, String)>,
    tiers: Vec<Tier>,
    reviews: Vec<(ReviewView, String)>,
    more_reviews: Option<String>,
) -> impl IntoView {
    let provider = view.provider.clone();
    let name = provider.name.clone();
    let icon_name = provider.category.as_ref().map_or_else(|| "store".to_owned(), |category| category.icon.clone());
    let id = provider.id.as_u128();
    let tone = tone(&view);
    let mut crumbs = vec![("Find".to_owned(), "/search".to_owned())];
    if let Some(category) = &provider.category {
        crumbs.push((category.name.clone(), format!("/search?category={}", category.slug)));
    }
    crumbs.push((name.clone(), String::new()));
    let chosen = booker.as_ref().map(|booker| booker.chosen.id);
    let bar = booker.clone().map(|booker| view! { <ActionBar view=booker /> });
    let has_tiers = !tiers.is_empty();
    let topics = vec![format!("availability:{}", provider.id)];
    view! {
        <div id="profile">
            <div class="column">
                <Crumbs items=crumbs />
                <Cover id=id icon_name=icon_name.clone() tone=tone shape=CoverShape::Banner bare=true class="banner-cover" />
                <div class="about-page">
                    {title(&view, id, icon_name, next_free)}
                    {story(&view)}
                    <aside class="booker-place" id="times" aria-labelledby="book">
                        {match booker {
                            Some(booker) => view! { <Booker view=booker /> }.into_any(),
                            None => view! { <div class="card"><Empty title="No bookings here at the moment" text="Nothing can be booked right now. Save them, and look again soon." /></div> }.into_any(),
                        }}
                    </aside>
                    <section aria-labelledby="services"><h2 id="services">"Services"</h2>{services(&view, chosen)}</section>
                    {team(&view)}
                    <section aria-labelledby="reviews">
                        <h2 id="reviews">"Reviews"</h2>
                        <Reviews provider=name.clone() counts=view.distribution.clone() reviews=reviews more=more_reviews />
                    </section>
                    {has_tiers.then(|| policy(&name, tiers))}
                </div>
            </div>
            {bar}
        </div>
        <LiveRegion region="profile".into() topics=topics />
    }
}

/// The provider's own, else its category's: the same as on a result.
fn tone(view: &ProfileView) -> i32 {
    view.provider.cover_tone.or(view.provider.category.as_ref().map(|category| category.tone)).unwrap_or(1)
}

fn title(view: &ProfileView, id: u128, icon_name: String, next_free: Option<(String, String)>) -> impl IntoView + use<> {
    let provider = &view.provider;
    let rating = provider.rating_hundredths().unwrap_or(0);
    let place = if provider.district.is_empty() { provider.town.clone() } else { provider.district.clone() };
    let saved = view.is_favourite;
    let verified =
        provider.is_verified.then(|| view! { <span class="verified">{icon(Icon::BADGE_CHECK)} "Verified"</span><span class="dot"></span> });
    view! {
        <header class="title">
            <ProviderMark id=id icon_name=icon_name tone=tone(view) size="xl" />
            <div>
                <h1>{provider.name.clone()}</h1>
                <p class="muted">
                    {verified}
                    <a class="link" href="#reviews"><Rating hundredths=rating count=provider.rating_count in_words=true /></a>
                    {(!place.is_empty()).then(|| view! { <span class="dot"></span><span class="nowrap">{place}</span> })}
                </p>
                {next_free.map(|(words, href)| view! { <p><a class="badge next-free" data-state="soon" href=href data-nav="">{icon(Icon::CLOCK)} {words}</a></p> })}
            </div>
            <div class="row tools">
                <details class="opens" name="menu">
                    <summary class="button" data-kind="plain" data-size="dense">{icon_s(Icon::LINK)} "Share"</summary>
                    <div class="menu share">
                        <img src=format!("/p/{}/qr.svg", provider.slug) width="160" height="160" alt="QR code of this page" loading="lazy" />
                        <p class="tiny muted">{view.url.clone()}</p>
                    </div>
                </details>
                <form method="post" action="/favourites">
                    <input type="hidden" name="provider_id" value=provider.id.to_string() />
                    <button class="button" data-kind="plain" data-size="dense" name="saved" value=if saved { "0" } else { "1" } aria-pressed=if saved { "true" } else { "false" }>
                        <svg class="icon" data-size="s" viewBox="0 0 24 24" aria-hidden="true" data-fill=saved.then_some("") inner_html=Icon::HEART.body()></svg>
                        {if saved { "Saved" } else { "Save" }}
                    </button>
                </form>
            </div>
        </header>
    }
}

fn story(view: &ProfileView) -> impl IntoView + use<> {
    let provider = &view.provider;
    let mut facts = Vec::new();
    let modes: Vec<Mode> = view.services.iter().map(|service| service.mode).collect();
    if modes.contains(&Mode::AtCustomer) {
        let radius = view.services.iter().filter_map(|service| service.radius_km).fold(0.0, f64::max);
        let around =
            if radius > 0.0 { format!("Up to {radius:.0} km around {}", place(view)) } else { format!("In and around {}", place(view)) };
        facts.push((Icon::HOUSE, "Comes to you".to_owned(), around));
    }
    if modes.contains(&Mode::AtProvider) {
        let address =
            [provider.street.clone(), provider.district.clone()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
        facts.push((Icon::MAP_PIN, "You come to them".to_owned(), address));
    }
    if modes.contains(&Mode::Online) {
        facts.push((Icon::VIDEO, "Online".to_owned(), "Times are shown in your zone".to_owned()));
    }
    let waits = view.services.iter().filter(|service| service.needs_approval).count();
    if waits == 0 {
        facts.push((Icon::ZAP, "Instant booking".to_owned(), "No waiting for an answer".to_owned()));
    } else if waits == view.services.len() {
        facts.push((Icon::HOURGLASS, "By request".to_owned(), "They answer within 24 hours; charged only if accepted".to_owned()));
    } else {
        facts.push((Icon::ZAP, "Mostly instant".to_owned(), "Some services are answered by hand".to_owned()));
    }
    if provider.is_verified {
        facts.push((Icon::SHIELD_CHECK, "Identity checked".to_owned(), "By Fettle, before their first booking".to_owned()));
    }
    let languages = provider.languages.iter().map(|code| language(code)).collect::<Vec<_>>().join(", ");
    if !languages.is_empty() {
        facts.push((Icon::LANGUAGES, "Speaks".to_owned(), languages));
    }
    let text = if provider.story.is_empty() { provider.tagline.clone() } else { provider.story.clone() };
    let notice = (!provider.is_bookable())
        .then(|| view! { <Notice state=State::Wait>"This page is not public. Only the team and the operator see it."</Notice> });
    view! { <div class="story">{notice}<p class="measure">{text}</p><Facts items=facts grid=true /></div> }
}

fn place(view: &ProfileView) -> String {
    let provider = &view.provider;
    if provider.district.is_empty() { provider.town.clone() } else { provider.district.clone() }
}

/// ISO 639-1 in words; the code itself where we have none.
pub fn language(code: &str) -> String {
    let name = match code {
        "en" => "English",
        "es" => "Spanish",
        "fr" => "French",
        "de" => "German",
        "it" => "Italian",
        "pt" => "Portuguese",
        "pl" => "Polish",
        "nl" => "Dutch",
        "ro" => "Romanian",
        "uk" => "Ukrainian",
        "ar" => "Arabic",
        "hi" => "Hindi",
        "ur" => "Urdu",
        "zh" => "Chinese",
        "ja" => "Japanese",
        "ko" => "Korean",
        "tr" => "Turkish",
        "el" => "Greek",
        "sv" => "Swedish",
        "cy" => "Welsh",
        "ga" => "Irish",
        _ => return code.to_uppercase(),
    };
    name.to_owned()
}

fn services(view: &ProfileView, chosen: Option<domain::id::ServiceId>) -> impl IntoView + use<> {
    let slug = view.provider.slug.clone();
    let items =
        view.services.iter().filter(|service| !service.is_archived).map(|service| service_row(service, &slug, chosen)).collect_view();
    view! { <ul class="menu-list plain">{items}</ul> }
}

fn service_row(service: &ServiceView, slug: &str, chosen: Option<domain::id::ServiceId>) -> impl IntoView + use<> {
    let is_chosen = chosen == Some(service.id);
    let name = service.name.clone();
    let choose = if is_chosen {
        view! { <span class="chosen small">{icon_s(Icon::CHECK)} "Chosen"</span> }.into_any()
    } else {
        let label = format!("Choose {name}");
        let href = format!("/p/{slug}?service={}#times", service.id);
        view! { <a class="button" data-size="dense" href=href data-nav="" aria-label=label>"Choose"</a> }.into_any()
    };
    view! {
        <li aria-current=is_chosen.then_some("true")>
            <div>
                <h3>{name} " " {service.needs_approval.then(|| view! { <Badge text="By request" state=State::Wait /> })}</h3>
                <p class="small muted">{service.description.clone()}</p>
            </div>
            <p class="cost"><b class="num">{service.price.to_string()}</b><span class="tiny muted">{format::duration(service.duration_min)}</span></p>
            {choose}
        </li>
    }
}

fn team(view: &ProfileView) -> Option<impl IntoView + use<>> {
    let people: Vec<_> =
        view.provider.team.iter().filter(|person| person.kind == ResourceKind::Person && !person.is_archived).cloned().collect();
    if people.is_empty() {
        return None;
    }
    let services = view.services.clone();
    let items = people
        .into_iter()
        .map(|person| {
            let does: Vec<String> = services
                .iter()
                .filter(|service| service.people.iter().any(|it| it.resource_id == person.id))
                .map(|service| service.name.clone())
                .collect();
            let line =
                if does.len() == services.len() && does.len() > 1 { "Does everything on the list.".to_owned() } else { does.join(", ") };
            view! {
                <li>
                    <Avatar name=person.name.clone() seed=person.id.as_u128() size="l" />
                    <div><b>{person.name}</b><p class="small muted">{line}</p></div>
                </li>
            }
        })
        .collect_view();
    Some(view! { <section aria-labelledby="team"><h2 id="team">"Who comes"</h2><ul class="team plain">{items}</ul></section> })
}

fn policy(name: &str, tiers: Vec<Tier>) -> impl IntoView + use<> {
    let text = format!(
        "What comes back goes by the clock, as below. You can move to another time as well. If {name} cancels, you get everything back."
    );
    view! {
        <section aria-labelledby="policy">
            <h2 id="policy">"If plans change"</h2>
            <p class="measure">{text}</p>
            <RefundScale tiers=tiers />
            <LinkButton href="/help/cancelling">"The refund promise"</LinkButton>
        </section>
    }
}
