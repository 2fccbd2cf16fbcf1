//! What is asked for once more is answered as it stands, with one connection.

use super::model::{Side, Status};
use super::tests::{LATER, START, at, details, scene, slot};
use super::{self as booking, CancelBooking, Reschedule};
use crate::ctx::Ctx;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::time::Duration;

/// A verb that kept its connection while it waits for a second one would wait here for itself.
#[sqlx::test(migrations = "../migrations")]
async fn every_verb_answers_again_with_one_connection(db: PgPool) {
    let options = PgConnectOptions::clone(&db.connect_options());
    let one =
        PgPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(5)).connect_with(options).await.expect("connects");
    let s = scene(db).await;
    let narrow = s.world.another_house(one.clone());
    let there = |ctx: &Ctx| Ctx::new(narrow.clone(), ctx.actor.clone(), "narrow".to_owned(), None);
    let (customer, staff) = (there(&s.customer), there(&s.staff));
    s.world.set("services", s.provider.service, "needs_approval", "true").await;
    let ask = async |starts_at: &str| {
        let id = booking::hold(&customer, slot(s.provider.service, starts_at)).await.expect("held").id;
        for _ in 0..2 {
            assert_eq!(booking::check_out(&customer, id, details()).await.expect("asked").status, Status::Requested);
        }
        id
    };
    let declined = ask(LATER).await;
    for _ in 0..2 {
        assert_eq!(booking::decline(&staff, declined, "Fully booked").await.expect("declined").status, Status::Declined);
    }
    let withdrawn = ask(LATER).await;
    for _ in 0..2 {
        assert_eq!(booking::cancel(&customer, withdrawn, CancelBooking::default()).await.expect("withdrawn").status, Status::Cancelled);
    }
    assert_eq!(booking::refuse(&staff, withdrawn, None).await.expect("over").status, Status::Cancelled);
    let (id, absent) = (ask(START).await, ask(LATER).await);
    for id in [id, absent, id, absent] {
        assert_eq!(booking::approve(&staff, id).await.expect("accepted").status, Status::Confirmed);
    }
    for _ in 0..2 {
        let to = Reschedule { starts_at: at("2026-06-11T10:00:00Z"), resource_id: None };
        assert!(booking::reschedule(&customer, id, to).await.expect("proposed").proposal.is_some());
    }
    for _ in 0..2 {
        assert_eq!(booking::withdraw(&customer, id, None).await.expect("taken back").proposal, None);
    }
    assert_eq!(booking::edit_notes(&customer, id, "").await.expect("nothing new").notes, "");
    s.world.set_time("2026-06-10T09:30:00Z");
    for _ in 0..2 {
        assert!(booking::on_the_way(&staff, id).await.expect("on the way").on_the_way_at.is_some());
    }
    for _ in 0..2 {
        assert_eq!(booking::start(&staff, id).await.expect("started").status, Status::InProgress);
    }
    for _ in 0..2 {
        assert_eq!(booking::complete(&staff, id).await.expect("done").status, Status::Completed);
    }
    s.world.set_time("2026-06-10T13:15:00Z");
    for _ in 0..2 {
        assert_eq!(booking::no_show(&staff, absent, None).await.expect("nobody").no_show_by, Some(Side::Customer));
    }
    one.close().await;
}
