//! What both sides say afterwards, as pages and programs see it.

use crate::id::{BookingId, ProviderId, ReviewId};
use crate::time::Instant;
use serde::{Deserialize, Serialize};

/// Days after completion in which both sides may write.
pub const WINDOW_DAYS: i64 = 7;
pub const MAX_BODY: usize = 2000;

/// Who writes about whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The customer about the provider; public.
    Customer,
    /// The provider about the customer; for providers only.
    Provider,
}

impl Side {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Provider => "provider",
        }
    }
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "customer" => Some(Self::Customer),
            "provider" => Some(Self::Provider),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ReviewView {
    pub id: ReviewId,
    pub provider_id: ProviderId,
    pub side: Side,
    /// First name and initial: "Maud F."
    pub author_name: String,
    /// 1 to 5.
    pub rating: i32,
    /// Empty: stars only.
    pub body: String,
    pub service_name: String,
    pub reply: Option<String>,
    pub replied_at: Option<Instant>,
    pub written_at: Instant,
    /// None while hidden.
    pub published_at: Option<Instant>,
}

/// How many reviews gave how many stars.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Distribution {
    /// One star first.
    pub counts: [i64; 5],
}

impl Distribution {
    pub fn total(&self) -> i64 {
        self.counts.iter().sum()
    }
    /// The mean in hundredths, halves up.
    pub fn mean_hundredths(&self) -> Option<i64> {
        let total = self.total();
        let sum: i64 = self.counts.iter().zip(1..).map(|(count, stars)| count * stars).sum();
        (total > 0).then(|| (sum * 200 + total) / (total * 2))
    }
}

/// What someone is about to review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ReviewFormView {
    pub booking_id: BookingId,
    pub reference: String,
    pub side: Side,
    /// The provider's or the customer's name.
    pub about: String,
    pub service_name: String,
    pub completed_at: Instant,
    /// The last moment to write.
    pub due_at: Instant,
    /// What this side has written already; it cannot be changed.
    pub mine: Option<ReviewView>,
    /// What the other side wrote, once it is published.
    pub theirs: Option<ReviewView>,
    pub is_open: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct WriteReview {
    /// 1 to 5.
    pub rating: i32,
    #[serde(default)]
    pub body: String,
}

/// A "no" of this room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewRefusal {
    NotCompleted,
    TooLate,
    AlreadyWritten,
    EmailNotConfirmed,
    AlreadyReplied,
    /// By whoever works for it.
    OwnBusiness,
}

impl crate::error::Refuse for ReviewRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotCompleted => "not_completed",
            Self::TooLate => "review_closed",
            Self::AlreadyWritten => "already_reviewed",
            Self::EmailNotConfirmed => "email_not_confirmed",
            Self::AlreadyReplied => "already_replied",
            Self::OwnBusiness => "own_business",
        }
    }
    fn sentence(&self) -> String {
        match self {
            Self::NotCompleted => "A review can be written once the job is done.",
            Self::TooLate => "Reviews can be written for seven days after a job, and those are over.",
            Self::AlreadyWritten => "You have written your review of this booking. Reviews are not changed afterwards.",
            Self::EmailNotConfirmed => "Confirm your e-mail address first. The link is in the mail we sent you.",
            Self::AlreadyReplied => "This review has its reply already.",
            Self::OwnBusiness => "You work for this business, so its reviews are for others to write.",
        }
        .to_owned()
    }
}
