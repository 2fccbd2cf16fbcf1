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
            let kind = &response["content"]["application/json"]["schema"]["type"];
            assert_ne!(kind, "array", "{method} {path} {status}: lists are items and next_cursor");
        }
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
