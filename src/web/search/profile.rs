//! A provider's public page, its QR code, and why a time is not offered.

use super::booker;
use super::structured;
use crate::state::AppState;
use crate::web::caller::{Caller, PageError};
use crate::web::render;
use app::provider::pages::ProfilePage;
use app::search::pages::WhyPage;
use app::shell::Frame;
use axum::extract::{Path, Query, RawQuery, State};
use axum::response::{IntoResponse, Response};
use domain::ctx::Ctx;
use domain::error::Error;
use domain::id::ServiceId;
use domain::scheduling::{self, zone};
use domain::search::{self, pages::ProfileQuery};
use domain::time::{Date, Instant, minute_of};
use http::header;
use serde::Deserialize;

/// Of the address; what is not readable counts as absent.
#[derive(Deserialize, Default)]
pub struct Asked {
    service: Option<String>,
    with: Option<String>,
    /// First day of the strip.
    from: Option<String>,
    /// The chosen day.
    pub day: Option<String>,
    /// The chosen time.
    pub at: Option<String>,
    /// Cursor of later reviews.
    reviews: Option<String>,
}

impl Asked {
    fn query(&self) -> ProfileQuery {
        ProfileQuery {
            service: self.service.as_deref().and_then(|text| text.parse().ok()),
            with: self.with.as_deref().and_then(|text| text.parse().ok()),
            from: self.date(),
            reviews: self.reviews.clone(),
        }
    }
    fn date(&self) -> Option<Date> {
        self.from.as_deref().or(self.day.as_deref()).and_then(|text| text.parse().ok())
    }
}

pub async fn show(
    State(state): State<AppState>,
    Caller(ctx): Caller,
    Path(slug): Path<String>,
    RawQuery(raw): RawQuery,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    // the same for everyone who is not signed in: drawn once for all of them
    let Some(key) = render::shared_key(&ctx, raw.as_deref()) else { return draw(&ctx, &slug, &asked).await };
    match search::get_profile_version(&ctx, &slug).await? {
        Some(version) => state.pages.get_or_draw(key, version, ctx.now(), draw(&ctx, &slug, &asked)).await,
        None => Err(Error::NotFound.into()),
    }
}

async fn draw(ctx: &Ctx, slug: &str, asked: &Asked) -> Result<Response, PageError> {
    let query = asked.query();
    let view = search::get_profile(ctx, slug, &query).await?;
    let now = ctx.now();
    let local = zone::stored(&view.provider.zone);
    let (booker, tiers) = booker::build(&view, &query, asked, now);
    // Of the service below it, so that pressing it leads to that time.
    let next_free = view.next_of_chosen.as_ref().map(|time| {
        let day = app::kit::format::day_near(time.date, view.today);
        let day = match day.as_str() {
            "Today" | "Tomorrow" => day.to_lowercase(),
            _ => day,
        };
        let service = view.chosen.map(|id| format!("service={id}&")).unwrap_or_default();
        (format!("Free {day} {}", app::kit::format::clock(time.minute.into())), format!("/p/{slug}?{service}day={}#times", time.date))
    });
    let reviews = view
        .reviews
        .items
        .iter()
        .map(|review| (review.clone(), app::kit::format::date(zone::local(review.published_at.unwrap_or(review.written_at), local).date)))
        .collect::<Vec<_>>();
    let more = view.reviews.next_cursor.as_ref().map(|cursor| format!("/p/{slug}?reviews={cursor}#reviews"));
    let place = if view.provider.district.is_empty() { view.provider.town.clone() } else { view.provider.district.clone() };
    let frame = Frame::new(format!("{}, {place}", view.provider.name), view.provider.tagline.clone())
        .canonical(view.url.clone())
        .json_ld(structured::provider(&view));
    Ok(render::page(
        ctx,
        frame,
        leptos::view! { <ProfilePage view=view booker=booker next_free=next_free tiers=tiers reviews=reviews more_reviews=more /> },
    ))
}

/// The page's address as a QR code, dark on light in both themes so that any camera reads it.
pub async fn qr(Caller(ctx): Caller, Path(slug): Path<String>) -> Result<Response, PageError> {
    let provider = domain::provider::get_by_slug(&ctx, &slug).await?;
    let address = ctx.url(&format!("/p/{}", provider.slug));
    let code = fast_qr::QRBuilder::new(address).build().map_err(Error::internal)?;
    let svg = fast_qr::convert::svg::SvgBuilder::default().to_str(&code);
    Ok(([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "public, max-age=86400")], svg).into_response())
}

#[derive(Deserialize, Default)]
pub struct WhyAsked {
    service: Option<String>,
    day: Option<String>,
    time: Option<String>,
}

/// Asks about one time, and answers with the rules that removed it.
pub async fn why(Caller(ctx): Caller, Path(slug): Path<String>, Query(asked): Query<WhyAsked>) -> Result<Response, PageError> {
    let provider = domain::provider::get_by_slug(&ctx, &slug).await?;
    let services = domain::provider::list_services(&ctx, provider.id).await?;
    let chosen: Option<ServiceId> = asked.service.as_deref().and_then(|text| text.parse().ok());
    let chosen = services.iter().find(|s| Some(s.id) == chosen).or(services.first()).ok_or(Error::NotFound)?.clone();
    let minute = asked.time.as_deref().and_then(minute_of);
    let date: Option<Date> = asked.day.as_deref().and_then(|text| text.parse().ok());
    let local = zone::stored(&provider.zone);
    let answer = match (date, minute) {
        (Some(date), Some(minute)) => {
            let at: Instant = zone::first_from(date, minute, local);
            Some(scheduling::explain(&ctx, provider.id, chosen.id, at).await?)
        }
        _ => None,
    };
    let today = zone::local(ctx.now(), local).date;
    let frame = Frame::private(format!("Why is a time not offered? {}", provider.name));
    let (day, time) = (asked.day.unwrap_or_else(|| today.to_string()), asked.time.unwrap_or_else(|| "10:00".to_owned()));
    Ok(render::page(
        &ctx,
        frame,
        leptos::view! { <WhyPage slug=provider.slug name=provider.name services=services chosen=chosen.id day=day time=time answer=answer /> },
    ))
}
