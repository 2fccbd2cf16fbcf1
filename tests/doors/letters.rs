//! Where letters lead.

use super::harness::{Browser, Doors};
use domain::id::AccountId;
use domain::world::SomeProvider;
use http::{Method, StatusCode};
use serde_json::json;
use sqlx::PgPool;

const PASSWORD: &str = "kettle-moss-49";

/// The addresses in a letter.
fn links(letter: &str) -> impl Iterator<Item = String> {
    let rests = letter.split("http://fettle.test").skip(1);
    rests.map(|rest| rest.split(char::is_whitespace).next().unwrap_or_default().trim_end_matches(['.', ')', '>']).to_owned())
}

/// The address in the letter that invites them.
async fn invited(doors: &Doors, provider: &SomeProvider, email: &str, role: &str) -> String {
    let form = [("act", "invite"), ("email", email), ("role", role)];
    let answer = doors.signed_in(provider.owner).await.post(&format!("/desk/{}/team", provider.id), &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    doors.world.run_jobs().await;
    let letter = doors.world.mails.to(email).pop().expect("a letter");
    links(&letter.plain).find(|path| path.starts_with("/invitations/")).unwrap_or_else(|| panic!("no link: {}", letter.plain))
}

#[sqlx::test(migrations = "./migrations")]
async fn an_invitation_leads_into_the_team(db: PgPool) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await;
    let (path, desk) = (invited(&doors, &provider, "rui@example.com", "manager").await, format!("/desk/{}", provider.id));
    let way_in = format!("/sign-in?next={path}");

    let mut rui = doors.browser();
    for _ in 0..2 {
        let seen = rui.get(&path).await;
        assert_eq!((seen.status, seen.header("cache-control")), (StatusCode::OK, "private, no-store"), "looking uses nothing up");
        assert!(seen.body.contains("Pia Plumb invites you") && seen.body.contains("as a manager"), "{}", seen.body);
        assert!(seen.body.contains(&format!("href=\"{way_in}\"")), "{}", seen.body);
    }
    assert_eq!(rui.post(&path, &[]).await.location(), way_in);
    let form = [("name", "Rui Costa"), ("email", "rui@example.com"), ("password", PASSWORD), ("next", path.as_str())];
    assert_eq!(rui.post("/register", &form).await.location(), path);
    let seen = rui.get(&path).await;
    assert!(seen.body.contains("Join the team") && seen.body.contains("rui@example.com"), "{}", seen.body);
    let mut owner = doors.signed_in(provider.owner).await;
    assert_eq!(owner.get(&path).await.location(), desk, "who is in the team is led to it");
    assert_eq!(owner.post(&path, &[]).await.location(), desk);
    assert_eq!(rui.post(&path, &[]).await.location(), desk);
    assert!(rui.get(&format!("{desk}/team")).await.body.contains("Rui Costa"));

    let again = rui.get(&path).await;
    assert_eq!(again.status, StatusCode::GONE);
    assert!(again.body.contains(&format!("href=\"{desk}\"")), "the way to where they are already: {}", again.body);
    let mut eve = doors.signed_in(doors.world.a_customer().await).await;
    for path in [path.as_str(), "/invitations/unknown"] {
        assert_eq!(eve.get(path).await.status, StatusCode::GONE);
        assert_eq!(eve.post(path, &[]).await.status, StatusCode::GONE);
    }
    assert_eq!(eve.get(&desk).await.status, StatusCode::NOT_FOUND);
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_program_accepts_an_invitation_once(db: PgPool) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await;
    let path = invited(&doors, &provider, "rui@example.com", "member").await;
    let secret = json!({ "secret": path.rsplit('/').next() });
    let call = "/api/v1/invitations/acceptance";
    assert_eq!(doors.browser().call(Method::POST, call, secret.clone()).await.status, StatusCode::UNAUTHORIZED);
    let mut rui = doors.signed_in(doors.world.a_customer().await).await;
    let joined = rui.call(Method::POST, call, secret.clone()).await;
    assert_eq!((joined.status, joined.json()), (StatusCode::OK, json!({ "provider_id": provider.id })));
    assert_eq!(rui.fetch(&format!("/api/v1/providers/{}/team", provider.id)).await.status, StatusCode::OK);
    let again = rui.call(Method::POST, call, secret).await;
    assert_eq!((again.status.as_u16(), again.json()["code"].as_str()), (422, Some("link_expired")));
    doors.close().await;
}

async fn booked_by_a_guest(guest: &mut Browser, provider: &SomeProvider) -> String {
    let slot = json!({ "service_id": provider.service, "starts_at": "2026-06-10T10:00:00Z" });
    let held = guest.call(Method::POST, "/api/v1/bookings", slot).await.json();
    let id = held["id"].as_str().unwrap_or_else(|| panic!("not held: {held}")).to_owned();
    let contact = json!({ "name": "Gus Guest", "email": "gus@example.com", "phone": "+351 912 345 678" });
    let pay = json!({ "tender": "card", "payment_method": "pm_card_visa", "contact": contact });
    let paid = guest.call(Method::POST, &format!("/api/v1/bookings/{id}/payment"), pay).await;
    assert_eq!((paid.status, paid.json()["booking"]["status"].as_str()), (StatusCode::OK, Some("confirmed")), "{}", paid.body);
    id
}

/// Everyone who gets a letter opens what stands in it, signed in if they can be.
#[sqlx::test(migrations = "./migrations")]
async fn no_letter_leads_nowhere(db: PgPool) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await;
    let mut ada = doors.browser();
    let form = [("name", "Ada Lovelace"), ("email", "ada@example.com"), ("password", PASSWORD)];
    assert_eq!(ada.post("/register", &form).await.status, StatusCode::SEE_OTHER);
    ada.post("/forgot-password", &[("email", "ada@example.com")]).await;
    ada.post("/settings/security/email", &[("email", "countess@example.com"), ("email_password", PASSWORD)]).await;
    invited(&doors, &provider, "rui@example.com", "member").await;
    let service = provider.service.to_string();
    let by_phone = [
        ("service", service.as_str()),
        ("date", "2026-06-10"),
        ("time", "13:00"),
        ("customer_name", "Maud Ferris"),
        ("customer_email", "maud@example.com"),
        ("way", "link"),
    ];
    doors.signed_in(provider.owner).await.post(&format!("/desk/{}/bookings/new", provider.id), &by_phone).await;
    let mut guest = doors.browser();
    let id = booked_by_a_guest(&mut guest, &provider).await;
    doors.world.run_jobs().await;
    guest.call(Method::POST, &format!("/api/v1/bookings/{id}/cancellation"), json!({})).await;
    doors.world.run_jobs().await;

    let mut opened = Vec::new();
    for mail in doors.world.mails.all() {
        let account: Option<AccountId> = sqlx::query_scalar("select id from accounts where lower(email) = lower($1) limit 1")
            .bind(&mail.to)
            .fetch_optional(&doors.world.db)
            .await
            .expect("accounts");
        for path in links(&mail.plain) {
            let mut browser = match account {
                Some(account) => doors.signed_in(account).await,
                None => doors.browser(),
            };
            let status = browser.get(&path).await.status.as_u16();
            assert!(matches!(status, 200 | 303), "{} to {} leads to {path}: {status}", mail.subject, mail.to);
            opened.push(path);
        }
    }
    for start in ["/confirm-email/", "/reset-password/", "/change-email/", "/invitations/", "/pay/", "/claim/", "/bookings/"] {
        assert!(opened.iter().any(|path| path.starts_with(start)), "no letter with {start} in {opened:?}");
    }
    doors.close().await;
}
