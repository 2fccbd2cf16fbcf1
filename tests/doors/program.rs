//! The server as its operator starts it: the program itself, wired by its own `main`, with a database, a gateway, a mail server and a collector of traces
//! around it that it reaches by its production adapters.

use super::harness::{Browser, Doors};
use super::line::until;
use super::shop::confirm;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use domain::ctx::{Clock, SystemClock};
use domain::id::{AccountId, ServiceId};
use domain::time::{DAY, HOUR, Instant};
use http::{Method, StatusCode};
use sandbox::{Options, Sandbox};
use serde_json::json;
use sqlx::{ConnectOptions, PgPool};
use std::net::{SocketAddr, TcpListener};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

/// What only the operator knows.
pub const KEY: &str = "sk_test_canary49key";
pub const MESSAGE_KEY: &str = "whsec_canary49message";
pub const POSTMASTER: &str = "postmaster";
pub const MAIL_PASSWORD: &str = "canary-mail-password";
pub const METRICS_TOKEN: &str = "canary-metrics-token";
pub const COLLECTOR_TOKEN: &str = "canary-collector-token";

/// A password shorter than this is a word that stands everywhere; that of the tests' own database is not.
const TELLING: usize = 12;

pub struct Program {
    /// Of the same database, for rows and sessions; nobody comes in by these doors.
    pub doors: Doors,
    pub sandbox: Sandbox,
    pub address: SocketAddr,
    /// Of the database, where it is one that can be told from other words.
    pub database_password: Option<String>,
    child: Child,
    written: [JoinHandle<String>; 2],
    router: Router,
}

impl Program {
    /// Waits until it is ready. `log` is what it logs, `endpoint` the collector's address.
    pub async fn start(db: PgPool, log: &str, endpoint: &str) -> Self {
        let url = db.connect_options().to_url_lossy();
        let doors = Doors::new(db);
        // The program knows no clock but the machine's.
        doors.world.clock.set(SystemClock::default().now());
        let sandbox = Sandbox::start(Options { webhook_secret: MESSAGE_KEY.to_owned(), ..Options::default() }).await.expect("free ports");
        let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
        sandbox.hub.set_webhook_url(Some(format!("http://{address}/api/v1/webhooks/stripe")));
        let mut command = Command::new(env!("CARGO_BIN_EXE_fettle"));
        command.arg("serve").env_clear().envs(settings(&sandbox, address, log, endpoint)).env("DATABASE_URL", url.as_str());
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn();
        let mut child = child.expect("starts");
        let written = [keep(child.stdout.take().expect("piped")), keep(child.stderr.take().expect("piped"))];
        let database_password = url.password().filter(|password| password.len() >= TELLING).map(str::to_owned);
        let mut program = Self { doors, sandbox, address, database_password, child, written, router: passage(address) };
        program.is_ready().await;
        program
    }

    async fn is_ready(&mut self) {
        for _ in 0..600 {
            if let Some(status) = self.child.try_wait().expect("a child") {
                panic!("it ended with {status} before it was ready: {}", self.all_written().await);
            }
            if tokio::net::TcpStream::connect(self.address).await.is_ok() && self.browser().fetch("/readyz").await.status == 200 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it is not ready after half a minute");
    }

    async fn all_written(&mut self) -> String {
        let [out, err] = &mut self.written;
        format!("{}{}", out.await.expect("no panic"), err.await.expect("no panic"))
    }

    /// Someone who has never been here.
    pub fn browser(&self) -> Browser {
        Browser { router: self.router.clone(), ..self.doors.browser() }
    }
    pub async fn signed_in(&self, account: AccountId) -> Browser {
        Browser { router: self.router.clone(), ..self.doors.signed_in(account).await }
    }

    /// A guest holds a time and pays by the form of the gateway, whose message confirms it: the booking, and the secret by which their browser paid.
    pub async fn booked_by_a_guest(&self, service: ServiceId, starts_at: Instant, email: &str) -> (String, String) {
        let mut guest = self.browser();
        let slot = json!({ "service_id": service, "starts_at": starts_at.to_string() });
        let held = guest.call(Method::POST, "/api/v1/bookings", slot).await.json();
        let id = held["id"].as_str().unwrap_or_else(|| panic!("not held: {held}")).to_owned();
        let contact = json!({ "name": "Gus Guest", "email": email, "phone": "+351 912 345 678" });
        let asked =
            guest.call(Method::POST, &format!("/api/v1/bookings/{id}/payment"), json!({ "tender": "card", "contact": contact })).await;
        let client_secret =
            asked.json()["payment"]["next"]["client_secret"].as_str().unwrap_or_else(|| panic!("{}", asked.body)).to_owned();
        let paid = confirm(&self.sandbox, &client_secret, "4242424242424242").await;
        assert_eq!(paid["status"], "succeeded", "{paid}");
        until("the booking", async || guest.fetch(&format!("/api/v1/bookings/{id}")).await.json()["status"] == "confirmed").await;
        (id, client_secret)
    }

    /// The secret in the address that begins so and stands in a letter to them.
    pub async fn letter(&self, to: &str, start: &str) -> String {
        let mut found = None;
        until(&format!("a letter to {to} with {start}"), async || {
            found = self.sandbox.hub.mails().into_iter().filter(|mail| mail.to.iter().any(|one| one == to)).find_map(|mail| {
                let text = mail.plain.unwrap_or_default();
                text.split_once(start).map(|(_, rest)| secret(rest).to_owned())
            });
            found.is_some()
        })
        .await;
        found.expect("it was waited for")
    }

    /// Tells it to end as an operator does; all that it has written.
    pub async fn end(mut self) -> String {
        let pid = self.child.id().expect("it runs").to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status().await.expect("kill");
        assert!(told.success());
        let status = self.child.wait().await.expect("ends");
        let written = self.all_written().await;
        assert!(status.success(), "it ended with {status}: {written}");
        written
    }
}

/// What an address ends with that nobody can guess.
pub fn secret(rest: &str) -> &str {
    rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').next().unwrap_or_default()
}

/// A time at least two days ahead at which providers of tests are open: full `hour`s UTC from 9 to 16.
pub fn ahead(hour: i64) -> Instant {
    let today = SystemClock::default().now().millis().div_euclid(DAY);
    // The first of 1970 was a Thursday, and on Sundays they are closed.
    let day = (today + 2..).find(|day| (day + 3).rem_euclid(7) != 6).expect("six days of seven");
    Instant::from_millis(day * DAY + hour * HOUR)
}

fn settings(sandbox: &Sandbox, address: SocketAddr, log: &str, endpoint: &str) -> Vec<(&'static str, String)> {
    let many = "1000000".to_owned();
    vec![
        // so that calendars may lie on this machine
        ("FETTLE_MODE", "development".to_owned()),
        ("FETTLE_LISTEN", address.to_string()),
        ("FETTLE_LOG", log.to_owned()),
        ("FETTLE_LOG_FORMAT", "json".to_owned()),
        ("FETTLE_METRICS_TOKEN", METRICS_TOKEN.to_owned()),
        ("FETTLE_LIMIT_SENSITIVE", many.clone()),
        ("FETTLE_LIMIT_BOOKING", many.clone()),
        ("FETTLE_LIMIT_GENERAL", many),
        ("STRIPE_SECRET_KEY", KEY.to_owned()),
        ("STRIPE_PUBLISHABLE_KEY", "pk_test_sandbox".to_owned()),
        ("STRIPE_WEBHOOK_SECRET", MESSAGE_KEY.to_owned()),
        ("STRIPE_API_URL", format!("{}/", sandbox.base_url())),
        ("STRIPE_SCRIPT_URL", format!("{}/v3/", sandbox.base_url())),
        ("SMTP_URL", format!("smtp://{POSTMASTER}:{MAIL_PASSWORD}@{}", sandbox.smtp)),
        ("MAIL_FROM", "Fettle <no-reply@fettle.test>".to_owned()),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.to_owned()),
        ("OTEL_EXPORTER_OTLP_HEADERS", format!("x-token={COLLECTOR_TOKEN}")),
        ("OTEL_BSP_SCHEDULE_DELAY", "100".to_owned()),
    ]
}

fn keep(mut from: impl AsyncRead + Unpin + Send + 'static) -> JoinHandle<String> {
    tokio::spawn(async move {
        let mut all = Vec::new();
        from.read_to_end(&mut all).await.expect("a pipe");
        String::from_utf8_lossy(&all).into_owned()
    })
}

/// Doors that lead to the program.
fn passage(address: SocketAddr) -> Router {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().expect("a client");
    Router::new().fallback(move |request: Request| pass(http.clone(), address, request))
}

async fn pass(http: reqwest::Client, address: SocketAddr, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let asked = http.request(parts.method, format!("http://{address}{}", parts.uri)).headers(parts.headers).body(body);
    let Ok(heard) = asked.send().await else { return StatusCode::BAD_GATEWAY.into_response() };
    let (status, headers) = (heard.status(), heard.headers().clone());
    let mut response = Response::new(Body::from(heard.bytes().await.expect("a body")));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
