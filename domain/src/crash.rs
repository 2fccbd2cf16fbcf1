//! Named points of the payment path at which a drill lets the process die, to show that nothing is lost there.
//!
//! Nothing is armed unless `FETTLE_CRASH_AT` names a point, which only development mode accepts; passing a point costs one load otherwise.

use std::sync::OnceLock;

macro_rules! points {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// Where the process may be told to die.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Point { $($(#[$doc])* $name,)* }

        impl Point {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
            /// None for what is no point.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

points! {
    /// It is known who does it; nothing is written.
    HoldDecided = "hold.decided",
    HoldCommitted = "hold.committed",
    /// The hold lasts longer; nothing was asked of the gateway yet.
    PayExtended = "pay.extended",
    /// The attempt is on its row; the gateway has not heard of it.
    AttemptCommitted = "attempt.committed",
    /// The gateway has charged; our row does not know.
    AttemptAnswered = "attempt.answered",
    AttemptNoted = "attempt.noted",
    SettleAsked = "settle.asked",
    SettleApplied = "settle.applied",
    SettleCommitted = "settle.committed",
    /// The booking is confirmed in a transaction that has not ended.
    MoneyArrived = "money.arrived",
    MoneyPosted = "money.posted",
    MessageInserted = "message.inserted",
    MessageApplied = "message.applied",
    /// Before the gateway hears that we took its message.
    MessageCommitted = "message.committed",
    /// An authorised card is charged; our row does not know.
    CaptureAnswered = "capture.answered",
    RefundRecorded = "refund.recorded",
    /// The money is on its way back; our row does not know.
    RefundAnswered = "refund.answered",
    RefundNoted = "refund.noted",
    FeeAsked = "fee.asked",
    /// A job about money has done its work; the queue does not know.
    JobDone = "job.done",
}

static ARMED: OnceLock<Point> = OnceLock::new();

/// From now on the process dies at this point. The first call stands.
pub fn arm(point: Point) {
    let _ = ARMED.set(point);
}

/// Dies here if this point is armed: no destructor runs and nothing is flushed, as with `kill -9`.
#[inline]
pub fn passing(point: Point) {
    if ARMED.get() == Some(&point) {
        std::process::abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_has_its_own_name() {
        for &point in Point::ALL {
            assert_eq!(Point::parse(point.as_str()), Some(point));
        }
        assert_eq!(Point::ALL.len(), 20);
        assert_eq!(Point::parse("nowhere"), None);
    }

    #[test]
    fn nothing_is_armed_by_itself() {
        Point::ALL.iter().for_each(|&point| passing(point));
    }
}
