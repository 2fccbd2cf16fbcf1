//! Covers, not grey: a quilt of two tones. The category gives the shapes, the id the arrangement and how close one looks.
//!
//! The drawing is a pure function of its inputs, so a provider looks the same on every page and every node.

use super::icon::{Icon, icon, icon_l};
use leptos::prelude::*;
use std::fmt::Write;

/// The side of a patch, in units of the drawing.
const TILE: i32 = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Figure {
    Pipes,
    Rings,
    Planks,
    Halves,
    Leaves,
    Discs,
    Waves,
    Bars,
    Flags,
    Blocks,
    Pebbles,
    Roofs,
}

use Figure::{Bars, Blocks, Discs, Flags, Halves, Leaves, Pebbles, Pipes, Planks, Rings, Roofs, Waves};

/// Which figures suit a category, by the name of its icon.
fn figures(icon: &str) -> [Figure; 3] {
    match icon {
        "wrench" | "hammer" | "plug" => [Pipes, Rings, Planks],
        "brush-cleaning" | "sparkles" => [Halves, Discs, Waves],
        "sprout" | "leaf" => [Leaves, Halves, Pebbles],
        "hand-heart" | "heart" | "baby" => [Discs, Pebbles, Halves],
        "scissors" => [Waves, Pipes, Leaves],
        "music" | "graduation-cap" | "book-open" | "languages" => [Bars, Rings, Flags],
        "drama" | "party-popper" | "camera" => [Flags, Halves, Bars],
        "truck" | "package" => [Blocks, Planks, Flags],
        "paw-print" | "dog" => [Pebbles, Discs, Leaves],
        "key-round" | "house" | "building-2" => [Roofs, Blocks, Planks],
        "dumbbell" | "bike" => [Rings, Bars, Waves],
        "laptop" | "smartphone" | "monitor" => [Blocks, Pipes, Rings],
        "utensils" => [Discs, Waves, Halves],
        _ => [Halves, Flags, Pipes],
    }
}

/// splitmix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// 0 to `sides` - 1.
    fn of(&mut self, sides: u64) -> i32 {
        (self.roll() % sides) as i32
    }
}

fn seed(id: u128) -> u64 {
    (id ^ (id >> 64)) as u64
}

/// 1 to 8, for `data-tone`; the same id always has the same.
pub fn tone_of(id: u128) -> u8 {
    Dice(seed(id)).of(8) as u8 + 1
}

/// How much of the quilt is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CoverShape {
    /// 5 by 3 patches.
    #[default]
    Card,
    /// 17 by 3 patches, across a page.
    Banner,
    /// A square patch for a category.
    Patch,
}

/// The window through which the quilt is seen, as a `viewBox`, and the path of its figure.
fn draw(icon: &str, id: u128, shape: CoverShape) -> (&'static str, String) {
    let mut dice = Dice(seed(id).rotate_left(17));
    let figure = match shape {
        // A category shows its first figure, so that providers are its variations.
        CoverShape::Patch => figures(icon)[0],
        _ => figures(icon)[dice.of(3) as usize],
    };
    let columns = if shape == CoverShape::Banner { 17 } else { 5 };
    let window = match (shape, dice.of(4)) {
        (CoverShape::Banner, _) => "0 0 1088 192",
        (_, 0) => "0 0 320 192",
        (_, 1) => "0 48 240 144",
        (_, 2) => "32 0 240 144",
        _ => "64 32 200 120",
    };
    (window, quilt(figure, columns, 3, &mut dice))
}

fn quilt(figure: Figure, columns: i32, rows: i32, dice: &mut Dice) -> String {
    let mut path = String::with_capacity(1600);
    match figure {
        Waves => waves(&mut path, columns, rows, dice),
        Bars => bars(&mut path, columns, rows, dice),
        _ => {
            for row in 0..rows {
                for column in 0..columns {
                    patch(&mut path, figure, column * TILE, row * TILE, row % 2 == 1, dice);
                }
            }
        }
    }
    path
}

/// Writing to a String cannot fail.
macro_rules! put {
    ($path:ident, $($arg:tt)*) => { let _ = write!($path, $($arg)*); };
}

fn patch(path: &mut String, figure: Figure, x: i32, y: i32, is_odd_row: bool, dice: &mut Dice) {
    match figure {
        Pipes => pipe(path, x, y, dice.of(2) == 0),
        Rings => {
            let (outer, inner) = [(20, 8), (28, 20), (28, 14), (20, 8)][dice.of(4) as usize];
            disc(path, x + 32, y + 32, outer);
            put!(path, "m{} 0a{inner} {inner} 0 1 1 {d} 0a{inner} {inner} 0 1 1-{d} 0z", outer - inner, d = 2 * inner);
        }
        Planks => {
            if dice.of(2) == 0 {
                put!(path, "M{x} {}h64v18h-64zM{x} {}h64v18h-64z", y + 8, y + 38);
            } else {
                put!(path, "M{} {y}h18v64h-18zM{} {y}h18v64h-18z", x + 8, x + 38);
            }
        }
        Halves => match dice.of(5) {
            0 => {
                put!(path, "M{x} {}a32 32 0 0 1 64 0z", y + 64);
            }
            1 => {
                put!(path, "M{x} {y}a32 32 0 0 0 64 0z");
            }
            2 => {
                put!(path, "M{} {y}a32 32 0 0 0 0 64z", x + 64);
            }
            3 => {
                put!(path, "M{x} {y}a32 32 0 0 1 0 64z");
            }
            _ => {}
        },
        Leaves => match dice.of(5) {
            0 | 1 => {
                put!(path, "M{x} {y}a64 64 0 0 1 64 64a64 64 0 0 1-64-64z");
            }
            2 | 3 => {
                put!(path, "M{} {y}a64 64 0 0 1-64 64a64 64 0 0 1 64-64z", x + 64);
            }
            _ => {}
        },
        Discs => disc(path, x + 32, y + 32, [14, 20, 26, 32, 26][dice.of(5) as usize]),
        Flags => match dice.of(4) {
            0 => {
                put!(path, "M{x} {y}h64v64z");
            }
            1 => {
                put!(path, "M{x} {y}h64l-64 64z");
            }
            2 => {
                put!(path, "M{x} {y}v64h64z");
            }
            _ => {
                put!(path, "M{} {y}v64h-64z", x + 64);
            }
        },
        Blocks => match dice.of(3) {
            0 => {
                put!(path, "M{} {}h58v58h-58z", x + 3, y + 3);
            }
            1 => {
                put!(path, "M{} {}h58v26h-58zm0 32h58v26h-58z", x + 3, y + 3);
            }
            _ => {
                put!(path, "M{} {}h26v58h-26zm32 0h26v58h-26z", x + 3, y + 3);
            }
        },
        Pebbles => pebble(path, x + 3, y + 3, dice),
        _ => {
            let eave = [8, 16, 24][dice.of(3) as usize];
            let left = x + 5 - if is_odd_row { 32 } else { 0 };
            put!(path, "M{left} {}v-{eave}l27-26 27 26v{eave}z", y + 64);
        }
    }
}

fn disc(path: &mut String, x: i32, y: i32, r: i32) {
    put!(path, "M{} {y}a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0-{d} 0z", x - r, d = 2 * r);
}

/// Two quarter bends; they meet their neighbours whichever way they lie.
fn pipe(path: &mut String, x: i32, y: i32, falls: bool) {
    if falls {
        put!(path, "M{} {y}a22 22 0 0 0 22 22v20a42 42 0 0 1-42-42z", x + 42);
        put!(path, "M{} {}a22 22 0 0 0-22-22v-20a42 42 0 0 1 42 42z", x + 22, y + 64);
    } else {
        put!(path, "M{} {y}a22 22 0 0 1-22 22v20a42 42 0 0 0 42-42z", x + 22);
        put!(path, "M{} {}a22 22 0 0 1 22-22v-20a42 42 0 0 0-42 42z", x + 42, y + 64);
    }
}

/// A square of 58 whose corners are rounded by different amounts; two on one side never exceed it.
fn pebble(path: &mut String, x: i32, y: i32, dice: &mut Dice) {
    let [a, b, c, d] = [(); 4].map(|()| 10 + dice.of(19));
    put!(path, "M{} {y}h{}a{b} {b} 0 0 1 {b} {b}v{}", x + a, 58 - a - b, 58 - b - c);
    put!(path, "a{c} {c} 0 0 1-{c} {c}h-{}a{d} {d} 0 0 1-{d}-{d}v-{}a{a} {a} 0 0 1 {a}-{a}z", 58 - c - d, 58 - d - a);
}

fn waves(path: &mut String, columns: i32, rows: i32, dice: &mut Dice) {
    let (swing, thick) = [(26, 15), (18, 12), (30, 18)][dice.of(3) as usize];
    let (there, back) = ("t64 0".repeat(columns as usize - 1), "t-64 0".repeat(columns as usize - 1));
    for line in 0..rows * 2 + 2 {
        put!(path, "M0{:+}q32 {swing} 64 0{there}v{thick}q-32 {swing}-64 0{back}z", line * 32 - 8);
    }
}

fn bars(path: &mut String, columns: i32, rows: i32, dice: &mut Dice) {
    for bar in 0..columns * 2 {
        let height = 40 + 24 * dice.of(6);
        put!(path, "M{} {}v-{height}a13 13 0 0 1 26 0v{height}z", bar * 32 + 3, rows * TILE);
    }
}

/// What stands where a photo would: `id` is the provider's, `icon` the name of its category's icon.
#[component]
pub fn Cover(
    id: u128,
    #[prop(into)] icon_name: String,
    #[prop(optional)] shape: CoverShape,
    /// 1 to 8, where the provider chose one; otherwise the id gives it.
    #[prop(optional)]
    tone: Option<i32>,
    /// Without the category's sign in the corner.
    #[prop(optional)]
    bare: bool,
    #[prop(optional, into)] class: &'static str,
    /// What floats on it: a badge, the heart.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let (window, path) = draw(&icon_name, id, shape);
    let sign = (!bare).then(|| view! { <span class="sign">{icon(named(&icon_name))}</span> });
    view! {
        <div class=format!("cover {class}") data-tone=tone.map_or_else(|| tone_of(id), |tone| tone.clamp(1, 8) as u8)>
            <svg class="pattern" viewBox=window preserveAspectRatio="xMidYMid slice" aria-hidden="true"><path d=path></path></svg>
            {sign}
            {children.map(|children| children())}
        </div>
    }
}

/// A category's square of the quilt; `tone` is stored with the category.
#[component]
pub fn Patch(#[prop(into)] icon_name: String, tone: u8, id: u128) -> impl IntoView {
    let (window, path) = draw(&icon_name, id, CoverShape::Patch);
    view! {
        <span class="patch" data-tone=tone>
            <svg class="pattern" viewBox=window preserveAspectRatio="xMidYMid slice" aria-hidden="true"><path d=path></path></svg>
            <span class="sign">{icon_l(named(&icon_name))}</span>
        </span>
    }
}

/// A provider's sign: the category's icon on its tone.
#[component]
pub fn ProviderMark(
    id: u128,
    #[prop(into)] icon_name: String,
    #[prop(optional)] tone: Option<i32>,
    #[prop(optional, into)] size: Option<&'static str>,
) -> impl IntoView {
    let tone = tone.map_or_else(|| tone_of(id), |tone| tone.clamp(1, 8) as u8);
    view! {
        <span class="avatar" data-kind="provider" data-tone=tone data-size=size aria-hidden="true">{icon(named(&icon_name))}</span>
    }
}

/// A person: their initials on their tone. `seed` is an id, or any number that stays the same.
#[component]
pub fn Avatar(
    #[prop(into)] name: String,
    /// Without one, the name gives the tone.
    #[prop(optional)]
    seed: Option<u128>,
    #[prop(optional, into)] size: Option<&'static str>,
) -> impl IntoView {
    let seed = seed.unwrap_or_else(|| name.bytes().fold(0, |sum: u128, byte| sum.wrapping_mul(131).wrapping_add(u128::from(byte))));
    view! {
        <span class="avatar" data-tone=tone_of(seed) data-size=size aria-hidden="true">{super::format::initials(&name)}</span>
    }
}

/// In the browser the names are not carried along; islands do not draw covers.
fn named(name: &str) -> Icon {
    #[cfg(feature = "ssr")]
    return Icon::named(name);
    #[cfg(not(feature = "ssr"))]
    {
        let _ = name;
        Icon::TAG
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_id_draws_the_same_cover() {
        assert_eq!(draw("wrench", 42, CoverShape::Card), draw("wrench", 42, CoverShape::Card));
        let different = (0..40).map(|id| draw("wrench", id, CoverShape::Card).1).collect::<std::collections::HashSet<_>>();
        assert!(different.len() > 30, "{}", different.len());
        assert!((0..200).all(|id| (1..=8).contains(&tone_of(id))));
    }

    #[test]
    fn every_figure_draws_a_closed_path() {
        for figure in [Pipes, Rings, Planks, Halves, Leaves, Discs, Waves, Bars, Flags, Blocks, Pebbles, Roofs] {
            let path = quilt(figure, 5, 3, &mut Dice(7));
            assert!(path.starts_with('M') && path.ends_with('z'), "{figure:?}: {path}");
        }
    }
}
