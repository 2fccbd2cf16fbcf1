//! The operator's pages and calls: for admins they work, for everyone else they are shut.

use crate::harness::Doors;
use http::{Method, StatusCode};
use serde_json::json;
use sqlx::PgPool;

const PAGES: &[&str] = &[
    "/admin",
    "/admin?days=90",
    "/admin/bookings",
    "/admin/bookings?q=x&status=confirmed&made_from=2026-06-01&made_to=nonsense",
    "/admin/bookings.csv",
    "/admin/people",
    "/admin/people?kind=staff",
    "/admin/people.csv",
    "/admin/providers",
    "/admin/providers?status=submitted",
    "/admin/payments",
    "/admin/payments.csv",
    "/admin/categories",
    "/admin/settings",
    "/admin/audit",
    "/admin/audit?who=ada&action=account.&subject=account",
    "/admin/audit.csv",
    "/admin/system",
    "/api/v1/admin/overview",
    "/api/v1/admin/bookings",
    "/api/v1/admin/people",
    "/api/v1/admin/providers",
    "/api/v1/admin/payments",
    "/api/v1/admin/settings",
    "/api/v1/admin/categories",
    "/api/v1/admin/audit",
    "/api/v1/admin/system",
];

#[sqlx::test(migrations = "./migrations")]
async fn every_page_opens_for_an_admin_and_for_nobody_else(db: PgPool) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await;
    let mut admin = doors.signed_in(doors.world.an_admin().await).await;
    let mut owner = doors.signed_in(provider.owner).await;
    let mut visitor = doors.browser();
    let details = [format!("/admin/providers/{}", provider.id), format!("/admin/people/{}", provider.owner)];
    for path in PAGES.iter().copied().chain(details.iter().map(String::as_str)) {
        let seen = admin.get(path).await;
        assert_eq!(seen.status, StatusCode::OK, "{path}: {}", seen.body);
        assert_eq!(owner.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
        let shut = visitor.get(path).await;
        let wanted = if path.starts_with("/api/") { StatusCode::UNAUTHORIZED } else { StatusCode::SEE_OTHER };
        assert_eq!(shut.status, wanted, "{path}");
    }
    for path in ["/admin/people", "/admin/providers", "/admin/payments"] {
        let absent = format!("{path}/00000000-0000-7000-8000-000000000000");
        assert_eq!(admin.get(&absent).await.status, StatusCode::NOT_FOUND, "{absent}");
        assert_eq!(admin.get(&format!("{path}/nonsense")).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn tables_sort_by_links_in_their_heads(db: PgPool) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await;
    doors.world.a_provider().await;
    let mut admin = doors.signed_in(doors.world.an_admin().await).await;
    for (path, by) in [
        ("/admin/bookings", domain::admin::columns::BOOKINGS),
        ("/admin/people", domain::admin::columns::PEOPLE),
        ("/admin/providers", domain::admin::columns::PROVIDERS),
        ("/admin/payments", domain::admin::columns::PAYMENTS),
        ("/admin/audit", domain::admin::columns::AUDIT),
    ] {
        for column in by {
            for sort in [format!("{path}?sort={column}"), format!("{path}?q=a&sort=-{column}"), format!("{path}.csv?sort={column}")] {
                let is_file = sort.contains(".csv");
                if is_file && path == "/admin/providers" {
                    continue;
                }
                assert_eq!(admin.get(&sort).await.status, StatusCode::OK, "{sort}");
            }
        }
    }
    let people = admin.get("/admin/people?kind=any&sort=name").await.body;
    assert!(people.contains("href=\"/admin/people?kind=any&amp;sort=-name\"") && people.contains("aria-sort=\"ascending\""), "{people}");
    // The head names Ada too, who looks at it.
    let is_ada_first = |page: &str| {
        let rows = page.split("<tbody>").nth(1).expect("a table");
        rows.find("Ada Operator").expect("Ada") < rows.find("Pia Plumb").expect("Pia")
    };
    assert!(is_ada_first(&people));
    let people = admin.get("/admin/people?kind=any&sort=-name").await.body;
    assert!(!is_ada_first(&people));
    assert!(people.contains("<input type=\"hidden\" name=\"sort\" value=\"-name\""), "filters keep it: {people}");
    let usual = admin.get("/admin/people").await.body;
    assert!(usual.contains("href=\"/admin/people?sort=since\"") && usual.contains("aria-sort=\"descending\""), "{usual}");
    assert_eq!(admin.get("/admin/people?sort=nonsense&cursor=nonsense").await.status, StatusCode::OK);
    assert!(admin.get("/admin/providers?sort=-bookings").await.body.contains(&provider.id.to_string()));
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn settings_are_read_checked_and_in_effect(db: PgPool) {
    let doors = Doors::new(db);
    let mut admin = doors.signed_in(doors.world.an_admin().await).await;
    let changed = admin.call(Method::PATCH, "/api/v1/admin/settings", json!({ "hold_min": 20, "commission_bp": 850 })).await;
    assert_eq!((changed.status, changed.json()["hold_min"].as_i64()), (StatusCode::OK, Some(20)));
    assert!(admin.get("/admin/settings").await.body.contains("value=\"8.5\""));
    for bad in [json!({ "hold_min": 1 }), json!({ "nonsense": 1 }), json!({ "cancel_tiers": [] })] {
        assert_eq!(admin.call(Method::PATCH, "/api/v1/admin/settings", bad).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let refused = admin.post("/admin/settings", &[("hold_min", "many")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("value=\"many\""));
    let audit = admin.fetch("/api/v1/admin/audit?action=admin.change_setting").await;
    assert_eq!(audit.json()["items"].as_array().map(Vec::len), Some(2));
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_provider_is_suspended_and_reinstated_with_a_reason(db: PgPool) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await;
    let mut admin = doors.signed_in(doors.world.an_admin().await).await;
    let path = format!("/admin/providers/{}", provider.id);
    let refused = admin.post(&path, &[("act", "suspend"), ("reason", "")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(admin.post(&path, &[("act", "suspend"), ("reason", "Papers have run out")]).await.status, StatusCode::SEE_OTHER);
    assert!(admin.get(&path).await.body.contains("Papers have run out"));
    assert_eq!(admin.post(&path, &[("act", "reinstate"), ("reason", "")]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(admin.post(&path, &[("act", "nonsense")]).await.status, StatusCode::NOT_FOUND);
}
