//! How entries stand side by side.

/// For each range its lane and how many lanes its cluster has, so that none overlap. Ranges are minutes `(from, to)`, half-open, in order of their start.
///
/// A cluster is a run of ranges each of which overlaps some other of it; each range takes the first lane that is free at its start.
pub fn lanes(ranges: &[(i32, i32)]) -> Vec<(usize, usize)> {
    let mut placed = vec![(0, 1); ranges.len()];
    let mut cluster_start = 0;
    let mut cluster_end = i32::MIN;
    let mut ends: Vec<i32> = Vec::new();
    for (at, &(from, to)) in ranges.iter().enumerate() {
        if from >= cluster_end {
            close(&mut placed[cluster_start..at], ends.len());
            cluster_start = at;
            ends.clear();
        }
        let lane = ends.iter().position(|&end| end <= from).unwrap_or(ends.len());
        if lane == ends.len() {
            ends.push(to);
        } else {
            ends[lane] = to;
        }
        placed[at].0 = lane;
        cluster_end = cluster_end.max(to);
    }
    close(&mut placed[cluster_start..], ends.len());
    placed
}

fn close(cluster: &mut [(usize, usize)], lanes: usize) {
    for place in cluster {
        place.1 = lanes.max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::lanes;
    use proptest::prelude::*;

    #[test]
    fn two_at_once_share_and_the_next_has_the_width_again() {
        assert_eq!(lanes(&[(540, 600), (570, 660), (660, 720)]), vec![(0, 2), (1, 2), (0, 1)]);
        assert_eq!(lanes(&[]), vec![]);
    }

    proptest! {
        #[test]
        fn no_two_overlap_in_one_lane(mut ranges in proptest::collection::vec((0_i32..1400, 5_i32..300), 0..30)) {
            for range in &mut ranges {
                range.1 += range.0;
            }
            ranges.sort_unstable();
            let placed = lanes(&ranges);
            for (a, first) in ranges.iter().enumerate() {
                prop_assert!(placed[a].0 < placed[a].1);
                for (b, second) in ranges.iter().enumerate().skip(a + 1) {
                    let overlap = first.0 < second.1 && second.0 < first.1;
                    prop_assert!(!overlap || placed[a].0 != placed[b].0);
                    prop_assert!(!overlap || placed[a].1 == placed[b].1, "one cluster, one number of lanes");
                }
            }
        }
    }
}
