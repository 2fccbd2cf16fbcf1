//! Route by route, of pages, server functions and the API: each role × what is there, what is not, what is somebody else's, also beside what is
//! one's own. A route without a row fails, and so does a row without a route.

mod links;
mod pages;
mod programs;
mod scene;
mod topics;

use super::harness::{Answer, Doors};
use super::routes::{Route, all, filled};
use super::scans::check;
use axum::body::Body;
pub use scene::Scene;
use scene::{FORM_WITH_PHOTO, LINKS};
use sqlx::PgPool;
use std::collections::BTreeSet;

/// One letter a role in this order: **i**n, **a**sked to sign in (401, or led to that page), **s**hut (403), **n**othing there (404),
/// **r**efused (409 or 422), which the row says why. Of what is absent everyone signed in is told 404, unless the room is shut to them as a
/// whole. The guest has a booking, but no account.
///
/// Each of those who are in is seen to succeed; who hears that it is done already is asked again in a scene where it is not.
pub const ROLES: [&str; 10] = ["visitor", "guest", "customer", "party", "other owner", "member", "manager", "owner", "support", "admin"];

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
/// To the customer what was answered is only told.
const TOLD: &str = "aaniniiisi";
/// The same of bookings that the guest has not.
const BOTH_SIDES: &str = "nnniniiisi";
const PARTY_ACTS: &str = "nnninsssss";
/// What one person has for themselves.
const PARTY_ALONE: &str = "aaninnnnnn";

/// Method, address, who, and a body that is in order. In both, `{thing}` stands for one of the scene's; in an address `{id=thing}` does so
/// for the parameter `id`. A method with a status, `POST 422`, says what each of those who are in is told, where none of them can succeed.
type Row = (&'static str, &'static str, &'static str, &'static str);

/// The socket, each topic of which has rows of its own in `topics.rs`, and what is no question of who one is, but of a signature.
const ELSEWHERE: [&str; 2] = ["/api/v1/live", "/api/v1/webhooks/stripe"];

fn of_calls() -> Vec<(String, Row)> {
    programs::ROWS.iter().map(|row| (format!("/api/v1{}", row.1), *row)).collect()
}

fn of_pages() -> Vec<(String, Row)> {
    pages::ROWS.iter().map(|row| (row.1.to_owned(), *row)).collect()
}

#[test]
fn every_route_has_a_row_and_every_row_a_route() {
    let routes: BTreeSet<Route> = all().into_iter().filter(|route| !ELSEWHERE.contains(&route.path.as_str())).collect();
    let route_of = |(path, row): &(String, Row)| Route { method: method(row), path: route_path(path) };
    let known: BTreeSet<Route> = of_calls().iter().chain(&of_pages()).map(route_of).collect();
    assert_eq!(routes.difference(&known).collect::<Vec<_>>(), Vec::<&Route>::new(), "say in tests/doors/roles who may");
    assert_eq!(known.difference(&routes).collect::<Vec<_>>(), Vec::<&Route>::new(), "these are gone");
}

fn method(row: &Row) -> &'static str {
    row.0.split(' ').next().unwrap_or_default()
}

/// What whoever is in is told, where it is no success.
fn told(row: &Row) -> Option<u16> {
    row.0.split_once(' ').map(|(_, status)| status.parse().expect("a status"))
}

/// As the router has it.
fn route_path(address: &str) -> String {
    filled(address.split('?').next().unwrap_or_default(), |place| format!("{{{}}}", place.split('=').next().unwrap_or(place)))
}

/// What stands for things in the row's address and body, in order.
fn places(row: &Row) -> Vec<&'static str> {
    let braced = |text: &'static str| text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(place, _)| place);
    let is_place = |place: &&str| !place.is_empty() && place.bytes().all(|c| c.is_ascii_lowercase() || matches!(c, b'_' | b'=' | b'*'));
    braced(row.1).chain(braced(row.3)).filter(is_place).collect()
}

/// All that the row names of the scene, in order.
fn things(row: &Row) -> Vec<&'static str> {
    places(row).into_iter().map(|place| thing_of(row, place)).collect()
}

/// Which of the scene's things it stands for.
fn thing_of<'a>(row: &Row, place: &'a str) -> &'a str {
    if row.1.contains(&format!("{{{place}}}")) { thing(row.1, place) } else { place }
}

/// Which of the scene's things a parameter means.
fn thing<'a>(path: &str, place: &'a str) -> &'a str {
    const BY_NAME: &[(&str, &str)] = &[
        ("account_id", "member"),
        ("block", "block"),
        ("booking", "booking"),
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
    if let Some((_, thing)) = place.split_once('=') {
        return thing;
    }
    let by_name = BY_NAME.iter().find(|(known, _)| *known == place);
    by_name.or_else(|| BY_PATH.iter().find(|(start, _)| path.starts_with(start))).map_or("absent", |(_, thing)| thing)
}

const ABSENT: &str = "0193a1c2-7f00-7abc-8def-0123456789ab";

/// What a role is asked about in one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    /// All that the row names is there.
    Present,
    /// All but what stands in this place.
    Absent(&'static str),
    /// All is one's own, but what stands in this place is the scene's.
    Crossed(&'static str),
    /// All is somebody else's, for whoever has the same of their own.
    Others,
    /// All is the other owner's own.
    Own,
}

fn value(scene: &Scene, row: &Row, role: usize, cell: Cell, place: &str) -> String {
    let thing = thing_of(row, place);
    let present = || scene.thing(role, thing).cloned();
    let found = match cell {
        Cell::Absent(missing) if missing == place => None,
        Cell::Crossed(others) if others == place => scene.of_scene(thing).cloned(),
        Cell::Crossed(_) | Cell::Own => scene.own(role).and_then(|own| own.get(thing).cloned()).or_else(present),
        Cell::Others => scene.others(role, thing).cloned().or_else(present),
        Cell::Present | Cell::Absent(_) => present(),
    };
    found.unwrap_or_else(|| ABSENT.to_owned())
}

async fn ask(doors: &Doors, path: &str, row: &Row, scene: &Scene, role: usize, cell: Cell) -> Answer {
    let mut browser = scene.browser(doors, role).await;
    let value = |place: &str| value(scene, row, role, cell, place);
    let address = filled(path, value);
    let body = places(row).into_iter().fold(row.3.to_owned(), |body, place| body.replace(&format!("{{{place}}}"), &value(place)));
    let is_page = !path.starts_with("/api/");
    let kind = match (is_page, path.ends_with("/photos")) {
        (false, _) => "application/json",
        (true, false) => "application/x-www-form-urlencoded",
        (true, true) => FORM_WITH_PHOTO,
    };
    let mut headers = if method(row) == "GET" { Vec::new() } else { vec![("content-type", kind), ("sec-fetch-site", "same-origin")] };
    if is_page {
        headers.push(("accept", if path.starts_with("/do/") { "application/json" } else { "text/html" }));
    }
    let answer = browser.send(method(row).parse().expect("a method"), &address, &headers, Body::from(body)).await;
    // what was made, drawn or handed out has its headers as errors have, and each page keeps to its policy
    check(&answer, &format!("{} {address} for {}", method(row), ROLES[role]));
    answer
}

fn letter(answer: &Answer) -> char {
    match answer.status.as_u16() {
        401 => 'a',
        403 => 's',
        404 => 'n',
        500.. => '!',
        // What leads there without coming back is done.
        _ if answer.status.is_redirection() && answer.location().starts_with("/sign-in?") => 'a',
        _ if answer.status.is_client_error() => 'r',
        _ => 'i',
    }
}

fn fits(row: &Row, wanted: char, answer: &Answer) -> bool {
    match told(row) {
        Some(status) if wanted == 'i' => answer.status == status,
        _ => wanted == letter(answer),
    }
}

/// People and things of a service stand in its form: those that are none of the business are told beside their field.
fn is_part_of_service(row: &Row, thing: &str) -> bool {
    row.1.contains("/services") && matches!(thing, "category" | "resource")
}

/// Whether it is asked who may at all before it is looked for.
fn is_shut_first(row: &Row, thing: &str, is_first: bool) -> bool {
    let is_operators = row.1.starts_with("/admin/") || row.1.ends_with("/refunds");
    // Members keep their own calendars, so there they are told that nothing is there; the rest of a house is shut to them.
    let is_in_a_house = row.1.contains("/resources/{") || row.1.contains("/team") && thing != "resource";
    let is_moved_to = row.1.contains("/blocks/{") && thing == "resource";
    let is_form_of_a_house = method(row) == "GET" && row.1 == "/desk/{provider}/services/{service}";
    is_operators || !is_first && (is_in_a_house || is_moved_to || is_form_of_a_house || is_part_of_service(row, thing))
}

/// What is said of the absent.
fn of_absent(row: &Row, letter: char, role: &str, missing: &str) -> char {
    let thing = thing_of(row, missing);
    let is_first = places(row).first().is_some_and(|first| *first == missing);
    let takes_out = method(row) == "DELETE" || row.3.contains("act=remove");
    match letter {
        // A member may take out only themselves.
        'i' | 's' if thing == "member" && takes_out && role != "owner" => 's',
        // Forgetting what was never there is no mistake.
        'i' if method(row) == "DELETE" && row.1.starts_with("/favourites") => 'i',
        'i' | 's' if row.1.ends_with("/remove") && !is_first => letter,
        's' if is_shut_first(row, thing, is_first) => 's',
        'i' if is_part_of_service(row, thing) => 'r',
        'i' | 's' => 'n',
        other => other,
    }
}

/// Whether another row says what becomes of it when it is not there: a secret is dead then, which is no absence. A category leads to the search.
fn has_own_row(thing: &str) -> bool {
    matches!(thing, "absent" | "category_slug" | "pay_link") || LINKS.contains(&thing)
}

fn cells(row: &Row, scene: &Scene, who: usize) -> Vec<Cell> {
    let mut cells: Vec<Cell> = places(row).into_iter().filter(|place| !has_own_row(thing_of(row, place))).map(Cell::Absent).collect();
    // What everyone may name is nobody's own.
    if letter_of(row, stranger(who)) != 'i' && things(row).iter().any(|thing| scene.others(who, thing).is_some()) {
        cells.push(Cell::Others);
    }
    // That the other business has what is kept from this one's team. By looking: what it changes there would be gone for those who follow.
    let is_own = |thing: &&str| *thing == "step" || scene.own(who).is_some_and(|own| own.contains_key(*thing));
    if method(row) == "GET" && ROLES[who] == "other owner" && !things(row).is_empty() && things(row).iter().all(is_own) {
        cells.push(Cell::Own);
    }
    cells.push(Cell::Present);
    cells
}

/// Who is told the same as this role of what is not its own: as the guest a visitor, as the party a customer, as a team the owner of another
/// business.
fn stranger(who: usize) -> usize {
    match ROLES[who] {
        "guest" => role("visitor"),
        "party" => role("customer"),
        _ => role("other owner"),
    }
}

fn letter_of(row: &Row, who: usize) -> char {
    row.2.chars().nth(who).expect("a letter for each role")
}

fn wanted(row: &Row, who: usize, cell: Cell) -> char {
    match cell {
        Cell::Absent(place) => of_absent(row, letter_of(row, who), ROLES[who], place),
        Cell::Crossed(place) => of_crossed(row, thing_of(row, place)),
        Cell::Others => letter_of(row, stranger(who)),
        Cell::Own => letter_of(row, role("owner")),
        Cell::Present => letter_of(row, who),
    }
}

/// Whoever has a business or a booking of their own, naming it beside each thing of somebody else's. What everyone may name is left out.
fn crossings(row: &Row) -> Vec<(usize, &'static str)> {
    let places = places(row);
    let Some((first, others)) = places.split_first() else { return Vec::new() };
    let role = match thing_of(row, first) {
        "booking" => role("guest"),
        "provider" | "service" | "block" => role("other owner"),
        _ => return Vec::new(),
    };
    others.iter().filter(|place| !matches!(thing_of(row, place), "category" | "step")).map(|place| (role, *place)).collect()
}

fn of_crossed(row: &Row, thing: &str) -> char {
    match thing {
        "photo" if row.1.ends_with("/remove") => 'i',
        thing if is_part_of_service(row, thing) => 'r',
        _ => 'n',
    }
}

/// A booking that was cancelled is still there, and told to the same people.
fn may_vanish(path: &str) -> bool {
    let is_booking = ["/api/v1/bookings/", "/bookings/", "/checkout/"].iter().any(|start| path.starts_with(start));
    !is_booking || path.ends_with("/remove")
}

/// Nobody gets at what is somebody else's by naming what is their own.
async fn cross(doors: &Doors, path: &str, row: &Row, here: &mut Used, wrong: &mut Vec<String>) {
    for (role, place) in crossings(row) {
        // what is used up would not be found for that reason
        if here.is_used {
            here.renew(doors, row).await;
        }
        let photos = doors.world.count("select count(*) from booking_photos").await;
        let answer = ask(doors, path, row, &here.scene, role, Cell::Crossed(place)).await;
        let (got, wanted) = (letter(&answer), wanted(row, role, Cell::Crossed(place)));
        if got != wanted {
            let what = format!("{} {path} {} with another's {place}", row.0, row.3);
            wrong.push(format!("{} {what}: {} instead of {wanted}: {}", ROLES[role], answer.status, short(&answer)));
        }
        assert_eq!(doors.world.count("select count(*) from booking_photos").await, photos, "{} {path}", row.0);
        here.is_used |= method(row) != "GET" && got == 'i';
    }
}

/// The answers of all roles to one row, or None when somebody before has changed too much for it: `here` is new then.
async fn walk(doors: &Doors, path: &str, row: &Row, here: &mut Used, wrong: &mut Vec<String>) -> Option<String> {
    assert_eq!(row.2.len(), ROLES.len(), "{} {path}", row.0);
    let mut present = String::new();
    let was_used = here.is_used;
    for (who, name) in ROLES.iter().enumerate() {
        for cell in cells(row, &here.scene, who) {
            let wanted = wanted(row, who, cell);
            let mut answer = ask(doors, path, row, &here.scene, who, cell).await;
            // Somebody was faster, or has taken away what was there.
            if !fits(row, wanted, &answer) && here.is_used {
                here.renew(doors, row).await;
                if was_used {
                    return None;
                }
                answer = ask(doors, path, row, &here.scene, who, cell).await;
            }
            let got = letter(&answer);
            if !fits(row, wanted, &answer) {
                let (what, told) = (format!("{} {path} {} {cell:?}", row.0, row.3), told(row).filter(|_| wanted == 'i'));
                let wanted = told.map_or(wanted.to_string(), |status| status.to_string());
                wrong.push(format!("{name} {what}: {} instead of {wanted}: {}", answer.status, short(&answer)));
            }
            if cell == Cell::Present {
                present.push(got);
            }
            if method(row) != "GET" && got == 'i' {
                here.is_used = true;
                here.scene.bring_again(doors, &things(row)).await;
            }
        }
        // What is gone now would be absent for those who must not reach what is there.
        let is_kept_from_others = row.2[who + 1..].chars().any(|letter| letter != 'i');
        if here.is_used && may_vanish(path) && is_kept_from_others && present.ends_with('i') {
            here.renew(doors, row).await;
        }
    }
    Some(present)
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
    async fn renew(&mut self, doors: &Doors, row: &Row) {
        *self = Self::new(doors).await;
        self.prepare(doors, row).await;
    }
    /// Everything that the row names is there. What is made later is made only where nobody has been yet.
    async fn prepare(&mut self, doors: &Doors, row: &Row) {
        let wanted = things(row);
        if self.is_used && wanted.iter().any(|thing| self.scene.lacks(thing)) {
            *self = Self::new(doors).await;
        }
        self.scene.bring(doors, &wanted).await;
    }
}

#[sqlx::test(migrations = "./migrations")]
async fn every_role_meets_in_calls_what_its_cell_says(db: PgPool) {
    meet(db, &of_calls()).await;
}

#[sqlx::test(migrations = "./migrations")]
async fn every_role_meets_on_pages_what_its_cell_says(db: PgPool) {
    meet(db, &of_pages()).await;
}

async fn meet(db: PgPool, rows: &[(String, Row)]) {
    let doors = Doors::new(db);
    let mut wrong = Vec::new();
    let mut here = Used::new(&doors).await;
    for (path, row) in rows {
        here.prepare(&doors, row).await;
        cross(&doors, path, row, &mut here, &mut wrong).await;
        let present = loop {
            let known = wrong.len();
            match walk(&doors, path, row, &mut here, &mut wrong).await {
                Some(letters) => break letters,
                None => wrong.truncate(known),
            }
        };
        // What links have done to people stays with them.
        if here.is_used && things(row).iter().any(|thing| LINKS.contains(thing)) {
            here = Used::new(&doors).await;
        }
        println!("{:<8} {path:<66} {present} and {} more each", row.0, places(row).len());
    }
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
}

fn short(answer: &Answer) -> String {
    format!("{} {}", answer.location(), answer.body.chars().filter(|c| !c.is_control()).take(160).collect::<String>())
}

pub fn role(name: &str) -> usize {
    ROLES.iter().position(|known| *known == name).expect("a role")
}

/// The pages there are to look at, and who is let in.
pub fn looked_at() -> Vec<(&'static str, Vec<&'static str>)> {
    let is_in = |row: &Row| row.2.chars().zip(ROLES).filter(|(letter, _)| *letter == 'i').map(|(_, role)| role).collect::<Vec<_>>();
    let pages = pages::ROWS.iter().filter(|row| method(row) == "GET" && !row.1.starts_with("/api/"));
    pages.map(|row| (row.1, is_in(row))).filter(|(_, roles)| !roles.is_empty()).collect()
}

/// Where that page of the scene is for someone; what it is about is there.
pub async fn address_of(doors: &Doors, scene: &mut Scene, role: usize, page: &'static str) -> String {
    let row: Row = ("GET", page, EVERYONE, "");
    scene.bring(doors, &things(&row)).await;
    filled(page, |place| value(scene, &row, role, Cell::Present, place))
}
