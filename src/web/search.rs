//! Home, search, a provider's public page, and what search engines read.

mod booker;
mod profile;
mod structured;

use super::caller::{Caller, PageError};
use super::render;
use crate::state::AppState;
use app::search::pages::SearchPage;
use app::search::parts::{Asked, SearchLine};
use app::shell::Frame;
use app::site::pages::HomePage;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use domain::place;
use domain::scheduling::zone;
use domain::search::{self, model::SearchQuery};
use domain::time::Instant;
use http::header;

async fn home(Caller(ctx): Caller) -> Result<Response, PageError> {
    let view = search::get_home(&ctx).await?;
    let frame = Frame::new(
        "Fettle: someone good nearby, at a time that is really free",
        "Find local services, see the times that are really free, and book one in under a minute.",
    )
    .canonical(ctx.url("/"));
    Ok(render::page(&ctx, frame, leptos::view! { <HomePage view=view month_year=month_year /> }))
}

fn month_year(at: Instant, zone_name: &str) -> String {
    app::kit::format::month_year(zone::local_in(at, zone_name).date)
}

/// What cannot be read of the address is left out: people follow old and mistyped links.
async fn results(Caller(ctx): Caller, Query(pairs): Query<Vec<(String, String)>>) -> Result<Response, PageError> {
    let (query, _) = SearchQuery::parse(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let query = SearchQuery { limit: None, ..query };
    let view = match search::find(&ctx, &query).await {
        // an old cursor: from the start
        Err(domain::error::Error::Invalid(_)) => search::find(&ctx, &query.with(|_| {})).await?,
        found => found?,
    };
    let districts = match &view.place {
        Some(place) => place::list_districts(&ctx, place).await?,
        None => Vec::new(),
    };
    let title = if query.q.is_empty() { view.category_name.clone().unwrap_or_else(|| "Search".to_owned()) } else { query.q.clone() };
    let (asked, today) = (Asked::of(&query), view.today);
    let frame = Frame::new(title, "People nearby with the times that are really free.")
        .canonical(ctx.url(&SearchQuery { cursor: None, ..query.clone() }.link()))
        .wide()
        .beside(leptos::view! { <SearchLine asked=asked today=today /> });
    Ok(render::page(&ctx, frame, leptos::view! { <SearchPage query=query view=view districts=districts /> }))
}

async fn category(Path(slug): Path<String>) -> Redirect {
    let query = SearchQuery { category: Some(slug), ..SearchQuery::default() };
    Redirect::permanent(&query.link())
}

/// The same for everyone, so it is served before anyone asks who is there.
async fn robots(State(state): State<AppState>) -> Response {
    let text = format!(
        "User-agent: *\nDisallow: /checkout/\nDisallow: /bookings\nDisallow: /desk/\nDisallow: /admin\nDisallow: /settings\nDisallow: /api/\nDisallow: /do/\n\nSitemap: {}\n",
        format_args!("{}/sitemap.xml", state.house.base_url)
    );
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

async fn sitemap(Caller(ctx): Caller) -> Result<Response, PageError> {
    let mut xml =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n");
    for path in ["/", "/search", "/help", "/help/cancelling", "/offer-your-services", "/terms", "/privacy"] {
        xml.push_str(&format!("<url><loc>{}</loc></url>\n", ctx.url(path)));
    }
    for category in domain::category::list_names(&ctx).await?.iter() {
        xml.push_str(&format!("<url><loc>{}</loc></url>\n", ctx.url(&format!("/search?category={}", category.slug))));
    }
    for (slug, changed_at) in search::list_addresses(&ctx).await? {
        xml.push_str(&format!("<url><loc>{}</loc><lastmod>{}</lastmod></url>\n", ctx.url(&format!("/p/{slug}")), changed_at.utc_date()));
    }
    xml.push_str("</urlset>\n");
    Ok(([(header::CONTENT_TYPE, "application/xml; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=3600")], xml).into_response())
}

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/", get(home))
        .route("/search", get(results))
        .route("/c/{slug}", get(category))
        .route("/p/{slug}", get(profile::show))
        .route("/p/{slug}/qr.svg", get(profile::qr))
        .route("/p/{slug}/why", get(profile::why))
        .route("/robots.txt", get(robots))
        .route("/sitemap.xml", get(sitemap))
}
