//! Members and invitations.

use crate::ctx::{StaffRole, Tx};
use crate::error::Result;
use crate::id::{AccountId, InvitationId, ProviderId};
use crate::provider::model::{InvitationPreview, InvitationView, MemberView, TeamRole};
use crate::time::Instant;
use sqlx::PgPool;

pub async fn list_members(db: &PgPool, provider: ProviderId) -> Result<Vec<MemberView>> {
    let rows = sqlx::query!(
        r#"select m.account_id as "account_id: AccountId", a.name, a.email, m.role, m.created_at as "since: Instant"
         from provider_members m
         join accounts a on a.id = m.account_id
         where m.provider_id = $1
         order by array_position(array['owner', 'manager', 'member'], m.role), m.created_at"#,
        provider as ProviderId,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let role = super::known(TeamRole::parse(&row.role), &row.role)?;
            Ok(MemberView { account_id: row.account_id, name: row.name, email: row.email, role, since: row.since })
        })
        .collect()
}

pub async fn list_invitations(db: &PgPool, provider: ProviderId, now: Instant) -> Result<Vec<InvitationView>> {
    let rows = sqlx::query!(
        r#"select
            id as "id: InvitationId",
            email,
            role,
            created_at as "created_at: Instant",
            expires_at as "expires_at: Instant"
         from provider_invitations
         where provider_id = $1 and accepted_at is null and revoked_at is null and expires_at > $2
         order by created_at"#,
        provider as ProviderId,
        now as Instant,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let role = super::known(TeamRole::parse(&row.role), &row.role)?;
            Ok(InvitationView { id: row.id, email: row.email, role, created_at: row.created_at, expires_at: row.expires_at })
        })
        .collect()
}

pub async fn insert_member(tx: &mut Tx, provider: ProviderId, account: AccountId, role: StaffRole, now: Instant) -> Result<()> {
    sqlx::query!(
        "insert into provider_members (provider_id, account_id, role, created_at) values ($1, $2, $3, $4)",
        provider as ProviderId,
        account as AccountId,
        role.as_str(),
        now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn find_role(tx: &mut Tx, provider: ProviderId, account: AccountId) -> Result<Option<StaffRole>> {
    let role = sqlx::query_scalar!(
        "select role from provider_members where provider_id = $1 and account_id = $2",
        provider as ProviderId,
        account as AccountId,
    )
    .fetch_optional(&mut **tx)
    .await?;
    role.map(|text| super::known(StaffRole::parse(&text), &text)).transpose()
}

pub async fn count_owners(tx: &mut Tx, provider: ProviderId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from provider_members where provider_id = $1 and role = 'owner'"#,
        provider as ProviderId,
    )
    .fetch_one(&mut **tx)
    .await?)
}

pub async fn set_role(tx: &mut Tx, provider: ProviderId, account: AccountId, role: StaffRole) -> Result<()> {
    sqlx::query!(
        "update provider_members set role = $3 where provider_id = $1 and account_id = $2",
        provider as ProviderId,
        account as AccountId,
        role.as_str(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn delete_member(tx: &mut Tx, provider: ProviderId, account: AccountId) -> Result<()> {
    sqlx::query!("delete from provider_members where provider_id = $1 and account_id = $2", provider as ProviderId, account as AccountId,)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub async fn is_member_address(tx: &mut Tx, provider: ProviderId, email: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
            select 1
            from provider_members m
            join accounts a on a.id = m.account_id
            where m.provider_id = $1 and lower(a.email) = $2
        ) as "is_member!""#,
        provider as ProviderId,
        email,
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Whether the account can be booked here already, as can someone who left and comes back.
pub async fn is_bookable(tx: &mut Tx, provider: ProviderId, account: AccountId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
            select 1
            from resources
            where provider_id = $1 and account_id = $2 and kind = 'person' and archived_at is null
        ) as "is_bookable!""#,
        provider as ProviderId,
        account as AccountId,
    )
    .fetch_one(&mut **tx)
    .await?)
}

pub async fn count_invitations(tx: &mut Tx, provider: ProviderId, now: Instant) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!"
         from provider_invitations
         where provider_id = $1 and accepted_at is null and revoked_at is null and expires_at > $2"#,
        provider as ProviderId,
        now as Instant,
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Invitations sent since then, whatever has become of them.
pub async fn count_invited(tx: &mut Tx, provider: ProviderId, since: Instant) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from provider_invitations where provider_id = $1 and created_at > $2"#,
        provider as ProviderId,
        since as Instant,
    )
    .fetch_one(&mut **tx)
    .await?)
}

pub async fn insert_invitation(
    tx: &mut Tx,
    id: InvitationId,
    provider: ProviderId,
    email: &str,
    role: TeamRole,
    by: AccountId,
    now: Instant,
    expires_at: Instant,
) -> Result<()> {
    sqlx::query!(
        "insert into provider_invitations (id, provider_id, email, role, invited_by, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        id as InvitationId,
        provider as ProviderId,
        email,
        role.as_str(),
        by as AccountId,
        now as Instant,
        expires_at as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// All open ones of this address.
pub async fn revoke_invitations(tx: &mut Tx, provider: ProviderId, email: &str, now: Instant) -> Result<()> {
    sqlx::query!(
        "update provider_invitations set revoked_at = $3
         where provider_id = $1 and email = $2 and accepted_at is null and revoked_at is null",
        provider as ProviderId,
        email,
        now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whether there was one to revoke.
pub async fn revoke_invitation(tx: &mut Tx, provider: ProviderId, id: InvitationId, now: Instant) -> Result<bool> {
    let changed = sqlx::query!(
        "update provider_invitations set revoked_at = $3
         where id = $1 and provider_id = $2 and accepted_at is null and revoked_at is null",
        id as InvitationId,
        provider as ProviderId,
        now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(changed.rows_affected() > 0)
}

pub async fn find_invitation(db: &PgPool, id: InvitationId, now: Instant) -> Result<Option<InvitationPreview>> {
    let row = sqlx::query!(
        r#"select p.id as "provider_id: ProviderId", p.name, i.role, a.name as invited_by, i.email
         from provider_invitations i
         join providers p on p.id = i.provider_id
         join accounts a on a.id = i.invited_by
         where i.id = $1 and i.accepted_at is null and i.revoked_at is null and i.expires_at > $2"#,
        id as InvitationId,
        now as Instant,
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        let role = super::known(TeamRole::parse(&row.role), &row.role)?;
        Ok(InvitationPreview { provider_id: row.provider_id, provider_name: row.name, role, invited_by: row.invited_by, email: row.email })
    })
    .transpose()
}

/// Marks it accepted; None if it is over.
pub async fn take_invitation(tx: &mut Tx, id: InvitationId, now: Instant) -> Result<Option<(ProviderId, StaffRole)>> {
    let row = sqlx::query!(
        r#"update provider_invitations set accepted_at = $2
         where id = $1 and accepted_at is null and revoked_at is null and expires_at > $2
         returning provider_id as "provider_id: ProviderId", role"#,
        id as InvitationId,
        now as Instant,
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| Ok((row.provider_id, super::known(StaffRole::parse(&row.role), &row.role)?))).transpose()
}
