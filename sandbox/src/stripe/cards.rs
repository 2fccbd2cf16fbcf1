//! The test cards by their published numbers (https://docs.stripe.com/testing), and the ready-made payment methods of the same behaviour.

use serde::{Deserialize, Serialize};

/// What the issuer answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Issuer {
    Pays,
    Declines(Decline),
    /// Asks for 3-D Secure first, then answers as `after`.
    Challenges {
        after: Box<Issuer>,
    },
    /// Pays; a refund is pending for a moment, then succeeds.
    PaysRefundPending,
    /// Pays; a refund first succeeds, then fails.
    PaysRefundFails,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decline {
    pub code: String,
    pub decline_code: Option<String>,
    pub message: String,
}

/// A payment method of type card. The number itself is not kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Card {
    pub brand: String,
    pub last4: String,
    pub exp_month: u32,
    pub exp_year: i32,
    pub issuer: Issuer,
}

fn decline(code: &str, decline_code: Option<&str>, message: &str) -> Issuer {
    Issuer::Declines(Decline { code: code.into(), decline_code: decline_code.map(Into::into), message: message.into() })
}

fn generic() -> Issuer {
    decline("card_declined", Some("generic_decline"), "Your card was declined.")
}

fn insufficient() -> Issuer {
    decline("card_declined", Some("insufficient_funds"), "Your card has insufficient funds.")
}

fn challenged(after: Issuer) -> Issuer {
    Issuer::Challenges { after: Box::new(after) }
}

/// How the issuer of this number answers. Unpublished numbers that pass the Luhn check pay, so that any card of the lists works.
pub fn issuer_of(number: &str) -> Issuer {
    match number {
        "4000000000000002" => generic(),
        "4000000000009995" => insufficient(),
        "4000000000009987" => decline("card_declined", Some("lost_card"), "Your card has been declined."),
        "4000000000009979" => decline("card_declined", Some("stolen_card"), "Your card has been declined."),
        "4000000000006975" => {
            decline("card_declined", Some("card_velocity_exceeded"), "Your card was declined for making repeated attempts too frequently.")
        }
        "4000000000000069" => decline("expired_card", None, "Your card has expired."),
        "4000000000000127" => decline("incorrect_cvc", None, "Your card's security code is incorrect."),
        "4000000000000119" => decline("processing_error", None, "An error occurred while processing your card. Try again in a little bit."),
        "4000002500003155" | "4000002760003184" | "4000000000003220" | "4000000000003063" => challenged(Issuer::Pays),
        "4000008260003178" => challenged(insufficient()),
        "4000008400001629" => challenged(generic()),
        "4000000000007726" => Issuer::PaysRefundPending,
        "4000000000005126" => Issuer::PaysRefundFails,
        _ => Issuer::Pays,
    }
}

pub fn brand_of(number: &str) -> &'static str {
    let two = number.get(..2).and_then(|n| n.parse::<u32>().ok()).unwrap_or(0);
    let four = number.get(..4).and_then(|n| n.parse::<u32>().ok()).unwrap_or(0);
    match (two, four) {
        (34 | 37, _) => "amex",
        (51..=55, _) | (_, 2221..=2720) => "mastercard",
        (60 | 65, _) => "discover",
        (30 | 36 | 38, _) => "diners",
        (35, _) => "jcb",
        (62, _) => "unionpay",
        (40..=49, _) => "visa",
        _ => "unknown",
    }
}

/// The Luhn check (ISO/IEC 7812-1 annex B).
pub fn passes_luhn(number: &str) -> bool {
    let mut sum = 0;
    for (at, byte) in number.bytes().rev().enumerate() {
        if !byte.is_ascii_digit() {
            return false;
        }
        let digit = u32::from(byte - b'0');
        sum += match (at % 2, digit) {
            (0, d) => d,
            (_, d) if d > 4 => d * 2 - 9,
            (_, d) => d * 2,
        };
    }
    (12..=19).contains(&number.len()) && sum % 10 == 0
}

/// What a card form sends, checked as the form of the gateway does.
pub fn from_form(number: &str, month: &str, year: &str, cvc: &str, now_year: i32, now_month: u32) -> Result<Card, Decline> {
    let wrong = |code: &str, message: &str| Decline { code: code.into(), decline_code: None, message: message.into() };
    let number: String = number.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    if number.is_empty() {
        return Err(wrong("incomplete_number", "Your card number is incomplete."));
    }
    if !passes_luhn(&number) {
        return Err(wrong("incorrect_number", "Your card number is invalid."));
    }
    let exp_month: u32 = month.trim().parse().unwrap_or(0);
    let mut exp_year: i32 = year.trim().parse().unwrap_or(0);
    if exp_year < 100 {
        exp_year += 2000;
    }
    if !(1..=12).contains(&exp_month) {
        return Err(wrong("invalid_expiry_month", "Your card's expiration date is incomplete."));
    }
    if (exp_year, exp_month) < (now_year, now_month) || exp_year > now_year + 50 {
        return Err(wrong("invalid_expiry_year_past", "Your card's expiration year is in the past."));
    }
    let cvc = cvc.trim();
    if !(3..=4).contains(&cvc.len()) || !cvc.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong("incomplete_cvc", "Your card's security code is incomplete."));
    }
    let last4 = number[number.len() - 4..].to_owned();
    Ok(Card { brand: brand_of(&number).into(), last4, exp_month, exp_year, issuer: issuer_of(&number) })
}

/// `pm_card_visa` and its siblings.
pub fn ready_made(id: &str) -> Option<Card> {
    let number = match id {
        "pm_card_visa" => "4242424242424242",
        "pm_card_mastercard" => "5555555555554444",
        "pm_card_amex" => "378282246310005",
        "pm_card_visa_chargeDeclined" | "pm_card_chargeDeclined" => "4000000000000002",
        "pm_card_visa_chargeDeclinedInsufficientFunds" | "pm_card_chargeDeclinedInsufficientFunds" => "4000000000009995",
        "pm_card_chargeDeclinedExpiredCard" => "4000000000000069",
        "pm_card_chargeDeclinedIncorrectCvc" => "4000000000000127",
        "pm_card_chargeDeclinedProcessingError" => "4000000000000119",
        "pm_card_authenticationRequired" => "4000002760003184",
        "pm_card_threeDSecure2Required" => "4000000000003220",
        "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds" => "4000008260003178",
        "pm_card_pendingRefund" => "4000000000007726",
        "pm_card_refundFail" => "4000000000005126",
        _ => return None,
    };
    let last4 = number[number.len() - 4..].to_owned();
    Some(Card { brand: brand_of(number).into(), last4, exp_month: 8, exp_year: 2040, issuer: issuer_of(number) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_numbers_answer_as_published() {
        assert_eq!(issuer_of("4242424242424242"), Issuer::Pays);
        assert!(matches!(issuer_of("4000000000009995"), Issuer::Declines(d) if d.decline_code.as_deref() == Some("insufficient_funds")));
        assert!(matches!(issuer_of("4000002500003155"), Issuer::Challenges { after } if *after == Issuer::Pays));
        assert!(passes_luhn("4000000000003220") && passes_luhn("378282246310005") && !passes_luhn("4242424242424241"));
        assert_eq!(brand_of("5555555555554444"), "mastercard");
    }

    #[test]
    fn a_form_is_checked_like_the_gateway_does() {
        let code = |n, m, y, c| from_form(n, m, y, c, 2026, 11).map(|card| card.last4).map_err(|d| d.code);
        assert_eq!(code("4242 4242 4242 4242", "12", "34", "123"), Ok("4242".into()));
        assert_eq!(code("4242 4242 4242 4241", "12", "34", "123"), Err("incorrect_number".into()));
        assert_eq!(code("4242424242424242", "10", "26", "123"), Err("invalid_expiry_year_past".into()));
        assert_eq!(code("4242424242424242", "12", "34", "1"), Err("incomplete_cvc".into()));
    }
}
