//! Views and filters of the operator's pages, shared with the browser.

use super::sort::Sort;
use crate::id::{AccountId, AttemptId, AuditId, BookingId, CategoryId, JobId, MailId, PaymentId, ProviderId, RefundId};
use crate::money::{Currency, Money};
use crate::time::{Date, Instant};
use serde::{Deserialize, Serialize};

/// One figure day by day, oldest first, and the same number of days before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Series {
    pub values: Vec<i64>,
    pub before: Vec<i64>,
}

impl Series {
    pub fn total(&self) -> i64 {
        self.values.iter().sum()
    }
    pub fn total_before(&self) -> i64 {
        self.before.iter().sum()
    }
    /// In basis points of the span before; None where there was nothing to compare with.
    pub fn change_bp(&self) -> Option<i64> {
        let before = self.total_before();
        (before != 0).then(|| (self.total() - before) * 10_000 / before.abs())
    }
}

/// The state of the business over some days up to today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Overview {
    pub from: Date,
    /// Inclusive: today.
    pub to: Date,
    /// The zone whose days are counted.
    pub zone: String,
    /// Of the money figures; others exist beside it in `currencies`.
    #[cfg_attr(feature = "server", schema(value_type = String))]
    pub currency: Currency,
    #[cfg_attr(feature = "server", schema(value_type = Vec<String>))]
    pub currencies: Vec<Currency>,
    /// Requested or confirmed that day.
    pub bookings: Series,
    /// Captured from customers, tips and tax included.
    pub volume_minor: Series,
    /// Commission earned, less what was given back.
    pub commission_minor: Series,
    pub refunds_minor: Series,
    /// Who made an account; guests apart.
    pub people: Series,
    pub active_providers: i64,
    /// Of those, with a booking made in the span.
    pub booked_providers: i64,
    pub attention: Vec<Attention>,
    pub latest: Vec<BookingLine>,
}

/// Something that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Attention {
    /// `applications`, `payments`, `refunds`, `mails`, `jobs`, `requests`.
    pub kind: String,
    pub count: i64,
    pub oldest_at: Option<Instant>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingFilter {
    /// A reference, or part of a name or address.
    pub q: Option<String>,
    /// None: all but holds that lapsed.
    pub status: Option<String>,
    pub provider: Option<ProviderId>,
    pub customer: Option<AccountId>,
    /// Requested or confirmed on these days.
    pub made_from: Option<Date>,
    pub made_to: Option<Date>,
    pub starts_from: Option<Date>,
    pub starts_to: Option<Date>,
    /// None: newest first.
    pub sort: Option<Sort>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct BookingLine {
    pub id: BookingId,
    pub reference: String,
    pub provider_id: ProviderId,
    pub provider_name: String,
    pub customer_id: Option<AccountId>,
    pub customer_name: String,
    pub customer_email: String,
    pub service_name: String,
    pub starts_at: Instant,
    /// The place's own.
    pub zone: String,
    pub status: String,
    pub total: Money,
    pub created_at: Instant,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeopleFilter {
    pub q: Option<String>,
    /// `admin`, `support`, `staff`, `guest`, `suspended`, `unconfirmed`; None: everyone but guests.
    pub kind: Option<String>,
    /// None: newest first.
    pub sort: Option<Sort>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct PersonLine {
    pub id: AccountId,
    pub name: String,
    pub email: String,
    pub is_email_confirmed: bool,
    pub is_guest: bool,
    pub is_admin: bool,
    pub is_support: bool,
    pub suspended_at: Option<Instant>,
    pub created_at: Instant,
    pub bookings: i64,
    /// The businesses they work for.
    pub workplaces: Vec<String>,
}

/// One person with what surrounds them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct PersonView {
    pub person: PersonLine,
    pub phone: Option<String>,
    pub zone: Option<String>,
    pub places: Vec<(ProviderId, String, String)>,
    pub bookings: Vec<BookingLine>,
    pub payments: Vec<PaymentLine>,
    pub sessions: Vec<SessionLine>,
    /// By them or about them.
    pub audit: Vec<AuditLine>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct SessionLine {
    pub device: String,
    pub address: Option<String>,
    pub created_at: Instant,
    pub seen_at: Instant,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderFilter {
    /// Part of a name or address.
    pub q: Option<String>,
    /// None: all.
    pub status: Option<String>,
    /// None: newest first.
    pub sort: Option<Sort>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ProviderLine {
    pub id: ProviderId,
    pub slug: String,
    pub name: String,
    pub category: Option<String>,
    pub town: String,
    pub status: String,
    pub status_reason: Option<String>,
    pub is_verified: bool,
    pub submitted_at: Option<Instant>,
    pub decided_at: Option<Instant>,
    pub created_at: Instant,
    pub owner_name: Option<String>,
    pub owner_email: Option<String>,
    pub services: i64,
    pub bookings: i64,
}

/// How many providers there are in each status.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct StatusCounts {
    pub draft: i64,
    pub submitted: i64,
    pub active: i64,
    pub rejected: i64,
    pub suspended: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentFilter {
    /// A booking's reference, a payer's address, or an id of ours or the gateway's.
    pub q: Option<String>,
    pub status: Option<String>,
    /// Paid on these days.
    pub paid_from: Option<Date>,
    pub paid_to: Option<Date>,
    /// `unresolved` or `refund_failed`.
    pub trouble: Option<String>,
    pub payer: Option<AccountId>,
    /// None: newest first.
    pub sort: Option<Sort>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct PaymentLine {
    pub id: PaymentId,
    pub booking_id: BookingId,
    pub reference: String,
    pub provider_name: String,
    pub payer_name: String,
    pub payer_email: String,
    pub status: String,
    pub amount: Money,
    pub refunded: Money,
    pub card: Option<String>,
    pub created_at: Instant,
}

/// A payment with everything known about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct PaymentDetail {
    pub payment: PaymentLine,
    /// Captured and not yet given back.
    pub refundable: Money,
    pub attempts: Vec<AttemptLine>,
    pub refunds: Vec<RefundLine>,
    pub messages: Vec<MessageLine>,
    pub ledger: Vec<LedgerLine>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct AttemptLine {
    pub id: AttemptId,
    pub gateway: String,
    pub gateway_ref: Option<String>,
    pub status: String,
    pub failure: Option<String>,
    pub amount_minor: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct RefundLine {
    pub id: RefundId,
    pub amount: Money,
    pub status: String,
    pub reason: String,
    pub by: String,
    pub failure: Option<String>,
    pub created_at: Instant,
}

/// What a gateway told us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct MessageLine {
    pub gateway: String,
    pub event_id: String,
    pub kind: String,
    pub received_at: Instant,
    pub applied_at: Option<Instant>,
    pub outcome: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct LedgerLine {
    pub at: Instant,
    pub memo: String,
    /// The pot, and the provider's name where it is theirs.
    pub account: String,
    /// Debits positive, credits negative.
    pub amount: Money,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFilter {
    /// Part of a name or address, or an account's id.
    pub who: Option<String>,
    /// Or its beginning: `booking.` is every act on bookings.
    pub action: Option<String>,
    /// A kind, an id, or both as `kind:id`.
    pub subject: Option<String>,
    pub from: Option<Date>,
    pub to: Option<Date>,
    /// None: newest first.
    pub sort: Option<Sort>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct AuditLine {
    pub id: AuditId,
    pub at: Instant,
    pub actor_id: Option<AccountId>,
    /// A name, or which part of the system.
    pub actor: String,
    pub action: String,
    pub subject_kind: String,
    pub subject_id: String,
    pub reason: Option<String>,
    pub data: serde_json::Value,
    pub address: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct CategoryLine {
    pub id: CategoryId,
    pub slug: String,
    pub name: String,
    pub description: String,
    pub icon: String,
    pub tone: i32,
    pub position: i32,
    pub commission_bp: Option<i32>,
    pub is_hidden: bool,
    pub services: i64,
}

/// None as id makes a new one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct SaveCategory {
    pub id: Option<CategoryId>,
    pub name: String,
    pub slug: String,
    #[serde(default)]
    pub description: String,
    /// Lucide's name.
    pub icon: String,
    /// 1 to 8.
    pub tone: i32,
    #[serde(default)]
    pub position: i32,
    pub commission_bp: Option<i32>,
    #[serde(default)]
    pub is_hidden: bool,
}

/// How the house is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct SystemView {
    pub database_version: String,
    /// Bytes.
    pub database_size: i64,
    pub connections: i64,
    pub nodes: Vec<NodeLine>,
    pub jobs_waiting: i64,
    pub jobs_running: i64,
    /// Done within 24 h.
    pub jobs_done: i64,
    /// How late the job is that is due longest, in seconds; 0 if none is.
    pub late_s: i64,
    pub dead_jobs: Vec<JobLine>,
    /// Within 24 h.
    pub events: i64,
    /// Seconds since the oldest transaction began that readers of events wait for.
    pub horizon_age_s: i64,
    pub mails_queued: i64,
    pub mails_sent: i64,
    pub failed_mails: Vec<MailLine>,
    pub messages: Vec<MessageLine>,
    pub levels: Vec<ServiceLevel>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct NodeLine {
    pub id: String,
    pub version: String,
    pub started_at: Instant,
    pub seen_at: Instant,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct JobLine {
    pub id: JobId,
    pub kind: String,
    pub attempts: i32,
    pub last_error: Option<String>,
    pub created_at: Instant,
    pub dead_at: Instant,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct MailLine {
    pub id: MailId,
    pub template: String,
    pub to_address: String,
    pub subject: String,
    pub failure: Option<String>,
    pub created_at: Instant,
}

/// A promise and how it is kept; `good` of `all` over 30 days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ServiceLevel {
    pub name: String,
    pub good: i64,
    pub all: i64,
    /// In basis points.
    pub goal_bp: i64,
}

impl ServiceLevel {
    /// None while there is nothing to measure.
    pub fn kept_bp(&self) -> Option<i64> {
        (self.all > 0).then(|| self.good * 10_000 / self.all)
    }
}

/// What a refund by hand would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct RefundPreview {
    /// Goes back to the customer: the sum of the next three.
    pub amount: Money,
    pub from_provider: Money,
    /// Commission given back.
    pub from_platform: Money,
    pub from_tax: Money,
    /// Can still be given back afterwards.
    pub left_after: Money,
}
