//! Pages around passwords and the links that set them.

use super::entry::EntryPage;
use crate::kit::{Button, Empty, ErrorSummary, Field, Filled, Icon, Kind, LinkButton};
use domain::account::ClaimView;
use leptos::prelude::*;

#[component]
pub fn ForgotPage(filled: Filled) -> impl IntoView {
    let (value, problem) = (filled.value("email"), filled.problem("email"));
    view! {
        <EntryPage title="Choose a new password" line="Tell us your address, and we send you a link.">
            <form class="form" method="post" action="/forgot-password">
                <ErrorSummary filled=filled />
                <Field label="E-mail" name="email" kind="email" autocomplete="username" inputmode="email" maxlength=254 value=value problem=problem />
                <Button kind=Kind::Primary size="large" full=true>"Send the link"</Button>
            </form>
            <p class="small"><a class="link" href="/sign-in">"Back to sign in"</a></p>
        </EntryPage>
    }
}

/// The same for every address.
#[component]
pub fn SentPage(email: String) -> impl IntoView {
    view! {
        <EntryPage title="Look at your e-mail">
            <p>"If "<strong>{email}</strong>" is known here, a link is on its way. It works once, for two hours."</p>
            <p class="muted">"Nothing there after a few minutes? Look among the unwanted mail, or check the address and ask again."</p>
            <div class="row">
                <LinkButton href="/forgot-password">"Ask again"</LinkButton>
                <LinkButton href="/sign-in" kind=Kind::Plain>"Back to sign in"</LinkButton>
            </div>
        </EntryPage>
    }
}

#[component]
pub fn ResetPage(filled: Filled, action: String) -> impl IntoView {
    let problem = filled.problem("password");
    view! {
        <EntryPage title="Choose a new password" line="You will be signed out everywhere else.">
            <form class="form" method="post" action=action>
                <ErrorSummary filled=filled />
                {new_password(problem)}
                <Button kind=Kind::Primary size="large" full=true>"Save and sign in"</Button>
            </form>
        </EntryPage>
    }
}

/// What a guest booked becomes theirs.
#[component]
pub fn ClaimPage(claim: ClaimView, filled: Filled, action: String) -> impl IntoView {
    let problem = filled.problem("password");
    let (title, line) = if claim.is_known {
        ("Bring your booking home", format!("{} has an account already. What you booked as a guest joins it.", claim.email))
    } else {
        ("Make the booking yours", format!("Choose a password for {}, and see, move and cancel your bookings anywhere.", claim.email))
    };
    let inside = if claim.is_known {
        view! { <Button kind=Kind::Primary size="large" full=true>"Add it to my account"</Button> }.into_any()
    } else {
        view! {
            // lets password managers save it under the address
            <input type="hidden" name="username" autocomplete="username" value=claim.email />
            {new_password(problem)}
            <Button kind=Kind::Primary size="large" full=true>"Save and see my bookings"</Button>
        }
        .into_any()
    };
    view! {
        <EntryPage title=title line=line>
            <form class="form" method="post" action=action>
                <ErrorSummary filled=filled />
                {inside}
            </form>
        </EntryPage>
    }
}

fn new_password(problem: String) -> impl IntoView {
    view! {
        <Field
            label="New password"
            name="password"
            kind="password"
            autocomplete="new-password"
            minlength=10
            maxlength=128
            problem=problem
            help="At least 10 characters. A few unrelated words work well."
        />
    }
}

/// A link that opens nothing any more, and how to get another.
#[component]
pub fn DeadLinkPage(#[prop(into)] again: String, #[prop(into)] button: String) -> impl IntoView {
    view! {
        <div class="column">
            <div class="entry">
                <Empty
                    title="This link has expired or was used already"
                    text="Links work once and for a limited time, so that an old e-mail opens nothing. Ask for a new one."
                    icon_before=Icon::LINK
                    is_page=true
                >
                    <LinkButton href=again kind=Kind::Primary>{button}</LinkButton>
                </Empty>
            </div>
        </div>
    }
}
