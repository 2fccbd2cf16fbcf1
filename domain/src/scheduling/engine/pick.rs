//! Who gets the job, of those who are free.

use super::{Book, Candidate, Rules};
use crate::id::ResourceId;
use crate::provider::model::AssignmentRule;
use crate::time::{MINUTE, Span};
use std::cmp::Reverse;

/// Who and what does a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picked {
    pub person: Option<ResourceId>,
    pub things: Vec<ResourceId>,
}

impl Picked {
    /// In id order, the order in which they are locked.
    pub fn resources(&self) -> Vec<ResourceId> {
        let mut all: Vec<ResourceId> = self.person.into_iter().chain(self.things.iter().copied()).collect();
        all.sort_unstable();
        all
    }
}

/// The people in the order in which they would be taken.
///
/// First free: by priority, then the team list. Round robin: within a priority, whoever has had the smallest part of their
/// share (jobs divided by weight); weight 0 comes last.
pub fn in_order(rules: &Rules) -> Vec<&Candidate> {
    let mut people: Vec<&Candidate> = rules.people.iter().collect();
    people.sort_by(|a, b| {
        let by_list = (a.position, a.id).cmp(&(b.position, b.id));
        let by_share = || {
            let (a_weight, b_weight) = (i64::from(a.weight), i64::from(b.weight));
            (a_weight == 0).cmp(&(b_weight == 0)).then_with(|| (a.recent_jobs * b_weight).cmp(&(b.recent_jobs * a_weight)))
        };
        let by_priority = Reverse(a.priority).cmp(&Reverse(b.priority));
        match rules.assignment {
            AssignmentRule::FirstFree => by_priority.then(by_list),
            AssignmentRule::RoundRobin => by_priority.then_with(by_share).then(by_list),
        }
    });
    people
}

/// The first person and, for each need, the first thing for whom `is_free` holds; None if one is lacking.
pub fn pick(rules: &Rules, only: Option<ResourceId>, mut is_free: impl FnMut(ResourceId) -> bool) -> Option<Picked> {
    if rules.people.is_empty() && rules.needs.is_empty() {
        return None;
    }
    let mut picked = Picked { person: None, things: Vec::with_capacity(rules.needs.len()) };
    if rules.takes_person() {
        let mut people = in_order(rules).into_iter().filter(|person| only.is_none_or(|id| id == person.id));
        picked.person = Some(people.find(|person| is_free(person.id))?.id);
    }
    for need in &rules.needs {
        let asked = only.filter(|id| !rules.takes_person() && need.contains(id));
        picked.things.push(need.iter().copied().find(|id| asked.is_none_or(|asked| asked == *id) && is_free(*id))?);
    }
    Some(picked)
}

/// Whether nothing busy lies in the job with its buffers; hours and time off are not asked.
pub fn is_clear(rules: &Rules, book: &Book, resource: ResourceId, job: Span) -> bool {
    let during = job.widened(rules.buffer_before_min, rules.buffer_after_min);
    book.diaries.get(&resource).is_some_and(|diary| !diary.busy.iter().any(|busy| busy.during.overlaps(during)))
}

impl Rules {
    /// The job without buffers.
    pub fn job(&self, starts_at: crate::time::Instant) -> Span {
        Span::new(starts_at, starts_at + self.duration_min * MINUTE)
    }
}
