//! Who acts, when, and with what: the first argument of every verb.

use crate::error::{Error, Result};
use crate::id::{AccountId, Id, ProviderId, SessionId, TokenId, VisitorId};
use crate::notify::port::MailTransport;
use crate::payment::port::PaymentGateway;
use crate::scheduling::port::CalendarSource;
use crate::time::Instant;
use sqlx::PgPool;
use std::sync::Arc;
use tokio::sync::Notify;

/// A transaction; committed by [`Ctx::commit`], which wakes the relay.
pub type Tx = sqlx::Transaction<'static, sqlx::Postgres>;

/// What does not change while the process runs: the database, the ports, time and chance.
pub struct House {
    pub db: PgPool,
    pub clock: Arc<dyn Clock>,
    pub chance: Arc<dyn Chance>,
    pub payments: Arc<dyn PaymentGateway>,
    pub mail: Arc<dyn MailTransport>,
    pub calendars: Arc<dyn CalendarSource>,
    /// Where people reach us, without a slash at the end: links in e-mails begin with it.
    pub base_url: String,
    pub settings: crate::settings::Remembered,
    /// What may be a little old.
    pub caches: crate::cache::Caches,
    /// Holds that are wanted in the same moment.
    pub together: crate::booking::Together,
    /// Rung after each commit; the relay and the workers of this node listen.
    pub committed: Notify,
}

/// Tells the time. Production reads the system clock; tests and the sandbox move it.
pub trait Clock: Send + Sync {
    /// To the millisecond.
    fn now(&self) -> Instant;
}

/// Gives random bytes. Production asks the operating system; tests use a seed.
pub trait Chance: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

#[derive(Clone)]
pub struct Ctx {
    house: Arc<House>,
    pub actor: Actor,
    /// Names the request in logs, audit entries and problems.
    pub request_id: String,
    /// The peer's address, for the audit and limits.
    pub address: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Someone not signed in; holds belong to the visitor id of their session.
    Visitor {
        visitor: VisitorId,
    },
    Person(Box<Person>),
    /// A job or a gateway's message; the name says which.
    System(&'static str),
}

/// A signed-in account, as read at the start of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: AccountId,
    pub name: String,
    pub email: String,
    pub is_email_confirmed: bool,
    pub is_admin: bool,
    pub is_support: bool,
    pub memberships: Vec<Membership>,
    /// None when an API token acts.
    pub session: Option<SessionId>,
    pub token: Option<Token>,
    pub visitor: Option<VisitorId>,
    /// None: everything the account may do (a session). Some: what the token was given.
    pub scopes: Option<Vec<String>>,
}

/// The API token by which a program acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    pub id: TokenId,
    pub expires_at: Instant,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    pub provider: ProviderId,
    /// For the menus of every page.
    pub provider_name: String,
    pub role: StaffRole,
    /// Of its category; empty before it has one.
    pub icon: String,
    /// Its own or its category's.
    pub tone: Option<i32>,
    /// Requests that nobody has answered yet.
    pub waiting: i64,
}

/// Ordered by what it may: a manager may what a member may, an owner everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StaffRole {
    Member,
    Manager,
    Owner,
}

impl StaffRole {
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "member" => Some(Self::Member),
            "manager" => Some(Self::Manager),
            "owner" => Some(Self::Owner),
            _ => None,
        }
    }
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Manager => "manager",
            Self::Owner => "owner",
        }
    }
}

impl Ctx {
    pub fn new(house: Arc<House>, actor: Actor, request_id: String, address: Option<String>) -> Self {
        Self { house, actor, request_id, address }
    }
    /// For jobs, gateways and reactions.
    pub fn system(house: Arc<House>, name: &'static str) -> Self {
        Self { house, actor: Actor::System(name), request_id: name.to_owned(), address: None }
    }
    /// The same request acting as the system, for what follows from a rule and not from a person.
    pub fn as_system(&self, name: &'static str) -> Self {
        Self { actor: Actor::System(name), ..self.clone() }
    }
    pub fn house(&self) -> &Arc<House> {
        &self.house
    }
    pub fn db(&self) -> &PgPool {
        &self.house.db
    }
    pub fn now(&self) -> Instant {
        self.house.clock.now()
    }
    /// `path` begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.house.base_url)
    }

    /// UUIDv7 (RFC 9562 section 5.7) from this context's clock and chance.
    pub fn new_id<I: Id>(&self) -> I {
        let mut random = [0_u8; 10];
        self.house.chance.fill(&mut random);
        let millis = self.now().millis().max(0) as u64;
        I::from_u128(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().as_u128())
    }
    /// 128 random bits in URL-safe text, for links and tokens.
    pub fn new_secret(&self) -> String {
        use base64::Engine;
        let mut random = [0_u8; 16];
        self.house.chance.fill(&mut random);
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random)
    }

    pub async fn begin(&self) -> Result<Tx> {
        Ok(self.house.db.begin().await?)
    }
    /// Commits, then wakes whoever waits for events and jobs.
    pub async fn commit(&self, tx: Tx) -> Result<()> {
        tx.commit().await?;
        self.committed();
        Ok(())
    }
    /// Wakes whoever waits for events and jobs, after a statement that committed by itself.
    pub fn committed(&self) {
        self.house.committed.notify_waiters();
    }

    /// The signed-in account, or [`Error::Unauthenticated`].
    pub fn person(&self) -> Result<&Person> {
        match &self.actor {
            Actor::Person(person) => Ok(person),
            _ => Err(Error::Unauthenticated),
        }
    }
    pub fn account_id(&self) -> Option<AccountId> {
        match &self.actor {
            Actor::Person(person) => Some(person.id),
            _ => None,
        }
    }
    pub fn token(&self) -> Option<Token> {
        match &self.actor {
            Actor::Person(person) => person.token,
            _ => None,
        }
    }
    pub fn visitor_id(&self) -> Option<VisitorId> {
        match &self.actor {
            Actor::Visitor { visitor } => Some(*visitor),
            Actor::Person(person) => person.visitor,
            Actor::System(_) => None,
        }
    }
    pub fn is_system(&self) -> bool {
        matches!(self.actor, Actor::System(_))
    }
    pub fn is_admin(&self) -> bool {
        matches!(&self.actor, Actor::Person(p) if p.is_admin)
    }
    /// Admins may all that support may.
    pub fn is_support(&self) -> bool {
        matches!(&self.actor, Actor::Person(p) if p.is_support || p.is_admin)
    }
    /// This person's role with the provider, if any.
    pub fn staff_role(&self, provider: ProviderId) -> Option<StaffRole> {
        match &self.actor {
            Actor::Person(p) => p.memberships.iter().find(|m| m.provider == provider).map(|m| m.role),
            _ => None,
        }
    }
    pub fn is_staff(&self, provider: ProviderId, at_least: StaffRole) -> bool {
        self.staff_role(provider).is_some_and(|role| role >= at_least)
    }
    /// Ok for the system and for staff of at least this role; [`Error::NotFound`] for everyone else, who should not learn that it exists,
    /// and [`Error::Forbidden`] for staff of a lower role.
    pub fn require_staff(&self, provider: ProviderId, at_least: StaffRole) -> Result<()> {
        match (&self.actor, self.staff_role(provider)) {
            (Actor::System(_), _) => Ok(()),
            (_, Some(role)) if role >= at_least => Ok(()),
            (_, Some(_)) => Err(Error::Forbidden),
            (Actor::Visitor { .. }, None) => Err(Error::Unauthenticated),
            (Actor::Person(_), None) => Err(Error::NotFound),
        }
    }
    pub fn require_admin(&self) -> Result<()> {
        match &self.actor {
            Actor::System(_) => Ok(()),
            Actor::Person(p) if p.is_admin => Ok(()),
            Actor::Person(_) => Err(Error::Forbidden),
            Actor::Visitor { .. } => Err(Error::Unauthenticated),
        }
    }
    /// Tokens need the scope; sessions and the system have all.
    pub fn require_scope(&self, scope: &str) -> Result<()> {
        match &self.actor {
            Actor::Person(p) if p.scopes.as_ref().is_some_and(|scopes| !scopes.iter().any(|s| s == scope)) => Err(Error::Forbidden),
            _ => Ok(()),
        }
    }
}

/// The operating system's clock, shifted by a fixed number of milliseconds that development may change.
#[derive(Default)]
pub struct SystemClock {
    shift: std::sync::atomic::AtomicI64,
}

impl SystemClock {
    pub fn shift_millis(&self) -> i64 {
        self.shift.load(std::sync::atomic::Ordering::Relaxed)
    }
    pub fn set_shift_millis(&self, millis: i64) {
        self.shift.store(millis, std::sync::atomic::Ordering::Relaxed);
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system clock")]
    fn now(&self) -> Instant {
        Instant::from_millis(chrono::Utc::now().timestamp_millis() + self.shift_millis())
    }
}

/// The operating system's randomness.
pub struct SystemChance;

impl Chance for SystemChance {
    fn fill(&self, bytes: &mut [u8]) {
        use rand::RngCore;
        rand::rng().fill_bytes(bytes);
    }
}
