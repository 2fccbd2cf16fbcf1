//! The ledger on a real database, its own checks included.

use super::model::{Cause, Parts, Posting};
use crate::error::violated;
use crate::id::{BookingId, PaymentId, ProviderId, RefundId};
use crate::money::Currency;
use crate::world::World;
use sqlx::PgPool;

struct Scene {
    world: World,
    provider: ProviderId,
    owner: crate::id::AccountId,
    booking: BookingId,
    payment: PaymentId,
}

async fn scene(db: PgPool) -> Scene {
    let world = World::new(db);
    let provider = world.a_provider().await;
    let ctx = world.system();
    let (booking, payment): (BookingId, PaymentId) = (ctx.new_id(), ctx.new_id());
    sqlx::query(
        "insert into bookings (id, reference, provider_id, service_id, status, mode, during, zone, service_name,
            needs_approval, currency, service_minor, commission_bp, commission_minor, cancel_tiers, created_at, updated_at)
         values ($1, 'QX4T7', $2, $3, 'confirmed', 'at_provider', tstzrange($4::timestamptz, $4::timestamptz + interval '1 hour'),
            'Europe/Lisbon', 'Tap repair', false, 'EUR', 10000, 1000, 1000, '[]', $4, $4)",
    )
    .bind(booking)
    .bind(provider.id)
    .bind(provider.service)
    .bind(world.now())
    .execute(&world.db)
    .await
    .expect("a booking");
    sqlx::query(
        "insert into payments (id, booking_id, currency, amount_minor, capture, status, captured_minor, created_at, updated_at)
         values ($1, $2, 'EUR', 10500, 'automatic', 'paid', 10500, $3, $3)",
    )
    .bind(payment)
    .bind(booking)
    .bind(world.now())
    .execute(&world.db)
    .await
    .expect("a payment");
    Scene { provider: provider.id, owner: provider.owner, world, booking, payment }
}

impl Scene {
    async fn post(&self, cause: Cause) -> bool {
        let ctx = self.world.system();
        let mut tx = ctx.begin().await.expect("begin");
        let posted = super::post(&mut tx, &ctx, &Posting { booking: self.booking, currency: Currency::EUR, cause }).await.expect("posts");
        ctx.commit(tx).await.expect("commit");
        posted
    }
    fn captured(&self) -> Cause {
        let parts = Parts { service_minor: 10_000, tax_minor: 0, tip_minor: 500, commission_minor: 1_000 };
        Cause::Captured { payment: self.payment, provider: self.provider, parts }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_cause_is_posted_once_and_the_statement_adds_up(db: PgPool) {
    let scene = scene(db).await;
    assert!(scene.post(scene.captured()).await);
    assert!(!scene.post(scene.captured()).await);
    let refund: RefundId = scene.world.system().new_id();
    let parts = Parts { service_minor: 5_000, tax_minor: 0, tip_minor: 500, commission_minor: 500 };
    assert!(scene.post(Cause::Refunded { refund, payment: scene.payment, provider: scene.provider, parts }).await);

    let owner = scene.world.ctx_as(scene.owner).await;
    let lines = super::list_statement(&owner, scene.provider, &Default::default()).await.expect("a statement").items;
    let amounts: Vec<(i64, i64)> = lines.iter().map(|line| (line.amount.minor, line.balance.minor)).collect();
    assert_eq!(amounts, vec![(-5_000, 4_500), (9_500, 9_500)]);

    let today = scene.world.now().utc_date();
    let earnings = super::get_earnings(&owner, scene.provider, today, today).await.expect("earnings");
    assert_eq!(
        (earnings.balance.minor, earnings.earned.minor, earnings.returned.minor, earnings.commission.minor),
        (4_500, 9_500, 5_000, 500)
    );
    assert_eq!(earnings.days.iter().map(|d| d.net_minor).collect::<Vec<_>>(), vec![4_500]);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_recount_finds_a_payment_that_differs(db: PgPool) {
    let scene = scene(db).await;
    let ctx = scene.world.system();
    assert_eq!(super::recount(&ctx).await.expect("counts").payments_off, vec![scene.payment], "paid, but not posted");
    scene.post(scene.captured()).await;
    assert!(super::recount(&ctx).await.expect("counts").is_right());
    let refund: RefundId = ctx.new_id();
    let parts = Parts { service_minor: 100, tax_minor: 0, tip_minor: 0, commission_minor: 10 };
    scene.post(Cause::Refunded { refund, payment: scene.payment, provider: scene.provider, parts }).await;
    assert_eq!(super::recount(&ctx).await.expect("counts").payments_off, vec![scene.payment], "posted, but not refunded");
}

#[sqlx::test(migrations = "../migrations")]
async fn others_do_not_see_a_statement(db: PgPool) {
    let scene = scene(db).await;
    let stranger = scene.world.a_customer().await;
    let stranger = scene.world.ctx_as(stranger).await;
    let refused = super::list_statement(&stranger, scene.provider, &Default::default()).await.expect_err("not theirs");
    assert_eq!(refused.code(), "not_found");
    assert_eq!(super::recount(&stranger).await.expect_err("not an admin").code(), "forbidden");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_database_refuses_what_does_not_balance(db: PgPool) {
    let scene = scene(db).await;
    scene.post(scene.captured()).await;
    let mut tx = scene.world.db.begin().await.expect("begin");
    sqlx::query("insert into ledger_entries (transaction_id, account_id, currency, amount_minor) select transaction_id, account_id, currency, 1 from ledger_entries limit 1")
        .execute(&mut *tx)
        .await
        .expect("checked at commit only");
    let off = tx.commit().await.expect_err("does not balance");
    assert_eq!(violated(&off), Some("ledger_balanced"));

    let mut tx = scene.world.db.begin().await.expect("begin");
    sqlx::query(
        "with t as (insert into ledger_transactions (id, cause, memo, at) values (gen_random_uuid(), 'x', 'x', now()) returning id)
         insert into ledger_entries (transaction_id, account_id, currency, amount_minor)
         select t.id, a.id, 'USD', v.minor from t, (select id from ledger_accounts limit 1) a, (values (1), (-1)) v(minor)",
    )
    .execute(&mut *tx)
    .await
    .expect("checked at commit only");
    let off = tx.commit().await.expect_err("of another currency");
    assert_eq!(violated(&off), Some("ledger_currency"));
}

#[sqlx::test(migrations = "../migrations")]
async fn the_database_refuses_to_forget(db: PgPool) {
    let scene = scene(db).await;
    scene.post(scene.captured()).await;
    for sql in [
        "delete from ledger_entries",
        "update ledger_entries set amount_minor = 1",
        "delete from ledger_transactions",
        "update ledger_transactions set memo = ''",
    ] {
        let refused = sqlx::query(sql).execute(&scene.world.db).await.expect_err(sql);
        assert_eq!(violated(&refused), Some("ledger_append_only"), "{sql}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn two_first_postings_share_one_account(db: PgPool) {
    let scene = scene(db).await;
    let other: PaymentId = scene.world.system().new_id();
    sqlx::query("insert into payments select $1, booking_id, payer_id, currency, amount_minor, tip_minor, capture, status, captured_minor, refunded_minor, card_brand, card_last4, paid_at, created_at, updated_at from payments")
        .bind(other)
        .execute(&scene.world.db)
        .await
        .expect("a second payment");
    let again = Cause::Unexpected { payment: other, amount_minor: 700 };
    let (a, b) = tokio::join!(scene.post(scene.captured()), scene.post(again));
    assert!(a && b);
    assert_eq!(scene.world.count("select count(*) from ledger_accounts where kind = 'gateway'").await, 1);
}
