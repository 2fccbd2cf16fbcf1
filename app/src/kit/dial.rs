//! Where a map would be: a dial of straight-line distances, north up.

use leptos::prelude::*;
use std::fmt::Write;

/// A result on the dial.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct DialPin {
    /// The result's number in the list.
    pub n: usize,
    /// `$100`
    pub label: String,
    /// Read aloud: `Tolliver Home Repair, 1.2 km`.
    pub name: String,
    /// Where in the list.
    pub href: String,
    pub east_km: f64,
    pub north_km: f64,
}

const CENTRE: f64 = 250.0;
const REACH: f64 = 220.0;

/// The distance between rings, in km, so that at most five of them reach `radius_km`.
fn ring_step(radius_km: f64) -> f64 {
    [0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0].into_iter().find(|step| radius_km / step <= 5.0).unwrap_or(200.0)
}

/// Where something stands, in percent of the dial; beyond the rim it stands on the rim.
fn place(east_km: f64, north_km: f64, radius_km: f64) -> (f64, f64) {
    let away = east_km.hypot(north_km);
    let scale = REACH / radius_km * if away > radius_km { radius_km / away } else { 1.0 };
    ((CENTRE + east_km * scale) / 5.0, (CENTRE - north_km * scale) / 5.0)
}

#[component]
pub fn DistanceDial(
    pins: Vec<DialPin>,
    /// Names of districts and how far east and north they lie.
    #[prop(optional)]
    places: Vec<(String, f64, f64)>,
    radius_km: f64,
    /// What lies in the middle.
    #[prop(into)]
    here: String,
) -> impl IntoView {
    let step = ring_step(radius_km);
    let count = (radius_km / step).ceil().max(1.0) as i32;
    let rim = step * f64::from(count);
    let mut rings = String::new();
    for n in (1..=count).rev() {
        // Writing to a String cannot fail.
        let _ = write!(rings, r#"<circle cx="250" cy="250" r="{:.1}"/>"#, REACH * f64::from(n) / f64::from(count));
    }
    let _ = write!(rings, r#"<path d="{}"/>"#, rim_marks());
    let reach = pins
        .iter()
        .map(|pin| {
            let (x, y) = place(pin.east_km, pin.north_km, rim);
            view! { <path class="reach" data-n=pin.n d=format!("M250 250L{:.1} {:.1}", x * 5.0, y * 5.0)></path> }
        })
        .collect_view();
    let distances = (1..=count)
        .map(|n| {
            let y = 50.0 - 44.0 * f64::from(n) / f64::from(count);
            let km = step * f64::from(n);
            let text = if km.fract() == 0.0 { format!("{km:.0} km") } else { format!("{km:.1} km") };
            view! { <span class="mark km" style=format!("--x: 50%; --y: {y:.1}%")>{text}</span> }
        })
        .collect_view();
    let places = places
        .into_iter()
        .filter(|(_, east, north)| east.hypot(*north) < rim * 0.95 && east.hypot(*north) > rim * 0.12)
        .map(|(name, east, north)| {
            let (x, y) = place(east, north, rim);
            view! { <span class="mark place" style=format!("--x: {x:.1}%; --y: {y:.1}%")>{name}</span> }
        })
        .collect_view();
    let pins = pins
        .into_iter()
        .map(|pin| {
            let (x, y) = place(pin.east_km, pin.north_km, rim);
            view! {
                <a class="pin" href=pin.href data-n=pin.n style=format!("--x: {x:.1}%; --y: {y:.1}%")>
                    <span>{pin.n}</span> " " <b>{pin.label}</b> <span class="hidden-visually">{format!(", {}", pin.name)}</span>
                </a>
            }
        })
        .collect_view();
    let caption = format!("Straight-line distance from {here}, north up. The tip of each tag is where they start from.");
    view! {
        <figure>
            <div class="dial">
                <svg viewBox="0 0 500 500" aria-hidden="true">
                    <g class="rings" inner_html=rings></g>
                    {reach}
                    <circle class="halo" cx="250" cy="250" r="16"></circle>
                    <circle class="core" cx="250" cy="250" r="5.5"></circle>
                </svg>
                <span class="mark north" style="--x: 50%; --y: 1.6%">"N"</span>
                {distances} {places} <span class="mark here" style="--x: 50%; --y: 50%">{here}</span> {pins}
            </div>
            <figcaption class="tiny muted">{caption}</figcaption>
        </figure>
    }
}

/// A mark every five degrees, longer every thirty.
fn rim_marks() -> String {
    let mut path = String::with_capacity(2000);
    for n in 0..72 {
        let (sin, cos) = (f64::from(n) * 5.0).to_radians().sin_cos();
        let to = REACH + if n % 6 == 0 { 8.0 } else { 3.5 };
        let _ = write!(path, "M{:.1} {:.1}L{:.1} {:.1}", CENTRE + REACH * sin, CENTRE - REACH * cos, CENTRE + to * sin, CENTRE - to * cos);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_far_stands_on_the_rim() {
        let (x, y) = place(0.0, 50.0, 5.0);
        assert!((x - 50.0).abs() < 0.01 && (y - 6.0).abs() < 0.01, "{x} {y}");
        let (x, y) = place(-5.0, 0.0, 5.0);
        assert!((x - 6.0).abs() < 0.01 && (y - 50.0).abs() < 0.01, "{x} {y}");
        assert_eq!(ring_step(5.0), 1.0);
        assert_eq!(ring_step(15.0), 3.0);
    }
}
