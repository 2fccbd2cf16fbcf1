//! Someone who looks at pages, one after another, all the time.

use crate::house::House;
use crate::load::{Excuse, judge_broken_lines};
use crate::report::Report;
use anyhow::Result;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

const PAGES: [&str; 3] = ["home", "search", "a provider's page"];
const PAUSE: Duration = Duration::from_millis(100);

struct Look {
    page: &'static str,
    at: Instant,
    status: u16,
}

pub struct Visitor {
    is_over: Arc<AtomicBool>,
    looks: Arc<Mutex<Vec<Look>>>,
    task: JoinHandle<()>,
}

impl Visitor {
    pub fn start(house: House, slug: &str) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let looks: Arc<Mutex<Vec<Look>>> = Arc::default();
        let paths = ["/".to_owned(), "/search?q=drill".to_owned(), format!("/p/{slug}")];
        let (over, seen) = (is_over.clone(), looks.clone());
        let task = tokio::spawn(async move {
            while !over.load(Ordering::Relaxed) {
                for (page, path) in PAGES.into_iter().zip(&paths) {
                    let status = house.fetch(path).await;
                    lock(&seen).push(Look { page, at: Instant::now(), status });
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
        Self { is_over, looks, task }
    }

    /// Every page was shown after the first `since` looks. How many there are by now.
    pub fn expect_all(&self, since: usize, when: &str, report: &mut Report) -> usize {
        let looks = lock(&self.looks);
        for page in PAGES {
            let is_shown = looks.iter().skip(since).any(|look| look.page == page && look.status == 200);
            report.expect(is_shown, || format!("{when}: {page} was not shown"));
        }
        looks.len()
    }

    /// Goes, and tells whether anything but the page was ever shown; lines break within the excuses alone.
    pub async fn judge(self, excuses: &[Excuse], report: &mut Report) -> Result<()> {
        self.is_over.store(true, Ordering::Relaxed);
        self.task.await?;
        let looks = lock(&self.looks);
        let shown = looks.iter().filter(|look| look.status == 200).count();
        report.figure("pages asked for, shown", format!("{}, {shown}", looks.len()));
        for look in looks.iter().filter(|look| !matches!(look.status, 0 | 200)) {
            report.broken(format!("{} was answered {}", look.page, look.status));
        }
        let broken = looks.iter().filter(|look| look.status == 0).map(|look| look.at);
        judge_broken_lines("pages", broken, excuses, report);
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
