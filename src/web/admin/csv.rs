//! Lists as files: RFC 4180, UTF-8, at most [`MOST`] rows.

use super::{Asked, audit_filter, booking_filter, payment_filter, people_filter};
use crate::state::AppState;
use crate::web::caller::{Caller, PageError};
use crate::web::form::Sent;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::admin;
use domain::page::{MAX_LIMIT, PageQuery};
use http::header;

const MOST: usize = 5_000;

/// A field as RFC 4180 wants it. A leading sign that spreadsheets take for a formula gets an apostrophe before it.
fn field(text: &str) -> String {
    let guarded = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if guarded.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", guarded.replace('"', "\"\"")) } else { guarded }
}

fn file(name: &str, head: &[&str], rows: Vec<Vec<String>>) -> Response {
    let mut text = head.join(",");
    text.push_str("\r\n");
    for row in rows {
        text.push_str(&row.iter().map(|value| field(value)).collect::<Vec<_>>().join(","));
        text.push_str("\r\n");
    }
    let disposition = format!("attachment; filename=\"fettle-{name}.csv\"");
    ([(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, disposition)], text).into_response()
}

/// Every page of the list, one after another.
macro_rules! all {
    ($list:path, $ctx:expr, $filter:expr) => {{
        let mut rows = Vec::new();
        let mut query = PageQuery { limit: Some(MAX_LIMIT), cursor: None };
        loop {
            let page = $list($ctx, $filter, &query).await?;
            rows.extend(page.items);
            query.cursor = page.next_cursor;
            if query.cursor.is_none() || rows.len() >= MOST {
                break rows;
            }
        }
    }};
}

async fn bookings(Caller(ctx): Caller, Query(asked): Asked) -> Result<Response, PageError> {
    let filter = booking_filter(&Sent(asked));
    let rows = all!(admin::list_bookings, &ctx, &filter);
    let head =
        ["reference", "id", "status", "provider", "service", "customer", "email", "starts_at", "zone", "total", "currency", "created_at"];
    let rows = rows
        .into_iter()
        .map(|row| {
            vec![
                row.reference,
                row.id.to_string(),
                row.status,
                row.provider_name,
                row.service_name,
                row.customer_name,
                row.customer_email,
                row.starts_at.to_string(),
                row.zone,
                row.total.plain(),
                row.total.currency.to_string(),
                row.created_at.to_string(),
            ]
        })
        .collect();
    Ok(file("bookings", &head, rows))
}

async fn people(Caller(ctx): Caller, Query(asked): Asked) -> Result<Response, PageError> {
    let filter = people_filter(&Sent(asked));
    let rows = all!(admin::list_people, &ctx, &filter);
    let head = ["id", "name", "email", "confirmed", "guest", "suspended", "bookings", "works_for", "created_at"];
    let rows = rows
        .into_iter()
        .map(|row| {
            vec![
                row.id.to_string(),
                row.name,
                row.email,
                row.is_email_confirmed.to_string(),
                row.is_guest.to_string(),
                row.suspended_at.is_some().to_string(),
                row.bookings.to_string(),
                row.workplaces.join("; "),
                row.created_at.to_string(),
            ]
        })
        .collect();
    Ok(file("people", &head, rows))
}

async fn payments(Caller(ctx): Caller, Query(asked): Asked) -> Result<Response, PageError> {
    let filter = payment_filter(&Sent(asked));
    let rows = all!(admin::list_payments, &ctx, &filter);
    let head = ["id", "reference", "provider", "payer", "email", "status", "amount", "refunded", "currency", "created_at"];
    let rows = rows
        .into_iter()
        .map(|row| {
            vec![
                row.id.to_string(),
                row.reference,
                row.provider_name,
                row.payer_name,
                row.payer_email,
                row.status,
                row.amount.plain(),
                row.refunded.plain(),
                row.amount.currency.to_string(),
                row.created_at.to_string(),
            ]
        })
        .collect();
    Ok(file("payments", &head, rows))
}

async fn audit(Caller(ctx): Caller, Query(asked): Asked) -> Result<Response, PageError> {
    let filter = audit_filter(&Sent(asked));
    let rows = all!(admin::list_audit, &ctx, &filter);
    let head = ["at", "actor", "actor_id", "action", "subject_kind", "subject_id", "reason", "data", "address"];
    let rows = rows
        .into_iter()
        .map(|row| {
            vec![
                row.at.to_string(),
                row.actor,
                row.actor_id.map(|id| id.to_string()).unwrap_or_default(),
                row.action,
                row.subject_kind,
                row.subject_id,
                row.reason.unwrap_or_default(),
                row.data.to_string(),
                row.address.unwrap_or_default(),
            ]
        })
        .collect();
    Ok(file("audit", &head, rows))
}

pub fn router() -> axum::Router<AppState> {
    axum::Router::new()
        .route("/admin/bookings.csv", get(bookings))
        .route("/admin/people.csv", get(people))
        .route("/admin/payments.csv", get(payments))
        .route("/admin/audit.csv", get(audit))
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn fields_stay_one_field_and_never_a_formula() {
        for (text, written) in [
            ("plain", "plain"),
            ("a, b", "\"a, b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "'=1+1"),
            ("@cmd,x", "\"'@cmd,x\""),
        ] {
            assert_eq!(field(text), written);
        }
    }
}
