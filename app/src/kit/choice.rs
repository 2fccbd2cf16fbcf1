//! Choosing: checkboxes, switches, cards, chips and segments.

use super::icon::{Icon, icon_s};
use leptos::prelude::*;

/// A checkbox with its words, and help below.
#[component]
pub fn Check(
    #[prop(into)] label: String,
    #[prop(into)] name: String,
    #[prop(default = "on".into(), into)] value: String,
    #[prop(optional)] checked: bool,
    #[prop(optional)] disabled: bool,
    #[prop(optional)] required: bool,
    #[prop(optional, into)] help: String,
    /// One of several instead.
    #[prop(optional)]
    radio: bool,
) -> impl IntoView {
    view! {
        <label class="check">
            <input
                type=if radio { "radio" } else { "checkbox" }
                name=name
                value=value
                checked=checked
                disabled=disabled
                required=required
            />
            <span>{label}</span>
            {(!help.is_empty()).then(|| view! { <span class="help">{help}</span> })}
        </label>
    }
}

/// A checkbox that acts like a light switch.
#[component]
pub fn Switch(
    #[prop(into)] label: String,
    #[prop(into)] name: String,
    #[prop(default = "on".into(), into)] value: String,
    #[prop(optional)] checked: bool,
    #[prop(optional)] disabled: bool,
    #[prop(optional, into)] help: String,
) -> impl IntoView {
    view! {
        <label class="check">
            <input type="checkbox" role="switch" name=name value=value checked=checked disabled=disabled />
            <span>{label}</span>
            {(!help.is_empty()).then(|| view! { <span class="help">{help}</span> })}
        </label>
    }
}

/// A radio as a card: services, ways to pay. Several stand in `.choices`.
#[component]
pub fn Choice(
    #[prop(into)] name: String,
    #[prop(into)] value: String,
    #[prop(optional)] checked: bool,
    #[prop(optional)] disabled: bool,
    /// Without the mark, centred: tips, amounts.
    #[prop(optional)]
    small: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <label class="choice" data-size=small.then_some("small")>
            <input type="radio" name=name value=value checked=checked disabled=disabled />
            {(!small).then(|| view! { <span class="mark"></span> })}
            {if small { children().into_any() } else { view! { <span class="what">{children()}</span> }.into_any() }}
        </label>
    }
}

/// A filter with the number of results it would leave. With none left it stays, and says 0.
#[component]
pub fn Chip(
    #[prop(into)] label: String,
    #[prop(into)] name: String,
    #[prop(default = "1".into(), into)] value: String,
    #[prop(optional)] checked: bool,
    #[prop(optional)] count: Option<i64>,
) -> impl IntoView {
    let is_dead = count == Some(0) && !checked;
    view! {
        <label class="chip">
            <input type="checkbox" name=name value=value checked=checked disabled=is_dead />
            {label}
            {count.map(|n| view! { " "<span class="count">{super::format::count(n)}</span> })}
        </label>
    }
}

/// One of a few views of the same thing, as links.
#[derive(Debug, Clone)]
pub struct Segment {
    pub label: String,
    pub href: String,
    pub is_current: bool,
    pub icon: Option<Icon>,
}

impl Segment {
    pub fn new(label: impl Into<String>, href: impl Into<String>, is_current: bool) -> Self {
        Self { label: label.into(), href: href.into(), is_current, icon: None }
    }
    pub fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }
}

#[component]
pub fn Segments(
    #[prop(into)] label: String,
    items: Vec<Segment>,
    /// A live region may replace only itself.
    #[prop(optional)]
    is_nav: bool,
) -> impl IntoView {
    let items = items
        .into_iter()
        .map(|item| {
            view! { <a href=item.href data-nav=is_nav.then_some("") aria-current=item.is_current.then_some("page")>{item.icon.map(icon_s)} {item.label}</a> }
        })
        .collect_view();
    view! { <nav class="segments" aria-label=label>{items}</nav> }
}
