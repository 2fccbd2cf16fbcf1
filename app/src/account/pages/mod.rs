//! Pages of accounts, as plain components.

mod entry;
mod password;
mod settings;

pub use entry::{ConfirmPage, EntryPage, RegisterPage, SignInPage};
pub use password::{ClaimPage, DeadLinkPage, ForgotPage, ResetPage, SentPage};
pub use settings::{ProfilePage, SecurityPage, SessionsPage, TokensPage};
