//! In which order the house heard of what it acts on.

use std::collections::BTreeMap;
use std::time::Instant;

/// The messages about one payment by their places: when the first copy of each was sent, and when one had been taken first.
#[derive(Default)]
pub struct Order(BTreeMap<usize, (Instant, Instant)>);

impl Order {
    pub fn note(&mut self, place: usize, sent: Instant, taken: Instant) {
        let first = self.0.entry(place).or_insert((sent, taken));
        *first = (first.0.min(sent), first.1.min(taken));
    }

    /// Whether a newer message had been taken before an older one was sent for the first time. Of two that were under way side by side nobody can say.
    pub fn is_shuffled(&self) -> bool {
        let mut newer: Option<Instant> = None;
        for &(sent, taken) in self.0.values().rev() {
            if newer.is_some_and(|newer| newer <= sent) {
                return true;
            }
            newer = Some(newer.map_or(taken, |newer| newer.min(taken)));
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Of messages at these places, each taken a moment after it was sent.
    fn is_shuffled(moments: &[(usize, u32)]) -> bool {
        let (began, moment) = (Instant::now(), Duration::from_millis(10));
        let mut order = Order::default();
        for &(place, at) in moments {
            let sent = began + moment * at;
            order.note(place, sent, sent + moment);
        }
        order.is_shuffled()
    }

    #[test]
    fn repetitions_of_what_is_older_shuffle_nothing() {
        assert!(!is_shuffled(&[]));
        assert!(!is_shuffled(&[(4, 0), (7, 1), (4, 2)]));
        assert!(!is_shuffled(&[(4, 0), (7, 3), (7, 5), (4, 6), (9, 7)]));
        assert!(is_shuffled(&[(7, 0), (4, 1), (7, 2)]));
        assert!(is_shuffled(&[(4, 0), (9, 1), (7, 2)]));
    }

    #[test]
    fn what_comes_side_by_side_is_not_counted() {
        let (began, moment) = (Instant::now(), Duration::from_millis(10));
        let mut order = Order::default();
        order.note(7, began, began + 2 * moment);
        order.note(4, began + moment, began + 3 * moment);
        assert!(!order.is_shuffled());
        // a copy that had been taken as early makes it sure
        order.note(7, began, began + moment);
        assert!(order.is_shuffled());
    }
}
