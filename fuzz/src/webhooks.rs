//! What the gateway sends us, or who says to be it.

use super::NOW;
use domain::payment::port::PaymentGateway;
use domain::time::Instant;
use fettle::adapters::payment::stripe::StripeGateway;
use fettle::config::Stripe;
use sandbox::stripe::webhook::sign;
use std::sync::OnceLock;

fn gateway() -> &'static StripeGateway {
    static GATEWAY: OnceLock<StripeGateway> = OnceLock::new();
    GATEWAY.get_or_init(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let settings = Stripe {
            secret_key: "sk".into(),
            publishable_key: "pk".into(),
            webhook_secret: "whsec".into(),
            api_url: "http://127.0.0.1:9/".into(),
            script_url: "http://127.0.0.1:9/v3/".into(),
        };
        StripeGateway::new(settings).expect("valid settings")
    })
}

pub fn read(input: &[u8]) {
    let now = Instant::from_millis(NOW * 1000);
    let signed = gateway().verify_webhook(input, &sign("whsec", input, NOW), now);
    assert!(signed.is_err() || std::str::from_utf8(input).is_ok(), "taken though it is no text");
    let forged = gateway().verify_webhook(input, &sign("another", input, NOW), now);
    assert!(forged.is_err(), "taken with another's signature");
    // the header is a stranger's as well; the door reads only one that is text
    let header = String::from_utf8_lossy(input);
    let forged = gateway().verify_webhook(b"{}", &header, now);
    assert!(forged.is_err(), "taken with a guessed signature");
}
