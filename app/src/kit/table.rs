//! Tables whose rows become two-line cards where there is no room.

use super::icon::{Icon, icon};
use leptos::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    Ascending,
    Descending,
}

/// One column. `place` says where its cell stands in the narrow card: `a` and `b` on the first line, `c` and `d` on the second; none hides it there.
#[derive(Debug, Clone, Default)]
pub struct Column {
    pub label: String,
    pub is_end: bool,
    pub place: Option<&'static str>,
    /// Dropped first when the table gets narrow.
    pub is_low: bool,
    /// The address that sorts by it, and how it is sorted now.
    pub sort: Option<(String, Option<SortBy>)>,
}

impl Column {
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), ..Self::default() }
    }
    pub fn end(mut self) -> Self {
        self.is_end = true;
        self
    }
    pub fn place(mut self, place: &'static str) -> Self {
        self.place = Some(place);
        self
    }
    pub fn low(mut self) -> Self {
        self.is_low = true;
        self
    }
    pub fn sort(mut self, href: impl Into<String>, now: Option<SortBy>) -> Self {
        self.sort = Some((href.into(), now));
        self
    }
}

/// Rows are cells in the order of the columns. Without rows, show `Empty` instead.
#[component]
pub fn Table(columns: Vec<Column>, rows: Vec<Vec<AnyView>>, #[prop(into)] caption: String) -> impl IntoView {
    let head = columns
        .iter()
        .map(|column| {
            let (href, now) = column.sort.clone().unzip();
            let sorted = now.flatten();
            let label = column.label.clone();
            let inside = match href {
                Some(href) => view! {
                    <a class="sort" href=href>
                        {label}
                        {sorted.map(|by| icon(if by == SortBy::Ascending { Icon::ARROW_UP } else { Icon::ARROW_DOWN }))}
                    </a>
                }
                .into_any(),
                None => label.into_any(),
            };
            view! {
                <th
                    scope="col"
                    class=column.is_end.then_some("end")
                    data-low=column.is_low.then_some("")
                    aria-sort=sorted.map(|by| if by == SortBy::Ascending { "ascending" } else { "descending" })
                >
                    {inside}
                </th>
            }
        })
        .collect_view();
    let body = rows
        .into_iter()
        .map(|cells| {
            let cells = cells
                .into_iter()
                .zip(&columns)
                .map(|(cell, column)| {
                    view! {
                        <td class=column.is_end.then_some("end") data-in=column.place data-low=column.is_low.then_some("")>{cell}</td>
                    }
                })
                .collect_view();
            view! { <tr>{cells}</tr> }
        })
        .collect_view();
    let label = caption.clone();
    view! {
        <div class="table-wrap" tabindex="0" role="region" aria-label=label>
            <table class="table">
                <caption class="hidden-visually">{caption}</caption>
                <thead><tr>{head}</tr></thead>
                <tbody>{body}</tbody>
            </table>
        </div>
    }
}
