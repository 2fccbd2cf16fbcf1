//! Thirteen stories of a payment: what people and the provider do, up to where the gateway's messages decide, and how each ends.

use crate::house::{Answer, Gateway, House, answer_of};
use crate::town::{Hour, Town};
use anyhow::{Context, Result, bail, ensure};
use futures::StreamExt;
use serde_json::json;
use sqlx::PgPool;
use std::collections::BTreeMap;
use uuid::Uuid;

/// People who act at the same time.
const AT_ONCE: usize = 16;
/// Stories in which only the gateway's messages tell that something was paid; the last one on the gateway's own page.
pub const BY_FORM: [usize; 3] = [1, 5, 8];
/// Stories of refunds of which banks say only after a while how they end.
pub const SLOW_REFUNDS: [usize; 2] = [11, RETURNED];
/// The story of a refund that the bank returns: the money is with us again, and owed.
pub const RETURNED: usize = 12;

/// Cards by their numbers, and payment methods, as the gateway publishes them for tests.
const GOOD: &str = "4242424242424242";
const DECLINED: &str = "4000000000000002";
const ASKS_THE_BANK: &str = "4000002500003155";
const VISA: &str = "pm_card_visa";
const REFUND_TAKES_TIME: &str = "pm_card_pendingRefund";
const REFUND_COMES_BACK: &str = "pm_card_refundFail";

const PAID: &str = "confirmed; paid 10000 0 succeeded; \
    gateway 9825, gateway_fees 175, platform -1000, provider -9000; booking.confirmed 1, payment.paid 1";
const REFUNDED: &str = "cancelled; refunded 10000 10000 succeeded; succeeded 10000; gateway -175, gateway_fees 175, platform 0, provider 0; \
    booking.cancelled 1, booking.confirmed 1, payment.paid 1, refund.created 1, refund.settled 1";
/// How each story ends: the booking; its payments, with what was taken, what went back and how the attempt stands; refunds; what it moved in the ledger;
/// and facts that are told once. Of 100.00 EUR the platform has 10.00 and the gateway keeps 1.75.
pub const ENDS: [&str; 13] = [
    PAID,
    PAID,
    "held; pending 0 0 requires_method",
    "held; pending 0 0 requires_action",
    REFUNDED,
    "cancelled; refunded 10000 10000 succeeded; succeeded 10000; gateway -175, gateway_fees 175, suspense 0; refund.created 1, refund.settled 1",
    PAID,
    "declined; voided 0 0 cancelled; payment.voided 1",
    PAID,
    // a card was tried on the page, so it takes the payment along when it expires
    "held; failed 0 0 cancelled",
    "held; pending 0 0 cancelled",
    REFUNDED,
    "cancelled; paid 10000 0 succeeded; failed 10000; gateway 9825, gateway_fees 175, platform -1000, provider -9000; \
     booking.cancelled 1, booking.confirmed 1, payment.paid 1, refund.created 1, refund.failed 1, refund.settled 1",
];

/// Those who act, at the house and at the gateway.
pub struct People {
    pub house: House,
    pub gateway: Gateway,
}

impl People {
    /// So many stories, each kind in turn. Answers their bookings.
    pub async fn tell(&self, town: &Town, stories: usize) -> Result<Vec<Uuid>> {
        let bookings = futures::stream::iter(0..stories).map(|number| self.story(town, number % ENDS.len())).buffered(AT_ONCE);
        let bookings: Vec<Result<Uuid>> = bookings.collect().await;
        bookings.into_iter().collect()
    }

    pub async fn story(&self, town: &Town, story: usize) -> Result<Uuid> {
        let (hour, token) = (town.next_hour(), town.next_customer());
        let booking = self.hold(town, &hour, &token, matches!(story, 6 | 7)).await?;
        match story {
            0 => self.by_card(&token, &booking, VISA).await?,
            1 => self.by_form(&token, &booking, &[DECLINED, GOOD]).await?,
            2 => self.by_form(&token, &booking, &[DECLINED]).await?,
            3 => self.by_form(&token, &booking, &[ASKS_THE_BANK]).await?,
            4 => self.pay_and_cancel(&token, &booking, VISA).await?,
            5 => {
                self.by_form(&token, &booking, &[GOOD]).await?;
                want(self.house.release(&token, &booking).await, 204, "giving back")?;
            }
            6 | 7 => {
                self.by_card(&token, &booking, VISA).await?;
                let verb = if story == 6 { "approval" } else { "decline" };
                want(self.house.post(&format!("/api/v1/bookings/{booking}/{verb}"), &town.owner_token, json!({})).await, 200, verb)?;
            }
            8 => drop(self.on_page(&token, &booking, &[DECLINED, GOOD]).await?),
            9 => self.expire(&self.on_page(&token, &booking, &[DECLINED]).await?).await?,
            10 => self.expire(&self.on_page(&token, &booking, &[]).await?).await?,
            11 => self.pay_and_cancel(&token, &booking, REFUND_TAKES_TIME).await?,
            RETURNED => self.pay_and_cancel(&token, &booking, REFUND_COMES_BACK).await?,
            _ => bail!("there is no story {story}"),
        }
        Ok(booking.parse()?)
    }

    async fn hold(&self, town: &Town, hour: &Hour, token: &str, is_request: bool) -> Result<String> {
        let service = if is_request { town.by_request } else { town.service };
        let held = want(self.house.hold(token, service, &hour.starts_at, Some(hour.person)).await, 201, "holding")?;
        Ok(held.text("id").to_owned())
    }

    /// The house charges the card, or has it reserved.
    async fn by_card(&self, token: &str, booking: &str, method: &str) -> Result<()> {
        want(self.house.pay(token, booking, Some(method)).await, 200, "paying").map(drop)
    }

    async fn pay_and_cancel(&self, token: &str, booking: &str, method: &str) -> Result<()> {
        self.by_card(token, booking, method).await?;
        want(self.house.cancel(token, booking).await, 200, "cancelling").map(drop)
    }

    /// Each card is typed into the gateway's form; the house is not asked.
    async fn by_form(&self, token: &str, booking: &str, cards: &[&str]) -> Result<()> {
        let begun = want(self.house.pay(token, booking, None).await, 200, "beginning to pay")?;
        let secret = begun.body["payment"]["next"]["client_secret"].as_str().context("no client secret")?;
        for card in cards {
            let answer = self.gateway.confirm(secret, card).await;
            ensure!(matches!(answer.status, 200 | 402), "the gateway's form was answered {}: {}", answer.status, answer.body);
        }
        Ok(())
    }

    /// Each card is typed into the page of the gateway's own, whose address this answers; the house is not asked.
    async fn on_page(&self, token: &str, booking: &str, cards: &[&str]) -> Result<String> {
        let contact = json!({ "name": "Dora Drill", "email": "dora@drill.example", "phone": "+351 912 345 678" });
        let body = json!({ "tender": "card", "is_hosted": true, "contact": contact });
        let begun = want(self.house.post(&format!("/api/v1/bookings/{booking}/payment"), token, body).await, 200, "beginning to pay")?;
        let page = begun.body["payment"]["next"]["url"].as_str().context("no page of the gateway's own")?;
        for card in cards {
            let request = self.house.http.post(page).header("content-type", "application/x-www-form-urlencoded");
            let answer = answer_of(request.body(format!("number={card}&expiry=12%2F34&cvc=123"))).await;
            ensure!(matches!(answer.status, 303 | 422), "the gateway's page was answered {}", answer.status);
        }
        Ok(page.to_owned())
    }

    /// The time of the gateway's page is over; the house is not asked.
    async fn expire(&self, page: &str) -> Result<()> {
        let (gateway, session) = page.split_once("/c/pay/").context("no page of the gateway's own")?;
        let request = self.house.http.post(format!("{gateway}/v1/checkout/sessions/{session}/expire")).bearer_auth("sk_test_sandbox");
        want(answer_of(request).await, 200, "the end of a page").map(drop)
    }
}

/// How many of the bookings something was taken for, as far as the house knows.
pub async fn known(db: &PgPool, bookings: &[Uuid]) -> Result<usize> {
    let sql = "select count(distinct booking_id) from payments where booking_id = any($1::uuid[]) and captured_minor > 0";
    let count: i64 = sqlx::query_scalar(sql).bind(bookings).fetch_one(db).await?;
    Ok(usize::try_from(count)?)
}

/// How a story has ended.
pub struct End {
    /// What the gateway calls its payment: the intent, or the page where nobody has tried to pay.
    pub payment: String,
    /// Everything that must not depend on how the messages came, as in [`ENDS`].
    pub text: String,
}

pub async fn ends(db: &PgPool, bookings: &[Uuid]) -> Result<BTreeMap<Uuid, End>> {
    let rows: Vec<(Uuid, Option<String>, String)> = sqlx::query_as(
        "select b.id,
            (select min(coalesce(a.gateway_ref, a.session_ref)) from payments p join payment_attempts a on a.payment_id = p.id where p.booking_id = b.id),
            concat_ws('; ',
                b.status,
                (select string_agg(concat_ws(' ', p.status, p.captured_minor, p.refunded_minor,
                        (select string_agg(a.status, ' ' order by a.created_at) from payment_attempts a where a.payment_id = p.id)), ', ' order by p.created_at)
                    from payments p where p.booking_id = b.id),
                (select string_agg(concat_ws(' ', r.status, r.amount_minor), ', ' order by r.created_at) from refunds r where r.booking_id = b.id),
                (select string_agg(concat_ws(' ', kind, total), ', ' order by kind) from (
                    select a.kind, sum(e.amount_minor) as total from ledger_transactions t join ledger_entries e on e.transaction_id = t.id
                    join ledger_accounts a on a.id = e.account_id where t.booking_id = b.id group by a.kind) sums),
                (select string_agg(concat_ws(' ', kind, times), ', ' order by kind) from (
                    select kind, count(*) as times from events where booking_id = b.id
                    and kind in ('booking.confirmed', 'booking.cancelled', 'payment.paid', 'payment.voided',
                        'refund.created', 'refund.failed', 'refund.settled') group by kind) facts))
         from bookings b where b.id = any($1::uuid[])",
    )
    .bind(bookings)
    .fetch_all(db)
    .await?;
    let ends = rows.into_iter().map(|(booking, payment, text)| (booking, End { payment: payment.unwrap_or_default(), text }));
    Ok(ends.collect())
}

pub fn want(answer: Answer, status: u16, what: &str) -> Result<Answer> {
    if answer.status != status {
        bail!("{what} was answered {}: {}", answer.status, answer.body);
    }
    Ok(answer)
}
