//! What a team puts into its own calendar, through its pages.

use super::harness::{Browser, Doors};
use domain::world::SomeProvider;
use sqlx::PgPool;

async fn desk(db: PgPool) -> (Doors, SomeProvider, Browser) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await;
    let browser = doors.signed_in(provider.owner).await;
    (doors, provider, browser)
}

fn by_phone<'a>(service: &'a str, time: &'a str, way: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("service", service),
        ("date", "2026-06-10"),
        ("time", time),
        ("customer_name", "Maud Ferris"),
        ("customer_email", "maud@example.test"),
        ("way", way),
    ]
}

#[sqlx::test(migrations = "./migrations")]
async fn a_booking_by_phone_is_paid_elsewhere_by_link_or_not_at_all(db: PgPool) {
    let (doors, provider, mut browser) = desk(db).await;
    let page = format!("/desk/{}/bookings/new", provider.id);
    let service = provider.service.to_string();
    let form = browser.get(&format!("{page}?date=2026-06-10&time=07:30")).await;
    assert!(form.body.contains("value=\"07:30\"") && form.body.contains("value=\"2026-06-10\""), "{}", form.body);
    for (time, way, status, settlement) in
        [("07:30", "elsewhere", "confirmed", "elsewhere"), ("11:00", "free", "confirmed", "none"), ("13:00", "link", "held", "gateway")]
    {
        let answer = browser.post(&page, &by_phone(&service, time, way)).await;
        assert_eq!(answer.status, 303, "{way}: {}", answer.body);
        let location = answer.location().to_owned();
        assert_eq!(browser.get(&location).await.status, 200);
        let sql = format!("select count(*) from bookings where status = '{status}' and settlement = '{settlement}' and source = 'by_hand'");
        let count: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&doors.world.db).await.expect("counts");
        assert_eq!(count, 1, "{way}");
    }
    assert_eq!(doors.world.count("select count(*) from bookings where settlement = 'none' and discount_minor = 10000").await, 1);
    doors.world.run_jobs().await;
    let letter = doors.world.mails.to("maud@example.test").into_iter().find(|mail| mail.plain.contains("/pay/")).expect("a link to pay");
    let link = letter.plain.split_whitespace().find(|word| word.contains("/pay/")).expect("a link").to_owned();
    assert!(letter.html.contains("/pay/"));
    let path = &link[link.find("/pay/").expect("a path")..];
    let mut customer = doors.browser();
    assert_eq!(customer.get(path).await.status, 200);
    let opened = customer.post(path, &[]).await;
    assert!(opened.location().starts_with("/checkout/"), "{}", opened.body);
    let location = opened.location().to_owned();
    assert_eq!(customer.get(&location).await.status, 200, "the checkout is theirs");
}

#[sqlx::test(migrations = "./migrations")]
async fn what_is_busy_stays_busy_and_nothing_typed_is_lost(db: PgPool) {
    let (_doors, provider, mut browser) = desk(db).await;
    let page = format!("/desk/{}/bookings/new", provider.id);
    let service = provider.service.to_string();
    assert_eq!(browser.post(&page, &by_phone(&service, "10:00", "elsewhere")).await.status, 303);
    let taken = browser.post(&page, &by_phone(&service, "10:30", "elsewhere")).await;
    assert_eq!(taken.status, 409);
    assert!(taken.body.contains("Maud Ferris") && taken.body.contains("class=\"slot\""), "{}", taken.body);
    let nameless = browser.post(&page, &[("service", service.as_str()), ("date", "2026-06-10"), ("time", "")]).await;
    assert_eq!(nameless.status, 422);
    assert!(nameless.body.contains("Choose a time"), "{}", nameless.body);
}

#[sqlx::test(migrations = "./migrations")]
async fn time_is_blocked_moved_and_freed(db: PgPool) {
    let (doors, provider, mut browser) = desk(db).await;
    let desk = format!("/desk/{}", provider.id);
    let person = provider.person.to_string();
    let block = |from: &'static str, to: &'static str| {
        vec![
            ("resource", person.clone()),
            ("from_date", "2026-06-10".to_owned()),
            ("from", from.to_owned()),
            ("to_date", "2026-06-10".to_owned()),
            ("to", to.to_owned()),
            ("title", "Dentist".to_owned()),
        ]
    };
    let as_form = |pairs: &[(&'static str, String)]| pairs.iter().map(|(name, value)| (*name, value.clone())).collect::<Vec<_>>();
    let send = as_form(&block("12:00", "13:00"));
    let send: Vec<(&str, &str)> = send.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(browser.post(&format!("{desk}/blocks/new"), &send).await.status, 303);
    assert_eq!(browser.post(&format!("{desk}/blocks/new"), &send).await.status, 409, "it is taken already");
    let week = browser.get(&format!("{desk}/calendar?from=2026-06-10")).await;
    let id = week
        .body
        .split("/blocks/")
        .filter_map(|rest| rest.get(..36))
        .find(|id| id.chars().all(|c| c.is_ascii_hexdigit() || c == '-'))
        .expect("it stands there")
        .to_owned();
    let page = browser.get(&format!("{desk}/blocks/{id}")).await;
    assert!(page.body.contains("value=\"12:00\"") && page.body.contains("value=\"13:00\""), "{}", page.body);
    let later = as_form(&block("14:00", "15:30"));
    let later: Vec<(&str, &str)> = later.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(browser.post(&format!("{desk}/blocks/{id}"), &later).await.status, 303);
    assert!(browser.get(&format!("{desk}/blocks/{id}")).await.body.contains("value=\"15:30\""));
    let mut stranger = doors.signed_in(doors.world.a_customer().await).await;
    assert_eq!(stranger.get(&format!("{desk}/blocks/{id}")).await.status, 404);
    assert_eq!(browser.post(&format!("{desk}/blocks/{id}"), &[("act", "remove")]).await.status, 303);
    assert_eq!(browser.get(&format!("{desk}/blocks/{id}")).await.status, 404);
}
