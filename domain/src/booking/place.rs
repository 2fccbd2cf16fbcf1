//! Where a job at the customer's takes place: is the address complete, and do they come there?

use super::model::{Address, BookingRefusal};
use super::text;
use crate::error::{Fields, Result};

/// Mean radius of the earth in km (IUGG).
const EARTH_KM: f64 = 6_371.008_8;

/// Great-circle distance in km by the haversine formula; a straight line on the ground.
pub fn distance_km(from: (f64, f64), to: (f64, f64)) -> f64 {
    let (lat1, lat2) = (from.0.to_radians(), to.0.to_radians());
    let (dlat, dlng) = (lat2 - lat1, (to.1 - from.1).to_radians());
    let h = (dlat / 2.0).sin().powi(2) + lat1.cos() * lat2.cos() * (dlng / 2.0).sin().powi(2);
    2.0 * EARTH_KM * h.sqrt().min(1.0).asin()
}

/// The address without stray characters.
pub fn tidy(address: &Address) -> Address {
    Address {
        street: text::tidy_line(&address.street),
        district: text::tidy_line(&address.district),
        town: text::tidy_line(&address.town),
        postcode: text::tidy_line(&address.postcode),
        extra: text::tidy(&address.extra),
        lat: address.lat,
        lng: address.lng,
    }
}

pub fn check(fields: &mut Fields, address: &Address) {
    fields.check(!address.street.trim().is_empty(), "address.street", "Please say the street and number.");
    let texts = [&address.street, &address.district, &address.town, &address.postcode];
    fields.check(texts.iter().all(|t| t.chars().count() <= 120), "address.street", "Please keep each line under 120 characters.");
    fields.check(address.extra.chars().count() <= 300, "address.extra", "Please keep it under 300 characters.");
    fields.check(address.lat.is_none_or(|v| (-90.0..=90.0).contains(&v)), "address.lat", "A latitude is between -90 and 90.");
    fields.check(address.lng.is_none_or(|v| (-180.0..=180.0).contains(&v)), "address.lng", "A longitude is between -180 and 180.");
}

/// The address with its position on the ground and the parts people left out. A street we know is where we know it, whatever was sent along;
/// of others we believe the position that came with them.
#[cfg(feature = "server")]
pub(super) async fn locate(ctx: &crate::ctx::Ctx, address: &Address) -> Result<Address> {
    let mut address = tidy(address);
    let words =
        [&address.street, &address.district, &address.town].into_iter().filter(|w| !w.is_empty()).cloned().collect::<Vec<_>>().join(", ");
    let known = match crate::place::find(ctx, &words).await? {
        Some(place) if !place.street.is_empty() => Some(place),
        _ => None,
    };
    if let Some(place) = known {
        (address.lat, address.lng) = (Some(place.lat), Some(place.lng));
        for (part, known) in
            [(&mut address.district, place.district), (&mut address.town, place.town), (&mut address.postcode, place.postcode)]
        {
            if part.is_empty() {
                *part = known;
            }
        }
    }
    Ok(address)
}

/// Refuses an address whose position lies outside the radius, or is not known when a radius must be kept.
pub fn check_radius(address: &Address, radius_km: Option<f64>, lat: Option<f64>, lng: Option<f64>) -> Result<(), BookingRefusal> {
    let (Some(radius_km), Some(lat), Some(lng)) = (radius_km, lat, lng) else { return Ok(()) };
    let (Some(to_lat), Some(to_lng)) = (address.lat, address.lng) else { return Err(BookingRefusal::AddressUnknown) };
    let distance_km = distance_km((lat, lng), (to_lat, to_lng));
    if distance_km > radius_km { Err(BookingRefusal::OutsideRadius { radius_km, distance_km }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lat: f64, lng: f64) -> Address {
        Address { street: "Kiln Street 3".into(), lat: Some(lat), lng: Some(lng), ..Address::default() }
    }

    #[test]
    fn distances_match_known_ones() {
        // Lisbon to Porto, about 274 km as the crow flies
        let km = distance_km((38.7223, -9.1393), (41.1579, -8.6291));
        assert!((km - 274.2).abs() < 1.0, "{km}");
        assert_eq!(distance_km((10.0, 20.0), (10.0, 20.0)), 0.0);
    }

    #[test]
    fn the_radius_is_kept_to_the_metre() {
        let north_km = |km: f64| at(38.7 + km / 111.195, -9.1);
        assert!(check_radius(&north_km(4.99), Some(5.0), Some(38.7), Some(-9.1)).is_ok());
        assert!(matches!(check_radius(&north_km(5.01), Some(5.0), Some(38.7), Some(-9.1)), Err(BookingRefusal::OutsideRadius { .. })));
        let unknown = Address { lat: None, ..at(0.0, 0.0) };
        assert!(matches!(check_radius(&unknown, Some(5.0), Some(38.7), Some(-9.1)), Err(BookingRefusal::AddressUnknown)));
        assert!(check_radius(&unknown, None, Some(38.7), Some(-9.1)).is_ok());
    }
}
