//! What the operator sets: environment variables, or the same names in a TOML file that the environment overrides.
//!
//! Everything is read and checked at boot, and every problem is listed at once.

use domain::crash::Point;
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// One setting, for the checks here and for `docs/DEPLOY.md`, which a test compares with this list.
pub struct Variable {
    pub name: &'static str,
    pub default: &'static str,
    pub about: &'static str,
}

const fn variable(name: &'static str, default: &'static str, about: &'static str) -> Variable {
    Variable { name, default, about }
}

/// Every variable there is.
pub const VARIABLES: &[Variable] = &[
    variable("DATABASE_URL", "", "Postgres, 15 or later: postgres://user:password@host/database. Required."),
    variable("FETTLE_CONFIG", "", "A TOML file with any of these names as keys; the environment wins."),
    variable("FETTLE_LISTEN", "127.0.0.1:3000", "Address and port to listen on."),
    variable(
        "FETTLE_BASE_URL",
        "http://<listen>",
        "Where people reach this server; links in e-mails begin with it. https anywhere but on loopback.",
    ),
    variable("FETTLE_MODE", "production", "production or development; the latter opens /kit and the movable clock."),
    variable("FETTLE_CRASH_AT", "", "In development: the point of the payment path at which the process dies, for drills."),
    variable("FETTLE_SITE_DIR", "target/site", "The folder with the static files of the release."),
    variable("FETTLE_DB_CONNECTIONS", "20", "Connections to Postgres, 4 to 500."),
    variable("FETTLE_JOBS", "8", "Jobs run at the same time by this process, about money, calendars and the rest each, 1 to 64."),
    variable("FETTLE_LOG", "info", "What is logged: error, warn, info, debug, trace, or directives such as info,sqlx=warn."),
    variable("FETTLE_LOG_FORMAT", "json", "json or pretty (the default in development)."),
    variable("FETTLE_TRUSTED_PROXIES", "0", "How many proxies stand in front; that many entries of X-Forwarded-For are believed."),
    variable("FETTLE_METRICS_LISTEN", "", "A private address for GET /metrics; without it and without a token there are none."),
    variable("FETTLE_METRICS_TOKEN", "", "Opens GET /metrics on the main address to this bearer token."),
    variable(
        "FETTLE_LIMIT_SEARCH",
        "",
        "Searches a minute for an account; ten times as many for an address. The operator's setting unless given here.",
    ),
    variable(
        "FETTLE_LIMIT_BOOKING",
        "",
        "Booking actions a minute for an account; ten times as many for an address. The operator's setting unless given here.",
    ),
    variable(
        "FETTLE_LIMIT_SENSITIVE",
        "",
        "Sign-ins, codes, invitations, payments and refunds a minute for an account, and as many for an address. The operator's setting unless given here.",
    ),
    variable(
        "FETTLE_LIMIT_GENERAL",
        "",
        "Everything else, a minute for an account, and sockets it may have open on a node; five times as many for an address. The operator's setting unless given here.",
    ),
    variable(
        "FETTLE_LIMIT_TOKEN",
        "",
        "Requests of any kind a minute for one API token, besides the limits of its account. Half of everything else unless given here.",
    ),
    variable("FETTLE_LIVE_HEARTBEAT_S", "30", "Seconds between two heartbeats on a live socket, 1 to 300."),
    variable("FETTLE_LIVE_SILENCE_S", "75", "Seconds after which a live socket that says nothing is closed, 2 to 900."),
    variable(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "",
        "http://host:4318 of a collector that takes traces by OTLP over HTTP; without it none are sent.",
    ),
    variable("REDIS_URL", "", "redis://host:port; carries limits and messages between nodes instead of Postgres."),
    variable("SMTP_URL", "", "smtp://host:port, smtps://user:password@host; without it mails wait in the queue."),
    variable("MAIL_FROM", "Fettle <no-reply@localhost>", "The sender of all e-mails."),
    variable("STRIPE_SECRET_KEY", "", "sk_...; without it nothing can be paid online."),
    variable("STRIPE_PUBLISHABLE_KEY", "", "pk_..., for the payment form."),
    variable("STRIPE_WEBHOOK_SECRET", "", "whsec_..., checks that messages really come from Stripe."),
    variable("STRIPE_API_URL", "https://api.stripe.com/", "Stripe, or the sandbox."),
    variable("STRIPE_SCRIPT_URL", "https://js.stripe.com/v3/", "The gateway's script for the payment form."),
    variable(
        "FETTLE_CHECKOUT_ORIGINS",
        "<Stripe's>",
        "Origins that the checkout page may load scripts and frames from, separated by spaces.",
    ),
];

/// Requests a minute by kind, for drills and tests; None leaves it to the operator's settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    pub search: Option<u32>,
    pub booking: Option<u32>,
    pub sensitive: Option<u32>,
    pub general: Option<u32>,
    /// Of one API token, whatever kind they are; None: half of `general`.
    pub token: Option<u32>,
}

#[derive(Clone)]
pub struct Stripe {
    pub secret_key: String,
    pub publishable_key: String,
    pub webhook_secret: String,
    /// With a slash at the end.
    pub api_url: String,
    pub script_url: String,
}

#[derive(Clone)]
pub struct Config {
    pub database_url: String,
    pub listen: SocketAddr,
    /// Without a slash at the end.
    pub base_url: String,
    pub is_development: bool,
    /// Where a drill wants this process to die.
    pub crash_at: Option<Point>,
    pub site_dir: PathBuf,
    pub db_connections: u32,
    pub jobs: usize,
    pub log: String,
    pub is_log_json: bool,
    pub trusted_proxies: usize,
    pub metrics_listen: Option<SocketAddr>,
    pub metrics_token: Option<String>,
    pub rates: Rates,
    /// Between two heartbeats on a live socket.
    pub live_heartbeat: Duration,
    /// Until a silent one is closed.
    pub live_silence: Duration,
    /// The base address of a collector of traces.
    pub otlp_endpoint: Option<String>,
    pub redis_url: Option<String>,
    pub smtp_url: Option<String>,
    pub mail_from: String,
    pub stripe: Option<Stripe>,
    pub checkout_origins: Vec<String>,
}

/// Everything that is wrong with the configuration, one line each.
#[derive(Debug, PartialEq, Eq)]
pub struct BadConfig(pub Vec<String>);

impl fmt::Display for BadConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the configuration needs another look:")?;
        self.0.iter().try_for_each(|line| writeln!(f, "  - {line}"))
    }
}
impl std::error::Error for BadConfig {}

impl Config {
    /// From the environment, and the file that `FETTLE_CONFIG` names.
    pub fn from_env() -> Result<Self, BadConfig> {
        let mut values = BTreeMap::new();
        if let Ok(path) = std::env::var("FETTLE_CONFIG") {
            let text = std::fs::read_to_string(&path).map_err(|e| BadConfig(vec![format!("FETTLE_CONFIG: cannot read {path}: {e}")]))?;
            values = read_file(&text).map_err(|problem| BadConfig(vec![format!("{path}: {problem}")]))?;
        }
        for variable in VARIABLES {
            if let Ok(value) = std::env::var(variable.name) {
                values.insert(variable.name.to_owned(), value);
            }
        }
        Self::from_values(values)
    }

    pub fn from_values(values: BTreeMap<String, String>) -> Result<Self, BadConfig> {
        let mut read = Reader { values, problems: Vec::new() };
        read.refuse_unknown();
        let listen: SocketAddr = read.parsed("FETTLE_LISTEN", "an address and port such as 127.0.0.1:3000");
        let is_development = read.one_of("FETTLE_MODE", &["production", "development"]) == "development";
        let format = if is_development { "pretty" } else { "json" };
        let is_log_json = read.optional("FETTLE_LOG_FORMAT").unwrap_or_else(|| format.to_owned()) == "json";
        let stripe = read.stripe();
        let config = Self {
            database_url: read.required("DATABASE_URL"),
            base_url: read.base_url(listen),
            listen,
            is_development,
            crash_at: read.crash_at(is_development),
            site_dir: read.text("FETTLE_SITE_DIR").into(),
            db_connections: read.within("FETTLE_DB_CONNECTIONS", 4, 500),
            jobs: read.within("FETTLE_JOBS", 1, 64) as usize,
            log: read.text("FETTLE_LOG"),
            is_log_json,
            trusted_proxies: read.within("FETTLE_TRUSTED_PROXIES", 0, 10) as usize,
            metrics_listen: read
                .optional("FETTLE_METRICS_LISTEN")
                .and_then(|text| read.parse(&text, "FETTLE_METRICS_LISTEN", "an address and port")),
            metrics_token: read.optional("FETTLE_METRICS_TOKEN"),
            rates: Rates {
                search: read.rate("FETTLE_LIMIT_SEARCH"),
                booking: read.rate("FETTLE_LIMIT_BOOKING"),
                sensitive: read.rate("FETTLE_LIMIT_SENSITIVE"),
                general: read.rate("FETTLE_LIMIT_GENERAL"),
                token: read.rate("FETTLE_LIMIT_TOKEN"),
            },
            live_heartbeat: Duration::from_secs(read.within("FETTLE_LIVE_HEARTBEAT_S", 1, 300).into()),
            live_silence: Duration::from_secs(read.within("FETTLE_LIVE_SILENCE_S", 2, 900).into()),
            otlp_endpoint: read.otlp_endpoint(),
            redis_url: read.optional("REDIS_URL"),
            smtp_url: read.optional("SMTP_URL"),
            mail_from: read.text("MAIL_FROM"),
            checkout_origins: read.checkout_origins(stripe.as_ref()),
            stripe,
        };
        if read.problems.is_empty() { Ok(config) } else { Err(BadConfig(read.problems)) }
    }

    /// Plain http is for the loopback only; there the session cookie goes without its prefix.
    pub fn is_https(&self) -> bool {
        self.base_url.starts_with("https://")
    }
}

fn read_file(text: &str) -> Result<BTreeMap<String, String>, String> {
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| e.message().to_owned())?;
    table
        .into_iter()
        .map(|(name, value)| match value {
            toml::Value::String(text) => Ok((name, text)),
            toml::Value::Integer(number) => Ok((name, number.to_string())),
            _ => Err(format!("{name} must be a text or a whole number")),
        })
        .collect()
}

struct Reader {
    values: BTreeMap<String, String>,
    problems: Vec<String>,
}

impl Reader {
    fn refuse_unknown(&mut self) {
        for name in self.values.keys().filter(|name| !VARIABLES.iter().any(|v| v.name == name.as_str())) {
            self.problems.push(format!("{name} is not a setting"));
        }
    }
    fn optional(&self, name: &str) -> Option<String> {
        self.values.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }
    fn text(&self, name: &str) -> String {
        let default = VARIABLES.iter().find(|v| v.name == name).map_or("", |v| v.default);
        self.optional(name).unwrap_or_else(|| default.to_owned())
    }
    fn required(&mut self, name: &str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.problems.push(format!("{name} is missing"));
            String::new()
        })
    }
    fn parse<T: std::str::FromStr>(&mut self, text: &str, name: &str, wanted: &str) -> Option<T> {
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.problems.push(format!("{name} is {text:?}, which is not {wanted}"));
        }
        parsed
    }
    /// The default is always valid, so a bad value is reported and the default stands in until boot stops.
    fn parsed<T: std::str::FromStr>(&mut self, name: &str, wanted: &str) -> T
    where
        T::Err: fmt::Debug,
    {
        let text = self.text(name);
        let default = VARIABLES.iter().find(|v| v.name == name).map_or("", |v| v.default);
        self.parse(&text, name, wanted).unwrap_or_else(|| default.parse().expect("defaults are valid"))
    }
    fn within(&mut self, name: &str, least: u32, most: u32) -> u32 {
        let number: u32 = self.parsed(name, "a whole number");
        if !(least..=most).contains(&number) {
            self.problems.push(format!("{name} is {number}, but must lie between {least} and {most}"));
        }
        number
    }
    fn rate(&mut self, name: &str) -> Option<u32> {
        let text = self.optional(name)?;
        self.parse(&text, name, "a whole number").map(|rate: u32| rate.max(1))
    }
    fn one_of(&mut self, name: &str, choices: &[&str]) -> String {
        let text = self.text(name);
        if !choices.contains(&text.as_str()) {
            self.problems.push(format!("{name} is {text:?}, but must be one of {}", choices.join(", ")));
        }
        text
    }
    fn crash_at(&mut self, is_development: bool) -> Option<Point> {
        let text = self.optional("FETTLE_CRASH_AT")?;
        if !is_development {
            self.problems.push("FETTLE_CRASH_AT is for development only".to_owned());
        }
        let point = Point::parse(&text);
        if point.is_none() {
            let known: Vec<_> = Point::ALL.iter().map(|point| point.as_str()).collect();
            self.problems.push(format!("FETTLE_CRASH_AT is {text:?}, but must be one of {}", known.join(", ")));
        }
        point
    }
    fn base_url(&mut self, listen: SocketAddr) -> String {
        let url = self.optional("FETTLE_BASE_URL").unwrap_or_else(|| format!("http://{listen}"));
        let url = url.trim_end_matches('/').to_owned();
        let is_loopback = url.strip_prefix("http://").is_some_and(|rest| {
            let host = rest.rsplit_once(':').map_or(rest, |(host, _)| host);
            matches!(host, "localhost" | "127.0.0.1" | "[::1]") || host.ends_with(".localhost")
        });
        if !url.starts_with("https://") && !is_loopback {
            self.problems.push(format!("FETTLE_BASE_URL is {url:?}, but must begin with https:// anywhere but on loopback"));
        }
        url
    }
    fn otlp_endpoint(&mut self) -> Option<String> {
        let text = self.optional("OTEL_EXPORTER_OTLP_ENDPOINT")?;
        let address: Option<reqwest::Url> = self.parse(&text, "OTEL_EXPORTER_OTLP_ENDPOINT", "an address such as http://127.0.0.1:4318");
        if address.is_some_and(|address| !matches!(address.scheme(), "http" | "https")) {
            self.problems.push(format!("OTEL_EXPORTER_OTLP_ENDPOINT is {text:?}, but must begin with http:// or https://"));
        }
        Some(text)
    }
    fn stripe(&mut self) -> Option<Stripe> {
        let names = ["STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET"];
        if names.iter().all(|name| self.optional(name).is_none()) {
            return None;
        }
        let api_url = format!("{}/", self.text("STRIPE_API_URL").trim_end_matches('/'));
        Some(Stripe {
            secret_key: self.required(names[0]),
            publishable_key: self.required(names[1]),
            webhook_secret: self.required(names[2]),
            api_url,
            script_url: self.text("STRIPE_SCRIPT_URL"),
        })
    }
    fn checkout_origins(&mut self, stripe: Option<&Stripe>) -> Vec<String> {
        if let Some(text) = self.optional("FETTLE_CHECKOUT_ORIGINS") {
            return text.split_whitespace().map(str::to_owned).collect();
        }
        match stripe {
            None => Vec::new(),
            Some(stripe) if stripe.script_url.starts_with("https://js.stripe.com/") => {
                ["https://js.stripe.com", "https://api.stripe.com", "https://hooks.stripe.com", "https://checkout.stripe.com"]
                    .map(str::to_owned)
                    .to_vec()
            }
            Some(stripe) => origin(&stripe.script_url).into_iter().collect(),
        }
    }
}

/// `https://host:port` of an address.
pub fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    (!authority.is_empty()).then(|| format!("{scheme}://{authority}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, BadConfig> {
        Config::from_values(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn only_the_database_is_required() {
        let config = read(&[("DATABASE_URL", "postgres://localhost/fettle")]).expect("valid");
        assert_eq!(config.base_url, "http://127.0.0.1:3000");
        assert!(!config.is_development && !config.is_https() && config.stripe.is_none());
        assert_eq!((config.live_heartbeat.as_secs(), config.live_silence.as_secs()), (30, 75));
        assert_eq!(config.rates, Rates::default());
    }

    #[test]
    fn lists_every_problem_at_once() {
        let problems = read(&[
            ("FETTLE_LISTEN", "here"),
            ("FETTLE_MODE", "test"),
            ("FETTLE_JOBS", "0"),
            ("FETTLE_BASE_URL", "http://fettle.example"),
            ("STRIPE_SECRET_KEY", "sk_x"),
            ("FETTLE_TYPO", "1"),
            ("FETTLE_CRASH_AT", "job.done"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"),
        ])
        .err()
        .expect("invalid")
        .0;
        for name in [
            "DATABASE_URL",
            "FETTLE_LISTEN",
            "FETTLE_MODE",
            "FETTLE_JOBS",
            "FETTLE_BASE_URL",
            "STRIPE_WEBHOOK_SECRET",
            "FETTLE_TYPO",
            "FETTLE_CRASH_AT",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
        ] {
            assert!(problems.iter().any(|line| line.contains(name)), "{name} in {problems:?}");
        }
    }

    #[test]
    fn a_file_says_the_same() {
        let values = read_file("DATABASE_URL = \"postgres://x/y\"\nFETTLE_JOBS = 6").expect("valid");
        assert_eq!(Config::from_values(values).expect("valid").jobs, 6);
        assert!(read_file("FETTLE_JOBS = [1]").is_err());
    }

    #[test]
    fn every_variable_is_documented() {
        let page = include_str!("../docs/DEPLOY.md");
        for variable in VARIABLES {
            assert!(page.contains(&format!("`{}`", variable.name)), "{} is missing in docs/DEPLOY.md", variable.name);
        }
    }

    #[test]
    fn checkout_may_reach_the_sandbox() {
        let config = read(&[
            ("DATABASE_URL", "postgres://x/y"),
            ("STRIPE_SECRET_KEY", "sk"),
            ("STRIPE_PUBLISHABLE_KEY", "pk"),
            ("STRIPE_WEBHOOK_SECRET", "wh"),
            ("STRIPE_SCRIPT_URL", "http://127.0.0.1:3001/v3/"),
        ])
        .expect("valid");
        assert_eq!(config.checkout_origins, ["http://127.0.0.1:3001"]);
    }
}
