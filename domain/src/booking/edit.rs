//! Notes and photos for the provider, before the job.

use super::model::{Action, BookingRefusal, BookingView, ViewerRole};
use super::store::{self, NewPhoto};
use super::{hold, read, text, transition, view, work};
use crate::ctx::Ctx;
use crate::error::{Error, Fields, Result, is_full};
use crate::event::EventKind;
use crate::id::{BookingId, PhotoId};
use crate::pool::Pool;

/// The largest file taken, and what it is made smaller than, in pixels a side.
pub const MAX_PHOTO_BYTES: usize = 5 * 1024 * 1024;
const MAX_SIDE: u32 = 1_600;
/// Beyond either a picture is not opened: what a telephone takes has 50 million pixels of three bytes.
const MAX_PIXELS: u64 = 50_000_000;
const MAX_DECODED_BYTES: u64 = 160 * 1024 * 1024;
/// A few seconds and a few hundred megabytes each.
static OPENING: Pool = Pool::new(2, 32);
const MAX_PHOTOS: usize = 6;

/// The customer changes what the provider should know (up to 2,000 characters).
pub async fn edit_notes(ctx: &Ctx, id: BookingId, notes: &str) -> Result<BookingView> {
    let notes = text::tidy(notes);
    let mut fields = Fields::none();
    fields.check(notes.chars().count() <= hold::MAX_NOTES, "notes", "Please keep it under 2,000 characters.");
    fields.finish()?;
    let mut tx = ctx.begin().await?;
    let (row, role) = transition::lock(&mut tx, ctx, id).await?;
    work::require(Action::Edit, role, &row, ctx)?;
    if row.notes != notes {
        store::set_notes(&mut tx, id, &notes, ctx.now()).await?;
        transition::tell(&mut tx, ctx, &row, EventKind::BookingEdited, row.status()).await?;
        ctx.commit(tx).await?;
    } else {
        drop(tx);
    }
    read::get(ctx, id).await
}

/// Adds a photo (JPEG, PNG or WebP of up to 5 MB), re-encoded as JPEG without its metadata and at most 1,600 pixels a side. Six a booking.
pub async fn add_photo(ctx: &Ctx, id: BookingId, file_name: &str, bytes: Vec<u8>) -> Result<PhotoId> {
    if bytes.is_empty() || bytes.len() > MAX_PHOTO_BYTES {
        return Err(BookingRefusal::NoPhoto.into());
    }
    // Someone who may not add it should not make us decode it.
    let booking = read::get(ctx, id).await?;
    if booking.viewer != ViewerRole::Customer {
        return Err(Error::Forbidden);
    }
    if booking.photos.len() >= MAX_PHOTOS {
        return Err(BookingRefusal::TooManyPhotos.into());
    }
    let picture = OPENING.run(move || reencode(&bytes)).await?.ok_or(BookingRefusal::NoPhoto)?;
    let mut tx = ctx.begin().await?;
    let (row, role) = transition::lock(&mut tx, ctx, id).await?;
    work::require(Action::Edit, role, &row, ctx)?;
    if row.photos.len() >= MAX_PHOTOS {
        return Err(BookingRefusal::TooManyPhotos.into());
    }
    let photo: PhotoId = ctx.new_id();
    let file_name: String = text::tidy_line(file_name).chars().take(120).collect();
    let new = NewPhoto {
        id: photo,
        booking: id,
        file_name: &file_name,
        width: picture.width,
        height: picture.height,
        bytes: &picture.jpeg,
        now: ctx.now(),
    };
    store::insert_photo(&mut tx, new).await.map_err(|error| if is_full(&error) { no_room(&error) } else { error.into() })?;
    transition::tell(&mut tx, ctx, &row, EventKind::BookingEdited, row.status()).await?;
    ctx.commit(tx).await?;
    Ok(photo)
}

fn no_room(error: &sqlx::Error) -> Error {
    tracing::error!(%error, "no room for a photo");
    BookingRefusal::NoRoom.into()
}

pub async fn remove_photo(ctx: &Ctx, id: BookingId, photo: PhotoId) -> Result<()> {
    let mut tx = ctx.begin().await?;
    let (row, role) = transition::lock(&mut tx, ctx, id).await?;
    work::require(Action::Edit, role, &row, ctx)?;
    if store::delete_photo(&mut tx, id, photo).await? {
        transition::tell(&mut tx, ctx, &row, EventKind::BookingEdited, row.status()).await?;
        ctx.commit(tx).await?;
    }
    Ok(())
}

/// The photo as JPEG, for everyone who may see the booking.
pub async fn get_photo(ctx: &Ctx, id: BookingId, photo: PhotoId) -> Result<Vec<u8>> {
    let row = store::find(ctx.db(), id).await?.ok_or(Error::NotFound)?;
    view::role_of(ctx, &row)?;
    store::find_photo(ctx.db(), id, photo).await?.ok_or(Error::NotFound)
}

struct Picture {
    jpeg: Vec<u8>,
    width: i32,
    height: i32,
}

/// None for what is not a picture, whatever its name says.
fn reencode(bytes: &[u8]) -> Option<Picture> {
    let format = image::guess_format(bytes).ok()?;
    if !matches!(format, image::ImageFormat::Jpeg | image::ImageFormat::Png | image::ImageFormat::WebP) {
        return None;
    }
    let (width, height) = image::ImageReader::with_format(std::io::Cursor::new(bytes), format).into_dimensions().ok()?;
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return None;
    }
    let mut reader = image::ImageReader::with_format(std::io::Cursor::new(bytes), format);
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    reader.limits(limits);
    let mut picture = reader.decode().ok()?;
    if width > MAX_SIDE || height > MAX_SIDE {
        picture = picture.resize(MAX_SIDE, MAX_SIDE, image::imageops::FilterType::Triangle);
    }
    let rgb = picture.into_rgb8();
    let mut jpeg = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 82).encode_image(&rgb).ok()?;
    Some(Picture { jpeg, width: rgb.width() as i32, height: rgb.height() as i32 })
}
