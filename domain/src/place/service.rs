//! Looking places up.

use super::model::{District, PlaceView, Point};
use super::store::{self, PlaceRow};
use crate::ctx::Ctx;
use crate::error::Result;

/// A street is about this long in house numbers when nobody has counted them.
const LAST_HOUSE: f64 = 60.0;
const MAX_TEXT: usize = 200;
/// More names than these would hide each other.
const MOST_DISTRICTS: i64 = 40;

/// The place that the words mean best: a postcode, or a street, district or town with small mistakes forgiven. Words after the first comma
/// and a house number help: "14 lantern lane, millbank".
pub async fn find(ctx: &Ctx, text: &str) -> Result<Option<PlaceView>> {
    let text: String = text.chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect();
    let (house, words) = split_house(&text);
    if words.is_empty() {
        return Ok(None);
    }
    Ok(store::find(ctx.db(), &words).await?.map(|row| view(row, house)))
}

/// Up to `limit` places that begin like the words or resemble them, best first.
pub async fn suggest(ctx: &Ctx, text: &str, limit: i64) -> Result<Vec<PlaceView>> {
    let text: String = text.chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect();
    let (house, words) = split_house(&text);
    if words.is_empty() {
        return Ok(Vec::new());
    }
    Ok(store::suggest(ctx.db(), &words, limit.clamp(1, 20)).await?.into_iter().map(|row| view(row, house)).collect())
}

/// The districts of the place's town, by which people find their way on a plot of distances.
pub async fn list_districts(ctx: &Ctx, place: &PlaceView) -> Result<Vec<District>> {
    let rows = store::list_districts(ctx.db(), &place.town, MOST_DISTRICTS).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let (east_m, north_m) = place.point().offset_to(Point { lat: row.lat, lng: row.lng });
            District { name: row.district, east_m, north_m }
        })
        .collect())
}

/// The number before or after the street's name, and the rest in one spelling.
fn split_house(text: &str) -> (Option<u32>, String) {
    let plain = text.replace('’', "'").replace(',', " ");
    let mut house = None;
    let mut words: Vec<&str> = Vec::new();
    for word in plain.split_whitespace() {
        let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let is_number =
            !digits.is_empty() && digits.len() <= 5 && word.len() - digits.len() <= 1 && digits.bytes().all(|b| b.is_ascii_digit());
        // the second half of a postcode ("MW1 1LL") has more letters than one, and stays
        match (is_number && house.is_none(), digits.parse()) {
            (true, Ok(number)) => house = Some(number),
            _ => words.push(word),
        }
    }
    (house, words.join(" "))
}

fn view(row: PlaceRow, house: Option<u32>) -> PlaceView {
    let part = house.filter(|_| row.kind == "street").map_or(0.5, |n| (f64::from(n) / LAST_HOUSE).min(1.0));
    let street = match house {
        Some(number) if row.kind == "street" => format!("{number} {}", row.street),
        _ => row.street.clone(),
    };
    let named: Vec<&str> = [street.as_str(), row.district.as_str()].into_iter().filter(|w| !w.is_empty()).collect();
    PlaceView {
        name: if named.is_empty() { row.town.clone() } else { named.join(", ") },
        street,
        district: row.district,
        town: row.town,
        postcode: row.postcode,
        lat: row.lat + (row.end_lat - row.lat) * part,
        lng: row.lng + (row.end_lng - row.lng) * part,
    }
}

#[cfg(test)]
mod tests {
    use super::split_house;

    #[test]
    fn house_numbers_are_told_from_postcodes() {
        assert_eq!(split_house("14 Lantern Lane, Millbank"), (Some(14), "Lantern Lane Millbank".to_owned()));
        assert_eq!(split_house("Tanner’s Row 3b"), (Some(3), "Tanner's Row".to_owned()));
        assert_eq!(split_house("MW1 1LL"), (None, "MW1 1LL".to_owned()));
        assert_eq!(split_house("  "), (None, String::new()));
    }
}
