//! Who is busy when, while the seed fills the days; so that no two jobs overlap.

use super::catalogue::{Provider, Service};
use domain::time::{Instant, Span};
use std::collections::HashMap;
use uuid::Uuid;

#[derive(Default)]
pub struct Calendar {
    busy: HashMap<Uuid, Vec<Span>>,
}

impl Calendar {
    /// Takes the person and one thing of each group for the job with its buffers; None, and nothing taken, if something is busy.
    pub fn take(&mut self, provider: &Provider, service: &Service, person: usize, starts_at: Instant) -> Option<Vec<Uuid>> {
        let job = Span::new(starts_at, starts_at.plus_minutes(service.min)).widened(service.before, service.after);
        let mut taken = vec![provider.people.get(person)?.id];
        if !self.is_free(taken[0], job) {
            return None;
        }
        for group in &service.needs {
            taken.push(*group.iter().find(|thing| self.is_free(**thing, job))?);
        }
        for resource in &taken {
            self.busy.entry(*resource).or_default().push(job);
        }
        Some(taken)
    }

    fn is_free(&self, resource: Uuid, during: Span) -> bool {
        self.busy.get(&resource).is_none_or(|spans| spans.iter().all(|span| !span.overlaps(during)))
    }
}
