//! What happened and what is still to come, on one line.

use super::icon::{Icon, icon};
use leptos::prelude::*;

/// One point of the line.
pub enum Moment {
    /// A date between points.
    Day(String),
    /// A fact: icon, state (`good`, `money`, `wait`, `bad`), what happened, when.
    Fact { icon: Icon, state: Option<&'static str>, what: AnyView, when: AnyView },
    /// Still to come: drawn dashed.
    Next { icon: Icon, what: AnyView },
}

#[component]
pub fn Timeline(moments: Vec<Moment>) -> impl IntoView {
    let moments = moments
        .into_iter()
        .map(|moment| match moment {
            Moment::Day(label) => view! { <li data-kind="day"><span class="label">{label}</span></li> }.into_any(),
            Moment::Fact { icon: of, state, what, when } => view! {
                <li>
                    <span class="mark" data-state=state>{icon(of)}</span>
                    <div class="what"><p>{what}</p><span class="meta">{when}</span></div>
                </li>
            }
            .into_any(),
            Moment::Next { icon: of, what } => view! {
                <li data-kind="next"><span class="mark">{icon(of)}</span><div class="what"><p>{what}</p></div></li>
            }
            .into_any(),
        })
        .collect_view();
    view! { <ol class="timeline plain">{moments}</ol> }
}
