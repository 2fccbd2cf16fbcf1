//! The frame around the pages of a workspace.

use super::harness::Doors;
use domain::booking;
use domain::booking::model::CheckoutDetails;
use domain::id::BookingId;
use http::Method;
use serde_json::json;
use sqlx::PgPool;

/// What stands between the two, once.
fn between<'a>(html: &'a str, from: &str, to: &str) -> &'a str {
    let after = html.split_once(from).unwrap_or_else(|| panic!("no {from}: {html}")).1;
    after.split_once(to).map_or(after, |(part, _)| part)
}

#[sqlx::test(migrations = "./migrations")]
async fn menus_show_the_mark_of_the_house_and_how_many_wait(db: PgPool) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await;
    doors.world.set("services", provider.service, "needs_approval", "true").await;
    doors.world.set("services", provider.service, "price_minor", "0").await;
    doors.world.set("providers", provider.id, "cover_tone", "6").await;
    let page = format!("/desk/{}/team", provider.id);
    let mut owner = doors.signed_in(provider.owner).await;

    let before = owner.get(&page).await.body;
    assert!(between(&before, "class=\"who\"", "</span>").contains("data-tone=\"6\""), "its own colour, as on its page");
    for place in ["waiting-side", "waiting-bar"] {
        assert!(!between(&before, &format!("id=\"{place}\""), "</a>").contains("pip"), "nobody waits");
    }

    let customer = doors.world.a_customer().await;
    let input = json!({ "service_id": provider.service, "starts_at": "2026-06-10T10:00:00Z" });
    let held = doors.signed_in(customer).await.call(Method::POST, "/api/v1/bookings", input).await.json();
    let id: BookingId = held["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("not held: {held}"));
    let details = CheckoutDetails {
        name: "Ines Calloway".into(),
        email: "ines@example.test".into(),
        phone: "555 0142".into(),
        ..CheckoutDetails::default()
    };
    booking::check_out(&doors.world.ctx_as(customer).await, id, details).await.expect("asked");

    let after = owner.get(&page).await.body;
    for place in ["waiting-side", "waiting-bar"] {
        assert!(between(&after, &format!("id=\"{place}\""), "</a>").contains("</span>1</span>"), "one waits at {place}: {after}");
    }
}
