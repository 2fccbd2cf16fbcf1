//! Route by route, of pages, server functions and the API: each role × what is there and what is not. A route without a row fails, and so
//! does a row without a route.

mod pages;
mod programs;
mod scene;

use super::harness::{Answer, Doors};
use super::routes::{Route, all, filled};
use super::scans::check;
use axum::body::Body;
use scene::{FORM_WITH_PHOTO, Scene};
use sqlx::PgPool;
use std::collections::BTreeSet;

/// One letter a role in this order: **i**n, **a**sked to sign in (401, or led to that page), **s**hut (403), **n**othing there (404).
/// Of what is absent everyone signed in is told 404, unless the room is shut to them as a whole. The guest has a booking, but no account.
const ROLES: [&str; 10] = ["visitor", "guest", "customer", "party", "other owner", "member", "manager", "owner", "support", "admin"];

const EVERYONE: &str = "iiiiiiiiii";
const NOBODY: &str = "nnnnnnnnnn";
const SIGNED_IN: &str = "aaiiiiiiii";
const ADMIN: &str = "aasssssssi";
/// The team; support and admins look on.
const SEEN_BY_TEAM: &str = "aannniiiii";
const TEAM: &str = "aannniiinn";
const MANAGERS: &str = "aannnsiinn";
const OWNER: &str = "aannnssinn";
/// The two sides; support and admins look on.
const SEEN_BY_PARTIES: &str = "nininiiiii";
/// Both sides and admins act; support may only look.
const PARTIES: &str = "nininiiisi";
/// The customer alone pays, and says what is wanted.
const CUSTOMER: &str = "nininsssss";
const STAFF_SIDE: &str = "aansniiisi";
const TOLD: &str = "aaniniiisi";
/// What one person has for themselves.
const PARTY_ALONE: &str = "aaninnnnnn";

/// Method, address, who, and a body that is in order. In both, `{thing}` stands for one of the scene's.
type Row = (&'static str, &'static str, &'static str, &'static str);

/// What is not a question of who one is: the socket, what has a signature, and the fallback of server functions.
const ELSEWHERE: [&str; 3] = ["/api/v1/live", "/api/v1/webhooks/stripe", "/do/{*verb}"];

fn rows() -> Vec<(String, Row)> {
    let below = |prefix: &'static str| move |row: &Row| (format!("{prefix}{}", row.1), *row);
    programs::ROWS.iter().map(below("/api/v1")).chain(pages::ROWS.iter().map(below(""))).collect()
}

#[test]
fn every_route_has_a_row_and_every_row_a_route() {
    let routes: BTreeSet<Route> = all().into_iter().filter(|route| !ELSEWHERE.contains(&route.path.as_str())).collect();
    let route_of = |(path, row): &(String, Row)| Route {
        method: ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().find(|m| *m == row.0).expect("a method"),
        path: path.split('?').next().unwrap_or_default().to_owned(),
    };
    let known: BTreeSet<Route> = rows().iter().map(route_of).collect();
    assert_eq!(routes.difference(&known).collect::<Vec<_>>(), Vec::<&Route>::new(), "say in tests/doors/roles who may");
    assert_eq!(known.difference(&routes).collect::<Vec<_>>(), Vec::<&Route>::new(), "these are gone");
}

/// Which of the scene's things a parameter means.
fn thing(path: &str, name: &str) -> &'static str {
    const BY_NAME: &[(&str, &str)] = &[
        ("account_id", "member"),
        ("block", "block"),
        ("calendar_id", "calendar"),
        ("category", "category"),
        ("invitation_id", "invitation"),
        ("photo", "photo"),
        ("provider", "provider"),
        ("provider_id", "provider"),
        ("resource", "resource"),
        ("resource_id", "resource"),
        ("review", "review"),
        ("service", "service"),
        ("step", "step"),
        ("time_off_id", "time_off"),
    ];
    const BY_PATH: &[(&str, &str)] = &[
        ("/admin/payments", "payment"),
        ("/admin/people", "person"),
        ("/admin/providers", "provider"),
        ("/blocks", "block"),
        ("/bookings", "booking"),
        ("/c/", "category_slug"),
        ("/checkout", "booking"),
        ("/desk", "provider"),
        ("/feeds", "feed"),
        ("/p/", "provider_slug"),
        ("/payments", "payment"),
        ("/provider", "provider"),
        ("/reviews", "review"),
        ("/services", "service"),
        ("/sessions", "session"),
        ("/tokens", "token"),
    ];
    let by_name = BY_NAME.iter().find(|(known, _)| *known == name);
    by_name.or_else(|| BY_PATH.iter().find(|(start, _)| path.starts_with(start))).map_or("absent", |(_, thing)| thing)
}

const ABSENT: &str = "0193a1c2-7f00-7abc-8def-0123456789ab";

async fn ask(doors: &Doors, path: &str, row: &Row, scene: &Scene, role: usize, is_absent: bool) -> Answer {
    let mut browser = scene.browser(doors, role).await;
    // Of an absent thing in a present house the last one is meant.
    let last = path.split('?').next().unwrap_or_default().rmatch_indices('{').next().map(|(at, _)| at);
    let value = |name: &str| scene.thing(role, thing(row.1, name)).cloned().unwrap_or_else(|| ABSENT.to_owned());
    let address = match last.filter(|_| is_absent) {
        Some(at) => {
            let (before, after) = path.split_at(at);
            let after = after.split_once('}').map_or("", |(_, rest)| rest);
            format!("{}{ABSENT}{}", filled(before, value), filled(after, value))
        }
        None => filled(path, value),
    };
    let body = scene.fill(role, row.3, last.is_none().then_some(ABSENT).filter(|_| is_absent));
    let is_page = !path.starts_with("/api/");
    let kind = match (is_page, path.ends_with("/photos")) {
        (false, _) => "application/json",
        (true, false) => "application/x-www-form-urlencoded",
        (true, true) => FORM_WITH_PHOTO,
    };
    let mut headers = if row.0 == "GET" { Vec::new() } else { vec![("content-type", kind), ("sec-fetch-site", "same-origin")] };
    if is_page {
        headers.push(("accept", if path.starts_with("/do/") { "application/json" } else { "text/html" }));
    }
    let answer = browser.send(row.0.parse().expect("a method"), &address, &headers, Body::from(body)).await;
    // what was made, drawn or handed out has its headers as errors have, and each page keeps to its policy
    check(&answer, &format!("{} {address} for {}", row.0, ROLES[role]));
    answer
}

fn letter(answer: &Answer) -> char {
    match answer.status.as_u16() {
        401 => 'a',
        403 => 's',
        404 => 'n',
        500.. => '!',
        _ if answer.status.is_redirection() && answer.location().starts_with("/sign-in") => 'a',
        _ => 'i',
    }
}

/// What is said of the absent.
fn of_absent(row: &Row, letter: char, role: &str) -> char {
    // Members keep their own calendars, so there they are told that nothing is there; the rest is shut to them.
    let is_part_of_a_house = row.1.contains("/resources/{") || (row.1.contains("/team/") && row.1.matches('{').count() > 1);
    let is_form_of_a_house = row.0 == "GET" && row.1 == "/desk/{provider}/services/{service}";
    let is_shut_as_a_whole = row.1.starts_with("/admin/") || row.1.ends_with("/refunds") || is_part_of_a_house || is_form_of_a_house;
    match letter {
        // A member may take out only themselves.
        'i' | 's' if row.0 == "DELETE" && row.1.contains("/members/") && role != "owner" => 's',
        // Forgetting what was never there is no mistake.
        'i' if row.0 == "DELETE" && row.1.starts_with("/favourites") => 'i',
        'i' | 's' if row.1.ends_with("/remove") => letter,
        's' if is_shut_as_a_whole => 's',
        'i' | 's' => 'n',
        other => other,
    }
}

/// Of these there is an absent one to ask for.
fn has_absent(path: &str, row: &Row) -> bool {
    let is_named = path.split('?').next().is_some_and(|path| path.contains('{')) && !pages::HIDING.contains(&row.1);
    is_named || (path.starts_with("/do/") && row.3.contains('{'))
}

/// A booking that was cancelled is still there, and told to the same people.
fn may_vanish(path: &str) -> bool {
    let is_booking = ["/api/v1/bookings/", "/bookings/", "/checkout/"].iter().any(|start| path.starts_with(start));
    !is_booking || path.ends_with("/remove")
}

/// The answers of all roles to one row, or None when somebody before has changed too much for it: `here` is new then.
async fn walk(doors: &Doors, path: &str, row: &Row, here: &mut Used, wrong: &mut Vec<String>) -> Option<(String, String)> {
    let wanted: Vec<char> = row.2.chars().collect();
    assert_eq!(wanted.len(), ROLES.len(), "{} {path}", row.0);
    let (mut present, mut absent) = (String::new(), String::new());
    let was_used = here.is_used;
    for (role, letter_wanted) in wanted.iter().enumerate() {
        let told_of = |is_absent| if is_absent { of_absent(row, *letter_wanted, ROLES[role]) } else { *letter_wanted };
        for is_absent in [true, false] {
            if is_absent && !has_absent(path, row) {
                continue;
            }
            let mut answer = ask(doors, path, row, &here.scene, role, is_absent).await;
            if letter(&answer) != told_of(is_absent) && here.is_used {
                *here = Used::new(doors).await;
                if was_used {
                    return None;
                }
                answer = ask(doors, path, row, &here.scene, role, is_absent).await;
            }
            let got = letter(&answer);
            if got != told_of(is_absent) {
                let what = if is_absent { "absent" } else { row.3 };
                let wanted = told_of(is_absent);
                wrong.push(format!("{} {} {path} {what}: {} instead of {wanted}: {}", ROLES[role], row.0, answer.status, short(&answer)));
            }
            if is_absent { &mut absent } else { &mut present }.push(got);
            here.is_used |= row.0 != "GET" && (answer.status.is_success() || answer.status.is_redirection()) && got == 'i';
        }
        // What is gone now would be absent for those who must not reach what is there.
        if here.is_used && may_vanish(path) && wanted[role + 1..].iter().any(|letter| *letter != 'i') && present.ends_with('i') {
            *here = Used::new(doors).await;
        }
    }
    Some((present, absent))
}

/// A scene, and whether anybody has changed something in it.
struct Used {
    scene: Scene,
    is_used: bool,
}

impl Used {
    async fn new(doors: &Doors) -> Self {
        Self { scene: Scene::of(doors).await, is_used: false }
    }
}

#[sqlx::test(migrations = "./migrations")]
async fn every_role_meets_what_its_cell_says(db: PgPool) {
    let doors = Doors::new(db);
    let mut wrong = Vec::new();
    let mut here = Used::new(&doors).await;
    for (path, row) in &rows() {
        let (present, absent) = loop {
            let known = wrong.len();
            match walk(&doors, path, row, &mut here, &mut wrong).await {
                Some(letters) => break letters,
                None => wrong.truncate(known),
            }
        };
        println!("{:<6} {path:<66} {present} {absent}", row.0);
    }
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
}

fn short(answer: &Answer) -> String {
    format!("{} {}", answer.location(), answer.body.chars().filter(|c| !c.is_control()).take(160).collect::<String>())
}
