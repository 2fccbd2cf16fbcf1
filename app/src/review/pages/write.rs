//! One form: stars, words, send. After that, what was written.

use crate::kit::{Button, Crumbs, ErrorSummary, Filled, Kind, LinkButton, Notice, Stars, State, TextArea};
use domain::review::model::{ReviewFormView, ReviewView, Side};
use leptos::prelude::*;

/// `due` is the last day to write, in words.
#[component]
pub fn ReviewPage(form: ReviewFormView, due: String, filled: Filled) -> impl IntoView {
    let back = format!("/bookings/{}", form.booking_id);
    let title = match form.side {
        Side::Customer => format!("How was {}?", form.about),
        Side::Provider => format!("How was it with {}?", form.about),
    };
    let is_open = form.mine.is_none() && form.is_open;
    let way = match form.side {
        Side::Customer => ("Bookings".to_owned(), "/bookings".to_owned()),
        Side::Provider => ("Booking".to_owned(), back.clone()),
    };
    let crumbs = vec![way, (form.reference.clone(), back.clone()), ("Review".to_owned(), String::new())];
    let body = match (&form.mine, form.is_open) {
        (Some(mine), _) => written(mine, form.theirs.as_ref()).into_any(),
        (None, true) => fields(&form, due, filled, back.clone()).into_any(),
        (None, false) => view! {
            <Notice state=State::Note><b>"The seven days are over."</b>" Reviews can be written for seven days after a job."</Notice>
        }
        .into_any(),
    };
    view! {
        <div class="column review-page" data-fit="form">
            <Crumbs items=crumbs />
            <h1>{title}</h1>
            <p class="muted">{form.service_name.clone()}</p>
            {body}
            {(!is_open).then(|| view! { <p><LinkButton href=back>"Back to the booking"</LinkButton></p> })}
        </div>
    }
}

fn fields(form: &ReviewFormView, due: String, filled: Filled, back: String) -> impl IntoView + use<> {
    let chosen: i64 = filled.value("rating").parse().unwrap_or(0);
    let choices = (1..=5_i64)
        .rev()
        .map(|stars| {
            let words = ["Poor", "Not good", "All right", "Good", "Very good"][(stars - 1) as usize];
            view! {
                <label class="choice">
                    <input type="radio" name="rating" value=stars.to_string() checked=chosen == stars required=true />
                    <span class="row"><Stars of=stars /><span>{words}</span></span>
                </label>
            }
        })
        .collect_view();
    let who_reads = match form.side {
        Side::Customer => "Everyone can read it, with your first name and initial.",
        Side::Provider => "Only providers can read it.",
    };
    let problem = filled.problem("rating");
    view! {
        <ErrorSummary filled=filled.clone() />
        <form method="post" class="stack">
            <fieldset class="field" id="f-rating">
                <legend class="label">"Your stars"</legend>
                <div class="choices">{choices}</div>
                {(!problem.is_empty()).then(|| view! { <p class="error">{problem}</p> })}
            </fieldset>
            <TextArea label="What should others know?" name="body" value=filled.value("body") problem=filled.problem("body") optional=true maxlength=2000 rows=6 />
            <p class="small muted">{who_reads}" It appears once both sides have written, or after seven days, and cannot be changed then. You can write until "{due}"."</p>
            <div class="row"><Button kind=Kind::Primary>"Send the review"</Button><LinkButton href=back>"Back to the booking"</LinkButton></div>
        </form>
    }
}

fn written(mine: &ReviewView, theirs: Option<&ReviewView>) -> impl IntoView + use<> {
    let state = match mine.published_at {
        Some(_) => "Published.",
        None => "Not visible yet: it appears once both sides have written, or when the seven days are over.",
    };
    let body = (!mine.body.is_empty()).then(|| view! { <p>{mine.body.clone()}</p> });
    let reply = mine.reply.clone().map(|reply| view! { <p class="reply small">{reply}</p> });
    let theirs = theirs.map(|review| {
        view! { <section><h2>"What they wrote"</h2><p><Stars of=review.rating.into() /></p><p>{review.body.clone()}</p></section> }
    });
    view! {
        <section class="stack">
            <h2>"Your review"</h2>
            <p><Stars of=mine.rating.into() /></p>
            {body} {reply}
            <p class="small muted">{state}</p>
        </section>
        {theirs}
    }
}
