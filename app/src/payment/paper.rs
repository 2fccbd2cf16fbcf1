//! What a receipt says, in words and sums, however it is drawn: its page and its PDF say the same.

use crate::kit::{PriceLine, format};
use domain::booking::model::{BookingView, Settlement};
use domain::payment::{PaymentStatus, PaymentView, RefundState, RefundView};
use domain::scheduling::zone;
use domain::time::Instant;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// With the booking's reference.
    pub title: String,
    pub facts: Vec<Fact>,
    pub lines: Vec<PriceLine>,
    /// What became of the money, in a sentence.
    pub paid: String,
    /// Money is with us, or was.
    pub is_paid: bool,
    pub refunds: Vec<Refunded>,
    /// Paid, gone back, kept; none while nothing went back.
    pub sums: Vec<PriceLine>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    pub label: &'static str,
    pub value: String,
    /// Smaller, below it; may be empty.
    pub note: String,
}

/// One sum that went back, or is about to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refunded {
    pub amount: String,
    pub reason: String,
    pub how: String,
}

impl Paper {
    /// `payment` is the one that paid for the booking.
    pub fn of(booking: &BookingView, payment: Option<&PaymentView>) -> Self {
        let returned = payment.filter(|payment| payment.refunded.minor > 0);
        Self {
            title: format!("Receipt {}", booking.reference),
            facts: facts(booking),
            lines: lines(booking),
            paid: payment.map_or_else(|| unpaid(booking.settlement).to_owned(), |payment| paid(payment, &booking.zone)),
            is_paid: payment.is_some_and(|payment| payment.status.is_captured()),
            refunds: returned.map(|p| p.refunds.iter().map(|refund| refunded(refund, &booking.zone)).collect()).unwrap_or_default(),
            sums: returned.map(sums).unwrap_or_default(),
        }
    }
}

fn facts(booking: &BookingView) -> Vec<Fact> {
    let fact = |label, value: &str, note: &str| Fact { label, value: value.to_owned(), note: note.to_owned() };
    vec![
        fact("For", &booking.service_name, ""),
        fact("By", &booking.provider.name, &booking.provider.place),
        fact("On", &moment(booking.starts_at, &booking.zone), &booking.zone.replace('_', " ")),
        fact("To", &booking.contact.name, ""),
    ]
}

/// `12 June 2026, 14:00` in the place's zone.
fn moment(at: Instant, zone_name: &str) -> String {
    let local = zone::local_in(at, zone_name);
    format!("{}, {}", format::date(local.date), format::clock(local.minute.into()))
}

fn lines(booking: &BookingView) -> Vec<PriceLine> {
    let price = &booking.price;
    let mut lines = vec![PriceLine::new(booking.service_name.clone(), price.service)];
    lines.extend(booking.add_ons.iter().map(|extra| PriceLine::new(extra.name.clone(), extra.price)));
    if !price.discount.is_zero() {
        lines.push(PriceLine::new("Discount", price.discount).less());
    }
    if !price.tip.is_zero() {
        lines.push(PriceLine::new("Tip", price.tip).note("all of it to them"));
    }
    if !price.tax.is_zero() {
        lines.push(PriceLine::new("Tax", price.tax));
    }
    lines.push(PriceLine::new("Total", price.total).sum());
    lines
}

const fn unpaid(settlement: Settlement) -> &'static str {
    match settlement {
        Settlement::Gateway => "Nothing has been paid yet.",
        Settlement::Elsewhere => "Paid directly to the provider, not through Fettle.",
        Settlement::None => "There was nothing to pay.",
    }
}

fn paid(payment: &PaymentView, zone_name: &str) -> String {
    let card = payment.card.as_ref().map(|card| format!(" with {}", card.label())).unwrap_or_default();
    match (payment.status, payment.paid_at) {
        (PaymentStatus::Authorised, _) => format!("{} is reserved{card}. It is charged only if they accept.", payment.amount),
        (_, Some(at)) => format!("{} paid on {}{card}.", payment.captured, moment(at, zone_name)),
        (PaymentStatus::Voided, None) => "Nothing was charged.".to_owned(),
        (_, None) => "Not paid yet.".to_owned(),
    }
}

fn refunded(refund: &RefundView, zone_name: &str) -> Refunded {
    let how = match (refund.status, refund.settled_at) {
        (RefundState::Succeeded, Some(at)) => format!("Sent back on {}. Banks take up to ten days to show it.", moment(at, zone_name)),
        (RefundState::Failed, _) => "Your bank returned it. We will be in touch.".to_owned(),
        _ => format!("On its way since {}.", moment(refund.created_at, zone_name)),
    };
    Refunded { amount: refund.amount.to_string(), reason: refund.reason.clone(), how }
}

fn sums(payment: &PaymentView) -> Vec<PriceLine> {
    let kept = payment.captured.try_sub(payment.refunded).unwrap_or(payment.captured);
    vec![PriceLine::new("Paid", payment.captured), PriceLine::new("Gone back", payment.refunded).less(), PriceLine::new("Kept", kept).sum()]
}
