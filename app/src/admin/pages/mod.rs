//! The operator's pages, as plain components.

mod audit;
mod bookings;
mod overview;
mod payments;
mod people;
mod providers;
mod settings;
mod system;

pub use audit::AuditPage;
pub use bookings::BookingsPage;
pub use overview::OverviewPage;
pub use payments::{PaymentPage, PaymentsPage};
pub use people::{PeoplePage, PersonPage};
pub use providers::{ProviderPage, ProvidersPage};
pub use settings::{CategoriesPage, SettingsPage};
pub use system::SystemPage;
