//! The content of a provider's page as one ready-made document, for peers who read it by one query. Everything in it is read off our own page
//! (what it is about, from our API), so that all draw the same; [`ensure_same`] holds them to it.

use crate::house::House;
use crate::stage::Stage;
use anyhow::{Result, ensure};
use serde_json::{Value, json};

/// Reviews of stars alone say nothing.
const MAY_BE_EMPTY: &str = "body";
/// A review's place in the list, how many gave so many stars, which part of a day is free.
const MAY_BE_ZERO: [&str; 3] = ["id", "count", "part"];

/// What a page has several of, each told by what stands in the HTML of all who draw it.
const MARKS: [(&str, &str); 5] = [
    ("services", "class=\"cost\""),
    ("days", "class=\"day-button\""),
    ("free times", "name=\"starts_at\""),
    ("reviews", "class=\"by\""),
    ("refund steps", "class=\"when\""),
];

/// Writes the document into `peer_pages`; answers our own page, from which it is.
pub async fn write(stage: &Stage, house: &House, slug: &str) -> Result<String> {
    let page = house.text(&format!("/p/{slug}")).await?;
    let id: uuid::Uuid = sqlx::query_scalar("select id from providers where slug = $1").bind(slug).fetch_one(&stage.db).await?;
    let answer = house.get(&format!("/api/v1/providers/{id}"), None).await;
    ensure!(answer.status == 200, "{slug} was answered {}", answer.status);
    let content = content(&page, house, &answer.body);
    ensure_whole("content", &content)?;
    for statement in ["create table if not exists peer_pages (slug text primary key, content jsonb not null)", "truncate peer_pages"] {
        sqlx::query(statement).execute(&stage.db).await?;
    }
    sqlx::query("insert into peer_pages (slug, content) values ($1, $2)").bind(slug).bind(content).execute(&stage.db).await?;
    Ok(page)
}

/// That everything was found on our page: what is missing here others would not have to draw.
fn ensure_whole(name: &str, value: &Value) -> Result<()> {
    let is_whole = match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty() || name == MAY_BE_EMPTY,
        Value::Number(number) => number.as_f64() != Some(0.0) || MAY_BE_ZERO.contains(&name),
        Value::Array(items) => !items.is_empty(),
        Value::Bool(_) | Value::Object(_) => true,
    };
    ensure!(is_whole, "our page was read without {name}");
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| ensure_whole(name, item)),
        Value::Object(members) => members.iter().try_for_each(|(name, member)| ensure_whole(name, member)),
        _ => Ok(()),
    }
}

/// What the form of our page sends for the last free time of its day.
pub fn last_time(page: &str) -> Result<[(&'static str, String); 2]> {
    let starts_at = pieces(page, "class=\"slot\"").last().map(|piece| attribute(piece, "value")).unwrap_or_default();
    let service = chosen_service(page);
    ensure!(!starts_at.is_empty() && !service.is_empty(), "our page offers no time");
    Ok([("service_id", service.to_owned()), ("starts_at", starts_at)])
}

fn chosen_service(page: &str) -> &str {
    between(page, "name=\"service_id\" value=\"", "\"")
}

/// That another's page shows what ours does: as many of each thing, and every name.
pub fn ensure_same(ours: &str, theirs: &str, whose: &str) -> Result<()> {
    for (what, mark) in MARKS {
        let (here, there) = (ours.matches(mark).count(), theirs.matches(mark).count());
        ensure!(here > 0 && here == there, "our page has {here} {what}, that of {whose} {there}");
    }
    let read = plain(theirs);
    let names = service_names(ours).chain(names_of_people(ours)).chain([plain(between(ours, "<h1>", "</h1>"))]);
    for name in names {
        ensure!(!name.is_empty() && read.contains(&name), "the page of {whose} does not show \"{name}\"");
    }
    Ok(())
}

fn service_names(page: &str) -> impl Iterator<Item = String> {
    pieces(list_of(page, "menu-list plain"), "<h3>").map(service_name)
}

/// Of the team, and of those who wrote reviews.
fn names_of_people(page: &str) -> impl Iterator<Item = String> {
    let team = pieces(list_of(page, "team plain"), "<li>");
    team.chain(pieces(page, "class=\"by\"")).map(|piece| plain(between(piece, "<b>", "</b>")))
}

fn service_name(piece: &str) -> String {
    heading(piece).trim_end_matches("By request").trim().to_owned()
}

fn heading(piece: &str) -> String {
    plain(piece.split("</h3>").next().unwrap_or_default())
}

/// What stands between two marks.
fn between<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    after(page, from).split_once(to).map_or("", |(found, _)| found)
}

fn after<'a>(page: &'a str, mark: &str) -> &'a str {
    page.split_once(mark).map_or("", |(_, rest)| rest)
}

/// What follows each mark, up to the next one.
fn pieces<'a>(page: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
    page.split(mark).skip(1)
}

/// The inside of a list without lists in it.
fn list_of<'a>(page: &'a str, class: &str) -> &'a str {
    between(page, &format!("class=\"{class}\">"), "</ul>")
}

/// The words in the first element of that class, which has no others in it.
fn words(page: &str, class: &str) -> String {
    plain(between(after(page, &format!("class=\"{class}\"")), ">", "</"))
}

fn attribute(element: &str, name: &str) -> String {
    plain(between(element, &format!(" {name}=\""), "\""))
}

/// As people read it: without tags and comments, and with the signs that stand for themselves in HTML only in disguise.
fn plain(html: &str) -> String {
    let mut pieces = html.split('<');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    pieces.for_each(|piece| text.push_str(after(piece, ">")));
    // the ampersand last: what it stands before is no disguise
    let signs = [
        ("<", ["&lt;", "&#60;"]),
        (">", ["&gt;", "&#62;"]),
        ("\"", ["&quot;", "&#34;"]),
        ("'", ["&#39;", "&#x27;"]),
        ("&", ["&amp;", "&#38;"]),
    ];
    for (sign, disguises) in signs {
        for disguise in disguises {
            text = text.replace(disguise, sign);
        }
    }
    text.trim().to_owned()
}

fn number(text: &str) -> i64 {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

fn content(page: &str, house: &House, provider: &Value) -> Value {
    let (slug, title) = (text(provider, "slug"), after(page, "<h1>"));
    let badge = plain(between(after(page, "next-free\""), "</svg>", "</a>"));
    json!({
        "id": text(provider, "id"),
        "slug": slug,
        "url": format!("{}/p/{slug}", house.base),
        "name": text(provider, "name"),
        "place": words(title, "nowrap"),
        "tagline": text(provider, "tagline"),
        "story": text(provider, "story"),
        "languages": plain(between(page, "<strong>Speaks</strong>", "</div>")),
        "category": text(&provider["category"], "name"),
        "category_slug": text(&provider["category"], "slug"),
        "json_ld": between(page, "application/ld+json\">", "</script>"),
        "cover": between(page, "class=\"pattern\"><path d=\"", "\""),
        "mean": words(page, "big num"),
        "total": number(&words(title, "count")),
        "soonest": badge.trim_start_matches("Free "),
        "month": words(after(page, "row legend"), "strong"),
        "day_title": words(after(page, "<legend"), "strong"),
        "chosen": chosen_service(page),
        "price": words(page, "num total"),
        "services": services(page),
        "people": people(page, provider),
        "days": days(page),
        "slots": pieces(page, "class=\"slot\"").map(|piece| json!({
            "at": attribute(piece, "value"),
            "time": plain(between(after(piece, "<time"), ">", "</time>")),
            "line": attribute(piece, "data-line"),
            "until": attribute(piece, "data-until"),
        })).collect::<Vec<_>>(),
        "add_ons": pieces(page, "name=\"add_on\"").map(|piece| json!({
            "id": attribute(piece, "value"),
            "name": plain(between(piece, "<span>", "<span")),
            "price": words(piece, "muted small").trim_start_matches(", "),
        })).collect::<Vec<_>>(),
        "distribution": pieces(list_of(page, "distribution plain"), "<li>").map(|piece| json!({
            "label": plain(between(piece, "<span>", "</span>")),
            "part": between(piece, "--part: ", "%").parse::<f64>().unwrap_or(0.0),
            "count": number(&words(piece, "end")),
        })).collect::<Vec<_>>(),
        "reviews": reviews(page),
        "tiers": pieces(page, "class=\"when\"").map(|piece| json!({
            "when": plain(between(piece, ">", "</span>")),
            "why": words(piece, "why"),
            "part": words(piece, "part"),
        })).collect::<Vec<_>>(),
    })
}

/// Ids stand in the list to choose from, which has the same order.
fn services(page: &str) -> Vec<Value> {
    let options = pieces(between(page, "id=\"service\"", "</select>"), "<option").map(|option| attribute(option, "value"));
    let rows = pieces(list_of(page, "menu-list plain"), "<h3>");
    let row = |(id, piece): (String, &str)| {
        json!({
            "id": id,
            "name": service_name(piece),
            "description": words(piece, "small muted"),
            "takes": words(piece, "tiny muted"),
            "price": words(piece, "num"),
            "needs_approval": heading(piece).ends_with("By request"),
        })
    };
    options.zip(rows).map(row).collect()
}

fn people(page: &str, provider: &Value) -> Vec<Value> {
    let known: Vec<&Value> = provider["team"].as_array().into_iter().flatten().collect();
    let row = |piece: &str| {
        let name = plain(between(piece, "<b>", "</b>"));
        json!({
            "id": known.iter().find(|person| text(person, "name") == name).map_or("", |person| text(person, "id")),
            "first": name.split(' ').next(),
            "name": name,
            "initials": words(piece, "avatar"),
            "tone": number(&attribute(piece, "data-tone")),
            "does": words(piece, "small muted"),
        })
    };
    pieces(list_of(page, "team plain"), "<li>").map(row).collect()
}

fn days(page: &str) -> Vec<Value> {
    let strip = between(page, "class=\"days\">", "</div>");
    let row = |piece: &str| {
        json!({
            "date": between(piece, "day=", "#"),
            "label": words(piece, "hidden-visually"),
            "week": words(piece, "week"),
            "number": words(piece, "date"),
            "part": number(between(piece, "--part: ", "%")),
        })
    };
    pieces(strip, "<a ").map(row).collect()
}

fn reviews(page: &str) -> Vec<Value> {
    let row = |(nth, piece): (usize, &str)| {
        json!({
            "id": nth,
            "author": plain(between(piece, "<b>", "</b>")),
            "initials": words(piece, "avatar"),
            "date": plain(between(piece, "<time>", "</time>")),
            "service": plain(between(after(piece, "class=\"dot\""), "</span>", "</span>")),
            "rating": number(between(piece, "aria-label=\"", " of 5")),
            "body": plain(between(after(piece, "</p>"), "<p>", "</p>")),
        })
    };
    pieces(page, "class=\"by\"").enumerate().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "<h1>Bram's</h1><ul class=\"menu-list plain\"><li><div><h3>Taps &amp; more<!> <!><span class=\"badge\">By request</span></h3></div>\
        <p class=\"cost\"><b class=\"num\">$1.00</b></p></li></ul><a href=\"/p?day=2026-06-01#times\" class=\"day-button\"></a>\
        <label class=\"slot\"><input name=\"starts_at\" value=\"now\" data-line=\"at &quot;one&quot;\"><time datetime=\"now\">13:00</time></label>\
        <p class=\"by\"><span class=\"avatar\">IF</span><b>Inês</b></p><span class=\"when\">Until noon</span>";

    #[test]
    fn reads_words_as_people_do() {
        assert_eq!(service_names(OURS).collect::<Vec<_>>(), ["Taps & more"]);
        assert_eq!(plain("a&amp;lt;<!-- -->b &#x27;"), "a&lt;b '");
        assert_eq!(attribute(OURS, "data-line"), "at \"one\"");
        assert_eq!(words(OURS, "avatar"), "IF");
        assert_eq!(number("(1,204 reviews)"), 1204);
    }

    #[test]
    fn nothing_may_be_missing() {
        let review = |author: &str, stars: i64| json!({ "reviews": [{ "id": 0, "author": author, "rating": stars, "body": "" }] });
        ensure_whole("content", &review("Inês", 5)).expect("whole");
        for lacking in [review("", 5), review("Inês", 0), json!({ "reviews": [] }), json!({ "author": null })] {
            assert!(ensure_whole("content", &lacking).is_err(), "{lacking}");
        }
    }

    #[test]
    fn another_page_is_held_to_ours() {
        let escaped = OURS.replace("&amp;", "&#38;").replace("Bram's", "Bram&#39;s");
        ensure_same(OURS, &escaped, "a peer").expect("the same in another spelling");
        assert!(ensure_same(OURS, &OURS.replace("Inês", "Nobody"), "a peer").is_err(), "a name is missing");
        assert!(ensure_same(OURS, &OURS.replace("name=\"starts_at\"", ""), "a peer").is_err(), "a time is missing");
        assert!(ensure_same("", "", "a peer").is_err(), "nothing is no page");
    }
}
