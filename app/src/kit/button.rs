//! Buttons and links that look like them. One primary action a view.

use super::icon::{Icon, icon};
use leptos::prelude::*;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Edged,
    Primary,
    Soft,
    Plain,
    Danger,
    DangerQuiet,
}

impl Kind {
    pub const fn attr(self) -> Option<&'static str> {
        match self {
            Self::Edged => None,
            Self::Primary => Some("primary"),
            Self::Soft => Some("soft"),
            Self::Plain => Some("plain"),
            Self::Danger => Some("danger"),
            Self::DangerQuiet => Some("danger-quiet"),
        }
    }
}

/// A button that submits its form, unless `kind_of` says otherwise.
#[component]
pub fn Button(
    #[prop(optional)] kind: Kind,
    /// `large` or `dense`.
    #[prop(optional, into)]
    size: Option<&'static str>,
    #[prop(optional)] icon_before: Option<Icon>,
    #[prop(optional)] full: bool,
    #[prop(optional, into)] name: Option<String>,
    #[prop(optional, into)] value: Option<String>,
    #[prop(default = "submit")] kind_of: &'static str,
    /// The id of a form that stands elsewhere.
    #[prop(optional, into)]
    form: Option<String>,
    #[prop(optional, into)] formaction: Option<String>,
    /// Read aloud instead of the text.
    #[prop(optional, into)]
    label: Option<String>,
    #[prop(optional)] disabled: bool,
    /// Skips the browser's own checks, for buttons that go back or save a draft.
    #[prop(optional)]
    novalidate: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <button
            class="button"
            type=kind_of
            data-kind=kind.attr()
            data-size=size
            data-width=full.then_some("full")
            name=name
            value=value
            form=form
            formaction=formaction
            formnovalidate=novalidate
            aria-label=label
            disabled=disabled
        >
            {icon_before.map(icon)}
            {children()}
        </button>
    }
}

/// A link that looks like a button, for going somewhere.
#[component]
pub fn LinkButton(
    #[prop(into)] href: String,
    #[prop(optional)] kind: Kind,
    #[prop(optional, into)] size: Option<&'static str>,
    #[prop(optional)] icon_before: Option<Icon>,
    #[prop(optional)] full: bool,
    #[prop(optional, into)] label: Option<String>,
    /// Saved under this name instead of shown.
    #[prop(optional, into)]
    download: Option<String>,
    children: Children,
) -> impl IntoView {
    view! {
        <a
            class="button"
            href=href
            data-kind=kind.attr()
            data-size=size
            data-width=full.then_some("full")
            aria-label=label
            download=download
        >
            {icon_before.map(icon)}
            {children()}
        </a>
    }
}

/// An icon alone; `label` says what it does. With `href` it is a link, otherwise a submit button.
#[component]
pub fn IconButton(
    #[prop(into)] label: String,
    of: Icon,
    #[prop(optional, into)] href: Option<String>,
    /// `edged` or `over` (on a cover).
    #[prop(optional, into)]
    kind: Option<&'static str>,
    #[prop(optional)] dense: bool,
    #[prop(optional, into)] name: Option<String>,
    #[prop(optional, into)] value: Option<String>,
    #[prop(optional)] pressed: Option<bool>,
    #[prop(optional)] disabled: bool,
) -> impl IntoView {
    let size = dense.then_some("dense");
    let title = label.clone();
    match href {
        Some(href) => view! {
            <a class="icon-button" href=href data-kind=kind data-size=size aria-label=label title=title>{icon(of)}</a>
        }
        .into_any(),
        None => view! {
            <button
                class="icon-button"
                type="submit"
                data-kind=kind
                data-size=size
                name=name
                value=value
                aria-label=label
                title=title
                aria-pressed=pressed.map(|is| if is { "true" } else { "false" })
                disabled=disabled
            >
                {icon(of)}
            </button>
        }
        .into_any(),
    }
}
