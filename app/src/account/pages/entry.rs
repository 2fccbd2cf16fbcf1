//! The sign-in family: one narrow column, one thing to do.

use crate::kit::{Button, ErrorSummary, Field, Filled, Kind};
use leptos::prelude::*;

/// The column itself: a heading, a line below, the form.
#[component]
pub fn EntryPage(#[prop(into)] title: String, #[prop(optional, into)] line: String, children: Children) -> impl IntoView {
    view! {
        <div class="column">
            <div class="entry">
                <header class="stack" data-gap="tight">
                    <h1>{title}</h1>
                    {(!line.is_empty()).then(|| view! { <p class="muted">{line}</p> })}
                </header>
                {children()}
            </div>
        </div>
    }
}

/// `next` as a query for the link to the other page, so that the way back is not lost.
fn with_next(path: &str, next: &str) -> String {
    if next == "/" { path.to_owned() } else { format!("{path}?next={}", crate::kit::format::query_text(next)) }
}

#[component]
pub fn SignInPage(filled: Filled, next: String) -> impl IntoView {
    let (register, forgot) = (with_next("/register", &next), "/forgot-password");
    let (email, email_problem) = (filled.value("email"), filled.problem("email"));
    view! {
        <EntryPage title="Sign in" line="Welcome back.">
            <form class="form" method="post" action="/sign-in">
                <ErrorSummary filled=filled />
                <input type="hidden" name="next" value=next />
                <Field label="E-mail" name="email" kind="email" autocomplete="username" inputmode="email" maxlength=254 value=email problem=email_problem />
                <Field label="Password" name="password" kind="password" autocomplete="current-password" />
                <Button kind=Kind::Primary size="large" full=true>"Sign in"</Button>
            </form>
            <p class="small"><a class="link" href=forgot>"Forgot your password?"</a></p>
            <hr />
            <p class="small">"New here? "<a class="link" href=register>"Make an account"</a>". You can also book without one."</p>
        </EntryPage>
    }
}

#[component]
pub fn RegisterPage(filled: Filled, next: String) -> impl IntoView {
    let sign_in = with_next("/sign-in", &next);
    let value = |name: &str| filled.value(name);
    let problem = |name: &str| filled.problem(name);
    let fields = view! {
        <Field label="Your name" name="name" autocomplete="name" maxlength=80 value=value("name") problem=problem("name") />
        <Field label="E-mail" name="email" kind="email" autocomplete="username" inputmode="email" maxlength=254 value=value("email") problem=problem("email") />
        <Field
            label="Password"
            name="password"
            kind="password"
            autocomplete="new-password"
            minlength=10
            maxlength=128
            problem=problem("password")
            help="At least 10 characters. A few unrelated words work well."
        />
    }
    .into_any();
    view! {
        <EntryPage title="Make an account" line="See your bookings on any device, and book faster next time.">
            <form class="form" method="post" action="/register">
                <ErrorSummary filled=filled.clone() />
                <input type="hidden" name="next" value=next />
                {fields}
                <Button kind=Kind::Primary size="large" full=true>"Make an account"</Button>
                <p class="tiny muted">"By making an account you agree to the "<a href="/terms">"terms"</a>" and the "<a href="/privacy">"privacy notice"</a>"."</p>
            </form>
            <hr />
            <p class="small">"Have one already? "<a class="link" href=sign_in>"Sign in"</a></p>
        </EntryPage>
    }
}

/// A link was opened; a button does what it is for, since opening alone changes nothing (mail programs open links too).
#[component]
pub fn ConfirmPage(
    #[prop(into)] title: String,
    #[prop(into)] line: String,
    #[prop(into)] button: String,
    /// Where the form goes: the page's own address.
    #[prop(into)]
    action: String,
    filled: Filled,
) -> impl IntoView {
    view! {
        <EntryPage title=title line=line>
            <form class="form" method="post" action=action>
                <ErrorSummary filled=filled />
                <Button kind=Kind::Primary size="large" full=true>{button}</Button>
            </form>
        </EntryPage>
    }
}
