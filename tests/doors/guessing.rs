//! Guessing passwords: whoever asks, and from wherever.

use super::harness::{Browser, Doors};
use http::{Method, StatusCode};
use serde_json::json;
use sqlx::PgPool;

async fn guess(browser: &mut Browser) -> StatusCode {
    let form = json!({ "email": "ada@example.com", "password": "is-it-this-one" });
    browser.call(Method::POST, "/api/v1/auth/sign-in", form).await.status
}

#[sqlx::test(migrations = "./migrations")]
async fn accounts_of_ones_own_give_no_more_guesses(db: PgPool) {
    let doors = Doors::with(db, &[]);
    let (one, two) = (doors.world.a_customer().await, doors.world.a_customer().await);
    let mut browsers = [doors.signed_in(one).await, doors.signed_in(two).await];
    for number in 0..10 {
        assert_eq!(guess(&mut browsers[number % 2]).await, StatusCode::UNPROCESSABLE_ENTITY, "guess {number}");
    }
    for browser in &mut browsers {
        assert_eq!(guess(browser).await, StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(guess(&mut doors.browser()).await, StatusCode::TOO_MANY_REQUESTS, "without an account no more either");

    // Nor do addresses of one's own: the sixth guess of this account was counted, though it was refused.
    let [moving, _] = &mut browsers;
    for number in 7..12 {
        moving.address = format!("203.0.113.{number}");
        let expected = if number > 10 { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::UNPROCESSABLE_ENTITY };
        assert_eq!(guess(moving).await, expected, "guess {number}");
    }
    doors.close().await;
}
