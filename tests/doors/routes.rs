//! Every route there is. The API names its own in its description; axum lists none, so pages and server functions are read from the source.

use std::collections::BTreeSet;
use std::path::Path;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    pub method: &'static str,
    pub path: String,
}

pub fn all() -> Vec<Route> {
    let mut found = BTreeSet::new();
    let (_, api) = fettle::api::openapi::assemble();
    for (path, item) in &api.paths.paths {
        let operations = [("GET", &item.get), ("POST", &item.post), ("PUT", &item.put), ("PATCH", &item.patch), ("DELETE", &item.delete)];
        for (method, _) in operations.iter().filter(|(_, operation)| operation.is_some()) {
            found.insert(Route { method, path: path.clone() });
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["src/web", "src/realtime"] {
        read_folder(&root.join(folder), &mut found);
    }
    read_file(&root.join("src/health.rs"), &mut found);
    read_server_functions(&root.join("app/src"), &mut found);
    found.into_iter().collect()
}

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

fn read_folder(folder: &Path, found: &mut BTreeSet<Route>) {
    files(folder).iter().for_each(|file| read_file(file, found));
}

/// `.route("/path", get(a).post(b))`, over any number of lines.
fn read_file(file: &Path, found: &mut BTreeSet<Route>) {
    let text = std::fs::read_to_string(file).expect("a source file");
    for part in text.split(".route(").skip(1) {
        let Some((path, rest)) = part.trim_start().strip_prefix('"').and_then(|p| p.split_once('"')) else { continue };
        let handlers = rest.split(".route(").next().unwrap_or("");
        let handlers = handlers.split(".merge(").next().unwrap_or("");
        for (method, name) in [("GET", "get("), ("POST", "post("), ("PUT", "put("), ("PATCH", "patch("), ("DELETE", "delete(")] {
            let is_there = handlers.match_indices(name).any(|(at, _)| !handlers[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
            if is_there {
                found.insert(Route { method, path: path.to_owned() });
            }
        }
    }
}

fn read_server_functions(folder: &Path, found: &mut BTreeSet<Route>) {
    for file in files(folder) {
        let text = std::fs::read_to_string(&file).expect("a source file");
        for part in text.split("#[server(").skip(1) {
            let Some((_, rest)) = part.split_once("endpoint = \"") else { continue };
            let endpoint = rest.split('"').next().unwrap_or("");
            found.insert(Route { method: "POST", path: format!("/do/{endpoint}") });
        }
    }
}

/// The route with something in place of its parameters.
pub fn filled(path: &str, fill: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { break };
        out.push_str(before);
        out.push_str(&fill(name.trim_start_matches('*')));
        rest = after;
    }
    out.push_str(rest);
    out
}
