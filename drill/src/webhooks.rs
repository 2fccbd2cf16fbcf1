//! Messages of the gateway in any order, several times, late, forged and altered: everything ends as if each had come once and in order, and as it
//! is written here for each story, and nothing that was made up has any effect.

mod letters;

use crate::house::{Answer, Gateway, House, answer_of};
use crate::progress::Progress;
use crate::report::{Report, Times};
use crate::stage::Stage;
use crate::town::Town;
use crate::{invariants, money};
use anyhow::{Context, Result, bail};
use futures::StreamExt;
use letters::{ALTERED, Kind, Letter, disorder};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use uuid::Uuid;

const AT_ONCE: usize = 16;
/// Signatures are good for five minutes; each batch is signed anew.
const BATCH: usize = 500;
/// In full, each with a hundred stories; disturbed, those are some 1,500 messages.
const ROUNDS: usize = 8;
/// In full, all rounds together bring at least so many.
const LEAST_LETTERS: usize = 10_000;
/// Stories in which only the gateway's messages tell that something was paid.
const BY_FORM: [usize; 2] = [1, 5];

const PAID: &str = "confirmed; paid 10000 0; \
    gateway 9825, gateway_fees 175, platform -1000, provider -9000; booking.confirmed 1, payment.paid 1";
const UNPAID: &str = "held; pending 0 0";
/// How each story ends: the booking; its payments, with what was taken and what went back; refunds; what it moved in the ledger; and facts that are
/// told once. Of 100.00 EUR the platform has 10.00 and the gateway keeps 1.75.
const ENDS: [&str; 8] = [
    PAID,
    PAID,
    UNPAID,
    UNPAID,
    "cancelled; refunded 10000 10000; succeeded 10000; gateway -175, gateway_fees 175, platform 0, provider 0; \
     booking.cancelled 1, booking.confirmed 1, payment.paid 1, refund.created 1, refund.settled 1",
    "cancelled; refunded 10000 10000; succeeded 10000; gateway -175, gateway_fees 175, suspense 0; refund.created 1, refund.settled 1",
    PAID,
    "declined; voided 0 0",
];

/// Nothing but messages may bring news of money: nobody looks after what is open, and what was given up is ended at the gateway only when the drill
/// lets it go.
const ALONE: [&str; 4] = [
    "create function drill_never() returns trigger language plpgsql as $$ begin return null; end $$",
    "create trigger drill_never before insert on cron_runs for each row when (new.name = 'payment.reconcile') execute function drill_never()",
    "create function drill_later() returns trigger language plpgsql as $$ begin new.run_at := new.run_at + interval '1 hour'; return new; end $$",
    "create trigger drill_later before insert on jobs for each row when (new.kind = 'payment.release') execute function drill_later()",
];
const LET_GO: &str = "update jobs set run_at = now() where kind = 'payment.release' and finished_at is null and dead_at is null";

pub async fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let (rounds, stories) = if stage.is_full { (ROUNDS, 100) } else { (1, 48) };
    for statement in ALONE {
        sqlx::query(statement).execute(&stage.db).await?;
    }
    let town = Town::build(&stage.db, 40, 2_000).await?;
    // From three days ahead on: whenever it is, a cancellation gives everything back.
    for _ in 0..24 * town.people.len() {
        town.next_hour();
    }
    let _server = stage.serve().await?;
    let gateway = Gateway::at(&stage.sandbox);
    let mut post = Post { house: House::at(stage.address), gateway, db: stage.db.clone(), seen: BTreeSet::new(), altered: 0 };
    // From here on we carry the gateway's messages ourselves.
    post.gateway.set_target(None).await?;
    let mut progress = Progress::open(stage, "webhooks");
    while progress.done < rounds && report.is_well() {
        let letters = post.round(&town, stories, report).await?;
        if stage.is_full {
            let least = LEAST_LETTERS.div_ceil(ROUNDS);
            report.expect(letters >= least, || format!("{letters} messages in a round, {least} are the least"));
        }
        if report.is_well() {
            progress.step()?;
        }
    }
    report.figure("rounds", format!("{} of {rounds}", progress.done));
    if progress.done >= rounds {
        progress.forget();
    }
    Ok(())
}

struct Post {
    house: House,
    gateway: Gateway,
    db: PgPool,
    /// Names of the gateway's messages that were brought.
    seen: BTreeSet<String>,
    /// How many altered ones were.
    altered: usize,
}

/// What was brought.
#[derive(Default)]
struct Tally {
    letters: BTreeMap<Kind, usize>,
    times: Times,
}

impl Tally {
    fn count(&self, kind: Kind) -> usize {
        self.letters.get(&kind).copied().unwrap_or(0)
    }
    fn total(&self) -> usize {
        self.letters.values().sum()
    }
}

impl Post {
    /// The stories in order once, and disturbed. How many letters that took.
    async fn round(&mut self, town: &Town, stories: usize, report: &mut Report) -> Result<usize> {
        self.one_alone(town, report).await?;
        let in_order = self.play(town, stories, false, report).await?;
        report.figure("stories", format!("{stories}, their {} messages once and in order", in_order.total()));
        let disturbed = self.play(town, stories, true, report).await?;
        let kinds: Vec<String> = Kind::ALL.iter().map(|&kind| format!("{} {kind:?}", disturbed.count(kind))).collect();
        report.figure("the same again, disturbed", format!("{} messages: {}", disturbed.total(), kinds.join(", ")));
        report.figure("answered within", &disturbed.times);
        for kind in Kind::ALL {
            report.expect(disturbed.count(kind) > 0, || format!("no message was {kind:?}"));
        }
        self.check_noted(report).await?;
        if let Err(left) = money::converges(&self.db, &self.gateway).await? {
            left.into_iter().take(5).for_each(|problem| report.broken(problem));
        }
        invariants::check(&self.db, report).await?;
        Ok(in_order.total() + disturbed.total())
    }

    /// One message of a payment decides in the moment in which it is taken.
    async fn one_alone(&mut self, town: &Town, report: &mut Report) -> Result<()> {
        for (story, wanted) in [(BY_FORM[0], "confirmed; paid 10000 0"), (BY_FORM[1], "cancelled; refunded 10000 10000")] {
            let booking = self.story(town, story).await?;
            let events = self.fresh().await?;
            let (paid, others): (Vec<&Value>, Vec<&Value>) = events.iter().partition(|event| event["type"] == "payment_intent.succeeded");
            anyhow::ensure!(paid.len() == 1, "the gateway says {} times that a payment succeeded", paid.len());
            self.bring_honest(&paid).await?;
            let found: String = sqlx::query_scalar(
                "select concat_ws('; ', b.status, (select string_agg(concat_ws(' ', p.status, p.captured_minor, p.refunded_minor), ', ') from payments p where p.booking_id = b.id))
                 from bookings b where b.id = $1",
            )
            .bind(booking)
            .fetch_one(&self.db)
            .await?;
            report.expect(found == wanted, || format!("after the message that story {story} was paid it is {found} instead of {wanted}"));
            self.bring_honest(&others).await?;
        }
        Ok(())
    }

    /// Lets so many people go through their stories, brings everything that the gateway has to say about them, and looks how they have ended.
    async fn play(&mut self, town: &Town, stories: usize, is_disturbed: bool, report: &mut Report) -> Result<Tally> {
        let bookings = self.tell(town, stories).await?;
        self.rest().await?;
        let by_form: Vec<Uuid> = bookings
            .iter()
            .enumerate()
            .filter(|(number, _)| BY_FORM.contains(&(number % ENDS.len())))
            .map(|(_, booking)| *booking)
            .collect();
        let known = self.known(&by_form).await?;
        report.expect(known == 0, || format!("{known} payments were known before any message told of them"));
        let mut tally = Tally::default();
        self.bring_news(is_disturbed, &mut tally, report).await?;
        self.rest().await?;
        let known = self.known(&by_form).await?;
        report.expect(known == by_form.len(), || format!("messages told of {} payments, {known} of them are known", by_form.len()));
        sqlx::query(LET_GO).execute(&self.db).await?;
        self.rest().await?;
        // what followed from messages makes the gateway say more
        while self.bring_news(is_disturbed, &mut tally, report).await? {
            self.rest().await?;
        }
        for (number, booking) in bookings.iter().enumerate() {
            let (story, found) = (number % ENDS.len(), self.end_of(*booking).await?);
            let how = if is_disturbed { "disturbed" } else { "in order" };
            report.expect(found == ENDS[story], || {
                format!("story {story}, {how}, ends otherwise\n      wanted: {}\n      found:  {found}", ENDS[story])
            });
        }
        Ok(tally)
    }

    /// Up to where the gateway's messages decide. Answers their bookings.
    async fn tell(&self, town: &Town, stories: usize) -> Result<Vec<Uuid>> {
        let bookings = futures::stream::iter(0..stories).map(|number| self.story(town, number % ENDS.len())).buffered(AT_ONCE);
        let bookings: Vec<Result<Uuid>> = bookings.collect().await;
        bookings.into_iter().collect()
    }

    async fn story(&self, town: &Town, story: usize) -> Result<Uuid> {
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
        Ok(booking.parse()?)
    }

    /// Each card is typed into the gateway's form; the house is not asked.
    async fn by_form(&self, token: &str, booking: &str, cards: &[&str]) -> Result<()> {
        let begun = want(self.house.pay(token, booking, None).await, 200, "beginning to pay")?;
        let secret = begun.body["payment"]["next"]["client_secret"].as_str().context("no client secret")?;
        for card in cards {
            let answer = self.gateway.confirm(secret, card).await;
            anyhow::ensure!(matches!(answer.status, 200 | 402), "the gateway's form was answered {}: {}", answer.status, answer.body);
        }
        Ok(())
    }

    async fn now(&self) -> Result<i64> {
        Ok(sqlx::query_scalar("select extract(epoch from clock_timestamp())::bigint").fetch_one(&self.db).await?)
    }

    /// The gateway's messages that nobody has brought yet, in the order in which things happened. It forgets the oldest of very many.
    async fn fresh(&mut self) -> Result<Vec<Value>> {
        let mut events = self.gateway.events().await?;
        events.retain(|event| event["id"].as_str().is_some_and(|id| self.seen.insert(id.to_owned())));
        Ok(events)
    }

    /// False if there were none.
    async fn bring_news(&mut self, is_disturbed: bool, tally: &mut Tally, report: &mut Report) -> Result<bool> {
        let news = self.fresh().await?;
        if is_disturbed {
            let letters = disorder(&news);
            for letter in &letters {
                *tally.letters.entry(letter.kind).or_default() += 1;
                self.altered += usize::from(matches!(letter.kind, Kind::Altered(_)));
            }
            self.deliver(&letters, &mut tally.times, report).await?;
        } else {
            *tally.letters.entry(Kind::Honest).or_default() += news.len();
            self.bring_honest(&news.iter().collect::<Vec<_>>()).await?;
        }
        Ok(!news.is_empty())
    }

    /// One after the other.
    async fn bring_honest(&self, events: &[&Value]) -> Result<()> {
        for event in events {
            want(self.bring(&Letter::honest(event), self.now().await?).await, 200, "an honest message")?;
        }
        Ok(())
    }

    async fn bring(&self, letter: &Letter, now: i64) -> Answer {
        let address = format!("{}/api/v1/webhooks/stripe", self.house.base);
        let mut request = self.house.http.post(address).header("content-type", "application/json");
        if let Some(signature) = letter.signature(now) {
            request = request.header("stripe-signature", signature);
        }
        answer_of(request.body(letter.body.clone())).await
    }

    async fn deliver(&self, letters: &[Letter], times: &mut Times, report: &mut Report) -> Result<()> {
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
        Ok(())
    }

    /// Until nothing about money is left to do but what waits to be let go.
    async fn rest(&self) -> Result<()> {
        let began = Instant::now();
        while invariants::jobs_left(&self.db).await? > 0 {
            if began.elapsed() > Duration::from_secs(60) {
                bail!("jobs about money are still not done after a minute");
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    }

    /// How many of the bookings something was taken for, as far as the house knows.
    async fn known(&self, bookings: &[Uuid]) -> Result<usize> {
        let sql = "select count(distinct booking_id) from payments where booking_id = any($1::uuid[]) and captured_minor > 0";
        let count: i64 = sqlx::query_scalar(sql).bind(bookings).fetch_one(&self.db).await?;
        Ok(usize::try_from(count)?)
    }

    /// Everything that must not depend on how the messages came.
    async fn end_of(&self, booking: Uuid) -> Result<String> {
        Ok(sqlx::query_scalar(
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
             from bookings b where b.id = $1",
        )
        .bind(booking)
        .fetch_one(&self.db)
        .await?)
    }

    /// The house has written down each honest message once, each altered one without effect, and nothing forged.
    async fn check_noted(&self, report: &mut Report) -> Result<()> {
        let (honest, altered, applied, forged): (i64, i64, i64, i64) = sqlx::query_as(
            "select count(*) filter (where not is_altered),
                count(*) filter (where is_altered),
                count(*) filter (where is_altered and outcome is not distinct from 'applied'),
                count(*) filter (where not is_altered and payload ? 'forged')
             from gateway_events, lateral (select starts_with(event_id, $1) as is_altered) how",
        )
        .bind(ALTERED)
        .fetch_one(&self.db)
        .await?;
        report.expect(honest == self.seen.len() as i64, || format!("{honest} messages are noted, {} were brought", self.seen.len()));
        report.expect(altered == self.altered as i64, || format!("{altered} altered messages are noted, {} were brought", self.altered));
        report.expect(applied == 0, || format!("{applied} altered messages had an effect"));
        report.expect(forged == 0, || format!("{forged} forged messages were taken"));
        Ok(())
    }
}

fn want(answer: Answer, status: u16, what: &str) -> Result<Answer> {
    if answer.status != status {
        bail!("{what} was answered {}: {}", answer.status, answer.body);
    }
    Ok(answer)
}
