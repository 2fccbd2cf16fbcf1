//! Today, requests, and the calendar by week or day.

pub mod requests;
pub mod today;
pub mod week;

use domain::id::ProviderId;

/// What changes these pages: jobs, and everything else that takes time.
fn topics(provider: ProviderId) -> Vec<String> {
    vec![format!("provider:{provider}"), format!("availability:{provider}")]
}
