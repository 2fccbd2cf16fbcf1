//! What people settle about their own account: profile, security, sessions, tokens.

use crate::kit::format::{Time, date, relative};
use crate::kit::islands::CopyButton;
use crate::kit::{Badge, Button, Card, Check, Empty, ErrorSummary, Field, Filled, Icon, Kind, Notice, Select, State, Tab, Tabs, icon};
use domain::account::{MeView, SCOPES, SecurityNoteView, SessionView, TokenCreated, TokenView};
use domain::time::Instant;
use leptos::prelude::*;

/// Heading and tabs around each of the pages.
#[component]
fn Settings(current: &'static str, children: Children) -> impl IntoView {
    let tab = |name: &str, path: &str| Tab::new(name, path, path == current);
    let tabs = vec![
        tab("Profile", "/settings"),
        tab("Security", "/settings/security"),
        tab("Sessions", "/settings/sessions"),
        tab("API tokens", "/settings/tokens"),
    ];
    view! {
        <div class="column">
            <div class="settings">
                <h1>"Settings"</h1>
                <Tabs label="Settings" items=tabs />
                {children()}
            </div>
        </div>
    }
}

#[component]
pub fn ProfilePage(me: MeView, filled: Filled, zones: Vec<&'static str>) -> impl IntoView {
    let value = |name: &str| filled.value(name);
    let problem = |name: &str| filled.problem(name);
    let mut options = vec![(String::new(), "As on my device".to_owned())];
    options.extend(zones.into_iter().map(|zone| (zone.to_owned(), zone.replace('_', " "))));
    let fields = view! {
        <Field label="Name" name="name" autocomplete="name" maxlength=80 value=value("name") problem=problem("name") help="Providers see it when you book." />
        <Field
            label="Phone"
            name="phone"
            kind="tel"
            autocomplete="tel"
            inputmode="tel"
            maxlength=32
            optional=true
            value=value("phone")
            problem=problem("phone")
            help="Filled in for you at checkout."
        />
        <Select
            label="Time zone"
            name="zone"
            options=options
            value=value("zone")
            problem=problem("zone")
            help="For meetings online. A visit on site is always shown in the place's own time."
        />
    }
    .into_any();
    view! {
        <Settings current="/settings">
            {(!me.is_email_confirmed).then(|| confirm_notice(me.email.clone()))}
            <form class="form" method="post" action="/settings">
                <ErrorSummary filled=filled.clone() />
                {fields}
                <div><Button kind=Kind::Primary>"Save"</Button></div>
            </form>
        </Settings>
    }
}

fn confirm_notice(email: String) -> impl IntoView {
    let action = view! {
        <form method="post" action="/settings/confirmation"><Button size="dense">"Send the link again"</Button></form>
    }
    .into_any();
    view! {
        <Notice state=State::Wait action=action>
            <strong>"Confirm your address"</strong>
            <p class="small">"We sent a link to "{email}". Open it to see your other bookings, write to providers and review them."</p>
        </Notice>
    }
}

/// `password` and `email` are the two forms, of which one may come back refused.
#[component]
pub fn SecurityPage(me: MeView, password: Filled, email: Filled, notes: Vec<SecurityNoteView>, now: Instant) -> impl IntoView {
    let address = me.email.clone();
    let state = if me.is_email_confirmed { (State::Good, "Confirmed") } else { (State::Wait, "Not confirmed") };
    let (current_problem, new_problem) = (password.problem("current_password"), password.problem("password"));
    let change_password = view! {
        <form class="form" method="post" action="/settings/security/password">
            <ErrorSummary filled=password />
            <input type="hidden" name="username" autocomplete="username" value=me.email.clone() />
            <Field label="Present password" name="current_password" kind="password" autocomplete="current-password" problem=current_problem />
            <Field
                label="New password"
                name="password"
                kind="password"
                autocomplete="new-password"
                minlength=10
                maxlength=128
                problem=new_problem
                help="At least 10 characters. You stay signed in here and are signed out everywhere else."
            />
            <div><Button kind=Kind::Primary>"Change the password"</Button></div>
        </form>
    }
    .into_any();
    let (value, problem, password_problem) = (email.value("email"), email.problem("email"), email.problem("email_password"));
    let change_email = view! {
        <p class="row"><span>{address}</span> <Badge text=state.1 state=state.0 /></p>
        <form class="form" method="post" action="/settings/security/email">
            <ErrorSummary filled=email />
            <Field label="New address" name="email" kind="email" autocomplete="email" inputmode="email" maxlength=254 value=value problem=problem help="We send a link there. Until you open it, the old address stays." />
            <Field label="Password" name="email_password" kind="password" autocomplete="current-password" problem=password_problem />
            <div><Button>"Send the link"</Button></div>
        </form>
    }
    .into_any();
    let notes = notes.into_iter().map(|note| view! { <li>{note_line(note, now)}</li> }).collect_view();
    view! {
        <Settings current="/settings/security">
            <Card title="Password">{change_password}</Card>
            <Card title="E-mail address"><div class="stack">{change_email}</div></Card>
            <Card title="What happened lately">
                <ul class="lines plain">{notes} <li class="muted small">{format!("Account made on {}.", date(me.created_at.utc_date()))}</li></ul>
            </Card>
        </Settings>
    }
}

fn note_line(note: SecurityNoteView, now: Instant) -> impl IntoView {
    view! { <span>{note.sentence}</span> " " <span class="small muted nowrap"><Time at=note.at text=relative(note.at, now) exact=exact(note.at) /></span> }
}

/// To the minute, in UTC and saying so.
fn exact(at: Instant) -> String {
    format!("{} {} UTC", date(at.utc_date()), &at.to_string()[11..16])
}

#[component]
pub fn SessionsPage(sessions: Vec<SessionView>, now: Instant) -> impl IntoView {
    let has_others = sessions.len() > 1;
    let rows = sessions.into_iter().map(|session| view! { <li>{session_line(session, now)}</li> }).collect_view();
    view! {
        <Settings current="/settings/sessions">
            <p class="measure muted">"Where you are signed in. If you do not recognise one, end it and change your password."</p>
            <ul class="lines plain">{rows}</ul>
            <form method="post" action="/settings/sessions/all">
                <Button kind=Kind::DangerQuiet icon_before=Icon::LOG_OUT>{if has_others { "Sign out everywhere" } else { "Sign out" }}</Button>
            </form>
        </Settings>
    }
}

fn session_line(session: SessionView, now: Instant) -> impl IntoView {
    let SessionView { id, device, address, created_at, seen_at, is_current } = session;
    let label = format!("End the session of {device}");
    let end = if is_current {
        view! { <Badge text="This device" state=State::Good /> }.into_any()
    } else {
        view! {
            <form method="post" action="/settings/sessions">
                <input type="hidden" name="id" value=id.to_string() />
                <Button size="dense" label=label>"End"</Button>
            </form>
        }
        .into_any()
    };
    view! {
        <div class="grow">
            <strong>{device}</strong>
            <p class="small muted">
                "Last used "<Time at=seen_at text=relative(seen_at, now) exact=exact(seen_at) />
                {address.map(|address| format!(" from {address}"))} ", signed in on " {date(created_at.utc_date())}
            </p>
        </div>
        {end}
    }
}

/// `created` shows the secret, this once.
#[component]
pub fn TokensPage(tokens: Vec<TokenView>, created: Option<TokenCreated>, filled: Filled, is_admin: bool, now: Instant) -> impl IntoView {
    let list = if tokens.is_empty() {
        view! {
            <Empty title="No tokens yet" text="A token lets a program act for you through the API. Make one below; the API is described under /api/docs." icon_before=Icon::SHIELD_CHECK />
        }
        .into_any()
    } else {
        let rows = tokens.into_iter().map(|token| view! { <li>{token_line(token, now)}</li> }).collect_view();
        view! { <ul class="lines plain">{rows}</ul> }.into_any()
    };
    view! {
        <Settings current="/settings/tokens">
            {created.map(secret_once)} {list} <Card title="Make a token">{token_form(filled, is_admin)}</Card>
        </Settings>
    }
}

fn secret_once(created: TokenCreated) -> impl IntoView {
    view! {
        <Notice state=State::Good announce=true>
            <strong>"Copy it now: it is not shown again"</strong>
            <p class="small">"“"{created.token.name}"” acts for you until "{date(created.token.expires_at.utc_date())}". Keep it like a password."</p>
            <p class="row"><code class="secret">{created.secret.clone()}</code> <CopyButton text=created.secret label="Copy" /></p>
        </Notice>
    }
}

fn token_line(token: TokenView, now: Instant) -> impl IntoView {
    let label = format!("Revoke {}", token.name);
    let is_over = token.expires_at <= now;
    let used = token.last_used_at.map_or("never used".to_owned(), |at| format!("last used {}", relative(at, now)));
    let until = if is_over {
        format!("expired on {}", date(token.expires_at.utc_date()))
    } else {
        format!("until {}", date(token.expires_at.utc_date()))
    };
    view! {
        <div class="grow">
            <p class="row"><strong>{token.name}</strong> <code class="small muted">"…"{token.hint}</code> {is_over.then(|| view! { <Badge text="Expired" state=State::Plain /> })}</p>
            <p class="small muted">{token.scopes.join(", ")} <br /> {until} ", " {used}</p>
        </div>
        <form method="post" action="/settings/tokens/revocation">
            <input type="hidden" name="id" value=token.id.to_string() />
            <Button size="dense" kind=Kind::DangerQuiet label=label>"Revoke"</Button>
        </form>
    }
}

fn token_form(filled: Filled, is_admin: bool) -> impl IntoView {
    let chosen: Vec<String> = filled.values.iter().filter(|(name, _)| name == "scopes").map(|(_, value)| value.clone()).collect();
    let checks = SCOPES
        .iter()
        .filter(|(scope, _)| is_admin || !scope.starts_with("admin:"))
        .map(|(scope, words)| {
            let is_on = chosen.iter().any(|one| one == scope);
            view! { <Check label=*words name="scopes" value=*scope checked=is_on help=*scope /> }
        })
        .collect_view();
    let days =
        [("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "a year")].map(|(days, words)| (days.to_owned(), words.to_owned()));
    let days_value = if filled.value("days").is_empty() { "90".to_owned() } else { filled.value("days") };
    let (name, name_problem, days_problem, scopes_problem) =
        (filled.value("name"), filled.problem("name"), filled.problem("days"), filled.problem("scopes"));
    view! {
        <form class="form" method="post" action="/settings/tokens">
            <ErrorSummary filled=filled />
            <Field label="Name" name="name" maxlength=60 value=name problem=name_problem help="What it is for, so that you know it again." />
            <Select label="Works for" name="days" options=days.to_vec() value=days_value problem=days_problem />
            <fieldset class="field" id="f-scopes" tabindex="-1">
                <legend class="label">"What it may do"</legend>
                {(!scopes_problem.is_empty()).then(|| view! { <p class="error">{icon(Icon::CIRCLE_ALERT)} {scopes_problem}</p> })}
                <div>{checks}</div>
            </fieldset>
            <div><Button kind=Kind::Primary>"Make the token"</Button></div>
        </form>
    }
}
