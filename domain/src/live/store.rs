use crate::error::Result;
use crate::id::{AccountId, BookingId, ProviderId, SessionId, TokenId, VisitorId};
use crate::time::Instant;
use sqlx::PgPool;

pub struct BookingParties {
    pub provider: ProviderId,
    pub customer: Option<AccountId>,
    /// The browser that held it, while the booking belongs to no account that signs in.
    pub visitor: Option<VisitorId>,
}

pub async fn find_parties(db: &PgPool, booking: BookingId) -> Result<Option<BookingParties>> {
    let row = sqlx::query_as!(
        BookingParties,
        r#"select
            b.provider_id as "provider: ProviderId",
            b.customer_id as "customer: AccountId",
            case when b.customer_id is null or a.is_guest then b.visitor_id end as "visitor: VisitorId"
         from bookings b
         left join accounts a on a.id = b.customer_id
         where b.id = $1"#,
        booking as BookingId,
    )
    .fetch_optional(db)
    .await?;
    Ok(row)
}

pub async fn is_session_alive(db: &PgPool, account: AccountId, session: SessionId, now: Instant) -> Result<bool> {
    let row = sqlx::query!(
        r#"select exists (
            select
            from sessions s
            join accounts a on a.id = s.account_id
            where s.public_id = $1 and s.account_id = $2 and s.expires_at > $3 and a.suspended_at is null
         ) as "is_alive!""#,
        session as SessionId,
        account as AccountId,
        now as Instant,
    )
    .fetch_one(db)
    .await?;
    Ok(row.is_alive)
}

pub async fn is_token_alive(db: &PgPool, account: AccountId, token: TokenId, now: Instant) -> Result<bool> {
    let row = sqlx::query!(
        r#"select exists (
            select
            from api_tokens t
            join accounts a on a.id = t.account_id
            where t.id = $1 and t.account_id = $2 and t.revoked_at is null and t.expires_at > $3 and a.suspended_at is null
         ) as "is_alive!""#,
        token as TokenId,
        account as AccountId,
        now as Instant,
    )
    .fetch_one(db)
    .await?;
    Ok(row.is_alive)
}
