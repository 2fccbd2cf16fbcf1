//! All SQL of the room.

use crate::error::Result;
use sqlx::PgPool;

pub struct PlaceRow {
    pub kind: String,
    pub street: String,
    pub district: String,
    pub town: String,
    pub postcode: String,
    pub lat: f64,
    pub lng: f64,
    pub end_lat: f64,
    pub end_lng: f64,
}

/// The best place for the words, if any resembles them at all.
pub async fn find(db: &PgPool, words: &str) -> Result<Option<PlaceRow>> {
    Ok(suggest(db, words, 1).await?.pop())
}

pub async fn suggest(db: &PgPool, words: &str, limit: i64) -> Result<Vec<PlaceRow>> {
    let rows = sqlx::query_as!(
        PlaceRow,
        r#"select
            p.kind,
            p.street,
            p.district,
            p.town,
            p.postcode,
            p.lat,
            p.lng,
            p.end_lat,
            p.end_lng
         from places p, fold($1) typed
         where lower(p.postcode) = typed
            or p.words like replace(replace(typed, '%', ''), '_', '') || '%'
            -- how much of what was typed is found in the words: "lantrn lane" finds Lantern Lane
            or typed <% p.words
         order by
            lower(p.postcode) = typed desc,
            -- a district named like one of its streets means the district
            fold(replace(p.district, '’', '''')) = typed and p.kind = 'district' desc,
            word_similarity(typed, p.words) desc,
            p.kind = 'street',
            length(p.words),
            p.words
         limit $2"#,
        words,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// A district's name and its middle.
pub struct DistrictRow {
    pub district: String,
    pub lat: f64,
    pub lng: f64,
}

pub async fn list_districts(db: &PgPool, town: &str, limit: i64) -> Result<Vec<DistrictRow>> {
    let rows = sqlx::query_as!(
        DistrictRow,
        r#"select district, lat, lng
         from places
         where kind = 'district'
           and town = $1
         order by district
         limit $2"#,
        town,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}
