//! The verbs on a real database.

use super::model::*;
use super::*;
use crate::event::Cursor;
use crate::id::{AllocationId, Id, ServiceId};
use crate::scheduling;
use crate::time::{Date, Instant, Span};
use crate::world::{SomeProvider, World};
use sqlx::PgPool;

/// The Tuesday after next, so that notice never matters.
fn tuesday(world: &World) -> Date {
    let today = zone::local_in(world.now(), "Europe/Lisbon").date;
    today.plus_days(14 - i32::from(today.weekday()) + 2)
}

fn local(date: Date, hour: i32, minute: i32) -> Instant {
    zone::first_from(date, hour * 60 + minute, zone::stored("Europe/Lisbon"))
}

fn query(provider: &SomeProvider, date: Date) -> AvailabilityQuery {
    AvailabilityQuery {
        provider: provider.id,
        service: provider.service,
        from: date,
        to: date,
        zone: None,
        resource: None,
        extra_min: 0,
        ignoring: None,
    }
}

fn want(service: ServiceId, starts_at: Instant) -> AssignQuery {
    AssignQuery { service, starts_at, extra_min: 0, resource: None, ignoring: None, is_by_hand: false, agreed: None, had_notice: false }
}

async fn occupy(world: &World, provider: &SomeProvider, resource: ResourceId, during: Span, expires_at: Option<Instant>) {
    sqlx::query("insert into allocations (id, provider_id, resource_id, kind, during, expires_at, created_at) values ($1, $2, $3, 'booking', $4, $5, $6)")
        .bind(world.new_id::<AllocationId>())
        .bind(provider.id)
        .bind(resource)
        .bind(during)
        .bind(expires_at)
        .bind(world.now())
        .execute(&world.db)
        .await
        .expect("an allocation");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_day_of_free_times_with_its_cursor(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await;
    let date = tuesday(&world);
    let visitor = world.visitor();
    let free = scheduling::get_availability(&visitor, &query(&provider, date)).await.expect("free times");
    assert_eq!(free.zone, "Europe/Lisbon");
    assert!(free.cursor.parse::<Cursor>().is_ok());
    assert_eq!(free.days.len(), 1);
    // an hour each, every half hour from 9 to 18
    assert_eq!(free.days[0].slots.len(), 17);
    assert_eq!(free.days[0].slots[0].starts_at, local(date, 9, 0));
    assert_eq!(free.days[0].slots[0].resource_ids, [provider.person]);

    occupy(&world, &provider, provider.person, Span::new(local(date, 10, 0), local(date, 11, 0)), None).await;
    let free = scheduling::get_availability(&visitor, &query(&provider, date)).await.expect("free times");
    assert_eq!(free.days[0].slots.len(), 14);
    // a hold that has run out no longer counts
    world.pass_hours(1);
    occupy(&world, &provider, provider.person, Span::new(local(date, 14, 0), local(date, 15, 0)), Some(world.now().plus_minutes(-1))).await;
    let free = scheduling::get_availability(&visitor, &query(&provider, date)).await.expect("free times");
    assert_eq!(free.days[0].slots.len(), 14);
}

#[sqlx::test(migrations = "../migrations")]
async fn questions_out_of_bounds_are_refused_in_words(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await;
    let date = tuesday(&world);
    let visitor = world.visitor();
    for (from, to, zone) in
        [(date, date.plus_days(-1), None), (date, date.plus_days(62), None), (date, date, Some("Mars/Olympus".to_owned()))]
    {
        let asked = AvailabilityQuery { from, to, zone, ..query(&provider, date) };
        assert_eq!(scheduling::get_availability(&visitor, &asked).await.expect_err("refused").code(), "invalid");
    }
    for year in ["0001-01-01", "9999-12-01"] {
        let from: Date = year.parse().expect("a date");
        let asked = AvailabilityQuery { from, to: from, ..query(&provider, date) };
        let free = scheduling::get_availability(&visitor, &asked).await.expect("nothing, but no failure");
        assert!(free.days[0].slots.is_empty());
    }
    let other = world.a_provider().await;
    let foreign = AvailabilityQuery { service: other.service, ..query(&provider, date) };
    assert_eq!(scheduling::get_availability(&visitor, &foreign).await.expect_err("foreign").code(), "not_found");
    world.set("providers", provider.id, "status", "'suspended'").await;
    assert_eq!(scheduling::get_availability(&visitor, &query(&provider, date)).await.expect_err("hidden").code(), "not_found");
    assert!(scheduling::list_next_free(&visitor, &[provider.service], world.now(), 3).await.expect("a list").is_empty());
}

#[sqlx::test(migrations = "../migrations")]
async fn assign_takes_the_next_person_and_then_says_no(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await;
    let second = world.a_resource(provider.id, "person", None).await;
    let service = world.a_service(provider.id, provider.category, &[provider.person, second]).await;
    let at = local(tuesday(&world), 10, 0);
    let ctx = world.system();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let mut tx = ctx.begin().await.expect("a transaction");
        let got = scheduling::assign(&mut tx, &ctx, &want(service, at)).await.expect("an answer").expect("free");
        assert_eq!(got.during, Span::new(at, at.plus_minutes(60)));
        seen.push(got.person.expect("a person"));
        tx.commit().await.expect("committed");
        occupy(&world, &provider, got.resources[0], got.during, None).await;
    }
    seen.sort_unstable();
    let mut both = vec![provider.person, second];
    both.sort_unstable();
    assert_eq!(seen, both);
    let mut tx = ctx.begin().await.expect("a transaction");
    let no = scheduling::assign(&mut tx, &ctx, &want(service, at)).await.expect("an answer").expect_err("taken");
    assert_eq!(no.reason, Reason::Booked);
    for (at, reason) in [
        (local(tuesday(&world), 20, 0), Reason::Hours),
        (local(tuesday(&world), 10, 5), Reason::Step),
        (world.now().plus_hours(-5), Reason::Past),
    ] {
        let no = scheduling::assign(&mut tx, &ctx, &want(service, at)).await.expect("an answer").expect_err("not offered");
        assert_eq!(no.reason, reason);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn expired_holds_make_way_and_rooms_stand_in_for_each_other(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await;
    let (one, two) = (world.a_resource(provider.id, "room", None).await, world.a_resource(provider.id, "room", None).await);
    for room in [one, two] {
        sqlx::query("insert into service_things (service_id, resource_id, need) values ($1, $2, 1)")
            .bind(provider.service)
            .bind(room)
            .execute(&world.db)
            .await
            .expect("a need");
    }
    let at = local(tuesday(&world), 10, 0);
    let during = Span::new(at, at.plus_minutes(60));
    occupy(&world, &provider, provider.person, during, Some(world.now().plus_minutes(-1))).await;
    occupy(&world, &provider, one, during, None).await;
    let ctx = world.system();
    let mut tx = ctx.begin().await.expect("a transaction");
    let got = scheduling::assign(&mut tx, &ctx, &want(provider.service, at)).await.expect("an answer").expect("free");
    assert_eq!(got.person, Some(provider.person));
    assert!(got.resources.contains(&two) && !got.resources.contains(&one));
    tx.commit().await.expect("committed");
    assert_eq!(world.count("select count(*) from allocations where is_live").await, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn of_many_at_once_exactly_one_gets_the_slot(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await;
    let at = local(tuesday(&world), 10, 0);
    let tries = (0..12_u128).map(|number| {
        let (ctx, provider) = (world.system(), provider);
        async move {
            let mut tx = ctx.begin().await?;
            let Ok(got) = scheduling::assign(&mut tx, &ctx, &want(provider.service, at)).await? else { return Ok(false) };
            sqlx::query(
                "insert into allocations (id, provider_id, resource_id, kind, during, created_at) values ($1, $2, $3, 'booking', $4, $5)",
            )
            .bind(AllocationId::from_u128(number + 1))
            .bind(provider.id)
            .bind(got.resources[0])
            .bind(got.during)
            .bind(ctx.now())
            .execute(&mut *tx)
            .await?;
            ctx.commit(tx).await?;
            Ok::<bool, Error>(true)
        }
    });
    let outcomes = futures::future::join_all(tries).await;
    let won = outcomes.iter().filter(|outcome| matches!(outcome, Ok(true))).count();
    assert_eq!(won, 1, "{outcomes:?}");
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let near = scheduling::list_alternatives(&world.visitor(), provider.service, at, 3).await.expect("alternatives");
    assert_eq!(near.iter().map(|slot| (slot.starts_at - at).abs() / 60_000).collect::<Vec<_>>(), [60, 60, 90]);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_constraint_itself_refuses_an_overlap(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await;
    let at = local(tuesday(&world), 10, 0);
    let owner = world.ctx_as(provider.owner).await;
    let block = |from: i64| NewBlock {
        provider_id: provider.id,
        resource_id: provider.person,
        during: Span::new(at.plus_minutes(from), at.plus_minutes(from + 60)),
        title: "Dentist".into(),
    };
    let first = scheduling::create_block(&owner, block(0)).await.expect("a block");
    assert_eq!(scheduling::create_block(&owner, block(30)).await.expect_err("overlaps").code(), "slot_taken");
    scheduling::create_block(&owner, block(60)).await.expect("touching is fine");
    let moved = scheduling::move_block(&owner, first.id, provider.person, Span::new(at.plus_minutes(-30), at.plus_minutes(30))).await;
    assert_eq!(moved.expect("moved over its own place").during.starts_at, at.plus_minutes(-30));
    scheduling::delete_block(&owner, first.id).await.expect("deleted");
    let stranger = world.ctx_as(world.a_customer().await).await;
    assert_eq!(scheduling::create_block(&stranger, block(300)).await.expect_err("foreign").code(), "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn hours_overrides_and_time_off_change_free_times(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await;
    let date = tuesday(&world);
    let owner = world.ctx_as(provider.owner).await;
    let count = async |date: Date| {
        let free = scheduling::get_availability(&owner, &query(&provider, date)).await.expect("free times");
        free.days[0].slots.len()
    };
    let morning = vec![WeekRange { weekday: 2, from_min: 540, to_min: 600 }, WeekRange { weekday: 2, from_min: 600, to_min: 720 }];
    scheduling::set_hours(&owner, provider.id, Some(provider.person), None, morning).await.expect("own hours");
    assert_eq!(count(date).await, 5);
    let schedules = scheduling::list_schedules(&owner, provider.id).await.expect("schedules");
    assert_eq!(schedules[1].hours, [WeekRange { weekday: 2, from_min: 540, to_min: 720 }], "touching ranges join");
    scheduling::set_override(&owner, provider.id, Some(provider.person), date, vec![(600, 660)]).await.expect("an override");
    assert_eq!(count(date).await, 1);
    scheduling::set_override(&owner, provider.id, Some(provider.person), date, vec![]).await.expect("closed");
    assert_eq!(count(date).await, 0);
    let said = scheduling::explain(&owner, provider.id, provider.service, local(date, 10, 0)).await.expect("an explanation");
    assert_eq!(said.because[0].reason, Reason::DateOverride);
    assert!(said.summary.ends_with("is closed on this date."), "{}", said.summary);
    scheduling::remove_override(&owner, provider.id, Some(provider.person), date).await.expect("removed");
    scheduling::clear_hours(&owner, provider.id, provider.person).await.expect("follows the provider again");
    assert_eq!(count(date).await, 17);
    let off = TimeOffInput { from_date: Some(date), to_date: Some(date.plus_days(1)), reason: "Fair".into(), ..TimeOffInput::default() };
    let off = scheduling::add_time_off(&owner, provider.id, off).await.expect("time off");
    assert_eq!((count(date).await, count(date.plus_days(1)).await, count(date.plus_days(2)).await), (0, 0, 17));
    scheduling::remove_time_off(&owner, provider.id, off.id).await.expect("removed");
    assert_eq!(count(date).await, 17);
    assert!(world.events().await.iter().all(|kind| kind == "availability.changed"));
    assert_eq!(world.count("select count(*) from audit_entries").await, 7);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_date_is_closed_only_when_no_hours_can_open_it(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await;
    let owner = world.ctx_as(provider.owner).await;
    let sunday = tuesday(&world).plus_days(-2);
    let is_closed = async || !scheduling::list_closed(&owner, &[provider.id], sunday).await.expect("lists").is_empty();
    let hours = |weekday, to_min| vec![WeekRange { weekday, from_min: 1200, to_min }];
    scheduling::set_hours(&owner, provider.id, None, None, hours(6, 1440)).await.expect("hours");
    assert!(is_closed().await, "Saturday ends at midnight");
    scheduling::set_hours(&owner, provider.id, None, None, hours(6, 1500)).await.expect("hours");
    assert!(!is_closed().await, "Saturday runs past midnight");
    scheduling::set_hours(&owner, provider.id, None, None, hours(7, 1440)).await.expect("hours");
    assert!(!is_closed().await, "the weekday is open");
    scheduling::set_hours(&owner, provider.id, None, None, hours(1, 1440)).await.expect("hours");
    assert!(is_closed().await);
    scheduling::set_override(&owner, provider.id, None, sunday, vec![(600, 660)]).await.expect("an override");
    assert!(!is_closed().await, "this one date is open");
    scheduling::remove_override(&owner, provider.id, None, sunday).await.expect("removed");
    scheduling::set_hours(&owner, provider.id, Some(provider.person), None, hours(7, 1440)).await.expect("own hours");
    assert!(!is_closed().await, "somebody works then");
}

#[sqlx::test(migrations = "../migrations")]
async fn members_keep_their_own_calendar_only(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await;
    let member = world.a_customer().await;
    world.add_member(provider.id, member, StaffRole::Member).await;
    let own = world.a_resource(provider.id, "person", Some(member)).await;
    let ctx = world.ctx_as(member).await;
    scheduling::set_hours(&ctx, provider.id, Some(own), None, vec![]).await.expect("their own");
    for resource in [None, Some(provider.person)] {
        assert_eq!(scheduling::set_hours(&ctx, provider.id, resource, None, vec![]).await.expect_err("not theirs").code(), "forbidden");
    }
    let other = world.a_provider().await;
    assert_eq!(scheduling::set_hours(&ctx, other.id, None, None, vec![]).await.expect_err("foreign").code(), "not_found");
    assert_eq!(scheduling::set_hours(&ctx, provider.id, Some(other.person), None, vec![]).await.expect_err("foreign").code(), "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn limits_count_bookings_of_the_day(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await;
    let date = tuesday(&world);
    world.set("services", provider.service, "day_limit", "1").await;
    let during = Span::new(local(date, 9, 0), local(date, 10, 0));
    sqlx::query(
        "insert into bookings (id, reference, provider_id, service_id, status, mode, during, zone, service_name, needs_approval, currency,
            service_minor, commission_bp, cancel_tiers, created_at, updated_at)
         values (gen_random_uuid(), 'R1', $1, $2, 'confirmed', 'at_provider', $3, 'Europe/Lisbon', 'S', false, 'EUR', 0, 0, '[]', $4, $4)",
    )
    .bind(provider.id)
    .bind(provider.service)
    .bind(during)
    .bind(world.now())
    .execute(&world.db)
    .await
    .expect("a booking");
    let free = scheduling::get_availability(&world.visitor(), &AvailabilityQuery { to: date.plus_days(1), ..query(&provider, date) })
        .await
        .expect("free times");
    assert_eq!((free.days[0].slots.len(), free.days[1].slots.len()), (0, 17));
    let ctx = world.system();
    let mut tx = ctx.begin().await.expect("a transaction");
    let no = scheduling::assign(&mut tx, &ctx, &want(provider.service, local(date, 15, 0))).await.expect("an answer").expect_err("full");
    assert_eq!(no.reason, Reason::DayLimit);
}

#[sqlx::test(migrations = "../migrations")]
async fn next_free_times_of_many_services_come_in_one_go(db: PgPool) {
    let world = World::new(db);
    let mut services = Vec::new();
    for _ in 0..5 {
        services.push(world.a_provider().await.service);
    }
    let found = scheduling::list_next_free(&world.visitor(), &services, world.now(), 3).await.expect("free times");
    assert_eq!(found.len(), 5);
    assert!(found.values().all(|slots| slots.len() == 3 && slots.iter().all(|slot| slot.starts_at >= world.now().plus_hours(2))));
    let at = local(tuesday(&world), 10, 0);
    let free = scheduling::list_free_at(&world.visitor(), &services, at).await.expect("free at");
    assert!(free.len() == 5 && free.values().all(|slot| slot.starts_at == at));
}
