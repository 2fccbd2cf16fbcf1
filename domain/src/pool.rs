//! Work that fills a core for a while: so many at once, a bounded line before them, and none of it on the threads that answer everyone else.

use crate::error::{Error, Result};
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

/// Lives as long as the process.
pub struct Pool {
    permits: Semaphore,
    waiting: AtomicUsize,
    most_waiting: usize,
}

impl Pool {
    /// `at_once` counts cores and, with what each piece of work takes, memory; whoever comes when `most_waiting` wait already is sent away.
    pub const fn new(at_once: usize, most_waiting: usize) -> Self {
        Self { permits: Semaphore::const_new(at_once), waiting: AtomicUsize::new(0), most_waiting }
    }

    /// Waits for a place, then works.
    ///
    /// # Errors
    /// Unavailable if too many wait already; Internal if the work panics.
    pub async fn run<T: Send + 'static>(&'static self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let waiting = Waiting(&self.waiting);
        if before >= self.most_waiting {
            return Err(Error::Unavailable { retry_after_s: 3 });
        }
        let permit = self.permits.acquire().await.map_err(Error::internal)?;
        drop(waiting);
        tokio::task::spawn_blocking(move || {
            let _held = permit;
            work()
        })
        .await
        .map_err(Error::internal)
    }
}

/// Whoever gives up waits no longer.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Barrier};

    #[tokio::test]
    async fn no_more_work_than_there_is_room_for_and_no_endless_line() {
        static POOL: Pool = Pool::new(2, 1);
        let gate = Arc::new(Barrier::new(3));
        let work = |gate: Arc<Barrier>| POOL.run(move || gate.wait());
        let under_way: Vec<_> = (0..2).map(|_| tokio::spawn(work(gate.clone()))).collect();
        while POOL.permits.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let third = tokio::spawn(POOL.run(|| ()));
        while POOL.waiting.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(POOL.run(|| ()).await, Err(Error::Unavailable { .. })), "one waits already");
        assert!(!third.is_finished(), "there is no room");
        tokio::task::spawn_blocking(move || gate.wait()).await.expect("opens");
        for one in under_way {
            one.await.expect("ends").expect("worked");
        }
        third.await.expect("ends").expect("worked");
        assert!(POOL.run(|| panic!("on purpose")).await.is_err());
        POOL.run(|| ()).await.expect("and there is room again");
    }
}
