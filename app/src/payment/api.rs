//! What the payment form asks of the server.

use crate::door::Door;
use domain::booking::model::CheckoutDetails;
use domain::id::BookingId;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// Where the browser goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Onward {
    /// Confirm the payment with the gateway.
    Confirm { client_secret: String },
    /// There is nothing to confirm (any more).
    Go { to: String },
    /// Not known yet.
    Wait,
}

/// How the payment stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// The booking is agreed, or the money is on its way back; the page says which.
    Settled { to: String },
    /// Nothing was charged. The sentence tells why, if a card was refused.
    Open { failure: Option<String> },
    /// Not known yet.
    Wait,
}

/// Saves who and where, and begins the payment or goes on with it.
#[server(prefix = "/do", endpoint = "payment/pay")]
pub async fn pay(booking: BookingId, details: CheckoutDetails) -> Door<Onward> {
    use domain::booking::settlement::{self, Pay};
    use domain::payment::NextStep;
    let ctx = crate::door::ctx()?;
    let to = format!("/checkout/{booking}/return");
    if domain::booking::check_out(&ctx, booking, details).await?.price.total.is_zero() {
        return Ok(Onward::Go { to });
    }
    let payment = settlement::pay(&ctx, booking, Pay::default()).await?;
    Ok(match payment.next {
        Some(NextStep::Form { client_secret, .. }) => Onward::Confirm { client_secret },
        Some(NextStep::Wait) => Onward::Wait,
        Some(NextStep::Redirect { url }) => Onward::Go { to: url },
        Some(NextStep::Nothing) | None => Onward::Go { to },
    })
}

/// Asks the gateway how the payment stands.
#[server(prefix = "/do", endpoint = "payment/state")]
pub async fn state(booking: BookingId) -> Door<Standing> {
    use domain::payment::{AttemptStatus, PaymentStatus};
    let ctx = crate::door::ctx()?;
    let to = format!("/checkout/{booking}/return");
    Ok(match domain::booking::settlement::state(&ctx, booking).await? {
        None => Standing::Open { failure: None },
        Some(payment) => match (payment.status, payment.attempt) {
            (PaymentStatus::Failed, _) => Standing::Open { failure: payment.failure },
            (PaymentStatus::Pending, Some(AttemptStatus::RequiresMethod | AttemptStatus::RequiresAction | AttemptStatus::Failed)) => {
                Standing::Open { failure: payment.failure }
            }
            (PaymentStatus::Pending, _) => Standing::Wait,
            _ => Standing::Settled { to },
        },
    })
}
