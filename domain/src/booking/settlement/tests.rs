//! Every order in which news of money can come, on a real database against a gateway in memory.

use super::{Pay, collect, pay, receive, reconcile, refund_by_hand, settle, state};
use crate::booking::model::{CheckoutDetails, HoldSlot, Status};
use crate::booking::{self, CancelBooking};
use crate::ctx::Ctx;
use crate::error::Error;
use crate::id::{AccountId, BookingId, ServiceId};
use crate::jobs;
use crate::ledger;
use crate::money::Money;
use crate::payment::port::{GatewayMessage, IntentStatus, MessageObject};
use crate::payment::{AttemptStatus, NextStep, PaymentStatus, PaymentView};
use crate::world::{Answer, SomeProvider, World};
use sqlx::{PgPool, Row};

pub(super) struct Scene {
    pub world: World,
    pub provider: SomeProvider,
    pub ctx: Ctx,
    pub booking: BookingId,
}

pub(super) const START: &str = "2026-06-10T10:00:00Z";

pub(super) async fn held(world: &World, ctx: &Ctx, service: ServiceId, starts_at: &str) -> BookingId {
    let slot = HoldSlot {
        service_id: service,
        starts_at: starts_at.parse().expect("an instant"),
        resource_id: None,
        add_ons: Vec::new(),
        notes: String::new(),
        address: None,
    };
    let id = booking::hold(ctx, slot).await.expect("held").id;
    let details = CheckoutDetails {
        name: "Ana Sousa".into(),
        email: "ana@example.test".into(),
        phone: "+351 912 345 678".into(),
        tip_minor: 500,
        ..CheckoutDetails::default()
    };
    booking::check_out(ctx, id, details).await.expect("details saved");
    let _ = world;
    id
}

/// A hold of 100.00 with a tip of 5.00, ready to be paid.
pub(super) async fn scene(db: PgPool) -> Scene {
    let world = World::new(db);
    let provider = world.a_provider().await;
    let customer: AccountId = world.a_customer().await;
    let ctx = world.ctx_as(customer).await;
    let booking = held(&world, &ctx, provider.service, START).await;
    Scene { world, provider, ctx, booking }
}

pub(super) async fn by_approval(db: PgPool) -> Scene {
    let world = World::new(db);
    let provider = world.a_provider().await;
    world.set("services", provider.service, "needs_approval", "true").await;
    let customer = world.a_customer().await;
    let ctx = world.ctx_as(customer).await;
    let booking = held(&world, &ctx, provider.service, START).await;
    Scene { world, provider, ctx, booking }
}

impl Scene {
    pub async fn pay(&self) -> PaymentView {
        pay(&self.ctx, self.booking, Pay::default()).await.expect("a payment")
    }
    pub async fn pay_with(&self, method: &str) -> PaymentView {
        let how = Pay { is_hosted: false, payment_method: Some(method.into()) };
        pay(&self.ctx, self.booking, how).await.expect("a payment")
    }
    /// The gateway's name of the only intent.
    pub fn intent(&self) -> String {
        self.world.gateway.intents().into_iter().next().expect("an intent").reference
    }
    pub fn payment_amount(&self) -> Money {
        self.world.gateway.intents().into_iter().next().expect("an intent").amount
    }
    pub async fn message(&self, id: &str) {
        let message = self.world.gateway.message_about(id, &self.intent());
        receive(&self.world.system(), message).await.expect("received");
    }
    pub async fn status(&self) -> Status {
        booking::get(&self.world.system(), self.booking).await.expect("the booking").status
    }
    pub async fn payment(&self) -> PaymentView {
        crate::payment::find_for_booking(&self.world.system(), self.booking).await.expect("reads").expect("a payment")
    }
    /// Runs what waits of the payment room, until nothing is left.
    pub async fn work(&self) {
        run_jobs(&self.world).await;
    }
    /// Balanced, equal to the payments, and everything settled.
    pub async fn is_right(&self) {
        let recount = ledger::recount(&self.world.system()).await.expect("counts");
        assert!(recount.is_right(), "{recount:?}");
    }
    pub async fn balance_of_provider(&self) -> i64 {
        let sql = "select coalesce(-sum(e.amount_minor), 0)::bigint from ledger_entries e join ledger_accounts a on a.id = e.account_id where a.kind = 'provider'";
        self.world.count(sql).await
    }
}

async fn run_jobs(world: &World) {
    let ctx = world.system();
    for _ in 0..10 {
        let rows =
            sqlx::query("select id, kind, payload from jobs where finished_at is null and kind like 'payment.%' order by created_at")
                .fetch_all(&world.db)
                .await
                .expect("jobs");
        if rows.is_empty() {
            return;
        }
        for row in rows {
            let (id, kind): (uuid::Uuid, String) = (row.get("id"), row.get("kind"));
            if jobs::run(&ctx, &kind, row.get("payload")).await.is_ok() {
                sqlx::query("update jobs set finished_at = now() where id = $1").bind(id).execute(&world.db).await.expect("done");
            }
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn the_form_is_shown_and_money_confirms(db: PgPool) {
    let scene = scene(db).await;
    let view = scene.pay().await;
    assert!(matches!(view.next, Some(NextStep::Form { .. })), "{:?}", view.next);
    assert_eq!((view.amount.minor, view.tip.minor), (10_500, 500));
    scene.world.gateway.customer_pays(&scene.intent());
    scene.message("evt_1").await;
    assert_eq!(scene.status().await, Status::Confirmed);
    assert_eq!(scene.payment().await.status, PaymentStatus::Paid);
    assert_eq!(scene.balance_of_provider().await, 9_500, "S − C + T");
    scene.work().await;
    scene.is_right().await;
    let fees = "select coalesce(sum(e.amount_minor), 0)::bigint from ledger_entries e join ledger_accounts a on a.id = e.account_id where a.kind = 'gateway_fees'";
    assert_eq!(scene.world.count(fees).await, 183);
}

#[sqlx::test(migrations = "../migrations")]
async fn webhook_return_and_reconciler_lead_to_the_same_once(db: PgPool) {
    let scene = scene(db).await;
    let attempt = scene.pay().await.attempt_id.expect("an attempt");
    scene.world.gateway.customer_pays(&scene.intent());
    let state = state(&scene.ctx, scene.booking).await.expect("asked").expect("a payment");
    assert_eq!(state.status, PaymentStatus::Paid);
    for event in ["evt_1", "evt_2", "evt_1"] {
        scene.message(event).await;
    }
    settle(&scene.world.system(), attempt).await.expect("settles");
    scene.world.pass_minutes(5);
    reconcile(&scene.world.system()).await.expect("reconciles");
    scene.work().await;
    assert_eq!(scene.balance_of_provider().await, 9_500);
    assert_eq!(scene.world.events().await.iter().filter(|kind| *kind == "payment.paid").count(), 1);
    assert_eq!(scene.world.events().await.iter().filter(|kind| *kind == "booking.confirmed").count(), 1);
    scene.is_right().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn double_clicks_and_two_tabs_continue_the_same_attempt(db: PgPool) {
    let scene = scene(db).await;
    let (one, two) = tokio::join!(scene.pay(), scene.pay());
    assert_eq!(one.attempt_id, two.attempt_id);
    assert_eq!(one.id, two.id);
    assert_eq!(scene.world.gateway.intents().len(), 1);
    scene.world.gateway.customer_pays(&scene.intent());
    scene.message("evt_1").await;
    assert_eq!(scene.pay().await.status, PaymentStatus::Paid, "the second tab sees that it is paid");
    assert_eq!(scene.world.gateway.intents().len(), 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn another_tip_changes_the_amount_of_the_same_intent(db: PgPool) {
    let scene = scene(db).await;
    scene.pay().await;
    let details = CheckoutDetails {
        name: "Ana Sousa".into(),
        email: "ana@example.test".into(),
        phone: "+351 912 345 678".into(),
        tip_minor: 1_000,
        ..CheckoutDetails::default()
    };
    booking::check_out(&scene.ctx, scene.booking, details).await.expect("details saved");
    let view = scene.pay().await;
    assert_eq!((view.amount.minor, view.tip.minor), (11_000, 1_000));
    let intents = scene.world.gateway.intents();
    assert_eq!((intents.len(), intents[0].amount.minor), (1, 11_000));
}

#[sqlx::test(migrations = "../migrations")]
async fn each_decline_has_its_sentence_and_the_next_card_pays(db: PgPool) {
    let scene = scene(db).await;
    scene.pay().await;
    for (code, words) in [
        ("card_declined", "was declined"),
        ("insufficient_funds", "not enough money"),
        ("expired_card", "has expired"),
        ("payment_intent_authentication_failure", "did not confirm"),
    ] {
        scene.world.gateway.customer_is_declined(&scene.intent(), code);
        scene.message(&format!("evt_{code}")).await;
        scene.work().await;
        let payment = scene.payment().await;
        assert_eq!(payment.failure_code.as_deref(), Some(code));
        assert!(payment.failure.as_deref().is_some_and(|text| text.contains(words) && text.contains("Nothing was charged")), "{code}");
        assert_eq!(scene.status().await, Status::Held, "the time is still held");
    }
    scene.world.gateway.customer_pays(&scene.intent());
    scene.message("evt_paid").await;
    assert_eq!(scene.status().await, Status::Confirmed);
    assert_eq!(scene.payment().await.failure, None);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_abandoned_challenge_charges_nothing_and_may_be_taken_up_again(db: PgPool) {
    let scene = scene(db).await;
    let attempt = scene.pay().await.attempt_id.expect("an attempt");
    scene.world.gateway.set_status(&scene.intent(), IntentStatus::RequiresAction);
    settle(&scene.world.system(), attempt).await.expect("asked");
    assert_eq!(scene.payment().await.attempt, Some(AttemptStatus::RequiresAction));
    let again = scene.pay().await;
    assert_eq!(again.attempt_id, Some(attempt));
    assert!(matches!(again.next, Some(NextStep::Form { .. })));
    scene.world.gateway.customer_pays(&scene.intent());
    scene.message("evt_1").await;
    assert_eq!(scene.status().await, Status::Confirmed);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_lost_line_leaves_everything_pending_until_someone_asks(db: PgPool) {
    let scene = scene(db).await;
    scene.world.gateway.next_answer(Answer::LostAnswer);
    let refused = pay(&scene.ctx, scene.booking, Pay { is_hosted: false, payment_method: Some("pm_card_visa".into()) }).await;
    assert_eq!(refused.err().map(|e| e.code().to_owned()).as_deref(), Some("gateway_unavailable"));
    let payment = scene.payment().await;
    assert_eq!((payment.status, payment.attempt), (PaymentStatus::Pending, Some(AttemptStatus::Unknown)));
    scene.world.pass_minutes(1);
    reconcile(&scene.world.system()).await.expect("reconciles");
    scene.work().await;
    assert_eq!(scene.status().await, Status::Confirmed, "the charge that nobody heard of");
    assert_eq!(scene.world.gateway.intents().len(), 1, "asked with the same key");
    scene.is_right().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn unreachable_is_neither_paid_nor_failed(db: PgPool) {
    let scene = scene(db).await;
    scene.world.gateway.next_answer(Answer::Unreachable);
    assert!(pay(&scene.ctx, scene.booking, Pay::default()).await.is_err());
    assert_eq!(scene.payment().await.status, PaymentStatus::Pending);
    assert_eq!(scene.status().await, Status::Held);
    assert!(matches!(scene.pay().await.next, Some(NextStep::Form { .. })), "the next try asks again");
}

#[sqlx::test(migrations = "../migrations")]
async fn money_that_comes_as_the_hold_expires_rebooks_the_time_if_it_is_free(db: PgPool) {
    let scene = scene(db).await;
    scene.pay().await;
    scene.world.pass_minutes(40);
    booking::jobs::expire_holds(&scene.world.system()).await.expect("expires");
    assert_eq!(scene.status().await, Status::Expired);
    scene.world.gateway.customer_pays(&scene.intent());
    scene.message("evt_1").await;
    assert_eq!(scene.status().await, Status::Confirmed);
    scene.work().await;
    scene.is_right().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn late_money_for_a_time_that_was_taken_goes_back_whole(db: PgPool) {
    let scene = scene(db).await;
    scene.pay().await;
    scene.world.pass_minutes(40);
    booking::jobs::expire_holds(&scene.world.system()).await.expect("expires");
    let other = scene.world.ctx_as(scene.world.a_customer().await).await;
    held(&scene.world, &other, scene.provider.service, START).await;
    scene.world.gateway.customer_pays(&scene.intent());
    scene.message("evt_1").await;
    assert_eq!(scene.status().await, Status::Expired);
    scene.work().await;
    let payment = scene.payment().await;
    assert_eq!((payment.status, payment.refunded.minor), (PaymentStatus::Refunded, 10_500));
    assert_eq!(scene.world.gateway.refunded_minor(), 10_500);
    assert!(payment.refunds[0].reason.contains("taken"), "{}", payment.refunds[0].reason);
    assert_eq!(scene.balance_of_provider().await, 0);
    scene.is_right().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn money_for_what_was_given_back_goes_back_whole(db: PgPool) {
    let scene = scene(db).await;
    scene.pay().await;
    scene.world.gateway.customer_pays(&scene.intent());
    // the message is still on its way when the customer gives the hold back in another tab
    booking::release(&scene.ctx, scene.booking).await.expect("released");
    scene.message("evt_1").await;
    scene.work().await;
    assert_eq!(scene.status().await, Status::Cancelled);
    assert_eq!(scene.world.gateway.refunded_minor(), 10_500);
    assert_eq!(scene.payment().await.status, PaymentStatus::Refunded);
    scene.is_right().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn giving_up_a_hold_ends_its_attempt_at_the_gateway(db: PgPool) {
    let scene = scene(db).await;
    scene.pay().await;
    booking::release(&scene.ctx, scene.booking).await.expect("released");
    scene.work().await;
    assert_eq!(scene.world.gateway.intents()[0].status, IntentStatus::Cancelled);
    assert_eq!(scene.payment().await.status, PaymentStatus::Voided);
}

#[sqlx::test(migrations = "../migrations")]
async fn altered_and_foreign_messages_change_nothing(db: PgPool) {
    let scene = scene(db).await;
    scene.pay().await;
    let reference = scene.intent();
    let mut honest = scene.world.gateway.message_about("evt", &reference);
    let MessageObject::Intent(intent) = &mut honest.about else { panic!("about an intent") };
    intent.status = IntentStatus::Succeeded;
    intent.captured_minor = intent.amount.minor;
    let forged = |id: &str, change: &dyn Fn(&mut crate::payment::port::Intent)| {
        let mut message = GatewayMessage { id: id.to_owned(), ..honest.clone() };
        if let MessageObject::Intent(intent) = &mut message.about {
            change(intent);
        }
        message
    };
    let lies = [
        forged("amount", &|i| i.captured_minor = 1),
        forged("currency", &|i| i.amount.currency = crate::money::Currency::USD),
        forged("object", &|i| i.reference = "pi_unknown".into()),
        forged("attempt", &|i| i.attempt = None),
    ];
    for lie in lies {
        receive(&scene.world.system(), lie).await.expect("taken");
        scene.work().await;
        assert_eq!(scene.status().await, Status::Held);
        assert_eq!(scene.payment().await.captured.minor, 0);
    }
    assert_eq!(scene.balance_of_provider().await, 0);
}

/// An attempt on the gateway's page has no intent's name until it is paid.
#[sqlx::test(migrations = "../migrations")]
async fn no_foreign_object_pays_for_a_page(db: PgPool) {
    let scene = scene(db).await;
    pay(&scene.ctx, scene.booking, Pay { is_hosted: true, payment_method: None }).await.expect("a page");
    let mut lie = scene.world.gateway.message_about("lie", &scene.intent());
    let MessageObject::Intent(intent) = &mut lie.about else { panic!("about an intent") };
    (intent.status, intent.captured_minor) = (IntentStatus::Succeeded, intent.amount.minor);
    intent.reference = "pi_unknown".into();
    receive(&scene.world.system(), lie).await.expect("taken");
    scene.work().await;
    assert_eq!((scene.status().await, scene.payment().await.captured.minor), (Status::Held, 0));
    scene.world.gateway.customer_pays(&scene.intent());
    scene.message("truth").await;
    scene.work().await;
    assert_eq!((scene.status().await, scene.payment().await.status), (Status::Confirmed, PaymentStatus::Paid));
}

#[sqlx::test(migrations = "../migrations")]
async fn shuffled_and_doubled_messages_end_as_in_order(db: PgPool) {
    let scene = scene(db).await;
    scene.pay().await;
    let reference = scene.intent();
    let gateway = &scene.world.gateway;
    let mut messages = vec![gateway.message_about("evt_created", &reference)];
    gateway.customer_is_declined(&reference, "card_declined");
    messages.push(gateway.message_about("evt_declined", &reference));
    gateway.set_status(&reference, IntentStatus::RequiresAction);
    messages.push(gateway.message_about("evt_challenge", &reference));
    gateway.customer_pays(&reference);
    messages.push(gateway.message_about("evt_paid", &reference));
    // the last first, everything twice, the jobs only now and then
    for (at, message) in messages.iter().rev().chain(messages.iter()).enumerate() {
        receive(&scene.world.system(), message.clone()).await.expect("taken");
        if at % 3 == 1 {
            scene.work().await;
        }
    }
    scene.work().await;
    assert_eq!(scene.status().await, Status::Confirmed);
    let payment = scene.payment().await;
    assert_eq!((payment.status, payment.attempt, payment.failure_code), (PaymentStatus::Paid, Some(AttemptStatus::Succeeded), None));
    assert_eq!(scene.balance_of_provider().await, 9_500);
    scene.is_right().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn by_approval_the_card_is_charged_only_when_accepted(db: PgPool) {
    let scene = by_approval(db).await;
    scene.pay().await;
    scene.world.gateway.customer_pays(&scene.intent());
    scene.message("evt_1").await;
    assert_eq!(scene.status().await, Status::Requested);
    assert_eq!(scene.payment().await.status, PaymentStatus::Authorised);
    assert_eq!(scene.balance_of_provider().await, 0);
    let owner = scene.world.ctx_as(scene.provider.owner).await;
    booking::approve(&owner, scene.booking).await.expect("accepted");
    assert_eq!(scene.status().await, Status::Confirmed);
    assert_eq!(scene.payment().await.status, PaymentStatus::Paid);
    scene.message("evt_2").await;
    scene.work().await;
    assert_eq!(scene.balance_of_provider().await, 9_500);
    scene.is_right().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_declined_request_releases_the_card(db: PgPool) {
    let scene = by_approval(db).await;
    scene.pay().await;
    scene.world.gateway.customer_pays(&scene.intent());
    scene.message("evt_1").await;
    let owner = scene.world.ctx_as(scene.provider.owner).await;
    booking::decline(&owner, scene.booking, "Fully booked").await.expect("declined");
    scene.work().await;
    assert_eq!(scene.payment().await.status, PaymentStatus::Voided);
    assert_eq!(scene.world.gateway.intents()[0].status, IntentStatus::Cancelled);
    assert_eq!(scene.world.gateway.refunded_minor(), 0);
    scene.is_right().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_failed_capture_asks_for_another_card(db: PgPool) {
    let scene = by_approval(db).await;
    scene.pay().await;
    scene.world.gateway.customer_pays(&scene.intent());
    scene.message("evt_1").await;
    scene.world.gateway.next_answer(Answer::Decline("expired_card".into()));
    let refused = collect(&scene.world.system(), scene.booking).await;
    assert_eq!(refused.err().map(|e| e.code().to_owned()).as_deref(), Some("capture_failed"));
    assert_eq!(scene.status().await, Status::Requested);
    let again = scene.pay_with("pm_card_visa").await;
    assert_eq!(again.status, PaymentStatus::Authorised);
    let owner = scene.world.ctx_as(scene.provider.owner).await;
    booking::approve(&owner, scene.booking).await.expect("accepted");
    assert_eq!(scene.status().await, Status::Confirmed);
    scene.work().await;
    scene.is_right().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_cancellation_refunds_by_tier_and_the_gateway_hears_of_it_once(db: PgPool) {
    let scene = scene(db).await;
    scene.pay_with("pm_card_visa").await;
    assert_eq!(scene.status().await, Status::Confirmed);
    // 26 hours ahead: everything; then 20 hours: 75 % of the service, the tip whole
    scene.world.pass_hours(6);
    let preview = booking::preview_cancellation(&scene.ctx, scene.booking).await.expect("a preview");
    booking::cancel(&scene.ctx, scene.booking, CancelBooking::default()).await.expect("cancelled");
    scene.world.gateway.next_answer(Answer::LostAnswer);
    scene.work().await;
    scene.work().await;
    assert_eq!(preview.refund.minor, 8_000);
    assert_eq!(scene.world.gateway.refunded_minor(), preview.refund.minor);
    assert_eq!(scene.world.gateway.refunds().len(), 1);
    let payment = scene.payment().await;
    assert_eq!((payment.status, payment.refunded.minor), (PaymentStatus::PartlyRefunded, 8_000));
    assert_eq!(scene.balance_of_provider().await, 2_250, "a quarter of the service less its commission");
    scene.is_right().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_operator_refunds_by_hand_with_a_reason(db: PgPool) {
    let scene = scene(db).await;
    let payment = scene.pay_with("pm_card_visa").await.id;
    let admin = scene.world.ctx_as(scene.world.an_admin().await).await;
    assert!(matches!(refund_by_hand(&scene.ctx, payment, None, "mine", None).await, Err(Error::Forbidden)));
    assert!(matches!(refund_by_hand(&admin, payment, Some(100), " ", None).await, Err(Error::Invalid(_))));
    refund_by_hand(&admin, payment, Some(3_000), "The tap still drips.", None).await.expect("refunded");
    let too_much = refund_by_hand(&admin, payment, Some(7_501), "More", None).await;
    assert_eq!(too_much.err().map(|e| e.code().to_owned()).as_deref(), Some("refund_too_large"));
    refund_by_hand(&admin, payment, None, "The rest, too.", None).await.expect("refunded");
    scene.work().await;
    assert_eq!(scene.world.gateway.refunded_minor(), 10_500);
    assert_eq!(scene.payment().await.status, PaymentStatus::Refunded);
    assert_eq!(scene.balance_of_provider().await, 0);
    scene.is_right().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_hosted_page_pays_without_script(db: PgPool) {
    let scene = scene(db).await;
    let view = pay(&scene.ctx, scene.booking, Pay { is_hosted: true, payment_method: None }).await.expect("a page");
    assert!(matches!(view.next, Some(NextStep::Redirect { .. })), "{:?}", view.next);
    scene.world.gateway.customer_pays(&scene.intent());
    let state = state(&scene.ctx, scene.booking).await.expect("asked").expect("a payment");
    assert_eq!(state.status, PaymentStatus::Paid);
    assert_eq!(scene.status().await, Status::Confirmed);
}

#[sqlx::test(migrations = "../migrations")]
async fn going_from_the_hosted_page_to_the_form_ends_the_page(db: PgPool) {
    let scene = scene(db).await;
    let page = pay(&scene.ctx, scene.booking, Pay { is_hosted: true, payment_method: None }).await.expect("a page");
    let form = scene.pay().await;
    assert_eq!(page.id, form.id, "the same payment");
    assert_ne!(page.attempt_id, form.attempt_id);
    assert!(scene.world.gateway.calls().contains(&"expire_hosted_page".to_owned()));
}

#[sqlx::test(migrations = "../migrations")]
async fn others_do_not_find_the_payment(db: PgPool) {
    let scene = scene(db).await;
    let payment = scene.pay().await.id;
    let stranger = scene.world.ctx_as(scene.world.a_customer().await).await;
    assert!(matches!(state(&stranger, scene.booking).await, Err(Error::NotFound)));
    assert!(matches!(crate::payment::get(&stranger, payment).await, Err(Error::NotFound)));
    let owner = scene.world.ctx_as(scene.provider.owner).await;
    assert!(matches!(pay(&owner, scene.booking, Pay::default()).await, Err(Error::Forbidden)));
    let seen = state(&owner, scene.booking).await.expect("staff may look").expect("a payment");
    assert_eq!(seen.next, None, "the client secret is for the payer");
}
