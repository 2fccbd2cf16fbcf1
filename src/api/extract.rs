//! What REST handlers take: JSON, queries and paths whose refusals are problems with the field's name.

use super::problem::Problem;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use bytes::Bytes;
use domain::error::{Error, Field};
use domain::page::{MAX_LIMIT, PageQuery};
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

/// A JSON body in, or out. 415 for another content type, 400 for what is no JSON, 413 if too large, 422 with the field's path for a wrong type.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let bytes =
            Bytes::from_request(request, state).await.map_err(|rejection: BytesRejection| Problem::of_status(rejection.status()))?;
        read_json(&bytes).map(Self)
    }
}

impl<T: serde::Serialize> axum::response::IntoResponse for Json<T> {
    fn into_response(self) -> axum::response::Response {
        axum::Json(self.0).into_response()
    }
}

/// An absent body counts as `{}`.
#[derive(Debug, Clone, Copy, Default)]
pub struct OptionalJson<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for OptionalJson<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let has_kind = request.headers().contains_key(header::CONTENT_TYPE);
        let is_json = is_json(request.headers());
        let bytes =
            Bytes::from_request(request, state).await.map_err(|rejection: BytesRejection| Problem::of_status(rejection.status()))?;
        if bytes.is_empty() {
            return read_json(b"{}").map(Self);
        }
        if has_kind && !is_json {
            return Err(Problem::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        read_json(&bytes).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if !inner.is_data() {
            return Problem::new(
                StatusCode::BAD_REQUEST,
                "malformed",
                format!("The body is not valid JSON (line {}, column {}).", inner.line(), inner.column()),
            );
        }
        let name = if path == "." { "body".to_owned() } else { path };
        invalid(name, without_place(&inner.to_string()))
    })?;
    reader.end().map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "malformed", "There is more after the end of the JSON value."))?;
    // Every body is an object; serde would take a list for its members in order.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(invalid("body".to_owned(), "An object is expected.".to_owned()));
    }
    let _: () = refuse_nul(bytes)?;
    Ok(value)
}

/// Postgres stores no U+0000; nobody types one.
fn refuse_nul(bytes: &[u8]) -> Result<(), Problem> {
    if bytes.windows(6).any(|w| w.eq_ignore_ascii_case(b"\\u0000")) {
        return Err(invalid("body".to_owned(), "The character U+0000 cannot be stored.".to_owned()));
    }
    Ok(())
}

fn invalid(name: String, problem: String) -> Problem {
    Problem::of_status(StatusCode::UNPROCESSABLE_ENTITY).fields(vec![Field { name, problem }])
}

fn without_place(text: &str) -> String {
    text.rsplit_once(" at line ").map_or(text, |(sentence, _)| sentence).to_owned()
}

/// The query string; 422 with a field for what does not fit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let text = parts.uri.query().unwrap_or("");
        if let Some((name, _)) = form_urlencoded_parse(text).find(|(_, value)| value.contains('\0')) {
            return Err(invalid(name.into_owned(), "The character U+0000 cannot be stored.".to_owned()));
        }
        let pairs = serde_urlencoded::Deserializer::new(form_urlencoded_parse(text));
        serde_path_to_error::deserialize(pairs).map(Self).map_err(|error| {
            let path = error.path().to_string();
            let name = if path == "." { "query".to_owned() } else { path };
            invalid(name, error.into_inner().to_string())
        })
    }
}

fn form_urlencoded_parse(text: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(text.as_bytes())
}

/// Which part of a list is wanted. 422 for a limit that is not between 1 and [`MAX_LIMIT`].
pub fn page(limit: Option<i64>, cursor: Option<String>) -> Result<PageQuery, Problem> {
    if limit.is_some_and(|limit| !(1..=MAX_LIMIT).contains(&limit)) {
        return Err(invalid("limit".to_owned(), format!("Give a number from 1 to {MAX_LIMIT}.")));
    }
    Ok(PageQuery { limit, cursor })
}

/// Path parameters; an id that is none leads nowhere: 404.
#[derive(Debug, Clone, Copy, Default)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        axum::extract::Path::<T>::from_request_parts(parts, state).await.map(|path| Self(path.0)).map_err(|_| Error::NotFound.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Wanted {
        #[allow(dead_code, reason = "only its reading is tested")]
        inner: Inner,
    }
    #[derive(Debug, serde::Deserialize)]
    struct Inner {
        #[allow(dead_code, reason = "only its reading is tested")]
        count: u8,
    }

    #[test]
    fn names_the_field() {
        let problem = read_json::<Wanted>(br#"{"inner": {"count": "many"}}"#).expect_err("a wrong type");
        assert_eq!((problem.status(), problem.body().fields[0].name.as_str()), (422, "inner.count"));
        assert_eq!(read_json::<Wanted>(br#"{"inner": {"count": 256}}"#).expect_err("too large").status(), 422);
        assert_eq!(read_json::<Wanted>(b"{").expect_err("malformed").status(), 400);
        assert_eq!(read_json::<Wanted>(br#"{"inner": {"count": 1}} x"#).expect_err("trailing").status(), 400);
        assert_eq!(read_json::<Wanted>(br#"[{"count": 1}]"#).expect_err("a list of its members").status(), 422);
        assert!(read_json::<Wanted>(br#" {"inner": {"count": 1}}"#).is_ok());
    }
}
