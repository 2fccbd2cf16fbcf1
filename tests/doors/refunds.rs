//! Giving back by hand: a click too many, or a call that was never answered, gives back once.

use super::harness::{Browser, Doors};
use axum::body::Body;
use domain::booking::settlement::{self, Pay};
use domain::booking::{self, model::CheckoutDetails, model::HoldSlot};
use domain::id::PaymentId;
use http::Method;
use sqlx::PgPool;

struct Scene {
    doors: Doors,
    admin: Browser,
    payment: PaymentId,
}

/// 100.00 that were paid.
async fn scene(db: PgPool) -> Scene {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await;
    let ctx = doors.world.ctx_as(doors.world.a_customer().await).await;
    let slot = HoldSlot {
        service_id: provider.service,
        starts_at: "2026-06-10T10:00:00Z".parse().expect("an instant"),
        resource_id: None,
        add_ons: Vec::new(),
        notes: String::new(),
        address: None,
    };
    let held = booking::hold(&ctx, slot).await.expect("held").id;
    let details = CheckoutDetails {
        name: "Ana Sousa".into(),
        email: "ana@example.test".into(),
        phone: "+351 912 345 678".into(),
        ..CheckoutDetails::default()
    };
    booking::check_out(&ctx, held, details).await.expect("details saved");
    let how = Pay { is_hosted: false, payment_method: Some("pm_card_visa".into()) };
    let payment = settlement::pay(&ctx, held, how).await.expect("paid").id;
    let admin = doors.signed_in(doors.world.an_admin().await).await;
    Scene { doors, admin, payment }
}

impl Scene {
    async fn has_given_back(self, minor: i64) {
        let given = "select coalesce(sum(amount_minor), 0)::bigint from refunds";
        assert_eq!(self.doors.world.count(given).await, minor);
        self.doors.close().await;
    }
}

#[sqlx::test(migrations = "./migrations")]
async fn a_second_click_gives_nothing_more_back(db: PgPool) {
    let mut scene = scene(db).await;
    let path = format!("/admin/payments/{}", scene.payment);
    let asked = [("amount", "60.00"), ("reason", "The tap still drips."), ("act", "preview")];
    let preview = scene.admin.post(&path, &asked).await;
    assert_eq!(preview.status, 200, "{}", preview.body);
    let key = preview.body.split("name=\"key\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a key").to_owned();
    let sent = [("amount", "60.00"), ("reason", "The tap still drips."), ("key", key.as_str()), ("act", "refund")];
    for _ in 0..2 {
        let done = scene.admin.post(&path, &sent).await;
        assert_eq!((done.status.as_u16(), done.location()), (303, path.as_str()), "{}", done.body);
    }
    scene.has_given_back(6_000).await;
}

/// The process died after the refund was written and before its answer was kept.
#[sqlx::test(migrations = "./migrations")]
async fn a_call_whose_answer_was_lost_gives_nothing_more_back(db: PgPool) {
    let mut scene = scene(db).await;
    let path = format!("/api/v1/payments/{}/refunds", scene.payment);
    let headers = [("content-type", "application/json"), ("idempotency-key", "one")];
    for _ in 0..2 {
        let body = Body::from(r#"{"amount_minor": 2500, "reason": "The tap still drips."}"#);
        let answer = scene.admin.send(Method::POST, &path, &headers, body).await;
        assert_eq!((answer.status.as_u16(), answer.json()["refunded"]["minor"].as_i64()), (201, Some(2_500)), "{}", answer.body);
        sqlx::query("update idempotency_keys set status = null, response = null").execute(&scene.doors.world.db).await.expect("forgets");
        scene.doors.world.pass_minutes(2);
    }
    scene.has_given_back(2_500).await;
}
