//! The business's face and rules.

use crate::kit::{Badge, Button, ErrorSummary, Filled, Kind, LinkButton, Notice, State, WorkHeader};
use crate::provider::parts::{PolicyFields, ProfileFields};
use domain::provider::model::{ProviderStatus, ProviderView};
use leptos::prelude::*;

/// Two forms; the one that was refused carries its problems. Only owners may change anything.
#[component]
pub fn SettingsPage(
    provider: ProviderView,
    profile: Filled,
    policy: Filled,
    categories: Vec<(String, String)>,
    zones: Vec<String>,
    may_edit: bool,
) -> impl IntoView {
    let (state, words) = match provider.status {
        ProviderStatus::Active => (State::Good, "Open"),
        ProviderStatus::Suspended => (State::Bad, "Suspended"),
        ProviderStatus::Submitted => (State::Note, "Being read"),
        ProviderStatus::Rejected => (State::Bad, "Needs another look"),
        ProviderStatus::Draft => (State::Wait, "Draft"),
    };
    let link = match provider.status {
        ProviderStatus::Active => Some((format!("/p/{}", provider.slug), "See your page")),
        ProviderStatus::Draft | ProviderStatus::Rejected => Some((super::offer::address(provider.id, "review"), "Finish the application")),
        _ => None,
    };
    let reason = provider.status_reason.map(|reason| view! { <Notice state=State::Bad>{reason}</Notice> });
    let forms = if may_edit {
        view! {
            <form method="post" class="form desk-form" id="profile">
                <input type="hidden" name="act" value="profile" />
                <ErrorSummary filled=profile.clone() />
                <ProfileFields filled=profile categories=categories zones=zones />
                <div class="row"><Button kind=Kind::Primary>"Save the profile"</Button></div>
            </form>
            <form method="post" class="form desk-form" id="policy">
                <input type="hidden" name="act" value="policy" />
                <ErrorSummary filled=policy.clone() />
                <PolicyFields filled=policy />
                <div class="row"><Button kind=Kind::Primary>"Save the policy"</Button></div>
            </form>
        }
        .into_any()
    } else {
        view! { <Notice>"Only an owner can change these. Ask one of them."</Notice> }.into_any()
    };
    view! {
        <WorkHeader title="Settings">
            <Badge text=words state=state />
            {link.map(|(href, words)| view! { <LinkButton href=href size="dense">{words}</LinkButton> })}
        </WorkHeader>
        <div class="work-body settings-body">{reason} {forms}</div>
    }
}
