//! Every route there is, as the router itself prints them, and the server functions behind its one door for them.

use super::harness::{Doors, config};
use axum::Router;
use sqlx::PgPool;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    pub method: &'static str,
    pub path: String,
}

/// By axum's name for them.
const METHODS: [(&str, &str); 5] = [("get", "GET"), ("post", "POST"), ("put", "PUT"), ("patch", "PATCH"), ("delete", "DELETE")];

/// The door of all server functions, each of which counts as a route of its own.
const SERVER_FUNCTIONS: &str = "/do/{*verb}";

/// What below `/api/v1` is no call: the socket, and the description itself.
const UNDESCRIBED: [&str; 2] = ["/api/v1/live", "/api/v1/openapi.json"];

/// Answered by services that take any request, not by handlers: files.
pub const SERVICES: [&str; 7] = [
    "/apple-touch-icon.png",
    "/favicon.ico",
    "/manifest.webmanifest",
    "/pkg",
    "/pkg/",
    "/pkg/{*__private__axum_nest_tail_param}",
    "/sw.js",
];

pub fn all() -> Vec<Route> {
    let mut found = BTreeSet::new();
    for (path, methods) in printed(&fettle::router::routes(&config(&[]))) {
        if path != SERVER_FUNCTIONS {
            found.extend(methods.into_iter().map(|method| Route { method, path: path.clone() }));
        }
    }
    for (path, method) in leptos::server_fn::axum::server_fn_paths() {
        let known = METHODS.iter().find(|(_, name)| *name == method.as_str());
        found.insert(Route { method: known.expect("a method").1, path: path.to_owned() });
    }
    found.into_iter().collect()
}

/// The methods of each path. axum has no list of routes, but prints one: `RouteId(7): MethodRouter(MethodRouter { get: Route, head: None,`
/// and so on, and further down `RouteId(7): "/path"`. A service stands there as `Route(Route)` and has no methods.
fn printed<S>(router: &Router<S>) -> BTreeMap<String, Vec<&'static str>> {
    let text = format!("{router:?}");
    let own = text.split(", fallback_router: ").next().unwrap_or_default();
    let (endpoints, paths) = own.split_once("}, node: Node { paths: {").expect("axum prints its routers in another way");
    let methods: BTreeMap<&str, Vec<&'static str>> = entries(endpoints).map(|(id, endpoint)| (id, methods_of(endpoint))).collect();
    entries(paths).map(|(id, path)| (path.split('"').nth(1).expect("a path").to_owned(), methods[id].clone())).collect()
}

fn entries(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("RouteId(").skip(1).filter_map(|entry| entry.split_once("): "))
}

fn methods_of(endpoint: &str) -> Vec<&'static str> {
    let is_there = |field: &str| endpoint.split_once(&format!(" {field}: ")).is_some_and(|(_, handler)| !handler.starts_with("None"));
    METHODS.iter().filter(|(field, _)| is_there(field)).map(|(_, name)| *name).collect()
}

#[test]
fn the_router_prints_every_method_of_a_path() {
    let routes = printed(&fettle::router::routes(&config(&[])));
    assert_eq!(routes["/sign-in"], ["GET", "POST"]);
    assert_eq!(routes["/api/v1/providers/{id}/resources/{resource_id}"], ["PUT", "DELETE"]);
    assert_eq!(routes["/healthz"], ["GET"]);
    let services: Vec<&str> = routes.iter().filter(|(_, methods)| methods.is_empty()).map(|(path, _)| path.as_str()).collect();
    assert_eq!(services, SERVICES, "what takes any method has no row in tests/doors/roles");
}

/// Nothing is added or lost on the way to the router that answers.
#[sqlx::test(migrations = "./migrations")]
async fn the_router_that_answers_has_the_same_routes(db: PgPool) {
    let doors = Doors::new(db);
    assert_eq!(printed(&doors.router), printed(&fettle::router::routes(&config(&[]))));
}

#[test]
fn every_server_function_is_behind_its_door() {
    let paths: Vec<&str> = leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
    assert!(!paths.is_empty() && paths.iter().all(|path| path.starts_with("/do/")), "{paths:?}");
    assert_eq!(printed(&fettle::router::routes(&config(&[])))[SERVER_FUNCTIONS], ["POST"]);
}

#[test]
fn every_call_is_described_and_every_description_has_a_call() {
    let (_, api) = fettle::api::openapi::assemble();
    let mut described = BTreeSet::new();
    for (path, item) in &api.paths.paths {
        let operations = [("GET", &item.get), ("POST", &item.post), ("PUT", &item.put), ("PATCH", &item.patch), ("DELETE", &item.delete)];
        for (method, _) in operations.into_iter().filter(|(_, operation)| operation.is_some()) {
            described.insert(Route { method, path: path.clone() });
        }
    }
    let calls: BTreeSet<Route> =
        all().into_iter().filter(|route| route.path.starts_with("/api/v1/") && !UNDESCRIBED.contains(&route.path.as_str())).collect();
    assert_eq!(calls.difference(&described).collect::<Vec<_>>(), Vec::<&Route>::new(), "these are not described");
    assert_eq!(described.difference(&calls).collect::<Vec<_>>(), Vec::<&Route>::new(), "these are not there");
}

/// The source files below a folder.
pub fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut list = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            list.extend(files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            list.push(path);
        }
    }
    list
}

/// The route with something in place of its parameters.
pub fn filled(path: &str, fill: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { break };
        out.push_str(before);
        out.push_str(&fill(name));
        rest = after;
    }
    out.push_str(rest);
    out
}
