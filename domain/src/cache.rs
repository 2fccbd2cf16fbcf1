//! What may be a little old, kept in memory: per node, bounded in number and age, cleared by the events that change it. Losing it costs only speed.

use crate::error::Result;
use crate::event::{Event, EventKind};
use crate::id::ProviderId;
use moka::future::Cache;
use std::any::Any;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

type Kept = Arc<dyn Any + Send + Sync>;

/// A cache of one kind of thing. Free times, money and permission have none, on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// An hour.
    Categories,
    /// Ten minutes; keys begin with the provider's id.
    Providers,
    /// What holds are written by, ten minutes. No event clears it: whoever uses it has it checked where it is used.
    Terms,
}

pub struct Caches {
    categories: Cache<String, Kept>,
    providers: Cache<String, Kept>,
    terms: Cache<String, Kept>,
    /// What is being loaded for everyone who asks meanwhile.
    underway: Cache<String, Kept>,
    /// Raised by each clearing, so that a reading begun before it is not kept after it.
    generation: AtomicU64,
}

impl Default for Caches {
    fn default() -> Self {
        let cache = |most: u64, minutes: u64| {
            Cache::builder().max_capacity(most).time_to_live(Duration::from_secs(minutes * 60)).support_invalidation_closures().build()
        };
        Self {
            categories: cache(100, 60),
            providers: cache(5_000, 10),
            terms: cache(1_000, 10),
            underway: cache(1_000, 1),
            generation: AtomicU64::new(0),
        }
    }
}

impl Caches {
    fn family(&self, family: Family) -> &Cache<String, Kept> {
        match family {
            Family::Categories => &self.categories,
            Family::Providers => &self.providers,
            Family::Terms => &self.terms,
        }
    }

    /// The kept value, or what `load` gives, kept from then on. Simultaneous askers wait for one load; errors are not kept.
    pub async fn get_or_load<T, F>(&self, family: Family, key: impl Into<String>, load: F) -> Result<Arc<T>>
    where
        T: Send + Sync + 'static,
        F: Future<Output = Result<T>> + Send,
    {
        let key = key.into();
        let generation = self.generation.load(Ordering::Acquire);
        let load = async { load.await.map(|value| Arc::new(value) as Kept) };
        let kept = self.family(family).try_get_with(key.clone(), load).await.map_err(|error| (*error).clone())?;
        if self.generation.load(Ordering::Acquire) != generation {
            self.family(family).invalidate(&key).await;
        }
        kept.downcast::<T>().map_err(|_| crate::error::Error::internal(format!("two types share the cache key {key}")))
    }

    /// One load for all who ask for the same while it runs. Nothing is kept afterwards, so it suits even free times, as long as they only advise:
    /// what is shown may have been read a moment before it was asked for.
    ///
    /// # Errors
    /// Those of `load`.
    pub async fn load_together<T, F>(&self, key: String, load: F) -> Result<Arc<T>>
    where
        T: Send + Sync + 'static,
        F: Future<Output = Result<T>> + Send,
    {
        let load = async { load.await.map(|value| Arc::new(value) as Kept) };
        let loaded = self.underway.try_get_with(key.clone(), load).await.map_err(|error| (*error).clone());
        self.underway.invalidate(&key).await;
        loaded?.downcast::<T>().map_err(|_| crate::error::Error::internal(format!("two types are loaded together as {key}")))
    }

    /// The key under which everything about a provider is kept.
    pub fn provider_key(provider: ProviderId, part: &str) -> String {
        format!("{provider}/{part}")
    }

    /// Drops what this fact makes old. Called on every node, for every event.
    pub fn forget(&self, event: &Event) {
        use EventKind as K;
        match event.kind {
            K::CategoriesChanged => {
                self.generation.fetch_add(1, Ordering::AcqRel);
                self.categories.invalidate_all();
                self.providers.invalidate_all();
            }
            K::ProviderChanged | K::ProviderApproved | K::ProviderSuspended | K::ProviderReinstated | K::ProviderRejected => {
                self.generation.fetch_add(1, Ordering::AcqRel);
                self.forget_provider(event.provider);
            }
            K::ReviewPublished | K::ReviewReplied => {
                self.generation.fetch_add(1, Ordering::AcqRel);
                self.forget_provider(event.provider);
            }
            _ => {}
        }
    }

    pub async fn forget_one(&self, family: Family, key: &str) {
        self.family(family).invalidate(key).await;
    }

    /// Everything, as after a restore.
    pub fn forget_all(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.categories.invalidate_all();
        self.providers.invalidate_all();
        self.terms.invalidate_all();
    }

    fn forget_provider(&self, provider: Option<ProviderId>) {
        let Some(provider) = provider else { return };
        let prefix = format!("{provider}/");
        if self.providers.invalidate_entries_if(move |key, _| key.starts_with(&prefix)).is_err() {
            self.providers.invalidate_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::event::Cursor;
    use crate::id::Id;
    use crate::time::Instant;

    fn event(kind: EventKind, provider: Option<ProviderId>) -> Event {
        Event {
            cursor: Cursor { epoch: 1, xid: 1, id: 1 },
            at: Instant::from_millis(0),
            kind,
            booking: None,
            provider,
            account: None,
            actor: None,
            data: serde_json::Value::Null,
        }
    }

    #[tokio::test]
    async fn those_who_ask_at_once_share_a_load_and_later_ones_do_not() {
        let (caches, loads) = (Caches::default(), AtomicU64::new(0));
        let ask = || {
            caches.load_together("free".to_owned(), async {
                tokio::task::yield_now().await;
                Ok(loads.fetch_add(1, Ordering::Relaxed))
            })
        };
        let (one, two) = tokio::join!(ask(), ask());
        assert_eq!((*one.expect("loads"), *two.expect("loads")), (0, 0));
        assert_eq!(*ask().await.expect("loads"), 1, "nothing is kept");
    }

    #[tokio::test]
    async fn keeps_until_the_fact_that_changes_it() {
        let caches = Caches::default();
        let (one, two) = (ProviderId::from_u128(1), ProviderId::from_u128(2));
        let get = |id: ProviderId, value: u32| {
            let caches = &caches;
            async move { *caches.get_or_load(Family::Providers, Caches::provider_key(id, "page"), async { Ok(value) }).await.expect("loads") }
        };
        assert_eq!((get(one, 1).await, get(two, 1).await), (1, 1));
        assert_eq!((get(one, 2).await, get(two, 2).await), (1, 1));
        caches.forget(&event(EventKind::ProviderChanged, Some(one)));
        assert_eq!((get(one, 3).await, get(two, 3).await), (3, 1));
        let failed = caches.get_or_load::<u32, _>(Family::Categories, "all", async { Err(Error::NotFound) }).await;
        assert!(failed.is_err());
        assert_eq!(*caches.get_or_load(Family::Categories, "all", async { Ok(5_u32) }).await.expect("loads"), 5);
    }
}
