//! A receipt as a file: one column on A4, whose text can be searched and copied.
//!
//! Its letters are those of the pages. The two files beside this one are Instrument Sans with all that it can write, without what only
//! screens and shaping need: `pyftsubset --unicodes='*' --layout-features='' --no-hinting --no-glyph-names`.

use app::kit::PriceLine;
use app::payment::paper::{Fact, Paper, Refunded};
use domain::error::{Error, Result};
use domain::pool::Pool;
use krilla::Document;
use krilla::color::luma;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider};

/// A few milliseconds each.
static DRAWING: Pool = Pool::new(2, 256);

// In points, from the upper left corner of a page of 595 by 842.
const LEFT: f32 = 72.0;
const RIGHT: f32 = 523.0;
const TOP: f32 = 84.0;
const BOTTOM: f32 = 778.0;
/// Where the values of facts begin, and where the labels of sums end.
const VALUES: f32 = 132.0;
const LABELS: f32 = 402.0;

/// The file, for whoever may see the receipt.
///
/// # Errors
/// Unavailable if too many are being drawn already.
pub async fn draw(paper: Paper) -> Result<Vec<u8>> {
    DRAWING.run(move || print(&paper)).await?
}

fn print(paper: &Paper) -> Result<Vec<u8>> {
    let faces = Faces::read();
    let mut document = Document::new();
    document.set_metadata(Metadata::new().title(paper.title.clone()).creator("Fettle".to_owned()).language("en".to_owned()));
    for marks in lay_out(paper, &faces) {
        let mut page = document.start_page();
        let mut surface = page.surface();
        marks.iter().for_each(|mark| put(&mut surface, &faces, mark));
        surface.finish();
        page.finish();
    }
    document.finish().map_err(Error::internal)
}

fn put(surface: &mut Surface<'_>, faces: &Faces, mark: &Mark) {
    let ink = |lightness| Some(Fill { paint: luma::Color::new(lightness).into(), ..Fill::default() });
    match mark {
        Mark::Text { x, y, style, text } => {
            let face = faces.of(*style);
            surface.set_fill(ink(if style.is_muted { 96 } else { 24 }));
            surface.draw_glyphs(Point::from_xy(*x, *y), &face.glyphs(text), face.font.clone(), text, style.size, false);
        }
        Mark::Rule { y } => {
            let mut path = PathBuilder::new();
            if let Some(line) = Rect::from_xywh(LEFT, *y, RIGHT - LEFT, 0.75) {
                path.push_rect(line);
            }
            if let Some(path) = path.finish() {
                surface.set_fill(ink(200));
                surface.draw_path(&path);
            }
        }
    }
}

/// Something at its place on a page; text stands on `y`.
#[derive(Debug, Clone, PartialEq)]
enum Mark {
    Text { x: f32, y: f32, style: Style, text: String },
    Rule { y: f32 },
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Style {
    size: f32,
    is_bold: bool,
    is_muted: bool,
}

const BODY: Style = Style { size: 10.5, is_bold: false, is_muted: false };
const BOLD: Style = Style { is_bold: true, ..BODY };
const MUTED: Style = Style { is_muted: true, ..BODY };
const NOTE: Style = Style { size: 9.0, ..MUTED };
const HEADING: Style = Style { size: 13.0, ..BOLD };
const TITLE: Style = Style { size: 22.0, ..BOLD };

/// The pages of the receipt, each with what stands on it.
fn lay_out(paper: &Paper, faces: &Faces) -> Vec<Vec<Mark>> {
    let mut sheet = Sheet { faces, pages: vec![Vec::new()], y: TOP };
    sheet.text(0.0, HEADING, "Fettle");
    sheet.text(48.0, TITLE, &paper.title);
    sheet.down(14.0);
    paper.facts.iter().for_each(|fact| sheet.fact(fact));
    sheet.down(18.0);
    sheet.rule();
    sheet.sums(&paper.lines);
    sheet.text(34.0, BODY, &paper.paid);
    if !paper.sums.is_empty() {
        sheet.text(40.0, HEADING, "What went back");
        paper.refunds.iter().for_each(|refund| sheet.refund(refund));
        sheet.sums(&paper.sums);
    }
    sheet.pages
}

/// Fills pages from the top down.
struct Sheet<'a> {
    faces: &'a Faces,
    pages: Vec<Vec<Mark>>,
    /// Where the last line stands.
    y: f32,
}

impl Sheet<'_> {
    /// Goes down by so much, or onto another page where this one ends.
    fn down(&mut self, by: f32) {
        self.y += by;
        if self.y > BOTTOM {
            self.pages.push(Vec::new());
            self.y = TOP;
        }
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    fn rule(&mut self) {
        self.mark(Mark::Rule { y: self.y });
    }

    fn text(&mut self, by: f32, style: Style, text: &str) {
        self.column(by, LEFT, RIGHT, style, text);
    }

    /// As many lines as it takes between two edges, the first of them `by` below the last one.
    fn column(&mut self, by: f32, x: f32, end: f32, style: Style, text: &str) {
        let lines = self.faces.of(style).wrapped(text, style.size, end - x);
        for (at, text) in lines.into_iter().enumerate() {
            self.down(if at == 0 { by } else { style.size * 1.4 });
            if !text.is_empty() {
                self.mark(Mark::Text { x, y: self.y, style, text });
            }
        }
    }

    /// On the line where it is, up to the right edge.
    fn amount(&mut self, style: Style, text: &str) {
        let face = self.faces.of(style);
        let text = face.written(text);
        let x = RIGHT - face.width(&text, style.size);
        self.mark(Mark::Text { x, y: self.y, style, text });
    }

    fn fact(&mut self, fact: &Fact) {
        self.column(20.0, LEFT, VALUES, MUTED, fact.label);
        self.column(0.0, VALUES, RIGHT, BODY, &fact.value);
        if !fact.note.is_empty() {
            self.column(13.0, VALUES, RIGHT, NOTE, &fact.note);
        }
    }

    fn sums(&mut self, lines: &[PriceLine]) {
        for line in lines {
            let style = if line.is_sum { BOLD } else { BODY };
            if line.is_sum {
                self.down(10.0);
                self.rule();
            }
            self.down(20.0);
            self.amount(style, &line.shown().to_string());
            self.column(0.0, LEFT, LABELS, style, &line.label);
            if let Some(note) = &line.note {
                self.column(13.0, LEFT, LABELS, NOTE, note);
            }
        }
    }

    fn refund(&mut self, refund: &Refunded) {
        self.down(22.0);
        self.amount(BODY, &refund.amount);
        self.column(0.0, LEFT, LABELS, BODY, &refund.reason);
        self.column(13.0, LEFT, LABELS, NOTE, &refund.how);
    }
}

struct Faces {
    plain: Face,
    bold: Face,
}

impl Faces {
    fn read() -> Self {
        Self {
            plain: Face::read(include_bytes!("fonts/instrument-sans-regular.ttf")),
            bold: Face::read(include_bytes!("fonts/instrument-sans-semibold.ttf")),
        }
    }
    fn of(&self, style: Style) -> &Face {
        if style.is_bold { &self.bold } else { &self.plain }
    }
}

struct Face {
    font: Font,
    letters: Charmap<'static>,
    widths: GlyphMetrics<'static>,
}

impl Face {
    fn read(file: &'static [u8]) -> Self {
        const OURS: &str = "the font is part of the program";
        let tables = FontRef::new(file).expect(OURS);
        Self {
            font: Font::new(file.into(), 0).expect(OURS),
            letters: tables.charmap(),
            widths: tables.glyph_metrics(Size::unscaled(), LocationRef::default()),
        }
    }

    /// With letters that the font has: a sign of money without one by its code, a question mark for all others.
    fn written(&self, text: &str) -> String {
        let mut written = String::with_capacity(text.len());
        for letter in text.chars() {
            match letter {
                '₹' => written.push_str("INR\u{a0}"),
                _ if self.letters.map(letter).is_some() => written.push(letter),
                _ => written.push(if letter.is_whitespace() { ' ' } else { '?' }),
            }
        }
        written
    }

    fn glyphs(&self, text: &str) -> Vec<KrillaGlyph> {
        let glyph = |(at, letter): (usize, char)| {
            let id = self.letters.map(letter);
            let advance = id.and_then(|id| self.widths.advance_width(id)).unwrap_or_default() / self.font.units_per_em();
            KrillaGlyph::new(GlyphId::new(id.map_or(0, |id| id.to_u32())), advance, 0.0, 0.0, 0.0, at..at + letter.len_utf8(), None)
        };
        text.char_indices().map(glyph).collect()
    }

    fn width(&self, text: &str, size: f32) -> f32 {
        self.glyphs(text).iter().map(|glyph| glyph.x_advance * size).sum()
    }

    /// Lines of at most this width, broken between words, and within those that are wider than a line.
    fn wrapped(&self, text: &str, size: f32, width: f32) -> Vec<String> {
        let text = self.written(text);
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in text.split(' ').flat_map(|word| self.pieces(word, size, width)) {
            let longer = if line.is_empty() { word.clone() } else { format!("{line} {word}") };
            if line.is_empty() || self.width(&longer, size) <= width {
                line = longer;
            } else {
                lines.push(std::mem::replace(&mut line, word));
            }
        }
        lines.push(line);
        lines
    }

    fn pieces(&self, word: &str, size: f32, width: f32) -> Vec<String> {
        let mut pieces = vec![String::new()];
        for letter in word.chars() {
            let piece = pieces.last().map(|piece| format!("{piece}{letter}")).unwrap_or_default();
            if self.width(&piece, size) <= width {
                pieces.pop();
                pieces.push(piece);
            } else {
                pieces.push(letter.to_string());
            }
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::money::{Currency, Money};

    fn euros(minor: i64) -> Money {
        Money::new(minor, Currency::EUR)
    }

    fn paper() -> Paper {
        let fact = |label, value: &str, note: &str| Fact { label, value: value.into(), note: note.into() };
        Paper {
            title: "Receipt FT-7Q2MXA".into(),
            facts: vec![fact("By", "Ána's Garden", "Rua do Teste 1, Lisboa"), fact("On", "12 June 2026, 14:00", "Europe/Lisbon")],
            lines: vec![
                PriceLine::new("Hedge trimming", euros(100_000)),
                PriceLine::new("Discount", euros(500)).less(),
                PriceLine::new("Tip", euros(500)).note("all of it to them"),
                PriceLine::new("Total", euros(100_000)).sum(),
            ],
            paid: "€1,000.00 paid on 9 June 2026, 09:00 with Visa ending 4242.".into(),
            is_paid: true,
            refunds: vec![Refunded { amount: "€2.50".into(), reason: "A leak came back".into(), how: "On its way.".into() }],
            sums: vec![PriceLine::new("Gone back", euros(250)).less(), PriceLine::new("Kept", euros(99_750)).sum()],
        }
    }

    fn texts(pages: &[Vec<Mark>]) -> Vec<(f32, f32, Style, &str)> {
        pages
            .iter()
            .flatten()
            .filter_map(|mark| match mark {
                Mark::Text { x, y, style, text } => Some((*x, *y, *style, text.as_str())),
                Mark::Rule { .. } => None,
            })
            .collect()
    }

    #[test]
    fn it_says_all_that_the_paper_says() {
        let pages = lay_out(&paper(), &Faces::read());
        let said: Vec<&str> = texts(&pages).into_iter().map(|(_, _, _, text)| text).collect();
        assert_eq!(pages.len(), 1);
        assert_eq!(
            said,
            [
                "Fettle",
                "Receipt FT-7Q2MXA",
                "By",
                "Ána's Garden",
                "Rua do Teste 1, Lisboa",
                "On",
                "12 June 2026, 14:00",
                "Europe/Lisbon",
                "€1,000.00",
                "Hedge trimming",
                "\u{2212}€5.00",
                "Discount",
                "€5.00",
                "Tip",
                "all of it to them",
                "€1,000.00",
                "Total",
                "€1,000.00 paid on 9 June 2026, 09:00 with Visa ending 4242.",
                "What went back",
                "€2.50",
                "A leak came back",
                "On its way.",
                "\u{2212}€2.50",
                "Gone back",
                "€997.50",
                "Kept",
            ]
        );
    }

    #[test]
    fn nothing_is_drawn_beyond_the_page_or_over_the_sums() {
        let faces = Faces::read();
        let mut paper = paper();
        paper.facts[0].value = "Whoever looks after gardens of every size in every season ".repeat(3) + &"W".repeat(200);
        paper.lines = (0..60).map(|at| PriceLine::new(format!("Extra {at} {}", "with a very long name ".repeat(6)), euros(1))).collect();
        let pages = lay_out(&paper, &faces);
        assert!(pages.len() > 1 && pages.iter().all(|page| !page.is_empty()));
        for (x, y, style, text) in texts(&pages) {
            let end = x + faces.of(style).width(text, style.size);
            let edge = if text.starts_with("Extra") { LABELS } else { RIGHT };
            assert!(x >= LEFT && (TOP..=BOTTOM).contains(&y) && end <= edge + 0.1, "{x} {y} {end} {text}");
        }
    }

    #[test]
    fn names_of_any_letters_become_a_file() {
        let face = Face::read(include_bytes!("fonts/instrument-sans-regular.ttf"));
        assert_eq!(face.written("Łukasz Șerban"), "Łukasz Șerban");
        assert_eq!(face.written("₹1,234.50\n王🎉"), "INR\u{a0}1,234.50 ??");
        let mut paper = paper();
        paper.title = String::new();
        paper.facts[0].value = "王小明 🎉 e\u{301}\u{0}\u{200d}".into();
        let file = print(&paper).expect("a file");
        assert!(file.starts_with(b"%PDF-") && file.len() < 100_000, "{} bytes", file.len());
    }
}
