//! The gateway over HTTP, as a client sees it.

use crate::{Options, Sandbox};
use serde_json::Value;

async fn started() -> Sandbox {
    Sandbox::start(Options::default()).await.expect("free ports")
}

async fn post(sandbox: &Sandbox, path: &str, key: &str, body: &str) -> (u16, Value) {
    let url = format!("{}/v1/{path}", sandbox.base_url());
    let request = sandbox.hub.http.post(url).bearer_auth("sk_test_x").header("content-type", "application/x-www-form-urlencoded");
    let request = if key.is_empty() { request } else { request.header("idempotency-key", key) };
    let response = request.body(body.to_owned()).send().await.expect("an answer");
    (response.status().as_u16(), response.json().await.expect("JSON"))
}

#[tokio::test]
async fn a_key_replays_its_first_answer_and_refuses_another_body() {
    let sandbox = started().await;
    let body = "amount=5000&currency=eur&metadata[attempt]=a1";
    let (_, first) = post(&sandbox, "payment_intents", "k1", body).await;
    let (_, again) = post(&sandbox, "payment_intents", "k1", body).await;
    assert_eq!(first["id"], again["id"]);
    let (_, shuffled) = post(&sandbox, "payment_intents", "k1", "metadata[attempt]=a1&currency=eur&amount=5000").await;
    assert_eq!(first["id"], shuffled["id"]);
    assert_eq!(first["metadata"]["attempt"], "a1");
    let (status, error) = post(&sandbox, "payment_intents", "k1", "amount=6000&currency=eur").await;
    assert_eq!((status, error["error"]["type"].as_str()), (400, Some("idempotency_error")));
}

#[tokio::test]
async fn cards_answer_by_their_numbers() {
    let sandbox = started().await;
    for (method, status, code) in [
        ("pm_card_visa", "succeeded", None),
        ("pm_card_chargeDeclinedInsufficientFunds", "requires_payment_method", Some("insufficient_funds")),
        ("pm_card_authenticationRequired", "requires_action", None),
    ] {
        let (_, intent) = post(&sandbox, "payment_intents", "", "amount=5000&currency=eur").await;
        let id = intent["id"].as_str().expect("an id").to_owned();
        let (_, answer) = post(&sandbox, &format!("payment_intents/{id}/confirm"), "", &format!("payment_method={method}")).await;
        assert_eq!(answer["error"]["decline_code"].as_str(), code, "{method}");
        let now = sandbox.hub.with_book(|book| book.object_json(&id)).expect("it is kept");
        assert_eq!(now["status"], status, "{method}");
    }
}

#[tokio::test]
async fn authorised_money_is_captured_once_and_refunded_to_the_cent() {
    let sandbox = started().await;
    let body = "amount=5000&currency=eur&capture_method=manual&confirm=true&payment_method=pm_card_visa";
    let (_, intent) = post(&sandbox, "payment_intents", "", body).await;
    assert_eq!(intent["status"], "requires_capture");
    let id = intent["id"].as_str().expect("an id");
    let (_, captured) = post(&sandbox, &format!("payment_intents/{id}/capture"), "", "expand[0]=latest_charge.balance_transaction").await;
    assert_eq!(captured["status"], "succeeded");
    assert_eq!(captured["latest_charge"]["balance_transaction"]["fee"], 100);
    assert_eq!(post(&sandbox, &format!("payment_intents/{id}/capture"), "", "").await.0, 400);
    assert_eq!(post(&sandbox, "refunds", "", &format!("payment_intent={id}&amount=4999")).await.0, 200);
    assert_eq!(post(&sandbox, "refunds", "", &format!("payment_intent={id}&amount=2")).await.0, 400);
    assert_eq!(post(&sandbox, "refunds", "", &format!("payment_intent={id}&amount=1")).await.0, 200);
}

#[tokio::test]
async fn the_hosted_page_takes_a_card_without_script() {
    let sandbox = started().await;
    let body = "mode=payment&success_url=http://shop.test/back?s={CHECKOUT_SESSION_ID}&cancel_url=http://shop.test/no\
                &line_items[0][price_data][currency]=eur&line_items[0][price_data][unit_amount]=4500\
                &line_items[0][price_data][product_data][name]=Tap&line_items[0][quantity]=1";
    let (_, session) = post(&sandbox, "checkout/sessions", "", body).await;
    let id = session["id"].as_str().expect("an id").to_owned();
    let url = session["url"].as_str().expect("an address").to_owned();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().expect("a client");
    let form = |number: &str| format!("number={number}&expiry=12%2F34&cvc=123");
    let send = async |url: &str, body: String| {
        let request = client.post(url).header("content-type", "application/x-www-form-urlencoded").body(body);
        let response = request.send().await.expect("an answer");
        let to = response.headers().get("location").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        (response.status().as_u16(), to)
    };
    assert_eq!(send(&url, form("4000000000000002")).await.0, 422);
    let (status, to) = send(&url, form("4000002500003155")).await;
    assert!(status == 303 && to.starts_with("/3ds/pi_"), "{to}");
    let secret = to.split_once("client_secret=").expect("its secret").1.to_owned();
    let (_, back) = send(&format!("{}{to}", sandbox.base_url()), format!("client_secret={secret}&answer=complete")).await;
    assert_eq!(back, format!("http://shop.test/back?s={id}"));
    let now = sandbox.hub.with_book(|book| book.object_json(&id)).expect("it is kept");
    assert_eq!((now["status"].as_str(), now["payment_status"].as_str()), (Some("complete"), Some("paid")));
}

#[tokio::test]
async fn state_survives_a_restart() {
    let path = std::env::temp_dir().join(format!("sandbox-{}.json", crate::stripe::book::random_text(8)));
    let options = || Options { state: Some(path.clone()), ..Options::default() };
    let first = Sandbox::start(options()).await.expect("free ports");
    let (_, intent) = post(&first, "payment_intents", "", "amount=5000&currency=eur").await;
    drop(first);
    let second = Sandbox::start(options()).await.expect("free ports");
    let id = intent["id"].as_str().expect("an id");
    assert!(second.hub.with_book(|book| book.object_json(id)).is_some());
    drop(second);
    std::fs::remove_file(path).expect("it was written");
}
