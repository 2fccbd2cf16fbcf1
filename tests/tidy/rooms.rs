//! Rooms: the same name on every storey, SQL in stores, and who may call whom.

use crate::{code, expect_none, files, is_test, root};
use std::collections::{BTreeMap, BTreeSet};

/// Storeys of a room, in the order d(omain) a(pp) w(eb) r(est) s(tyle). A letter is required, a dash is not.
const ROOMS: &[(&str, &str)] = &[
    ("account", "dawrs"),
    ("admin", "dawrs"),
    ("booking", "dawrs"),
    ("calendar", "daw--"),
    ("category", "d--r-"),
    ("favourite", "dawrs"),
    ("ledger", "d----"),
    ("live", "d----"),
    ("notify", "d----"),
    ("payment", "dawrs"),
    ("provider", "dawrs"),
    ("review", "dawrs"),
    ("scheduling", "dawrs"),
    ("search", "dawrs"),
];

/// Folders of `app/src` and files of `src/web`, `src/api` that are not rooms.
const NOT_ROOMS: &[&str] = &[
    "assets", "browser", "caller", "describe", "door", "extract", "form", "kept", "kit", "lib", "mod", "offline", "openapi", "problem",
    "queue", "render", "repeat", "session", "shell", "site", "webhook", "world",
];

/// Who may call whom: a room calls only those named beside it. `notify`, `live` and `ledger` are told by others.
const CORRIDORS: &[(&str, &[&str])] = &[
    ("account", &["notify"]),
    ("admin", &["account", "booking", "category", "ledger", "notify", "payment", "provider", "review", "scheduling", "search"]),
    ("booking", &["account", "category", "ledger", "notify", "payment", "provider", "scheduling"]),
    ("calendar", &["account", "booking", "provider", "scheduling"]),
    ("category", &[]),
    ("favourite", &["account", "category", "provider", "scheduling"]),
    ("ledger", &[]),
    ("live", &["account", "booking", "provider"]),
    ("notify", &[]),
    ("payment", &["account", "ledger", "notify"]),
    ("provider", &["account", "category", "notify"]),
    ("review", &["account", "booking", "provider"]),
    ("scheduling", &["account", "category", "provider"]),
    ("search", &["category", "favourite", "provider", "review", "scheduling"]),
];

/// Moves a payment and its booking in one transaction, so it is the one place that works on the rows of both rooms.
const SETTLEMENT: &str = "domain/src/booking/settlement/";

/// Where SQL stands besides the rooms' stores: the spine's own tables, the seed, tests' builders.
const SQL_ELSEWHERE: &[&str] = &[
    "domain/src/actor.rs",
    "domain/src/audit.rs",
    "domain/src/cache.rs",
    "domain/src/ctx.rs",
    "domain/src/idempotency.rs",
    "domain/src/jobs.rs",
    "domain/src/outbox.rs",
    "domain/src/queue",
    "domain/src/reactions.rs",
    "domain/src/settings.rs",
    "domain/src/sql.rs",
    "src/boot.rs",
    "src/dev.rs",
    "src/health",
    "src/layers/limit",
    "src/main.rs",
    "src/metrics.rs",
    "src/migrations.rs",
    "src/realtime",
    "src/seed/",
    "src/web/session",
];

fn names(folder: &str) -> BTreeSet<String> {
    std::fs::read_dir(root().join(folder))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().file_stem().unwrap_or_default().to_string_lossy().into_owned())
        .collect()
}

#[test]
fn a_room_has_one_name_on_every_storey() {
    let storeys = [("domain/src", "d"), ("app/src", "a"), ("src/web", "w"), ("src/api", "r"), ("style/rooms", "s")];
    let mut problems = Vec::new();
    for (folder, letter) in storeys {
        let there = names(folder);
        for (room, wanted) in ROOMS {
            if wanted.contains(letter) && !there.contains(*room) {
                problems.push(format!("{folder}/{room} is missing"));
            }
        }
        // Styles may be split by page; the domain's loose files are the spine.
        if matches!(letter, "d" | "s") {
            continue;
        }
        for name in there {
            if !ROOMS.iter().any(|(room, _)| *room == name) && !NOT_ROOMS.contains(&name.as_str()) {
                problems.push(format!("{folder}/{name} is no room"));
            }
        }
    }
    for entry in std::fs::read_dir(root().join("domain/src")).expect("the domain is there").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_room = ROOMS.iter().any(|(room, _)| *room == name) || NOT_ROOMS.contains(&name.as_str()) || name == "place";
        if entry.path().is_dir() && !is_room {
            problems.push(format!("domain/src/{name} is no room"));
        }
    }
    expect_none(problems, "Name it after its room, or add the room to ROOMS in tests/tidy/rooms.rs.");
}

#[test]
fn sql_stands_in_stores() {
    let marks = ["sqlx::query", "query!(", "query_as!(", "query_scalar!(", "QueryBuilder"];
    let problems = files("domain/src", &["rs"])
        .into_iter()
        .chain(files("src", &["rs"]))
        .chain(files("app/src", &["rs"]))
        .filter(|(name, _)| !is_test(name) && !name.contains("/store") && !SQL_ELSEWHERE.iter().any(|known| name.starts_with(known)))
        .flat_map(|(name, text)| {
            let lines: Vec<String> = code(&text)
                .lines()
                .enumerate()
                .filter(|(_, line)| marks.iter().any(|mark| line.contains(mark)) && !line.trim_start().starts_with("//"))
                .map(|(number, _)| format!("{name}:{}", number + 1))
                .collect();
            lines
        })
        .collect();
    expect_none(problems, "SQL belongs into the room's store.rs.");
}

/// Rooms that `text` names as `crate::room::…`, each with whether it reaches into the store.
fn calls(text: &str) -> BTreeSet<(String, bool)> {
    let mut found = BTreeSet::new();
    for (room, _) in ROOMS {
        for part in text.split(&format!("crate::{room}::")).skip(1) {
            // Arithmetic of time zones is vocabulary, not a call.
            if *room == "scheduling" && part.starts_with("zone") {
                continue;
            }
            found.insert(((*room).to_owned(), part.starts_with("store")));
        }
        if text.contains(&format!("crate::{room};")) {
            found.insert(((*room).to_owned(), false));
        }
    }
    for part in text.split("use crate::{").skip(1) {
        let list = part.split(';').next().unwrap_or_default();
        for (room, _) in ROOMS {
            if list.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).any(|word| word == *room) {
                found.insert(((*room).to_owned(), false));
            }
        }
    }
    found
}

#[test]
fn rooms_call_along_the_corridors() {
    let mut problems = Vec::new();
    for (room, _) in ROOMS {
        let allowed = CORRIDORS.iter().find(|(from, _)| from == room).map_or(&[][..], |(_, to)| to);
        for (name, text) in files(&format!("domain/src/{room}"), &["rs"]) {
            if is_test(&name) {
                continue;
            }
            for (other, is_store) in calls(code(&text)) {
                if other == *room {
                    continue;
                }
                if is_store && !(other == "payment" && name.starts_with(SETTLEMENT)) {
                    problems.push(format!("{name} reaches into the store of {other}"));
                }
                if !allowed.contains(&other.as_str()) {
                    problems.push(format!("{name}: {room} calls {other}"));
                }
            }
        }
    }
    expect_none(problems, "React to an event instead, or ask for a new corridor in CORRIDORS of tests/tidy/rooms.rs.");
}

#[test]
fn corridors_have_no_circle() {
    fn visit<'a>(room: &'a str, path: &mut Vec<&'a str>, open: &BTreeMap<&'a str, &'a [&'a str]>) -> Option<String> {
        if path.contains(&room) {
            return Some(format!("{} → {room}", path.join(" → ")));
        }
        path.push(room);
        let circle = open.get(room).into_iter().flat_map(|next| next.iter()).find_map(|next| visit(next, path, open));
        path.pop();
        circle
    }
    let open: BTreeMap<&str, &[&str]> = CORRIDORS.iter().copied().collect();
    let circles = ROOMS.iter().find_map(|(room, _)| visit(room, &mut Vec::new(), &open));
    expect_none(circles.into_iter().collect(), "A room that calls its caller should listen to an event.");
}
