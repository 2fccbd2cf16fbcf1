//! Sums that add up visibly, and what comes back when.

use domain::money::Money;
use leptos::prelude::*;

/// One line of a bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceLine {
    pub label: String,
    pub note: Option<String>,
    pub amount: Money,
    pub is_less: bool,
    pub is_sum: bool,
}

impl PriceLine {
    pub fn new(label: impl Into<String>, amount: Money) -> Self {
        Self { label: label.into(), note: None, amount, is_less: false, is_sum: false }
    }
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
    /// Taken off: shown with a minus.
    pub fn less(mut self) -> Self {
        self.is_less = true;
        self
    }
    /// The line under the rule.
    pub fn sum(mut self) -> Self {
        self.is_sum = true;
        self
    }
    /// As it is written: what is taken off has its minus.
    pub fn shown(&self) -> Money {
        if self.is_less { Money::new(-self.amount.minor.abs(), self.amount.currency) } else { self.amount }
    }
}

#[component]
pub fn PriceLines(
    lines: Vec<PriceLine>,
    /// The sum in large type.
    #[prop(optional)]
    large: bool,
) -> impl IntoView {
    let lines = lines
        .into_iter()
        .map(|line| {
            let class = match (line.is_sum, line.is_less) {
                (true, _) => Some("sum"),
                (_, true) => Some("less"),
                _ => None,
            };
            let size = (large && line.is_sum).then_some("large");
            let amount = line.shown();
            view! {
                <div class=class data-size=size>
                    <dt>{line.label} {line.note.map(|note| view! { <span class="note">{note}</span> })}</dt>
                    <dd>{amount.to_string()}</dd>
                </div>
            }
        })
        .collect_view();
    view! { <dl class="prices">{lines}</dl> }
}

/// One step of the refund scale: until when, why, and what comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// `Until Thu 14:00`
    pub when: String,
    /// `24 hours before`
    pub why: String,
    /// `$100.00`, or `100 %` where no price is known.
    pub part: String,
    pub state: TierState,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TierState {
    #[default]
    Ahead,
    /// In force; `at` is how much of it has passed, in percent.
    Now {
        at: u8,
    },
    Past,
    /// Nothing comes back.
    None,
}

impl Tier {
    pub fn new(when: impl Into<String>, why: impl Into<String>, part: impl Into<String>) -> Self {
        Self { when: when.into(), why: why.into(), part: part.into(), state: TierState::Ahead }
    }
    pub fn state(mut self, state: TierState) -> Self {
        self.state = state;
        self
    }
}

/// What comes back, when: the same part wherever cancelling is mentioned. Four steps fill a line; it stands up where there is no room.
#[component]
pub fn RefundScale(tiers: Vec<Tier>) -> impl IntoView {
    let tiers = tiers
        .into_iter()
        .map(|tier| {
            let (current, at) = match tier.state {
                TierState::Now { at } => (Some("step"), Some(format!("--at: {}%", at.min(96)))),
                _ => (None, None),
            };
            view! {
                <li
                    aria-current=current
                    style=at
                    data-past=(tier.state == TierState::Past).then_some("")
                    data-none=(tier.state == TierState::None).then_some("")
                >
                    <span class="when">{tier.when}</span>
                    <span class="why">{tier.why}</span>
                    <span class="part">{tier.part}</span>
                </li>
            }
        })
        .collect_view();
    view! { <div class="scale"><ol>{tiers}</ol></div> }
}
