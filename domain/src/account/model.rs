//! Inputs, views and refusals of accounts, shared with the browser.

use crate::error::Refuse;
use crate::id::{AccountId, ProviderId, SessionId, TokenId};
use crate::time::Instant;
use serde::{Deserialize, Serialize};

/// Text that must not appear in logs.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Password(pub String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(hidden)")
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Register {
    pub email: String,
    /// 10 to 128 characters.
    pub password: Password,
    pub name: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct SignIn {
    pub email: String,
    pub password: Password,
}

/// Whose session begins; the door binds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedIn {
    pub account: AccountId,
}

/// The signed-in account to itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct MeView {
    pub id: AccountId,
    pub name: String,
    pub email: String,
    pub is_email_confirmed: bool,
    pub phone: Option<String>,
    /// IANA name; None: the device's.
    pub zone: Option<String>,
    pub has_password: bool,
    pub is_admin: bool,
    pub is_support: bool,
    pub workplaces: Vec<WorkplaceView>,
    pub created_at: Instant,
}

/// A provider one works for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct WorkplaceView {
    pub provider_id: ProviderId,
    pub name: String,
    /// `owner`, `manager` or `member`.
    pub role: String,
}

/// Absent members stay as they are.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct UpdateMe {
    pub name: Option<String>,
    /// Empty: none.
    pub phone: Option<String>,
    /// Empty: the device's.
    pub zone: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct SessionView {
    pub id: SessionId,
    /// Such as "Firefox on Windows".
    pub device: String,
    pub address: Option<String>,
    pub created_at: Instant,
    pub seen_at: Instant,
    pub is_current: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct TokenView {
    pub id: TokenId,
    pub name: String,
    /// The last characters of the secret, to tell tokens apart.
    pub hint: String,
    pub scopes: Vec<String>,
    pub created_at: Instant,
    pub expires_at: Instant,
    pub last_used_at: Option<Instant>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct CreateToken {
    pub name: String,
    pub scopes: Vec<String>,
    /// 1 to 365.
    pub days: i64,
}

/// The only time the secret is shown.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct TokenCreated {
    pub token: TokenView,
    pub secret: String,
}

/// What a token may be given, and in words.
pub const SCOPES: &[(&str, &str)] = &[
    ("profile:read", "See your name, address and settings"),
    ("profile:write", "Change your name, phone and zone"),
    ("bookings:read", "See your bookings and those of your business"),
    ("bookings:write", "Book, change and cancel"),
    ("payments:read", "See payments and receipts"),
    ("payments:write", "Pay and refund"),
    ("provider:read", "See services, hours, team and earnings of your business"),
    ("provider:write", "Change services, hours and team of your business"),
    ("admin:read", "See what an admin sees"),
    ("admin:write", "Do what an admin does"),
];

/// Something about the account's safety that its owner should be able to see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct SecurityNoteView {
    /// `new_device`, `password_changed`, `password_reset`, `email_change_requested`, `email_changed`, `many_failures`, `token_created`.
    pub kind: String,
    pub sentence: String,
    pub at: Instant,
}

/// What a claim link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimView {
    pub email: String,
    pub name: String,
    /// The address has an account already: the guest's bookings join it, and no password is set.
    pub is_known: bool,
}

/// How a claim ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// The guest is an account now and may be signed in.
    Own(AccountId),
    /// Its bookings belong to the account that has the address; sign in there.
    Joined,
}

/// Why accounts say no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountRefusal {
    WrongSignIn,
    WrongPassword,
    Suspended,
    /// Unknown, used or expired, which are not told apart.
    DeadLink,
    AddressTaken,
    AlreadyConfirmed,
    LastAdmin,
    /// A role for an address whose owner has never opened a link sent there.
    NotConfirmed,
}

impl Refuse for AccountRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::WrongSignIn => "wrong_sign_in",
            Self::WrongPassword => "wrong_password",
            Self::Suspended => "account_suspended",
            Self::DeadLink => "link_expired",
            Self::AddressTaken => "address_taken",
            Self::AlreadyConfirmed => "already_confirmed",
            Self::LastAdmin => "last_admin",
            Self::NotConfirmed => "email_not_confirmed",
        }
    }
    fn sentence(&self) -> String {
        match self {
            Self::WrongSignIn => "The address or the password is wrong. Check both, or ask for a new password.",
            Self::WrongPassword => "That is not your present password.",
            Self::Suspended => "This account is suspended. Write to support if you think that is a mistake.",
            Self::DeadLink => "This link has expired or was used already. Ask for a new one.",
            Self::AddressTaken => "This address belongs to another account. Sign in there, or choose another address.",
            Self::AlreadyConfirmed => "Your address is confirmed already.",
            Self::LastAdmin => "Someone has to remain admin. Make another person admin first.",
            Self::NotConfirmed => "Whoever registered with this address has not confirmed it yet, and may be someone else. Let them open the link in the mail first.",
        }
        .into()
    }
    fn is_conflict(&self) -> bool {
        matches!(self, Self::AddressTaken | Self::AlreadyConfirmed | Self::LastAdmin | Self::NotConfirmed)
    }
}
