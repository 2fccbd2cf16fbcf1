//! The house with its doors, browsers that keep their cookies, and a listening server where a socket is needed.

use axum::Router;
use axum::body::{Body, to_bytes};
use domain::ctx::House;
use domain::id::{AccountId, SessionId, VisitorId};
use domain::world::World;
use fettle::config::Config;
use fettle::realtime::fanout::{Fanout, PgFanout};
use fettle::realtime::relay;
use fettle::state::AppState;
use fettle::web::session::PgSessions;
use fettle::web::session::store::keys;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use sqlx::PgPool;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tower_sessions::SessionStore;
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tracing::Dispatch;
use tracing::dispatcher::DefaultGuard;
use tracing::subscriber::NoSubscriber;

pub const COOKIE: &str = "fettle";

pub struct Doors {
    pub world: World,
    pub state: AppState,
    pub router: Router,
}

/// What a browser got.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("no JSON ({e}): {}", self.body))
    }
    /// Null where there is no JSON.
    pub fn json_or_null(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }
    pub fn location(&self) -> &str {
        self.header("location")
    }
}

pub fn config(more: &[(&str, &str)]) -> Config {
    let mut values = BTreeMap::from([("DATABASE_URL".to_owned(), "postgres://unused/unused".to_owned())]);
    values.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Config::from_values(values).expect("a valid configuration")
}

/// The doors of a house.
pub fn open(house: Arc<House>, config: Config) -> (AppState, Router) {
    let state = AppState::new(house, Arc::new(config));
    let router = fettle::router::router(&state);
    (state, router)
}

impl Doors {
    pub fn new(db: PgPool) -> Self {
        Self::with(
            db,
            &[
                ("FETTLE_LIMIT_GENERAL", "1000000"),
                ("FETTLE_LIMIT_SENSITIVE", "1000000"),
                ("FETTLE_LIMIT_BOOKING", "1000000"),
                ("FETTLE_LIMIT_SEARCH", "1000000"),
            ],
        )
    }
    pub fn with(db: PgPool, settings: &[(&str, &str)]) -> Self {
        let _ = any_spawner::Executor::init_tokio();
        let world = World::new(db);
        let (state, router) = open(world.house.clone(), config(settings));
        Self { world, state, router }
    }
    /// Someone who has never been here.
    pub fn browser(&self) -> Browser {
        Browser { router: self.router.clone(), cookie: None, token: None, address: "198.51.100.7".to_owned() }
    }
    /// Signed in by a session of its own.
    pub async fn signed_in(&self, account: AccountId) -> Browser {
        let mut browser = self.browser();
        browser.cookie = Some(self.session(account).await.0);
        browser
    }
    /// Not signed in, but the same as before, by a session of its own.
    pub async fn visiting(&self, visitor: VisitorId) -> Browser {
        let mut browser = self.browser();
        browser.cookie = Some(self.stored(None, visitor).await.0);
        browser
    }
    /// A stored session: the cookie's value and the id its owner knows it by.
    pub async fn session(&self, account: AccountId) -> (String, SessionId) {
        self.stored(Some(account), self.world.new_id()).await
    }
    async fn stored(&self, account: Option<AccountId>, visitor: VisitorId) -> (String, SessionId) {
        let public_id: SessionId = self.world.new_id();
        let data = [
            (keys::ACCOUNT, serde_json::json!(account)),
            (keys::VISITOR, serde_json::json!(visitor)),
            (keys::PUBLIC_ID, serde_json::json!(public_id)),
            (keys::SEEN_AT, serde_json::json!(self.world.now())),
        ];
        let data = data.into_iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.to_owned(), value)).collect();
        let mut record = Record { id: Id::default(), data, expiry_date: OffsetDateTime::now_utc() };
        PgSessions::new(self.world.house.clone()).create(&mut record).await.expect("a session");
        (record.id.to_string(), public_id)
    }
    /// Ends a test: whatever was left for later is done now, and nothing may have failed.
    pub async fn close(self) {
        self.world.run_jobs().await;
        assert_eq!(self.world.jobs_left().await, Vec::<String>::new(), "jobs are left behind");
        let failed: Vec<(String, Option<String>)> =
            sqlx::query_as("select kind, last_error from jobs where last_error is not null").fetch_all(&self.world.db).await.expect("jobs");
        assert!(failed.is_empty(), "jobs have failed: {failed:?}");
    }
}

/// Keeps its session cookie, as browsers do.
#[derive(Clone)]
pub struct Browser {
    pub router: Router,
    pub cookie: Option<String>,
    pub token: Option<String>,
    pub address: String,
}

impl Browser {
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, &[("accept", "text/html")], Body::empty()).await
    }
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form = serde_urlencoded::to_string(fields).expect("a form");
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html"), ("sec-fetch-site", "same-origin")];
        self.send(Method::POST, path, &headers, Body::from(form)).await
    }
    pub async fn call(&mut self, method: Method, path: &str, body: serde_json::Value) -> Answer {
        self.send(method, path, &[("content-type", "application/json")], Body::from(body.to_string())).await
    }
    pub async fn fetch(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Body::empty()).await
    }

    pub async fn send(&mut self, method: Method, path: &str, headers: &[(&str, &str)], body: Body) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1:3000").body(body).expect("a request");
        for (name, value) in headers {
            let name = http::HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
            request.headers_mut().insert(name, HeaderValue::from_bytes(value.as_bytes()).expect("a header's value"));
        }
        if let Some(cookie) = &self.cookie {
            request.headers_mut().insert(header::COOKIE, HeaderValue::from_str(&format!("{COOKIE}={cookie}")).expect("a cookie"));
        }
        if let Some(token) = &self.token {
            request.headers_mut().insert(header::AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}")).expect("a token"));
        }
        let address: std::net::IpAddr = self.address.parse().expect("an address");
        request.extensions_mut().insert(axum::extract::ConnectInfo(SocketAddr::new(address, 40_000)));
        let response = self.router.clone().oneshot(request).await.expect("the router answers");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 64 * 1024 * 1024).await.expect("a body");
        for set in parts.headers.get_all(header::SET_COOKIE) {
            let Some(rest) = set.to_str().expect("a cookie").strip_prefix(&format!("{COOKIE}=")) else { continue };
            let value = rest.split(';').next().unwrap_or("");
            self.cookie = (!value.is_empty()).then(|| value.to_owned());
        }
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&bytes).into_owned() }
    }
}

/// A server on a real port, with its relay; ends when dropped.
pub struct Listening {
    pub address: SocketAddr,
    stop: CancellationToken,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub async fn listen(state: &AppState, router: &Router) -> Listening {
    listen_with(state, router, Arc::new(PgFanout::new(state.house.db.clone()))).await
}

pub async fn listen_with(state: &AppState, router: &Router, fanout: Arc<dyn Fanout>) -> Listening {
    let listener = fettle::serve::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let stop = CancellationToken::new();
    tokio::spawn(fettle::serve::serve(listener, router.clone(), stop.clone()));
    tokio::spawn(relay::run(state.house.clone(), state.hub.clone(), fanout, stop.clone()));
    while state.hub.position().is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    Listening { address, stop }
}

/// What this thread logs goes to `subscriber` until the guard is dropped, whatever other tests of the process do meanwhile.
///
/// While there is a single subscriber, tracing asks the default of whichever thread first comes to a place whether anyone wants to hear of it,
/// and remembers the answer for all. So there is always a second one, which wants nothing.
pub fn hear(subscriber: impl Into<Dispatch>) -> DefaultGuard {
    static SILENT: OnceLock<Dispatch> = OnceLock::new();
    SILENT.get_or_init(|| Dispatch::new(NoSubscriber::default()));
    tracing::dispatcher::set_default(&subscriber.into())
}
