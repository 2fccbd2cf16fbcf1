//! Who is asking: the extractor every handler begins with.

use crate::layers::failure::failed;
use crate::state::AppState;
use axum::extract::FromRequestParts;
use domain::ctx::Ctx;
use domain::error::Error;
use http::request::Parts;

/// The request's [`Ctx`]: session cookie or bearer token resolved to an actor by the layers before.
pub struct Caller(pub Ctx);

impl FromRequestParts<AppState> for Caller {
    type Rejection = PageError;
    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, PageError> {
        parts.extensions.get::<Ctx>().cloned().map(Self).ok_or(PageError(Error::Unauthenticated))
    }
}

/// A verb's error on its way to a page; `layers::failure` renders it, or leads to the sign-in page.
#[derive(Debug)]
pub struct PageError(pub Error);

impl<E: Into<Error>> From<E> for PageError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl axum::response::IntoResponse for PageError {
    fn into_response(self) -> axum::response::Response {
        failed(self.0)
    }
}

/// What the address names; an id that is none leads nowhere: 404.
pub struct At<T>(pub T);

impl<S: Send + Sync, T: serde::de::DeserializeOwned + Send> FromRequestParts<S> for At<T> {
    type Rejection = PageError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        axum::extract::Path::<T>::from_request_parts(parts, state).await.map(|path| Self(path.0)).map_err(|_| PageError(Error::NotFound))
    }
}
