//! Who acts: a session's account or a token's, as every request begins with it.

use super::{link, store};
use crate::ctx::{Membership, Person, StaffRole};
use crate::error::Result;
use crate::id::{AccountId, ProviderId, SessionId, VisitorId};
use crate::time::{Instant, MINUTE};
use sqlx::PgPool;

/// What API tokens begin with, so that scanners recognise a leaked one.
pub(super) const TOKEN_PREFIX: &str = "fettle_";

/// The account of a session; None if it is gone or suspended, and the session then counts as a visitor's.
pub async fn load_actor(db: &PgPool, account: AccountId, session: SessionId, visitor: VisitorId) -> Result<Option<Person>> {
    Ok(find(db, account).await?.map(|person| Person { session: Some(session), visitor: Some(visitor), ..person }))
}

/// The account of a bearer token; None if it is unknown, revoked or expired. Notes its use, at most once a minute.
pub async fn load_token_actor(db: &PgPool, secret: &str, now: Instant) -> Result<Option<Person>> {
    if !secret.starts_with(TOKEN_PREFIX) || secret.len() > 64 {
        return Ok(None);
    }
    let Some(owner) = store::find_token_owner(db, &link::hash(secret), now).await? else { return Ok(None) };
    if owner.last_used_at.is_none_or(|at| now - at >= MINUTE) {
        store::touch_token(db, owner.token, now).await?;
    }
    Ok(find(db, owner.account).await?.map(|person| Person { scopes: Some(owner.scopes), ..person }))
}

async fn find(db: &PgPool, account: AccountId) -> Result<Option<Person>> {
    let Some(row) = store::find_actor(db, account).await? else { return Ok(None) };
    let memberships = row
        .providers
        .into_iter()
        .zip(row.provider_names)
        .zip(&row.roles)
        .filter_map(|((provider, provider_name), role)| {
            Some(Membership { provider: ProviderId::from(provider), provider_name, role: StaffRole::parse(role)? })
        })
        .collect();
    Ok(Some(Person {
        id: account,
        name: row.name,
        email: row.email,
        is_email_confirmed: row.is_email_confirmed,
        is_admin: row.is_admin,
        is_support: row.is_support,
        memberships,
        session: None,
        visitor: None,
        scopes: None,
    }))
}
