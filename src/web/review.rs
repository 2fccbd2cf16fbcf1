//! Writing about a finished booking, and the desk's page of reviews.

use super::caller::{Caller, PageError};
use super::form::{Sent, refuse};
use super::render;
use crate::state::AppState;
use app::kit::{Filled, format};
use app::review::pages::{DeskReviewsPage, ReviewPage};
use app::shell::Frame;
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::{get, post};
use domain::ctx::{Ctx, StaffRole};
use domain::error::{Error, Result as Verb};
use domain::id::{BookingId, ProviderId, ReviewId};
use domain::page::PageQuery;
use domain::provider;
use domain::review::{
    self,
    model::{ReviewFormView, WriteReview},
};
use domain::scheduling::zone;
use leptos::prelude::*;

fn frame(form: &ReviewFormView) -> Frame {
    Frame::private(format!("Review of {}", form.about))
}

/// `28 June 2026, 14:00`, in UTC's date where no zone is at hand: the last day is what matters.
fn due(form: &ReviewFormView) -> String {
    format::date(form.due_at.utc_date())
}

async fn show(Caller(ctx): Caller, Path(id): Path<BookingId>) -> Result<Response, PageError> {
    let form = review::get_form(&ctx, id).await?;
    let due = due(&form);
    Ok(render::page(&ctx, frame(&form), view! { <ReviewPage form=form due=due filled=Filled::default() /> }))
}

async fn write(Caller(ctx): Caller, Path(id): Path<BookingId>, sent: Sent) -> Result<Response, PageError> {
    let input = WriteReview { rating: sent.text("rating").parse().unwrap_or(0), body: sent.text("body").to_owned() };
    match review::write(&ctx, id, &input).await {
        Ok(written) => {
            let sentence = if written.published_at.is_some() {
                "Thank you. Your review is published."
            } else {
                "Thank you. Your review appears once both sides have written, or after seven days."
            };
            Ok(render::redirect_with_notice(&format!("/bookings/{id}"), sentence))
        }
        Err(error) => {
            let form = review::get_form(&ctx, id).await?;
            let due = due(&form);
            refuse(&ctx, frame(&form), sent, error, |filled| view! { <ReviewPage form=form due=due filled=filled /> })
        }
    }
}

#[derive(serde::Deserialize, Default)]
struct More {
    cursor: Option<String>,
}

async fn desk(Caller(ctx): Caller, Path(id): Path<ProviderId>, Query(More { cursor }): Query<More>) -> Result<Response, PageError> {
    let (frame, view) = desk_view(&ctx, id, cursor, Filled::default(), None).await?;
    Ok(render::page(&ctx, frame, view))
}

async fn desk_view(ctx: &Ctx, id: ProviderId, cursor: Option<String>, filled: Filled, open: Option<ReviewId>) -> Verb<(Frame, AnyView)> {
    ctx.require_staff(id, StaffRole::Member)?;
    let business = provider::get(ctx, id).await?;
    let page = PageQuery { limit: Some(20), cursor };
    let (reviews, waiting, counts) =
        (review::list_for_desk(ctx, id, &page).await?, review::list_waiting(ctx, id).await?, review::get_distribution(ctx, id).await?);
    let local = zone::stored(&business.zone);
    let day = |at| format::date(zone::local(at, local).date);
    let items: Vec<_> = reviews.items.into_iter().map(|r| (day(r.published_at.unwrap_or(r.written_at)), r)).map(|(d, r)| (r, d)).collect();
    let waiting: Vec<_> = waiting.into_iter().map(|w| (day(w.due_at), w)).map(|(d, w)| (w, d)).collect();
    let more = reviews.next_cursor.map(|cursor| format!("/desk/{id}/reviews?cursor={cursor}"));
    let may_reply = ctx.is_staff(id, StaffRole::Manager);
    let frame = Frame::workspace("Reviews", id, business.name);
    let view = view! {
        <DeskReviewsPage provider=id counts=counts reviews=items waiting=waiting more=more may_reply=may_reply filled=filled open=open />
    };
    Ok((frame, view.into_any()))
}

async fn reply(Caller(ctx): Caller, Path((provider, id)): Path<(ProviderId, ReviewId)>, sent: Sent) -> Result<Response, PageError> {
    ctx.require_staff(provider, StaffRole::Member)?;
    match review::reply(&ctx, id, sent.text("reply")).await {
        Ok(_) => Ok(render::redirect_with_notice(&format!("/desk/{provider}/reviews"), "Your reply is published.")),
        Err(error @ (Error::Invalid(_) | Error::Refused(_))) => {
            let filled = Filled::refused(sent.0, &error);
            let (frame, view) = desk_view(&ctx, provider, None, filled, Some(id)).await?;
            Ok(render::page_with(http::StatusCode::UNPROCESSABLE_ENTITY, &ctx, frame, view))
        }
        Err(other) => Err(other.into()),
    }
}

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/bookings/{id}/review", get(show).post(write))
        .route("/desk/{provider}/reviews", get(desk))
        .route("/desk/{provider}/reviews/{review}/reply", post(reply))
}
