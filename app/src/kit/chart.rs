//! Figures and charts, drawn by the server: they read without scripting, begin at zero, and the table is one click away.

use super::tell::State;
use leptos::prelude::*;
use std::fmt::Write;

/// One value of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// Under the axis; short: `16 Feb`.
    pub label: String,
    /// ≥ 0.
    pub value: i64,
    /// As people read it: `$24,100.00`.
    pub shown: String,
    /// The rows behind it.
    pub href: Option<String>,
}

/// Ticks of a zero-based axis: a step of 1, 2 or 5 times a power of ten, at most five steps, the last one at or above `top`.
pub fn ticks(top: i64) -> Vec<i64> {
    let top = top.max(1);
    let mut power = 1;
    loop {
        for factor in [1, 2, 5] {
            let step = factor * power;
            let steps = (top + step - 1) / step;
            if steps <= 5 {
                return (0..=steps).map(|n| n * step).collect();
            }
        }
        power *= 10;
    }
}

/// Bars over time or kinds. `axis` writes the ticks, such as `|v| format!("${}k", v / 100_000)`.
#[component]
pub fn BarChart(
    /// What the chart says, for those who do not see it.
    #[prop(into)]
    summary: String,
    bars: Vec<Bar>,
    axis: fn(i64) -> String,
    /// The heads of the table: what the labels and the values are.
    #[prop(into)]
    label_head: String,
    #[prop(into)] value_head: String,
) -> impl IntoView {
    let narrow = bars[bars.len().saturating_sub(8)..].to_vec();
    view! {
        <figure class="two-sizes">
            {bar_drawing("wide", 600, &bars, axis, summary.clone())} {bar_drawing("narrow", 340, &narrow, axis, summary.clone())}
            {bar_drawing("widest", 860, &bars, axis, summary)}
        </figure>
        {as_table(label_head, value_head, bars)}
    }
}

const HEIGHT: i64 = 260;
const LEFT: i64 = 52;
const TOP: i64 = 14;

fn bar_drawing(size: &'static str, width: i64, bars: &[Bar], axis: fn(i64) -> String, summary: String) -> AnyView {
    let steps = ticks(bars.iter().map(|bar| bar.value).max().unwrap_or(0));
    let top = steps.last().copied().unwrap_or(1);
    let room = width - LEFT - 4;
    let pitch = room as f64 / bars.len().max(1) as f64;
    let thick = (pitch * 0.72).min(56.0);
    let y = |value: i64| HEIGHT as f64 - (HEIGHT - TOP) as f64 * value as f64 / top as f64;
    let every = (bars.len() as f64 * 58.0 / room as f64).ceil().max(1.0) as usize;
    let drawn = bars
        .iter()
        .enumerate()
        .map(|(at, bar)| {
            let x = LEFT as f64 + pitch * (at as f64 + 0.5);
            let label = (at % every == 0).then(|| {
                view! { <text x=format!("{x:.1}") y=HEIGHT + 18 text-anchor="middle">{bar.label.clone()}</text> }
            });
            let rect = view! {
                <rect
                    x=format!("{:.1}", x - thick / 2.0)
                    y=format!("{:.1}", y(bar.value))
                    width=format!("{thick:.1}")
                    height=format!("{:.1}", (HEIGHT as f64 - y(bar.value)).max(0.0))
                    rx="2"
                ><title>{format!("{}: {}", bar.label, bar.shown)}</title></rect>
            };
            let rect = match bar.href.clone() {
                Some(href) => view! { <a href=href tabindex="-1">{rect}</a> }.into_any(),
                None => rect.into_any(),
            };
            view! { {rect} {label} }
        })
        .collect_view();
    view! {
        <svg class="chart" data-size=size viewBox=format!("0 0 {width} {}", HEIGHT + 28) role="group" aria-label=summary>
            {grid(&steps, width, axis)} <g class="bars">{drawn}</g>
        </svg>
    }
    .into_any()
}

fn grid(steps: &[i64], width: i64, axis: fn(i64) -> String) -> impl IntoView + use<> {
    let top = steps.last().copied().unwrap_or(1);
    steps
        .iter()
        .map(|&step| {
            let y = HEIGHT as f64 - (HEIGHT - TOP) as f64 * step as f64 / top as f64;
            let class = if step == 0 { "base" } else { "grid" };
            view! {
                <path class=class d=format!("M{LEFT} {y:.1}H{width}")></path>
                <text x=LEFT - 8 y=format!("{:.1}", y + 4.0) text-anchor="end">{axis(step)}</text>
            }
        })
        .collect_view()
}

/// A line over time, with the same span before it dashed.
#[component]
pub fn LineChart(
    #[prop(into)] summary: String,
    points: Vec<Bar>,
    /// The comparison, point by point; may be empty.
    #[prop(optional)]
    before: Vec<i64>,
    axis: fn(i64) -> String,
    #[prop(into)] label_head: String,
    #[prop(into)] value_head: String,
) -> impl IntoView {
    view! {
        <figure class="two-sizes">
            {line_drawing("wide", 600, &points, &before, axis, summary.clone())}
            {line_drawing("narrow", 340, &points, &before, axis, summary.clone())}
            {line_drawing("widest", 860, &points, &before, axis, summary)}
        </figure>
        {as_table(label_head, value_head, points)}
    }
}

fn line_drawing(size: &'static str, width: i64, points: &[Bar], before: &[i64], axis: fn(i64) -> String, summary: String) -> AnyView {
    let steps = ticks(points.iter().map(|p| p.value).chain(before.iter().copied()).max().unwrap_or(0));
    let top = steps.last().copied().unwrap_or(1);
    let room = (width - LEFT - 24) as f64;
    let place = |at: usize, value: i64| {
        let x = LEFT as f64 + 8.0 + room * at as f64 / points.len().saturating_sub(1).max(1) as f64;
        (x, HEIGHT as f64 - (HEIGHT - TOP) as f64 * value as f64 / top as f64)
    };
    let path = |values: &mut dyn Iterator<Item = i64>| {
        let mut text = String::new();
        for (at, value) in values.enumerate() {
            let (x, y) = place(at, value);
            // Writing to a String cannot fail.
            let _ = write!(text, "{}{x:.1} {y:.1}", if at == 0 { 'M' } else { 'L' });
        }
        text
    };
    let line = path(&mut points.iter().map(|p| p.value));
    let past = path(&mut before.iter().copied().take(points.len()));
    let every = (points.len() as f64 * 58.0 / room).ceil().max(1.0) as usize;
    let labels = points
        .iter()
        .enumerate()
        .filter(|(at, _)| at % every == 0)
        .map(|(at, p)| view! { <text x=format!("{:.1}", place(at, 0).0) y=HEIGHT + 18 text-anchor="middle">{p.label.clone()}</text> })
        .collect_view();
    let dots = points
        .iter()
        .enumerate()
        .map(|(at, p)| {
            let (x, y) = place(at, p.value);
            view! { <circle class="dot-of-line" cx=format!("{x:.1}") cy=format!("{y:.1}") r="4"><title>{format!("{}: {}", p.label, p.shown)}</title></circle> }
        })
        .collect_view();
    view! {
        <svg class="chart" data-size=size viewBox=format!("0 0 {width} {}", HEIGHT + 28) role="group" aria-label=summary>
            {grid(&steps, width, axis)} <path class="line-before" d=past></path> <path class="line" d=line></path> {dots} {labels}
        </svg>
    }
    .into_any()
}

fn as_table(label_head: String, value_head: String, bars: Vec<Bar>) -> impl IntoView {
    let rows = bars
        .into_iter()
        .map(|bar| {
            let shown = match bar.href {
                Some(href) => view! { <a class="link" href=href>{bar.shown}</a> }.into_any(),
                None => bar.shown.into_any(),
            };
            view! { <tr><td>{bar.label}</td><td class="end">{shown}</td></tr> }
        })
        .collect_view();
    view! {
        <details class="as-table">
            <summary class="link small">"Show as a table"</summary>
            <div class="table-wrap">
                <table class="table" data-keep="">
                    <thead><tr><th scope="col">{label_head}</th><th scope="col" class="end">{value_head}</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </details>
    }
}

/// A small line without axes, with the span before it dashed; both on one scale.
#[component]
pub fn Sparkline(values: Vec<i64>, #[prop(optional)] before: Vec<i64>) -> impl IntoView {
    let top = values.iter().chain(&before).copied().max().unwrap_or(0).max(1) as f64;
    let path = |values: &[i64]| {
        let mut text = String::new();
        for (at, &value) in values.iter().enumerate() {
            let x = 88.0 * at as f64 / values.len().saturating_sub(1).max(1) as f64;
            let _ = write!(text, "{}{x:.1} {:.1}", if at == 0 { 'M' } else { 'L' }, 34.0 - 31.0 * value as f64 / top);
        }
        text
    };
    let line = path(&values);
    let area = (!line.is_empty()).then(|| format!("{line}L88 36H0z"));
    view! {
        <svg class="spark" viewBox="0 0 88 36" preserveAspectRatio="none" aria-hidden="true">
            {area.map(|d| view! { <path class="area" d=d></path> })} <path class="past" d=path(&before)></path> <path d=line></path>
        </svg>
    }
}

/// A figure that opens the rows behind it.
#[component]
pub fn Figure(
    #[prop(into)] label: String,
    #[prop(into)] value: String,
    #[prop(optional, into)] href: Option<String>,
    /// `+8.3 %`, and whether that is good.
    #[prop(optional)]
    change: Option<(String, State)>,
    /// `from $136,850`, or whatever explains the value.
    #[prop(optional, into)]
    against: String,
    #[prop(optional)] values: Vec<i64>,
    #[prop(optional)] before: Vec<i64>,
) -> impl IntoView {
    let label = match href {
        Some(href) => view! { <a href=href>{label}</a> }.into_any(),
        None => label.into_any(),
    };
    let spark = (values.len() > 1).then(|| view! { <Sparkline values=values before=before /> });
    view! {
        <article class="tile">
            <h2 class="label">{label}</h2>
            <p class="value">{value}</p>
            {spark}
            <p class="against">
                {change.map(|(text, state)| view! { <span class="change" data-state=state.attr()>{text}</span>" " })} {against}
            </p>
        </article>
    }
}

#[cfg(test)]
mod tests {
    use super::ticks;

    #[test]
    fn an_axis_begins_at_zero_and_reaches_the_top() {
        for top in [0, 1, 4, 7, 49, 51, 999, 37_412, 1_000_001] {
            let steps = ticks(top);
            assert_eq!(steps[0], 0);
            assert!(steps.last().copied().unwrap_or(0) >= top);
            assert!((2..=6).contains(&steps.len()), "{top}: {steps:?}");
        }
    }
}
