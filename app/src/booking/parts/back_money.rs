//! What comes back, until when.

use super::when::When;
use crate::kit::money::{Tier, TierState};
use crate::kit::{RefundScale, format};
use domain::booking::model::ScaleStep;
use domain::time::Instant;
use leptos::prelude::*;

/// The refund scale of a booking with its own amounts and dates.
#[component]
pub fn BackMoney(scale: Vec<ScaleStep>, #[prop(into)] zone: String, now: Instant) -> impl IntoView {
    let tiers = scale
        .into_iter()
        .map(|step| {
            let when = match step.until {
                Some(until) => format!("Until {}", When::near_moment(until, &zone, now)),
                None => "After the start".to_owned(),
            };
            let state = match (step.until, step.is_past, step.is_now) {
                (_, true, _) => TierState::Past,
                (None, ..) => TierState::None,
                (_, _, true) => TierState::Now { at: 40 },
                _ => TierState::Ahead,
            };
            let why = if step.until.is_some() { format::percent(step.refund_bp) } else { String::new() };
            Tier::new(when, why, step.refund.to_string()).state(state)
        })
        .collect();
    view! { <RefundScale tiers=tiers /> }
}
