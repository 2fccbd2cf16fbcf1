//! Messages of the gateway in any order, several times, late, forged and altered: everything ends as if each had come once and in order, and as it
//! is written for each story, and nothing that was made up has any effect.

mod letters;
mod order;
mod post;
mod stories;

use crate::house::{Gateway, House};
use crate::progress::Progress;
use crate::report::{Report, Times};
use crate::stage::Stage;
use crate::town::Town;
use crate::{invariants, money};
use anyhow::{Context, Result, bail, ensure};
use letters::{ALTERED, Kind, Message};
use post::{DOUBLED, LATE, Post};
use sqlx::PgPool;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use stories::{BY_FORM, ENDS, People, RETURNED, SLOW_REFUNDS, ends, known};
use uuid::Uuid;

/// How much is told in a run.
struct Size {
    rounds: usize,
    /// In each round. The gateway forgets the oldest of 5,000 messages, and says up to seven about a story, on the average four.
    stories: usize,
    /// In so many stories at least the house must have acted on a newer message before an older one, and they must have ended as they should. Of a hundred it
    /// is 86: the others have one message alone, or it falls so, or two come side by side.
    shuffles: u64,
}

const FULL: Size = Size { rounds: 18, stories: 52 * ENDS.len(), shuffles: 10_000 };
const SHORT: Size = Size { rounds: 1, stories: 30 * ENDS.len(), shuffles: 300 };
/// Stories that hear everything once and in order.
const IN_ORDER: usize = 3 * ENDS.len();
const SHUFFLES: &str = "shuffles";
/// What one message alone brings about: one of a payment in the moment in which it is taken, one of a page by a question that follows.
const BY_ONE: [(usize, &str, &str); 3] = [
    (BY_FORM[0], "payment_intent.succeeded", "confirmed; paid 10000 0"),
    (BY_FORM[1], "payment_intent.succeeded", "cancelled; refunded 10000 10000"),
    (BY_FORM[2], PAGE_PAID, "confirmed; paid 10000 0"),
];
const PAGE_PAID: &str = "checkout.session.completed";
/// Within this the jobs about money of a round are done, and banks have answered.
const PATIENCE: Duration = Duration::from_secs(120);

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
    let size = if stage.is_full { FULL } else { SHORT };
    for statement in ALONE {
        sqlx::query(statement).execute(&stage.db).await?;
    }
    let town = Town::build(&stage.db, 40, 2_000).await?;
    // From three days ahead on: whenever it is, a cancellation gives everything back.
    for _ in 0..24 * town.people.len() {
        town.next_hour();
    }
    let _server = stage.serve_at(stage.address, &[("FETTLE_LOG", "debug,sqlx=info")]).await?;
    let (house, gateway) = (House::at(stage.address), Gateway::at(&stage.sandbox));
    // From here on we carry the gateway's messages ourselves.
    gateway.set_target(None).await?;
    let post = Post::open(house.clone(), gateway.clone(), &stage.db).await?;
    let mut day = Day { town, people: People { house, gateway }, post, db: stage.db.clone(), owed: BTreeSet::new() };
    let mut progress = Progress::open(stage, "webhooks");
    day.one_alone(report).await?;
    day.play(IN_ORDER, false, &mut progress, report).await?;
    report.figure("stories told once and in order", IN_ORDER);
    while progress.done < size.rounds && report.is_well() {
        day.round(size.stories, &mut progress, report).await?;
        if report.is_well() {
            progress.step()?;
            let shuffles = count(&progress, SHUFFLES);
            report.figure("rounds", format!("{} of {}, {shuffles} shuffles", progress.done, size.rounds));
        }
    }
    tell(&progress, &day.post.times, report);
    if progress.done >= size.rounds {
        let shuffles = count(&progress, SHUFFLES);
        report.expect(shuffles >= size.shuffles, || format!("{shuffles} shuffles, {} are the least", size.shuffles));
        for what in Kind::ALL.map(Kind::name).into_iter().chain([DOUBLED, LATE]) {
            report.expect(count(&progress, what) > 0, || format!("no message was {what}"));
        }
        progress.forget();
    }
    Ok(())
}

fn count(progress: &Progress, what: &str) -> u64 {
    progress.counts.get(what).copied().unwrap_or(0)
}

/// What was disturbed, in all rounds together.
fn tell(progress: &Progress, times: &Times, report: &Report) {
    let kinds = Kind::ALL.map(|kind| format!("{} {}", count(progress, kind.name()), kind.name()));
    let letters: u64 = Kind::ALL.iter().map(|kind| count(progress, kind.name())).sum();
    report.figure("stories in another order than happened", count(progress, SHUFFLES));
    report.figure("letters to them", format!("{letters}: {}", kinds.join(", ")));
    report.figure("of these", format!("{} {DOUBLED}, {} {LATE}", count(progress, DOUBLED), count(progress, LATE)));
    report.figure("answered within", times);
}

/// Those of the bookings whose stories are among `stories`.
fn those(bookings: &[Uuid], stories: &[usize]) -> Vec<Uuid> {
    let is_one = |number: usize| stories.contains(&(number % ENDS.len()));
    bookings.iter().enumerate().filter(|(number, _)| is_one(*number)).map(|(_, booking)| *booking).collect()
}

struct Day {
    town: Town,
    people: People,
    post: Post,
    db: PgPool,
    /// Bookings whose refund a bank has returned.
    owed: BTreeSet<String>,
}

impl Day {
    /// Each of [`BY_ONE`].
    async fn one_alone(&mut self, report: &mut Report) -> Result<()> {
        for (story, kind, wanted) in BY_ONE {
            let booking = self.people.story(&self.town, story).await?;
            let news = self.post.fresh().await?;
            let (told, others): (Vec<&Message>, Vec<&Message>) = news.iter().partition(|message| message.event["type"] == kind);
            ensure!(told.len() == 1, "the gateway says {} times that it is {kind}", told.len());
            self.post.bring_honest(&told).await?;
            if kind == PAGE_PAID {
                self.rest().await?;
            }
            let found: String = sqlx::query_scalar(
                "select concat_ws('; ', b.status, (select string_agg(concat_ws(' ', p.status, p.captured_minor, p.refunded_minor), ', ') from payments p where p.booking_id = b.id))
                 from bookings b where b.id = $1",
            )
            .bind(booking)
            .fetch_one(&self.db)
            .await?;
            report.expect(found == wanted, || format!("after {kind} alone story {story} is {found} instead of {wanted}"));
            self.post.bring_honest(&others).await?;
        }
        Ok(())
    }

    /// So many stories, each disturbed for itself.
    async fn round(&mut self, stories: usize, progress: &mut Progress, report: &mut Report) -> Result<()> {
        self.play(stories, true, progress, report).await?;
        self.check_noted(report).await?;
        self.unsettled().await?.into_iter().take(5).for_each(|problem| report.broken(problem));
        invariants::check(&self.db, report).await
    }

    /// What still differs between us and the gateway when time is up, but for what we owe: the gateway counts what banks have returned as given back.
    async fn unsettled(&self) -> Result<Vec<String>> {
        let began = Instant::now();
        loop {
            let mut left = money::differences(&self.db, &self.people.gateway).await?;
            left.retain(|problem| !self.is_owed(problem));
            if left.is_empty() || began.elapsed() > money::CONVERGED {
                return Ok(left);
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    /// Of sentences as `money::differences` writes them.
    fn is_owed(&self, problem: &str) -> bool {
        let booking = problem.strip_prefix("booking ").and_then(|rest| rest.split(' ').next());
        problem.ends_with("what went back differs") && booking.is_some_and(|booking| self.owed.contains(booking))
    }

    /// Lets so many people go through their stories, brings everything that the gateway has to say about them, and looks how each has ended.
    async fn play(&mut self, stories: usize, is_disturbed: bool, progress: &mut Progress, report: &mut Report) -> Result<()> {
        let bookings = self.people.tell(&self.town, stories).await?;
        self.owed.extend(those(&bookings, &[RETURNED]).iter().map(Uuid::to_string));
        self.rest().await?;
        self.wait_for_banks(those(&bookings, &SLOW_REFUNDS).len()).await?;
        let by_form = those(&bookings, &BY_FORM);
        let paid = known(&self.db, &by_form).await?;
        report.expect(paid == 0, || format!("{paid} payments were known before any message told of them"));
        self.bring_news(is_disturbed, progress, report).await?;
        self.rest().await?;
        let paid = known(&self.db, &by_form).await?;
        report.expect(paid == by_form.len(), || format!("messages told of {} payments, {paid} of them are known", by_form.len()));
        sqlx::query(LET_GO).execute(&self.db).await?;
        self.rest().await?;
        // What followed from messages makes the gateway say more. When it has no more to say, what was held back comes.
        while self.bring_news(is_disturbed, progress, report).await? || self.post.bring_late(progress, report).await {
            self.rest().await?;
        }
        self.compare(&bookings, is_disturbed, progress, report).await
    }

    /// How each story has ended, with how it has to.
    async fn compare(&self, bookings: &[Uuid], is_disturbed: bool, progress: &mut Progress, report: &mut Report) -> Result<()> {
        let ends = ends(&self.db, bookings).await?;
        for (number, booking) in bookings.iter().enumerate() {
            let (story, end) = (number % ENDS.len(), ends.get(booking).context("a booking is gone")?);
            let (wanted, found) = (ENDS[story], &end.text);
            let how = if is_disturbed { "disturbed" } else { "in order" };
            report
                .expect(found == wanted, || format!("story {story}, {how}, ends otherwise\n      wanted: {wanted}\n      found:  {found}"));
            if is_disturbed && found == wanted && self.post.has_shuffled(&end.payment) {
                progress.count(SHUFFLES);
            }
        }
        Ok(())
    }

    /// False if there is none.
    async fn bring_news(&mut self, is_disturbed: bool, progress: &mut Progress, report: &mut Report) -> Result<bool> {
        if is_disturbed { self.post.bring_disturbed(progress, report).await } else { self.post.bring_in_order().await }
    }

    /// Until nothing about money is left to do but what waits to be let go.
    async fn rest(&self) -> Result<()> {
        let began = Instant::now();
        while invariants::jobs_left(&self.db).await? > 0 {
            if began.elapsed() > PATIENCE {
                bail!("jobs about money are still not done after {} s", PATIENCE.as_secs());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    }

    /// Until banks that take their time have said how so many refunds end.
    async fn wait_for_banks(&self, refunds: usize) -> Result<()> {
        let began = Instant::now();
        while self.post.count_fresh("refund.updated").await? < refunds {
            if began.elapsed() > PATIENCE {
                bail!("banks still owe answers after {} s", PATIENCE.as_secs());
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        Ok(())
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
        let (seen, brought) = (self.post.seen.len(), self.post.altered);
        report.expect(honest == seen as i64, || format!("{honest} messages are noted, {seen} were brought"));
        report.expect(altered == brought as i64, || format!("{altered} altered messages are noted, {brought} were brought"));
        report.expect(applied == 0, || format!("{applied} altered messages had an effect"));
        report.expect(forged == 0, || format!("{forged} forged messages were taken"));
        Ok(())
    }
}
