//! Which pots a movement touches.

use super::model::{Cause, Parts, Pot};
use crate::id::ProviderId;

/// The entries of a cause: pot and signed amount, zeros left out. They sum to zero.
pub fn entries(cause: &Cause) -> Vec<(Pot, i64)> {
    let mut entries = match *cause {
        Cause::Captured { provider, parts, .. } | Cause::RefundFailed { provider, parts, .. } => arrived(provider, parts),
        Cause::Refunded { provider, parts, .. } => arrived(provider, parts).into_iter().map(|(pot, minor)| (pot, -minor)).collect(),
        Cause::Unexpected { amount_minor, .. } | Cause::ReturnFailed { amount_minor, .. } => {
            vec![(Pot::Gateway, amount_minor), (Pot::Suspense, -amount_minor)]
        }
        Cause::Returned { amount_minor, .. } => vec![(Pot::Gateway, -amount_minor), (Pot::Suspense, amount_minor)],
        Cause::Fee { amount_minor, .. } => vec![(Pot::GatewayFees, amount_minor), (Pot::Gateway, -amount_minor)],
    };
    entries.retain(|(_, minor)| *minor != 0);
    entries
}

/// Customer pays S−D+T+X; the provider is owed S−D−C+T, the platform C, the tax office X.
fn arrived(provider: ProviderId, parts: Parts) -> Vec<(Pot, i64)> {
    vec![
        (Pot::Gateway, parts.total()),
        (Pot::Provider(provider), -(parts.service_minor - parts.commission_minor + parts.tip_minor)),
        (Pot::Platform, -parts.commission_minor),
        (Pot::Tax, -parts.tax_minor),
    ]
}

/// The unique name of the movement.
pub fn key(cause: &Cause) -> String {
    match cause {
        Cause::Captured { payment, .. } => format!("captured:{payment}"),
        Cause::Unexpected { payment, .. } => format!("unexpected:{payment}"),
        Cause::Refunded { refund, .. } => format!("refunded:{refund}"),
        Cause::Returned { refund, .. } => format!("returned:{refund}"),
        Cause::RefundFailed { refund, .. } => format!("refund_failed:{refund}"),
        Cause::ReturnFailed { refund, .. } => format!("refund_failed:{refund}"),
        Cause::Fee { payment, .. } => format!("fee:{payment}"),
    }
}

/// For people who read statements.
pub const fn memo(cause: &Cause) -> &'static str {
    match cause {
        Cause::Captured { .. } => "Payment",
        Cause::Unexpected { .. } => "Payment that came too late",
        Cause::Refunded { .. } => "Refund",
        Cause::Returned { .. } => "Late payment returned",
        Cause::RefundFailed { .. } => "Refund that could not be delivered",
        Cause::ReturnFailed { .. } => "Return that could not be delivered",
        Cause::Fee { .. } => "Gateway fee",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Id, PaymentId, RefundId};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_movement_sums_to_zero(service in 0_i64..10_000_000, tax in 0_i64..1_000_000, tip in 0_i64..1_000_000, bp in 0_i64..=10_000) {
            let commission_minor = service * bp / 10_000;
            let parts = Parts { service_minor: service, tax_minor: tax, tip_minor: tip, commission_minor };
            let (provider, payment, refund) = (ProviderId::from_u128(1), PaymentId::from_u128(2), RefundId::from_u128(3));
            for cause in [
                Cause::Captured { payment, provider, parts },
                Cause::Unexpected { payment, amount_minor: service },
                Cause::Refunded { refund, payment, provider, parts },
                Cause::Returned { refund, payment, amount_minor: service },
                Cause::RefundFailed { refund, payment, provider, parts },
                Cause::ReturnFailed { refund, payment, amount_minor: service },
                Cause::Fee { payment, amount_minor: tax },
            ] {
                let entries = entries(&cause);
                prop_assert_eq!(entries.iter().map(|e| e.1).sum::<i64>(), 0);
                prop_assert!(entries.iter().all(|e| e.1 != 0));
            }
        }
    }

    /// The example of the commission rule: S 100.00, T 5.00 → customer 105.00, platform 10.00, provider 95.00.
    #[test]
    fn a_tip_is_the_providers_alone() {
        let provider = ProviderId::from_u128(1);
        let parts = Parts { service_minor: 10_000, tax_minor: 0, tip_minor: 500, commission_minor: 1_000 };
        let entries = entries(&Cause::Captured { payment: PaymentId::from_u128(2), provider, parts });
        assert_eq!(entries, vec![(Pot::Gateway, 10_500), (Pot::Provider(provider), -9_500), (Pot::Platform, -1_000)]);
    }
}
