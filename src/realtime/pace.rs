//! How fast a peer speaks: so many frames in any second, wherever it begins.

use tokio::time::Instant;

const MOST_FRAMES_PER_S: usize = 20;
const SECOND_MS: u32 = 1_000;

/// When the last frames came, in milliseconds on a clock of its own.
pub struct Pace {
    began_at: Instant,
    /// A ring: the next to be written is the oldest.
    came: [u32; MOST_FRAMES_PER_S],
    next: usize,
}

impl Pace {
    pub fn new(now: Instant) -> Self {
        Self { began_at: now, came: [0; MOST_FRAMES_PER_S], next: 0 }
    }

    /// Counts a frame. True if as many as may come had come in the second before it.
    pub fn is_too_fast(&mut self, now: Instant) -> bool {
        // The clock begins with a second that has passed, or the zeros would look like frames.
        let now = ((now - self.began_at).as_millis() as u32).wrapping_add(SECOND_MS);
        let oldest = std::mem::replace(&mut self.came[self.next], now);
        self.next = (self.next + 1) % MOST_FRAMES_PER_S;
        now.wrapping_sub(oldest) < SECOND_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// How many of the frames that come at these milliseconds are too fast.
    fn refused(came: impl IntoIterator<Item = u64>) -> usize {
        let began_at = Instant::now();
        let mut pace = Pace::new(began_at);
        came.into_iter().filter(|&at| pace.is_too_fast(began_at + Duration::from_millis(at))).count()
    }

    #[test]
    fn twenty_pass_at_once_and_the_next_does_not() {
        assert_eq!(refused([0; 20]), 0);
        assert_eq!(refused([0; 21]), 1);
        assert_eq!(refused((0..200).map(|number| number * 50)), 0, "twenty a second for ten seconds");
    }

    #[test]
    fn a_second_begins_anywhere() {
        let around = |edge: u64| (0..20).map(move |number| edge - 20 + number).chain((0..20).map(move |number| edge + number));
        assert_eq!(refused(around(1_000)), 20);
        assert_eq!(refused(around(1_500)), 20);
        assert_eq!(refused([[0; 20], [999; 20]].concat()), 20);
        assert_eq!(refused([[0; 20], [1_000; 20]].concat()), 0);
    }
}
