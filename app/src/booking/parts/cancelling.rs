//! What cancelling means, named in the title and in the button: as a page, or as a dialog over the booking.

use super::{BackMoney, When};
use crate::kit::{PriceLine, PriceLines, format};
use domain::booking::model::{BookingView, CancellationPreview, ScaleStep, Side, Status, ViewerRole};
use domain::time::Instant;
use leptos::prelude::*;

/// A cancellation, ready to be shown.
#[derive(Debug, Clone)]
pub struct Cancelling {
    pub title: String,
    pub button: String,
    sentence: String,
    lines: Vec<PriceLine>,
    scale: Vec<ScaleStep>,
    next: Option<String>,
    /// Where another time is chosen instead, if it can be.
    instead: Option<String>,
    /// Who reads the reason.
    reader: String,
    expected_refund_minor: i64,
    zone: String,
    now: Instant,
}

impl Cancelling {
    /// `card` is what the money goes back to: `Visa ending 4242`.
    pub fn of(booking: &BookingView, preview: &CancellationPreview, card: Option<String>, now: Instant) -> Self {
        let is_customer = booking.viewer == ViewerRole::Customer;
        let (title, button) = named(booking, preview);
        let next = preview.next_tier_at.zip(preview.next_refund);
        let may_move = is_customer && booking.status == Status::Confirmed && now < booking.starts_at;
        Self {
            title,
            button,
            sentence: sentence(booking, preview, now),
            lines: lines(booking, preview, card),
            scale: preview.scale.clone(),
            next: next.map(|(at, less)| format!("From {} it would be {less}.", When::near_moment(at, &booking.zone, now))),
            instead: may_move.then(|| format!("/bookings/{}/reschedule", booking.id)),
            reader: if is_customer { booking.provider.name.clone() } else { "the customer".to_owned() },
            expected_refund_minor: preview.refund.minor,
            zone: booking.zone.clone(),
            now,
        }
    }

    /// Everything between title and buttons; the form's id is `form`, its address `action`.
    pub fn body(self, form: &'static str, action: String, reason: String) -> AnyView {
        let field = format!("{form}-reason");
        let labelled = field.clone();
        let move_it = self.instead.map(|href| {
            view! {
                <p class="small">
                    "Or " <a class="link" href=href>"choose another time"</a> ": that costs nothing, and the refund stays what it is now."
                </p>
            }
        });
        view! {
            <p class="muted">{self.sentence}</p>
            {(!self.lines.is_empty()).then(|| view! { <div class="sheet"><PriceLines lines=self.lines large=true /></div> })}
            {(!self.scale.is_empty()).then(|| view! { <BackMoney scale=self.scale zone=self.zone now=self.now /> })}
            {self.next.map(|next| view! { <p class="small">{next}</p> })}
            {move_it}
            <form class="form" id=form method="post" action=action>
                <input type="hidden" name="expected_refund_minor" value=self.expected_refund_minor.to_string() />
                <div class="field">
                    <label for=labelled>"Reason " <span class="optional">{format!("(optional, {} sees it)", self.reader)}</span></label>
                    <input class="input" id=field name="reason" maxlength="500" value=reason />
                </div>
            </form>
        }
        .into_any()
    }
}

fn named(booking: &BookingView, preview: &CancellationPreview) -> (String, String) {
    let refund = preview.refund;
    let is_customer = booking.viewer == ViewerRole::Customer;
    match (preview.is_charged, is_customer) {
        (true, true) if refund.is_zero() => ("Cancel without a refund?".to_owned(), "Cancel, nothing comes back".to_owned()),
        (true, true) => (format!("Cancel and get {refund} back?"), format!("Cancel and get {refund} back")),
        (true, false) => (format!("Cancel and return {refund}?"), format!("Cancel and return {refund}")),
        (false, _) if booking.status == Status::Requested && is_customer => {
            ("Withdraw your request?".to_owned(), "Withdraw the request".to_owned())
        }
        (false, _) => ("Cancel this booking?".to_owned(), "Cancel the booking".to_owned()),
    }
}

fn sentence(booking: &BookingView, preview: &CancellationPreview, now: Instant) -> String {
    let what = format!("{} on {}.", booking.service_name, When::moment(booking.starts_at, &booking.zone));
    match (preview.is_charged, preview.by) {
        (true, Side::Customer) if now < booking.starts_at => {
            let away = format::relative(booking.starts_at, now);
            format!("{what} The start is {away}, so this is what comes back:")
        }
        (true, Side::Customer) => format!("{what} It has already begun, so nothing comes back."),
        (true, _) => format!("{what} Because you cancel, the customer gets everything back:"),
        (false, _) if booking.status == Status::Requested => {
            format!("{what} What was set aside on the card is released; nothing was charged.")
        }
        (false, _) => format!("{what} Nothing was paid through Fettle, so nothing goes back."),
    }
}

fn lines(booking: &BookingView, preview: &CancellationPreview, card: Option<String>) -> Vec<PriceLine> {
    if !preview.is_charged {
        return Vec::new();
    }
    let mut lines = vec![PriceLine::new(format!("{} of the service", format::percent(preview.tier_bp)), preview.service)];
    if !preview.tax.is_zero() {
        lines.push(PriceLine::new("Tax, in proportion", preview.tax));
    }
    if !booking.price.tip.is_zero() {
        lines.push(PriceLine::new(if preview.tip.is_zero() { "Tip" } else { "Tip, all of it" }, preview.tip));
    }
    let to = card.map_or_else(|| "Back to the card".to_owned(), |card| format!("Back to {card}"));
    lines.push(PriceLine::new(to, preview.refund).sum());
    lines
}
