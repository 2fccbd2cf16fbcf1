//! The price, line by line.

use crate::kit::PriceLine;
use crate::kit::format;
use domain::booking::model::BookingView;

/// Service, extras, discount, tip, tax and their sum under `sum_label`. Lines of zero are left out, except the service.
pub fn price_lines(booking: &BookingView, sum_label: &str) -> Vec<PriceLine> {
    let minutes = (booking.ends_at - booking.starts_at) / domain::time::MINUTE;
    let mut lines = vec![PriceLine::new(format!("{}, {}", booking.service_name, format::duration(minutes)), booking.price.service)];
    lines.extend(booking.add_ons.iter().map(|extra| PriceLine::new(extra.name.clone(), extra.price)));
    if !booking.price.discount.is_zero() {
        lines.push(PriceLine::new("Discount", booking.price.discount).less());
    }
    if !booking.price.tip.is_zero() {
        lines.push(PriceLine::new("Tip", booking.price.tip));
    }
    if !booking.price.tax.is_zero() {
        lines.push(PriceLine::new("Tax", booking.price.tax));
    }
    lines.push(PriceLine::new(sum_label, booking.price.total).sum());
    lines
}
