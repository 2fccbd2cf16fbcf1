//! What went wrong, in a sentence, and what to do: one page for every status.

use crate::kit::{Icon, Kind, LinkButton, format, icon};
use domain::error::Error;
use leptos::prelude::*;

/// An error on its way to the person.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// A verb said so.
    Told(Error),
    /// Only a status is known: the request never reached a verb.
    Bare(u16),
}

impl Trouble {
    pub fn status(&self) -> u16 {
        match self {
            Self::Told(error) => error.status(),
            Self::Bare(status) => *status,
        }
    }
    pub fn title(&self) -> &'static str {
        match self.status() {
            401 => "Please sign in",
            403 => "This is not yours to open",
            404 => "Nothing is at this address",
            405 => "That does not work here",
            408 => "That took too long",
            409 => "That has changed in the meantime",
            413 => "That was too large",
            400 | 415 | 422 => "That could not be read",
            429 => "A short pause",
            503 => "Back in a moment",
            _ => "Something went wrong on our side",
        }
    }
    pub fn sentence(&self) -> String {
        match self {
            Self::Told(Error::NotFound) => {
                "It may have been removed, or the address is mistyped. If somebody sent you the link, ask them for a new one.".into()
            }
            Self::Told(Error::Forbidden) => "Your account may not open this page. If it should, ask the owner or an admin for access.".into(),
            Self::Told(Error::TooMany { retry_after_s }) => {
                format!("That was a lot at once. In {} it works again. Nothing you typed is lost: go back and send it then.", format::wait(*retry_after_s))
            }
            Self::Told(Error::Unavailable { .. }) => {
                "Fettle cannot reach its database right now. Nothing was lost and nothing was charged. This page works again within a minute or so.".into()
            }
            Self::Told(Error::Internal { .. }) => {
                "It is noted, and it is not your fault. Nothing was charged unless a page or an e-mail said so. Going back and trying again often helps.".into()
            }
            Self::Told(error) => error.sentence(),
            Self::Bare(405) => "The address is right, but not for what was sent to it. Start again from the page you came from.".into(),
            Self::Bare(413) => "Please send less at once, or a smaller picture. Go back: what you typed is still there.".into(),
            Self::Bare(400 | 415 | 422) => "Something in the form was missing or garbled. Go back: what you typed is still there.".into(),
            Self::Bare(_) => "It did not work, and nothing was changed. Please try again.".into(),
        }
    }
    const fn icon(status: u16) -> Icon {
        match status {
            401 | 403 => Icon::LOCK,
            404 => Icon::COMPASS,
            408 | 429 => Icon::HOURGLASS,
            503 => Icon::WRENCH,
            _ => Icon::CIRCLE_ALERT,
        }
    }
}

/// `again_s`: the browser has been told to ask for the page again after so many seconds.
#[component]
pub fn ErrorView(trouble: Trouble, again_s: Option<u64>) -> impl IntoView {
    let status = trouble.status();
    let again = again_s.map(|seconds| {
        let wait = format::wait(seconds);
        view! { <p class="small muted">{format!("This page tries again by itself in {wait}. You need not do anything.")}</p> }
    });
    let reference = match &trouble {
        Trouble::Told(Error::Internal { reference }) => Some(
            view! { <p class="tiny quiet">"Reference " <code class="num">{reference.clone()}</code> ", if you write to us about it."</p> },
        ),
        _ => None,
    };
    let ways = match status {
        401 => view! { <LinkButton href="/sign-in" kind=Kind::Primary>"Sign in"</LinkButton> <LinkButton href="/">"Home"</LinkButton> }.into_any(),
        404 => {
            view! { <LinkButton href="/search" kind=Kind::Primary icon_before=Icon::SEARCH>"Find someone"</LinkButton> <LinkButton href="/">"Home"</LinkButton> }.into_any()
        }
        _ => view! { <LinkButton href="/">"Home"</LinkButton> <LinkButton href="/help" kind=Kind::Plain>"Help"</LinkButton> }.into_any(),
    };
    view! {
        <div class="column">
            <section class="trouble">
                <span class="avatar" data-size="l" aria-hidden="true">{icon(Trouble::icon(status))}</span>
                <p class="small quiet num">{status}</p>
                <h1>{trouble.title()}</h1>
                <p class="muted measure">{trouble.sentence()}</p>
                {again}
                <div class="row">{ways}</div>
                {reference}
            </section>
        </div>
    }
}
