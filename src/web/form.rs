//! Forms as they were sent, and coming back refused with what was typed.

use super::caller::PageError;
use super::render::page_with;
use app::kit::Filled;
use app::shell::Frame;
use axum::extract::{FromRequest, Request};
use axum::response::Response;
use domain::ctx::Ctx;
use domain::error::Error;
use http::StatusCode;
use leptos::prelude::IntoView;

/// The fields of a posted form, in order; a name may stand several times.
#[derive(Clone, Default)]
pub struct Sent(pub Vec<(String, String)>);

impl Sent {
    /// Empty if absent.
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }
    pub fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect()
    }
}

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Response;
    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        use axum::response::IntoResponse;
        axum::Form::<Vec<(String, String)>>::from_request(request, state)
            .await
            .map(|form| Self(form.0))
            .map_err(IntoResponse::into_response)
    }
}

/// The page again at 422 with what was typed, for what its sender can mend; anything else is a failure of the page.
pub fn refuse<V: IntoView + 'static>(
    ctx: &Ctx,
    frame: Frame,
    sent: Sent,
    error: Error,
    view: impl FnOnce(Filled) -> V,
) -> Result<Response, PageError> {
    match error {
        Error::Invalid(_) | Error::Refused(_) => {
            Ok(page_with(StatusCode::UNPROCESSABLE_ENTITY, ctx, frame, view(Filled::refused(sent.0, &error))))
        }
        other => Err(other.into()),
    }
}
