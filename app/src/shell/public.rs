//! The public frame: header, footer, and a bottom bar for customers on phones.

use super::{Frame, Viewer};
use crate::kit::format::query_text;
use crate::kit::{Avatar, Button, Icon, Kind, icon};
use leptos::prelude::*;

/// The name beside its mark: an F whose crossbar is the bubble of a spirit level.
pub(super) fn wordmark() -> impl IntoView {
    view! {
        <a class="wordmark" href="/" aria-label="Fettle, home">
            <svg viewBox="0 0 28 28" aria-hidden="true">
                <rect class="plate" width="28" height="28" rx="8"></rect>
                <path class="stem" d="M8 6.5h12.5v4H12.25v11H8z"></path>
                <rect class="level" x="12.25" y="13" width="7" height="4" rx="2"></rect>
            </svg>
            <span>"Fettle"</span>
        </a>
    }
}

/// Light or dark without scripting: the one that would change something is shown.
pub(super) fn theme_switch(is_dense: bool) -> impl IntoView {
    let size = is_dense.then_some("dense");
    view! {
        <form class="theme-switch" method="post" action="/theme">
            <button class="icon-button" data-size=size name="theme" value="dark" aria-label="Switch to dark" title="Switch to dark">
                {icon(Icon::SUN)}
            </button>
            <button class="icon-button" data-size=size name="theme" value="light" aria-label="Switch to light" title="Switch to light">
                {icon(Icon::MOON)}
            </button>
        </form>
    }
}

pub(super) fn public(frame: Frame, main: AnyView) -> AnyView {
    let path = frame.path.clone();
    let bar = frame.viewer.is_some().then(|| bottom_bar(&path));
    view! { {header(frame)} {main} {footer()} {bar} }.into_any()
}

pub(super) fn focused(frame: Frame, main: AnyView) -> AnyView {
    view! {
        <header class="site-header">
            <div class="column">{wordmark()} {frame.beside} <nav aria-label="Page">{theme_switch(false)}</nav></div>
        </header>
        {main}
        <footer class="site-footer" data-kind="quiet">
            <div class="column">
                <nav class="row" aria-label="Help">
                    <a class="link" href="/help">"Help"</a>
                    <a class="link" href="/help/cancelling">"The refund promise"</a>
                    <a class="link" href="/terms">"Terms"</a>
                    <a class="link" href="/privacy">"Privacy"</a>
                </nav>
            </div>
        </footer>
    }
    .into_any()
}

fn header(frame: Frame) -> impl IntoView {
    let account = match &frame.viewer {
        None => {
            let next =
                if frame.path.is_empty() || frame.path == "/" { String::new() } else { format!("?next={}", query_text(&frame.path)) };
            view! {
                <a class="wide" href="/offer-your-services">"List your services"</a>
                <a class="wide" href="/help">"Help"</a>
                {theme_switch(false)}
                <a class="button" href=format!("/sign-in{next}")>"Sign in"</a>
            }
            .into_any()
        }
        Some(viewer) => {
            let workplace =
                viewer.workplaces.first().map(|place| view! { <a class="wide" href=format!("/desk/{}", place.id)>"Workspace"</a> });
            view! {
                {workplace}
                <a class="wide" href="/bookings" aria-current=(frame.path == "/bookings").then_some("page")>"Bookings"</a>
                {theme_switch(false)}
                {account_menu(viewer, false)}
            }
            .into_any()
        }
    };
    view! {
        <header class="site-header">
            <div class="column" data-width=frame.is_wide.then_some("wide")>
                {wordmark()} {frame.beside} <nav aria-label="Account">{account}</nav>
            </div>
        </header>
    }
}

/// Everything of one's own, behind one's initials.
pub(super) fn account_menu(viewer: &Viewer, opens_up: bool) -> impl IntoView {
    let label = format!("{}, account menu", viewer.name);
    let workplaces = viewer
        .workplaces
        .iter()
        .map(|place| view! { <a href=format!("/desk/{}", place.id)>{icon(Icon::STORE)} {place.name.clone()}</a> })
        .collect_view();
    let has_workplaces = !viewer.workplaces.is_empty();
    view! {
        <details class="opens" name="menu" data-up=opens_up.then_some("")>
            <summary class="icon-button" title=label.clone()>
                <span class="hidden-visually">{label.clone()}</span>
                <Avatar name=viewer.name.clone() />
            </summary>
            <div class="menu">
                <p class="who-line"><b>{viewer.name.clone()}</b><br /><span class="tiny muted">{viewer.email.clone()}</span></p>
                <a href="/bookings">{icon(Icon::CALENDAR_CHECK)} "Bookings"</a>
                <a href="/favourites">{icon(Icon::HEART)} "Saved"</a>
                <a href="/receipts">{icon(Icon::RECEIPT)} "Receipts"</a>
                <a href="/settings">{icon(Icon::SETTINGS)} "Settings"</a>
                <hr />
                {workplaces}
                {(!has_workplaces).then(|| view! { <a href="/offer-your-services">{icon(Icon::BRIEFCASE)} "List your services"</a> })}
                {viewer.is_admin.then(|| view! { <a href="/admin">{icon(Icon::GAUGE)} "Admin"</a> })}
                <a href="/help">{icon(Icon::CIRCLE_HELP)} "Help"</a>
                <hr />
                <form method="post" action="/sign-out"><button type="submit">{icon(Icon::LOG_OUT)} "Sign out"</button></form>
            </div>
        </details>
    }
}

fn bottom_bar(path: &str) -> impl IntoView {
    let entries = [
        ("/search", "Find", Icon::SEARCH),
        ("/bookings", "Bookings", Icon::CALENDAR_CHECK),
        ("/favourites", "Saved", Icon::HEART),
        ("/settings", "You", Icon::USER),
    ];
    let items = entries
        .into_iter()
        .map(|(href, label, of)| {
            let is_here = path == href || path.starts_with(&format!("{href}/"));
            view! { <a href=href aria-current=is_here.then_some("page")>{icon(of)}<span>{label}</span></a> }
        })
        .collect_view();
    view! { <nav class="bottom-bar" aria-label="Main">{items}</nav> }
}

fn footer() -> impl IntoView {
    let group = |title: &'static str, links: &'static [(&'static str, &'static str)]| {
        let links = links.iter().map(|(name, href)| view! { <li><a href=*href>{*name}</a></li> }).collect_view();
        view! { <nav aria-label=title><h2>{title}</h2><ul class="plain">{links}</ul></nav> }
    };
    view! {
        <footer class="site-footer">
            <div class="column">
                <div class="stack" data-gap="tight">
                    {wordmark()}
                    <p class="muted">"Local services, at times that are really free."</p>
                    <form class="segments themes" method="post" action="/theme" aria-label="Theme">
                        <Button kind=Kind::Plain name="theme" value="light">"Light"</Button>
                        <Button kind=Kind::Plain name="theme" value="dark">"Dark"</Button>
                        <Button kind=Kind::Plain name="theme" value="system">"As the system"</Button>
                    </form>
                </div>
                {group("Find", &[
                    ("Home repair", "/c/home-repair"),
                    ("Cleaning", "/c/cleaning"),
                    ("Beauty", "/c/beauty"),
                    ("Everything", "/search"),
                ])}
                {group("Fettle", &[
                    ("How it works", "/help"),
                    ("The refund promise", "/help/cancelling"),
                    ("List your services", "/offer-your-services"),
                ])}
                {group("Small print", &[("Help", "/help"), ("Terms", "/terms"), ("Privacy", "/privacy")])}
            </div>
        </footer>
    }
}
