//! Who is asking: the extractor every handler begins with.

use crate::state::AppState;
use axum::extract::FromRequestParts;
use domain::ctx::{Actor, Ctx};
use domain::error::Error;
use http::request::Parts;

/// The request's [`Ctx`]: session cookie or bearer token resolved to an actor by the layers before.
pub struct Caller(pub Ctx);

impl FromRequestParts<AppState> for Caller {
    type Rejection = PageError;
    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, PageError> {
        let actor = parts.extensions.get::<Actor>().cloned().ok_or(Error::Unauthenticated)?;
        Ok(Self(Ctx::new(state.house.clone(), actor, String::new(), None)))
    }
}

/// A verb's error as a page.
#[derive(Debug)]
pub struct PageError(pub Error);

impl<E: Into<Error>> From<E> for PageError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl axum::response::IntoResponse for PageError {
    fn into_response(self) -> axum::response::Response {
        let status = http::StatusCode::from_u16(self.0.status()).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
        (status, self.0.sentence()).into_response()
    }
}
