//! Receipts, and the money a provider has earned. How a receipt becomes a file is in `payment/pdf.rs`.

pub mod pdf;

use super::caller::{At, Caller, PageError};
use super::render;
use crate::state::AppState;
use app::payment::pages::money::{MoneyPage, MoneyPageProps, Period};
use app::payment::pages::receipt::{Receipt, ReceiptProps};
use app::payment::pages::receipts::{Receipts, ReceiptsProps};
use app::shell::Frame;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use domain::id::{BookingId, ProviderId};
use domain::page::PageQuery;
use domain::scheduling::zone;
use domain::{booking, ledger, payment, provider};
use serde::Deserialize;

#[derive(Deserialize)]
struct Place {
    cursor: Option<String>,
}

async fn receipts(Caller(ctx): Caller, Query(place): Query<Place>) -> Result<Response, PageError> {
    let is_first = place.cursor.is_none();
    let page = payment::list_receipts(&ctx, &PageQuery { limit: None, cursor: place.cursor }).await?;
    let view = Receipts(ReceiptsProps { page, is_first });
    Ok(render::page(&ctx, Frame::private("Receipts"), view))
}

async fn receipt(Caller(ctx): Caller, At(id): At<BookingId>) -> Result<Response, PageError> {
    let booking = booking::get(&ctx, id).await?;
    let payment = payment::find_for_booking(&ctx, id).await?;
    let title = format!("Receipt {}", booking.reference);
    // whoever pays without an account has the page alone
    let has_file = ctx.is_support() || (booking.customer_id.is_some() && booking.customer_id == ctx.account_id());
    let view = Receipt(ReceiptProps { booking, payment, has_file });
    Ok(render::page(&ctx, Frame::private(title), view))
}

#[derive(Deserialize)]
struct Shown {
    #[serde(default)]
    period: Period,
    cursor: Option<String>,
}

async fn money(Caller(ctx): Caller, At(id): At<ProviderId>, Query(shown): Query<Shown>) -> Result<Response, PageError> {
    // who is not signed in is asked to, whether there is such a business or not
    ctx.person()?;
    let view = provider::get(&ctx, id).await?;
    let today = zone::local_in(ctx.now(), &view.zone).date;
    let (from, to) = shown.period.days(today);
    let earnings = ledger::get_earnings(&ctx, id, from, to).await?;
    let is_first = shown.cursor.is_none();
    let statement = ledger::list_statement(&ctx, id, &PageQuery { limit: None, cursor: shown.cursor }).await?;
    let frame = Frame::workspace("Money", id, view.name.clone());
    let view = MoneyPage(MoneyPageProps { provider: id, zone: view.zone, period: shown.period, earnings, statement, is_first });
    Ok(render::page(&ctx, frame, view))
}

pub fn router() -> Router<AppState> {
    Router::new().route("/receipts", get(receipts)).route("/bookings/{id}/receipt", get(receipt)).route("/desk/{id}/money", get(money))
}
