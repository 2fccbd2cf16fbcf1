//! The frame of those who work: sidebar beside the page, a bar below it on phones.

use super::public::{account_menu, theme_switch, wordmark};
use super::{Frame, Layout};
use crate::kit::{Icon, ProviderMark, icon, icon_s};
use domain::id::{Id, ProviderId};
use leptos::prelude::*;

/// Where one can go: address, name, icon.
type Entry = (String, &'static str, Icon);

pub(super) fn workspace(frame: Frame, main: AnyView) -> AnyView {
    let Layout::Workspace { provider, provider_name } = frame.layout.clone() else { return main };
    let role = frame
        .viewer
        .as_ref()
        .and_then(|viewer| viewer.workplaces.iter().find(|(id, _, _)| *id == provider))
        .map_or_else(String::new, |(_, _, role)| role.clone());
    let entries = desk_entries(provider, &role);
    let first = view! { {switcher(&frame, provider, provider_name, role)} }.into_any();
    around(frame, main, first, entries, "Workspace", 4)
}

pub(super) fn admin(frame: Frame, main: AnyView) -> AnyView {
    let entries = [
        ("", "Overview", Icon::GAUGE),
        ("/bookings", "Bookings", Icon::CALENDAR_CHECK),
        ("/people", "People", Icon::USERS),
        ("/providers", "Providers", Icon::STORE),
        ("/payments", "Payments", Icon::CREDIT_CARD),
        ("/categories", "Categories", Icon::LAYERS),
        ("/settings", "Settings", Icon::SLIDERS_HORIZONTAL),
        ("/audit", "Audit", Icon::SCROLL_TEXT),
        ("/system", "System", Icon::SERVER),
    ];
    let entries = entries.map(|(path, name, of)| (format!("/admin{path}"), name, of)).into();
    let first = view! { <p class="where tiny quiet">"Operator"</p> }.into_any();
    around(frame, main, first, entries, "Admin", 4)
}

/// What a member of the team sees; money, team and settings are for managers and owners.
fn desk_entries(provider: ProviderId, role: &str) -> Vec<Entry> {
    let all = [
        ("", "Today", Icon::SUN, true),
        ("/calendar", "Calendar", Icon::CALENDAR, true),
        ("/requests", "Requests", Icon::INBOX, true),
        ("/availability", "Availability", Icon::CLOCK, true),
        ("/services", "Services", Icon::LIST, false),
        ("/team", "Team and resources", Icon::USERS, false),
        ("/reviews", "Reviews", Icon::STAR, true),
        ("/money", "Money", Icon::WALLET, false),
        ("/settings", "Settings", Icon::SETTINGS, false),
    ];
    let is_member = role == "member";
    all.into_iter()
        .filter(|(_, _, _, is_for_members)| *is_for_members || !is_member)
        .map(|(path, name, of, _)| (format!("/desk/{provider}{path}"), name, of))
        .collect()
}

/// Whose workspace this is, and the way to the others.
fn switcher(frame: &Frame, provider: ProviderId, name: String, role: String) -> AnyView {
    let others = frame.viewer.as_ref().map(|viewer| viewer.workplaces.clone()).unwrap_or_default();
    let person = frame.viewer.as_ref().map(|viewer| viewer.name.split_whitespace().next().unwrap_or_default().to_owned());
    let line = [person.unwrap_or_default(), role].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    let face = view! {
        <ProviderMark id=provider.as_u128() icon_name="store" size="s" />
        <span><b class="clip">{name}</b><span class="tiny quiet">{line}</span></span>
    };
    if others.len() < 2 {
        return view! { <a class="who" href=format!("/desk/{provider}/settings")>{face}</a> }.into_any();
    }
    let links = others
        .into_iter()
        .map(|(id, name, _)| view! { <a href=format!("/desk/{id}") aria-current=(id == provider).then_some("true")>{icon(Icon::STORE)} {name}</a> })
        .collect_view();
    view! {
        <details class="opens" name="menu" data-start="">
            <summary class="who">{face} {icon_s(Icon::CHEVRONS_UP_DOWN)}</summary>
            <div class="menu">{links}</div>
        </details>
    }
    .into_any()
}

/// Sidebar, page, and the bar whose last place opens what did not fit.
fn around(frame: Frame, main: AnyView, first: AnyView, entries: Vec<Entry>, label: &'static str, in_bar: usize) -> AnyView {
    let path = frame.path.trim_end_matches('/').to_owned();
    let here = current(&path, &entries);
    let link = |(at, (href, name, of)): (usize, &Entry)| {
        view! { <a href=href.clone() aria-current=(Some(at) == here).then_some("page")>{icon(*of)} <span>{*name}</span></a> }
    };
    let side = entries.iter().enumerate().map(|entry| view! { <li>{link(entry)}</li> }).collect_view();
    let bar = entries.iter().enumerate().take(in_bar).map(link).collect_view();
    let rest = entries.iter().enumerate().skip(in_bar).map(link).collect_view();
    let is_in_rest = here.is_some_and(|at| at >= in_bar);
    let account = frame.viewer.as_ref().map(|viewer| account_menu(viewer, true));
    view! {
        <aside class="sidebar" aria-label=label>
            {wordmark()} {first} <nav aria-label=label><ul class="plain">{side}</ul></nav>
            <div class="end">{account} <span class="push"></span> {theme_switch(true)}</div>
        </aside>
        <div class="work">{main}</div>
        <nav class="bottom-bar" aria-label=format!("{label}, short")>
            {bar}
            <details class="opens" name="menu" data-up="">
                <summary aria-current=is_in_rest.then_some("true")>{icon(Icon::MENU)}<span>"More"</span></summary>
                <div class="menu">{rest} <hr /> <a href="/settings">{icon(Icon::USER)} <span>"Your account"</span></a> <a href="/">{icon(Icon::HOUSE)} <span>"To Fettle"</span></a></div>
            </details>
        </nav>
    }
    .into_any()
}

/// The entry that leads furthest towards the path.
fn current(path: &str, entries: &[Entry]) -> Option<usize> {
    entries
        .iter()
        .enumerate()
        .filter(|(_, (href, _, _))| path == href || path.starts_with(&format!("{href}/")))
        .max_by_key(|(_, (href, _, _))| href.len())
        .map(|(at, _)| at)
}
