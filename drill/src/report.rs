//! What a drill found: figures for people, and every invariant that did not hold.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// How many broken invariants are told one by one.
const TOLD: usize = 12;

pub struct Report {
    began: Instant,
    broken: Vec<String>,
}

impl Report {
    pub fn new(name: &str) -> Self {
        println!("{name}:");
        Self { began: Instant::now(), broken: Vec::new() }
    }

    /// A line for people.
    pub fn figure(&self, what: &str, value: impl Display) {
        println!("  {what:<44} {value}");
    }

    /// An invariant that must hold.
    pub fn expect(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.broken(what());
        }
    }

    pub fn broken(&mut self, what: String) {
        if self.broken.len() < TOLD {
            println!("  ✗ {what}");
        }
        self.broken.push(what);
    }

    pub fn is_well(&self) -> bool {
        self.broken.is_empty()
    }

    /// The last line; true if everything held.
    pub fn finish(self) -> bool {
        let seconds = self.began.elapsed().as_secs();
        if self.broken.is_empty() {
            println!("  held, in {seconds} s");
        } else {
            println!("  BROKEN in {} ways, in {seconds} s", self.broken.len());
        }
        self.broken.is_empty()
    }
}

/// How long things took.
#[derive(Default, Clone)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn add(&mut self, took: Duration) {
        self.0.push(took);
    }
    /// Both.
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// The value that `per_mille` of a thousand do not exceed, by the nearest rank; zero without any.
    pub fn quantile(&self, per_mille: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * per_mille).div_ceil(1000).max(1);
        sorted.get(rank - 1).copied().unwrap_or_default()
    }
}

impl Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ms = |per_mille| self.quantile(per_mille).as_secs_f64() * 1000.0;
        write!(f, "p50 {:.1} ms, p99 {:.1} ms, most {:.1} ms ({} times)", ms(500), ms(990), ms(1000), self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_occurred() {
        let mut times = Times::default();
        (1..=100).for_each(|ms| times.add(Duration::from_millis(ms)));
        assert_eq!(times.quantile(500), Duration::from_millis(50));
        assert_eq!(times.quantile(990), Duration::from_millis(99));
        assert_eq!(times.quantile(1000), Duration::from_millis(100));
        assert_eq!(Times::default().quantile(990), Duration::ZERO);
    }
}
