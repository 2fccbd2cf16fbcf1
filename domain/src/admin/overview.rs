//! The state of the business now, and what waits for a person.

use super::model::{Overview, Series};
use super::store;
use crate::ctx::Ctx;
use crate::error::{Fields, Result};
use crate::id::AccountId;
use crate::money::Currency;
use crate::time::Date;

/// Figures of the last `days` (1 to 366) including today, in the viewer's zone, beside as many before. `currency` None: the one most used.
pub async fn get_overview(ctx: &Ctx, days: i64, currency: Option<&str>) -> Result<Overview> {
    ctx.require_admin()?;
    let mut fields = Fields::none();
    fields.check((1..=366).contains(&days), "days", "Choose 1 to 366 days.");
    fields.finish()?;
    let db = ctx.db();
    let zone = zone_of(ctx, ctx.account_id()).await?;
    let today = store::local_date(db, &zone, ctx.now()).await?;
    let first = today.plus_days(-(2 * days as i32 - 1));

    let since = store::start_of_day(db, &zone, first).await?;
    let currencies = store::list_currencies(db, since).await?;
    let currency = match currency {
        Some(code) => code.parse().map_err(|_| Fields::one("currency", "Choose a currency of ISO 4217, such as EUR."))?,
        None => currencies.first().copied().unwrap_or(Currency::GBP),
    };
    let split = |rows: Vec<(i32, i64)>| series(rows, days as usize);
    let bookings = split(store::count_bookings(db, &zone, first, since).await?);
    let people = split(store::count_people(db, &zone, first, since).await?);
    let money = store::sum_ledger(db, &zone, first, since, currency).await?;
    let volume_minor = split(money.iter().map(|row| (row.day, row.volume)).collect());
    let commission_minor = split(money.iter().map(|row| (row.day, row.commission)).collect());
    let refunds_minor = split(money.iter().map(|row| (row.day, row.refunds)).collect());
    let from = today.plus_days(-(days as i32 - 1));
    let span_start = store::start_of_day(db, &zone, from).await?;
    let (active_providers, booked_providers) = store::count_providers(db, span_start).await?;
    Ok(Overview {
        from,
        to: today,
        attention: store::list_attention(db, ctx.now()).await?,
        latest: super::lists::lines(store::list_bookings(db, &store::BookingQuery::default(), 8).await?),
        zone,
        currency,
        currencies,
        bookings,
        volume_minor,
        commission_minor,
        refunds_minor,
        people,
        active_providers,
        booked_providers,
    })
}

/// UTC unless the person has chosen another.
pub(super) async fn zone_of(ctx: &Ctx, account: Option<AccountId>) -> Result<String> {
    let chosen = match account {
        Some(account) => store::find_zone(ctx.db(), account).await?,
        None => None,
    };
    Ok(chosen.filter(|zone| zone.parse::<chrono_tz::Tz>().is_ok()).unwrap_or_else(|| "UTC".to_owned()))
}

/// The instants at which these days begin and end.
pub(super) async fn span(
    ctx: &Ctx,
    from: Option<Date>,
    to: Option<Date>,
) -> Result<(Option<crate::time::Instant>, Option<crate::time::Instant>)> {
    let zone = zone_of(ctx, ctx.account_id()).await?;
    let start = match from {
        Some(date) => Some(store::start_of_day(ctx.db(), &zone, date).await?),
        None => None,
    };
    let end = match to {
        Some(date) => Some(store::start_of_day(ctx.db(), &zone, date.plus_days(1)).await?),
        None => None,
    };
    Ok((start, end))
}

/// Rows of (days since the first, value) as two spans of equal length; days without a row are zero.
fn series(rows: Vec<(i32, i64)>, days: usize) -> Series {
    let mut all = vec![0; 2 * days];
    for (day, value) in rows {
        if let Some(slot) = usize::try_from(day).ok().and_then(|day| all.get_mut(day)) {
            *slot += value;
        }
    }
    let values = all.split_off(days);
    Series { values, before: all }
}
