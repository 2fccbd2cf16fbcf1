//! The frame of every page: head, header, footer, workspace sidebar.
//!
//! A handler builds a [`Frame`] and wraps its page in it; `src/web/render.rs` turns that into a response.

use domain::id::ProviderId;
use leptos::prelude::*;

/// What the frame needs to know of the request.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// Of the page, without the product's name.
    pub title: String,
    pub description: String,
    /// The address this page should be known by; absolute.
    pub canonical: Option<String>,
    /// Not for search engines.
    pub is_private: bool,
    /// Structured data (schema.org) as JSON text.
    pub json_ld: Option<String>,
    /// The path of the request, to mark where one is.
    pub path: String,
    pub theme: Theme,
    pub viewer: Option<Viewer>,
    /// A short notice to show once, such as "Saved."
    pub notice: Option<String>,
    pub layout: Layout,
    pub assets: Assets,
}

/// Hashed addresses of the static files the frame links to.
#[derive(Debug, Clone, Default)]
pub struct Assets {
    pub stylesheet: String,
    pub font: String,
    pub loader: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    Light,
    Dark,
}

/// The signed-in person, as the frame shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    pub name: String,
    pub email: String,
    pub is_email_confirmed: bool,
    pub is_admin: bool,
    pub is_support: bool,
    /// The businesses they work for: id, name, role.
    pub workplaces: Vec<(ProviderId, String, String)>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Layout {
    /// Header, content, footer.
    #[default]
    Public,
    /// A quiet header only: checkout, sign-in.
    Focused,
    /// Sidebar, bottom bar on phones.
    Workspace {
        provider: ProviderId,
        provider_name: String,
    },
    Admin,
}

/// The whole document.
#[component]
pub fn Document(frame: Frame, children: Children) -> impl IntoView {
    view! {
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover"/>
                <title>{format!("{} · Fettle", frame.title)}</title>
            </head>
            <body><main id="main">{children()}</main></body>
        </html>
    }
}
