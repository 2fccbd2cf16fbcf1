//! One-time links: 128 random bits in an e-mail, their hash here. And what opening one proves about an address.

use super::{AccountRefusal, store};
use crate::ctx::{Ctx, Tx};
use crate::error::Result;
use crate::event::{EventKind, NewEvent};
use crate::id::{AccountId, LinkId};
use crate::time::Instant;
use crate::{audit, outbox};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

macro_rules! purposes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What a link may be used for; one for another purpose is unknown.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum LinkPurpose { $($(#[$doc])* $name,)* }
        impl LinkPurpose {
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

purposes! {
    ConfirmEmail = "confirm_email",
    ChangeEmail = "change_email",
    ResetPassword = "reset_password",
    ClaimAccount = "claim_account",
    TeamInvitation = "team_invitation",
    /// Read again and again until it is retired.
    CalendarFeed = "calendar_feed",
    PayBooking = "pay_booking",
}

/// Letters with links an address gets within an hour at most, whoever asks for them.
const MOST_LINKS_AN_HOUR: i64 = 5;

/// A link that still opens something.
#[derive(Debug, Clone)]
pub struct Link {
    pub id: LinkId,
    pub account: Option<AccountId>,
    pub data: Value,
    pub expires_at: Instant,
}

pub(super) fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// Makes a link and returns its secret, which is stored nowhere. `ttl_min` is its life in minutes.
pub async fn issue_link(
    tx: &mut Tx,
    ctx: &Ctx,
    purpose: LinkPurpose,
    account: Option<AccountId>,
    data: Value,
    ttl_min: i64,
) -> Result<String> {
    let secret = ctx.new_secret();
    let now = ctx.now();
    let new = store::NewLink {
        id: ctx.new_id(),
        purpose,
        account,
        hash: &hash(&secret),
        data: &data,
        now,
        expires_at: now.plus_minutes(ttl_min),
    };
    store::insert_link(tx, &new).await?;
    Ok(secret)
}

/// Whether the address had all the letters with such links that it gets within an hour; a link counts if its data names the address as `email`.
/// Invitations are counted apart, so that nobody is kept from a new password by being invited.
pub async fn has_had_enough(tx: &mut Tx, ctx: &Ctx, purpose: LinkPurpose, to: &str) -> Result<bool> {
    let recent = store::count_links_to(&mut **tx, to, purpose == LinkPurpose::TeamInvitation, ctx.now().plus_hours(-1)).await?;
    Ok(recent >= MOST_LINKS_AN_HOUR)
}

/// Looks without using it up. None: unknown, used or expired.
pub async fn find_link(ctx: &Ctx, purpose: LinkPurpose, secret: &str) -> Result<Option<Link>> {
    let found = store::find_link(ctx.db(), purpose, &hash(secret), ctx.now()).await?;
    if found.is_none() {
        store::bury_link(ctx.db(), purpose, &hash(secret), ctx.now()).await?;
    }
    Ok(found)
}

/// Uses the link up.
///
/// # Errors
/// `link_expired` for one that is unknown, used or expired.
pub async fn use_link(tx: &mut Tx, ctx: &Ctx, purpose: LinkPurpose, secret: &str) -> Result<Link> {
    match store::use_link(tx, purpose, &hash(secret), ctx.now()).await? {
        Some(link) => Ok(link),
        None => {
            // Not in the transaction, which the refusal ends.
            store::bury_link(ctx.db(), purpose, &hash(secret), ctx.now()).await?;
            Err(AccountRefusal::DeadLink.into())
        }
    }
}

/// The account's links for these purposes open nothing from now on.
pub async fn retire_links(tx: &mut Tx, ctx: &Ctx, account: AccountId, purposes: &[LinkPurpose]) -> Result<()> {
    store::retire_links(tx, account, purposes, ctx.now()).await
}

/// Whose the address is after a link sent to it was opened.
pub(super) enum Proven {
    Own,
    /// It was confirmed by another account before, which everything joined.
    Joined(AccountId),
}

/// The account has shown that it reads mail to `email`. An owner who has not is put back among the guests, since anyone can type an
/// address; an owner who has takes everything over.
pub(super) async fn prove_address(tx: &mut Tx, ctx: &Ctx, account: AccountId, email: &str) -> Result<Proven> {
    let now = ctx.now();
    match store::lock_owner_of(tx, email, account).await? {
        Some((owner, true)) => {
            store::merge(tx, account, owner, now).await?;
            super::session::end_all(tx, ctx, account, None).await?;
            store::revoke_tokens(tx, account, now).await?;
            let entry = audit::Entry::new("account.join", "account", owner).data(json!({ "from": account }));
            audit::record(tx, ctx, entry).await?;
            Ok(Proven::Joined(owner))
        }
        rival => {
            if let Some((squatter, _)) = rival {
                demote(tx, ctx, squatter).await?;
            }
            store::set_email_confirmed(tx, account, email, now).await?;
            outbox::record(tx, ctx, NewEvent::new(EventKind::AccountEmailConfirmed).account(account)).await?;
            audit::record(tx, ctx, audit::Entry::new("account.confirm_email", "account", account)).await?;
            Ok(Proven::Own)
        }
    }
}

/// Someone else reads the mail to the address of this account, which has never shown that it does: it is a guest from now on. What it was given for
/// its address is taken back, and whoever is in has to sign in again.
pub(super) async fn demote(tx: &mut Tx, ctx: &Ctx, squatter: AccountId) -> Result<()> {
    let now = ctx.now();
    store::set_guest(tx, squatter, true, now).await?;
    store::set_roles(tx, squatter, false, false, now).await?;
    store::revoke_tokens(tx, squatter, now).await?;
    super::session::end_all(tx, ctx, squatter, None).await?;
    audit::record(tx, ctx, audit::Entry::new("account.demote", "account", squatter)).await
}
