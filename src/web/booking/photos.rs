//! Photos for the job, and calendar files.

use super::{Answer, Pairs, after, booking_page};
use crate::web::caller::{At, Caller, PageError};
use app::kit::Filled;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{DefaultBodyLimit, Form, FromRequest, Request};
use axum::response::{IntoResponse, Redirect, Response};
use domain::booking;
use domain::ctx::Ctx;
use domain::error::{Error, Fields};
use domain::id::{BookingId, PhotoId};
use http::{HeaderValue, StatusCode, header};

/// As a file to add to a calendar.
pub async fn calendar_file(Caller(ctx): Caller, At(id): At<BookingId>) -> Answer {
    Ok(calendar(booking::calendar_file(&ctx, id).await?, "booking.ics"))
}

pub async fn feed(Caller(ctx): Caller, At(secret): At<String>) -> Answer {
    Ok(calendar(booking::feed(&ctx, &secret).await?, "fettle.ics"))
}

fn calendar(text: String, name: &str) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// A file that is too large is read to its end, so that what stands after it in the form is not lost; this much of all of them.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// No form has longer texts, all of them together, nor more of them; what goes beyond counts as broken off.
const MOST_TEXT: usize = 256 * 1024;
const MOST_TEXTS: usize = 100;

/// A form that may bring photos along, or none.
pub enum Sent {
    Plain(Pairs),
    Parts(Multipart),
}

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Response;
    async fn from_request(mut request: Request, state: &S) -> Result<Self, Response> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if kind.starts_with("multipart/form-data") {
            DefaultBodyLimit::max(MOST_BYTES).apply(&mut request);
            return Multipart::from_request(request, state).await.map(Self::Parts).map_err(IntoResponse::into_response);
        }
        Form::from_request(request, state).await.map(|Form(pairs)| Self::Plain(pairs)).map_err(IntoResponse::into_response)
    }
}

/// What a form with photos held.
pub struct Read {
    pub pairs: Pairs,
    /// Photos that were added.
    pub added: usize,
    /// What is wrong with those that were not, by the field `photo`.
    pub problems: Fields,
    /// Of the page that tells of them: the sender's to mend, or ours.
    pub status: StatusCode,
    /// It did not break off.
    pub is_whole: bool,
}

impl Read {
    pub fn check(&self) -> Result<(), Error> {
        self.problems.clone().finish()
    }
}

/// Reads the form, and adds its photos to the booking as they come: no two are in memory at once. A form that breaks off is taken as far as
/// it came.
pub async fn read(ctx: &Ctx, id: BookingId, sent: Sent) -> Result<Read, PageError> {
    let mut read = Read { pairs: Vec::new(), added: 0, problems: Fields::none(), status: StatusCode::UNPROCESSABLE_ENTITY, is_whole: true };
    let mut parts = match sent {
        Sent::Plain(pairs) => return Ok(Read { pairs, ..read }),
        Sent::Parts(parts) => parts,
    };
    // Whoever may not see the booking is not listened to.
    booking::get(ctx, id).await?;
    let mut room = MOST_TEXT;
    loop {
        let mut part = match parts.next_field().await {
            Ok(Some(part)) => part,
            Ok(None) => return Ok(read),
            Err(_) => return Ok(Read { is_whole: false, ..read }),
        };
        let name = part.name().unwrap_or_default().to_owned();
        let file = part.file_name().map(str::to_owned);
        let is_photo = name == "photo";
        let Ok((bytes, is_cut)) = bytes_of(&mut part, if is_photo { booking::MAX_PHOTO_BYTES } else { room }).await else {
            return Ok(Read { is_whole: false, ..read });
        };
        if !is_photo {
            if is_cut || read.pairs.len() >= MOST_TEXTS {
                return Ok(Read { is_whole: false, ..read });
            }
            room -= bytes.len();
            read.pairs.push((name, String::from_utf8_lossy(&bytes).into_owned()));
            continue;
        }
        let file = file.unwrap_or_default();
        // Nothing was chosen.
        if file.is_empty() && bytes.is_empty() {
            continue;
        }
        // Half a picture is none.
        match booking::add_photo(ctx, id, &file, if is_cut { Vec::new() } else { bytes }).await {
            Ok(_) => read.added += 1,
            Err(error @ (Error::Refused(_) | Error::Invalid(_) | Error::Unavailable { .. })) => {
                if error.status() == 503 {
                    read.status = StatusCode::SERVICE_UNAVAILABLE;
                }
                read.problems.add("photo", format!("{file}: {}", error.sentence()));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// The first `most` bytes of the part, and whether there were more; all of it is read.
async fn bytes_of(part: &mut Field<'_>, most: usize) -> Result<(Vec<u8>, bool), MultipartError> {
    let (mut bytes, mut is_cut) = (Vec::new(), false);
    while let Some(chunk) = part.chunk().await? {
        let room = most - bytes.len();
        is_cut |= chunk.len() > room;
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    Ok((bytes, is_cut))
}

/// POST `/bookings/{id}/photos`.
pub async fn add_photo(Caller(ctx): Caller, At(id): At<BookingId>, sent: Sent) -> Answer {
    let read = read(&ctx, id, sent).await?;
    if let Err(error) = read.check() {
        return booking_page(&ctx, id, Filled::refused(Vec::new(), &error), read.status).await;
    }
    let outcome = booking::get(&ctx, id).await;
    let words = if read.added == 0 { "No photo was chosen." } else { "Added." };
    after(&ctx, id, outcome, words, Vec::new()).await
}

pub async fn remove_photo(Caller(ctx): Caller, At((id, photo)): At<(BookingId, PhotoId)>) -> Answer {
    booking::remove_photo(&ctx, id, photo).await?;
    Ok(Redirect::to(&format!("/bookings/{id}")).into_response())
}

pub async fn photo(Caller(ctx): Caller, At((id, photo)): At<(BookingId, PhotoId)>) -> Answer {
    let bytes = booking::get_photo(&ctx, id, photo).await?;
    let headers = [(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "private, max-age=86400, immutable")];
    Ok((headers, bytes).into_response())
}
