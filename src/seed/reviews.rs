//! What people wrote about finished jobs, dealt from `merrow/voices.toml`.

use super::bookings::Books;
use super::catalogue::Provider;
use super::die::Die;
use super::past::Done;
use super::rows::Seed;
use super::text;
use anyhow::{Context, Result};
use domain::review::model::WINDOW_DAYS;
use domain::time::Instant;
use serde::Deserialize;
use serde_json::json;
use std::collections::HashMap;

#[derive(Deserialize)]
struct Group {
    voices: Vec<Voice>,
}

#[derive(Debug, Clone, Deserialize)]
struct Voice {
    stars: i32,
    body: String,
    reply: Option<String>,
}

pub struct Voices(HashMap<String, Group>);

impl Voices {
    pub fn read() -> Result<Self> {
        toml::from_str(include_str!("merrow/voices.toml")).map(Self).context("merrow/voices.toml")
    }
    fn of(&self, category: &str) -> Vec<Voice> {
        self.0.get(category).map(|group| group.voices.clone()).unwrap_or_default()
    }
}

/// Quoted on the home page, so they come with their authors.
const KNOWN: [(&str, &str, &str); 2] = [
    (
        "Tolliver Home Repair",
        "Maud Ferris",
        "Water through the ceiling at nine, Odalys at the door at eleven. She found the cracked elbow behind the bath, showed me a photo of it and had it changed within the hour. The price on the screen was the price I paid.",
    ),
    ("Lark Piano Studio", "Perrin Lowe", "I moved my daughter’s lesson from the bus. Two taps, no phone call."),
];

/// `jobs` come newest first. About nine in ten write something; the words go to the newer ones, the others gave stars only.
pub fn write(seed: &mut Seed, books: &mut Books, provider: &Provider, voices: &Voices, jobs: Vec<Done>, die: &mut Die) {
    let mut own = voices.of(&provider.category);
    let mut any = voices.of("any");
    die.shuffle(&mut own);
    die.shuffle(&mut any);
    // a business of this rating does not have every unhappy voice
    let harsh = |voice: &Voice| voice.stars <= 3 && (5.0 - provider.rated) * 8.0 < f64::from(5 - voice.stars);
    own.truncate(own.len() * 3 / 4 + 1);
    any.truncate(6);
    let mut words: Vec<Voice> = own.into_iter().chain(any).filter(|voice| !harsh(voice)).collect();
    die.shuffle(&mut words);
    let mut known = KNOWN.iter().filter(|(name, ..)| *name == provider.name);
    for (at, job) in jobs.iter().enumerate() {
        if !die.permille(905) {
            continue;
        }
        let written_at = job.completed_at.plus_minutes(die.between(40, 70 * 60)).min(seed.now);
        let due_at = job.completed_at.plus_days(WINDOW_DAYS);
        let is_answered = die.permille(180);
        let published_at = if is_answered { written_at } else { due_at };
        let is_out = published_at <= seed.now;
        let chosen = match known.next() {
            Some((_, author, body)) if at < 8 => {
                let voice = Voice { stars: 5, body: (*body).to_owned(), reply: None };
                Some((super::people::Customer { name: (*author).to_owned(), ..job.customer.clone() }.public_name(), voice))
            }
            _ if die.permille(640) => words.pop().map(|voice| (job.customer.public_name(), voice)),
            _ => None,
        };
        let first_name = job.person.split(' ').next().unwrap_or_default();
        let (author, voice) = chosen
            .unwrap_or_else(|| (job.customer.public_name(), Voice { stars: stars(provider.rated, die), body: String::new(), reply: None }));
        let reply = voice.reply.filter(|_| is_out);
        let replied_at = reply.as_ref().map(|_| text(published_at.plus_hours(9).min(seed.now)));
        books.reviews.push(json!({
            "id": die.id(written_at.millis()), "booking_id": job.booking, "provider_id": provider.id, "side": "customer",
            "author_id": job.customer.id, "subject_id": null, "author_name": author, "rating": voice.stars,
            "body": voice.body.replace("{who}", first_name), "reply": reply, "replied_at": replied_at, "created_at": text(written_at),
            "published_at": is_out.then(|| text(published_at)), "due_at": text(due_at),
        }));
        if is_answered {
            of_customer(books, provider, job, written_at, is_out.then_some(published_at), die);
        }
    }
}

/// What a business says about a job of these days; nobody sees it before the customer has written too, or the time for it is over.
pub fn write_of_customer(books: &mut Books, provider: &Provider, job: &Done, die: &mut Die) {
    of_customer(books, provider, job, job.completed_at.plus_minutes(20), None, die);
}

fn of_customer(books: &mut Books, provider: &Provider, job: &Done, written_at: Instant, published_at: Option<Instant>, die: &mut Die) {
    let body = *die.pick(&["", "Clear note, everything accessible.", "Friendly and on time.", "A pleasure.", ""]);
    books.reviews.push(json!({
        "id": die.id(written_at.millis()), "booking_id": job.booking, "provider_id": provider.id, "side": "provider",
        "author_id": provider.owner, "subject_id": job.customer.id, "author_name": provider.name,
        "rating": if die.permille(900) { 5 } else { 4 }, "body": body, "reply": null, "replied_at": null,
        "created_at": text(written_at), "published_at": published_at.map(text), "due_at": text(job.completed_at.plus_days(WINDOW_DAYS)),
    }));
}

/// Stars whose mean tends to `mean`.
fn stars(mean: f64, die: &mut Die) -> i32 {
    let missing = 5.0 - mean;
    let roll = die.unit();
    let steps = [(1, missing * 0.01), (2, missing * 0.04), (3, missing * 0.14), (4, missing * 0.6)];
    let mut edge = 0.0;
    for (stars, part) in steps {
        edge += part;
        if roll < edge {
            return stars;
        }
    }
    5
}
