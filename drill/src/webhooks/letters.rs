//! What is brought to the house's door: honest messages several times and late, forgeries under their names, and alterations under new ones.

use hmac::{Hmac, Mac};
use rand::Rng;
use rand::seq::SliceRandom;
use serde_json::{Value, json};
use sha2::Sha256;

/// What `cargo xtask` tells server and sandbox.
const SECRET: &str = "whsec_sandbox";
/// How the names of altered messages begin.
pub const ALTERED: &str = "evt_altered_";
/// Of so many messages one comes late with all its letters, and of so many letters one for itself.
const SELDOM: u32 = 8;
/// In one of so many stories messages come in the order in which they fall, which may be the one in which things happened.
const AS_IT_FALLS: u32 = 16;
/// Objects whose messages the house acts on.
const ACTED_ON: [&str; 3] = ["payment_intent", "checkout.session", "refund"];
/// Before half of the letters, in milliseconds, and nothing before the others: time enough for what the letter before has caused, or not.
const PAUSES: std::ops::Range<u64> = 1..60;

/// A message of the gateway, and its place among all of them in the order in which things happened.
pub struct Message {
    pub place: usize,
    pub event: Value,
}

impl Message {
    /// The payment intent that it is about in the end, of which a story has one; the gateway's page where nobody has tried to pay.
    pub fn payment(&self) -> &str {
        let object = self.object();
        let id = if object["payment_intent"].is_null() { &object["id"] } else { &object["payment_intent"] };
        id.as_str().unwrap_or_default()
    }

    fn object(&self) -> &Value {
        &self.event["data"]["object"]
    }
    fn kind(&self) -> &str {
        self.object()["object"].as_str().unwrap_or_default()
    }
    fn is_acted_on(&self) -> bool {
        ACTED_ON.contains(&self.kind())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Honest,
    /// Not signed by the gateway: refused at the door.
    Forged,
    /// Signed, but not about our row: taken, and without effect.
    Altered(What),
}

/// What an altered message says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Amount,
    Currency,
    Object,
    /// Whose payment it is, and for how much.
    Attempt,
}

impl What {
    const ALL: [Self; 4] = [Self::Amount, Self::Currency, Self::Object, Self::Attempt];
}

impl Kind {
    pub const ALL: [Self; 6] = [
        Self::Honest,
        Self::Forged,
        Self::Altered(What::Amount),
        Self::Altered(What::Currency),
        Self::Altered(What::Object),
        Self::Altered(What::Attempt),
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Honest => "honest",
            Self::Forged => "forged",
            Self::Altered(What::Amount) => "altered in amount",
            Self::Altered(What::Currency) => "altered in currency",
            Self::Altered(What::Object) => "altered in object",
            Self::Altered(What::Attempt) => "altered in attempt",
        }
    }
}

enum Signature {
    Right,
    Foreign,
    Old,
    /// Of another text.
    Of(String),
    None,
}

pub struct Letter {
    pub body: String,
    pub kind: Kind,
    /// Of the message that it is or was made of.
    pub payment: String,
    pub place: usize,
    /// It is honest, and the house does something about it.
    pub is_acted_on: bool,
    /// Another one is the same.
    pub is_double: bool,
    /// Held back until everything else of its story is settled.
    pub is_late: bool,
    pub pause_ms: u64,
    signature: Signature,
}

impl Letter {
    fn new(message: &Message, body: String, kind: Kind, signature: Signature) -> Self {
        let (payment, place) = (message.payment().to_owned(), message.place);
        let is_acted_on = kind == Kind::Honest && message.is_acted_on();
        Self { body, kind, payment, place, is_acted_on, is_double: false, is_late: false, pause_ms: 0, signature }
    }

    /// A message as the gateway sends it.
    pub fn honest(message: &Message) -> Self {
        Self::new(message, message.event.to_string(), Kind::Honest, Signature::Right)
    }

    /// What stands in its header, sent at `now` in seconds since 1970.
    pub fn signature(&self, now: i64) -> Option<String> {
        match &self.signature {
            Signature::Right => Some(sign(SECRET, &self.body, now)),
            Signature::Foreign => Some(sign("whsec_of_somebody_else", &self.body, now)),
            Signature::Old => Some(sign(SECRET, &self.body, now - 3_600)),
            Signature::Of(other) => Some(sign(SECRET, other, now)),
            Signature::None => None,
        }
    }
}

/// Every message of a story one to four times, with forgeries under honest names and alterations under new ones. These may speak of somebody else's attempt,
/// out of `all`, where the story's own are too.
pub fn disorder(story: &[&Message], all: &[Message]) -> Vec<Letter> {
    let mut rng = rand::rng();
    let mut letters = Vec::new();
    // A story is too short for every kind, so each begins with another.
    let mut altered = What::ALL.into_iter().cycle().skip(rng.random_range(0..What::ALL.len()));
    for message in story {
        letters.extend(copies(message));
        let lie = lie(message);
        letters.push(Letter::new(message, lie.to_string(), Kind::Forged, wrong_signature(message)));
        if let Some(what) = message.is_acted_on().then(|| altered.next()).flatten() {
            let other = &all[rng.random_range(0..all.len())];
            letters.push(Letter::new(message, alter(&lie, other, what).to_string(), Kind::Altered(what), Signature::Right));
        }
    }
    for letter in &mut letters {
        letter.is_late |= rng.random_ratio(1, SELDOM);
        letter.pause_ms = if rng.random_bool(0.5) { rng.random_range(PAUSES) } else { 0 };
    }
    bring_in_time(story, &mut letters);
    letters
}

/// One to four, now and then all of them late.
fn copies(message: &Message) -> Vec<Letter> {
    let mut rng = rand::rng();
    let is_late = rng.random_ratio(1, SELDOM);
    let times: usize = rng.random_range(1..=4);
    (0..times).map(|copy| Letter { is_double: copy > 0, is_late, ..Letter::honest(message) }).collect()
}

fn wrong_signature(message: &Message) -> Signature {
    match rand::rng().random_range(0..4) {
        0 => Signature::Foreign,
        1 => Signature::Old,
        2 => Signature::Of(message.event.to_string()),
        _ => Signature::None,
    }
}

/// Each payment is heard of before what follows from it. And mostly the newest message comes before all is settled: late, it could not be before any other.
fn bring_in_time(story: &[&Message], letters: &mut [Letter]) {
    let words: Vec<usize> = story.iter().filter(|message| message.kind() == "payment_intent").map(|message| message.place).collect();
    one_in_time(letters, |letter| words.contains(&letter.place));
    let acted_on: Vec<usize> = story.iter().filter(|message| message.is_acted_on()).map(|message| message.place).collect();
    if let [_, .., newest] = acted_on[..]
        && !rand::rng().random_ratio(1, AS_IT_FALLS)
    {
        one_in_time(letters, |letter| letter.place == newest);
    }
}

/// One of these honest letters at least is not late.
fn one_in_time(letters: &mut [Letter], is_meant: impl Fn(&Letter) -> bool) {
    let is_meant = |letter: &Letter| letter.kind == Kind::Honest && is_meant(letter);
    if letters.iter().any(|letter| is_meant(letter) && !letter.is_late) {
        return;
    }
    if let Some(letter) = letters.iter_mut().find(|letter| is_meant(letter)) {
        letter.is_late = false;
    }
}

/// Into an order in which the house hears of something newer before it hears of something older, where there is one; now and then into any.
pub fn shuffle(letters: &mut [Letter]) {
    let mut rng = rand::rng();
    let is_any = first_heard(letters).len() < 2 || rng.random_ratio(1, AS_IT_FALLS);
    loop {
        letters.shuffle(&mut rng);
        if is_any || !first_heard(letters).is_sorted() {
            return;
        }
    }
}

/// The places of what the house acts on, each where its first copy comes: it does nothing about the others.
fn first_heard(letters: &[Letter]) -> Vec<usize> {
    let mut places = Vec::new();
    for letter in letters.iter().filter(|letter| letter.is_acted_on) {
        if !places.contains(&letter.place) {
            places.push(letter.place);
        }
    }
    places
}

/// The message claiming that the payment went well, or that a refund ended otherwise.
fn lie(message: &Message) -> Value {
    let mut lie = message.event.clone();
    let object = &mut lie["data"]["object"];
    match message.kind() {
        "payment_intent" => {
            object["status"] = json!("succeeded");
            object["amount_received"] = object["amount"].clone();
            lie["type"] = json!("payment_intent.succeeded");
        }
        "checkout.session" => {
            object["status"] = json!("complete");
            object["payment_status"] = json!("paid");
        }
        "refund" => {
            let has_succeeded = object["status"] == "succeeded";
            object["status"] = json!(if has_succeeded { "failed" } else { "succeeded" });
        }
        _ => {}
    }
    // never the text that was signed
    lie["forged"] = json!(message.place);
    lie
}

/// The claim with another amount, currency, object or attempt, under a name of its own.
fn alter(lie: &Value, other: &Message, what: What) -> Value {
    let mut altered = lie.clone();
    let chance: u64 = rand::rng().random();
    altered["id"] = json!(format!("{ALTERED}{chance}"));
    let object = &mut altered["data"]["object"];
    match what {
        What::Amount => set_amount(object, 1),
        What::Currency => object["currency"] = json!("usd"),
        What::Object => object["id"] = json!(format!("pi_unknown{chance}")),
        What::Attempt => {
            // somebody else's attempt, and an amount that is nobody's
            object["metadata"] = other.object()["metadata"].clone();
            set_amount(object, 77_777);
        }
    }
    altered
}

/// Under whatever name it has there.
fn set_amount(object: &mut Value, minor: u64) {
    for member in ["amount", "amount_received", "amount_total"] {
        if !object[member].is_null() {
            object[member] = json!(minor);
        }
    }
}

fn sign(secret: &str, body: &str, timestamp: i64) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(format!("{timestamp}.{body}").as_bytes());
    format!("t={timestamp},v1={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(place: usize) -> Message {
        let object = json!({ "id": "pi_1", "object": "payment_intent", "status": "requires_action", "amount": 10_000,
            "amount_received": 0, "currency": "eur", "metadata": { "attempt": place } });
        let event = json!({ "id": format!("evt_{place}"), "type": "payment_intent.created", "data": { "object": object } });
        Message { place, event }
    }

    #[test]
    fn nothing_but_what_is_honest_has_its_text_and_signature() {
        let story: Vec<Message> = (0..8).map(message).collect();
        let texts: Vec<String> = story.iter().map(|message| message.event.to_string()).collect();
        let letters = disorder(&story.iter().collect::<Vec<_>>(), &story);
        for kind in Kind::ALL {
            assert!(letters.iter().any(|letter| letter.kind == kind), "{kind:?}");
        }
        for letter in &letters {
            let is_signed = letter.signature(5_000) == Some(sign(SECRET, &letter.body, 5_000));
            assert_eq!(is_signed, letter.kind != Kind::Forged, "{:?}", letter.kind);
            assert_eq!(texts.contains(&letter.body), letter.kind == Kind::Honest, "{:?}", letter.kind);
        }
        for (place, text) in texts.iter().enumerate() {
            let same: Vec<&Letter> = letters.iter().filter(|letter| letter.body == *text).collect();
            assert!((1..=4).contains(&same.len()), "{} times", same.len());
            assert!(same.iter().all(|letter| letter.place == place && letter.payment == "pi_1"));
            assert_eq!(same.iter().filter(|letter| !letter.is_double).count(), 1, "all but one are doubles");
        }
    }

    #[test]
    fn some_come_late_but_not_all_that_tells_of_the_payment() {
        let story = [message(0), message(1)];
        let mut late = 0;
        for _ in 0..500 {
            let letters = disorder(&[&story[0], &story[1]], &story);
            assert!(letters.iter().any(|letter| letter.kind == Kind::Honest && !letter.is_late));
            late += letters.iter().filter(|letter| letter.is_late).count();
        }
        assert!(late > 0);
    }

    #[test]
    fn mostly_something_newer_is_heard_first() {
        let (one, other) = (message(0), message(1));
        let mut in_order = 0;
        for _ in 0..1_000 {
            let mut letters = [Letter::honest(&one), Letter::honest(&other), Letter::honest(&one), Letter::honest(&other)];
            shuffle(&mut letters);
            in_order += usize::from(first_heard(&letters) == [0, 1]);
        }
        assert!((1..120).contains(&in_order), "{in_order} of 1,000");
        // of which there is one order
        shuffle(&mut [Letter::honest(&one), Letter::honest(&one)]);
    }

    #[test]
    fn nobody_hears_of_repetitions_and_of_what_is_ignored() {
        let (one, other) = (message(0), message(1));
        let mut charge = message(2);
        charge.event["data"]["object"]["object"] = json!("charge");
        let heard = |messages: &[&Message]| first_heard(&messages.iter().map(|message| Letter::honest(message)).collect::<Vec<_>>());
        assert_eq!(heard(&[&charge, &one, &other, &one]), [0, 1]);
        assert_eq!(heard(&[&other, &charge, &one, &other]), [1, 0]);
        shuffle(&mut [Letter::honest(&one), Letter::honest(&charge)]);
    }

    #[test]
    fn messages_go_with_their_payment() {
        let about = |object: Value| Message { place: 0, event: json!({ "data": { "object": object } }) };
        let payment = |object: Value| about(object).payment().to_owned();
        assert_eq!(payment(json!({ "id": "pi_1", "object": "payment_intent" })), "pi_1");
        assert_eq!(payment(json!({ "id": "re_1", "object": "refund", "payment_intent": "pi_1" })), "pi_1");
        assert_eq!(payment(json!({ "id": "cs_1", "object": "checkout.session", "payment_intent": "pi_1" })), "pi_1");
        assert_eq!(payment(json!({ "id": "cs_1", "object": "checkout.session", "payment_intent": null })), "cs_1");
    }
}
