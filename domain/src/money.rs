//! Money: integer minor units plus an ISO 4217 currency. No floats; mixing currencies is an error.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A percentage in hundredths: 10 000 is the whole.
pub const WHOLE_BP: i64 = 10_000;

/// An ISO 4217 code such as `EUR`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadMoney {
    #[error("not a currency of ISO 4217")]
    UnknownCurrency,
    #[error("amounts of two currencies cannot be added")]
    MixedCurrencies,
    #[error("the amount is too large")]
    TooLarge,
}

impl Currency {
    pub const EUR: Self = Self(*b"EUR");
    pub const GBP: Self = Self(*b"GBP");
    pub const USD: Self = Self(*b"USD");

    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("currency codes are ASCII by construction")
    }
    /// Decimals of the minor unit: 2 for EUR, 0 for JPY, 3 for KWD (ISO 4217 table A.1).
    pub fn decimals(self) -> u32 {
        iso_currency::Currency::from_code(self.code()).and_then(|c| c.exponent()).unwrap_or(2).into()
    }
    /// The sign people write, or the code where the sign would be ambiguous.
    pub fn sign(&self) -> &str {
        match &self.0 {
            b"EUR" => "€",
            b"GBP" => "£",
            b"USD" => "$",
            b"JPY" => "¥",
            b"INR" => "₹",
            _ => self.code(),
        }
    }
}

impl FromStr for Currency {
    type Err = BadMoney;
    fn from_str(text: &str) -> Result<Self, BadMoney> {
        let upper = text.to_ascii_uppercase();
        let known = iso_currency::Currency::from_code(&upper).is_some();
        let code = <[u8; 3]>::try_from(upper.as_bytes()).map_err(|_| BadMoney::UnknownCurrency)?;
        if known { Ok(Self(code)) } else { Err(BadMoney::UnknownCurrency) }
    }
}
impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.code())
    }
}
impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// An amount in minor units (cents) of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Money {
    pub minor: i64,
    #[cfg_attr(feature = "server", schema(value_type = String, example = "EUR"))]
    pub currency: Currency,
}

impl Money {
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }
    pub fn try_add(self, other: Self) -> Result<Self, BadMoney> {
        self.same(other)?;
        self.minor.checked_add(other.minor).map(|minor| Self::new(minor, self.currency)).ok_or(BadMoney::TooLarge)
    }
    pub fn try_sub(self, other: Self) -> Result<Self, BadMoney> {
        self.same(other)?;
        self.minor.checked_sub(other.minor).map(|minor| Self::new(minor, self.currency)).ok_or(BadMoney::TooLarge)
    }
    fn same(self, other: Self) -> Result<(), BadMoney> {
        if self.currency == other.currency { Ok(()) } else { Err(BadMoney::MixedCurrencies) }
    }
    /// `1234.50` with the currency's decimals and no grouping, as forms and files want it.
    pub fn plain(self) -> String {
        let decimals = self.currency.decimals();
        let unit = 10_u64.pow(decimals);
        let minor = self.minor.unsigned_abs();
        let sign = if self.minor < 0 { "-" } else { "" };
        if decimals == 0 {
            return format!("{sign}{minor}");
        }
        format!("{sign}{}.{:0width$}", minor / unit, minor % unit, width = decimals as usize)
    }
    /// The price as cards show it: no decimals when they are zero.
    pub fn short(self) -> String {
        let full = self.to_string();
        let zeros = format!(".{}", "0".repeat(self.currency.decimals() as usize));
        match full.strip_suffix(&zeros) {
            Some(whole) if self.currency.decimals() > 0 => whole.to_owned(),
            _ => full,
        }
    }
}

/// `€1,234.50`, or `CHF 1,234.50`; minor units always shown, minus sign U+2212.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = self.plain();
        let plain = plain.trim_start_matches('-');
        let (whole, fraction) = plain.split_once('.').map_or((plain, None), |(w, f)| (w, Some(f)));
        let mut grouped = String::new();
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at) % 3 == 0 {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        let sign = self.currency.sign();
        let space = if sign.len() == 3 && sign.is_ascii() { "\u{a0}" } else { "" };
        let minus = if self.minor < 0 { "\u{2212}" } else { "" };
        write!(f, "{minus}{sign}{space}{grouped}")?;
        if let Some(fraction) = fraction {
            write!(f, ".{fraction}")?;
        }
        Ok(())
    }
}

/// How halves are rounded when a share of an amount is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halves {
    Up,
    Down,
}

/// `numerator / denominator` of `minor`, to the nearest unit. All must be ≥ 0 and the denominator > 0; 128 bits inside, so it cannot overflow.
pub fn share(minor: i64, numerator: i64, denominator: i64, halves: Halves) -> i64 {
    debug_assert!(minor >= 0 && numerator >= 0 && denominator > 0);
    let product = i128::from(minor) * i128::from(numerator);
    let divisor = i128::from(denominator);
    let (quotient, rest) = (product / divisor, product % divisor);
    let up = match (rest * 2).cmp(&divisor) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => halves == Halves::Up,
        std::cmp::Ordering::Less => false,
    };
    (quotient + i128::from(up)) as i64
}

/// Splits `minor` in proportion to `weights` by the largest remainder, so the parts add up to the whole. Ties go to the earlier part. No weights, or only zeros: everything to the first.
pub fn split(minor: i64, weights: &[i64]) -> Vec<i64> {
    let total: i128 = weights.iter().map(|&w| i128::from(w)).sum();
    let mut parts: Vec<i64> = vec![0; weights.len()];
    if total == 0 {
        if let Some(first) = parts.first_mut() {
            *first = minor;
        }
        return parts;
    }
    let mut rests: Vec<(i128, usize)> = Vec::with_capacity(weights.len());
    for (at, &weight) in weights.iter().enumerate() {
        let product = i128::from(minor) * i128::from(weight);
        parts[at] = (product / total) as i64;
        rests.push((product % total, at));
    }
    let mut left = minor - parts.iter().sum::<i64>();
    rests.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, at) in rests {
        if left == 0 {
            break;
        }
        parts[at] += 1;
        left -= 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(minor: i64, code: &str) -> Money {
        Money::new(minor, code.parse().expect("a currency"))
    }

    #[test]
    fn reads_like_people_write_it() {
        assert_eq!(money(123_450, "EUR").to_string(), "€1,234.50");
        assert_eq!(money(-500, "GBP").to_string(), "\u{2212}£5.00");
        assert_eq!(money(5000, "JPY").to_string(), "¥5,000");
        assert_eq!(money(1234, "KWD").to_string(), "KWD\u{a0}1.234");
        assert_eq!(money(4500, "EUR").short(), "€45");
        assert_eq!(money(4550, "EUR").short(), "€45.50");
        assert_eq!(money(1000, "JPY").short(), "¥1,000");
    }

    #[test]
    fn refuses_to_mix() {
        assert_eq!(money(1, "EUR").try_add(money(1, "USD")), Err(BadMoney::MixedCurrencies));
        assert_eq!(money(i64::MAX, "EUR").try_add(money(1, "EUR")), Err(BadMoney::TooLarge));
        assert!("XX".parse::<Currency>().is_err());
        assert!("EURO".parse::<Currency>().is_err());
    }

    proptest::proptest! {
        #[test]
        fn parts_add_up(minor in 0_i64..1_000_000_000_000, weights in proptest::collection::vec(0_i64..1_000_000, 1..8)) {
            let parts = split(minor, &weights);
            proptest::prop_assert_eq!(parts.iter().sum::<i64>(), minor);
            proptest::prop_assert!(parts.iter().all(|&p| p >= 0));
        }

        #[test]
        fn a_share_is_within_half_a_unit(minor in 0_i64..1_000_000_000_000, bp in 0_i64..=10_000) {
            let got = share(minor, bp, WHOLE_BP, Halves::Down);
            let twice_off = (i128::from(got) * 10_000 - i128::from(minor) * i128::from(bp)) * 2;
            proptest::prop_assert!(twice_off.abs() <= 10_000);
        }
    }
}
