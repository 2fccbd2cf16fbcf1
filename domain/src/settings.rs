//! What an operator may change while Fettle runs. A key without a row has its default; a row that no longer fits is ignored.

use crate::error::Fields;
use crate::provider::model::{CancelTier, CancelTiers};
use serde::{Deserialize, Serialize};

macro_rules! settings {
    ($($(#[$doc:meta])* $name:ident = $default:literal, $range:expr, $group:ident, $unit:ident, $label:literal;)*) => {
        /// All settings, typed.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
        #[serde(default)]
        pub struct Settings {
            $($(#[$doc])* pub $name: i64,)*
            /// The refund policy a new provider begins with.
            pub cancel_tiers: CancelTiers,
        }

        impl Default for Settings {
            fn default() -> Self {
                Self {
                    $($name: $default,)*
                    cancel_tiers: CancelTiers::default(),
                }
            }
        }

        /// The numbers among the settings, in the order they are shown.
        pub const NUMBERS: &[Number] = &[
            $(Number { key: stringify!($name), default: $default, range: $range, group: Group::$group, unit: Unit::$unit, label: $label },)*
        ];

        impl Settings {
            /// The number under this key.
            pub fn number(&self, key: &str) -> Option<i64> {
                match key { $(stringify!($name) => Some(self.$name),)* _ => None }
            }
            fn set_number(&mut self, key: &str, value: i64) {
                match key { $(stringify!($name) => self.$name = value,)* _ => {} }
            }
        }
    };
}

settings! {
    /// Of the service price less discounts, unless category, provider or service say otherwise.
    commission_bp = 1_000, (0, 10_000), Money, BasisPoints, "Commission";
    /// Live holds a person or session may have.
    holds_per_person = 3, (1, 20), Booking, Count, "Holds per person";
    /// With these a new provider begins; it may change its own.
    hold_min = 15, (5, 60), Provider, Minutes, "A hold is kept for";
    horizon_days = 90, (1, 730), Provider, Days, "Bookable ahead";
    min_notice_min = 120, (0, 525_600), Provider, Minutes, "Minimum notice";
    slot_step_min = 30, (5, 1_440), Provider, Minutes, "Slots every";
    /// Per person or address; see product.md "Limits".
    search_per_min = 50, (1, 100_000), Limits, PerMinute, "Searches";
    booking_per_min = 20, (1, 100_000), Limits, PerMinute, "Bookings";
    sensitive_per_min = 10, (1, 100_000), Limits, PerMinute, "Sign-in, codes and payment";
    general_per_min = 600, (10, 1_000_000), Limits, PerMinute, "Everything else";
    /// Visitors share addresses, so search and booking are this many times wider for an address.
    address_factor = 10, (1, 1_000), Limits, Count, "Wider for an address";
}

/// How a number is described on the settings page.
#[derive(Debug, Clone, Copy)]
pub struct Number {
    pub key: &'static str,
    pub default: i64,
    /// Both ends allowed.
    pub range: (i64, i64),
    pub group: Group,
    pub unit: Unit,
    pub label: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Money,
    Booking,
    Provider,
    Limits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    BasisPoints,
    Minutes,
    Days,
    Count,
    PerMinute,
}

/// What an operator asks to change; absent keys stay.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ChangeSettings(pub serde_json::Map<String, serde_json::Value>);

impl Settings {
    /// The settings with the changes applied, and the keys that really differ; problems name the field.
    pub fn changed(&self, change: &ChangeSettings) -> Result<(Self, Vec<String>), Fields> {
        let mut next = self.clone();
        let mut fields = Fields::none();
        for (key, value) in &change.0 {
            if let Err(problem) = next.apply(key, value) {
                fields.add(key, problem);
            }
        }
        if !fields.is_empty() {
            return Err(fields);
        }
        let keys = change.0.keys().filter(|key| self.value(key) != next.value(key)).cloned().collect();
        Ok((next, keys))
    }

    /// As JSON; None for an unknown key.
    pub fn value(&self, key: &str) -> Option<serde_json::Value> {
        match key {
            "cancel_tiers" => serde_json::to_value(&self.cancel_tiers).ok(),
            _ => self.number(key).map(Into::into),
        }
    }

    fn apply(&mut self, key: &str, value: &serde_json::Value) -> Result<(), String> {
        if key == "cancel_tiers" {
            let tiers: Vec<CancelTier> =
                serde_json::from_value(value.clone()).map_err(|_| "Give a list of steps with minutes and basis points.")?;
            self.cancel_tiers = CancelTiers::checked(tiers)?;
            return Ok(());
        }
        let number = NUMBERS.iter().find(|n| n.key == key).ok_or("There is no such setting.")?;
        let (low, high) = number.range;
        let value = value.as_i64().filter(|v| (low..=high).contains(v)).ok_or(format!("Give a whole number from {low} to {high}."))?;
        self.set_number(key, value);
        Ok(())
    }
}

#[cfg(feature = "server")]
pub use server::{Remembered, load, store};

#[cfg(feature = "server")]
mod server {
    use super::{ChangeSettings, Settings};
    use crate::ctx::{Ctx, Tx};
    use crate::error::Result;
    use crate::time::Instant;
    use sqlx::PgExecutor;
    use std::sync::{Arc, PoisonError, RwLock};
    use uuid::Uuid;

    /// The settings as this node last read them. The event SettingsChanged clears it on every node.
    #[derive(Default)]
    pub struct Remembered(RwLock<Memory>);

    #[derive(Default)]
    struct Memory {
        /// Raised by each clearing, so that a reading begun before it is not kept after it.
        generation: u64,
        settings: Option<Arc<Settings>>,
    }

    impl Remembered {
        pub fn forget(&self) {
            let mut memory = self.0.write().unwrap_or_else(PoisonError::into_inner);
            memory.generation += 1;
            memory.settings = None;
        }
        fn get(&self) -> (u64, Option<Arc<Settings>>) {
            let memory = self.0.read().unwrap_or_else(PoisonError::into_inner);
            (memory.generation, memory.settings.clone())
        }
        fn keep(&self, generation: u64, settings: Arc<Settings>) {
            let mut memory = self.0.write().unwrap_or_else(PoisonError::into_inner);
            if memory.generation == generation {
                memory.settings = Some(settings);
            }
        }
    }

    impl Ctx {
        /// What the operator has set; read once and remembered until it changes.
        pub async fn settings(&self) -> Result<Arc<Settings>> {
            let remembered = &self.house().settings;
            let generation = match remembered.get() {
                (_, Some(settings)) => return Ok(settings),
                (generation, None) => generation,
            };
            let settings = Arc::new(load(self.db()).await?);
            remembered.keep(generation, settings.clone());
            Ok(settings)
        }
    }

    /// Straight from the database.
    pub async fn load(db: impl PgExecutor<'_>) -> Result<Settings> {
        let rows = sqlx::query!("select key, value from settings").fetch_all(db).await?;
        let mut settings = Settings::default();
        for row in rows {
            let change = ChangeSettings([(row.key, row.value)].into_iter().collect());
            // a row of another release that does not fit leaves the default
            if let Ok((next, _)) = settings.changed(&change) {
                settings = next;
            }
        }
        Ok(settings)
    }

    /// Writes one row; only the verb that authorises, audits and announces it calls this.
    pub async fn store(tx: &mut Tx, ctx: &Ctx, key: &str, value: serde_json::Value) -> Result<()> {
        sqlx::query!(
            "insert into settings (key, value, updated_at, updated_by)
             values ($1, $2, $3, $4)
             on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at, updated_by = excluded.updated_by",
            key,
            value,
            ctx.now() as Instant,
            ctx.account_id().map(Uuid::from),
        )
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn change(key: &str, value: serde_json::Value) -> ChangeSettings {
        ChangeSettings([(key.to_owned(), value)].into_iter().collect())
    }

    #[test]
    fn defaults_lie_in_their_ranges() {
        let settings = Settings::default();
        for number in NUMBERS {
            let value = settings.number(number.key).expect(number.key);
            assert_eq!(value, number.default);
            assert!((number.range.0..=number.range.1).contains(&value), "{}", number.key);
        }
    }

    #[test]
    fn only_what_fits_is_taken() {
        let settings = Settings::default();
        let (next, keys) = settings.changed(&change("hold_min", json!(20))).expect("fits");
        assert_eq!((next.hold_min, keys), (20, vec!["hold_min".to_owned()]));
        assert_eq!(settings.changed(&change("hold_min", json!(15))).expect("fits").1, Vec::<String>::new());
        for (key, value) in [("hold_min", json!(4)), ("hold_min", json!("x")), ("hold_min", json!(5.5)), ("nonsense", json!(1))] {
            assert!(settings.changed(&change(key, value)).expect_err("refused").problem(key).is_some());
        }
    }

    #[test]
    fn a_refund_policy_is_checked_before_it_is_taken() {
        let settings = Settings::default();
        let tiers = |list: &[(i64, i64)]| json!(list.iter().map(|(m, bp)| json!({"before_min": m, "refund_bp": bp})).collect::<Vec<_>>());
        assert!(settings.changed(&change("cancel_tiers", tiers(&[(2880, 10_000), (0, 0)]))).is_ok());
        for bad in [json!(1), tiers(&[]), tiers(&[(60, 5_000), (0, 10_000)]), tiers(&[(0, 10_001)])] {
            assert!(settings.changed(&change("cancel_tiers", bad)).is_err());
        }
    }
}
