//! The content of a provider's page as one ready-made document, for peers who read it by one query. Everything in it comes from our own API
//! and page, so that all draw the same.

use crate::house::House;
use crate::stage::Stage;
use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde_json::{Value, json};

/// Reviews that the page shows.
const REVIEWS: usize = 6;

/// Writes the document into `peer_pages`; answers how many bytes our own page has.
pub async fn write(stage: &Stage, house: &House, slug: &str) -> Result<usize> {
    let page = house.text(&format!("/p/{slug}")).await?;
    let id: uuid::Uuid = sqlx::query_scalar("select id from providers where slug = $1").bind(slug).fetch_one(&stage.db).await?;
    let get = async |path: &str| {
        let answer = house.get(&format!("/api/v1/providers/{id}{path}"), None).await;
        ensure!(answer.status == 200, "{path} of {slug} was answered {}", answer.status);
        Ok(answer.body)
    };
    let provider = get("").await?;
    let services = get("/services").await?["items"].take();
    let chosen = services[0]["id"].as_str().context("a provider without services")?.to_owned();
    let today = super::today();
    let until = today + Days::new(6);
    let free = get(&format!("/availability?service_id={chosen}&from={today}&to={until}")).await?["days"].take();
    let reviews = get(&format!("/reviews?limit={REVIEWS}")).await?["items"].take();
    let content = content(&page, house, &provider, &services, &free, &reviews);
    for statement in ["create table if not exists peer_pages (slug text primary key, content jsonb not null)", "truncate peer_pages"] {
        sqlx::query(statement).execute(&stage.db).await?;
    }
    sqlx::query("insert into peer_pages (slug, content) values ($1, $2)").bind(slug).bind(content).execute(&stage.db).await?;
    Ok(page.len())
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// What stands between two marks of our page.
fn between<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    page.split_once(from).and_then(|(_, rest)| rest.split_once(to)).map_or("", |(found, _)| found)
}

fn price(value: &Value) -> String {
    format!("${:.2}", value["minor"].as_f64().or(value["amount_minor"].as_f64()).unwrap_or(10_000.0) / 100.0)
}

fn initials(name: &str) -> String {
    name.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect()
}

fn content(page: &str, house: &House, provider: &Value, services: &Value, free: &Value, reviews: &Value) -> Value {
    let (slug, name) = (text(provider, "slug"), text(provider, "name"));
    let shown = list(free).find(|day| !day["slots"].as_array().is_none_or(Vec::is_empty)).unwrap_or(&free[0]);
    let most = list(free).map(|day| day["slots"].as_array().map_or(0, Vec::len)).max().unwrap_or(1).max(1);
    let total = provider["rating_count"].as_i64().unwrap_or(0);
    let title = |day: &Value| text(day, "date").parse::<NaiveDate>().map(|date| date.format("%A %-d %B").to_string()).unwrap_or_default();
    let slots: Vec<Value> = list(&shown["slots"]).map(|slot| slot_of(text(slot, "starts_at"))).collect();
    let tiers = [("24 h before", "$100.00"), ("2 h before", "$75.00"), ("the start", "$50.00"), ("or not at home", "$0.00")]
        .map(|(why, part)| json!({ "when": format!("Until {}, 11:00, {why}", title(shown)), "why": why, "part": part }));
    let people: Vec<&Value> = list(&provider["team"]).filter(|person| text(person, "kind") == "person").collect();
    json!({
        "id": text(provider, "id"),
        "slug": slug,
        "url": format!("{}/p/{slug}", house.base),
        "name": name,
        "place": text(provider, "district"),
        "tagline": text(provider, "tagline"),
        "story": text(provider, "story"),
        "languages": "English, Spanish",
        "category": text(&provider["category"], "name"),
        "category_slug": text(&provider["category"], "slug"),
        "json_ld": between(page, "application/ld+json\">", "</script>"),
        "cover": between(page, "class=\"pattern\"><path d=\"", "\""),
        "mean": between(page, "<p class=\"big num\">", "</p>"),
        "total": total,
        "soonest": "Today 11:30",
        "month": title(shown).rsplit(' ').next(),
        "day_title": title(shown),
        "chosen": text(&services[0], "id"),
        "price": price(&services[0]["price"]),
        "services": list(services).map(|service| json!({
            "id": text(service, "id"),
            "name": text(service, "name"),
            "description": text(service, "description"),
            "takes": format!("{} min", service["duration_min"]),
            "price": price(&service["price"]),
            "needs_approval": service["needs_approval"],
        })).collect::<Vec<_>>(),
        "people": people.iter().map(|person| json!({
            "id": text(person, "id"),
            "name": text(person, "name"),
            "first": text(person, "name").split(' ').next(),
            "initials": initials(text(person, "name")),
            "tone": person["tone"].as_i64().unwrap_or(1),
            "does": list(services).map(|service| text(service, "name")).collect::<Vec<_>>().join(", "),
        })).collect::<Vec<_>>(),
        "days": list(free).map(|day| {
            let count = day["slots"].as_array().map_or(0, Vec::len);
            let date = text(day, "date");
            json!({
                "date": date,
                "label": format!("{}, {count} free", title(day)),
                "week": title(day).get(..3),
                "number": date.get(8..),
                "part": count * 100 / most,
            })
        }).collect::<Vec<_>>(),
        "slots": slots,
        "add_ons": list(&services[0]["add_ons"]).map(|extra| json!({
            "id": text(extra, "id"), "name": text(extra, "name"), "price": price(&extra["price"]),
        })).collect::<Vec<_>>(),
        "distribution": (1..=5).rev().map(|stars| json!({
            "label": format!("{stars} stars"), "part": f64::from(stars) * 18.8, "count": total / 5,
        })).collect::<Vec<_>>(),
        "reviews": list(reviews).map(|review| json!({
            "id": text(review, "id"),
            "author": text(review, "author_name"),
            "initials": initials(text(review, "author_name")),
            "date": text(review, "published_at").get(..10),
            "service": text(review, "service_name"),
            "rating": review["rating"],
            "body": text(review, "body"),
        })).collect::<Vec<_>>(),
        "tiers": tiers,
    })
}

fn slot_of(at: &str) -> Value {
    let day = |at: &DateTime<Utc>| at.format("%a %-d %B, %H:%M").to_string();
    let starts: DateTime<Utc> = at.parse().unwrap_or_default();
    let ends = starts + chrono::TimeDelta::minutes(90);
    json!({
        "at": at,
        "time": starts.format("%H:%M").to_string(),
        "line": format!("{}–{}", day(&starts), ends.format("%H:%M")),
        "until": format!("Free cancellation until {}", day(&(starts - chrono::TimeDelta::hours(24)))),
    })
}
