//! Buttons, fields, dialogs, tables, charts: parts that know nothing of bookings or money beyond how to draw them.
//!
//! A part is a plain component with few props; its looks are in `style/kit/`. What varies by datum goes into a custom
//! property (`--part`), never into a rule. Each part stands on `/kit` in every state.

pub mod button;
pub mod chart;
pub mod choice;
#[cfg(test)]
mod contrast;
pub mod cover;
pub mod dial;
pub mod dialog;
pub mod field;
pub mod format;
pub mod icon;
pub mod islands;
pub mod layout;
pub mod menu;
pub mod money;
pub mod rating;
pub mod slot;
/// The page that shows them all.
pub mod specimen;
pub mod table;
pub mod tell;
pub mod timeline;

pub use button::{Button, IconButton, Kind, LinkButton};
pub use chart::{BarChart, Figure, LineChart, Sparkline};
pub use choice::{Check, Chip, Choice, Segment, Segments, Switch};
pub use cover::{Avatar, Cover, CoverShape, ProviderMark, tone_of};
pub use dial::{DialPin, DistanceDial};
pub use dialog::Dialog;
pub use field::{ErrorSummary, Field, Filled, Select, TextArea, inside_textarea};
pub use icon::{Icon, icon, icon_l, icon_s};
pub use layout::{Card, Crumbs, Facts, Pagination, Tab, Tabs, WorkHeader};
pub use menu::{Fold, Menu};
pub use money::{PriceLine, PriceLines, RefundScale, Tier};
pub use rating::{Distribution, Rating, Stars};
pub use slot::{DayButton, DayStrip, SlotButton, SlotRow};
pub use table::{Column, SortBy, Table};
pub use tell::{Badge, Empty, LiveNote, Notice, Skeleton, State, Toast};
pub use timeline::{Moment, Timeline};
