//! Photos that a customer adds to a booking, re-encoded before they come here.

use crate::error::Result;
use crate::id::{BookingId, PhotoId};
use crate::time::Instant;
use sqlx::{PgConnection, PgExecutor};

pub struct NewPhoto<'a> {
    pub id: PhotoId,
    pub booking: BookingId,
    pub file_name: &'a str,
    pub width: i32,
    pub height: i32,
    pub bytes: &'a [u8],
    pub now: Instant,
}

pub async fn insert_photo(tx: &mut PgConnection, photo: NewPhoto<'_>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into booking_photos (id, booking_id, file_name, width, height, bytes, created_at) values ($1, $2, $3, $4, $5, $6, $7)",
        photo.id as PhotoId,
        photo.booking as BookingId,
        photo.file_name,
        photo.width,
        photo.height,
        photo.bytes,
        photo.now as Instant,
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn delete_photo(tx: &mut PgConnection, booking: BookingId, photo: PhotoId) -> Result<bool> {
    let done = sqlx::query!("delete from booking_photos where id = $1 and booking_id = $2", photo as PhotoId, booking as BookingId)
        .execute(tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn move_photos(tx: &mut PgConnection, from: BookingId, to: BookingId) -> Result<()> {
    sqlx::query!("update booking_photos set booking_id = $2 where booking_id = $1", from as BookingId, to as BookingId).execute(tx).await?;
    Ok(())
}

/// Photos added before `before` to holds that ran out.
pub async fn delete_forgotten_photos(db: impl PgExecutor<'_>, before: Instant) -> Result<()> {
    sqlx::query!(
        "delete from booking_photos f using bookings b where b.id = f.booking_id and b.status = 'expired' and f.created_at < $1",
        before as Instant,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The photo as JPEG.
pub async fn find_photo(db: impl PgExecutor<'_>, booking: BookingId, photo: PhotoId) -> Result<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar!("select bytes from booking_photos where id = $1 and booking_id = $2", photo as PhotoId, booking as BookingId)
        .fetch_optional(db)
        .await?)
}
