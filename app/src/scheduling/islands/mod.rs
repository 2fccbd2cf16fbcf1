//! What reacts in the browser.

mod week_painter;

pub use week_painter::WeekPainter;
