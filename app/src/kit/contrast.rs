//! Text is legible and edges are seen on every surface, in light and in dark: computed from the tokens themselves.
//!
//! OKLCH to linear sRGB after Ottosson, "A perceptual color space for image processing" (2020); contrast after WCAG 2.2, section 1.4.3.

use std::collections::HashMap;

const TOKENS: &str = include_str!("../../../style/tokens.css");
const SURFACES: [&str; 5] = ["ground", "surface", "raised", "sunken", "wash"];

/// Lightness, chroma, hue in degrees.
type Oklch = [f64; 3];

/// Relative luminance.
fn luminance([l, c, h]: Oklch) -> f64 {
    let (sin, cos) = h.to_radians().sin_cos();
    let (a, b) = (c * cos, c * sin);
    let cube = |value: f64| value * value * value;
    let (x, y, z) = (
        cube(l + 0.396_337_777_4 * a + 0.215_803_757_3 * b),
        cube(l - 0.105_561_345_8 * a - 0.063_854_172_8 * b),
        cube(l - 0.089_484_177_5 * a - 1.291_485_548 * b),
    );
    let red = 4.076_741_662_1 * x - 3.307_711_591_3 * y + 0.230_969_929_2 * z;
    let green = -1.268_438_004_6 * x + 2.609_757_401_1 * y - 0.341_319_396_5 * z;
    let blue = -0.004_196_086_3 * x - 0.703_418_614_7 * y + 1.707_614_701 * z;
    0.2126 * red.clamp(0.0, 1.0) + 0.7152 * green.clamp(0.0, 1.0) + 0.0722 * blue.clamp(0.0, 1.0)
}

fn contrast(one: Oklch, other: Oklch) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Opaque colours by name: by day and by night. A hue may be `var(--hue)`, which `hue` replaces.
fn colours(hue: f64) -> HashMap<String, [Oklch; 2]> {
    let mut found = HashMap::new();
    for line in TOKENS.lines() {
        let Some((name, value)) = line.trim().strip_prefix("--").and_then(|rest| rest.split_once(':')) else { continue };
        let parts: Vec<Oklch> = value.split("oklch(").skip(1).filter_map(|text| read(text.split(')').next()?, hue)).collect();
        if let [day, night] = parts.as_slice() {
            found.insert(name.to_owned(), [*day, *night]);
        }
    }
    found
}

fn read(text: &str, hue: f64) -> Option<Oklch> {
    if text.contains('/') {
        return None;
    }
    let mut numbers = text.split_whitespace().map(|word| if word.starts_with("var(") { Ok(hue) } else { word.parse::<f64>() });
    Some([numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?])
}

fn check(known: &HashMap<String, [Oklch; 2]>, front: &str, back: &str, least: f64, failures: &mut Vec<String>) {
    let (front_colour, back_colour) = (known[front], known[back]);
    for (theme, at) in [("light", 0), ("dark", 1)] {
        let ratio = contrast(front_colour[at], back_colour[at]);
        if ratio < least {
            failures.push(format!("{front} on {back}, {theme}: {ratio:.2} of {least}"));
        }
    }
}

#[test]
fn text_is_legible_and_edges_are_seen() {
    let known = colours(0.0);
    let mut failures = Vec::new();
    for surface in SURFACES {
        for text in ["ink", "ink-2", "ink-3", "primary-ink", "accent-ink", "success-ink", "warning-ink", "danger-ink", "info-ink"] {
            check(&known, text, surface, 4.5, &mut failures);
        }
    }
    for surface in ["ground", "surface", "raised", "sunken"] {
        for edge in ["line-strong", "focus", "accent-strong"] {
            check(&known, edge, surface, 3.0, &mut failures);
        }
    }
    for state in ["success", "warning", "danger", "info", "primary", "accent"] {
        check(&known, &format!("{state}-ink"), &format!("{state}-soft"), 4.5, &mut failures);
    }
    for fill in ["success-fill", "danger-fill", "danger-hover", "info-fill"] {
        check(&known, "on-fill", fill, 4.5, &mut failures);
    }
    for fill in ["primary", "primary-hover", "primary-press"] {
        check(&known, "on-primary", fill, 4.5, &mut failures);
    }
    check(&known, "on-accent", "accent", 4.5, &mut failures);
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn every_tone_carries_its_text() {
    let mut failures = Vec::new();
    for hue in [166.0, 78.0, 42.0, 12.0, 332.0, 255.0, 215.0, 118.0] {
        let known = colours(hue);
        check(&known, "tone-on", "tone-deep", 4.5, &mut failures);
        check(&known, "tone-on", "tone-mid", 3.0, &mut failures);
        check(&known, "tone-ink", "tone-soft", 4.5, &mut failures);
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn black_on_white_is_21() {
    assert!((contrast([0.0, 0.0, 0.0], [1.0, 0.0, 0.0]) - 21.0).abs() < 0.01);
}
