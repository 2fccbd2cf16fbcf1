//! Every route and server function, and who may. A route without a row fails.

use super::harness::{Answer, Doors};
use super::routes::{Route, all, filled};
use axum::body::Body;
use domain::ctx::StaffRole;
use domain::id::{AccountId, ProviderId};
use http::Method;
use sqlx::PgPool;

/// Who may come in. Everyone else is led to the sign-in page, told that nothing is there, or that they may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum May {
    /// Anyone at all.
    Everyone,
    /// Whoever knows the secret in the address, or has the right signature: nobody gets in by a made-up one.
    Knowing,
    SignedIn,
    /// The two sides of a booking; the one here belongs to nobody present.
    Party,
    Staff,
    Admin,
}
use May::{Admin, Everyone, Knowing, Party, SignedIn, Staff};

/// The first row whose beginning fits decides. Longer ones stand before shorter ones.
const TABLE: &[(&str, May)] = &[
    // Programs
    ("/api/v1/admin/", Admin),
    ("/api/v1/auth/", Everyone),
    ("/api/v1/blocks/", Party),
    ("/api/v1/bookings/by-hand", SignedIn),
    ("/api/v1/bookings/{", Party),
    ("/api/v1/bookings", Everyone),
    ("/api/v1/categories", Everyone),
    ("/api/v1/favourites", SignedIn),
    ("/api/v1/live", Everyone),
    ("/api/v1/me", SignedIn),
    ("/api/v1/payments/{id}/refunds", Admin),
    ("/api/v1/payments", SignedIn),
    ("/api/v1/provider-applications", SignedIn),
    ("/api/v1/providers/{id}/availability", Everyone),
    ("/api/v1/providers/{id}/reviews", Everyone),
    ("/api/v1/providers/{id}/services", Everyone),
    ("/api/v1/providers/{id}/", Staff),
    ("/api/v1/providers/{id}", Everyone),
    ("/api/v1/providers/{provider_id}/", Staff),
    ("/api/v1/reviews/", SignedIn),
    ("/api/v1/search", Everyone),
    ("/api/v1/services/", Party),
    ("/api/v1/sessions", SignedIn),
    ("/api/v1/tokens", SignedIn),
    ("/api/v1/webhooks/", Knowing),
    // Server functions
    ("/do/account/", Everyone),
    ("/do/booking/hold_left", Party),
    ("/do/booking/", Everyone),
    ("/do/favourite/", Everyone),
    ("/do/payment/", Party),
    ("/do/scheduling/", Everyone),
    ("/do/search/", Everyone),
    // The operator
    ("/admin", Admin),
    // A provider's team
    ("/desk/{", Staff),
    // Account
    ("/sign-in", Everyone),
    ("/sign-out", Everyone),
    ("/register", Everyone),
    ("/forgot-password", Everyone),
    ("/reset-password/", Knowing),
    ("/confirm-email/", Knowing),
    ("/change-email/", Knowing),
    ("/claim/", Knowing),
    ("/invitations/", Knowing),
    ("/settings", SignedIn),
    ("/favourites", SignedIn),
    ("/receipts", SignedIn),
    ("/confirm-email", SignedIn),
    // Bookings
    ("/bookings/{", Party),
    ("/bookings", SignedIn),
    ("/book", Everyone),
    ("/checkout/", Party),
    ("/feeds/", Knowing),
    // The secret in the address is the permission.
    ("/pay/", Knowing),
    // Public
    ("/c/", Everyone),
    ("/healthz", Everyone),
    ("/readyz", Everyone),
    ("/metrics", Knowing),
    ("/help", Everyone),
    ("/kit", Everyone),
    ("/offer-your-services/apply/", SignedIn),
    ("/offer-your-services", Everyone),
    ("/offline", Everyone),
    ("/p/", Everyone),
    ("/privacy", Everyone),
    ("/robots.txt", Everyone),
    ("/search", Everyone),
    ("/sitemap", Everyone),
    ("/terms", Everyone),
    ("/theme", Everyone),
    ("/manifest", Everyone),
    ("/sw.js", Everyone),
    ("/assets/", Everyone),
    ("/pkg/", Everyone),
    ("/favicon", Everyone),
    ("/apple-touch-icon", Everyone),
];

/// Of the provider's public lists, only reading is for everyone.
fn row(route: &Route) -> Option<May> {
    if route.path == "/" {
        return Some(Everyone);
    }
    // A guest finds the bookings of this browser there.
    if route.path == "/bookings" {
        return Some(Everyone);
    }
    let is_changing = route.method != "GET";
    if is_changing && route.path.starts_with("/api/v1/providers/") {
        return Some(Staff);
    }
    TABLE.iter().find(|(beginning, _)| route.path.starts_with(beginning)).map(|(_, may)| *may)
}

#[test]
fn every_route_has_a_row() {
    let bare: Vec<Route> = all().into_iter().filter(|route| row(route).is_none()).collect();
    assert!(bare.is_empty(), "say in tests/doors/authorisation.rs who may: {bare:#?}");
}

struct Cast {
    provider: ProviderId,
    everyone: Vec<(&'static str, Option<AccountId>)>,
}

async fn cast(doors: &Doors) -> Cast {
    let provider = doors.world.a_provider().await;
    let other = doors.world.a_provider().await;
    let member = doors.world.a_customer().await;
    doors.world.add_member(provider.id, member, StaffRole::Member).await;
    let everyone = vec![
        ("visitor", None),
        ("customer", Some(doors.world.a_customer().await)),
        ("other owner", Some(other.owner)),
        ("member", Some(member)),
        ("owner", Some(provider.owner)),
        ("admin", Some(doors.world.an_admin().await)),
    ];
    Cast { provider: provider.id, everyone }
}

/// Asked to sign in, told that there is nothing, that they may not, or (before any of it) that the request makes no sense.
fn is_refused(answer: &Answer) -> bool {
    answer.status.is_client_error() || (answer.status.is_redirection() && answer.location().contains("/sign-in"))
}

fn is_turned_away(answer: &Answer) -> bool {
    matches!(answer.status.as_u16(), 401 | 403) || (answer.status.is_redirection() && answer.location().contains("/sign-in"))
}

#[sqlx::test(migrations = "./migrations")]
async fn everyone_gets_in_where_they_may_and_nowhere_else(db: PgPool) {
    let doors = Doors::new(db);
    let cast = cast(&doors).await;
    let mut wrong = Vec::new();
    for route in all() {
        if route.path == "/api/v1/live" || route.path.contains("{*") || route.path.ends_with("sign-out") {
            continue;
        }
        let Some(may) = row(&route) else { continue };
        let provider = cast.provider.to_string();
        let path = filled(&route.path, |name| match name {
            "secret" => "AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
            "slug" => "provider-1".to_owned(),
            "gateway" => "stripe".to_owned(),
            _ if matches!(may, Staff) || route.path.contains("/providers/{") => provider.clone(),
            _ => "0193a1c2-7f00-7abc-8def-0123456789ab".to_owned(),
        });
        for (who, account) in &cast.everyone {
            // A session for each request, because some end all others.
            let mut browser = match account {
                Some(account) => doors.signed_in(*account).await,
                None => doors.browser(),
            };
            let method: Method = route.method.parse().expect("a method");
            let kind = if path.starts_with("/api/") { "application/json" } else { "application/x-www-form-urlencoded" };
            let body = if route.method == "GET" {
                Body::empty()
            } else if kind.ends_with("json") {
                Body::from("{}")
            } else {
                Body::empty()
            };
            let answer = browser
                .send(method, &path, &[("content-type", kind), ("accept", "text/html"), ("sec-fetch-site", "same-origin")], body)
                .await;
            let is_staff = matches!(*who, "member" | "owner");
            let is_fine = match may {
                Everyone => answer.status.as_u16() < 500,
                Knowing | Party => is_refused(&answer) || (may == Knowing && answer.status == 200 && route.method == "GET"),
                SignedIn if *who == "visitor" => is_refused(&answer),
                SignedIn => !is_turned_away(&answer) || answer.status == 403,
                Staff if is_staff => !matches!(answer.status.as_u16(), 401) && answer.status.as_u16() < 500,
                Staff if *who == "admin" => answer.status.as_u16() < 500,
                Staff => is_refused(&answer),
                Admin if *who == "admin" => !is_turned_away(&answer) && answer.status.as_u16() < 500,
                Admin => is_refused(&answer),
            };
            if !is_fine {
                wrong.push(format!("{who} {} {path}: {} {} ({may:?})", route.method, answer.status, answer.location()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
