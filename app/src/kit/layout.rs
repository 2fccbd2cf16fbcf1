//! Where one is: crumbs, tabs, pages of a list, the head of a workspace page.

use super::icon::{Icon, icon};
use super::{Kind, LinkButton};
use leptos::prelude::*;

/// The way here: names and addresses, the last one is this page.
#[component]
pub fn Crumbs(items: Vec<(String, String)>) -> impl IntoView {
    let last = items.len().saturating_sub(1);
    let items = items
        .into_iter()
        .enumerate()
        .map(|(at, (name, href))| {
            if at == last {
                view! { <li aria-current="page">{name}</li> }.into_any()
            } else {
                view! { <li><a href=href>{name}</a></li> }.into_any()
            }
        })
        .collect_view();
    view! { <nav aria-label="Where you are"><ol class="crumbs plain">{items}</ol></nav> }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    pub label: String,
    pub href: String,
    pub is_current: bool,
    pub count: Option<i64>,
}

impl Tab {
    pub fn new(label: impl Into<String>, href: impl Into<String>, is_current: bool) -> Self {
        Self { label: label.into(), href: href.into(), is_current, count: None }
    }
    pub fn count(mut self, count: i64) -> Self {
        self.count = Some(count);
        self
    }
}

/// Pages beside one another, as links.
#[component]
pub fn Tabs(#[prop(into)] label: String, items: Vec<Tab>) -> impl IntoView {
    let items = items
        .into_iter()
        .map(|tab| {
            view! {
                <a href=tab.href aria-current=tab.is_current.then_some("page")>
                    {tab.label} {tab.count.map(|n| view! { <span class="quiet num">{super::format::count(n)}</span> })}
                </a>
            }
        })
        .collect_view();
    view! { <nav class="tabs" aria-label=label>{items}</nav> }
}

/// Forward by key; back is what browsers do best. `shown` says how many of how many.
#[component]
pub fn Pagination(
    #[prop(optional, into)] next: Option<String>,
    #[prop(optional, into)] first: Option<String>,
    #[prop(optional, into)] shown: String,
) -> impl IntoView {
    if next.is_none() && first.is_none() && shown.is_empty() {
        return ().into_any();
    }
    view! {
        <nav class="row more" aria-label="Pages">
            {first.map(|href| view! { <LinkButton href=href kind=Kind::Plain>"Back to the first"</LinkButton> })}
            {next.map(|href| view! { <LinkButton href=href>"Show more"</LinkButton> })}
            {(!shown.is_empty()).then(|| view! { <p class="small muted">{shown}</p> })}
        </nav>
    }
    .into_any()
}

/// The head of a workspace or admin page: title, a line below, tools at the end as children.
#[component]
pub fn WorkHeader(
    #[prop(into)] title: String,
    #[prop(optional, into)] line: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <header class="work-header">
            <div><h1>{title}</h1>{(!line.is_empty()).then(|| view! { <p class="tiny muted">{line}</p> })}</div>
            {children.map(|children| view! { <div class="tools">{children()}</div> })}
        </header>
    }
}

/// A card with a head; `tools` stand at its end.
#[component]
pub fn Card(
    #[prop(into)] title: String,
    #[prop(optional, into)] tools: Option<AnyView>,
    #[prop(optional, into)] id: Option<String>,
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card panel" id=id>
            <div class="head"><h2>{title}</h2>{tools.map(|tools| view! { <div class="push row">{tools}</div> })}</div>
            <div class="body">{children()}</div>
        </section>
    }
}

/// Facts with icons: what it says and the line below.
#[component]
pub fn Facts(items: Vec<(Icon, String, String)>, #[prop(optional)] grid: bool) -> impl IntoView {
    let items = items
        .into_iter()
        .map(|(of, what, more)| {
            view! { <li>{icon(of)}<div><strong>{what}</strong>{(!more.is_empty()).then(|| view! { <p>{more}</p> })}</div></li> }
        })
        .collect_view();
    view! { <ul class=if grid { "facts grid plain" } else { "facts plain" }>{items}</ul> }
}
