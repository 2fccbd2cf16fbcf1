//! Messages of the gateway in any order, several times, late, forged and altered: everything ends as if each had come once and in order,
//! and nothing that was made up has any effect.

use crate::house::{Answer, Gateway, House, answer_of};
use crate::invariants;
use crate::report::{Report, Times};
use crate::stage::Stage;
use crate::town::Town;
use anyhow::{Context, Result, bail};
use futures::StreamExt;
use hmac::{Hmac, Mac};
use rand::Rng;
use rand::seq::SliceRandom;
use serde_json::{Value, json};
use sha2::Sha256;
use sqlx::PgPool;
use std::time::{Duration, Instant};

/// What `cargo xtask` tells server and sandbox.
const SECRET: &str = "whsec_sandbox";
const AT_ONCE: usize = 16;
/// Signatures are good for five minutes; each batch is signed anew.
const BATCH: usize = 500;

pub async fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    // disturbed, 700 stories are some 11,000 messages
    let stories = if stage.is_full { 700 } else { 48 };
    let town = Town::build(&stage.db, 40, 2_000).await?;
    let _server = stage.serve().await?;
    let post = Post { house: House::at(stage.address), gateway: Gateway::at(&stage.sandbox), db: stage.db.clone() };
    // From here on we carry the gateway's messages ourselves.
    post.gateway.set_target(None).await?;

    let expected = post.tell(&town, stories).await?;
    let sent = post.deliver_in_order().await?;
    report.figure("stories", format!("{stories}, their {sent} messages once and in order"));
    let wanted = post.ends(&expected).await?;

    let before = post.gateway.events().await?.len();
    let disturbed = post.tell(&town, stories).await?;
    let honest = post.gateway.events().await?.split_off(before);
    let letters = disorder(&honest);
    let kinds = |kind: Kind| letters.iter().filter(|letter| letter.kind == kind).count();
    report.figure(
        "the same again, disturbed",
        format!(
            "{} messages: {} honest (of {}), {} forged, {} altered",
            letters.len(),
            kinds(Kind::Honest),
            honest.len(),
            kinds(Kind::Forged),
            kinds(Kind::Altered)
        ),
    );
    let times = post.deliver(letters, report).await?;
    report.figure("answered within", times);
    let found = post.ends(&disturbed).await?;
    for (number, (wanted, found)) in wanted.iter().zip(&found).enumerate() {
        report.expect(wanted == found, || {
            format!("story {} ends otherwise\n      in order:  {wanted}\n      disturbed: {found}", number % STORIES)
        });
    }
    invariants::check(&stage.db, report).await
}

const STORIES: usize = 8;

struct Post {
    house: House,
    gateway: Gateway,
    db: PgPool,
}

impl Post {
    /// Lets so many people go through their stories up to where the gateway's messages decide. Answers their bookings.
    async fn tell(&self, town: &Town, stories: usize) -> Result<Vec<String>> {
        let bookings = futures::stream::iter(0..stories).map(|number| self.story(town, number % STORIES)).buffered(AT_ONCE);
        let bookings: Vec<Result<String>> = bookings.collect().await;
        bookings.into_iter().collect()
    }

    async fn story(&self, town: &Town, story: usize) -> Result<String> {
        let (hour, token) = (town.next_hour(), town.next_customer());
        let service = if story >= 6 { town.by_request } else { town.service };
        let held = want(self.house.hold(&token, service, &hour.starts_at, Some(hour.person)).await, 201, "holding")?;
        let booking = held.text("id").to_owned();
        let decide = |verb: &str| format!("/api/v1/bookings/{booking}/{verb}");
        match story {
            0 => drop(want(self.house.pay(&token, &booking, Some("pm_card_visa")).await, 200, "paying")?),
            1 => self.by_form(&token, &booking, &["4000000000000002", "4242424242424242"]).await?,
            2 => self.by_form(&token, &booking, &["4000000000000002"]).await?,
            3 => self.by_form(&token, &booking, &["4000002500003155"]).await?,
            4 => {
                want(self.house.pay(&token, &booking, Some("pm_card_visa")).await, 200, "paying")?;
                want(self.house.cancel(&token, &booking).await, 200, "cancelling")?;
            }
            5 => {
                self.by_form(&token, &booking, &["4242424242424242"]).await?;
                want(self.house.release(&token, &booking).await, 204, "giving back")?;
            }
            6 | 7 => {
                want(self.house.pay(&token, &booking, Some("pm_card_visa")).await, 200, "paying")?;
                let verb = if story == 6 { "approval" } else { "decline" };
                want(self.house.post(&decide(verb), &town.owner_token, json!({})).await, 200, verb)?;
            }
            _ => bail!("there is no story {story}"),
        }
        Ok(booking)
    }

    async fn by_form(&self, token: &str, booking: &str, cards: &[&str]) -> Result<()> {
        let begun = want(self.house.pay(token, booking, None).await, 200, "beginning to pay")?;
        let secret = begun.body["payment"]["next"]["client_secret"].as_str().context("no client secret")?;
        for card in cards {
            self.gateway.confirm(secret, card).await;
        }
        Ok(())
    }

    async fn now(&self) -> Result<i64> {
        Ok(sqlx::query_scalar("select extract(epoch from clock_timestamp())::bigint").fetch_one(&self.db).await?)
    }

    async fn deliver_in_order(&self) -> Result<usize> {
        let events = self.gateway.events().await?;
        for event in &events {
            let letter = Letter { body: event.to_string(), kind: Kind::Honest, signature: Signature::Right, delay_ms: 0 };
            want(self.bring(&letter, self.now().await?).await, 200, "an honest message")?;
        }
        Ok(events.len())
    }

    async fn bring(&self, letter: &Letter, now: i64) -> Answer {
        let mut request =
            self.house.http.post(format!("{}/api/v1/webhooks/stripe", self.house.base)).header("content-type", "application/json");
        let signature = match &letter.signature {
            Signature::Right => Some(sign(SECRET, &letter.body, now)),
            Signature::Foreign => Some(sign("whsec_of_somebody_else", &letter.body, now)),
            Signature::Old => Some(sign(SECRET, &letter.body, now - 3_600)),
            Signature::Of(other) => Some(sign(SECRET, other, now)),
            Signature::None => None,
        };
        if let Some(signature) = signature {
            request = request.header("stripe-signature", signature);
        }
        answer_of(request.body(letter.body.clone())).await
    }

    async fn deliver(&self, letters: Vec<Letter>, report: &mut Report) -> Result<Times> {
        let mut times = Times::default();
        for batch in letters.chunks(BATCH) {
            let now = self.now().await?;
            let mut answers = futures::stream::iter(batch)
                .map(|letter| async move {
                    tokio::time::sleep(Duration::from_millis(letter.delay_ms)).await;
                    let mut answer = self.bring(letter, now).await;
                    // as the gateway does with whatever was not taken
                    for _ in 0..5 {
                        if !answer.is_passing() {
                            break;
                        }
                        tokio::time::sleep(Duration::from_millis(500)).await;
                        answer = self.bring(letter, now).await;
                    }
                    (letter, answer)
                })
                .buffer_unordered(AT_ONCE);
            while let Some((letter, answer)) = answers.next().await {
                times.add(answer.took);
                let wanted = if letter.kind == Kind::Forged { 400 } else { 200 };
                report.expect(answer.status == wanted, || {
                    format!("a message that is {:?} was answered {} instead of {wanted}", letter.kind, answer.status)
                });
            }
        }
        Ok(times)
    }

    /// How the bookings stand once nothing is left to do: everything that must not depend on how the messages came.
    async fn ends(&self, bookings: &[String]) -> Result<Vec<String>> {
        let began = Instant::now();
        while invariants::jobs_left(&self.db).await? > 0 {
            if began.elapsed() > Duration::from_secs(60) {
                bail!("jobs about money are still not done after a minute");
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let mut ends = Vec::with_capacity(bookings.len());
        for booking in bookings {
            let end: String = sqlx::query_scalar(
                "select concat_ws('; ',
                    b.status,
                    (select string_agg(concat_ws(' ', p.status, p.captured_minor, p.refunded_minor), ', ' order by p.created_at) from payments p where p.booking_id = b.id),
                    (select string_agg(concat_ws(' ', r.status, r.amount_minor), ', ' order by r.created_at) from refunds r where r.booking_id = b.id),
                    (select string_agg(concat_ws(' ', kind, total), ', ' order by kind) from (
                        select a.kind, sum(e.amount_minor) as total from ledger_transactions t join ledger_entries e on e.transaction_id = t.id
                        join ledger_accounts a on a.id = e.account_id where t.booking_id = b.id group by a.kind) sums),
                    (select string_agg(concat_ws(' ', kind, times), ', ' order by kind) from (
                        select kind, count(*) as times from events where booking_id = b.id
                        and kind in ('booking.confirmed', 'booking.cancelled', 'payment.paid', 'refund.created', 'refund.settled') group by kind) facts))
                 from bookings b where b.id = $1::uuid",
            )
            .bind(booking)
            .fetch_one(&self.db)
            .await?;
            ends.push(end);
        }
        Ok(ends)
    }
}

fn want(answer: Answer, status: u16, what: &str) -> Result<Answer> {
    if answer.status != status {
        bail!("{what} was answered {}: {}", answer.status, answer.body);
    }
    Ok(answer)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Honest,
    /// Not signed by the gateway: refused at the door.
    Forged,
    /// Signed, but not about our row: taken, and without effect.
    Altered,
}

enum Signature {
    Right,
    Foreign,
    Old,
    /// Of another text.
    Of(String),
    None,
}

struct Letter {
    body: String,
    kind: Kind,
    signature: Signature,
    delay_ms: u64,
}

/// Every message one to four times, with forgeries under honest names and alterations under new ones between them, all shuffled.
fn disorder(honest: &[Value]) -> Vec<Letter> {
    let mut rng = rand::rng();
    let mut letters = Vec::new();
    for (number, event) in honest.iter().enumerate() {
        let mut add = |body: String, kind, signature| {
            letters.push(Letter { body, kind, signature, delay_ms: rand::rng().random_range(0..60) });
        };
        for _ in 0..rng.random_range(1..=4) {
            add(event.to_string(), Kind::Honest, Signature::Right);
        }
        let lie = lie(event, number);
        let signature = match number % 4 {
            0 => Signature::Foreign,
            1 => Signature::Old,
            2 => Signature::Of(event.to_string()),
            _ => Signature::None,
        };
        add(lie.to_string(), Kind::Forged, signature);
        if event["data"]["object"]["object"] == "payment_intent" || event["data"]["object"]["object"] == "refund" {
            let other = &honest[rng.random_range(0..honest.len())];
            add(altered(&lie, other, number).to_string(), Kind::Altered, Signature::Right);
        }
    }
    letters.shuffle(&mut rng);
    letters
}

/// The event claiming that it went well.
fn lie(event: &Value, number: usize) -> Value {
    let mut lie = event.clone();
    let object = &mut lie["data"]["object"];
    if object["object"] == "payment_intent" {
        object["status"] = json!("succeeded");
        object["amount_received"] = object["amount"].clone();
        lie["type"] = json!("payment_intent.succeeded");
    }
    // never the text that was signed
    lie["forged"] = json!(number);
    lie
}

/// The claim with another amount, currency, object or attempt, under a name of its own.
fn altered(lie: &Value, other: &Value, number: usize) -> Value {
    let mut altered = lie.clone();
    altered["id"] = json!(format!("evt_altered_{number}_{}", rand::rng().random::<u64>()));
    let object = &mut altered["data"]["object"];
    match number % 4 {
        0 => {
            object["amount"] = json!(1);
            object["amount_received"] = json!(1);
        }
        1 => object["currency"] = json!("usd"),
        2 => object["id"] = json!(format!("pi_unknown{number}")),
        _ => {
            // somebody else's attempt, and an amount that is nobody's
            object["metadata"] = other["data"]["object"]["metadata"].clone();
            object["amount"] = json!(77_777);
            object["amount_received"] = json!(77_777);
        }
    }
    altered
}

fn sign(secret: &str, body: &str, timestamp: i64) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(format!("{timestamp}.{body}").as_bytes());
    format!("t={timestamp},v1={}", hex::encode(mac.finalize().into_bytes()))
}
