//! `/kit`, in development only: every part in every state, on one page.

mod choosing;
mod looks;
mod showing;

use leptos::prelude::*;

/// One kind of part: anchor, name, a line of what holds, and the samples.
struct Sample(&'static str, &'static str, &'static str, AnyView);

#[component]
pub fn KitPage() -> impl IntoView {
    let samples = [looks::samples(), choosing::samples(), showing::samples()].into_iter().flatten().collect::<Vec<_>>();
    let index = samples.iter().map(|Sample(id, name, _, _)| view! { <li><a href=format!("#{id}")>{*name}</a></li> }).collect_view();
    let parts = samples
        .into_iter()
        .map(|Sample(id, name, line, inside)| {
            let heading = format!("h-{id}");
            let labelled = heading.clone();
            view! {
                <section class="sample" id=id aria-labelledby=labelled>
                    <h2 id=heading>{name}</h2>
                    {(!line.is_empty()).then(|| view! { <p class="small muted measure">{line}</p> })}
                    {inside}
                </section>
            }
        })
        .collect_view();
    view! {
        <div class="column kit-page">
            <nav class="index" aria-label="Parts"><ul class="plain">{index}</ul></nav>
            <div class="parts"><h1>"Kit"</h1>{parts}</div>
        </div>
    }
}
