//! The verbs on a real database.

use super::model::*;
use crate::ctx::{Ctx, StaffRole};
use crate::error::Error;
use crate::id::{CategoryId, ProviderId, ResourceId};
use crate::provider;
use crate::scheduling;
use crate::scheduling::model::WeekRange;
use crate::world::World;
use sqlx::PgPool;

fn profile(category: CategoryId) -> ProfileInput {
    ProfileInput {
        name: "Ána's Garden".into(),
        story: "I look after gardens of every size, in every season.".into(),
        category_id: Some(category),
        zone: "Europe/Lisbon".into(),
        currency: "EUR".into(),
        country: "PT".into(),
        town: "Merrow".into(),
        lat: Some(38.7),
        lng: Some(-9.1),
        email: "ana@example.test".into(),
        ..ProfileInput::default()
    }
}

fn service(category: CategoryId, person: ResourceId) -> ServiceInput {
    ServiceInput {
        name: "Hedge trimming".into(),
        description: String::new(),
        category_id: category,
        mode: Mode::AtCustomer,
        radius_km: Some(15.0),
        duration_min: 90,
        price_minor: 6500,
        buffer_before_min: 0,
        buffer_after_min: 15,
        needs_approval: false,
        overrides: ServiceOverrides::default(),
        day_limit: None,
        week_limit: None,
        assignment: AssignmentRule::FirstFree,
        add_ons: vec![AddOnInput { id: None, name: "Take the cuttings away".into(), price_minor: 1500, extra_min: 30 }],
        people: vec![PersonInput { resource_id: person, priority: 2, weight: 100 }],
        things: vec![],
    }
}

async fn ready(world: &World) -> (crate::id::AccountId, ProviderId, CategoryId) {
    let owner = world.a_customer().await;
    let category = world.a_category().await;
    let id = provider::apply(&world.ctx_as(owner).await, profile(category)).await.expect("a draft");
    let ctx = world.ctx_as(owner).await;
    let person = provider::list_resources(&ctx, id).await.expect("the team")[0].id;
    provider::create_service(&ctx, id, service(category, person)).await.expect("a service");
    let hours = (1..=5).map(|weekday| WeekRange { weekday, from_min: 540, to_min: 1080 }).collect();
    scheduling::set_hours(&ctx, id, None, None, hours).await.expect("hours");
    (owner, id, category)
}

#[sqlx::test(migrations = "../migrations")]
async fn an_application_from_draft_to_decision(db: PgPool) {
    let world = World::new(db);
    let (owner, id, _) = ready(&world).await;
    let (ctx, admin, visitor) = (world.ctx_as(owner).await, world.ctx_as(world.an_admin().await).await, world.visitor());
    assert_eq!(provider::get(&ctx, id).await.expect("their own").slug, "ana-s-garden");
    assert!(matches!(provider::get(&visitor, id).await, Err(Error::NotFound)));
    assert_eq!(provider::approve(&admin, id, None).await.expect_err("still a draft").code(), "wrong_status");
    provider::submit(&ctx, id).await.expect("submitted");
    assert_eq!(provider::reject(&admin, id, " ").await.expect_err("a reason is needed").code(), "invalid");
    provider::reject(&admin, id, "The story says too little.").await.expect("rejected");
    let seen = provider::get(&ctx, id).await.expect("their own");
    assert_eq!((seen.status, seen.status_reason.as_deref()), (ProviderStatus::Rejected, Some("The story says too little.")));
    provider::submit(&ctx, id).await.expect("submitted again");
    provider::approve(&admin, id, None).await.expect("approved");
    provider::approve(&admin, id, None).await.expect("said twice, done once");
    assert!(provider::get(&visitor, id).await.expect("public now").is_verified);
    provider::suspend(&admin, id, "Three no-shows.").await.expect("suspended");
    assert!(matches!(provider::get_by_slug(&visitor, "ana-s-garden").await, Err(Error::NotFound)));
    provider::reinstate(&admin, id, None).await.expect("back");
    assert_eq!(provider::suspend(&ctx, id, "I try").await.expect_err("not an admin").code(), "forbidden");
    let kinds: Vec<String> =
        world.events().await.into_iter().filter(|kind| kind.starts_with("provider.") && kind != "provider.changed").collect();
    assert_eq!(
        kinds,
        ["provider.submitted", "provider.rejected", "provider.submitted", "provider.approved", "provider.suspended", "provider.reinstated"]
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn an_unfinished_application_says_what_is_missing(db: PgPool) {
    let world = World::new(db);
    let owner = world.a_customer().await;
    let empty =
        ProfileInput { name: "New".into(), zone: "UTC".into(), currency: "EUR".into(), country: "PT".into(), ..ProfileInput::default() };
    let id = provider::apply(&world.ctx_as(owner).await, empty.clone()).await.expect("a draft");
    let ctx = world.ctx_as(owner).await;
    let Err(Error::Invalid(fields)) = provider::submit(&ctx, id).await else { panic!("not ready") };
    let names: Vec<&str> = fields.0.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["category_id", "story", "email", "town", "services", "hours"]);
    let second = provider::apply(&ctx, empty.clone()).await.expect("another");
    let ctx = world.ctx_as(owner).await;
    assert_eq!(provider::get(&ctx, second).await.expect("theirs").slug, "new-2");
    for _ in 0..3 {
        provider::apply(&ctx, empty.clone()).await.expect("up to five");
    }
    assert_eq!(provider::apply(&ctx, empty).await.expect_err("a sixth").code(), "too_many_drafts");
}

#[sqlx::test(migrations = "../migrations")]
async fn an_address_that_is_known_needs_no_position(db: PgPool) {
    let world = World::new(db);
    sqlx::query(
        "insert into places (id, kind, street, district, town, postcode, words, lat, lng, end_lat, end_lng)
         values (gen_random_uuid(), 'street', 'Lantern Lane', 'Millbank', 'Merrow', 'MW1 1LL', 'lantern lane millbank merrow', 50.3, -1.7, 50.3, -1.7)",
    )
    .execute(&world.db)
    .await
    .expect("a street");
    let owner = world.a_customer().await;
    let category = world.a_category().await;
    let typed = ProfileInput { street: "3 Lantern Lane".into(), lat: None, lng: None, ..profile(category) };
    let id = provider::apply(&world.ctx_as(owner).await, typed.clone()).await.expect("a draft");
    let ctx = world.ctx_as(owner).await;
    let found = provider::get(&ctx, id).await.expect("theirs");
    assert_eq!((found.lat, found.lng, found.district.as_str(), found.postcode.as_str()), (Some(50.3), Some(-1.7), "Millbank", "MW1 1LL"));
    let by_hand = ProfileInput { lat: Some(50.31), lng: Some(-1.71), ..typed.clone() };
    let found = provider::update_profile(&ctx, id, by_hand).await.expect("a position of their own");
    assert_eq!((found.lat, found.lng), (Some(50.31), Some(-1.71)));
    let elsewhere = ProfileInput { town: "Porto".into(), ..typed };
    let found = provider::update_profile(&ctx, id, elsewhere).await.expect("a town nobody knows");
    assert_eq!((found.lat, found.lng), (None, None));
}

#[sqlx::test(migrations = "../migrations")]
async fn services_are_kept_whole_and_prices_are_the_owners(db: PgPool) {
    let world = World::new(db);
    let (owner, id, category) = ready(&world).await;
    let ctx = world.ctx_as(owner).await;
    let made = provider::list_services(&ctx, id).await.expect("services").remove(0);
    assert_eq!((made.price.minor, made.min_notice_min, made.commission_bp), (6500, 120, Some(1000)));
    assert_eq!(made.add_ons[0].price.minor, 1500);

    let manager = world.a_customer().await;
    world.add_member(id, manager, StaffRole::Manager).await;
    let manager = world.ctx_as(manager).await;
    let person = made.people[0].resource_id;
    let kept = AddOnInput { id: Some(made.add_ons[0].id), name: "Take it away".into(), price_minor: 1500, extra_min: 15 };
    let edited = ServiceInput { duration_min: 60, add_ons: vec![kept.clone()], ..service(category, person) };
    let view = provider::update_service(&manager, made.id, edited.clone()).await.expect("edited");
    assert_eq!((view.duration_min, view.add_ons[0].id, view.add_ons[0].extra_min), (60, made.add_ons[0].id, 15));
    let dearer = ServiceInput { price_minor: 9900, ..edited.clone() };
    assert_eq!(provider::update_service(&manager, made.id, dearer.clone()).await.expect_err("a price").code(), "forbidden");
    provider::update_service(&ctx, made.id, dearer).await.expect("the owner may");

    let other = world.a_provider().await;
    let foreign = ServiceInput { people: vec![PersonInput { resource_id: other.person, priority: 2, weight: 100 }], ..edited.clone() };
    assert_eq!(provider::update_service(&ctx, made.id, foreign).await.expect_err("someone else's").code(), "invalid");
    assert!(matches!(provider::update_service(&ctx, other.service, edited).await, Err(Error::NotFound)));
    let gone = ServiceInput { add_ons: vec![], price_minor: 9900, ..service(category, person) };
    assert!(provider::update_service(&ctx, made.id, gone).await.expect("without extras").add_ons.is_empty());
    provider::archive_service(&manager, made.id).await.expect("archived");
    assert!(provider::list_services(&ctx, id).await.expect("none").is_empty());
}

#[sqlx::test(migrations = "../migrations")]
async fn a_team_grows_by_invitation(db: PgPool) {
    let world = World::new(db);
    let (owner, id, _) = ready(&world).await;
    let ctx = world.ctx_as(owner).await;
    provider::invite(&ctx, id, "Rui@Example.test ", TeamRole::Member).await.expect("invited");
    provider::invite(&ctx, id, "rui@example.test", TeamRole::Manager).await.expect("invited again");
    let team = provider::get_team(&ctx, id).await.expect("the team");
    assert_eq!((team.members.len(), team.invitations.len(), team.invitations[0].role), (1, 1, TeamRole::Manager));
    assert_eq!(world.count("select count(*) from mails where template = 'team_invitation'").await, 2);
    assert_eq!(provider::set_role(&ctx, id, owner, TeamRole::Member).await.expect_err("the last owner").code(), "last_owner");
    assert_eq!(provider::remove_member(&ctx, id, owner).await.expect_err("the last owner").code(), "last_owner");
    provider::revoke_invitation(&ctx, id, team.invitations[0].id).await.expect("revoked");
    let guest = world.ctx_as(world.a_customer().await).await;
    assert!(provider::accept_invitation(&guest, "not-a-secret").await.is_err());
    assert!(matches!(provider::get_team(&guest, id).await, Err(Error::NotFound)));
    let colleague = world.a_customer().await;
    world.add_member(id, colleague, StaffRole::Member).await;
    provider::set_role(&ctx, id, colleague, TeamRole::Owner).await.expect("two owners");
    provider::remove_member(&world.ctx_as(owner).await, id, owner).await.expect("one may leave");
}

/// Of the newest letter that invites.
async fn invited(world: &World, ctx: &Ctx, id: ProviderId, email: &str, role: TeamRole) -> String {
    world.pass_minutes(1);
    provider::invite(ctx, id, email, role).await.expect("invited");
    let plain: String = sqlx::query_scalar("select plain from mails where template = 'team_invitation' order by created_at desc limit 1")
        .fetch_one(&world.db)
        .await
        .expect("a letter");
    let (_, secret) = plain.split_whitespace().find_map(|word| word.split_once("/invitations/")).expect("a link");
    secret.to_owned()
}

async fn accepted(ctx: &Ctx, secret: &str) -> String {
    provider::accept_invitation(ctx, secret).await.map_or_else(|error| error.code().to_owned(), |_| "accepted".to_owned())
}

#[sqlx::test(migrations = "../migrations")]
async fn an_invitation_lets_one_in_once(db: PgPool) {
    let world = World::new(db);
    let (owner, id, _) = ready(&world).await;
    let ctx = world.ctx_as(owner).await;
    let secret = invited(&world, &ctx, id, "rui@example.test", TeamRole::Manager).await;
    let visitor = world.visitor();
    let shown = provider::find_invitation(&visitor, &secret).await.expect("looked").expect("open");
    assert_eq!((shown.provider_id, shown.role, shown.invited_by.as_str()), (id, TeamRole::Manager, "Nora Quist"));
    assert_eq!((shown.provider_name.as_str(), shown.email.as_str()), ("Ána's Garden", "rui@example.test"));
    assert_eq!(accepted(&visitor, &secret).await, "unauthenticated");
    assert_eq!(accepted(&ctx, &secret).await, "already_member");
    // the letter reached someone who signed up with another address
    let rui = world.a_customer().await;
    assert_eq!(provider::accept_invitation(&world.ctx_as(rui).await, &secret).await.expect("accepted"), id);
    let team = provider::get_team(&world.ctx_as(rui).await, id).await.expect("theirs now");
    assert!(team.members.iter().any(|member| member.account_id == rui && member.role == TeamRole::Manager), "{team:?}");
    assert_eq!((team.members.len(), team.invitations.len(), team.resources.len()), (2, 0, 2));
    assert_eq!(world.count("select count(*) from audit_entries where action = 'provider.accept_invitation'").await, 1);
    assert_eq!(accepted(&world.ctx_as(rui).await, &secret).await, "link_expired");
    assert_eq!(accepted(&world.ctx_as(world.a_customer().await).await, &secret).await, "link_expired");
    assert!(provider::find_invitation(&visitor, &secret).await.expect("looked").is_none());

    provider::remove_member(&ctx, id, rui).await.expect("removed");
    let again = invited(&world, &ctx, id, "rui@example.test", TeamRole::Member).await;
    assert_eq!(accepted(&world.ctx_as(rui).await, &again).await, "accepted");
    let team = provider::get_team(&ctx, id).await.expect("the team");
    assert_eq!((team.members.len(), team.resources.len()), (2, 2), "who comes back has their calendar already");
}

#[sqlx::test(migrations = "../migrations")]
async fn an_invitation_that_is_over_lets_nobody_in(db: PgPool) {
    let world = World::new(db);
    let (owner, id, _) = ready(&world).await;
    let ctx = world.ctx_as(owner).await;
    let rui = world.ctx_as(world.a_customer().await).await;
    let replaced = invited(&world, &ctx, id, "rui@example.test", TeamRole::Member).await;
    let revoked = invited(&world, &ctx, id, "rui@example.test", TeamRole::Member).await;
    assert_eq!(accepted(&rui, &replaced).await, "invitation_over");
    let open = provider::get_team(&ctx, id).await.expect("the team").invitations[0].id;
    provider::revoke_invitation(&ctx, id, open).await.expect("revoked");
    assert_eq!(accepted(&rui, &revoked).await, "invitation_over");
    let expired = invited(&world, &ctx, id, "rui@example.test", TeamRole::Member).await;
    world.pass_days(14);
    assert_eq!(accepted(&rui, &expired).await, "link_expired");
    for secret in [&replaced, &revoked, &expired] {
        assert!(provider::find_invitation(&rui, secret).await.expect("looked").is_none());
    }
    assert_eq!(provider::get_team(&ctx, id).await.expect("the team").members.len(), 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn of_two_who_accept_at_once_one_joins(db: PgPool) {
    let world = World::new(db);
    let (owner, id, _) = ready(&world).await;
    let ctx = world.ctx_as(owner).await;
    let secret = invited(&world, &ctx, id, "rui@example.test", TeamRole::Member).await;
    let (one, two) = (world.ctx_as(world.a_customer().await).await, world.ctx_as(world.a_customer().await).await);
    let mut ends = <[String; 2]>::from(tokio::join!(accepted(&one, &secret), accepted(&two, &secret)));
    ends.sort();
    assert_eq!(ends, ["accepted", "link_expired"]);
    assert_eq!(provider::get_team(&ctx, id).await.expect("the team").members.len(), 2);
}

#[sqlx::test(migrations = "../migrations")]
async fn resources_with_bookings_ahead_stay(db: PgPool) {
    let world = World::new(db);
    let (owner, id, _) = ready(&world).await;
    let ctx = world.ctx_as(owner).await;
    let van = ResourceInput { kind: ResourceKind::Vehicle, name: "Van".into(), tone: None, account_id: None };
    let van = provider::create_resource(&ctx, id, van).await.expect("a van");
    let renamed = ResourceInput { kind: ResourceKind::Room, name: "Blue van".into(), tone: Some(3), account_id: None };
    let renamed = provider::update_resource(&ctx, id, van.id, renamed).await.expect("renamed");
    assert_eq!((renamed.kind, renamed.name.as_str(), renamed.tone), (ResourceKind::Vehicle, "Blue van", 3));
    sqlx::query("insert into allocations (id, provider_id, resource_id, kind, during, created_at) values (gen_random_uuid(), $1, $2, 'booking', $3, $4)")
        .bind(id)
        .bind(van.id)
        .bind(crate::time::Span::new(world.now().plus_days(1), world.now().plus_days(2)))
        .bind(world.now())
        .execute(&world.db)
        .await
        .expect("an allocation");
    assert_eq!(provider::archive_resource(&ctx, id, van.id).await.expect_err("in use").code(), "in_use");
    world.pass_days(3);
    provider::archive_resource(&ctx, id, van.id).await.expect("archived");
    let other = world.a_provider().await;
    assert!(matches!(provider::archive_resource(&ctx, id, other.person).await, Err(Error::NotFound)));
}
