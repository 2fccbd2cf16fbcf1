//! Who signs in, who can be booked, and which rooms, vehicles and equipment there are.

use crate::kit::{Avatar, Badge, Button, Card, Empty, ErrorSummary, Field, Filled, Icon, IconButton, Select, State, WorkHeader, format};
use domain::id::Id;
use domain::provider::model::{MemberView, ResourceKind, ResourceView, TeamRole, TeamView};
use domain::time::Instant;
use leptos::prelude::*;

/// `may_own`: an owner looks; `may_manage`: at least a manager.
#[component]
pub fn TeamPage(team: TeamView, filled: Filled, now: Instant, may_own: bool, may_manage: bool) -> impl IntoView {
    let members = team.members.iter().map(|member| view! { <li>{member_row(member, may_own)}</li> }).collect_view();
    let waiting = team
        .invitations
        .into_iter()
        .map(|invitation| {
            let until = format::relative(invitation.expires_at, now);
            view! {
                <li class="row" data-fit="between">
                    <div><strong>{invitation.email}</strong><p class="small muted">{format!("Invited as {}, open until {until}", invitation.role)}</p></div>
                    {may_own.then(|| act("revoke", invitation.id.to_string(), "Take the invitation back"))}
                </li>
            }
        })
        .collect_view();
    let (people, things): (Vec<_>, Vec<_>) = team.resources.into_iter().partition(|resource| resource.kind == ResourceKind::Person);
    let things_list = if things.is_empty() {
        view! { <Empty title="No rooms, vehicles or equipment" icon_before=Icon::PACKAGE text="Add what can only be in one place at a time: a treatment room, a van, a steam cleaner. A service that needs it is then free only when it is." /> }.into_any()
    } else {
        view! { <ul class="plain ruled">{resources(things, may_manage)}</ul> }.into_any()
    };
    let options = |words: &[(&str, &str)]| words.iter().map(|(key, label)| ((*key).to_owned(), (*label).to_owned())).collect::<Vec<_>>();
    let invite = may_own.then(|| {
        view! {
            <form method="post" class="inline-form">
                <input type="hidden" name="act" value="invite" />
                <Field label="E-mail" name="email" kind="email" value=filled.value("email") problem=filled.problem("email") autocomplete="off" />
                <Select label="Role" name="role" options=options(&[("member", "Member: own calendar and jobs"), ("manager", "Manager: runs everything but prices")]) value=filled.value("role") />
                <Button icon_before=Icon::USER_PLUS>"Invite"</Button>
            </form>
        }
    });
    let kinds = options(&[("person", "Person"), ("room", "Room"), ("vehicle", "Vehicle"), ("equipment", "Equipment")]);
    let add = may_manage.then(|| {
        view! {
            <form method="post" class="inline-form">
                <input type="hidden" name="act" value="add" />
                <Field label="Name" name="name" value=filled.value("name") problem=filled.problem("name") maxlength=80 />
                <Select label="Kind" name="kind" options=kinds value=filled.value("kind") />
                <Button icon_before=Icon::PLUS>"Add"</Button>
            </form>
        }
    });
    view! {
        <WorkHeader title="Team and resources" />
        <div class="work-body team-body">
            <ErrorSummary filled=filled.clone() />
            <Card title="Who signs in"><ul class="plain ruled">{members} {waiting}</ul> {invite}</Card>
            <Card title="Who can be booked"><ul class="plain ruled">{resources(people, may_manage)}</ul></Card>
            <Card title="Rooms, vehicles, equipment">{things_list}</Card>
            {add.map(|add| view! { <Card title="Add a person or thing">{add}</Card> })}
        </div>
    }
}

fn member_row(member: &MemberView, may_own: bool) -> AnyView {
    let roles =
        [("owner", "Owner"), ("manager", "Manager"), ("member", "Member")].map(|(key, words)| (key.to_owned(), words.to_owned())).to_vec();
    let id = member.account_id.to_string();
    let change = may_own.then(|| {
        view! {
            <form method="post" class="row">
                <input type="hidden" name="act" value="role" />
                <input type="hidden" name="id" value=id.clone() />
                <Select label=format!("Role of {}", member.name) id=format!("role-{id}") name="role" options=roles value=member.role.as_str() hide_label=true dense=true />
                <Button size="dense">"Set"</Button>
            </form>
            {act("remove", id.clone(), "Remove from the team")}
        }
    });
    let badge = (!may_own).then(|| view! { <Badge text=role_word(member.role) state=State::Plain /> });
    view! {
        <div class="row" data-fit="between">
            <div class="row">
                <Avatar name=member.name.clone() seed=member.account_id.as_u128() />
                <div><strong>{member.name.clone()}</strong><p class="small muted">{member.email.clone()}</p></div>
            </div>
            <div class="row">{badge} {change}</div>
        </div>
    }
    .into_any()
}

const fn role_word(role: TeamRole) -> &'static str {
    match role {
        TeamRole::Owner => "Owner",
        TeamRole::Manager => "Manager",
        TeamRole::Member => "Member",
    }
}

fn resources(list: Vec<ResourceView>, may_manage: bool) -> AnyView {
    list.into_iter()
        .map(|resource| {
            let id = resource.id.to_string();
            let tones = (1..=8).map(|tone| (tone.to_string(), format!("Colour {tone}"))).collect::<Vec<_>>();
            let edit = may_manage.then(|| {
                view! {
                    <form method="post" class="row">
                        <input type="hidden" name="act" value="rename" />
                        <input type="hidden" name="id" value=id.clone() />
                        <Field label="Name" id=format!("n-{id}") name="name" value=resource.name.clone() maxlength=80 dense=true />
                        <Select label=format!("Colour of {}", resource.name) id=format!("t-{id}") name="tone" options=tones value=resource.tone.to_string() dense=true />
                        <Button size="dense">"Save"</Button>
                    </form>
                    {act("archive", id.clone(), "Take out of use")}
                }
            });
            view! {
                <li class="row" data-fit="between" data-tone=resource.tone.to_string()>
                    <div class="row"><span class="tone-dot" aria-hidden="true"></span><div><strong>{resource.name.clone()}</strong><p class="small muted">{resource.kind.label()}</p></div></div>
                    {edit.map(|edit| view! { <details class="edit"><summary class="button" data-size="dense">"Edit"</summary><div class="row">{edit}</div></details> })}
                </li>
            }
        })
        .collect_view()
        .into_any()
}

/// A form with one button.
fn act(what: &'static str, id: String, label: &'static str) -> AnyView {
    view! {
        <form method="post">
            <input type="hidden" name="act" value=what />
            <input type="hidden" name="id" value=id />
            <IconButton label=label of=Icon::X dense=true />
        </form>
    }
    .into_any()
}
