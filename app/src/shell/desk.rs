//! The frame of those who work: sidebar beside the page, a bar below it on phones.

use super::find::{Offer, dialogs, find_line};
use super::public::{account_menu, theme_switch, wordmark};
use super::{Frame, Layout, Workplace};
use crate::kit::{Avatar, Icon, ProviderMark, icon, icon_s};
use domain::id::{Id, ProviderId};
use leptos::prelude::*;

/// Where one can go: address, name, icon, and the key that leads there after `g`.
type Entry = (String, &'static str, Icon, char);

pub(super) fn workspace(frame: Frame, main: AnyView) -> AnyView {
    let Layout::Workspace { provider, provider_name } = frame.layout.clone() else { return main };
    let own = frame.viewer.as_ref().and_then(|viewer| viewer.workplaces.iter().find(|place| place.id == provider)).cloned();
    let role = own.as_ref().map_or_else(String::new, |place| place.role.clone());
    let waiting = own.as_ref().map(|place| (format!("/desk/{provider}/requests"), place.waiting));
    let entries = desk_entries(provider, &role);
    let first = switcher(&frame, provider, provider_name, own);
    let mut acts = vec![
        Offer::act("Add a booking by hand", format!("/desk/{provider}/bookings/new"), Icon::CALENDAR_PLUS),
        Offer::act("Block time", format!("/desk/{provider}/blocks/new"), Icon::BAN),
    ];
    if role != "member" {
        acts.push(Offer::act("Add a service", format!("/desk/{provider}/services/new"), Icon::PLUS));
        acts.push(Offer::act("Invite someone to the team", format!("/desk/{provider}/team"), Icon::USERS));
    }
    let finds = vec![Offer::find("Find providers", "/search?q=".to_owned())];
    around(frame, main, Around { first, entries, waiting, acts, finds, label: "Workspace" })
}

pub(super) fn admin(frame: Frame, main: AnyView) -> AnyView {
    let entries = [
        ("", "Overview", Icon::GAUGE, 'o'),
        ("/bookings", "Bookings", Icon::CALENDAR_CHECK, 'b'),
        ("/people", "People", Icon::USERS, 'p'),
        ("/providers", "Providers", Icon::STORE, 'r'),
        ("/payments", "Payments", Icon::CREDIT_CARD, 'm'),
        ("/categories", "Categories", Icon::LAYERS, 'c'),
        ("/settings", "Settings", Icon::SLIDERS_HORIZONTAL, 's'),
        ("/audit", "Audit", Icon::SCROLL_TEXT, 'a'),
        ("/system", "System", Icon::SERVER, 'h'),
    ];
    let entries = entries.map(|(path, name, of, key)| (format!("/admin{path}"), name, of, key)).into();
    let name = frame.viewer.as_ref().map(|viewer| viewer.name.clone()).unwrap_or_default();
    let role = if frame.viewer.as_ref().is_some_and(|viewer| viewer.is_admin) { "Operator" } else { "Support" };
    let first = view! {
        <a class="who" href="/settings"><Avatar name=name.clone() size="s" /><span><b class="clip">{name}</b><span class="tiny quiet">{role}</span></span></a>
    }
    .into_any();
    let finds = [
        ("Find bookings", "/admin/bookings?q="),
        ("Find people", "/admin/people?q="),
        ("Find providers", "/admin/providers?q="),
        ("Find payments", "/admin/payments?q="),
        ("Find in the audit, who", "/admin/audit?who="),
    ];
    let finds = finds.map(|(words, href)| Offer::find(words, href.to_owned())).into();
    let acts = vec![
        Offer::act("Decide on applications", "/admin/providers?status=submitted".to_owned(), Icon::STORE),
        Offer::act("Look at payments without an answer", "/admin/payments?trouble=unresolved".to_owned(), Icon::CREDIT_CARD),
        Offer::act("Look at refunds that were not delivered", "/admin/payments?trouble=refund_failed".to_owned(), Icon::BANKNOTE),
    ];
    around(frame, main, Around { first, entries, waiting: None, acts, finds, label: "Admin" })
}

/// What a member of the team sees; money, team and settings are for managers and owners.
fn desk_entries(provider: ProviderId, role: &str) -> Vec<Entry> {
    let all = [
        ("", "Today", Icon::SUN, true, 't'),
        ("/calendar", "Calendar", Icon::CALENDAR, true, 'c'),
        ("/requests", "Requests", Icon::INBOX, true, 'r'),
        ("/availability", "Availability", Icon::CLOCK, true, 'a'),
        ("/services", "Services", Icon::LIST, false, 's'),
        ("/team", "Team and resources", Icon::USERS, false, 'p'),
        ("/reviews", "Reviews", Icon::STAR, true, 'v'),
        ("/money", "Money", Icon::WALLET, false, 'm'),
        ("/settings", "Settings", Icon::SETTINGS, false, ','),
    ];
    let is_member = role == "member";
    all.into_iter()
        .filter(|(_, _, _, is_for_members, _)| *is_for_members || !is_member)
        .map(|(path, name, of, _, key)| (format!("/desk/{provider}{path}"), name, of, key))
        .collect()
}

/// Whose workspace this is, and the way to the others.
fn switcher(frame: &Frame, provider: ProviderId, name: String, own: Option<Workplace>) -> AnyView {
    let others = frame.viewer.as_ref().map(|viewer| viewer.workplaces.clone()).unwrap_or_default();
    let person = frame.viewer.as_ref().map(|viewer| viewer.name.split_whitespace().next().unwrap_or_default().to_owned());
    let (role, sign, tone) = own.map_or_else(Default::default, |place| (place.role, place.icon, place.tone));
    let line = [person.unwrap_or_default(), role].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    let sign = if sign.is_empty() { "store".to_owned() } else { sign };
    let mark = match tone {
        Some(tone) => view! { <ProviderMark id=provider.as_u128() icon_name=sign tone=tone size="s" /> }.into_any(),
        None => view! { <ProviderMark id=provider.as_u128() icon_name=sign size="s" /> }.into_any(),
    };
    let face = view! {
        {mark}
        <span><b class="clip">{name}</b><span class="tiny quiet">{line}</span></span>
    };
    if others.len() < 2 {
        return view! { <a class="who" href=format!("/desk/{provider}/settings")>{face}</a> }.into_any();
    }
    let links = others
        .into_iter()
        .map(|place| {
            let here = (place.id == provider).then_some("true");
            view! { <a href=format!("/desk/{}", place.id) aria-current=here>{icon(Icon::STORE)} {place.name}</a> }
        })
        .collect_view();
    view! {
        <details class="opens" name="menu" data-start="">
            <summary class="who">{face} {icon_s(Icon::CHEVRONS_UP_DOWN)}</summary>
            <div class="menu">{links}</div>
        </details>
    }
    .into_any()
}

/// Places in the bar of phones.
const IN_BAR: usize = 4;

/// What stands around a page of those who work.
struct Around {
    /// Above the places: whose workspace it is.
    first: AnyView,
    entries: Vec<Entry>,
    /// At which place something waits, and how much.
    waiting: Option<(String, i64)>,
    /// What the palette offers besides the places.
    acts: Vec<Offer>,
    finds: Vec<Offer>,
    label: &'static str,
}

/// Sidebar, page, and the bar whose last place opens what did not fit.
fn around(frame: Frame, main: AnyView, with: Around) -> AnyView {
    let Around { first, entries, waiting, acts, finds, label } = with;
    let path = frame.path.trim_end_matches('/').to_owned();
    let here = current(&path, &entries);
    let link = |at: usize, (href, name, of, key): &Entry, is_side: bool| {
        let keys = is_side.then(|| format!("g {key}"));
        // there even with nothing in it, so that a live part of the page can fill it
        let pip = waiting.as_ref().filter(|(place, _)| place == href).map(|(_, count)| {
            let id = if is_side { "waiting-side" } else { "waiting-bar" };
            let count = (*count > 0).then(|| view! { <span class="pip"><span class="hidden-visually">"waiting: "</span>{*count}</span> });
            view! { <span class="waits" id=id data-with-parts="">{count}</span> }
        });
        view! { <a href=href.clone() aria-current=(Some(at) == here).then_some("page") data-keys=keys>{icon(*of)} <span>{*name}</span> {pip}</a> }
    };
    let side = entries.iter().enumerate().map(|(at, entry)| view! { <li>{link(at, entry, true)}</li> }).collect_view();
    let bar = entries.iter().enumerate().take(IN_BAR).map(|(at, entry)| link(at, entry, false)).collect_view();
    let rest = entries.iter().enumerate().skip(IN_BAR).map(|(at, entry)| link(at, entry, false)).collect_view();
    let is_in_rest = here.is_some_and(|at| at >= IN_BAR);
    let place =
        |(href, name, of, key): &Entry| Offer { words: (*name).to_owned(), href: href.clone(), of: *of, key: Some(*key), is_find: false };
    let mut places: Vec<Offer> = entries.iter().map(place).collect();
    places.push(Offer::act("Your bookings", "/bookings".to_owned(), Icon::CALENDAR_CHECK));
    places.push(Offer::act("Your account", "/settings".to_owned(), Icon::USER));
    places.push(Offer::act("To Fettle", "/".to_owned(), Icon::HOUSE));
    let account = frame.viewer.as_ref().map(|viewer| account_menu(viewer, true));
    view! {
        <aside class="sidebar" aria-label=label>
            {wordmark()} {first} {find_line()} <nav aria-label=label><ul class="plain">{side}</ul></nav>
            <div class="end">{account} <span class="push"></span> {theme_switch(true)}</div>
        </aside>
        <div class="work">{main}</div>
        <nav class="bottom-bar" aria-label=format!("{label}, short")>
            {bar}
            <details class="opens" name="menu" data-up="">
                <summary aria-current=is_in_rest.then_some("true")>{icon(Icon::MENU)}<span>"More"</span></summary>
                <div class="menu"><button type="button" data-opens="palette">{icon(Icon::SEARCH)} <span>"Find or do"</span></button> {rest} <hr /> <a href="/settings">{icon(Icon::USER)} <span>"Your account"</span></a> <a href="/">{icon(Icon::HOUSE)} <span>"To Fettle"</span></a></div>
            </details>
        </nav>
        {dialogs(places, acts, finds)}
    }
    .into_any()
}

/// The entry that leads furthest towards the path. What is written into the calendar by hand belongs to it.
fn current(path: &str, entries: &[Entry]) -> Option<usize> {
    if ["/bookings/new", "/blocks/new"].iter().any(|form| path.ends_with(form)) {
        return entries.iter().position(|(href, ..)| href.ends_with("/calendar"));
    }
    entries
        .iter()
        .enumerate()
        .filter(|(_, (href, ..))| path == href || path.starts_with(&format!("{href}/")))
        .max_by_key(|(_, (href, ..))| href.len())
        .map(|(at, _)| at)
}
