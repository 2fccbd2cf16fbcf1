//! The operator's reading and deciding, on a real database.

use super::*;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::page::PageQuery;
use crate::settings::ChangeSettings;
use crate::world::{SomeProvider, World};
use serde_json::json;
use sqlx::PgPool;

fn code<T: std::fmt::Debug>(result: crate::error::Result<T>) -> String {
    result.expect_err("refused").code().to_owned()
}

async fn admin(world: &World) -> Ctx {
    world.ctx_as(world.an_admin().await).await
}

/// A booking made `days_ago`, with its money in the ledger.
async fn a_paid_booking(world: &World, provider: &SomeProvider, days_ago: i64) -> crate::id::BookingId {
    let (booking, payment): (crate::id::BookingId, crate::id::PaymentId) = (world.new_id(), world.new_id());
    let at = world.now().plus_days(-days_ago);
    let customer = world.a_customer().await;
    sqlx::query(
        "insert into bookings (id, reference, provider_id, service_id, customer_id, status, mode, during, zone, service_name, needs_approval, currency,
            service_minor, commission_bp, commission_minor, cancel_tiers, customer_name, customer_email, confirmed_at, created_at, updated_at)
         values ($1, $2, $3, $4, $5, 'confirmed', 'at_provider', tstzrange($6, $7), 'Europe/Lisbon', 'Service', false, 'EUR',
            10000, 1000, 1000, '[]', 'Nora Quist', 'nora@example.test', $8, $8, $8)",
    )
    .bind(booking)
    .bind(format!("REF{}", world.next()))
    .bind(provider.id)
    .bind(provider.service)
    .bind(customer)
    .bind(at.plus_days(3))
    .bind(at.plus_days(3).plus_hours(1))
    .bind(at)
    .execute(&world.db)
    .await
    .expect("a booking");
    sqlx::query(
        "insert into payments (id, booking_id, payer_id, currency, amount_minor, capture, status, captured_minor, paid_at, created_at, updated_at)
         values ($1, $2, $3, 'EUR', 10000, 'automatic', 'paid', 10000, $4, $4, $4)",
    )
    .bind(payment)
    .bind(booking)
    .bind(customer)
    .bind(at)
    .execute(&world.db)
    .await
    .expect("a payment");
    let parts = crate::ledger::Parts { service_minor: 10_000, tax_minor: 0, tip_minor: 0, commission_minor: 1_000 };
    let cause = crate::ledger::Cause::Captured { payment, provider: provider.id, parts };
    let now = world.now();
    world.clock.set(at);
    let ctx = world.system();
    let mut tx = ctx.begin().await.expect("begun");
    let posting = crate::ledger::Posting { booking, currency: crate::money::Currency::EUR, cause };
    crate::ledger::post(&mut tx, &ctx, &posting).await.expect("posted");
    tx.commit().await.expect("committed");
    world.clock.set(now);
    booking
}

#[sqlx::test(migrations = "../migrations")]
async fn only_admins_look_in(db: PgPool) {
    let world = World::new(db);
    for ctx in [world.visitor(), world.ctx_as(world.a_customer().await).await] {
        let (page, wanted) = (PageQuery::default(), if ctx.person().is_ok() { "forbidden" } else { "unauthenticated" });
        assert_eq!(code(get_overview(&ctx, 7, None).await), wanted);
        assert_eq!(code(list_bookings(&ctx, &BookingFilter::default(), &page).await), wanted);
        assert_eq!(code(list_people(&ctx, &PeopleFilter::default(), &page).await), wanted);
        assert_eq!(code(get_person(&ctx, world.new_id()).await), wanted);
        assert_eq!(code(list_providers(&ctx, &ProviderFilter::default(), &page).await), wanted);
        assert_eq!(code(list_payments(&ctx, &PaymentFilter::default(), &page).await), wanted);
        assert_eq!(code(list_audit(&ctx, &AuditFilter::default(), &page).await), wanted);
        assert_eq!(code(get_system(&ctx).await), wanted);
        assert_eq!(code(get_settings(&ctx).await), wanted);
        assert_eq!(code(change_settings(&ctx, &ChangeSettings::default()).await), wanted);
        assert_eq!(code(list_categories(&ctx).await), wanted);
        assert_eq!(code(save_category(&ctx, SaveCategory::default()).await), wanted);
        assert_eq!(code(retry_job(&ctx, world.new_id()).await), wanted);
        assert_eq!(code(retry_mail(&ctx, world.new_id()).await), wanted);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn figures_are_the_rows_they_open(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await;
    for days_ago in [0, 1, 1, 6, 8] {
        a_paid_booking(&world, &provider, days_ago).await;
    }
    let ctx = admin(&world).await;
    let seen = get_overview(&ctx, 7, None).await.expect("figures");
    assert_eq!(seen.currency, crate::money::Currency::EUR);
    assert_eq!(seen.bookings.values, [1, 0, 0, 0, 0, 2, 1]);
    assert_eq!((seen.bookings.total(), seen.bookings.total_before()), (4, 1));
    assert_eq!((seen.volume_minor.total(), seen.commission_minor.total(), seen.refunds_minor.total()), (40_000, 4_000, 0));
    assert_eq!(seen.volume_minor.change_bp(), Some(30_000));
    assert_eq!((seen.active_providers, seen.booked_providers), (1, 1));
    assert_eq!(seen.latest.len(), 5);

    let filter = BookingFilter { made_from: Some(seen.from), made_to: Some(seen.to), ..BookingFilter::default() };
    assert_eq!(list_bookings(&ctx, &filter, &PageQuery::default()).await.expect("rows").items.len() as i64, seen.bookings.total());
    let filter = PaymentFilter { paid_from: Some(seen.from), paid_to: Some(seen.to), ..PaymentFilter::default() };
    let paid = list_payments(&ctx, &filter, &PageQuery::default()).await.expect("rows").items;
    assert_eq!(paid.iter().map(|p| p.amount.minor).sum::<i64>(), seen.volume_minor.total());
    assert_eq!(code(get_overview(&ctx, 0, None).await), "invalid");
    assert_eq!(code(get_overview(&ctx, 7, Some("nonsense")).await), "invalid");
}

async fn providers(ctx: &Ctx, filter: &ProviderFilter, page: &PageQuery) -> crate::error::Result<crate::page::Page<ProviderLine>> {
    Ok(list_providers(ctx, filter, page).await?.0)
}

#[sqlx::test(migrations = "../migrations")]
async fn lists_page_by_key_without_gap_or_repeat(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await;
    for days_ago in 0..7 {
        a_paid_booking(&world, &provider, days_ago).await;
    }
    let ctx = admin(&world).await;
    // Pages of three: whatever they are sorted by, each row comes once, and the other way round is the reverse.
    macro_rules! check {
        ($list:path, $filter:ident, $columns:expr, $least:expr) => {
            let (least, mut orders): (usize, _) = ($least, vec![None]);
            orders.extend($columns.iter().flat_map(|by| [Some(by.to_string()), Some(format!("-{by}"))]));
            let mut of_column = Vec::new();
            for order in orders {
                let filter = $filter { sort: order.as_deref().and_then(Sort::parse), ..$filter::default() };
                let mut page = PageQuery { limit: Some(3), cursor: None };
                let mut seen = Vec::new();
                loop {
                    let rows = $list(&ctx, &filter, &page).await.expect("rows");
                    seen.extend(rows.items.into_iter().map(|row| row.id));
                    page.cursor = rows.next_cursor;
                    if page.cursor.is_none() {
                        break;
                    }
                }
                let unique: std::collections::HashSet<_> = seen.iter().collect();
                assert_eq!(seen.len(), unique.len(), "{order:?}");
                assert!(seen.len() >= least, "{order:?}: {}", seen.len());
                match order.as_deref().map(|order| order.starts_with('-')) {
                    Some(false) => of_column = seen,
                    Some(true) => {
                        seen.reverse();
                        assert_eq!(of_column, seen, "{order:?}");
                    }
                    None => {}
                }
            }
        };
    }
    check!(list_bookings, BookingFilter, columns::BOOKINGS, 7);
    check!(list_people, PeopleFilter, columns::PEOPLE, 2);
    check!(list_payments, PaymentFilter, columns::PAYMENTS, 7);
    check!(list_audit, AuditFilter, columns::AUDIT, 0);
    check!(providers, ProviderFilter, columns::PROVIDERS, 1);
    let by_total = BookingFilter { sort: Sort::parse("-total"), ..BookingFilter::default() };
    let totals: Vec<i64> =
        list_bookings(&ctx, &by_total, &PageQuery::default()).await.expect("rows").items.iter().map(|row| row.total.minor).collect();
    assert!(totals.is_sorted_by(|one, next| one >= next), "{totals:?}");
    let none = BookingFilter { q: Some("nobody of that name".into()), ..BookingFilter::default() };
    assert!(list_bookings(&ctx, &none, &PageQuery::default()).await.expect("rows").items.is_empty());
    let some = BookingFilter { q: Some("NÓRA".into()), ..BookingFilter::default() };
    assert_eq!(list_bookings(&ctx, &some, &PageQuery::default()).await.expect("rows").items.len(), 7);
}

#[sqlx::test(migrations = "../migrations")]
async fn one_payment_shows_everything_known_of_it(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await;
    a_paid_booking(&world, &provider, 0).await;
    let ctx = admin(&world).await;
    let line = list_payments(&ctx, &PaymentFilter::default(), &PageQuery::default()).await.expect("rows").items.remove(0);
    let detail = get_payment(&ctx, line.id).await.expect("a payment");
    assert_eq!(detail.refundable.minor, 10_000);
    assert_eq!(detail.ledger.iter().map(|entry| entry.amount.minor).sum::<i64>(), 0);
    assert_eq!(detail.ledger.len(), 3);
    assert_eq!(code(get_payment(&ctx, world.new_id()).await), "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn one_person_with_what_surrounds_them(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await;
    a_paid_booking(&world, &provider, 0).await;
    let ctx = admin(&world).await;
    let found = list_people(&ctx, &PeopleFilter { q: Some("pia".into()), ..PeopleFilter::default() }, &PageQuery::default())
        .await
        .expect("rows")
        .items;
    assert_eq!(found.len(), 1);
    let pia = get_person(&ctx, found[0].id).await.expect("a person");
    assert_eq!(pia.places[0].2, "owner");
    crate::account::suspend(&ctx, pia.person.id, "A test of it").await.expect("suspended");
    let pia = get_person(&ctx, pia.person.id).await.expect("a person");
    assert!(pia.person.suspended_at.is_some());
    assert_eq!((pia.audit[0].action.as_str(), pia.audit[0].reason.as_deref()), ("account.suspend", Some("A test of it")));
    let kinds = |kind: &str| PeopleFilter { kind: Some(kind.into()), ..PeopleFilter::default() };
    for (kind, count) in [("admin", 1), ("staff", 1), ("suspended", 1), ("guest", 0)] {
        assert_eq!(list_people(&ctx, &kinds(kind), &PageQuery::default()).await.expect("rows").items.len(), count, "{kind}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn settings_change_at_once_and_leave_a_trace(db: PgPool) {
    let world = World::new(db);
    let ctx = admin(&world).await;
    assert_eq!(ctx.settings().await.expect("settings").hold_min, 15);
    let change = |value: serde_json::Value| ChangeSettings([("hold_min".to_owned(), value)].into_iter().collect());
    assert_eq!(code(change_settings(&ctx, &change(json!(1))).await), "invalid");
    change_settings(&ctx, &change(json!(20))).await.expect("changed");
    assert_eq!(ctx.settings().await.expect("settings").hold_min, 20);
    change_settings(&ctx, &change(json!(20))).await.expect("nothing to do");
    assert_eq!(world.events().await, ["settings.changed"]);
    let audit = list_audit(&ctx, &AuditFilter { action: Some("admin.".into()), ..AuditFilter::default() }, &PageQuery::default())
        .await
        .expect("rows");
    assert_eq!(audit.items.len(), 1);
    assert_eq!(audit.items[0].data, json!({ "from": 15, "to": 20 }));
    let about = AuditFilter { subject: Some("setting:hold_min".into()), who: Some("ada".into()), ..AuditFilter::default() };
    assert_eq!(list_audit(&ctx, &about, &PageQuery::default()).await.expect("rows").items.len(), 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn categories_are_made_and_changed(db: PgPool) {
    let world = World::new(db);
    let ctx = admin(&world).await;
    let input =
        SaveCategory { name: "Home repair".into(), slug: "home-repair".into(), icon: "wrench".into(), tone: 3, ..SaveCategory::default() };
    let id = save_category(&ctx, input.clone()).await.expect("made");
    assert!(matches!(save_category(&ctx, input.clone()).await, Err(Error::Invalid(fields)) if fields.problem("slug").is_some()));
    let changed = SaveCategory { id: Some(id), commission_bp: Some(800), is_hidden: true, ..input.clone() };
    save_category(&ctx, changed).await.expect("changed");
    let listed = list_categories(&ctx).await.expect("listed");
    assert_eq!((listed.len(), listed[0].commission_bp, listed[0].is_hidden), (1, Some(800), true));
    assert_eq!(code(save_category(&ctx, SaveCategory { id: Some(world.new_id()), slug: "x".into(), ..input.clone() }).await), "not_found");
    let bad =
        SaveCategory { slug: "No Spaces".into(), tone: 9, icon: "<svg>".into(), name: " ".into(), commission_bp: Some(10_001), ..input };
    let Err(Error::Invalid(fields)) = save_category(&ctx, bad).await else { panic!("refused") };
    assert_eq!(fields.0.len(), 5);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_failed_gets_a_second_chance(db: PgPool) {
    let world = World::new(db);
    let ctx = admin(&world).await;
    let (job, mail): (crate::id::JobId, crate::id::MailId) = (world.new_id(), world.new_id());
    sqlx::query("insert into jobs (id, kind, run_at, attempts, last_error, created_at, dead_at) values ($1, 'notify.send', $2, 20, 'no answer', $2, $2)")
        .bind(job)
        .bind(world.now())
        .execute(&world.db)
        .await
        .expect("a dead job");
    sqlx::query(
        "insert into mails (id, cause, template, to_address, subject, html, plain, status, failure, created_at)
         values ($1, 'test', 'booking_confirmed', 'x@example.test', 'S', '', '', 'failed', 'refused', $2)",
    )
    .bind(mail)
    .bind(world.now())
    .execute(&world.db)
    .await
    .expect("a failed letter");
    let seen = get_system(&ctx).await.expect("seen");
    assert_eq!((seen.dead_jobs.len(), seen.failed_mails.len(), seen.levels[1].kept_bp()), (1, 1, Some(0)));
    assert_eq!(seen.levels[0].kept_bp(), None);
    let kinds: Vec<_> = get_overview(&ctx, 7, None).await.expect("figures").attention.into_iter().map(|a| a.kind).collect();
    assert_eq!(kinds.len(), 2);
    retry_job(&ctx, job).await.expect("revived");
    retry_mail(&ctx, mail).await.expect("queued");
    assert_eq!(code(retry_job(&ctx, job).await), "not_found");
    assert_eq!(code(retry_mail(&ctx, mail).await), "not_found");
    let seen = get_system(&ctx).await.expect("seen");
    assert_eq!((seen.dead_jobs.len(), seen.failed_mails.len(), seen.jobs_waiting, seen.mails_queued), (0, 0, 2, 1));
}

/// A statement that is planned once for whatever could be asked for reads all payments and all bookings of each provider to show the first page.
#[sqlx::test(migrations = "../migrations")]
async fn lists_are_planned_for_what_is_asked_for(db: PgPool) {
    let once = sqlx::postgres::PgConnectOptions::clone(&db.connect_options()).options([("plan_cache_mode", "force_generic_plan")]);
    let db = sqlx::postgres::PgPoolOptions::new().max_connections(1).connect_with(once).await.expect("connects");
    let (people, providers) = (sort::Order::default(), sort::Order::default());
    store::list_payments(&db, &store::PaymentQuery::default(), 10).await.expect("lists");
    store::list_bookings(&db, &store::BookingQuery::default(), 10).await.expect("lists");
    store::list_audit(&db, &store::AuditQuery::default(), 10).await.expect("lists");
    store::list_people(&db, None, None, None, &people, 10).await.expect("lists");
    store::list_providers(&db, None, None, None, &providers, 10).await.expect("lists");
    let planned = "select count(*) filter (where custom_plans > 0), sum(generic_plans)::bigint
        from pg_prepared_statements
        where statement like '%limit $%' and statement not like '%pg_prepared%'";
    let planned: (i64, Option<i64>) = sqlx::query_as(planned).fetch_one(&db).await.expect("counts");
    assert_eq!(planned, (5, Some(0)));
}
