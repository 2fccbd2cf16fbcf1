//! Sets of milliseconds as sorted ranges that neither overlap nor touch. All operations are one pass over their operands.

/// Half-open ranges `[from, to)`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Set(Vec<(i64, i64)>);

impl Set {
    pub const fn empty() -> Self {
        Self(Vec::new())
    }
    /// Empty unless `from < to`.
    pub fn one(from: i64, to: i64) -> Self {
        Self(if from < to { vec![(from, to)] } else { Vec::new() })
    }
    /// From ranges in any order; empty ones are dropped, overlapping and touching ones joined.
    pub fn of(mut ranges: Vec<(i64, i64)>) -> Self {
        ranges.retain(|(from, to)| from < to);
        ranges.sort_unstable();
        let mut kept: Vec<(i64, i64)> = Vec::with_capacity(ranges.len());
        for (from, to) in ranges {
            match kept.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => kept.push((from, to)),
            }
        }
        Self(kept)
    }
    pub fn ranges(&self) -> &[(i64, i64)] {
        &self.0
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    pub fn contains(&self, at: i64) -> bool {
        let next = self.0.partition_point(|&(from, _)| from <= at);
        next > 0 && at < self.0[next - 1].1
    }
    pub fn union(&self, other: &Self) -> Self {
        if self.is_empty() {
            return other.clone();
        }
        if other.is_empty() {
            return self.clone();
        }
        Self::of(self.0.iter().chain(&other.0).copied().collect())
    }
    pub fn intersect(&self, other: &Self) -> Self {
        let mut kept = Vec::with_capacity(self.0.len().max(other.0.len()));
        let (mut a, mut b) = (0, 0);
        while let (Some(&(a_from, a_to)), Some(&(b_from, b_to))) = (self.0.get(a), other.0.get(b)) {
            let (from, to) = (a_from.max(b_from), a_to.min(b_to));
            if from < to {
                kept.push((from, to));
            }
            if a_to <= b_to {
                a += 1;
            } else {
                b += 1;
            }
        }
        Self(kept)
    }
    pub fn minus(&self, other: &Self) -> Self {
        let mut kept = Vec::with_capacity(self.0.len() + other.0.len());
        let mut b = 0;
        for &(mut from, to) in &self.0 {
            while other.0.get(b).is_some_and(|range| range.1 <= from) {
                b += 1;
            }
            let mut next = b;
            while let Some(&(cut_from, cut_to)) = other.0.get(next) {
                if cut_from >= to {
                    break;
                }
                if from < cut_from {
                    kept.push((from, cut_from));
                }
                from = from.max(cut_to);
                next += 1;
            }
            if from < to {
                kept.push((from, to));
            }
        }
        Self(kept)
    }
    /// Where something of this length can start and still lie within one range.
    pub fn starts(&self, length: i64) -> Self {
        // a range that is exactly as long has one start, hence the millisecond
        let fitting = self.0.iter().filter(|(from, to)| to - from >= length).map(|&(from, to)| (from, to - length + 1));
        Self(fitting.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn dots(set: &Set) -> Vec<i64> {
        (0..120).filter(|at| set.ranges().iter().any(|(from, to)| from <= at && at < to)).collect()
    }

    fn any_set() -> impl Strategy<Value = Set> {
        proptest::collection::vec((0_i64..100, 0_i64..20), 0..8)
            .prop_map(|pairs| Set::of(pairs.into_iter().map(|(from, length)| (from, from + length)).collect()))
    }

    proptest! {
        #[test]
        fn operations_agree_with_membership(a in any_set(), b in any_set(), length in 1_i64..10) {
            for set in [&a, &b, &a.union(&b), &a.intersect(&b), &a.minus(&b)] {
                prop_assert!(set.ranges().windows(2).all(|pair| pair[0].1 < pair[1].0));
                prop_assert!(set.ranges().iter().all(|(from, to)| from < to));
            }
            let (in_a, in_b) = (dots(&a), dots(&b));
            prop_assert_eq!(dots(&a.minus(&b)), in_a.iter().copied().filter(|at| !in_b.contains(at)).collect::<Vec<_>>());
            prop_assert_eq!(dots(&a.intersect(&b)), in_a.iter().copied().filter(|at| in_b.contains(at)).collect::<Vec<_>>());
            prop_assert_eq!(dots(&a.union(&b)), (0..120).filter(|at| in_a.contains(at) || in_b.contains(at)).collect::<Vec<_>>());
            prop_assert_eq!(dots(&a.starts(length)), (0..120).filter(|at| (0..length).all(|more| in_a.contains(&(at + more)))).collect::<Vec<_>>());
            for at in 0..120 {
                prop_assert_eq!(a.contains(at), in_a.contains(&at));
            }
        }
    }
}
