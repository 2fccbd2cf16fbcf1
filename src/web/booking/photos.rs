//! Photos for the job, and calendar files.

use super::{Answer, after};
use crate::web::caller::{At, Caller};
use axum::extract::Multipart;
use axum::response::{IntoResponse, Redirect, Response};
use domain::booking;
use domain::id::{BookingId, PhotoId};
use http::{HeaderValue, header};

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

pub async fn add_photo(Caller(ctx): Caller, At(id): At<BookingId>, mut form: Multipart) -> Answer {
    while let Ok(Some(field)) = form.next_field().await {
        if field.name() != Some("photo") {
            continue;
        }
        let name = field.file_name().unwrap_or("photo").to_owned();
        // A body that breaks off or is too large is no photo.
        let bytes = field.bytes().await.map(|b| b.to_vec()).unwrap_or_default();
        let outcome = match booking::add_photo(&ctx, id, &name, bytes).await {
            Ok(_) => booking::get(&ctx, id).await,
            Err(error) => Err(error),
        };
        return after(&ctx, id, outcome, "Added.", Vec::new()).await;
    }
    Ok(Redirect::to(&format!("/bookings/{id}")).into_response())
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
