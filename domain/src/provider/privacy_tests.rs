//! What of a business stays inside, and whom it may write to.

use super::model::TeamRole;
use crate::account::{self, LinkPurpose};
use crate::ctx::Ctx;
use crate::id::ProviderId;
use crate::provider;
use crate::world::World;
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn only_insiders_see_what_is_nobody_elses_business(db: PgPool) {
    let world = World::new(db);
    let place = world.a_provider().await;
    world.set("providers", place.id, "phone", "'+351 210 000 000'").await;
    let insiders = [world.ctx_as(place.owner).await, world.ctx_as(world.an_admin().await).await, world.system()];
    let outsiders = [world.visitor(), world.ctx_as(world.a_customer().await).await];
    let rival = world.a_provider().await;
    let rival = world.ctx_as(rival.owner).await;
    let both = insiders.iter().map(|ctx| (ctx, true)).chain(outsiders.iter().chain([&rival]).map(|ctx| (ctx, false)));
    for (ctx, is_inside) in both {
        let seen = provider::get(ctx, place.id).await.expect("it is open");
        for seen in [provider::get_by_slug(ctx, &seen.slug).await.expect("it is open"), seen] {
            assert_eq!((seen.email.is_empty(), seen.phone.is_empty()), (!is_inside, !is_inside), "{seen:?}");
            assert_eq!(seen.team.len(), 1);
            assert_eq!(seen.team[0].account_id, is_inside.then_some(place.owner));
        }
        let service = provider::get_service(ctx, place.service).await.expect("it is sold");
        let listed = provider::list_services(ctx, place.id).await.expect("it is sold");
        assert_eq!((service.commission_bp, listed[0].commission_bp), (is_inside.then_some(1_000), is_inside.then_some(1_000)));
        assert_eq!(service.price.minor, 10_000);
    }
}

async fn invited(ctx: &Ctx, id: ProviderId, email: &str) -> String {
    provider::invite(ctx, id, email, TeamRole::Member).await.map_or_else(|error| error.code().to_owned(), |_| "sent".to_owned())
}

#[sqlx::test(migrations = "../migrations")]
async fn nobody_is_pestered_with_invitations(db: PgPool) {
    let world = World::new(db);
    let (one, two) = (world.a_provider().await, world.a_provider().await);
    let owners = [(world.ctx_as(one.owner).await, one.id), (world.ctx_as(two.owner).await, two.id)];
    for number in 0..5 {
        let (ctx, id) = &owners[number % 2];
        assert_eq!(invited(ctx, *id, "Rui@example.test").await, "sent");
    }
    for (ctx, id) in &owners {
        assert_eq!(invited(ctx, *id, "rui@example.test").await, "too_many_invitations");
        assert_eq!(invited(ctx, *id, "eva@example.test").await, "sent");
    }
    let to_rui = "select count(*) from mails where template = 'team_invitation' and lower(to_address) = 'rui@example.test'";
    assert_eq!(world.count(to_rui).await, 5);
    let visitor = world.visitor();
    let mut tx = visitor.begin().await.expect("begins");
    let is_shut_out = account::has_had_enough(&mut tx, &visitor, LinkPurpose::ResetPassword, "rui@example.test").await.expect("looked");
    assert!(!is_shut_out, "what they ask for themselves still comes");
    drop(tx);
    world.pass_minutes(61);
    assert_eq!(invited(&owners[0].0, one.id, "rui@example.test").await, "sent");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_business_writes_to_so_many_strangers_a_day(db: PgPool) {
    let world = World::new(db);
    let place = world.a_provider().await;
    world.set("accounts", place.owner, "email_confirmed_at", "null").await;
    assert_eq!(invited(&world.ctx_as(place.owner).await, place.id, "rui@example.test").await, "email_not_confirmed");
    world.set("accounts", place.owner, "email_confirmed_at", "now()").await;
    let owner = world.ctx_as(place.owner).await;
    for number in 0..50 {
        assert_eq!(invited(&owner, place.id, &format!("person{number}@elsewhere.test")).await, "sent");
        // taking them back makes no room
        let open = provider::get_team(&owner, place.id).await.expect("the team").invitations[0].id;
        provider::revoke_invitation(&owner, place.id, open).await.expect("taken back");
    }
    assert_eq!(invited(&owner, place.id, "rui@example.test").await, "too_many_invitations");
    assert_eq!(world.count("select count(*) from mails where template = 'team_invitation'").await, 50);
    world.pass_hours(24);
    assert_eq!(invited(&owner, place.id, "rui@example.test").await, "sent");
}
