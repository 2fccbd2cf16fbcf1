//! What the browser gets: no server crate, no inline script, few eager islands.

use crate::{code, expect_none, files, root};
use std::process::Command;

/// Islands that every page with any island pays for. Empty is best.
const EAGER: &[&str] = &[];

/// Crates that must never reach the browser.
const SERVER_ONLY: &[&str] = &[
    "argon2",
    "askama",
    "async-stripe",
    "axum",
    "chrono",
    "chrono-tz",
    "hyper",
    "lettre",
    "leptos_axum",
    "leptos_meta",
    "leptos_router",
    "moka",
    "redis",
    "reqwest",
    "rustls",
    "sqlx",
    "sqlx-core",
    "tokio",
    "tower",
    "tower-http",
    "utoipa",
];

fn tree(arguments: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--target", "wasm32-unknown-unknown", "-e", "normal", "--prefix", "none"])
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("cargo runs, since it runs this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
}

#[test]
fn no_server_crate_reaches_the_browser() {
    let there = tree(&["-p", "frontend"]);
    let mut problems: Vec<String> =
        SERVER_ONLY.iter().filter(|name| there.iter().any(|own| own == *name)).map(|name| (*name).to_owned()).collect();
    // Leptos brings uuid itself and the linker drops it; ours must not ask for it.
    for package in ["app", "domain"] {
        let own = tree(&["-p", "frontend", "-i", "uuid", "--depth", "1"]);
        if own.iter().any(|name| name == package) {
            problems.push(format!("{package} asks for uuid"));
        }
    }
    expect_none(problems, "Put it behind the feature `server` of domain or `ssr` of app.");
}

#[test]
fn islands_are_lazy() {
    let mut problems = Vec::new();
    for (name, text) in files("app/src", &["rs"]) {
        let code = code(&text);
        for part in code.split("#[island]").skip(1) {
            let island = part.split("fn ").nth(1).unwrap_or_default();
            let island = island.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            if !EAGER.contains(&island) {
                problems.push(format!("{name}: {island}"));
            }
        }
        if code.contains("#[island") && !name.contains("/islands/") && !name.contains("/islands.rs") {
            problems.push(format!("{name}: an island outside of islands/"));
        }
    }
    expect_none(problems, "Write #[island(lazy)] in the room's islands/, or add it to EAGER in tests/tidy/browser.rs with a reason.");
}

#[test]
fn islands_have_no_properties() {
    let mut problems = Vec::new();
    for (name, text) in files("app/src", &["rs"]) {
        for part in code(&text).split("#[island").skip(1) {
            let signature = part.split("fn ").nth(1).unwrap_or_default();
            let (island, rest) = signature.split_once('(').unwrap_or_default();
            let properties = rest.split(')').next().unwrap_or_default().trim();
            if !properties.is_empty() && properties != "children: Children" {
                problems.push(format!("{name}: {island}({properties})"));
            }
        }
    }
    expect_none(
        problems,
        "Draw it in a #[component] beside it, with what the island needs in attributes: see docs/decisions/0010-islands-act.md.",
    );
}

#[test]
fn server_functions_have_an_address_of_their_own() {
    let problems = files("app/src", &["rs"])
        .into_iter()
        .flat_map(|(name, text)| {
            let found: Vec<String> = text
                .split("#[server")
                .skip(1)
                .filter(|part| part.starts_with('(') || part.starts_with(']'))
                .map(|part| part.split(']').next().unwrap_or_default().to_owned())
                .filter(|part| !part.contains("prefix = \"/do\"") || !part.contains("endpoint = \""))
                .map(|part| format!("{name}: #[server{part}]"))
                .collect();
            found
        })
        .collect();
    expect_none(
        problems,
        "Write #[server(prefix = \"/do\", endpoint = \"room/verb\")]: the default address changes with the build folder.",
    );
}

#[test]
fn pages_hold_no_script_and_no_style() {
    let handlers = ["onclick=", "onchange=", "onsubmit=", "onload=", "oninput=", "javascript:"];
    let mut problems = Vec::new();
    for (name, text) in files("app/src", &["rs"]) {
        for (number, line) in code(&text).lines().enumerate() {
            let bare = line.trim();
            if bare.starts_with("//") {
                continue;
            }
            let is_script = bare.contains("<script") && !bare.contains("src=") && !bare.contains("application/ld+json");
            let is_handler = handlers.iter().any(|mark| bare.contains(mark) && !bare.contains("on:"));
            let is_style = bare.contains("style=\"") && !bare.contains("style=\"--");
            if is_script || is_handler || is_style {
                problems.push(format!("{name}:{}: {bare}", number + 1));
            }
        }
    }
    expect_none(problems, "Scripts come from public/, styles from style/; only custom properties may stand in style=\"--…\".");
}
