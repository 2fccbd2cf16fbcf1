//! The look of the sandbox's own pages.

use crate::hub::Hub;
use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use std::sync::Arc;

/// Text made safe for HTML content and quoted attributes.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(c),
        }
    }
    safe
}

/// A whole page. `kind` is a class of the body: `desk` for the tools, `pay` for what customers see, `frame` inside a frame.
pub fn html(title: &str, kind: &str, body: &str) -> Html<String> {
    let nav = if kind == "desk" {
        r#"<header><a class="mark" href="/">Sandbox</a><nav><a href="/">Control</a><a href="/payments">Payments</a><a href="/mail">Mailbox</a></nav></header>"#
    } else {
        ""
    };
    // a page has one main part, and a frame stands in somebody else's
    let (opening, closing) = if kind == "frame" { (r#"<div class="main">"#, "</div>") } else { ("<main>", "</main>") };
    Html(format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{}</title><link rel="stylesheet" href="/sandbox.css"></head><body class="{kind}">{nav}{opening}{body}{closing}</body></html>"#,
        escape(title)
    ))
}

/// `12.50 EUR`, with the decimals of the currency.
pub fn amount(minor: i64, currency: &str) -> String {
    let code = currency.to_uppercase();
    match currency {
        "jpy" | "krw" | "vnd" | "clp" => format!("{minor} {code}"),
        _ => format!("{}.{:02} {code}", minor / 100, minor % 100),
    }
}

/// `HH:MM:SS` in UTC.
pub fn clock(seconds: i64) -> String {
    let of_day = seconds.rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60)
}

pub fn script(source: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, "no-cache")], source)
}

async fn stylesheet() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "no-cache")], include_str!("pages/sandbox.css"))
}

pub fn router() -> Router<Arc<Hub>> {
    Router::new().route("/sandbox.css", get(stylesheet))
}
