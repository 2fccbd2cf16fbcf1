//! The operator's pages: lists and details here, decisions in `admin/decide.rs`, lists as files in `admin/csv.rs`.

mod csv;
mod decide;

use super::caller::{Caller, PageError};
use super::form::Sent;
use super::render::page;
use crate::metrics;
use crate::state::AppState;
use app::admin::pages::{
    AuditPage, BookingsPage, OverviewPage, PaymentPage, PaymentsPage, PeoplePage, PersonPage, ProviderPage, ProvidersPage, SystemPage,
};
use app::admin::parts::Heads;
use app::kit::Filled;
use app::kit::format::query_text;
use app::shell::Frame;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::{get, post};
use domain::admin::{self, AuditFilter, BookingFilter, PaymentFilter, PeopleFilter, ProviderFilter, Sort, columns};
use domain::ctx::Ctx;
use domain::error::{Error, Result};
use domain::id::{AccountId, PaymentId, ProviderId};
use domain::page::PageQuery;
use domain::provider;
use leptos::prelude::*;

/// The filters of a list, as they stand in the address.
pub(super) type Asked = Query<Vec<(String, String)>>;

/// The zone whose days and clocks the operator's pages show.
pub(super) async fn zone(ctx: &Ctx) -> Result<String> {
    ctx.require_admin()?;
    Ok(domain::account::get_me(ctx).await?.zone.unwrap_or_else(|| "UTC".to_owned()))
}

fn filled(asked: &[(String, String)]) -> Filled {
    Filled { values: asked.to_vec(), ..Filled::default() }
}

fn list_page(asked: &Sent) -> PageQuery {
    PageQuery { limit: Some(30), cursor: Some(asked.text("cursor").to_owned()).filter(|c| !c.is_empty()) }
}

/// The same address, a page further.
fn next_address(path: &str, asked: &Sent, cursor: Option<String>) -> Option<String> {
    Some(address(path, asked, &[("cursor", &cursor?)]))
}

fn address(path: &str, asked: &Sent, more: &[(&str, &str)]) -> String {
    let kept =
        asked.0.iter().filter(|(name, value)| name != "cursor" && !value.is_empty()).map(|(name, value)| (name.as_str(), value.as_str()));
    let pairs: Vec<String> =
        kept.chain(more.iter().copied()).map(|(name, value)| format!("{}={}", query_text(name), query_text(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

fn sort_of(asked: &Sent) -> Option<Sort> {
    Sort::parse(asked.text("sort"))
}

/// Heads that lead to the same list, sorted otherwise.
fn heads(path: &str, asked: &Sent, columns: &[&str], usual: &str) -> Heads {
    let kept = Sent(asked.0.iter().filter(|(name, _)| name != "sort").cloned().collect());
    Heads::new(address(path, &kept, &[]), asked.text("sort"), columns, usual)
}

pub(super) fn booking_filter(asked: &Sent) -> BookingFilter {
    BookingFilter {
        q: Some(asked.text("q").to_owned()),
        status: Some(asked.text("status").to_owned()),
        provider: asked.text("provider").parse().ok(),
        customer: asked.text("customer").parse().ok(),
        made_from: asked.text("made_from").parse().ok(),
        made_to: asked.text("made_to").parse().ok(),
        starts_from: asked.text("starts_from").parse().ok(),
        starts_to: asked.text("starts_to").parse().ok(),
        sort: sort_of(asked),
    }
}

pub(super) fn payment_filter(asked: &Sent) -> PaymentFilter {
    PaymentFilter {
        q: Some(asked.text("q").to_owned()),
        status: Some(asked.text("status").to_owned()),
        trouble: Some(asked.text("trouble").to_owned()),
        paid_from: asked.text("paid_from").parse().ok(),
        paid_to: asked.text("paid_to").parse().ok(),
        payer: asked.text("payer").parse().ok(),
        sort: sort_of(asked),
    }
}

pub(super) fn people_filter(asked: &Sent) -> PeopleFilter {
    PeopleFilter { q: Some(asked.text("q").to_owned()), kind: Some(asked.text("kind").to_owned()), sort: sort_of(asked) }
}

pub(super) fn audit_filter(asked: &Sent) -> AuditFilter {
    let text = |name: &str| Some(asked.text(name).to_owned());
    AuditFilter {
        who: text("who"),
        action: text("action"),
        subject: text("subject"),
        from: asked.text("from").parse().ok(),
        to: asked.text("to").parse().ok(),
        sort: sort_of(asked),
    }
}

fn provider_filter(asked: &Sent) -> ProviderFilter {
    ProviderFilter { q: Some(asked.text("q").to_owned()), status: Some(asked.text("status").to_owned()), sort: sort_of(asked) }
}

async fn overview(Caller(ctx): Caller, Query(asked): Asked) -> Result<Response, PageError> {
    let asked = Sent(asked);
    let days = asked.text("days").parse().ok().filter(|days| (1..=366).contains(days)).unwrap_or(28);
    let currency = Some(asked.text("currency")).filter(|code| code.len() == 3);
    let (overview, now) = (admin::get_overview(&ctx, days, currency).await?, ctx.now());
    Ok(page(&ctx, Frame::admin("Overview"), view! { <OverviewPage overview=overview now=now /> }))
}

async fn bookings(Caller(ctx): Caller, Query(asked): Asked) -> Result<Response, PageError> {
    let (zone, filled, asked) = (zone(&ctx).await?, filled(&asked), Sent(asked));
    let rows = admin::list_bookings(&ctx, &booking_filter(&asked), &list_page(&asked)).await?;
    let next = next_address("/admin/bookings", &asked, rows.next_cursor.clone());
    let csv = address("/admin/bookings.csv", &asked, &[]);
    let heads = heads("/admin/bookings", &asked, columns::BOOKINGS, "-made");
    let view = view! { <BookingsPage page=rows filled=filled zone=zone next=next csv=csv heads=heads /> };
    Ok(page(&ctx, Frame::admin("Bookings"), view))
}

async fn people(Caller(ctx): Caller, Query(asked): Asked) -> Result<Response, PageError> {
    let (zone, filled, asked) = (zone(&ctx).await?, filled(&asked), Sent(asked));
    let rows = admin::list_people(&ctx, &people_filter(&asked), &list_page(&asked)).await?;
    let next = next_address("/admin/people", &asked, rows.next_cursor.clone());
    let csv = address("/admin/people.csv", &asked, &[]);
    let heads = heads("/admin/people", &asked, columns::PEOPLE, "-since");
    Ok(page(&ctx, Frame::admin("People"), view! { <PeoplePage page=rows filled=filled zone=zone next=next csv=csv heads=heads /> }))
}

/// The page of one person, as it is or with a refused decision.
pub(super) async fn person_page(ctx: &Ctx, id: AccountId, filled: Filled) -> Result<AnyView> {
    let (person, zone, now) = (admin::get_person(ctx, id).await?, zone(ctx).await?, ctx.now());
    Ok(view! { <PersonPage view_of=person filled=filled zone=zone now=now /> }.into_any())
}

async fn person(Caller(ctx): Caller, Path(id): Path<AccountId>) -> Result<Response, PageError> {
    let view = person_page(&ctx, id, Filled::default()).await?;
    Ok(page(&ctx, Frame::admin("Person"), view))
}

async fn providers(Caller(ctx): Caller, Query(asked): Asked) -> Result<Response, PageError> {
    let (zone, filled, asked, now) = (zone(&ctx).await?, filled(&asked), Sent(asked), ctx.now());
    let (rows, counts) = admin::list_providers(&ctx, &provider_filter(&asked), &list_page(&asked)).await?;
    let next = next_address("/admin/providers", &asked, rows.next_cursor.clone());
    let heads = heads("/admin/providers", &asked, columns::PROVIDERS, "");
    let view = view! { <ProvidersPage page=rows counts=counts filled=filled zone=zone now=now next=next heads=heads /> };
    Ok(page(&ctx, Frame::admin("Providers"), view))
}

pub(super) async fn provider_page(ctx: &Ctx, id: ProviderId, filled: Filled) -> Result<AnyView> {
    let (line, zone) = (admin::get_provider(ctx, id).await?, zone(ctx).await?);
    let (provider, services) = (provider::get(ctx, id).await?, provider::list_services(ctx, id).await?);
    let resources = provider::list_resources(ctx, id).await?;
    Ok(view! { <ProviderPage line=line provider=provider services=services resources=resources filled=filled zone=zone /> }.into_any())
}

async fn one_provider(Caller(ctx): Caller, Path(id): Path<ProviderId>) -> Result<Response, PageError> {
    let view = provider_page(&ctx, id, Filled::default()).await?;
    Ok(page(&ctx, Frame::admin("Provider"), view))
}

async fn payments(Caller(ctx): Caller, Query(asked): Asked) -> Result<Response, PageError> {
    let (zone, filled, asked) = (zone(&ctx).await?, filled(&asked), Sent(asked));
    let rows = admin::list_payments(&ctx, &payment_filter(&asked), &list_page(&asked)).await?;
    let next = next_address("/admin/payments", &asked, rows.next_cursor.clone());
    let csv = address("/admin/payments.csv", &asked, &[]);
    let heads = heads("/admin/payments", &asked, columns::PAYMENTS, "-begun");
    Ok(page(&ctx, Frame::admin("Payments"), view! { <PaymentsPage page=rows filled=filled zone=zone next=next csv=csv heads=heads /> }))
}

pub(super) async fn payment_page(ctx: &Ctx, id: PaymentId, filled: Filled) -> Result<AnyView> {
    let (detail, zone) = (admin::get_payment(ctx, id).await?, zone(ctx).await?);
    Ok(view! { <PaymentPage detail=detail filled=filled zone=zone /> }.into_any())
}

async fn payment(Caller(ctx): Caller, Path(id): Path<PaymentId>) -> Result<Response, PageError> {
    let view = payment_page(&ctx, id, Filled::default()).await?;
    Ok(page(&ctx, Frame::admin("Payment"), view))
}

async fn audit(Caller(ctx): Caller, Query(asked): Asked) -> Result<Response, PageError> {
    let (zone, filled, asked) = (zone(&ctx).await?, filled(&asked), Sent(asked));
    let rows = admin::list_audit(&ctx, &audit_filter(&asked), &list_page(&asked)).await?;
    let next = next_address("/admin/audit", &asked, rows.next_cursor.clone());
    let csv = address("/admin/audit.csv", &asked, &[]);
    let heads = heads("/admin/audit", &asked, columns::AUDIT, "-when");
    Ok(page(&ctx, Frame::admin("Audit"), view! { <AuditPage page=rows filled=filled zone=zone next=next csv=csv heads=heads /> }))
}

async fn system(Caller(ctx): Caller) -> Result<Response, PageError> {
    let (mut system, zone, now) = (admin::get_system(&ctx).await?, zone(&ctx).await?, ctx.now());
    system.levels.extend(own_levels());
    Ok(page(&ctx, Frame::admin("System"), view! { <SystemPage system=system zone=zone now=now /> }))
}

/// What this node has counted since it started.
fn own_levels() -> impl Iterator<Item = admin::ServiceLevel> {
    let shares = [
        ("Answers within 500 ms, from this node since its start", &metrics::ANSWERS, 9_900),
        ("News on its way to open pages within 500 ms of the act", &metrics::NEWS, 9_900),
        ("Live connections that were asked for, and had", &metrics::SOCKETS, 9_995),
    ];
    shares.into_iter().map(|(name, share, goal_bp)| {
        let (good, all) = share.read();
        admin::ServiceLevel { name: name.to_owned(), good, all, goal_bp }
    })
}

/// What a form means by an id it was given; one that is none is nobody's.
pub(super) fn id_of<T: std::str::FromStr>(sent: &Sent) -> Result<T> {
    sent.text("id").parse().map_err(|_| Error::NotFound)
}

pub fn router() -> axum::Router<AppState> {
    axum::Router::new()
        .route("/admin", get(overview))
        .route("/admin/bookings", get(bookings))
        .route("/admin/people", get(people))
        .route("/admin/people/{id}", get(person).post(decide::about_person))
        .route("/admin/providers", get(providers))
        .route("/admin/providers/{id}", get(one_provider).post(decide::about_provider))
        .route("/admin/payments", get(payments))
        .route("/admin/payments/{id}", get(payment).post(decide::refund))
        .route("/admin/categories", get(decide::show_categories).post(decide::save_category))
        .route("/admin/settings", get(decide::show_settings).post(decide::save_settings))
        .route("/admin/audit", get(audit))
        .route("/admin/system", get(system))
        .route("/admin/system/jobs", post(decide::retry_job))
        .route("/admin/system/mails", post(decide::retry_mail))
        .merge(csv::router())
}
