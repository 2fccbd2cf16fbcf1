//! What stands in `<head>`.

use super::{Frame, Theme};
use leptos::prelude::*;

/// The grounds of both themes as sRGB, for the browser's own chrome (`--ground` in tokens.css).
const GROUND_LIGHT: &str = "#fbfaf7";
const GROUND_DARK: &str = "#0e100d";

pub(super) fn head(frame: &Frame) -> AnyView {
    let title = if frame.title.contains("Fettle") { frame.title.clone() } else { format!("{} · Fettle", frame.title) };
    let description = (!frame.description.is_empty()).then(|| frame.description.clone());
    let shared = description.clone().filter(|_| !frame.is_private).map(|text| {
        [("og:title", title.clone()), ("og:description", text), ("og:site_name", "Fettle".into()), ("og:type", "website".into())]
            .map(|(property, content)| leptos::html::meta().attr("property", property).content(content))
            .into_iter()
            .collect_view()
    });
    view! {
        <head>
            <meta charset="utf-8" />
            <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
            <title>{title}</title>
            {description.map(|text| view! { <meta name="description" content=text /> })}
            {frame.is_private.then(|| view! { <meta name="robots" content="noindex" /> })}
            {frame.canonical.clone().map(|href| view! { <link rel="canonical" href=href /> })}
            {shared}
            {theme_color(frame.theme)}
            <link rel="icon" href={frame.assets.icon.clone()} type="image/svg+xml" />
            <link rel="manifest" href="/manifest.webmanifest" />
            <link rel="preload" href={frame.assets.font.clone()} as="font" type="font/woff2" crossorigin="" />
            <link rel="stylesheet" href={frame.assets.stylesheet.clone()} />
            {(!frame.assets.loader.is_empty()).then(|| view! { <script type="module" src=frame.assets.loader.clone()></script> })}
            {frame.json_ld.as_deref().map(|json| view! { <script type="application/ld+json" inner_html=as_data(json)></script> })}
        </head>
    }
    .into_any()
}

fn theme_color(theme: Theme) -> AnyView {
    match theme {
        Theme::System => [("(prefers-color-scheme: light)", GROUND_LIGHT), ("(prefers-color-scheme: dark)", GROUND_DARK)]
            .map(|(media, color)| leptos::html::meta().name("theme-color").attr("media", media).content(color))
            .into_iter()
            .collect_view()
            .into_any(),
        Theme::Light => view! { <meta name="theme-color" content=GROUND_LIGHT /> }.into_any(),
        Theme::Dark => view! { <meta name="theme-color" content=GROUND_DARK /> }.into_any(),
    }
}

/// JSON inside a script element: nothing in it may look like markup (HTML standard, "restrictions for contents of script elements").
fn as_data(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}
