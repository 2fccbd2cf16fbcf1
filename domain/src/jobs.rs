//! What runs later: the table of job kinds and of the clock's regular duties. Each entry calls a verb of its room.

use crate::booking::settlement;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::{account, booking, notify, payment, queue, reactions, review, scheduling, search};
use serde::de::DeserializeOwned;

/// Runs one job. An unknown kind is an error, so that a job of a newer release waits for the newer worker.
pub async fn run(ctx: &Ctx, kind: &str, payload: serde_json::Value) -> Result<()> {
    match kind {
        account::jobs::WRITE => account::jobs::write(ctx, payload).await,
        notify::jobs::BOOKING => tell_of_booking(ctx, payload).await,
        notify::jobs::PROVIDER => notify::jobs::tell_of_provider(ctx, payload).await,
        notify::jobs::SEND => notify::jobs::send(ctx, payload).await,
        payment::jobs::SETTLE => settlement::settle(ctx, read::<payment::jobs::AttemptJob>(payload)?.attempt).await,
        payment::jobs::RELEASE => settlement::release(ctx, read::<payment::jobs::AttemptJob>(payload)?.attempt).await,
        payment::jobs::FEE => settlement::book_fee(ctx, read::<payment::jobs::AttemptJob>(payload)?.attempt).await,
        payment::jobs::REFUND => settlement::send_refund(ctx, read::<payment::jobs::RefundJob>(payload)?.refund).await,
        reactions::AGAIN => reactions::react_again(ctx, read(payload)?).await,
        scheduling::jobs::IMPORT => scheduling::jobs::import(ctx, payload).await,
        search::jobs::REFRESH_ALL => search::jobs::refresh_all(ctx).await,
        _ => Err(Error::internal(format!("no job is called {kind}"))),
    }
}

/// The payload as its room wrote it.
pub fn read<T: DeserializeOwned>(payload: serde_json::Value) -> Result<T> {
    serde_json::from_value(payload).map_err(Error::internal)
}

/// A regular duty and how often it runs.
pub struct Duty {
    pub name: &'static str,
    pub every_s: u32,
}

/// Run by one node at a time, at most once per interval.
#[rustfmt::skip]
pub const DUTIES: &[Duty] = &[
    Duty { name: account::jobs::SWEEP, every_s: 3_600 },
    Duty { name: booking::jobs::EXPIRE, every_s: 2 },
    Duty { name: booking::jobs::CLOSE, every_s: 30 },
    Duty { name: booking::jobs::SWEEP, every_s: 3_600 },
    Duty { name: notify::jobs::REMIND, every_s: 300 },
    Duty { name: payment::jobs::RECONCILE, every_s: 10 },
    Duty { name: queue::CATCH_UP, every_s: 30 },
    Duty { name: queue::SWEEP, every_s: 600 },
    Duty { name: review::jobs::PUBLISH_DUE, every_s: 60 },
    Duty { name: scheduling::jobs::REFRESH, every_s: 60 },
];

pub async fn run_duty(ctx: &Ctx, name: &str) -> Result<()> {
    match name {
        account::jobs::SWEEP => account::jobs::sweep(ctx).await,
        booking::jobs::EXPIRE => booking::jobs::expire_holds(ctx).await,
        booking::jobs::CLOSE => booking::jobs::close_due(ctx).await,
        booking::jobs::SWEEP => booking::jobs::sweep(ctx).await,
        notify::jobs::REMIND => notify::remind(ctx).await,
        payment::jobs::RECONCILE => settlement::reconcile(ctx).await,
        queue::CATCH_UP => queue::catch_up(ctx).await,
        queue::SWEEP => queue::sweep(ctx).await,
        review::jobs::PUBLISH_DUE => review::jobs::publish_due(ctx).await,
        scheduling::jobs::REFRESH => scheduling::refresh_due(ctx).await,
        _ => Err(Error::internal(format!("no duty is called {name}"))),
    }
}

/// A letter to a guest claims the account, which is the account room's business; a letter that fixes a time carries the booking room's calendar file.
async fn tell_of_booking(ctx: &Ctx, payload: serde_json::Value) -> Result<()> {
    let claim_url = match notify::jobs::booking_of(&payload) {
        Some((booking, true)) => match notify::find_guest(ctx, booking).await? {
            Some((guest, to)) => account::jobs::claim_path(ctx, guest, &to).await?.map(|path| ctx.url(&path)),
            None => None,
        },
        _ => None,
    };
    let calendar = match notify::jobs::booking_of(&payload) {
        Some((booking, true)) => booking::calendar_for_mail(&ctx.as_system("notify"), booking).await?,
        _ => None,
    };
    notify::jobs::tell_of_booking(ctx, payload, claim_url, calendar).await
}
