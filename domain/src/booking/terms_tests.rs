//! Holds are written by terms kept in memory, and never by old ones.

use super as booking;
use super::model::{BookingView, Status};
use super::tests::{at, code, slot};
use crate::admin::{self, SaveCategory};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::event::{EventKind, NewEvent};
use crate::outbox;
use crate::provider::model::{AddOnInput, AssignmentRule, BookingPolicy, Mode, PersonInput, ServiceInput, ServiceOverrides};
use crate::scheduling::model::TimeOffInput;
use crate::settings::ChangeSettings;
use crate::world::{SomeProvider, World};
use crate::{provider, scheduling};
use sqlx::PgPool;
use std::collections::BTreeSet;

struct Scene {
    world: World,
    provider: SomeProvider,
    owner: Ctx,
    admin: Ctx,
}

async fn scene(db: PgPool) -> Scene {
    let world = World::new(db);
    let provider = world.a_provider().await;
    let owner = world.ctx_as(provider.owner).await;
    let admin = world.ctx_as(world.an_admin().await).await;
    Scene { world, provider, owner, admin }
}

impl Scene {
    /// Someone holds the start, is answered what is stored, and gives it back, so that the terms are kept and the start is free.
    async fn try_hold(&self, starts_at: &str) -> Result<BookingView> {
        let ctx = self.world.visitor();
        let held = booking::hold(&ctx, slot(self.provider.service, starts_at)).await?;
        assert_eq!(held, booking::get(&ctx, held.id).await.expect("found"));
        booking::release(&ctx, held.id).await.expect("given back");
        Ok(held)
    }
    async fn hold(&self) -> BookingView {
        self.try_hold(START).await.expect("held")
    }
    async fn commission_minor(&self) -> i64 {
        let id = self.hold().await.id;
        booking::get(&self.owner, id).await.expect("found").price.commission.expect("shown to the team").minor
    }
    fn service(&self) -> ServiceInput {
        ServiceInput {
            name: "Hedge trimming".into(),
            description: String::new(),
            category_id: self.provider.category,
            mode: Mode::AtProvider,
            radius_km: None,
            duration_min: 60,
            price_minor: 10_000,
            buffer_before_min: 0,
            buffer_after_min: 0,
            needs_approval: false,
            overrides: ServiceOverrides::default(),
            day_limit: None,
            week_limit: None,
            assignment: AssignmentRule::FirstFree,
            add_ons: Vec::new(),
            people: vec![PersonInput { resource_id: self.provider.person, priority: 1, weight: 100 }],
            things: Vec::new(),
        }
    }
}

const START: &str = "2026-06-10T10:00:00Z";

/// What tells of a change is the event: a row changed without one is not seen, and with one it is.
#[sqlx::test(migrations = "../migrations")]
async fn terms_are_kept_until_an_event_tells_of_a_change(db: PgPool) {
    let s = scene(db).await;
    assert_eq!(s.hold().await.price.service.minor, 10_000);
    sqlx::query("update services set price_minor = 20000").execute(&s.world.db).await.expect("a changed row");
    let ctx = s.world.visitor();
    let held = booking::hold(&ctx, slot(s.provider.service, START)).await.expect("held");
    assert_eq!(held.price.service.minor, 10_000, "by the terms in memory");
    booking::release(&ctx, held.id).await.expect("given back");
    let mut tx = s.world.system().begin().await.expect("begins");
    outbox::record(&mut tx, &s.world.system(), NewEvent::new(EventKind::ProviderChanged).provider(s.provider.id)).await.expect("records");
    s.world.system().commit(tx).await.expect("commits");
    assert_eq!(s.hold().await.price.service.minor, 20_000);
    assert_eq!(s.hold().await.price.service.minor, 20_000, "kept anew");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_next_hold_is_sold_as_the_service_is_now(db: PgPool) {
    let s = scene(db).await;
    s.hold().await;
    let extra = AddOnInput { id: None, name: "Take it away".into(), price_minor: 1_500, extra_min: 30 };
    let changed = ServiceInput { price_minor: 12_000, duration_min: 90, needs_approval: true, add_ons: vec![extra], ..s.service() };
    let service = provider::update_service(&s.owner, s.provider.service, changed).await.expect("changed");
    let held = s.hold().await;
    assert_eq!((held.price.service.minor, held.needs_approval, held.service_name.as_str()), (12_000, true, "Hedge trimming"));
    assert_eq!(held.ends_at, at("2026-06-10T11:30:00Z"));
    let ctx = s.world.visitor();
    let wanted = booking::model::HoldSlot { add_ons: vec![service.add_ons[0].id], ..slot(s.provider.service, START) };
    let held = booking::hold(&ctx, wanted.clone()).await.expect("held");
    assert_eq!((held.price.add_ons.minor, held.ends_at), (1_500, at("2026-06-10T12:00:00Z")));
    booking::release(&ctx, held.id).await.expect("given back");
    provider::update_service(&s.owner, s.provider.service, s.service()).await.expect("changed");
    assert_eq!(code(booking::hold(&s.world.visitor(), wanted).await), "unknown_add_on");

    let policy = BookingPolicy { hold_min: 40, ..BookingPolicy::default() };
    provider::update_policy(&s.owner, s.provider.id, policy).await.expect("changed");
    assert_eq!(s.hold().await.hold_expires_at, Some(s.world.now().plus_minutes(40)));
    provider::update_policy(&s.owner, s.provider.id, BookingPolicy { min_notice_min: 3 * 1440, ..BookingPolicy::default() })
        .await
        .expect("changed");
    assert_eq!(code(s.try_hold(START).await), "not_available");
    provider::update_policy(&s.owner, s.provider.id, BookingPolicy::default()).await.expect("changed");
    s.hold().await;
    provider::archive_service(&s.owner, s.provider.service).await.expect("archived");
    assert_eq!(code(s.try_hold(START).await), "not_bookable");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_next_hold_is_sold_by_what_the_operator_says_now(db: PgPool) {
    let s = scene(db).await;
    assert_eq!(s.commission_minor().await, 1_000);
    let change = ChangeSettings([("commission_bp".to_owned(), serde_json::json!(1_500))].into_iter().collect());
    admin::change_settings(&s.admin, &change).await.expect("changed");
    assert_eq!(s.commission_minor().await, 1_500);
    let category = SaveCategory {
        id: Some(s.provider.category),
        name: "Gardens".into(),
        slug: "gardens".into(),
        description: String::new(),
        icon: "wrench".into(),
        tone: 3,
        position: 1,
        commission_bp: Some(500),
        is_hidden: false,
    };
    admin::save_category(&s.admin, category).await.expect("changed");
    assert_eq!(s.commission_minor().await, 500);
    for is_verified in [true, false] {
        provider::set_verified(&s.admin, s.provider.id, is_verified, "Seen").await.expect("changed");
        s.hold().await;
    }
    provider::suspend(&s.admin, s.provider.id, "Complaints").await.expect("suspended");
    assert_eq!(code(s.try_hold(START).await), "not_bookable");
    provider::reinstate(&s.admin, s.provider.id, None).await.expect("reinstated");
    s.hold().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_next_hold_keeps_to_the_hours_of_now(db: PgPool) {
    let s = scene(db).await;
    let (id, date) = (s.provider.id, at(START).utc_date());
    let is_refused = async || assert_eq!(code(s.try_hold(START).await).as_str(), "not_available");
    s.hold().await;
    scheduling::set_override(&s.owner, id, None, date, Vec::new()).await.expect("closed");
    is_refused().await;
    scheduling::remove_override(&s.owner, id, None, date).await.expect("open");
    s.hold().await;
    let off = TimeOffInput { from_date: Some(date), reason: "Fair".into(), ..TimeOffInput::default() };
    let off = scheduling::add_time_off(&s.owner, id, off).await.expect("away");
    is_refused().await;
    scheduling::remove_time_off(&s.owner, id, off.id).await.expect("back");
    s.hold().await;
    scheduling::set_hours(&s.owner, id, Some(s.provider.person), None, Vec::new()).await.expect("never");
    is_refused().await;
    scheduling::clear_hours(&s.owner, id, s.provider.person).await.expect("as everyone");
    s.hold().await;
    // Lisbon's clocks read 11:00 then
    let busy =
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART:20260610T103000Z\r\nDTEND:20260610T110000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    s.world.calendars.put("https://calendar.test/a.ics", busy);
    let calendar = scheduling::add_calendar(&s.owner, id, s.provider.person, "https://calendar.test/a.ics").await.expect("added");
    s.world.run_jobs().await;
    // by what is read anew, and then by what was kept of it
    for _ in 0..2 {
        assert_eq!(code(s.try_hold(START).await), "slot_taken");
    }
    scheduling::remove_calendar(&s.owner, id, calendar).await.expect("removed");
    s.hold().await;
    provider::archive_resource(&s.owner, id, s.provider.person).await.expect("left");
    assert_eq!(code(s.try_hold(START).await), "not_bookable");
}

/// Somebody is in the way, and the rules have not changed: nothing is read anew to say so. That the provider was suspended without an event tells the two
/// ways apart.
#[sqlx::test(migrations = "../migrations")]
async fn who_comes_too_late_is_told_by_kept_terms(db: PgPool) {
    let s = scene(db).await;
    s.hold().await;
    booking::hold(&s.world.visitor(), slot(s.provider.service, START)).await.expect("held");
    sqlx::query("update providers set status = 'suspended'").execute(&s.world.db).await.expect("a changed row");
    assert_eq!(code(s.try_hold(START).await), "slot_taken");
    // what else speaks against it is read
    assert_eq!(code(s.try_hold("2026-06-10T03:00:00Z").await), "not_bookable");
    let mut tx = s.world.system().begin().await.expect("begins");
    outbox::record(&mut tx, &s.world.system(), NewEvent::new(EventKind::ProviderSuspended).provider(s.provider.id)).await.expect("records");
    s.world.system().commit(tx).await.expect("commits");
    assert_eq!(code(s.try_hold(START).await), "not_bookable", "nor does it refuse by old ones");
}

/// The next of a team is found by kept terms too, until all of them are booked; of a large one by what is read.
#[sqlx::test(migrations = "../migrations")]
async fn a_team_is_booked_one_after_another(db: PgPool) {
    let s = scene(db).await;
    for size in [3, 7] {
        let mut team = Vec::new();
        for _ in 0..size {
            team.push(s.world.a_resource(s.provider.id, "person", None).await);
        }
        let service = s.world.a_service(s.provider.id, s.provider.category, &team).await;
        let mut took = BTreeSet::new();
        for _ in 0..size {
            let held = booking::hold(&s.world.visitor(), slot(service, START)).await.expect("held");
            took.insert(held.person.expect("a person").id);
        }
        assert_eq!(took, team.into_iter().collect::<BTreeSet<_>>());
        assert_eq!(code(booking::hold(&s.world.visitor(), slot(service, START)).await), "slot_taken");
    }
}

/// Each node keeps its own; what one of them changes, the next hold on the other is written by.
#[sqlx::test(migrations = "../migrations")]
async fn another_node_never_sells_on_old_terms(db: PgPool) {
    let s = scene(db).await;
    let there = s.world.another_house(s.world.db.clone());
    let hold_there = async || {
        let ctx = Ctx::new(there.clone(), s.world.visitor().actor, "there".to_owned(), None);
        let held = booking::hold(&ctx, slot(s.provider.service, START)).await.expect("held");
        booking::release(&ctx, held.id).await.expect("given back");
        held.price.service.minor
    };
    assert_eq!((s.hold().await.price.service.minor, hold_there().await), (10_000, 10_000));
    let dearer = ServiceInput { price_minor: 11_000, ..s.service() };
    provider::update_service(&s.owner, s.provider.service, dearer).await.expect("changed");
    assert_eq!(hold_there().await, 11_000);
}

/// A change that is not committed yet is none; committed, it counts, also while another transaction is still open.
#[sqlx::test(migrations = "../migrations")]
async fn a_change_counts_from_its_commit(db: PgPool) {
    let s = scene(db).await;
    let system = s.world.system();
    let mut changing = system.begin().await.expect("begins");
    sqlx::query("update services set price_minor = 20000").execute(&mut *changing).await.expect("a changed row");
    outbox::record(&mut changing, &system, NewEvent::new(EventKind::ProviderChanged).provider(s.provider.id)).await.expect("records");
    // the terms are read after the change was recorded and before it was committed
    assert_eq!(s.hold().await.price.service.minor, 10_000);
    let mut other = system.begin().await.expect("begins");
    sqlx::query("select pg_current_xact_id()").execute(&mut *other).await.expect("an id");
    system.commit(changing).await.expect("commits");
    let held = s.hold().await;
    assert_eq!((held.price.service.minor, held.status), (20_000, Status::Held));
    drop(other);
}
