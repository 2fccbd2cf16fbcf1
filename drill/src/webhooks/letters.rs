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

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Honest,
    /// Not signed by the gateway: refused at the door.
    Forged,
    /// Signed, but not about our row: taken, and without effect.
    Altered(What),
}

/// What an altered message says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    Amount,
    Currency,
    Object,
    /// Whose payment it is, and for how much.
    Attempt,
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
    pub delay_ms: u64,
    signature: Signature,
}

impl Letter {
    /// A message as the gateway sends it.
    pub fn honest(event: &Value) -> Self {
        Self { body: event.to_string(), kind: Kind::Honest, delay_ms: 0, signature: Signature::Right }
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

/// Every message one to four times, with forgeries under honest names and alterations under new ones between them, all shuffled.
pub fn disorder(honest: &[Value]) -> Vec<Letter> {
    let mut rng = rand::rng();
    let mut letters = Vec::new();
    let mut altered = [What::Amount, What::Currency, What::Object, What::Attempt].into_iter().cycle();
    for (number, event) in honest.iter().enumerate() {
        let mut add = |body: String, kind, signature| {
            letters.push(Letter { body, kind, signature, delay_ms: rand::rng().random_range(0..60) });
        };
        for _ in 0..rng.random_range(1..=4) {
            add(event.to_string(), Kind::Honest, Signature::Right);
        }
        let lie = lie(event, number);
        let signature = match number % 4 {
            0 => Signature::Foreign,
            1 => Signature::Old,
            2 => Signature::Of(event.to_string()),
            _ => Signature::None,
        };
        add(lie.to_string(), Kind::Forged, signature);
        let is_about_money = event["data"]["object"]["object"] == "payment_intent" || event["data"]["object"]["object"] == "refund";
        if let Some(what) = is_about_money.then(|| altered.next()).flatten() {
            let other = &honest[rng.random_range(0..honest.len())];
            add(alter(&lie, other, what).to_string(), Kind::Altered(what), Signature::Right);
        }
    }
    letters.shuffle(&mut rng);
    letters
}

/// The event claiming that it went well.
fn lie(event: &Value, number: usize) -> Value {
    let mut lie = event.clone();
    let object = &mut lie["data"]["object"];
    if object["object"] == "payment_intent" {
        object["status"] = json!("succeeded");
        object["amount_received"] = object["amount"].clone();
        lie["type"] = json!("payment_intent.succeeded");
    }
    // never the text that was signed
    lie["forged"] = json!(number);
    lie
}

/// The claim with another amount, currency, object or attempt, under a name of its own.
fn alter(lie: &Value, other: &Value, what: What) -> Value {
    let mut altered = lie.clone();
    let chance: u64 = rand::rng().random();
    altered["id"] = json!(format!("{ALTERED}{chance}"));
    let object = &mut altered["data"]["object"];
    match what {
        What::Amount => {
            object["amount"] = json!(1);
            object["amount_received"] = json!(1);
        }
        What::Currency => object["currency"] = json!("usd"),
        What::Object => object["id"] = json!(format!("pi_unknown{chance}")),
        What::Attempt => {
            // somebody else's attempt, and an amount that is nobody's
            object["metadata"] = other["data"]["object"]["metadata"].clone();
            object["amount"] = json!(77_777);
            object["amount_received"] = json!(77_777);
        }
    }
    altered
}

fn sign(secret: &str, body: &str, timestamp: i64) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(format!("{timestamp}.{body}").as_bytes());
    format!("t={timestamp},v1={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_what_is_honest_has_its_text_and_signature() {
        let event = |number: usize| {
            let object = json!({ "id": format!("pi_{number}"), "object": "payment_intent", "status": "requires_action", "amount": 10_000,
                "amount_received": 0, "currency": "eur", "metadata": { "attempt": number } });
            json!({ "id": format!("evt_{number}"), "type": "payment_intent.created", "data": { "object": object } })
        };
        let honest: Vec<Value> = (0..8).map(event).collect();
        let texts: Vec<String> = honest.iter().map(Value::to_string).collect();
        let letters = disorder(&honest);
        for kind in Kind::ALL {
            assert!(letters.iter().any(|letter| letter.kind == kind), "{kind:?}");
        }
        for letter in &letters {
            let is_signed = letter.signature(5_000) == Some(sign(SECRET, &letter.body, 5_000));
            assert_eq!(is_signed, letter.kind != Kind::Forged, "{:?}", letter.kind);
            assert_eq!(texts.contains(&letter.body), letter.kind == Kind::Honest, "{:?}", letter.kind);
        }
        assert!(texts.iter().all(|text| letters.iter().any(|letter| letter.body == *text)));
    }
}
