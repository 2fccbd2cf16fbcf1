//! Categories as pages and programs see them.

use crate::id::CategoryId;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct CategoryView {
    pub id: CategoryId,
    pub slug: String,
    pub name: String,
    pub description: String,
    /// Lucide's name.
    pub icon: String,
    /// 1 to 8.
    pub tone: i32,
    /// Active providers with a service in it.
    pub provider_count: i64,
}

/// Enough to name a category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryName {
    pub id: CategoryId,
    pub slug: String,
    pub name: String,
}
