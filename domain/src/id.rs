//! Ids: UUIDv7 (RFC 9562), hyphenated text outside, 128 bits inside. The browser needs no uuid crate for them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// The text was not a UUID of 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid id")]
pub struct BadId;

fn parse(text: &str) -> Result<u128, BadId> {
    let bytes = text.as_bytes();
    if bytes.len() != 36 || [8, 13, 18, 23].iter().any(|&at| bytes[at] != b'-') {
        return Err(BadId);
    }
    let mut value: u128 = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 8 | 13 | 18 | 23) {
            continue;
        }
        let digit = (*byte as char).to_digit(16).ok_or(BadId)?;
        value = value << 4 | u128::from(digit);
    }
    Ok(value)
}

fn write(value: u128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let hex = format!("{value:032x}");
    write!(f, "{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// What all ids share, so that `ctx.new_id()` can make any of them.
pub trait Id: Copy + fmt::Display + FromStr {
    fn from_u128(value: u128) -> Self;
    fn as_u128(self) -> u128;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl Id for $name {
            fn from_u128(value: u128) -> Self { Self(value) }
            fn as_u128(self) -> u128 { self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write(self.0, f) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write(self.0, f) }
        }
        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> { parse(text).map(Self) }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.collect_str(self) }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
        #[cfg(feature = "server")]
        crate::sql::id_as_uuid!($name);
    )*};
}

ids! {
    AccountId
    /// Names a session to its owner; no credential.
    SessionId
    /// A browser, before and after it signs in; holds belong to it.
    VisitorId
    TokenId
    LinkId
    InvitationId
    CategoryId
    ProviderId
    ServiceId
    AddOnId
    ResourceId
    ScheduleId
    TimeOffId
    CalendarId
    AllocationId
    BookingId
    PhotoId
    PaymentId
    AttemptId
    RefundId
    LedgerAccountId
    LedgerTransactionId
    ReviewId
    MailId
    JobId
    AuditId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let text = "0193a1c2-7f00-7abc-8def-0123456789ab";
        let id: BookingId = text.parse().expect("a valid id");
        assert_eq!(id.to_string(), text);
        assert_eq!(serde_json::to_string(&id).expect("serialises"), format!("\"{text}\""));
    }

    #[test]
    fn refuses_what_is_not_an_id() {
        for text in [
            "",
            "x",
            "0193a1c2-7f00-7abc-8def-0123456789a",
            "0193a1c2_7f00-7abc-8def-0123456789ab",
            "0193a1c2-7f00-7abc-8def-0123456789ag",
            "éééééééééééééééééé",
        ] {
            assert!(text.parse::<BookingId>().is_err(), "{text}");
        }
    }
}
