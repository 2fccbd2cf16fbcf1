//! What people thought: one star with a figure, five stars, and how they are spread.

use super::format;
use super::icon::{Icon, icon};
use leptos::prelude::*;

/// `★ 4.93 (212)`; nothing rated yet says so.
#[component]
pub fn Rating(
    /// The mean in hundredths: 493.
    hundredths: i64,
    count: i64,
    /// `(212 reviews)` instead of `(212)`.
    #[prop(optional)]
    in_words: bool,
) -> impl IntoView {
    if count == 0 {
        return view! { <span class="badge" data-state="note">"New on Fettle"</span> }.into_any();
    }
    let words = if in_words { format::plural(count, "review", "reviews") } else { format::count(count) };
    view! {
        <span class="rating">
            {icon(Icon::STAR)} <b>{format::rating(hundredths)}</b> " " <span class="count">{format!("({words})")}</span>
        </span>
    }
    .into_any()
}

/// Five stars, `of` of them filled.
#[component]
pub fn Stars(of: i64) -> impl IntoView {
    let stars = (1..=5)
        .map(|n| view! { <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" data-off=(n > of).then_some("") inner_html=Icon::STAR.body()></svg> })
        .collect_view();
    view! { <span class="stars" role="img" aria-label=format!("{of} of 5")>{stars}</span> }
}

/// How many gave five, four, … one star; `counts[0]` is one star.
#[component]
pub fn Distribution(counts: [i64; 5]) -> impl IntoView {
    let total = counts.iter().sum::<i64>().max(1);
    let rows = (1..=5_usize)
        .rev()
        .map(|stars| {
            let n = counts[stars - 1];
            let part = format!("--part: {:.1}%", n as f64 * 100.0 / total as f64);
            view! {
                <li>
                    <span>{format::plural(stars as i64, "star", "stars")}</span>
                    <span class="bar">{(n > 0).then(|| view! { <i style=part></i> })}</span>
                    <span class="end">{format::count(n)}</span>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="distribution plain">{rows}</ul> }
}
