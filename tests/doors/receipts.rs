//! The receipt of a payment, as a page and as a file.

use super::harness::{Browser, Doors};
use domain::world::SomeProvider;
use http::Method;
use serde_json::json;
use sqlx::PgPool;

/// The id and reference of a booking that is paid.
async fn paid(browser: &mut Browser, provider: &SomeProvider, starts_at: &str) -> (String, String) {
    let slot = json!({ "service_id": provider.service, "starts_at": starts_at });
    let held = browser.call(Method::POST, "/api/v1/bookings", slot).await.json();
    let text = |name: &str| held[name].as_str().unwrap_or_else(|| panic!("not held: {held}")).to_owned();
    let (id, reference) = (text("id"), text("reference"));
    let contact = json!({ "name": "Ana Sousa", "email": "ana@example.test", "phone": "+351 912 345 678" });
    let pay = json!({ "tender": "card", "payment_method": "pm_card_visa", "contact": contact });
    let answer = browser.call(Method::POST, &format!("/api/v1/bookings/{id}/payment"), pay).await;
    assert_eq!(answer.json()["payment"]["status"], "paid", "{}", answer.body);
    (id, reference)
}

#[sqlx::test(migrations = "./migrations")]
async fn a_receipt_can_be_kept_as_a_file(db: PgPool) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await;
    let mut ana = doors.signed_in(doors.world.a_customer().await).await;
    let (booking, reference) = paid(&mut ana, &provider, "2026-06-10T10:00:00Z").await;
    let page = ana.get(&format!("/bookings/{booking}/receipt")).await;
    assert!(page.body.contains(&format!("Receipt {reference}")) && page.body.contains("€100.00"), "{}", page.body);
    let payments = ana.fetch("/api/v1/payments").await.json();
    let file = format!("/api/v1/payments/{}/receipt.pdf", payments["items"][0]["id"].as_str().expect("a payment"));
    assert!(page.body.contains(&format!("href=\"{file}\"")), "{}", page.body);

    let answer = ana.fetch(&file).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/pdf"), "{}", answer.body);
    assert_eq!(answer.header("content-disposition"), format!("inline; filename=\"receipt-{reference}.pdf\""));
    assert_eq!(answer.header("cache-control"), "private, no-store");
    assert!(answer.body.starts_with("%PDF-") && answer.body.trim_end().ends_with("%%EOF"));
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn the_file_is_for_who_paid_and_a_guest_is_not_led_to_it(db: PgPool) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await;
    let mut guest = doors.browser();
    let (booking, _) = paid(&mut guest, &provider, "2026-06-10T10:00:00Z").await;
    let mut admin = doors.signed_in(doors.world.an_admin().await).await;
    let payments = admin.fetch("/api/v1/payments").await.json();
    let file = format!("/api/v1/payments/{}/receipt.pdf", payments["items"][0]["id"].as_str().expect("a payment"));
    let owner = doors.signed_in(provider.owner).await;
    let stranger = doors.signed_in(doors.world.a_customer().await).await;
    for (mut browser, status) in [(guest.clone(), 401), (doors.browser(), 401), (stranger, 404), (owner.clone(), 404), (admin.clone(), 200)]
    {
        assert_eq!(browser.fetch(&file).await.status.as_u16(), status);
    }
    let page = format!("/bookings/{booking}/receipt");
    for (mut browser, is_led) in [(guest, false), (owner, false), (admin, true)] {
        let seen = browser.get(&page).await;
        assert_eq!((seen.status.as_u16(), seen.body.contains(&file)), (200, is_led));
    }
    doors.close().await;
}
