//! Amounts and currencies, as people type them.

use domain::money::{Currency, Money};
use domain::provider::policy::parse_amount;

pub fn read(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    for code in ["EUR", "JPY", "KWD"] {
        let currency: Currency = code.parse().expect("known");
        if let Some(minor) = parse_amount(&text, currency) {
            assert!(minor >= 0, "{text}");
            assert_eq!(parse_amount(&Money::new(minor, currency).plain(), currency), Some(minor), "{text}");
        }
    }
    if let Ok(currency) = text.parse::<Currency>() {
        assert_eq!(currency.to_string().parse::<Currency>().ok(), Some(currency), "{text}");
    }
}
