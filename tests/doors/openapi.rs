//! The description of the API: whole, without contradictions, and obeyed where one call can show it.

use super::harness::Doors;
use super::routes::{all, files, filled};
use http::Method;
use serde_json::Value;
use sqlx::PgPool;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn document() -> Value {
    let (_, api) = fettle::api::openapi::assemble();
    fettle::api::openapi::document(&api)
}

fn calls(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().expect("calls").iter().map(move |(method, call)| (method.to_ascii_uppercase(), path.clone(), call))
        })
        .collect()
}

fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| match (name.as_str(), value.as_str()) {
            ("$ref", Some(target)) => {
                found.insert(target);
            }
            _ => references(value, found),
        }),
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// The names of a schema's members, wherever it is described.
fn members<'a>(document: &'a Value, schema: &'a Value) -> BTreeSet<&'a str> {
    let elsewhere = schema["$ref"].as_str().and_then(|target| document.pointer(target.trim_start_matches('#')));
    let parts = ["allOf", "anyOf", "oneOf"].into_iter().flat_map(|way| schema[way].as_array().into_iter().flatten());
    let own = schema["properties"].as_object().into_iter().flat_map(|own| own.keys().map(String::as_str));
    own.chain(elsewhere.into_iter().chain(parts).flat_map(|part| members(document, part))).collect()
}

#[test]
fn every_reference_leads_somewhere_and_every_name_is_used_once() {
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    let dangling: Vec<_> = found.into_iter().filter(|target| document.pointer(target.trim_start_matches('#')).is_none()).collect();
    assert!(dangling.is_empty(), "name these in src/api/openapi.rs: {dangling:?}");
    let mut names = BTreeSet::new();
    for (method, path, call) in calls(&document) {
        assert!(names.insert(call["operationId"].as_str().expect("a name").to_owned()), "{method} {path}");
    }
}

/// Two types of one name would overwrite each other in the description without a word.
#[test]
fn every_schema_has_a_name_of_its_own() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for folder in ["src/api", "domain/src"] {
        for file in files(&root.join(folder)) {
            let text = std::fs::read_to_string(&file).expect("a source file");
            for part in text.split("ToSchema)").skip(1) {
                let Some(line) = part.lines().find(|line| line.contains("struct ") || line.contains("enum ")) else { continue };
                let mut words =
                    line.split(|c: char| !c.is_alphanumeric() && c != '_').skip_while(|word| !matches!(*word, "struct" | "enum"));
                if let Some(name) = words.nth(1).filter(|name| !name.is_empty()) {
                    places.entry(name.to_owned()).or_default().push(file.display().to_string());
                }
            }
        }
    }
    places.retain(|_, files| files.len() > 1);
    assert!(places.is_empty(), "{places:#?}");
}

#[test]
fn every_error_is_a_problem_and_every_list_looks_the_same() {
    let document = document();
    for (method, path, call) in calls(&document) {
        let responses = call["responses"].as_object().expect("responses");
        for (status, response) in responses.iter().filter(|(status, _)| status.as_str() >= "400") {
            assert!(response["content"]["application/problem+json"].is_object(), "{method} {path} {status}");
            assert!(response["description"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path} {status}");
        }
        for (status, response) in responses.iter().filter(|(status, _)| status.starts_with('2')) {
            let schema = &response["content"]["application/json"]["schema"];
            let names = members(&document, schema);
            let is_list = schema["type"] == "array" || names.contains("items");
            assert!(!is_list || names.contains("next_cursor"), "{method} {path} {status}: lists are items and next_cursor");
        }
    }
}

/// Of one call: method, address below `/api/v1`, names in its query, members of its body, and the status when all is well.
type Call = (&'static str, &'static str, &'static str, &'static str, &'static str);

const MAIN_JOURNEY: &[Call] = &[
    ("POST", "/auth/register", "", "email password name", "201"),
    ("POST", "/auth/sign-in", "", "email password", "200"),
    ("POST", "/auth/sign-out", "", "", "204"),
    ("POST", "/auth/password-reset", "", "email", "202"),
    ("POST", "/auth/password-reset/confirm", "", "secret password", "204"),
    ("POST", "/auth/email/confirm", "", "secret", "200"),
    ("GET", "/me", "", "", "200"),
    ("PATCH", "/me", "", "name", "200"),
    ("GET", "/sessions", "", "", "200"),
    ("DELETE", "/sessions/{id}", "", "", "204"),
    ("POST", "/tokens", "", "name scopes days", "201"),
    ("GET", "/tokens", "", "", "200"),
    ("DELETE", "/tokens/{id}", "", "", "204"),
    ("GET", "/categories", "", "", "200"),
    (
        "GET",
        "/search",
        "q category lat lng radius_km price_max_minor rating_min free_on free_at instant language mode place currency sort limit cursor",
        "",
        "200",
    ),
    ("GET", "/providers/{id}", "", "", "200"),
    ("GET", "/providers/{id}/services", "", "", "200"),
    ("GET", "/providers/{id}/reviews", "limit cursor", "", "200"),
    ("GET", "/providers/{id}/availability", "service_id from to tz", "", "200"),
    ("GET", "/providers/{id}/availability/explain", "service_id at", "", "200"),
    ("POST", "/bookings/{id}/review", "", "rating", "201"),
    ("POST", "/reviews/{id}/reply", "", "reply", "200"),
    ("GET", "/favourites", "", "", "200"),
    ("PUT", "/favourites/{provider_id}", "", "", "204"),
    ("DELETE", "/favourites/{provider_id}", "", "", "204"),
    ("POST", "/bookings", "", "service_id starts_at resource_id add_ons notes address", "201"),
    ("DELETE", "/bookings/{id}/hold", "", "", "204"),
    ("POST", "/bookings/{id}/payment", "", "tender tip_minor payment_method", "200"),
    ("GET", "/bookings/{id}/payment", "", "", "200"),
    ("GET", "/bookings", "as status from to limit cursor", "", "200"),
    ("GET", "/bookings/{id}", "", "", "200"),
    ("GET", "/bookings/{id}/timeline", "", "", "200"),
    ("GET", "/bookings/{id}/calendar.ics", "", "", "200"),
    ("GET", "/bookings/{id}/cancellation", "", "", "200"),
    ("POST", "/bookings/{id}/cancellation", "", "reason", "200"),
    ("GET", "/bookings/{id}/reschedule", "starts_at", "", "200"),
    ("POST", "/bookings/{id}/reschedule", "", "starts_at", "200"),
    ("POST", "/bookings/{id}/approval", "", "", "200"),
    ("POST", "/bookings/{id}/decline", "", "reason", "200"),
    ("POST", "/bookings/{id}/start", "", "", "200"),
    ("POST", "/bookings/{id}/completion", "", "", "200"),
    ("POST", "/bookings/{id}/no-show", "", "absent", "200"),
    ("POST", "/provider-applications", "", "name zone currency country", "201"),
    ("GET", "/providers/{id}/settings", "", "", "200"),
    ("PATCH", "/providers/{id}/settings", "", "profile policy", "200"),
    ("POST", "/providers/{id}/services", "", "name duration_min price_minor", "201"),
    ("GET", "/providers/{id}/schedules", "", "", "200"),
    ("PUT", "/providers/{id}/schedules", "", "resource_id zone hours", "204"),
    ("GET", "/providers/{id}/time-off", "", "", "200"),
    ("POST", "/providers/{id}/time-off", "", "resource_id from_date to_date", "201"),
    ("GET", "/providers/{id}/resources", "", "", "200"),
    ("POST", "/providers/{id}/resources", "", "kind name", "201"),
    ("GET", "/providers/{id}/team", "", "", "200"),
    ("POST", "/providers/{id}/team/invitations", "", "email role", "201"),
    ("POST", "/invitations/acceptance", "", "secret", "200"),
    ("GET", "/providers/{id}/earnings", "from to", "", "200"),
    ("GET", "/admin/overview", "", "", "200"),
    ("GET", "/admin/bookings", "limit cursor", "", "200"),
    ("GET", "/admin/people", "limit cursor", "", "200"),
    ("GET", "/admin/providers", "limit cursor", "", "200"),
    ("POST", "/admin/providers/{id}/approval", "", "is_approved reason", "204"),
    ("POST", "/admin/providers/{id}/suspension", "", "reason", "204"),
    ("GET", "/admin/settings", "", "", "200"),
    ("PATCH", "/admin/settings", "", "hold_min", "200"),
    ("GET", "/admin/audit", "limit cursor", "", "200"),
    ("GET", "/payments", "limit cursor", "", "200"),
    ("GET", "/payments/{id}", "", "", "200"),
    ("GET", "/payments/{id}/receipt.pdf", "", "", "200"),
    ("POST", "/payments/{id}/refunds", "", "amount_minor reason", "201"),
    ("POST", "/webhooks/stripe", "", "", "200"),
];

/// What programs are written against: none of it goes or changes its name unnoticed.
#[test]
fn the_main_journey_is_described() {
    let document = document();
    for (method, path, query, body, status) in MAIN_JOURNEY {
        let call = &document["paths"][format!("/api/v1{path}")][method.to_ascii_lowercase()];
        assert!(call.is_object(), "{method} {path} is missing");
        let parameters = call["parameters"].as_array().into_iter().flatten().filter(|parameter| parameter["in"] == "query");
        let asked: BTreeSet<&str> = parameters.filter_map(|parameter| parameter["name"].as_str()).collect();
        let missing: Vec<&str> = query.split_whitespace().filter(|name| !asked.contains(name)).collect();
        assert!(missing.is_empty(), "{method} {path} is not asked by {missing:?}");
        let taken = members(&document, &call["requestBody"]["content"]["application/json"]["schema"]);
        let missing: Vec<&str> = body.split_whitespace().filter(|name| !taken.contains(name)).collect();
        assert!(missing.is_empty(), "{method} {path} takes no {missing:?}");
        let responses = call["responses"].as_object().expect("responses");
        let good: Vec<&str> = responses.keys().map(String::as_str).filter(|status| status.starts_with('2')).collect();
        assert_eq!(good, [*status], "{method} {path}");
    }
}

/// Whoever has to be signed in is told so first, whatever the rest of the request is like.
#[sqlx::test(migrations = "./migrations")]
async fn visitors_are_asked_to_sign_in_where_the_description_says_so(db: PgPool) {
    let doors = Doors::new(db);
    let document = document();
    for route in all().iter().filter(|route| route.path.starts_with("/api/v1/")) {
        let call = &document["paths"][&route.path][route.method.to_ascii_lowercase()];
        let Some(ways) = call["security"].as_array() else { continue };
        let is_open = ways.is_empty() || ways.iter().any(|way| way.as_object().is_some_and(serde_json::Map::is_empty));
        let path = filled(&route.path, |_| "0193a1c2-7f00-7abc-8def-0123456789ab".to_owned());
        let method: Method = route.method.parse().expect("a method");
        for body in ["{}", "{"] {
            let answer = doors.browser().send(method.clone(), &path, &[("content-type", "application/json")], body.into()).await;
            let is_asked = answer.status == 401;
            assert!(is_open || is_asked, "{method} {path}: {} {}", answer.status, answer.body);
            if is_asked {
                assert_eq!(answer.json()["request_id"].as_str(), Some(answer.header("x-request-id")), "{method} {path}");
                assert_eq!(answer.header("www-authenticate"), "Bearer");
            }
        }
    }
}

#[sqlx::test(migrations = "./migrations")]
async fn a_wrong_method_is_told_the_right_ones(db: PgPool) {
    let doors = Doors::new(db);
    for (path, methods) in [("/api/v1/categories", "GET,HEAD"), ("/api/v1/auth/sign-in", "POST"), ("/theme", "POST")] {
        let answer = doors.browser().send(Method::PATCH, path, &[], "".into()).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, methods), "{path}");
        assert_eq!(path.starts_with("/api/"), answer.header("content-type") == "application/problem+json", "{path}");
    }
}
