//! What goes wrong on purpose: faults of the API, and webhooks delayed, dropped, doubled, held or out of order.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Disturb {
    /// Every webhook waits this long.
    pub delay_ms: u64,
    /// And up to this much longer, each by chance: they arrive out of order.
    pub jitter_ms: u64,
    pub drop_next: u32,
    pub duplicate_next: u32,
    /// Webhooks pile up until they are let go, last first.
    pub is_holding: bool,
    pub faults: Vec<ApiFault>,
}

/// A fault for the next calls whose method and path begin with `on` (empty: all).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ApiFault {
    #[serde(default)]
    pub on: String,
    pub times: u32,
    pub fault: Fault,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    /// Nothing is done, the status says so.
    Error { status: u16 },
    /// The call waits before it is done.
    Stall { millis: u64 },
    /// The call is done, and its answer never arrives.
    LoseAnswer,
}

/// How one webhook travels.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub delay_ms: u64,
    pub jitter_ms: u64,
    pub is_dropped: bool,
    pub is_held: bool,
    pub copies: u32,
}

impl Disturb {
    pub fn plan(&mut self) -> Plan {
        let is_dropped = take_one(&mut self.drop_next);
        let copies = if !is_dropped && take_one(&mut self.duplicate_next) { 2 } else { 1 };
        Plan { delay_ms: self.delay_ms, jitter_ms: self.jitter_ms, is_dropped, is_held: self.is_holding, copies }
    }
    /// The fault for this call (`POST /v1/refunds`), used up.
    pub fn fault_for(&mut self, call: &str) -> Option<Fault> {
        let found = self.faults.iter_mut().find(|fault| fault.times > 0 && call.starts_with(&fault.on))?;
        found.times -= 1;
        let fault = found.fault;
        self.faults.retain(|fault| fault.times > 0);
        Some(fault)
    }
}

fn take_one(left: &mut u32) -> bool {
    let any = *left > 0;
    *left = left.saturating_sub(1);
    any
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_used_up_by_the_calls_it_is_for() {
        let fault = ApiFault { on: "POST /v1/refunds".into(), times: 1, fault: Fault::LoseAnswer };
        let mut disturb = Disturb { faults: vec![fault], drop_next: 1, ..Disturb::default() };
        assert_eq!(disturb.fault_for("POST /v1/payment_intents"), None);
        assert_eq!(disturb.fault_for("POST /v1/refunds"), Some(Fault::LoseAnswer));
        assert_eq!(disturb.fault_for("POST /v1/refunds"), None);
        assert!(disturb.plan().is_dropped && !disturb.plan().is_dropped);
    }
}
