//! Pure decisions about a booking: what it costs, what comes back, which step may follow which. No clock: callers say when it is.

use super::model::{Action, BookingFacts, Price, RefundLines, RefundSoFar, Side, Status, Tier, ViewerRole};
use crate::error::Fields;
use crate::money::{Halves, WHOLE_BP, share};
use crate::time::Instant;

/// A hold can be longer by this much, once, when a payment attempt begins.
pub const HOLD_EXTENSION_MIN: i64 = 10;
/// A request waits for its answer no longer than this.
pub const ANSWER_WITHIN_MIN: i64 = 24 * 60;
/// A request is answered at the latest so long before the start.
pub const ANSWER_BEFORE_START_MIN: i64 = 60;
/// From so long after the start either side may say that the other did not come.
pub const NO_SHOW_AFTER_MIN: i64 = 15;
/// A confirmed booking counts as done so long after its end.
pub const COMPLETES_AFTER_MIN: i64 = 24 * 60;
/// A job may be started this early.
pub const START_EARLY_MIN: i64 = 60;
/// Someone may say "on my way" this early.
pub const ON_THE_WAY_EARLY_MIN: i64 = 4 * 60;
/// A review may be written this long after completion.
pub const REVIEW_WITHIN_DAYS: i64 = 7;

/// What a price is made of. Amounts are ≥ 0 in minor units, rates in basis points.
#[derive(Debug, Clone, Copy)]
pub struct PriceInput<'a> {
    pub service_minor: i64,
    pub add_ons_minor: &'a [i64],
    pub discount_minor: i64,
    pub tip_minor: i64,
    pub tax_bp: i64,
    pub commission_bp: i64,
}

/// The price lines: S the service with add-ons, D discounts (never more than S), T tip, X tax on S−D, C commission on S−D.
/// Halves of tax go up, halves of commission in the provider's favour, which is down.
pub fn price(input: PriceInput<'_>) -> Price {
    let add_ons_minor = input.add_ons_minor.iter().sum::<i64>();
    let discount_minor = input.discount_minor.min(input.service_minor + add_ons_minor);
    let base = input.service_minor + add_ons_minor - discount_minor;
    Price {
        service_minor: input.service_minor,
        add_ons_minor,
        discount_minor,
        tip_minor: input.tip_minor,
        tax_minor: share(base, input.tax_bp, WHOLE_BP, Halves::Up),
        commission_minor: share(base, input.commission_bp, WHOLE_BP, Halves::Down),
    }
}

/// A guest leaves a number: nothing else reaches them on the day. Whoever has an account may leave it to that.
pub fn check_reachable(fields: &mut Fields, phone: &str, has_account: bool) {
    fields.check(has_account || !phone.is_empty(), "phone", "Give a phone number, so that they can reach you on the day.");
}

/// A tip is 0 to 100 % of the service with its add-ons.
pub fn check_tip(tip_minor: i64, price: &Price) -> Result<(), Fields> {
    if tip_minor < 0 {
        return Err(Fields::one("tip_minor", "A tip cannot be less than nothing."));
    }
    if tip_minor > price.service_minor + price.add_ons_minor {
        return Err(Fields::one("tip_minor", "A tip can be at most as much as the service itself."));
    }
    Ok(())
}

/// Tips offered as buttons: none, and about 5, 10 and 15 %, in steps that people would choose.
pub fn tip_choices(price: &Price, unit: i64) -> [i64; 4] {
    let base = price.service_minor + price.add_ons_minor;
    let step = |bp: i64| {
        let exact = share(base, bp, WHOLE_BP, Halves::Up);
        let grain = if exact >= 5 * unit { unit } else { (unit / 2).max(1) };
        ((exact + grain / 2) / grain * grain).max(grain).min(base)
    };
    let five = step(500);
    let ten = step(1000).max(five);
    [0, five, ten, step(1500).max(ten)]
}

/// The part that comes back when the customer cancels at `at`, in basis points: the first tier whose time before the start is still ahead, 0 from the start on.
pub fn tier_at(tiers: &[Tier], starts_at: Instant, at: Instant) -> i64 {
    if at >= starts_at {
        return 0;
    }
    tiers.iter().filter(|tier| at <= starts_at.plus_minutes(-tier.before_min)).map(|tier| tier.refund_bp).max().unwrap_or(0)
}

/// One stretch of the refund scale: until when, and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The last moment of this stretch; the start ends the last one that pays.
    pub until: Instant,
    pub refund_bp: i64,
}

/// The stretches from the best to the start, each with what a cancellation in it would give. Reschedules left `lowest_tier_bp`, which caps them all.
pub fn steps(tiers: &[Tier], starts_at: Instant, lowest_tier_bp: i64) -> Vec<Step> {
    let mut ends: Vec<Instant> = tiers.iter().map(|tier| starts_at.plus_minutes(-tier.before_min)).collect();
    ends.push(starts_at);
    ends.sort();
    ends.dedup();
    let mut steps: Vec<Step> = Vec::new();
    for until in ends {
        // The start itself is after the start; the instant before it belongs to the last stretch.
        let at = if until == starts_at { until + -1 } else { until };
        let refund_bp = tier_at(tiers, starts_at, at).min(lowest_tier_bp);
        match steps.last_mut() {
            Some(last) if last.refund_bp == refund_bp => last.until = until,
            _ => steps.push(Step { until, refund_bp }),
        }
    }
    steps
}

/// When the refund becomes less than it is at `at`, if it ever does.
pub fn next_step_at(tiers: &[Tier], starts_at: Instant, lowest_tier_bp: i64, at: Instant) -> Option<Instant> {
    let now = tier_at(tiers, starts_at, at).min(lowest_tier_bp);
    steps(tiers, starts_at, lowest_tier_bp)
        .into_iter()
        .filter(|step| step.until >= at && step.refund_bp == now && now > 0)
        .map(|s| s.until)
        .next()
}

/// Why money goes back, which decides how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The customer cancels: by tier.
    CustomerCancels { at: Instant },
    /// The customer did not come: nothing.
    CustomerNoShow,
    /// The provider or the operator cancels, the provider did not come, or a request came to nothing: everything.
    Whole,
}

/// The part of the base that comes back for this cause, in basis points.
pub fn refund_share(tiers: &[Tier], lowest_tier_bp: i64, starts_at: Instant, cause: Cause) -> i64 {
    match cause {
        Cause::Whole => WHOLE_BP,
        Cause::CustomerNoShow => 0,
        Cause::CustomerCancels { at } => tier_at(tiers, starts_at, at).min(lowest_tier_bp),
    }
}

/// What comes back of a paid booking. The base B is S−D; of what is left of it the tier's part comes back (halves up);
/// tax follows in proportion and commission as round(C·R/B), both cumulatively over all refunds, so that parts add up to the whole.
/// The tip comes back whole unless the job has started or its time has come; for [`Cause::Whole`] always.
pub fn refund(
    price: &Price,
    before: &RefundSoFar,
    tiers: &[Tier],
    lowest_tier_bp: i64,
    starts_at: Instant,
    is_started: bool,
    cause: Cause,
) -> RefundLines {
    let tier_bp = refund_share(tiers, lowest_tier_bp, starts_at, cause);
    let gives_tip = match cause {
        Cause::Whole => true,
        Cause::CustomerNoShow => false,
        Cause::CustomerCancels { at } => !is_started && at < starts_at,
    };
    let base = price.base();
    let left = (base - before.service_minor).max(0);
    let service_minor = share(left, tier_bp, WHOLE_BP, Halves::Up);
    let total = before.service_minor + service_minor;
    let along = |whole: i64, gone: i64| {
        // A free service has no base: what tax or commission there were would be zero too.
        let due = if base == 0 { 0 } else { share(whole, total.min(base), base, Halves::Up) };
        (due - gone).clamp(0, (whole - gone).max(0))
    };
    RefundLines {
        tier_bp,
        service_minor,
        // With nothing of the service coming back, no tax does, whatever earlier refunds rounded.
        tax_minor: if service_minor == 0 { 0 } else { along(price.tax_minor, before.tax_minor) },
        tip_minor: if gives_tip { (price.tip_minor - before.tip_minor).max(0) } else { 0 },
        commission_minor: if service_minor == 0 { 0 } else { along(price.commission_minor, before.commission_minor) },
    }
}

/// Which step may follow which. `expired` leads on only by money that arrives late while the slot is still free and ahead.
pub const fn may_follow(from: Status, to: Status) -> bool {
    use Status::*;
    matches!(
        (from, to),
        (Held, Confirmed | Requested | Expired | Cancelled)
            | (Requested, Confirmed | Declined | Expired | Cancelled)
            | (Confirmed, InProgress | Completed | NoShow | Cancelled)
            | (InProgress, Completed)
            | (Expired, Confirmed | Requested)
    )
}

/// The moment a request lapses: the earlier of 24 h after it and 1 h before the start.
pub fn answer_by(requested_at: Instant, starts_at: Instant) -> Instant {
    requested_at.plus_minutes(ANSWER_WITHIN_MIN).min(starts_at.plus_minutes(-ANSWER_BEFORE_START_MIN))
}

/// From here on either side may report the other as not there.
pub fn no_show_from(starts_at: Instant) -> Instant {
    starts_at.plus_minutes(NO_SHOW_AFTER_MIN)
}

/// When a confirmed booking completes by itself.
pub fn completes_at(ends_at: Instant) -> Instant {
    ends_at.plus_minutes(COMPLETES_AFTER_MIN)
}

/// Whether this side may take this step now. Doors and pages ask the same function.
pub fn may(action: Action, role: ViewerRole, facts: &BookingFacts, now: Instant) -> bool {
    use Action::*;
    use Status::*;
    let customer = matches!(role, ViewerRole::Customer);
    let staff = matches!(role, ViewerRole::Staff | ViewerRole::Operator);
    let either = customer || staff;
    let is_ahead = now < facts.starts_at;
    match action {
        Pay if matches!(facts.status, Requested) => customer && facts.needs_card && facts.answer_by.is_none_or(|by| now < by),
        Pay => customer && matches!(facts.status, Held) && facts.hold_expires_at.is_some_and(|at| now < at),
        // What the team holds for a customer who has not paid yet, it may give back too.
        Release => (customer || staff && facts.is_by_hand) && matches!(facts.status, Held),
        Approve | Decline => staff && matches!(facts.status, Requested) && facts.answer_by.is_none_or(|by| now < by),
        Cancel => either && matches!(facts.status, Requested | Confirmed),
        Reschedule => either && matches!(facts.status, Confirmed) && is_ahead && facts.proposal_by.is_none(),
        Consent | Refuse => match facts.proposal_by {
            // The other side of the proposal answers it.
            Some(Side::Customer) => staff && matches!(facts.status, Confirmed) && is_ahead,
            Some(_) => customer && matches!(facts.status, Confirmed) && is_ahead,
            None => false,
        },
        Withdraw => match facts.proposal_by {
            Some(Side::Customer) => customer,
            Some(_) => staff,
            None => false,
        },
        Start => staff && matches!(facts.status, Confirmed) && now >= facts.starts_at.plus_minutes(-START_EARLY_MIN),
        Complete => staff && (matches!(facts.status, InProgress) || matches!(facts.status, Confirmed) && now >= facts.ends_at),
        Action::NoShow => either && matches!(facts.status, Confirmed) && now >= no_show_from(facts.starts_at),
        OnTheWay => {
            staff
                && matches!(facts.status, Confirmed)
                && !facts.is_on_the_way
                && now >= facts.starts_at.plus_minutes(-ON_THE_WAY_EARLY_MIN)
                && now < facts.ends_at
        }
        RunningLate => {
            staff && matches!(facts.status, Confirmed) && now >= facts.starts_at.plus_minutes(-ON_THE_WAY_EARLY_MIN) && now < facts.ends_at
        }
        Edit => customer && matches!(facts.status, Held | Requested | Confirmed),
        Review => {
            either && matches!(facts.status, Completed) && facts.completed_at.is_some_and(|at| now < at.plus_days(REVIEW_WITHIN_DAYS))
        }
        BookAgain => customer && matches!(facts.status, Completed | Cancelled | Declined | Status::NoShow | Expired),
    }
}

/// Everything this side may do now, in the order pages show it.
pub fn actions(role: ViewerRole, facts: &BookingFacts, now: Instant) -> Vec<Action> {
    Action::ALL.iter().copied().filter(|&action| may(action, role, facts, now)).collect()
}

/// The reference people read to each other: `FT-` and six letters or digits that do not look alike (about 10⁹).
pub fn reference(random: u64) -> String {
    const LETTERS: &[u8; 30] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut text = String::from("FT-");
    let mut rest = random;
    for _ in 0..6 {
        text.push(LETTERS[(rest % 30) as usize] as char);
        rest /= 30;
    }
    text
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
