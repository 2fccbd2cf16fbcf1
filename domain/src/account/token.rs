//! API tokens: for programs that act for an account, within scopes and for a time.

use super::session::{announce, by_session, note};
use super::{CreateToken, SCOPES, TokenCreated, TokenView, link, policy, store};
use crate::audit;
use crate::ctx::Ctx;
use crate::error::{Error, Fields, Result};
use crate::id::TokenId;
use serde_json::json;

/// What API tokens begin with, so that scanners recognise a leaked one.
const TOKEN_PREFIX: &str = "fettle_";

/// The answer holds the secret, which is shown this once.
pub async fn create_token(ctx: &Ctx, input: CreateToken) -> Result<TokenCreated> {
    let person = by_session(ctx)?;
    let name = policy::tidy_name(&input.name);
    let mut fields = Fields::none();
    fields.check((1..=60).contains(&name.chars().count()), "name", "Give it a name of at most 60 characters, to recognise it by.");
    fields.check(!name.chars().any(char::is_control), "name", "Use letters, digits and spaces.");
    fields.check(!input.scopes.is_empty(), "scopes", "Choose at least one thing it may do.");
    fields.check(input.scopes.iter().all(|scope| SCOPES.iter().any(|(known, _)| known == scope)), "scopes", "Choose from the list.");
    fields.check(
        person.is_admin || !input.scopes.iter().any(|scope| scope.starts_with("admin:")),
        "scopes",
        "Only an admin can let a program act as one.",
    );
    fields.check((1..=policy::MAX_TOKEN_DAYS).contains(&input.days), "days", "Choose 1 to 365 days.");
    fields.finish()?;

    let mut scopes = input.scopes;
    scopes.sort();
    scopes.dedup();
    let secret = format!("{TOKEN_PREFIX}{}", ctx.new_secret());
    let now = ctx.now();
    let row = store::TokenRow {
        id: ctx.new_id(),
        name,
        hint: secret[secret.len() - 4..].to_owned(),
        scopes,
        created_at: now,
        expires_at: now.plus_days(input.days),
        last_used_at: None,
    };
    let mut tx = ctx.begin().await?;
    store::insert_token(&mut tx, person.id, &row, &link::hash(&secret)).await?;
    note(&mut tx, ctx, person.id, "token_created", json!({ "name": row.name })).await?;
    let entry = audit::Entry::new("account.create_token", "token", row.id).data(json!({ "name": row.name, "scopes": row.scopes }));
    audit::record(&mut tx, ctx, entry).await?;
    ctx.commit(tx).await?;
    Ok(TokenCreated { token: view(row), secret })
}

/// One's own that are not revoked, newest first.
pub async fn list_tokens(ctx: &Ctx) -> Result<Vec<TokenView>> {
    let person = by_session(ctx)?;
    Ok(store::list_tokens(ctx.db(), person.id).await?.into_iter().map(view).collect())
}

/// Ends one of one's own tokens; its sockets close.
pub async fn revoke_token(ctx: &Ctx, token: TokenId) -> Result<()> {
    let person = by_session(ctx)?;
    let mut tx = ctx.begin().await?;
    if !store::revoke_token(&mut tx, person.id, token, ctx.now()).await? {
        return Err(Error::NotFound);
    }
    announce(&mut tx, ctx, person.id, json!({ "token": token })).await?;
    audit::record(&mut tx, ctx, audit::Entry::new("account.revoke_token", "token", token)).await?;
    ctx.commit(tx).await
}

fn view(row: store::TokenRow) -> TokenView {
    TokenView {
        id: row.id,
        name: row.name,
        hint: row.hint,
        scopes: row.scopes,
        created_at: row.created_at,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
    }
}
