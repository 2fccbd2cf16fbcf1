//! People who can sign in.
//!
//! **Words.** An *account* signs in with an address and a password. A *guest* is an account made at checkout, or by registering an address
//! that is already taken: it does not own its address, so several may share one. A *link* is a one-time secret sent by e-mail. A *token*
//! lets a program act for an account, within scopes.
//!
//! **Invariants.** An address belongs to whoever opened a link sent to it. Whether an address has an account is never revealed: registering,
//! signing in and asking for a new password answer the same, at the same cost, for known and unknown ones. Passwords are hashed by Argon2id in a
//! bounded pool; links and tokens are stored hashed. A changed password ends every other session, and every change of address that is under way.
//!
//! **Who may.** Everyone manages their own sessions, tokens and profile, by session only (a token cannot widen itself). Roles are
//! granted by an admin or by `fettle admin grant`, to whoever has shown that the address is theirs.

mod model;
pub mod policy;

#[cfg(feature = "server")]
mod credentials;
#[cfg(feature = "server")]
mod guest;
#[cfg(feature = "server")]
pub mod jobs;
#[cfg(feature = "server")]
mod link;
#[cfg(feature = "server")]
mod password;
#[cfg(feature = "server")]
mod profile;
#[cfg(feature = "server")]
mod session;
#[cfg(feature = "server")]
mod sign_in;
#[cfg(feature = "server")]
mod store;
#[cfg(feature = "server")]
mod token;

#[cfg(all(test, feature = "server"))]
mod clock_tests;
#[cfg(all(test, feature = "server"))]
mod tests;

pub use model::*;

#[cfg(feature = "server")]
pub use credentials::{
    change_password, confirm_email, confirm_new_email, request_confirmation, request_email_change, request_password_reset, reset_password,
};
#[cfg(feature = "server")]
pub use guest::{claim, create_guest, find_claim, is_guest_of};
#[cfg(feature = "server")]
pub use link::{Link, LinkPurpose, find_link, has_had_enough, issue_link, retire_links, use_link};
#[cfg(feature = "server")]
pub use profile::{Grant, Role, end_suspension, get_me, get_signed_in, grant_role, suspend, update_me};
#[cfg(feature = "server")]
pub use session::{list_security_notes, list_sessions, revoke_session, sign_out, sign_out_everywhere};
#[cfg(feature = "server")]
pub use sign_in::{register, sign_in};
#[cfg(feature = "server")]
pub use token::{create_token, list_tokens, revoke_token};
