//! Domain events: facts that verbs recorded, which everything else reacts to.

use crate::id::{AccountId, BookingId, ProviderId};
use crate::time::Instant;
use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What happened. The text is stored and never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum EventKind { $($(#[$doc])* $name,)* }

        impl EventKind {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

kinds! {
    AccountRegistered = "account.registered",
    AccountEmailConfirmed = "account.email_confirmed",
    AccountSuspended = "account.suspended",
    /// A session, all sessions or an API token of the account ended: its sockets close.
    SessionRevoked = "account.session_revoked",
    /// What the account may do with us or in a team changed: its open sockets are asked anew.
    AccountRolesChanged = "account.roles_changed",

    ProviderSubmitted = "provider.submitted",
    ProviderApproved = "provider.approved",
    ProviderRejected = "provider.rejected",
    ProviderSuspended = "provider.suspended",
    ProviderReinstated = "provider.reinstated",
    /// Profile, services, team or resources changed: what search and provider pages show.
    ProviderChanged = "provider.changed",
    CategoriesChanged = "category.changed",
    SettingsChanged = "settings.changed",

    /// Hours, overrides, time off, blocked time or imported busy time changed: free times may differ.
    AvailabilityChanged = "availability.changed",

    BookingHeld = "booking.held",
    BookingExpired = "booking.expired",
    /// The customer gave a hold back.
    BookingReleased = "booking.released",
    BookingRequested = "booking.requested",
    BookingConfirmed = "booking.confirmed",
    BookingDeclined = "booking.declined",
    BookingCancelled = "booking.cancelled",
    BookingRescheduled = "booking.rescheduled",
    /// A new time waits for the other side's yes.
    RescheduleProposed = "booking.reschedule_proposed",
    RescheduleDeclined = "booking.reschedule_declined",
    BookingStarted = "booking.started",
    BookingCompleted = "booking.completed",
    BookingNoShow = "booking.no_show",
    BookingOnTheWay = "booking.on_the_way",
    BookingRunningLate = "booking.running_late",
    /// Notes, contact, photos or address changed.
    BookingEdited = "booking.edited",

    PaymentStarted = "payment.started",
    PaymentAuthorised = "payment.authorised",
    PaymentPaid = "payment.paid",
    PaymentFailed = "payment.failed",
    PaymentVoided = "payment.voided",
    RefundCreated = "refund.created",
    RefundSettled = "refund.settled",
    RefundFailed = "refund.failed",

    ReviewWritten = "review.written",
    ReviewPublished = "review.published",
    ReviewReplied = "review.replied",

    MailSent = "mail.sent",
}

/// A fact about to be recorded. `booking`, `provider` and `account` (the customer, or the person concerned) say whom it touches and so who hears of it.
#[derive(Debug, Clone)]
pub struct NewEvent {
    pub kind: EventKind,
    pub booking: Option<BookingId>,
    pub provider: Option<ProviderId>,
    pub account: Option<AccountId>,
    pub data: serde_json::Value,
}

impl NewEvent {
    pub fn new(kind: EventKind) -> Self {
        Self { kind, booking: None, provider: None, account: None, data: serde_json::Value::Object(serde_json::Map::new()) }
    }
    pub fn booking(mut self, id: BookingId) -> Self {
        self.booking = Some(id);
        self
    }
    pub fn provider(mut self, id: ProviderId) -> Self {
        self.provider = Some(id);
        self
    }
    pub fn account(mut self, id: impl Into<Option<AccountId>>) -> Self {
        self.account = id.into();
        self
    }
    /// An object; no secrets and no addresses, since many read it.
    pub fn data(mut self, data: serde_json::Value) -> Self {
        self.data = data;
        self
    }
}

/// A fact as read from the spine.
#[derive(Debug, Clone)]
pub struct Event {
    pub cursor: Cursor,
    pub at: Instant,
    pub kind: EventKind,
    pub booking: Option<BookingId>,
    pub provider: Option<ProviderId>,
    pub account: Option<AccountId>,
    pub actor: Option<AccountId>,
    pub data: serde_json::Value,
}

/// A place in the spine. Ordered by (epoch, xid, id); opaque text outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cursor {
    pub epoch: i32,
    pub xid: u64,
    pub id: i64,
}

impl std::fmt::Display for Cursor {
    /// Fixed width, so that text order is cursor order.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04x}{:016x}{:016x}", self.epoch, self.xid, self.id)
    }
}

impl std::str::FromStr for Cursor {
    type Err = crate::id::BadId;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() != 36 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(crate::id::BadId);
        }
        let hex = |range: std::ops::Range<usize>| u64::from_str_radix(&text[range], 16).map_err(|_| crate::id::BadId);
        Ok(Self { epoch: hex(0..4)? as i32, xid: hex(4..20)?, id: i64::try_from(hex(20..36)?).map_err(|_| crate::id::BadId)? })
    }
}
