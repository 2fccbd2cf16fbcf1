//! Places as pages and programs see them, and distances between them.

use serde::{Deserialize, Serialize};

/// Mean radius of the earth in metres (IUGG).
const EARTH_M: f64 = 6_371_008.8;

/// A point on the ground, in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Point {
    pub lat: f64,
    pub lng: f64,
}

impl Point {
    /// Great-circle distance in metres by the haversine formula: a straight line, not a way.
    pub fn metres_to(self, other: Self) -> f64 {
        let (lat1, lat2) = (self.lat.to_radians(), other.lat.to_radians());
        let (dlat, dlng) = (lat2 - lat1, (other.lng - self.lng).to_radians());
        let h = (dlat / 2.0).sin().powi(2) + lat1.cos() * lat2.cos() * (dlng / 2.0).sin().powi(2);
        2.0 * EARTH_M * h.sqrt().min(1.0).asin()
    }
    /// The other point as metres to the east and north, good for a town.
    pub fn offset_to(self, other: Self) -> (f64, f64) {
        let north = (other.lat - self.lat).to_radians() * EARTH_M;
        let east = (other.lng - self.lng).to_radians() * EARTH_M * self.lat.to_radians().cos();
        (east, north)
    }
}

/// A street, district or town that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct PlaceView {
    /// As people say it: "14 Lantern Lane, Millbank".
    pub name: String,
    /// With the house number, if one was given; empty for a district.
    pub street: String,
    pub district: String,
    pub town: String,
    pub postcode: String,
    pub lat: f64,
    pub lng: f64,
}

/// A district, as it lies from a place.
#[derive(Debug, Clone, PartialEq)]
pub struct District {
    pub name: String,
    pub east_m: f64,
    pub north_m: f64,
}

impl PlaceView {
    pub const fn point(&self) -> Point {
        Point { lat: self.lat, lng: self.lng }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_line_on_the_ground() {
        // Lisbon to Porto
        let metres = Point { lat: 38.7223, lng: -9.1393 }.metres_to(Point { lat: 41.1579, lng: -8.6291 });
        assert!((metres - 274_200.0).abs() < 1_000.0, "{metres}");
        let (east, north) = Point { lat: 50.3, lng: -1.7 }.offset_to(Point { lat: 50.309, lng: -1.7 });
        assert!(east.abs() < 0.001 && (north - 1000.0).abs() < 2.0, "{north}");
    }
}
