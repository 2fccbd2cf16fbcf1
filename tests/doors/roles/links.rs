//! What the links of letters open: the table says that everyone who has one may, here it is said for whom.

use super::role;
use super::scene::Scene;
use crate::harness::Doors;
use domain::id::{AccountId, ProviderId};
use sqlx::PgPool;
use std::collections::BTreeSet;

/// All that is kept of the account.
async fn account(doors: &Doors, id: AccountId) -> String {
    sqlx::query_scalar("select a::text from accounts a where a.id = $1").bind(id).fetch_one(&doors.world.db).await.expect("an account")
}

/// All that is kept of every other account, and who works where and has booked what.
async fn everything_else(doors: &Doors, but: AccountId) -> Vec<String> {
    sqlx::query_scalar(
        "select a::text from accounts a where a.id <> $1
         union all select m::text from provider_members m
         union all select concat(b.id, ' of ', b.customer_id) from bookings b
         order by 1",
    )
    .bind(but)
    .fetch_all(&doors.world.db)
    .await
    .expect("texts")
}

async fn team(doors: &Doors, provider: ProviderId) -> BTreeSet<(AccountId, String)> {
    let members: Vec<(AccountId, String)> = sqlx::query_as("select account_id, role from provider_members where provider_id = $1")
        .bind(provider)
        .fetch_all(&doors.world.db)
        .await
        .expect("members");
    members.into_iter().collect()
}

/// The one to whom the letter was sent, a stranger, and someone else who is signed in: nothing happens but to whom it was sent, and once.
#[sqlx::test(migrations = "./migrations")]
async fn a_link_changes_the_account_it_was_sent_to_whoever_opens_it(db: PgPool) {
    let doors = Doors::new(db);
    for (link, start, lets_in) in [
        ("reset", "/reset-password", true),
        ("confirm", "/confirm-email", false),
        ("change", "/change-email", false),
        ("claim", "/claim", true),
    ] {
        for opener in ["visitor", "guest", "party", "support"] {
            let what = format!("{link} opened by {opener}");
            let mut scene = Scene::of(&doors).await;
            let reader = scene.reader(link);
            doors.world.set("accounts", reader, "email_confirmed_at", "null").await;
            scene.bring(&doors, &[link]).await;
            let path = format!("{start}/{}", scene.thing(role(opener), link).expect("a secret"));
            let (before, rest) = (account(&doors, reader).await, everything_else(&doors, reader).await);
            let mut browser = scene.browser(&doors, role(opener)).await;
            let opened = browser.post(&path, &[("password", "kettle-moss-49")]).await;
            assert_eq!(opened.status, 303, "{what}: {}", opened.body);
            assert_ne!(account(&doors, reader).await, before, "{what}");
            assert_eq!(everything_else(&doors, reader).await, rest, "{what}");
            // A new password is whose it is who set it; otherwise everyone stays who they were.
            let is_in = if lets_in { Some(reader) } else { scene.account(role(opener)) };
            let me = browser.fetch("/api/v1/me").await.json_or_null();
            assert_eq!(me["id"].as_str().map(str::to_owned), is_in.map(|id| id.to_string()), "{what}");
            assert_eq!(doors.browser().post(&path, &[("password", "kettle-moss-50")]).await.status, 410, "{what} and once more");
        }
    }
}

/// It lets in whoever took it, under the account they are signed in with, and nobody else; who is not signed in leaves it open.
#[sqlx::test(migrations = "./migrations")]
async fn an_invitation_lets_one_in_once(db: PgPool) {
    let doors = Doors::new(db);
    for (first, second) in [("customer", "party"), ("party", "customer"), ("other owner", "party"), ("support", "customer")] {
        let mut scene = Scene::of(&doors).await;
        scene.bring(&doors, &["invited"]).await;
        let path = format!("/invitations/{}", scene.thing(role(first), "invited").expect("a secret"));
        let provider: ProviderId = scene.thing(role(first), "provider").expect("a business").parse().expect("an id");
        let before = team(&doors, provider).await;
        let mut statuses = Vec::new();
        for who in ["visitor", "guest", "member", first, second, first] {
            statuses.push(scene.browser(&doors, role(who)).await.post(&path, &[]).await.status.as_u16());
        }
        assert_eq!(statuses, [303, 303, 303, 303, 410, 410], "{first}, then {second}");
        let added: Vec<(AccountId, String)> = team(&doors, provider).await.difference(&before).cloned().collect();
        assert_eq!(added, [(scene.account(role(first)).expect("an account"), "member".to_owned())], "{first}, then {second}");
    }
}
