//! What the home page and a provider's public page show.

use super::model::{FreeTime, ResultView};
use crate::category::model::CategoryView;
use crate::id::{ResourceId, ServiceId};
use crate::page::Page;
use crate::provider::model::{ProviderView, ServiceView};
use crate::review::model::{Distribution, ReviewView};
use crate::scheduling::model::Availability;
use crate::time::{Date, Instant};
use serde::{Deserialize, Serialize};

/// The home page: what there is, who is free soonest, what people say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HomeView {
    pub categories: Vec<HomeCategory>,
    /// Providers with a free time today, over all categories.
    pub free_today: i64,
    pub provider_count: i64,
    /// Soonest first, each with its free times of today (or of the next day that has any).
    pub soonest: Vec<ResultView>,
    pub voices: Vec<VoiceView>,
    /// Mean of all published reviews in hundredths.
    pub rating: Option<i64>,
    pub review_count: i64,
    pub town: String,
    pub today: Date,
    pub zone: String,
    pub as_of: Instant,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HomeCategory {
    pub category: CategoryView,
    /// Providers of the category with a free time today.
    pub free_today: i64,
}

/// A published review worth quoting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoiceView {
    pub body: String,
    pub author_name: String,
    pub rating: i32,
    pub provider_name: String,
    pub provider_slug: String,
    pub published_at: Instant,
}

/// What a provider's page for strangers was made of; an equal one means that nothing it shows has changed since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileVersion {
    pub epoch: i32,
    pub status: String,
    pub updated_at: Instant,
    /// Of the provider's latest events, by which of them there are: their numbers' hashes, put together. Many, because lower numbers may be committed after
    /// higher ones.
    pub latest: i64,
}

/// Days the booker's strip shows.
pub const PROFILE_DAYS: i32 = 7;

/// What of a provider's page is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileQuery {
    /// The one shown in the booker; the first otherwise.
    pub service: Option<ServiceId>,
    /// Only this person's times.
    pub with: Option<ResourceId>,
    /// First day of the strip; otherwise today, or the first day with a free time if that is later than a week.
    pub from: Option<Date>,
    /// Cursor of later reviews.
    pub reviews: Option<String>,
}

/// A provider's public page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProfileView {
    pub provider: ProviderView,
    pub services: Vec<ServiceView>,
    /// The service shown in the booker.
    pub chosen: Option<ServiceId>,
    /// The chosen service's free times, from today on.
    pub availability: Option<Availability>,
    /// The soonest of all services, for the facts under the name.
    pub soonest: Option<FreeTime>,
    /// The soonest of the chosen service, with anyone.
    pub next_of_chosen: Option<FreeTime>,
    pub reviews: Page<ReviewView>,
    pub distribution: Distribution,
    pub is_favourite: bool,
    /// For structured data and the QR code: the page's absolute address.
    pub url: String,
    /// Today in the provider's zone.
    pub today: Date,
}
