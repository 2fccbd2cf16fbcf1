//! Bookings as iCalendar (RFC 5545): one file, and a private feed per person.
//!
//! Written by hand rather than by a library: what matters here is exactly which lines leave (UID and SEQUENCE through changes, METHOD,
//! folding by octets), and it is little.

use super::model::{Status, ViewerRole};
use super::store::{self, BookingRow};
use super::view::role_of;
use crate::account::{self, LinkPurpose};
use crate::audit::{self, Entry};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::id::BookingId;
use crate::provider::model::Mode;
use crate::time::Instant;

/// A feed's address stays valid for so long; opening the settings page again gives a new one.
const FEED_DAYS: i64 = 3_650;
/// How far back a feed reaches.
const FEED_PAST_DAYS: i64 = 31;

/// The booking as a file to add to a calendar, as this viewer sees it.
pub async fn calendar_file(ctx: &Ctx, id: BookingId) -> Result<String> {
    let row = store::find(ctx.db(), id).await?.ok_or(Error::NotFound)?;
    let role = role_of(ctx, &row)?;
    if row.confirmed_at.is_none() && row.requested_at.is_none() {
        return Err(Error::NotFound);
    }
    Ok(calendar(&[(row, role)], None, ctx))
}

/// The file that goes with letters to the customer: a cancellation takes the event out again. None while nothing is agreed.
pub async fn calendar_for_mail(ctx: &Ctx, id: BookingId) -> Result<Option<String>> {
    let row = store::find(ctx.db(), id).await?.ok_or(Error::NotFound)?;
    Ok(row.confirmed_at.is_some().then(|| calendar(&[(row, ViewerRole::Customer)], None, ctx)))
}

/// Everything that concerns the owner of this secret address, as customer or as the person who does the job. No session is needed: calendars have none.
pub async fn feed(ctx: &Ctx, secret: &str) -> Result<String> {
    let link = account::find_link(ctx, LinkPurpose::CalendarFeed, secret).await?.ok_or(Error::NotFound)?;
    let owner = link.account.ok_or(Error::NotFound)?;
    let rows = store::list_feed(ctx.db(), owner, ctx.now().plus_days(-FEED_PAST_DAYS)).await?;
    let rows: Vec<_> = rows
        .into_iter()
        .map(|row| {
            let role = if row.customer_id == Some(owner) { ViewerRole::Customer } else { ViewerRole::Staff };
            (row, role)
        })
        .collect();
    Ok(calendar(&rows, Some("Fettle"), ctx))
}

/// A new private address; the ones before stop working.
pub async fn issue_feed(ctx: &Ctx) -> Result<String> {
    let person = ctx.person()?.id;
    let mut tx = ctx.begin().await?;
    account::retire_links(&mut tx, ctx, person, &[LinkPurpose::CalendarFeed]).await?;
    let data = serde_json::json!({});
    let secret = account::issue_link(&mut tx, ctx, LinkPurpose::CalendarFeed, Some(person), data, FEED_DAYS * 24 * 60).await?;
    audit::record(&mut tx, ctx, Entry::new("booking.issue_feed", "account", person)).await?;
    ctx.commit(tx).await?;
    Ok(ctx.url(&format!("/feeds/{secret}/calendar.ics")))
}

/// The private address stops working.
pub async fn revoke_feed(ctx: &Ctx) -> Result<()> {
    let person = ctx.person()?.id;
    let mut tx = ctx.begin().await?;
    account::retire_links(&mut tx, ctx, person, &[LinkPurpose::CalendarFeed]).await?;
    audit::record(&mut tx, ctx, Entry::new("booking.revoke_feed", "account", person)).await?;
    ctx.commit(tx).await
}

fn calendar(rows: &[(BookingRow, ViewerRole)], name: Option<&str>, ctx: &Ctx) -> String {
    let mut out = Lines::default();
    out.line("BEGIN", "VCALENDAR");
    out.line("VERSION", "2.0");
    out.line("PRODID", "-//Fettle//Bookings//EN");
    out.line("CALSCALE", "GREGORIAN");
    // A single cancelled booking takes the event out of the calendar it was added to (RFC 5546 section 3.2.5); feeds are published.
    let is_cancellation = name.is_none() && rows.len() == 1 && !rows[0].0.status().occupies() && rows[0].0.status() != Status::Completed;
    out.line("METHOD", if is_cancellation { "CANCEL" } else { "PUBLISH" });
    if let Some(name) = name {
        out.text("X-WR-CALNAME", name);
        out.line("REFRESH-INTERVAL;VALUE=DURATION", "PT15M");
    }
    for (row, role) in rows {
        event(&mut out, row, *role, ctx);
    }
    out.line("END", "VCALENDAR");
    out.0
}

fn event(out: &mut Lines, row: &BookingRow, role: ViewerRole, ctx: &Ctx) {
    let status = row.status();
    let is_customer = role == ViewerRole::Customer;
    out.line("BEGIN", "VEVENT");
    // Stable through every change, so that calendars update instead of adding.
    out.line("UID", &format!("{}@fettle", row.id));
    out.line("SEQUENCE", &row.sequence.to_string());
    out.line("DTSTAMP", &utc(ctx.now()));
    out.line("DTSTART", &utc(row.starts_at));
    out.line("DTEND", &utc(row.ends_at));
    let with = if is_customer { row.provider_name.as_str() } else { row.customer_name.as_str() };
    out.text("SUMMARY", if with.is_empty() { row.service_name.clone() } else { format!("{}: {with}", row.service_name) }.as_str());
    let place = match (row.mode(), &row.address) {
        (Mode::AtProvider, _) => Some(row.provider_place.clone()),
        // Staff see it exactly only once confirmed.
        (Mode::AtCustomer, Some(address)) if is_customer || row.confirmed_at.is_some() => Some(address.line()),
        (Mode::AtCustomer, Some(address)) => Some(address.area()),
        _ => None,
    };
    if let Some(place) = place.filter(|p| !p.is_empty()) {
        out.text("LOCATION", &place);
    }
    let url = ctx.url(&format!("/bookings/{}", row.id));
    let notes = if row.notes.is_empty() { String::new() } else { format!("\n\n{}", row.notes) };
    out.text("DESCRIPTION", &format!("Booking {}\n{url}{notes}", row.reference));
    out.line("URL", &url);
    out.line(
        "STATUS",
        match status {
            Status::Requested => "TENTATIVE",
            Status::Confirmed | Status::InProgress | Status::Completed => "CONFIRMED",
            Status::Held | Status::NoShow | Status::Expired | Status::Declined | Status::Cancelled => "CANCELLED",
        },
    );
    out.line("TRANSP", if status.occupies() || status == Status::Completed { "OPAQUE" } else { "TRANSPARENT" });
    out.line("END", "VEVENT");
}

/// `20260612T140000Z` (RFC 5545 section 3.3.5, form 2): UTC needs no VTIMEZONE.
fn utc(at: Instant) -> String {
    let text = at.to_string();
    let seconds = &text[..19];
    format!("{}Z", seconds.replace(['-', ':'], ""))
}

/// Content lines, folded and ended by CRLF.
#[derive(Default)]
struct Lines(String);

impl Lines {
    /// A value that needs no escaping.
    fn line(&mut self, name: &str, value: &str) {
        self.fold(&format!("{name}:{value}"));
    }
    /// TEXT (RFC 5545 section 3.3.11): backslash, semicolon, comma and line breaks escaped.
    fn text(&mut self, name: &str, value: &str) {
        let mut escaped = String::with_capacity(value.len());
        for c in value.chars() {
            match c {
                '\\' => escaped.push_str("\\\\"),
                ';' => escaped.push_str("\\;"),
                ',' => escaped.push_str("\\,"),
                '\n' => escaped.push_str("\\n"),
                c if c.is_control() => {}
                c => escaped.push(c),
            }
        }
        self.fold(&format!("{name}:{escaped}"));
    }
    /// At most 75 octets a line, never within a character (RFC 5545 section 3.1).
    fn fold(&mut self, line: &str) {
        let mut room = 75;
        for c in line.chars() {
            if c.len_utf8() > room {
                self.0.push_str("\r\n ");
                room = 74;
            }
            self.0.push(c);
            room -= c.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_folded_by_octets() {
        let mut out = Lines::default();
        out.text("SUMMARY", &"é".repeat(100));
        assert!(out.0.split("\r\n").all(|line| line.len() <= 75));
        let unfolded = out.0.replace("\r\n ", "");
        assert_eq!(unfolded, format!("SUMMARY:{}\r\n", "é".repeat(100)));
    }

    #[test]
    fn text_is_escaped() {
        let mut out = Lines::default();
        out.text("DESCRIPTION", "a;b,c\\d\ne\u{7}");
        assert_eq!(out.0, "DESCRIPTION:a\\;b\\,c\\\\d\\ne\r\n");
    }

    #[test]
    fn instants_are_utc() {
        assert_eq!(utc("2026-06-12T14:00:00.5Z".parse().expect("an instant")), "20260612T140000Z");
    }
}
