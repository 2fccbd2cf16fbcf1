//! Why a time is not offered: ask about one, read which rule removed it.

use crate::kit::{Button, Crumbs, Field, Kind, LinkButton, Notice, Select, State};
use domain::id::ServiceId;
use domain::provider::model::ServiceView;
use domain::scheduling::model::Explanation;
use leptos::prelude::*;

/// `day` and `time` as the fields carry them: `2026-06-12`, `14:00`.
#[component]
pub fn WhyPage(
    slug: String,
    name: String,
    services: Vec<ServiceView>,
    chosen: ServiceId,
    day: String,
    time: String,
    answer: Option<Explanation>,
) -> impl IntoView {
    let options = services.into_iter().map(|service| (service.id.to_string(), service.name)).collect::<Vec<_>>();
    let back = format!("/p/{slug}?service={chosen}&day={day}#times");
    let crumbs = vec![
        ("Find".to_owned(), "/search".to_owned()),
        (name, format!("/p/{slug}")),
        ("Why is a time not offered?".to_owned(), String::new()),
    ];
    let answer = answer.map(told);
    view! {
        <div class="column review-page" data-fit="form">
            <Crumbs items=crumbs />
            <h1>"Why is a time not offered?"</h1>
            <p class="muted">"Ask about any time, and read which rule stands in its way."</p>
            {answer}
            <form class="stack" action=format!("/p/{slug}/why")>
                <Select label="Service" name="service" options=options value=chosen.to_string() />
                <Field label="Day" name="day" kind="date" value=day />
                <Field label="Time" name="time" kind="time" value=time />
                <div class="row"><Button kind=Kind::Primary>"Ask"</Button><LinkButton href=back>"Back to the times"</LinkButton></div>
            </form>
        </div>
    }
}

fn told(answer: Explanation) -> AnyView {
    let state = if answer.is_free { State::Good } else { State::Note };
    let reasons = answer.because.into_iter().map(|because| view! { <li>{because.sentence}</li> }).collect_view();
    view! { <Notice state=state><b>{answer.summary}</b><ul>{reasons}</ul></Notice> }.into_any()
}
