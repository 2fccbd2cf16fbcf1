//! Photos for the job, at checkout and after: an ordinary form with files, of which nothing typed is lost.

use super::harness::{Answer, Browser, Doors};
use super::mail::book_and_pay;
use super::scans::check;
use axum::body::Body;
use domain::booking::jobs;
use domain::world::SomeProvider;
use http::Method;
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool};

const START: &str = "2026-06-10T10:00:00Z";

/// One pixel.
const PNG: &[u8] = b"\x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\
    \x00\x0d\x49\x44\x41\x54\x78\xda\x63\x64\xf8\xcf\x50\x0f\x00\x03\x86\x01\x80\x5a\x34\x7d\x6b\x00\x00\x00\x00\x49\x45\x4e\x44\xae\x42\x60\x82";

/// A form as browsers send it: files first, since they stand above the other fields.
async fn post(browser: &mut Browser, path: &str, files: &[(&str, &[u8])], fields: &[(&str, &str)]) -> Answer {
    let mut body = Vec::new();
    for (name, bytes) in files {
        body.extend(format!("--cut\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"{name}\"\r\n\r\n").bytes());
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    for (name, value) in fields {
        body.extend(format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    body.extend(b"--cut--\r\n");
    let headers = [("content-type", "multipart/form-data; boundary=cut"), ("accept", "text/html"), ("sec-fetch-site", "same-origin")];
    browser.send(Method::POST, path, &headers, Body::from(body)).await
}

/// Someone without an account at the checkout. Its address.
async fn at_checkout(doors: &Doors) -> (SomeProvider, Browser, String) {
    let provider = doors.world.a_provider().await;
    let mut browser = doors.browser();
    let checkout = hold(&mut browser, &provider, &[]).await;
    (provider, browser, checkout)
}

async fn hold(browser: &mut Browser, provider: &SomeProvider, more: &[(&str, &str)]) -> String {
    let service = provider.service.to_string();
    let slot = [("service_id", service.as_str()), ("starts_at", START)];
    let answer = browser.post("/book", &[&slot[..], more].concat()).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.location().to_owned()
}

const TYPED: [(&str, &str); 3] = [("name", "Ana Sousa"), ("email", "ana@example.test"), ("notes", "The tap <drips>")];

#[sqlx::test(migrations = "./migrations")]
async fn photos_are_added_and_removed_while_checking_out(db: PgPool) {
    let doors = Doors::new(db);
    let (_, mut browser, checkout) = at_checkout(&doors).await;
    let photos = format!("{checkout}/photos");
    let answer = post(&mut browser, &photos, &[("sink.png", PNG), ("tap.png", PNG)], &TYPED).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, format!("{checkout}#photos").as_str()), "{}", answer.body);
    let page = browser.get(&checkout).await;
    assert_eq!(page.body.matches("alt=\"Photo for the job\"").count(), 2);
    assert!(page.body.contains("Ana Sousa") && page.body.contains("The tap &lt;drips>"), "what was typed is kept");
    let remove = page.body.split("formaction=\"").filter_map(|part| part.split('"').next()).find(|to| to.ends_with("/remove"));
    let remove = remove.expect("a way to take it away").to_owned();
    assert_eq!(doors.browser().get(remove.trim_end_matches("/remove").replace("/checkout/", "/bookings/").as_str()).await.status, 404);
    assert_eq!(post(&mut doors.browser(), &remove, &[], &TYPED).await.status, 404);
    assert_eq!(post(&mut doors.browser(), &photos, &[("sink.png", PNG)], &TYPED).await.status, 404, "somebody else's hold");
    assert_eq!(post(&mut browser, &remove, &[], &TYPED).await.status, 303);
    assert_eq!(browser.get(&checkout).await.body.matches("alt=\"Photo for the job\"").count(), 1);
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_refused_photo_loses_nothing_that_was_typed(db: PgPool) {
    let doors = Doors::new(db);
    let (_, mut browser, checkout) = at_checkout(&doors).await;
    let photos = format!("{checkout}/photos");
    let typed = [("name", "Ana Sousa"), ("email", "ana at example"), ("phone", "12"), ("notes", "The tap drips"), ("tip_minor", "0")];
    let too_large = vec![0_u8; 6 * 1024 * 1024];
    let files: [(&str, &[u8], &str); 3] = [
        ("sink.pdf", b"%PDF-1.7", "sink.pdf: That file is not a photo we can read."),
        ("large.png", &too_large, "large.png: That file is not a photo we can read. Use a JPEG, PNG or WebP of up to 5 MB."),
        ("", b"", "Choose a photo first."),
    ];
    for (name, bytes, sentence) in files {
        let answer = post(&mut browser, &photos, &[(name, bytes)], &typed).await;
        assert_eq!(answer.status, 422, "{name}");
        for kept in [sentence, "Ana Sousa", "ana at example", "value=\"12\"", "The tap drips"] {
            assert!(answer.body.contains(kept), "{name}: {kept}");
        }
    }
    // Good ones of several are kept; what is not sound yet is shown as it was typed.
    let answer = post(&mut browser, &photos, &[("sink.png", PNG), ("sink.pdf", b"%PDF")], &typed).await;
    assert_eq!((answer.status.as_u16(), answer.body.matches("alt=\"Photo for the job\"").count()), (422, 1));
    let answer = post(&mut browser, &photos, &[("tap.png", PNG)], &typed).await;
    assert_eq!((answer.status.as_u16(), answer.body.matches("alt=\"Photo for the job\"").count()), (200, 2));
    assert!(answer.body.contains("ana at example"));
    // A form that breaks off is taken as far as it came.
    let headers = [("content-type", "multipart/form-data; boundary=cut"), ("accept", "text/html"), ("sec-fetch-site", "same-origin")];
    let broken = "--cut\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nAna Sou";
    let answer = browser.send(Method::POST, &photos, &headers, Body::from(broken)).await;
    assert_eq!(answer.status, 422);
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn photos_may_come_with_the_payment_and_go_along_to_the_next_hold(db: PgPool) {
    let doors = Doors::new(db);
    let (provider, mut browser, checkout) = at_checkout(&doors).await;
    let answer = post(&mut browser, &checkout, &[("sink.png", PNG)], &TYPED).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("Give a phone number, so that they can reach you on the day."), "{}", answer.body);
    assert!(answer.body.contains("alt=\"Photo for the job\""), "the photo is there already");
    doors.world.pass_minutes(40);
    jobs::expire_holds(&doors.world.system()).await.expect("expires");
    let from = checkout.trim_start_matches("/checkout/").to_owned();
    let next = hold(&mut browser, &provider, &[("from", &from)]).await;
    assert_ne!(next, checkout);
    assert!(browser.get(&next).await.body.contains("alt=\"Photo for the job\""));
    let details = [&TYPED[..], &[("phone", "+351 912 345 678")]].concat();
    let answer = post(&mut browser, &next, &[], &details).await;
    assert_eq!(answer.status, 303, "on to the payment: {}", answer.body);
    doors.close().await;
}

/// PostgreSQL's own error for it, from whatever is written to the table.
async fn fill_disk(doors: &Doors, table: &str) {
    let full = format!(
        "create or replace function full_disk() returns trigger language plpgsql as $$ begin
            raise exception 'could not extend file' using errcode = 'disk_full'; end $$;
         create trigger full_disk after insert on {table} execute function full_disk();"
    );
    sqlx::raw_sql(AssertSqlSafe(full)).execute(&doors.world.db).await.expect("a full disk");
}

async fn make_room(doors: &Doors, table: &str) {
    sqlx::raw_sql(AssertSqlSafe(format!("drop trigger full_disk on {table}"))).execute(&doors.world.db).await.expect("room again");
}

fn says_to_come_back(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 503, "{what}: {}", answer.body);
    assert!(answer.header("retry-after").parse::<u64>().is_ok(), "{what}");
    check(answer, what);
}

/// The picture itself finds no room, or only what is told about it.
async fn photos_find_no_room(doors: &Doors, browser: &mut Browser, paths: &[&str], fields: &[(&str, &str)]) {
    for table in ["booking_photos", "events"] {
        fill_disk(doors, table).await;
        let events = doors.world.count("select count(*) from events").await;
        for path in paths {
            let answer = post(browser, path, &[("sink.png", PNG), ("tap.png", PNG)], fields).await;
            says_to_come_back(&answer, &format!("{table}, {path}"));
            assert!(answer.body.contains("sink.png: "), "{table}: {}", answer.body);
            assert!(fields.iter().all(|(name, value)| *name != "name" || answer.body.contains(value)), "{table}: {}", answer.body);
            assert_eq!(answer.body.contains("There is no room for it at the moment."), table == "booking_photos", "{}", answer.body);
        }
        assert_eq!(doors.world.count("select count(*) from booking_photos").await, 0, "{table}");
        assert_eq!(doors.world.count("select count(*) from events").await, events, "{table}");
        make_room(doors, table).await;
    }
}

#[sqlx::test(migrations = "./migrations")]
async fn a_full_disk_is_told_and_leaves_nothing_behind(db: PgPool) {
    let doors = Doors::new(db);
    let (_, mut browser, checkout) = at_checkout(&doors).await;
    let photos = format!("{checkout}/photos");
    photos_find_no_room(&doors, &mut browser, &[&photos, &checkout], &TYPED).await;
    let answer = post(&mut browser, &photos, &[("sink.png", PNG), ("tap.png", PNG)], &TYPED).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, format!("{checkout}#photos").as_str()), "{}", answer.body);
    assert_eq!(doors.world.count("select count(*) from booking_photos").await, 2);
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_full_disk_is_told_on_the_page_of_a_booking(db: PgPool) {
    let doors = Doors::new(db);
    let mut browser = doors.signed_in(doors.world.a_customer().await).await;
    let page = format!("/bookings/{}", book_and_pay(&doors.world, &mut browser, "ana@example.test").await);
    let photos = format!("{page}/photos");
    photos_find_no_room(&doors, &mut browser, &[&photos], &[]).await;
    let answer = post(&mut browser, &photos, &[("sink.png", PNG), ("tap.png", PNG)], &[]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, page.as_str()), "{}", answer.body);
    assert_eq!(doors.world.count("select count(*) from booking_photos").await, 2);
    doors.close().await;
}

/// Whoever wants something else written hears the same, and gets it once there is room.
#[sqlx::test(migrations = "./migrations")]
async fn a_full_disk_is_told_wherever_something_is_written(db: PgPool) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await;
    let (mut browser, service) = (doors.browser(), provider.service.to_string());
    let slot = [("service_id", service.as_str()), ("starts_at", START)];
    let person = [("name", "Ada Lovelace"), ("email", "ada@example.com"), ("password", "kettle-moss-49")];
    for (table, path, fields) in [
        ("bookings", "/book", &slot[..]),
        ("events", "/book", &slot),
        ("accounts", "/register", &person),
        ("jobs", "/forgot-password", &person[1..2]),
    ] {
        fill_disk(&doors, table).await;
        let answer = doors.browser().post(path, fields).await;
        says_to_come_back(&answer, &format!("{table}, {path}"));
        make_room(&doors, table).await;
    }
    assert_eq!(doors.world.count("select count(*) from bookings").await, 0);
    assert_eq!(doors.world.count("select count(*) from accounts where email = 'ada@example.com'").await, 0);
    assert_eq!(doors.browser().post("/register", &person).await.status, 303);

    // Nobody is charged for what cannot be written down.
    let checkout = hold(&mut browser, &provider, &[]).await;
    let payment = format!("/api/v1/bookings/{}/payment", checkout.trim_start_matches("/checkout/"));
    let contact = json!({ "name": "Ana Sousa", "email": "ana@example.test", "phone": "+351 912 345 678" });
    let pay = json!({ "tender": "card", "payment_method": "pm_card_visa", "contact": contact });
    fill_disk(&doors, "payment_attempts").await;
    says_to_come_back(&browser.call(Method::POST, &payment, pay.clone()).await, "a payment");
    assert_eq!(doors.world.gateway.calls(), Vec::<String>::new());
    make_room(&doors, "payment_attempts").await;
    let paid = browser.call(Method::POST, &payment, pay).await;
    assert_eq!(paid.status, 200, "{}", paid.body);
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn photos_of_what_never_came_about_are_forgotten(db: PgPool) {
    let doors = Doors::new(db);
    let (_, mut browser, checkout) = at_checkout(&doors).await;
    post(&mut browser, &format!("{checkout}/photos"), &[("sink.png", PNG)], &TYPED).await;
    let count =
        async || sqlx::query_scalar::<_, i64>("select count(*) from booking_photos").fetch_one(&doors.world.db).await.expect("counts");
    doors.world.pass_minutes(40);
    jobs::expire_holds(&doors.world.system()).await.expect("expires");
    jobs::sweep(&doors.world.system()).await.expect("sweeps");
    assert_eq!(count().await, 1, "they may take the time again");
    doors.world.pass_minutes(8 * 24 * 60);
    jobs::sweep(&doors.world.system()).await.expect("sweeps");
    assert_eq!(count().await, 0);
}

/// Whatever stands in it, a form takes little room, and nobody's takes any who may not see the booking.
#[sqlx::test(migrations = "./migrations")]
async fn a_form_of_endless_texts_breaks_off(db: PgPool) {
    let doors = Doors::new(db);
    let (_, mut browser, checkout) = at_checkout(&doors).await;
    let photos = format!("{checkout}/photos");
    let long = "x".repeat(300 * 1024);
    let answer = post(&mut browser, &photos, &[], &[("name", "Ana Sousa"), ("notes", &long), ("phone", "never read")]).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert!(answer.body.contains("Ana Sousa") && !answer.body.contains("never read"));
    assert_eq!(post(&mut doors.browser(), &photos, &[], &[("notes", &long)]).await.status, 404);
    doors.close().await;
}
