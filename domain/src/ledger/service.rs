//! Posting and reading.

use super::model::{Cause, Earnings, Posting, Recount, StatementLine};
use super::{policy, store};
use crate::ctx::{Ctx, StaffRole, Tx};
use crate::error::{Fields, Result};
use crate::id::ProviderId;
use crate::money::Money;
use crate::page::{Page, PageQuery};
use crate::scheduling::zone;
use crate::time::Date;

/// Posts the movement in the caller's transaction. False if its cause was posted before; then nothing changes.
pub async fn post(tx: &mut Tx, ctx: &Ctx, posting: &Posting) -> Result<bool> {
    let payment = match posting.cause {
        Cause::Captured { payment, .. }
        | Cause::Unexpected { payment, .. }
        | Cause::Refunded { payment, .. }
        | Cause::Returned { payment, .. }
        | Cause::RefundFailed { payment, .. }
        | Cause::ReturnFailed { payment, .. }
        | Cause::Fee { payment, .. } => payment,
    };
    let entries = policy::entries(&posting.cause);
    if entries.is_empty() {
        return Ok(false);
    }
    let id = ctx.new_id();
    let cause = policy::key(&posting.cause);
    if !store::insert_transaction(&mut **tx, id, &cause, posting.booking, payment, policy::memo(&posting.cause), ctx.now()).await? {
        return Ok(false);
    }
    for (pot, minor) in entries {
        store::insert_entry(&mut **tx, ctx.new_id(), id, pot, posting.currency, minor).await?;
    }
    Ok(true)
}

/// A provider's statement, newest first, with the balance after each line. For owners and managers.
pub async fn list_statement(ctx: &Ctx, provider: ProviderId, page: &PageQuery) -> Result<Page<StatementLine>> {
    authorise(ctx, provider)?;
    let limit = page.limit();
    let rows = store::list_statement(ctx.db(), provider, page.after::<i64>(), limit + 1).await?;
    Ok(Page::from_rows(rows, limit, |row| row.0).map(|row| row.1))
}

/// What a provider earned between two days of its zone, both included; at most 366 days. For owners and managers.
pub async fn get_earnings(ctx: &Ctx, provider: ProviderId, from: Date, to: Date) -> Result<Earnings> {
    authorise(ctx, provider)?;
    let days = i64::from(to.days()) - i64::from(from.days());
    if !(0..366).contains(&days) {
        return Err(Fields::one("to", "Choose a range of at most a year that ends after it begins.").into());
    }
    let (zone_name, currency) = store::get_zone_and_currency(ctx.db(), provider).await?;
    let span = zone::days(from, to, zone::stored(&zone_name));
    let sums = store::get_sums(ctx.db(), provider, span).await?;
    Ok(Earnings {
        from,
        to,
        balance: Money::new(sums.balance_minor, currency),
        earned: Money::new(sums.earned_minor, currency),
        returned: Money::new(sums.returned_minor, currency),
        commission: Money::new(sums.commission_minor, currency),
        days: store::list_days(ctx.db(), provider, span, &zone_name).await?,
    })
}

/// Counts everything again, as the database's own checks cannot see across tables. For the reconciler and admins.
pub async fn recount(ctx: &Ctx) -> Result<Recount> {
    ctx.require_admin()?;
    Ok(Recount {
        unbalanced: store::list_unbalanced(ctx.db()).await?,
        payments_off: store::list_payments_off(ctx.db()).await?,
        transactions: store::count_transactions(ctx.db()).await?,
    })
}

fn authorise(ctx: &Ctx, provider: ProviderId) -> Result<()> {
    if ctx.is_admin() { Ok(()) } else { ctx.require_staff(provider, StaffRole::Manager) }
}
