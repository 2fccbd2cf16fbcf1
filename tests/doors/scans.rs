//! What must hold for every answer.

use super::harness::{Answer, Browser, Doors};
use super::markup::refused;
use super::routes::{SERVICES, all, filled};
use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::routing::get;
use http::{Method, StatusCode};
use serde_json::json;
use sqlx::PgPool;
use std::collections::BTreeSet;
use std::path::PathBuf;

const ABSENT: &str = "0193a1c2-7f00-7abc-8def-0123456789ab";

/// Asserts it of any answer at all.
pub fn check(answer: &Answer, what: &str) {
    let policy = answer.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"),
        "{what}: {policy}"
    );
    let scripts = policy.split(';').find(|part| part.trim().starts_with("script-src")).unwrap_or_default();
    assert!(!scripts.contains("unsafe-inline") && !scripts.contains("'unsafe-eval'") && !scripts.contains('*'), "{what}: {scripts}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), value, "{name} of {what}");
    }
    for name in ["cross-origin-opener-policy", "permissions-policy", "x-request-id", "cache-control"] {
        assert!(!answer.header(name).is_empty(), "{name} of {what}");
    }
    for name in ["server", "x-powered-by", "via", "access-control-allow-origin"] {
        assert_eq!(answer.header(name), "", "{name} of {what}");
    }
    let is_error = answer.status.is_client_error() || answer.status.is_server_error();
    let kept = answer.header("cache-control");
    assert!(!(is_error && (kept.contains("public") || kept.contains("immutable"))), "an error is kept: {what}: {kept}");
    if let Some(cookie) = answer.headers.get("set-cookie").and_then(|cookie| cookie.to_str().ok()) {
        assert!(!kept.contains("public"), "a cookie for everyone: {what}");
        assert!(cookie.contains("SameSite=Lax") && cookie.contains("Path=/"), "{what}: {cookie}");
        assert!(cookie.contains("HttpOnly") || cookie.starts_with("theme="), "{what}: {cookie}");
    }
    if answer.header("content-type").starts_with("text/html") {
        assert_eq!(refused(policy, &answer.body), Vec::<String>::new(), "the policy refuses a part of {what}");
    }
    if is_error || answer.status.is_success() {
        assert!(answer.body.is_empty() || !answer.header("content-type").is_empty(), "a body without a type: {what}");
    }
}

/// Every route as a visitor and as an admin, in order and not, and what is no route.
#[sqlx::test(migrations = "./migrations")]
async fn every_answer_carries_its_headers(db: PgPool) {
    let doors = Doors::new(db);
    let admin = doors.world.an_admin().await;
    let provider = doors.world.a_provider().await.id.to_string();
    for is_admin in [false, true] {
        for route in all().iter().filter(|route| !route.path.contains("{*") && !route.path.ends_with("sign-out")) {
            let mut browser: Browser = if is_admin { doors.signed_in(admin).await } else { doors.browser() };
            let fill = if route.path.starts_with("/api/v1/providers/") { &provider } else { ABSENT };
            let path = filled(&route.path, |name| if name == "slug" { "provider-1".to_owned() } else { fill.to_owned() });
            let method: Method = route.method.parse().expect("a method");
            for (kind, body) in [("application/json", "{}"), ("application/x-www-form-urlencoded", "a=b"), ("text/plain", "x")] {
                let headers = [("content-type", kind), ("sec-fetch-site", "same-origin")];
                let answer = browser.send(method.clone(), &path, &headers, Body::from(body)).await;
                check(&answer, &format!("{method} {path} {kind}"));
            }
        }
    }
    for path in SERVICES.into_iter().filter(|path| !path.contains('{')) {
        check(&doors.browser().fetch(path).await, path);
    }
    let large = "x".repeat(1024 * 1024);
    for (method, path, headers, body) in [
        (Method::GET, "/nowhere", &[][..], ""),
        (Method::GET, "/api/v1/nowhere", &[], ""),
        (Method::GET, "/pkg/nothing.js", &[], ""),
        (Method::GET, "/pkg/../Cargo.toml", &[], ""),
        (Method::GET, "/robots.txt", &[], ""),
        (Method::GET, "/api/docs/", &[], ""),
        (Method::GET, "/api/v1/openapi.json", &[], ""),
        (Method::DELETE, "/search", &[], ""),
        (Method::PATCH, "/api/v1/search", &[], ""),
        (Method::POST, "/api/v1/auth/sign-in", &[("content-type", "application/json"), ("origin", "https://evil.example")], "{}"),
        (Method::POST, "/api/v1/auth/sign-in", &[("content-type", "application/json")], large.as_str()),
        (Method::POST, "/sign-in", &[("content-type", "application/x-www-form-urlencoded")], large.as_str()),
        (Method::GET, "/api/v1/me", &[("authorization", "Bearer nonsense")], ""),
        (Method::GET, "/api/v1/live", &[], ""),
        (Method::OPTIONS, "/api/v1/bookings", &[("origin", "https://evil.example")], ""),
        (Method::HEAD, "/", &[], ""),
    ] {
        let answer = doors.browser().send(method.clone(), path, headers, Body::from(body.to_owned())).await;
        check(&answer, &format!("{method} {path}"));
    }
}

const HTTPS: &str = "https://fettle.example";
const HSTS: &str = "max-age=63072000; includeSubDomains";

/// A release's files as the build leaves them.
fn site() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("fettle-doors-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("pkg")).expect("a folder");
    std::fs::create_dir_all(folder.join("root")).expect("a folder");
    for (name, text) in [
        ("pkg/main.0a.css", "body{color:red}"),
        ("pkg/main.0a.css.br", "packed"),
        ("root/sw.js", "self"),
        ("root/manifest.webmanifest", "{}"),
        ("root/apple-touch-icon.png", "icon"),
    ] {
        std::fs::write(folder.join(name), text).expect("a file");
    }
    folder
}

/// Whole, packed, in part, unchanged, and where it has no such part.
#[sqlx::test(migrations = "./migrations")]
async fn a_file_carries_its_headers_in_every_form(db: PgPool) {
    let folder = site();
    let doors = Doors::with(db, &[("FETTLE_SITE_DIR", folder.to_str().expect("a path")), ("FETTLE_BASE_URL", HTTPS)]);
    let whole = doors.browser().fetch("/pkg/main.0a.css").await;
    let since = whole.header("last-modified").to_owned();
    assert!(!since.is_empty());
    for (method, path, headers, status, body) in [
        (Method::GET, "/pkg/main.0a.css", &[][..], 200_u16, "body{color:red}"),
        (Method::HEAD, "/pkg/main.0a.css", &[], 200, ""),
        (Method::GET, "/pkg/main.0a.css", &[("accept-encoding", "br, gzip")], 200, "packed"),
        (Method::GET, "/pkg/main.0a.css", &[("range", "bytes=0-3")], 206, "body"),
        (Method::GET, "/pkg/main.0a.css", &[("if-modified-since", since.as_str())], 304, ""),
        (Method::GET, "/sw.js", &[], 200, "self"),
        (Method::GET, "/manifest.webmanifest", &[], 200, "{}"),
        (Method::HEAD, "/manifest.webmanifest", &[], 200, ""),
        (Method::GET, "/apple-touch-icon.png", &[], 200, "icon"),
        (Method::HEAD, "/apple-touch-icon.png", &[], 200, ""),
    ] {
        let answer = doors.browser().send(method.clone(), path, headers, Body::empty()).await;
        let what = format!("{method} {path} {headers:?}");
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (status, body), "{what}");
        check(&answer, &what);
        assert_eq!(answer.header("strict-transport-security"), HSTS, "{what}");
        assert_eq!(answer.header("content-encoding"), if body == "packed" { "br" } else { "" }, "{what}");
        let kept = if path.starts_with("/pkg/") { "public, max-age=31536000, immutable" } else { "no-cache" };
        assert_eq!(answer.header("cache-control"), kept, "{what}");
    }
    for (path, headers, status) in [
        ("/pkg/main.0a.css", &[("range", "bytes=999-")][..], 416_u16),
        ("/pkg/gone.css", &[], 404),
        ("/pkg/", &[], 404),
        ("/favicon.ico", &[], 404),
    ] {
        let answer = doors.browser().send(Method::GET, path, headers, Body::empty()).await;
        assert_eq!(answer.status, status, "{path} {headers:?}");
        check(&answer, &format!("{path} {headers:?}"));
        assert_eq!(answer.header("strict-transport-security"), HSTS, "{path} {headers:?}");
    }
    std::fs::remove_dir_all(folder).expect("nobody else's folder");
}

/// The page that shows the API is somebody else's, and so are the files it names.
#[sqlx::test(migrations = "./migrations")]
async fn the_files_of_the_apis_page_carry_their_headers(db: PgPool) {
    let doors = Doors::with(db, &[("FETTLE_BASE_URL", HTTPS)]);
    let page = said(doors.browser().get("/api/docs/").await, 200);
    let values = ["src=\"", "href=\""].into_iter().flat_map(|before| page.body.split(before).skip(1));
    let names = values.filter_map(|rest| rest.split('"').next()).chain(["index.html"]);
    let mut kinds = BTreeSet::new();
    for name in names {
        let path = format!("/api/docs/{}", name.trim_start_matches("./"));
        let file = said(doors.browser().fetch(&path).await, 200);
        check(&file, &path);
        assert_eq!(file.header("strict-transport-security"), HSTS, "{path}");
        kinds.insert(file.header("content-type").split(';').next().unwrap_or_default().to_owned());
    }
    assert_eq!(kinds.iter().map(String::as_str).collect::<Vec<_>>(), ["image/png", "text/css", "text/html", "text/javascript"]);
}

/// A panic may carry anything.
const HIDDEN: &str = "postgres://fettle:kettle-moss-49@db";

/// With a sentence that is put together, with one that is written down, with something else.
async fn breaks(Path(how): Path<String>) -> StatusCode {
    match how.as_str() {
        "together" => panic!("{how}: {HIDDEN}"),
        "written" => panic!("postgres://fettle:kettle-moss-49@db"),
        _ => std::panic::panic_any(HIDDEN.len()),
    }
}

/// Within the layers of the router that answers.
#[sqlx::test(migrations = "./migrations")]
async fn a_panic_is_answered_as_other_failures_are(db: PgPool) {
    let doors = Doors::with(db, &[("FETTLE_BASE_URL", HTTPS)]);
    let routes = Router::new().route("/breaks/{how}", get(breaks)).route("/api/v1/breaks/{how}", get(breaks));
    let mut browser = Browser { router: fettle::layers::wrap(routes, &doors.state), ..doors.browser() };
    for how in ["together", "written", "otherwise"] {
        for (path, kind) in [("/breaks", "text/html"), ("/api/v1/breaks", "application/problem+json")] {
            let path = format!("{path}/{how}");
            let answer = said(browser.get(&path).await, 500);
            check(&answer, &path);
            assert_eq!(answer.header("strict-transport-security"), HSTS, "{path}");
            assert!(answer.header("content-type").starts_with(kind), "{path}: {}", answer.header("content-type"));
            assert!(answer.body.contains("Reference"), "{path}: {}", answer.body);
            for told in [HIDDEN, "kettle-moss-49", "panic"] {
                assert!(!answer.body.contains(told), "{path} tells {told}: {}", answer.body);
            }
        }
    }
    // whoever comes next finds the house as it was
    said(doors.browser().get("/help").await, 200);
}

/// Whatever is answered tells the browser to come by https alone, and the session's cookie is never sent otherwise, nor from elsewhere.
#[sqlx::test(migrations = "./migrations")]
async fn over_https_the_session_stays_there(db: PgPool) {
    let doors = Doors::with(db, &[("FETTLE_BASE_URL", HTTPS)]);
    for (method, path, status) in [
        (Method::GET, "/", 200_u16),
        (Method::GET, "/nowhere", 404),
        (Method::GET, "/healthz", 200),
        (Method::GET, "/api/v1/categories", 200),
        (Method::GET, "/api/v1/me", 401),
        (Method::GET, "/settings", 303),
        (Method::PATCH, "/api/v1/search", 405),
    ] {
        let answer = doors.browser().send(method.clone(), path, &[("accept", "text/html")], Body::empty()).await;
        assert_eq!(answer.status, status, "{method} {path}");
        check(&answer, path);
        assert_eq!(answer.header("strict-transport-security"), HSTS, "{method} {path}");
    }
    let form = json!({ "email": "ada@example.com", "password": "kettle-moss-49", "name": "Ada Lovelace" });
    let made = said(doors.browser().call(Method::POST, "/api/v1/auth/register", form).await, 201);
    let (cookie, rest) = made.header("set-cookie").split_once(';').expect("a cookie with attributes");
    let is_safe = |rest: &str| ["Path=/", "HttpOnly", "Secure", "SameSite=Lax"].iter().all(|part| rest.contains(part));
    assert!(cookie.starts_with("__Host-fettle=") && is_safe(rest) && !rest.contains("Domain"), "{cookie};{rest}");
    let me = async |cookie: &str| doors.browser().send(Method::GET, "/api/v1/me", &[("cookie", cookie)], Body::empty()).await;
    said(me(cookie).await, 200);
    said(me(&cookie.replace("__Host-", "")).await, 401);
    let out = doors.browser().send(Method::POST, "/api/v1/auth/sign-out", &[("cookie", cookie)], Body::empty()).await;
    let (gone, rest) = out.header("set-cookie").split_once(';').expect("a cookie with attributes");
    assert!(out.status == 204 && gone == "__Host-fettle=" && is_safe(rest) && rest.contains("Max-Age=0"), "{gone};{rest}");
    said(me(cookie).await, 401);
}

/// The answer, asked where it was meant to.
pub fn said(answer: Answer, status: u16) -> Answer {
    assert_eq!(answer.status, status, "{}", answer.body);
    answer
}
