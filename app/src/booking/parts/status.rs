//! Where a booking stands, as a badge.

use crate::kit::{Badge, Icon, State};
use domain::booking::model::Status;
use leptos::prelude::*;

#[component]
pub fn StatusBadge(status: Status) -> impl IntoView {
    let (state, sign) = match status {
        Status::Held => (State::Wait, Icon::HOURGLASS),
        Status::Requested => (State::Wait, Icon::HOURGLASS),
        Status::Confirmed => (State::Good, Icon::CIRCLE_CHECK),
        Status::InProgress => (State::Note, Icon::PLAY),
        Status::Completed => (State::Good, Icon::CHECK),
        Status::NoShow => (State::Bad, Icon::USER_X),
        Status::Expired | Status::Declined | Status::Cancelled => (State::Plain, Icon::CIRCLE_X),
    };
    view! { <Badge text=status.label() state=state icon_before=sign /> }
}
