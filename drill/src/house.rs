//! Calling the house as programs do.

use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// For many connections at once; an answer that takes longer than any request may is none.
pub fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(Duration::from_secs(40))
        .pool_max_idle_per_host(2_000)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client without certificates of its own")
}

#[derive(Debug, Clone)]
pub struct Answer {
    /// 0 when the line broke.
    pub status: u16,
    pub body: Value,
    pub took: Duration,
    pub has_retry_after: bool,
}

impl Answer {
    pub fn text(&self, member: &str) -> &str {
        self.body[member].as_str().unwrap_or("")
    }
    /// Worth asking again: broken line, or the server says so.
    pub fn is_passing(&self) -> bool {
        matches!(self.status, 0 | 503)
    }
}

#[derive(Clone)]
pub struct House {
    pub http: reqwest::Client,
    /// Without a slash at the end.
    pub base: String,
}

impl House {
    pub fn at(address: impl std::fmt::Display) -> Self {
        Self { http: client(), base: format!("http://{address}") }
    }

    /// `path` below the address; `token` as bearer. A broken line is an answer of status 0.
    pub async fn send(&self, method: Method, path: &str, token: Option<&str>, body: Option<Value>) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer_of(request).await
    }
    pub async fn get(&self, path: &str, token: Option<&str>) -> Answer {
        self.send(Method::GET, path, token, None).await
    }
    /// The status alone; the body is taken in and let go. 0 when the line broke.
    pub async fn fetch(&self, path: &str) -> u16 {
        let Ok(mut response) = self.http.get(format!("{}{path}", self.base)).send().await else { return 0 };
        loop {
            match response.chunk().await {
                Ok(Some(_)) => {}
                Ok(None) => return response.status().as_u16(),
                Err(_) => return 0,
            }
        }
    }
    /// What is there, as text.
    pub async fn text(&self, path: &str) -> Result<String> {
        Ok(self.http.get(format!("{}{path}", self.base)).send().await?.error_for_status()?.text().await?)
    }
    pub async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(token), Some(body)).await
    }

    /// `starts_at` as RFC 3339; any resource if None.
    pub async fn hold(&self, token: &str, service: uuid::Uuid, starts_at: &str, resource: Option<uuid::Uuid>) -> Answer {
        self.post("/api/v1/bookings", token, json!({ "service_id": service, "starts_at": starts_at, "resource_id": resource })).await
    }
    pub async fn release(&self, token: &str, booking: &str) -> Answer {
        self.send(Method::DELETE, &format!("/api/v1/bookings/{booking}/hold"), Some(token), None).await
    }
    /// With a payment method the card is charged in the same call, without one its client secret comes back.
    pub async fn pay(&self, token: &str, booking: &str, method: Option<&str>) -> Answer {
        let contact = json!({ "name": "Dora Drill", "email": "dora@drill.example", "phone": "+351 912 345 678" });
        let body = json!({ "tender": "card", "payment_method": method, "contact": contact });
        self.post(&format!("/api/v1/bookings/{booking}/payment"), token, body).await
    }
    pub async fn cancel(&self, token: &str, booking: &str) -> Answer {
        self.post(&format!("/api/v1/bookings/{booking}/cancellation"), token, json!({})).await
    }
}

pub async fn answer_of(request: reqwest::RequestBuilder) -> Answer {
    let at = Instant::now();
    let broken = |took| Answer { status: 0, body: Value::Null, took, has_retry_after: false };
    let Ok(response) = request.send().await else { return broken(at.elapsed()) };
    let status = response.status().as_u16();
    let has_retry_after = response.headers().contains_key("retry-after");
    let Ok(bytes) = response.bytes().await else { return broken(at.elapsed()) };
    // reading it is our own work
    let took = at.elapsed();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Answer { status, body, took, has_retry_after }
}

/// The gateway's side: what its clients in browsers do, and what only the sandbox can tell.
#[derive(Clone)]
pub struct Gateway {
    http: reqwest::Client,
    base: String,
}

impl Gateway {
    pub fn at(base: &str) -> Self {
        Self { http: client(), base: base.to_owned() }
    }

    /// Confirms a payment intent with a card, as the gateway's script does in the page.
    pub async fn confirm(&self, client_secret: &str, number: &str) -> Answer {
        let id = client_secret.split("_secret_").next().unwrap_or_default();
        let form = format!(
            "client_secret={client_secret}&return_url=http://drill.example/back&payment_method_data[card][number]={number}\
             &payment_method_data[card][exp_month]=12&payment_method_data[card][exp_year]=34&payment_method_data[card][cvc]=123"
        );
        let request = self.http.post(format!("{}/v1/payment_intents/{id}/confirm", self.base)).bearer_auth("pk_test_sandbox");
        answer_of(request.header("content-type", "application/x-www-form-urlencoded").body(form)).await
    }

    /// Everything it holds: `intents`, `refunds`, `deliveries`.
    pub async fn state(&self) -> Result<Value> {
        Ok(self.http.get(format!("{}/control/state", self.base)).send().await?.json().await?)
    }
    /// Every message so far, in the order in which things happened.
    pub async fn events(&self) -> Result<Vec<Value>> {
        Ok(self.http.get(format!("{}/control/events", self.base)).send().await?.json().await?)
    }
    /// Where messages go from now on; nowhere if None.
    pub async fn set_target(&self, url: Option<&str>) -> Result<()> {
        self.http.post(format!("{}/control/target", self.base)).json(&json!({ "webhook_url": url })).send().await?.error_for_status()?;
        Ok(())
    }
}
