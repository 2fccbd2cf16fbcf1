//! The frame of every page: head, header, footer, workspace sidebar.
//!
//! A handler builds a [`Frame`] and wraps its page in it; `src/web/render.rs` turns that into a response. The page itself
//! begins inside `<main>`: public pages with a `.column`, workspace pages with `kit::WorkHeader` and a `.work-body`.

mod desk;
mod find;
mod head;
mod public;

use crate::kit::{Notice, State};
use domain::id::ProviderId;
use leptos::prelude::*;

/// What the frame needs to know of the request. A handler sets title, description and layout; the renderer fills in the rest.
#[derive(Default)]
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
    /// The place in the event spine up to which this page was drawn; live parts go on from there.
    pub cursor: Option<String>,
    pub assets: Assets,
    /// What stands in the header between the name and the menu: the search line, a running hold.
    pub beside: Option<AnyView>,
    /// The header as wide as the search page.
    pub is_wide: bool,
}

impl Frame {
    /// A public page.
    pub fn new(title: impl Into<String>, description: impl Into<String>) -> Self {
        Self { title: title.into(), description: description.into(), ..Self::default() }
    }
    /// A page that is only for its viewer.
    pub fn private(title: impl Into<String>) -> Self {
        Self { title: title.into(), is_private: true, ..Self::default() }
    }
    /// A quiet page for one task: checkout, sign-in.
    pub fn focused(title: impl Into<String>) -> Self {
        Self { layout: Layout::Focused, ..Self::private(title) }
    }
    /// A page of a provider's workspace.
    pub fn workspace(title: impl Into<String>, provider: ProviderId, provider_name: impl Into<String>) -> Self {
        Self { layout: Layout::Workspace { provider, provider_name: provider_name.into() }, ..Self::private(title) }
    }
    pub fn admin(title: impl Into<String>) -> Self {
        Self { layout: Layout::Admin, ..Self::private(title) }
    }
    pub fn canonical(mut self, address: impl Into<String>) -> Self {
        self.canonical = Some(address.into());
        self
    }
    pub fn json_ld(mut self, json: impl Into<String>) -> Self {
        self.json_ld = Some(json.into());
        self
    }
    pub fn beside(mut self, view: impl IntoAny) -> Self {
        self.beside = Some(view.into_any());
        self
    }
    pub fn wide(mut self) -> Self {
        self.is_wide = true;
        self
    }
    pub fn notice(mut self, sentence: impl Into<String>) -> Self {
        self.notice = Some(sentence.into());
        self
    }
}

/// Hashed addresses of the static files the frame links to.
#[derive(Debug, Clone, Default)]
pub struct Assets {
    pub stylesheet: String,
    pub font: String,
    pub loader: String,
    pub icon: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "system" => Some(Self::System),
            "light" => Some(Self::Light),
            "dark" => Some(Self::Dark),
            _ => None,
        }
    }
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
    /// For `data-theme`: absent when the system decides.
    const fn attr(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }
}

/// The signed-in person, as the frame shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    pub name: String,
    pub email: String,
    pub is_email_confirmed: bool,
    pub is_admin: bool,
    pub is_support: bool,
    /// The businesses they work for.
    pub workplaces: Vec<Workplace>,
}

/// A business as its people's menus show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workplace {
    pub id: ProviderId,
    pub name: String,
    /// `owner`, `manager` or `member`.
    pub role: String,
    /// Of its category; empty before it has one.
    pub icon: String,
    pub tone: Option<i32>,
    /// Requests that nobody has answered yet.
    pub waiting: i64,
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

/// The whole document, without its doctype.
#[component]
pub fn Document(frame: Frame, children: Children) -> impl IntoView {
    let head = head::head(&frame);
    let theme = frame.theme.attr();
    let class = matches!(frame.layout, Layout::Workspace { .. } | Layout::Admin).then_some("workspace");
    let cursor = frame.cursor.clone();
    let notice = frame.notice.clone().map(told);
    let main = view! { <main id="main" tabindex="-1">{notice} {children()}</main> }.into_any();
    let body = match frame.layout {
        Layout::Public => public::public(frame, main),
        Layout::Focused => public::focused(frame, main),
        Layout::Workspace { .. } => desk::workspace(frame, main),
        Layout::Admin => desk::admin(frame, main),
    };
    view! {
        <html lang="en" data-theme=theme>
            {head}
            <body class=class data-cursor=cursor><a class="skip" href="#main">"Skip to content"</a> {body}</body>
        </html>
    }
}

fn told(sentence: String) -> impl IntoView {
    view! { <div class="told column"><Notice state=State::Good announce=true>{sentence}</Notice></div> }
}
