//! Pure decisions: the sentence for a decline, whether a newer word of the gateway counts, how a refund by hand is split.

use super::model::{AttemptStatus, NextStep, PaymentStatus, PaymentView};
use crate::money::{Halves, share, split};

/// At least so many digits in a row may be a card's number (ISO/IEC 7812-1).
const CARD_DIGITS: usize = 12;

/// Whether this may be a payment method of the gateway. What may be a card's number is none: it is neither kept nor passed on, for a gateway that knows no
/// such method says so in words that quote it.
pub fn may_be_method(text: &str) -> bool {
    let is_name = text.len() <= 255 && text.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    is_name && is_plain && text.replace(['-', '_'], "").split(|c: char| !c.is_ascii_digit()).all(|digits| digits.len() < CARD_DIGITS)
}

/// What happened and what to do, for the gateway's code of a refused card. Reasons that would help a thief (lost, stolen) are not told.
pub fn decline_sentence(code: &str) -> &'static str {
    match code {
        "insufficient_funds" => "Your card has not enough money for this. Nothing was charged. Try another card.",
        "expired_card" => "Your card has expired. Nothing was charged. Try another card.",
        "incorrect_cvc" | "invalid_cvc" | "incomplete_cvc" => {
            "The security code is not right. Nothing was charged. Check the code on your card and try again."
        }
        "incorrect_number" | "invalid_number" | "incomplete_number" => {
            "The card number is not right. Nothing was charged. Check it and try again."
        }
        "invalid_expiry_month" | "invalid_expiry_year" | "invalid_expiry_year_past" | "incomplete_expiry" => {
            "The expiry date is not right. Nothing was charged. Check it and try again."
        }
        "processing_error" | "issuer_not_available" | "try_again_later" => {
            "Your bank could not answer just now. Nothing was charged. Try again in a moment, or use another card."
        }
        "payment_intent_authentication_failure" | "authentication_failure" => {
            "Your bank did not confirm the payment. Nothing was charged. Try again, or use another card."
        }
        "challenge_abandoned" | "authentication_required" => {
            "The confirmation with your bank was not finished. Nothing was charged. Pay again to get back to it."
        }
        "card_velocity_exceeded" | "withdrawal_count_limit_exceeded" => {
            "Your bank has stopped payments with this card for now. Nothing was charged. Try another card."
        }
        "currency_not_supported" | "card_not_supported" => {
            "Your card does not take payments of this kind. Nothing was charged. Try another card."
        }
        "amount_too_small" => "This amount is too small for a card. Nothing was charged.",
        _ => "Your card was declined. Nothing was charged. Try another card.",
    }
}

/// Why the last try has not paid, in a sentence; None when nothing was tried or nothing is wrong. `is_certain`: the gateway was asked just now;
/// without its answer nobody may say that nothing was charged.
pub fn trouble(payment: &PaymentView, is_certain: bool) -> Option<&'static str> {
    use AttemptStatus::*;
    if !matches!(payment.status, PaymentStatus::Pending | PaymentStatus::Failed) {
        return None;
    }
    let attempt = payment.attempt?;
    let is_begun = !matches!(attempt, RequiresMethod) || matches!(payment.next, Some(NextStep::Redirect { .. }));
    match (attempt, payment.failure_code.as_deref()) {
        (Created | Unknown | Processing, _) => Some(STILL_OPEN),
        (RequiresMethod | RequiresAction, None) if !is_certain && is_begun => Some(STILL_OPEN),
        (_, Some(code)) => Some(decline_sentence(code)),
        (RequiresAction, None) => Some(decline_sentence("challenge_abandoned")),
        (RequiresMethod, None) if is_begun => Some("The payment was not finished. Nothing was charged. Pay again to go on with it."),
        (Failed, None) => Some("The payment was not taken. Nothing was charged. Try again, or use another card."),
        _ => None,
    }
}

const STILL_OPEN: &str = "Your last payment is still on its way, and we do not know yet how it ends. You will not be charged twice.";

/// Whether an answer to the last try is still to come: to be waited for, not tried again.
pub fn is_under_way(payment: &PaymentView, is_certain: bool) -> bool {
    trouble(payment, is_certain) == Some(STILL_OPEN)
}

/// Whether an attempt may go from one status to another. What is settled stays so, whatever older message comes later.
pub const fn may_follow(from: AttemptStatus, to: AttemptStatus) -> bool {
    use AttemptStatus::*;
    match from {
        Succeeded => false,
        // a page or intent that was given up may turn out to have been paid just before
        Cancelled | Failed => matches!(to, Succeeded | Authorised),
        Authorised => matches!(to, Succeeded | Cancelled | Failed),
        _ => true,
    }
}

/// The status of a captured payment by what has gone back of it.
pub const fn status_after(captured_minor: i64, refunded_minor: i64) -> PaymentStatus {
    if refunded_minor <= 0 {
        PaymentStatus::Paid
    } else if refunded_minor < captured_minor {
        PaymentStatus::PartlyRefunded
    } else {
        PaymentStatus::Refunded
    }
}

/// The parts of a payment that are left, or of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Left {
    pub service_minor: i64,
    pub tax_minor: i64,
    pub tip_minor: i64,
    pub commission_minor: i64,
}

impl Left {
    pub const fn total(&self) -> i64 {
        self.service_minor + self.tax_minor + self.tip_minor
    }
}

/// A refund by hand of `amount` (0 to what is left) over the parts in proportion, by the largest remainder. Commission follows the service part,
/// and all of it comes back with the last of the service.
pub fn by_hand(amount: i64, left: Left) -> Left {
    let parts = split(amount, &[left.service_minor, left.tax_minor, left.tip_minor]);
    let commission_minor = if left.service_minor == 0 { 0 } else { share(left.commission_minor, parts[0], left.service_minor, Halves::Up) };
    Left { service_minor: parts[0], tax_minor: parts[1], tip_minor: parts[2], commission_minor }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_published_decline_has_its_sentence() {
        for code in
            ["card_declined", "insufficient_funds", "expired_card", "incorrect_cvc", "processing_error", "lost_card", "anything_new"]
        {
            let sentence = decline_sentence(code);
            assert!(sentence.contains("Nothing was charged"), "{code}");
        }
        assert_eq!(decline_sentence("lost_card"), decline_sentence("card_declined"), "a thief learns nothing");
    }

    #[test]
    fn a_cards_number_is_no_payment_method() {
        for method in ["pm_card_visa", "pm_1MqLiJLkdIwHu7ixUEgbFdYF", "card_1NXWPnL6h8kT"] {
            assert!(may_be_method(method), "{method}");
        }
        for other in [
            "",
            "4242424242424242",
            "4242 4242 4242 4242",
            "pm_4242424242424242",
            "pm_4242-4242-4242-4242",
            "pm 1",
            "pm_1\n",
            "p".repeat(256).as_str(),
        ] {
            assert!(!may_be_method(other), "{other}");
        }
    }

    #[test]
    fn nothing_older_undoes_what_is_settled() {
        use AttemptStatus::*;
        for older in [Created, RequiresMethod, RequiresAction, Processing, Authorised, Cancelled, Failed, Unknown] {
            assert!(!may_follow(Succeeded, older));
        }
        assert!(!may_follow(Authorised, RequiresAction));
        assert!(may_follow(Cancelled, Succeeded));
        assert!(may_follow(RequiresAction, RequiresMethod));
    }

    proptest! {
        #[test]
        fn refunds_by_hand_add_up_to_the_whole(service in 0_i64..1_000_000, tax in 0_i64..100_000, tip in 0_i64..100_000, bp in 0_i64..=10_000, cuts in proptest::collection::vec(1_i64..500_000, 0..6)) {
            let mut left = Left { service_minor: service, tax_minor: tax, tip_minor: tip, commission_minor: service * bp / 10_000 };
            for cut in cuts.into_iter().chain([i64::MAX]) {
                let amount = cut.min(left.total());
                let part = by_hand(amount, left);
                prop_assert_eq!(part.total(), amount);
                for (part, left) in [(part.service_minor, left.service_minor), (part.tax_minor, left.tax_minor), (part.tip_minor, left.tip_minor), (part.commission_minor, left.commission_minor)] {
                    prop_assert!(part >= 0 && part <= left);
                }
                left = Left {
                    service_minor: left.service_minor - part.service_minor,
                    tax_minor: left.tax_minor - part.tax_minor,
                    tip_minor: left.tip_minor - part.tip_minor,
                    commission_minor: left.commission_minor - part.commission_minor,
                };
            }
            prop_assert_eq!(left, Left::default());
        }
    }
}
