//! Telling: badges, notices, empty and waiting states.

use super::icon::{Icon, icon};
use leptos::prelude::*;

/// What a badge, notice or mark means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    Plain,
    Good,
    Wait,
    Bad,
    Note,
    /// Running, chosen: evergreen.
    Now,
    /// Time that matters: marigold.
    Soon,
}

impl State {
    pub const fn attr(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Good => Some("good"),
            Self::Wait => Some("wait"),
            Self::Bad => Some("bad"),
            Self::Note => Some("note"),
            Self::Now => Some("now"),
            Self::Soon => Some("soon"),
        }
    }
    const fn icon(self) -> Icon {
        match self {
            Self::Good => Icon::CIRCLE_CHECK,
            Self::Wait | Self::Soon => Icon::HOURGLASS,
            Self::Bad => Icon::CIRCLE_ALERT,
            _ => Icon::INFO,
        }
    }
}

#[component]
pub fn Badge(#[prop(into)] text: String, #[prop(optional)] state: State, #[prop(optional)] icon_before: Option<Icon>) -> impl IntoView {
    view! { <span class="badge" data-state=state.attr()>{icon_before.map(icon)} {text}</span> }
}

/// A sentence about the state of things, with what to do about it beside.
#[component]
pub fn Notice(
    #[prop(optional)] state: State,
    #[prop(optional)] icon_before: Option<Icon>,
    /// Announced when it appears.
    #[prop(optional)]
    announce: bool,
    /// A button or link at the end.
    #[prop(optional, into)]
    action: Option<AnyView>,
    children: Children,
) -> impl IntoView {
    view! {
        <div class="banner" data-state=state.attr() role=announce.then_some("status")>
            {icon(icon_before.unwrap_or(state.icon()))} <div>{children()}</div> {action.map(|action| view! { <div class="action">{action}</div> })}
        </div>
    }
}

/// Nothing here: what this is, why it is empty, and the next step as children.
#[component]
pub fn Empty(
    #[prop(into)] title: String,
    #[prop(into)] text: String,
    /// Without one, the spirit level is drawn.
    #[prop(optional)]
    icon_before: Option<Icon>,
    /// Nothing else is on the page, so its title is this.
    #[prop(optional)]
    is_page: bool,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let art = match icon_before {
        Some(of) => view! { <span class="avatar" data-size="l" aria-hidden="true">{icon(of)}</span> }.into_any(),
        None => level().into_any(),
    };
    let title = if is_page { view! { <h1>{title}</h1> }.into_any() } else { view! { <h2>{title}</h2> }.into_any() };
    view! { <div class="empty">{art} {title} <p class="small">{text}</p> {children.map(|children| children())}</div> }
}

/// A spirit level at rest.
fn level() -> impl IntoView {
    view! {
        <svg class="art" viewBox="0 0 112 64" fill="none" stroke="currentColor" stroke-width="1.5" aria-hidden="true">
            <path d="M4 52h104M16 52v-6M32 52v-10M48 52v-6M64 52v-10M80 52v-6M96 52v-10"></path>
            <rect x="38" y="14" width="36" height="18" rx="9"></rect>
            <rect class="bubble-of-level" x="50" y="18" width="12" height="10" rx="5"></rect>
        </svg>
    }
}

/// Stands for what is coming, with its size. `width` and `height` as CSS lengths.
#[component]
pub fn Skeleton(
    #[prop(default = "100%".into(), into)] width: String,
    #[prop(optional, into)] height: Option<String>,
    #[prop(optional)] round: bool,
) -> impl IntoView {
    let shape = if round {
        Some("round")
    } else if height.is_some() {
        Some("block")
    } else {
        None
    };
    let style = format!("--w: {width}{}", height.map(|h| format!("; --h: {h}")).unwrap_or_default());
    view! { <span class="skeleton" data-shape=shape style=style></span> }
}

/// What changed under the reader, quietly: `2 times were just taken.` Stays in the page so that it is announced when it fills.
#[component]
pub fn LiveNote(#[prop(into)] text: Signal<String>) -> impl IntoView {
    view! { <p class="live-note" role="status" hidden=move || text.with(String::is_empty)>{text}</p> }
}

/// A short word after an act, with undo where there is one.
#[component]
pub fn Toast(
    #[prop(into)] text: String,
    #[prop(optional)] icon_before: Option<Icon>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="toast" role="status">{icon(icon_before.unwrap_or(Icon::CIRCLE_CHECK))} <span>{text}</span> {children.map(|children| children())}</div>
    }
}
