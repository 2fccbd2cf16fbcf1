//! One's favourites with the times that are free next.

use crate::kit::{Empty, LinkButton, format};
use crate::search::parts::ResultItem;
use domain::search::model::ResultView;
use domain::time::Date;
use leptos::prelude::*;

#[component]
pub fn FavouritesPage(items: Vec<ResultView>, today: Date) -> impl IntoView {
    let soonest = items.iter().flat_map(|item| item.next_free.first()).map(|time| time.starts_at).min();
    let count = items.len() as i64;
    let rows = items
        .into_iter()
        .enumerate()
        .map(|(at, item)| view! { <ResultItem result=item n=at + 1 today=today soonest=soonest /> })
        .collect_view();
    view! {
        <div class="column favourites">
            <h1>"Favourites"</h1>
            {if count == 0 {
                view! {
                    <Empty title="Nobody saved yet" text="Press the heart beside someone you would book again, and find them here with their next free times.">
                        <LinkButton href="/search">"Find someone"</LinkButton>
                    </Empty>
                }.into_any()
            } else {
                view! { <p class="muted">{format::plural(count, "provider", "providers")}", newest first"</p><ol class="results plain">{rows}</ol> }.into_any()
            }}
        </div>
    }
}
