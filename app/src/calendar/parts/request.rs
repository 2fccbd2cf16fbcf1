//! A request that waits for an answer: price, time, place, and the hour by which to answer.

use crate::kit::{Button, Icon, Kind, format, icon_s};
use domain::calendar::{Entry, Kind as What};
use domain::id::BookingId;
use domain::time::Date;
use leptos::prelude::*;

/// A request with its times on the provider's clock.
#[derive(Debug, Clone)]
pub struct ShownRequest {
    pub entry: Entry,
    pub date: Date,
    pub from_min: i64,
    pub to_min: i64,
    pub today: Date,
    /// When an answer is due: date and minute.
    pub answer_by: Option<(Date, i64)>,
}

impl ShownRequest {
    fn booking(&self) -> Option<BookingId> {
        match self.entry.kind {
            What::Booking { id, .. } => Some(id),
            _ => None,
        }
    }
}

/// `next` is where the answer leads back to.
#[component]
pub fn RequestCard(of: ShownRequest, #[prop(into)] next: String) -> impl IntoView {
    let (Some(id), Some(job)) = (of.booking(), of.entry.job.clone()) else { return ().into_any() };
    let who = [job.customer_name.clone(), job.place.clone()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    let free = {
        let mut all = vec![of.entry.resource_name.clone()];
        all.extend(job.things.clone());
        all.retain(|name| !name.is_empty());
        if all.is_empty() { String::new() } else { format!(" Kept free for {}.", all.join(" and ")) }
    };
    let due = of.answer_by.map(|(date, minute)| {
        let day = match date.days() - of.today.days() {
            0 => "today".to_owned(),
            1 => "tomorrow".to_owned(),
            _ => format::day(date),
        };
        view! { <p class="tiny until">{icon_s(Icon::HOURGLASS)} {format!("Answer by {day}, {}", format::clock(minute))}</p> }
    });
    let notes = (!job.notes.is_empty())
        .then(|| view! { <p class="small note">{icon_s(Icon::MESSAGE_CIRCLE)} <span>{job.notes.clone()}</span></p> });
    let new = job.is_first_with_us.then_some(" First time with you.");
    view! {
        <li class="card" data-kind="dense" data-key=id.to_string()>
            <p class="row" data-fit="between">
                <a class="plain-link" href=format!("/bookings/{id}")><b>{of.entry.title.clone()}</b></a>
                <b class="num">{job.total.to_string()}</b>
            </p>
            <p class="small num">{format!("{}, {}", format::day(of.date), format::clock_range(of.from_min, of.to_min))}</p>
            <p class="small muted">{who} "." {free} {new}</p>
            {notes}
            {due}
            <div class="pair">
                <form method="post" action=format!("/bookings/{id}/accept")>
                    <input type="hidden" name="next" value=next.clone() />
                    <Button kind=Kind::Soft size="dense" full=true label=format!("Accept {}", of.entry.title)>"Accept"</Button>
                </form>
                // It cannot be taken back, so it takes a second press, and has room for a word of why.
                <details>
                    <summary class="button" data-size="dense">"Decline"</summary>
                    <form method="post" action=format!("/bookings/{id}/decline")>
                        <input type="hidden" name="next" value=next />
                        <div class="field">
                            <label for=format!("why-{id}")>"A word for the customer " <span class="optional">"(optional)"</span></label>
                            <input class="input" id=format!("why-{id}") name="reason" maxlength="500" />
                        </div>
                        <Button kind=Kind::DangerQuiet size="dense" full=true label=format!("Decline {}", of.entry.title)>"Decline"</Button>
                    </form>
                </details>
            </div>
        </li>
    }
    .into_any()
}
