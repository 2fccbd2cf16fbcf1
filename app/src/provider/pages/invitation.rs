//! Being invited into a team.

use crate::account::pages::EntryPage;
use crate::kit::{Button, Empty, Icon, Kind, LinkButton, format};
use domain::id::ProviderId;
use domain::provider::model::{InvitationPreview, TeamRole};
use leptos::prelude::*;

/// Who invites into which business as what; `account` is the address of whoever is signed in, `address` the page's own.
#[component]
pub fn InvitationPage(invitation: InvitationPreview, account: Option<String>, address: String) -> impl IntoView {
    let InvitationPreview { provider_name, role, invited_by, email, .. } = invitation;
    let article = if role == TeamRole::Owner { "an" } else { "a" };
    let line = format!("{invited_by} invites you into the team of {provider_name} as {article} {role}. {}", may(role));
    let inside = match account {
        Some(account) => {
            let is_other = !account.eq_ignore_ascii_case(&email);
            let other = is_other.then(|| {
                view! { <p class="small muted">{format!("The invitation was sent to {email}. To join with another account, sign out first.")}</p> }
            });
            view! {
                <form class="form" method="post" action=address>
                    <p>"You join as "<strong>{account}</strong>"."</p>
                    {other}
                    <Button kind=Kind::Primary size="large" full=true>"Join the team"</Button>
                </form>
            }
            .into_any()
        }
        None => {
            let next = format::query_text(&address);
            view! {
                <LinkButton href=format!("/sign-in?next={next}") kind=Kind::Primary size="large" full=true>"Sign in to join"</LinkButton>
                <p class="small">
                    "New here? "<a class="link" href=format!("/register?next={next}")>"Make an account"</a>", and you come back to this page."
                </p>
            }
            .into_any()
        }
    };
    view! { <EntryPage title=format!("Join {provider_name}") line=line>{inside}</EntryPage> }
}

const fn may(role: TeamRole) -> &'static str {
    match role {
        TeamRole::Owner => "You run everything.",
        TeamRole::Manager => "You run everything but prices.",
        TeamRole::Member => "You see your own calendar and jobs.",
    }
}

/// An invitation that opens nothing any more. `desks` are the businesses that the reader works for; None for visitors.
#[component]
pub fn InvitationOverPage(desks: Option<Vec<(ProviderId, String)>>) -> impl IntoView {
    let onward = match desks {
        Some(desks) => desks
            .into_iter()
            .map(|(id, name)| view! { <LinkButton href=format!("/desk/{id}")>{format!("Open {name}")}</LinkButton> })
            .collect_view()
            .into_any(),
        None => view! { <LinkButton href="/sign-in">"Sign in"</LinkButton> }.into_any(),
    };
    view! {
        <div class="column">
            <div class="entry">
                <Empty
                    title="This invitation is no longer open"
                    text="It was used, taken back, or is older than two weeks. If you have joined, you find the business when you are signed in; otherwise ask whoever invited you for a new one."
                    icon_before=Icon::LINK
                    is_page=true
                >
                    {onward}
                </Empty>
            </div>
        </div>
    }
}
