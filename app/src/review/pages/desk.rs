//! The workspace's reviews: what waits, the figure, the words, and one reply to each.

use crate::kit::{Avatar, Button, Card, Distribution, Empty, ErrorSummary, Filled, Kind, LinkButton, Stars, TextArea, WorkHeader, format};
use domain::id::{ProviderId, ReviewId};
use domain::review::model::{Distribution as Counts, ReviewFormView, ReviewView};
use leptos::prelude::*;

/// Each review and each booking that waits for one comes with its date in words. `open` is the review whose reply was refused.
#[component]
pub fn DeskReviewsPage(
    provider: ProviderId,
    counts: Counts,
    reviews: Vec<(ReviewView, String)>,
    waiting: Vec<(ReviewFormView, String)>,
    more: Option<String>,
    may_reply: bool,
    filled: Filled,
    open: Option<ReviewId>,
) -> impl IntoView {
    let is_empty = reviews.is_empty();
    let line = if waiting.is_empty() {
        String::new()
    } else {
        format!("{} for your review", format::plural(waiting.len() as i64, "booking waits", "bookings wait"))
    };
    let items = reviews
        .into_iter()
        .map(|(review, date)| {
            let own = (open == Some(review.id)).then(|| filled.clone());
            item(provider, review, date, may_reply, own)
        })
        .collect_view();
    view! {
        <WorkHeader title="Reviews" line=line />
        <div class="work-body desk-reviews">
            {waiting_list(waiting)}
            {summary(&counts)}
            {if is_empty {
                view! { <Empty title="No reviews yet" text="Customers are asked after each finished job. What they write stands here, and you can answer once." /> }.into_any()
            } else {
                view! { <ul class="reviews plain">{items}</ul> }.into_any()
            }}
            {more.map(|href| view! { <LinkButton href=href>"Show older reviews"</LinkButton> })}
        </div>
    }
}

fn waiting_list(waiting: Vec<(ReviewFormView, String)>) -> Option<AnyView> {
    if waiting.is_empty() {
        return None;
    }
    let items = waiting
        .into_iter()
        .map(|(form, due)| {
            view! {
                <li class="row" data-fit="between">
                    <span><b>{form.about}</b><span class="small muted">{format!(" {}, until {due}", form.service_name)}</span></span>
                    <a class="button" data-kind="soft" data-size="dense" href=format!("/bookings/{}/review", form.booking_id)>"Write"</a>
                </li>
            }
        })
        .collect_view();
    Some(view! { <Card title="Waiting for your review"><ul class="plain waiting">{items}</ul></Card> }.into_any())
}

fn summary(counts: &Counts) -> Option<AnyView> {
    let mean = counts.mean_hundredths()?;
    let total = format::plural(counts.total(), "review", "reviews");
    Some(
        view! {
            <div class="summary">
                <div class="score"><p class="big num">{format::rating(mean)}</p><Stars of=(mean + 50) / 100 /><p class="tiny muted">{total}</p></div>
                <Distribution counts=counts.counts />
            </div>
        }
        .into_any(),
    )
}

fn item(provider: ProviderId, review: ReviewView, date: String, may_reply: bool, refused: Option<Filled>) -> AnyView {
    let body = (!review.body.is_empty()).then(|| view! { <p>{review.body.clone()}</p> });
    let is_open = refused.is_some();
    let filled = refused.unwrap_or_default();
    let answer = match (&review.reply, may_reply) {
        (Some(reply), _) => view! { <p class="reply small"><b>"You"</b>" "{reply.clone()}</p> }.into_any(),
        (None, false) => ().into_any(),
        (None, true) => view! {
            <details open=is_open>
                <summary class="link small">"Reply"</summary>
                <form method="post" action=format!("/desk/{provider}/reviews/{}/reply", review.id) class="stack">
                    <ErrorSummary filled=filled.clone() />
                    <TextArea label="Your reply" name="reply" value=filled.value("reply") problem=filled.problem("reply") maxlength=2000 help="Everyone can read it. It cannot be changed afterwards." id=format!("reply-{}", review.id) />
                    <div><Button kind=Kind::Primary>"Publish the reply"</Button></div>
                </form>
            </details>
        }
        .into_any(),
    };
    view! {
        <li>
            <p class="by">
                <Avatar name=review.author_name.clone() />
                <span><b>{review.author_name.clone()}</b><span class="tiny muted"><span>{date}</span><span class="dot"></span>{review.service_name.clone()}</span></span>
                <span class="push"><Stars of=review.rating.into() /></span>
            </p>
            {body} {answer}
        </li>
    }
    .into_any()
}
