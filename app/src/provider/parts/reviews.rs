//! What customers wrote: the figure, its distribution, and the words.

use crate::kit::{Avatar, Distribution, LinkButton, Stars, format};
use domain::review::model::{Distribution as Counts, ReviewView};
use leptos::prelude::*;

/// Each review with its date in words; `more` shows the following ones.
#[component]
pub fn Reviews(#[prop(into)] provider: String, counts: Counts, reviews: Vec<(ReviewView, String)>, more: Option<String>) -> impl IntoView {
    let total = counts.total();
    let Some(mean) = counts.mean_hundredths() else {
        return view! { <p class="muted measure">{format!("Nobody has written about {provider} yet. Only people whose booking was completed can.")}</p> }.into_any();
    };
    let items = reviews.into_iter().map(|(review, date)| item(review, date, &provider)).collect_view();
    let rounded = (mean + 50) / 100;
    view! {
        <div class="summary">
            <div class="score">
                <p class="big num">{format::rating(mean)}</p>
                <Stars of=rounded />
                <p class="tiny muted">{format!("{}, all after a completed booking", format::plural(total, "review", "reviews"))}</p>
            </div>
            <Distribution counts=counts.counts />
        </div>
        <ul class="reviews plain">{items}</ul>
        {more.map(|href| view! { <LinkButton href=href>"Show more reviews"</LinkButton> })}
    }
    .into_any()
}

fn item(review: ReviewView, date: String, provider: &str) -> impl IntoView + use<> {
    let reply = review.reply.map(|reply| view! { <p class="reply small"><b>{provider.to_owned()}</b> {reply}</p> });
    let body = (!review.body.is_empty()).then(|| view! { <p>{review.body}</p> });
    view! {
        <li>
            <p class="by">
                <Avatar name=review.author_name.clone() />
                <span>
                    <b>{review.author_name}</b>
                    <span class="tiny muted">
                        <time>{date}</time> <span class="dot"></span> {review.service_name}
                    </span>
                </span>
                <span class="push"><Stars of=i64::from(review.rating) /></span>
            </p>
            {body} {reply}
        </li>
    }
}
