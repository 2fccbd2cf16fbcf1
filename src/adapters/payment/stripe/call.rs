//! One call: its key, its repetitions with that same key, and what its failure means.

use crate::telemetry::traces;
use domain::payment::port::{Decline, GatewayError};
use domain::trace;
use std::time::Duration;
use stripe::{IdempotencyKey, RequestStrategy, StripeError, StripeRequest};
use stripe_client_core::{RequestBuilder, StripeMethod};
use stripe_shared::{ApiErrors, ApiErrorsType, PaymentIntent};
use tracing::Instrument;

/// How long one call waits for an answer.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For one try, from connecting to the last byte.
    pub one: Duration,
    /// Before the second and the third try.
    pub pauses: [Duration; 2],
    /// For all tries together, whatever is left of the last one. Whoever waits may wait for two calls within the time of a request, and hears how it
    /// stands rather than that it took too long.
    pub whole: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            one: Duration::from_secs(10),
            pauses: [Duration::from_millis(250), Duration::from_millis(1000)],
            whole: Duration::from_secs(12),
        }
    }
}

/// The way to the gateway.
pub struct Line {
    client: stripe::Client,
    /// Its host, for traces.
    server: String,
    patience: Patience,
}

/// A request and the key it is repeated with. Reads need none.
pub struct Keyed<R> {
    request: R,
    key: Option<IdempotencyKey>,
}

impl<R> Keyed<R> {
    pub fn read(request: R) -> Self {
        Self { request, key: None }
    }
    pub fn change(request: R, key: String) -> Result<Self, GatewayError> {
        let key = IdempotencyKey::new(key).map_err(|e| GatewayError::Invalid(e.to_string()))?;
        Ok(Self { request, key: Some(key) })
    }
}

/// What went wrong, with the gateway's own words kept.
pub enum Failure {
    Refused(Box<ApiErrors>),
    /// The key was used before, with other parameters.
    KeyTaken,
    NoAnswer(String),
}

impl Failure {
    /// The intent a card error brings along.
    pub fn into_intent(self) -> Result<PaymentIntent, Self> {
        match self {
            Self::Refused(mut error) if matches!(error.type_, ApiErrorsType::CardError) => {
                error.payment_intent.take().ok_or(Self::Refused(error))
            }
            other => Err(other),
        }
    }

    /// One of few, for traces.
    fn kind(&self) -> &str {
        match self {
            Self::Refused(error) => error.type_.as_str(),
            Self::KeyTaken => ApiErrorsType::IdempotencyError.as_str(),
            Self::NoAnswer(_) => "no_answer",
        }
    }
}

impl From<Failure> for GatewayError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NoAnswer(reason) => Self::Unknown(reason),
            // The first call may well have charged: a webhook or the reconciler tells.
            Failure::KeyTaken => Self::Unknown("the key was used with other parameters".to_owned()),
            Failure::Refused(error) if matches!(error.type_, ApiErrorsType::CardError) => Self::Declined(decline(&error)),
            Failure::Refused(error) => Self::Invalid(error.message.unwrap_or_else(|| "no reason given".to_owned())),
        }
    }
}

/// The issuer's own reason where there is one, else the gateway's code.
pub fn decline(error: &ApiErrors) -> Decline {
    let code = error.code.as_ref().map(|code| code.as_str().to_owned());
    let specific = error.decline_code.clone().filter(|code| code != "generic_decline");
    Decline { code: specific.or(code).unwrap_or_else(|| "card_declined".to_owned()) }
}

impl Line {
    pub fn new(secret_key: &str, api_url: &str, patience: Patience) -> anyhow::Result<Self> {
        // No request strategy here: a client-wide key would be sent with every call.
        let client = stripe::ClientBuilder::new(secret_key).url(api_url).timeout(patience.one).build()?;
        let server = reqwest::Url::parse(api_url)?.host_str().unwrap_or_default().to_owned();
        Ok(Self { client, server, patience })
    }

    /// Sends until there is an answer with a meaning, at most three times, and no longer than patience lasts.
    pub async fn raw<R: StripeRequest>(&self, keyed: &Keyed<R>) -> Result<R::Output, Failure>
    where
        R::Output: miniserde::Deserialize,
    {
        let span = traces::call(|| named(&keyed.request.build()));
        span.record("server.address", self.server.as_str());
        let tries = self.try_again(keyed).instrument(span.clone());
        let outcome = tokio::time::timeout(self.patience.whole, tries).await;
        let outcome = outcome.unwrap_or_else(|_| Err(Failure::NoAnswer("no answer in time".to_owned())));
        if let Err(failure) = &outcome {
            trace::failed(&span, failure.kind());
        }
        outcome
    }

    async fn try_again<R: StripeRequest>(&self, keyed: &Keyed<R>) -> Result<R::Output, Failure>
    where
        R::Output: miniserde::Deserialize,
    {
        let mut pauses = self.patience.pauses.iter();
        loop {
            let strategy = keyed.key.clone().map_or(RequestStrategy::Once, RequestStrategy::Idempotent);
            let failure = match keyed.request.customize().request_strategy(strategy).send(&self.client).await {
                Ok(answer) => return Ok(answer),
                Err(error) => match meaning(error) {
                    Ok(refused) if matches!(refused.type_, ApiErrorsType::IdempotencyError) => return Err(Failure::KeyTaken),
                    Ok(refused) => return Err(Failure::Refused(refused)),
                    Err(reason) => reason,
                },
            };
            match pauses.next() {
                Some(pause) => tokio::time::sleep(*pause).await,
                None => return Err(Failure::NoAnswer(failure)),
            }
        }
    }

    pub async fn call<R: StripeRequest>(&self, keyed: &Keyed<R>) -> Result<R::Output, GatewayError>
    where
        R::Output: miniserde::Deserialize,
    {
        Ok(self.raw(keyed).await?)
    }
}

/// How and what is asked, without what tells one object from another: the gateway's ids have digits in them, and nothing else there has.
fn named(request: &RequestBuilder) -> (&'static str, String) {
    let method = match request.method {
        StripeMethod::Get => "GET",
        StripeMethod::Post => "POST",
        StripeMethod::Delete => "DELETE",
    };
    let parts = request.path.split('/').map(|part| if part.contains(|c: char| c.is_ascii_digit()) { "{id}" } else { part });
    (method, parts.collect::<Vec<_>>().join("/"))
}

/// Ok: the gateway said no. Err: nobody knows, so it may be asked again with the same key.
fn meaning(error: StripeError) -> Result<Box<ApiErrors>, String> {
    match error {
        // https://docs.stripe.com/error-low-level: 409 is a call with this key still running; a bad key of ours (401, 403) says nothing about the payment
        StripeError::Stripe(_, status @ (401 | 403 | 409 | 424 | 429 | 500..=599)) => Err(format!("answered {status}")),
        StripeError::Stripe(error, _) => Ok(error),
        StripeError::Timeout => Err("no answer in time".to_owned()),
        other => Err(other.to_string()),
    }
}
