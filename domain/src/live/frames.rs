//! From one event to what each topic is told.

use super::topic::{Topic, types};
use crate::event::{Cursor, Event, EventKind};
use crate::time::Instant;
use serde_json::{Value, json};

/// One message on one topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    pub topic: Topic,
    pub kind: &'static str,
    pub data: Value,
    /// Where whoever has heard it stands. An event may tell one topic several things: only the last of them is at the event's own cursor, so that whoever is
    /// cut off between them is told all of them again.
    pub place: Cursor,
}

/// Everything this fact tells anyone.
pub fn frames(event: &Event) -> Vec<Frame> {
    let mut told = Telling { event, frames: Vec::new() };
    use EventKind as K;
    match event.kind {
        K::AvailabilityChanged | K::ProviderSuspended | K::ProviderReinstated => told.availability(None),
        K::ProviderChanged => told.availability(None),
        K::BookingHeld => {
            told.availability(Some(false));
            told.status();
        }
        // The time of a hold that has run out is anyone's: it may be another one's by now.
        K::BookingExpired | K::BookingReleased => {
            told.availability((!has_run_out(event)).then_some(true));
            told.status();
        }
        K::BookingDeclined => {
            told.availability(Some(true));
            told.status();
        }
        K::BookingCancelled => {
            told.availability(Some(true));
            told.status();
            told.both_sides(types::BOOKING_CANCELLED);
        }
        K::BookingRequested | K::BookingConfirmed => {
            // Late money and bookings by hand take a slot that nobody held before.
            told.availability(Some(false));
            told.status();
            told.staff(types::NEW_BOOKING);
        }
        K::BookingRescheduled => {
            told.availability(None);
            told.status();
        }
        K::RescheduleProposed | K::RescheduleDeclined | K::BookingStarted | K::BookingOnTheWay => told.status(),
        // A job that ends early frees the rest of its time, and so does one to which nobody came.
        K::BookingCompleted | K::BookingNoShow => {
            told.availability(None);
            told.status();
        }
        K::BookingRunningLate | K::BookingEdited | K::PaymentStarted | K::PaymentAuthorised | K::PaymentFailed => told.status(),
        // Money that comes too late for the provider to answer frees the time that was held.
        K::PaymentVoided => {
            told.availability(None);
            told.status();
        }
        K::RefundCreated | K::RefundSettled | K::RefundFailed => told.status(),
        K::PaymentPaid => {
            told.status();
            told.both_sides(types::PAYMENT_CONFIRMED);
        }
        K::ReviewPublished => told.both_sides(types::REVIEW_PUBLISHED),
        K::ReviewReplied => told.staff(types::REVIEW_PUBLISHED),
        // What it says is hidden; that it was written stands on the booking's timeline.
        K::ReviewWritten => told.customer(types::BOOKING_STATUS_CHANGED),
        K::ProviderSubmitted | K::ProviderApproved | K::ProviderRejected => {}
        K::AccountRegistered | K::AccountEmailConfirmed | K::AccountSuspended | K::SessionRevoked | K::AccountRolesChanged => {}
        K::CategoriesChanged | K::SettingsChanged | K::MailSent => {}
    }
    let is_decision = matches!(
        event.kind,
        K::ProviderSubmitted | K::ProviderApproved | K::ProviderRejected | K::ProviderSuspended | K::ProviderReinstated
    );
    if is_decision {
        told.staff(types::PROVIDER_STATUS_CHANGED);
    }
    placed(told.frames)
}

/// A hold that was over before it was given up, or before someone said that it was.
fn has_run_out(event: &Event) -> bool {
    let until = event.data.get("hold_expires_at").and_then(Value::as_str).and_then(|text| text.parse::<Instant>().ok());
    until.is_some_and(|until| until <= event.at)
}

fn placed(mut frames: Vec<Frame>) -> Vec<Frame> {
    for at in 1..frames.len() {
        let (before, [frame, ..]) = frames.split_at_mut(at) else { break };
        before.iter_mut().filter(|earlier| earlier.topic == frame.topic).for_each(|earlier| earlier.place.id = frame.place.id - 1);
    }
    frames
}

struct Telling<'a> {
    event: &'a Event,
    frames: Vec<Frame>,
}

impl Telling<'_> {
    fn say(&mut self, topic: Topic, kind: &'static str, data: Value) {
        self.frames.push(Frame { topic, kind, data, place: self.event.cursor });
    }

    fn availability(&mut self, is_free: Option<bool>) {
        let Some(provider) = self.event.provider else { return };
        let mut data = json!({ "provider_id": provider });
        if let (Some(is_free), Some(object)) = (is_free, data.as_object_mut()) {
            object.insert("is_free".to_owned(), is_free.into());
            for key in ["service_id", "starts_at", "ends_at", "resource_ids"] {
                if let Some(value) = self.event.data.get(key) {
                    object.insert(key.to_owned(), value.clone());
                }
            }
        }
        self.say(Topic::Availability(provider), types::AVAILABILITY_UPDATED, data);
    }

    fn about_booking(&self) -> Value {
        let event = self.event;
        let mut data = json!({ "what": event.kind.as_str(), "at": event.at });
        if let Some(object) = data.as_object_mut() {
            if let Some(booking) = event.booking {
                object.insert("booking_id".to_owned(), json!(booking));
            }
            if let Some(provider) = event.provider {
                object.insert("provider_id".to_owned(), json!(provider));
            }
            for key in ["status", "service_id", "starts_at", "ends_at"] {
                if let Some(value) = event.data.get(key) {
                    object.insert(key.to_owned(), value.clone());
                }
            }
        }
        data
    }

    fn customer(&mut self, kind: &'static str) {
        let data = self.about_booking();
        if let Some(account) = self.event.account {
            self.say(Topic::Me(account), kind, data.clone());
        }
        if let Some(booking) = self.event.booking {
            self.say(Topic::Booking(booking), kind, data);
        }
    }

    fn staff(&mut self, kind: &'static str) {
        let data = self.about_booking();
        if let Some(provider) = self.event.provider {
            self.say(Topic::Provider(provider), kind, data.clone());
        }
        self.say(Topic::Admin, kind, data);
    }

    fn both_sides(&mut self, kind: &'static str) {
        self.customer(kind);
        self.staff(kind);
    }

    fn status(&mut self) {
        self.both_sides(types::BOOKING_STATUS_CHANGED);
    }
}
