//! How long something takes and when it is: lengths of services, notices and steps of cancelling in forms and in JSON, lengths in calendar
//! files, opening hours, moments and dates.

use super::pairs;
use domain::money::Currency;
use domain::provider::model::{BookingPolicy, ServiceInput};
use domain::provider::policy::{checked_policy, checked_service};
use domain::scheduling::imported::{LONGEST, length_of};
use domain::time::{Date, Instant, minute_of};
use fettle::web::form::Sent;
use fettle::web::provider::forms::{filled_policy, policy_of, service_of};
use fettle::web::scheduling::week_of;

pub fn read(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Ok(at) = text.parse::<Instant>() {
        assert_eq!(at.to_string().parse::<Instant>().ok(), Some(at), "{text}");
    }
    if let Ok(date) = text.parse::<Date>() {
        assert_eq!(date.to_string().parse::<Date>().ok(), Some(date), "{text}");
    }
    assert!(minute_of(&text).is_none_or(|minute| (0..1440).contains(&minute)), "{text}");
    assert!(length_of(&text).is_none_or(|length| (0..=LONGEST).contains(&length)), "{text}");
    let sent = Sent(pairs(input));
    let _ = week_of(&sent);
    service(service_of(&sent, Currency::EUR, None).ok());
    policy(policy_of(&sent).ok());
    service(serde_json::from_slice::<ServiceInput>(input).ok());
    policy(serde_json::from_slice::<BookingPolicy>(input).ok());
}

/// What passes can be reckoned with.
fn service(input: Option<ServiceInput>) {
    let Some(service) = input.and_then(|input| checked_service(input).ok()) else { return };
    let longer: i64 = service.add_ons.iter().map(|extra| extra.extra_min).sum();
    let whole = service.buffer_before_min + service.duration_min + longer + service.buffer_after_min;
    assert!((5..=24 * 1440).contains(&whole), "{service:?}");
}

/// What passes comes back as it was, when its form is saved as it is shown.
fn policy(input: Option<BookingPolicy>) {
    let Some(policy) = input.and_then(|input| checked_policy(input).ok()) else { return };
    let again = policy_of(&Sent(filled_policy(&policy).values)).expect("its own form can be read");
    assert_eq!(checked_policy(again).ok(), Some(policy));
}
