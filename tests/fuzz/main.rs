//! Everything that reads what strangers write, fed with damage: none of it panics, and none of it takes long.
//!
//! Mutations come from a fixed seed, so a failure comes back. A moment for each reader here; `cargo xtask drill fuzz` gives each a minute.

mod damage;

use chrono_tz::Tz;
use damage::Damage;
use domain::event::Cursor;
use domain::live::Topic;
use domain::money::{Currency, Money};
use domain::payment::port::PaymentGateway;
use domain::provider::policy::parse_amount;
use domain::scheduling::imported;
use domain::search::model::SearchQuery;
use domain::time::{Date, Instant, Span};
use fettle::adapters::payment::stripe::StripeGateway;
use fettle::config::Stripe;
use sandbox::stripe::webhook::sign;

const NOW: i64 = 1_780_000_000;

/// As long as asked for, or a moment.
fn fuzz(seeds: &[&str], words: &[&str], mut read: impl FnMut(&[u8])) {
    let is_long = std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse::<u64>().ok());
    let how_long = std::time::Duration::from_secs_f64(is_long.map_or(0.5, |seconds| seconds as f64));
    let began = std::time::Instant::now();
    let mut damage = Damage::new(seeds, words);
    let mut count = 0_u64;
    while began.elapsed() < how_long {
        let input = damage.next_input();
        let started = std::time::Instant::now();
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| read(&input)));
        assert!(outcome.is_ok(), "panicked at {:?}", String::from_utf8_lossy(&input));
        // Only the long run is alone on its machine.
        assert!(
            is_long.is_none() || started.elapsed().as_secs() < 5,
            "took {:?} for {:?}",
            started.elapsed(),
            String::from_utf8_lossy(&input)
        );
        count += 1;
    }
    println!("{count} inputs");
}

#[test]
fn webhooks() {
    let settings = Stripe {
        secret_key: "sk".into(),
        publishable_key: "pk".into(),
        webhook_secret: "whsec".into(),
        api_url: "http://127.0.0.1:9/".into(),
        script_url: "http://127.0.0.1:9/v3/".into(),
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let gateway = StripeGateway::new(settings).expect("valid settings");
    let seeds = [
        r#"{"id":"evt_1","type":"payment_intent.succeeded","data":{"object":{"object":"payment_intent","id":"pi_1","amount":10500,"amount_received":10500,"currency":"eur","status":"succeeded","metadata":{"attempt":"01890a5d-ac96-774b-bcce-b302099a8057"}}}}"#,
        r#"{"id":"evt_2","type":"refund.updated","data":{"object":{"object":"refund","id":"re_1","amount":1,"currency":"jpy","status":"failed","payment_intent":{"id":"pi_1"}}}}"#,
        r#"{"id":"evt_3","type":"checkout.session.expired","data":{"object":{"object":"checkout.session","id":"cs_1","status":"expired"}}}"#,
    ];
    let words = ["null", "-1", "1e400", "9223372036854775808", "[]", "{}", "\"\"", "\\u0000", "\\ud800", "requires_capture", "kwd", "xxx"];
    fuzz(&seeds, &words, |input| {
        let text = String::from_utf8_lossy(input);
        let signature = sign("whsec", &text, NOW);
        let _ = gateway.verify_webhook(text.as_bytes(), &signature, Instant::from_millis(NOW * 1000));
        // the header is a stranger's as well
        let _ = gateway.verify_webhook(b"{}", &text, Instant::from_millis(NOW * 1000));
    });
}

#[test]
fn live_frames() {
    let seeds = [
        r#"{"op":"subscribe","topic":"availability:01890a5d-ac96-774b-bcce-b302099a8057","after":"000000010000000000000abc000000000000"}"#,
        r#"{"op":"unsubscribe","topic":"me"}"#,
        "booking:01890a5d-ac96-774b-bcce-b302099a8057",
        "000000010000000000000abc00000000001f",
    ];
    fuzz(&seeds, &["admin", "provider:", ":", "-", "after", "null", "ffffffffffffffff"], |input| {
        let text = String::from_utf8_lossy(input);
        let _ = Topic::parse(&text, None);
        let _ = text.parse::<Cursor>();
        let Ok(value) = serde_json::from_slice::<serde_json::Value>(input) else { return };
        let _ = value["topic"].as_str().map(|topic| Topic::parse(topic, None));
        let _ = value["after"].as_str().map(str::parse::<Cursor>);
    });
}

#[test]
fn calendar_files() {
    let seeds = [
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART;TZID=Europe/Lisbon:20260601T090000\r\nDTEND;TZID=Europe/Lisbon:20260601T100000\r\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=10\r\nEXDATE:20260608T080000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:b\r\nDTSTART;VALUE=DATE:20260601\r\nDURATION:P1DT2H\r\nRRULE:FREQ=MONTHLY;BYMONTHDAY=-1;UNTIL=20270101T000000Z\r\nTRANSP:OPAQUE\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:b\r\nRECURRENCE-ID:20260608T080000Z\r\nDTSTART:20260608T110000Z\r\nDTEND:20260608T120000Z\r\nSTATUS:CANCELLED\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    ];
    let words = [
        "FREQ=SECONDLY",
        "FREQ=YEARLY",
        "INTERVAL=0",
        "INTERVAL=4294967295",
        "COUNT=99999999",
        "BYSETPOS=-366",
        "BYMONTH=2",
        "BYDAY=5MO",
        "UNTIL=99991231T235959Z",
        "DTSTART:00010101T000000Z",
        "DTSTART:99991231T235959Z",
        "DURATION:-P999999999W",
        "DURATION:P",
        "TZID=Nowhere/Else",
        "\r\n ",
        "BEGIN:VEVENT\r\n",
        "END:VEVENT\r\n",
    ];
    let window = Span::new(Instant::from_millis(NOW * 1000), Instant::from_millis(NOW * 1000).plus_days(730));
    fuzz(&seeds, &words, |input| {
        let _ = imported::read(&String::from_utf8_lossy(input), Tz::Europe__Lisbon, window);
    });
}

#[test]
fn search_queries() {
    let seeds = [
        "q=dripping+tap&place=Harbour+Street+4&radius_km=5&price_max_minor=10000&currency=EUR&rating_min=4.5&free_on=2026-06-06&free_at=18:00&instant=1",
        "category=home-repair&lat=51.5&lng=-0.12&language=pt&mode=at_customer&sort=price&cursor=abc&limit=20",
    ];
    let words = ["%", "%ff", "%00", "nan", "inf", "-0", "1e308", "\u{202e}", "24:00", "2026-02-30", "zz-ZZ", "&&", "=="];
    fuzz(&seeds, &words, |input| {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(input).into_owned().collect();
        let (query, _) = SearchQuery::parse(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        // a link that is made of it reads as the same query
        let link = query.link();
        let again = link.split_once('?').map_or("", |(_, rest)| rest);
        let pairs: Vec<(String, String)> = form_urlencoded::parse(again.as_bytes()).into_owned().collect();
        let (same, fields) = SearchQuery::parse(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        assert!(fields.is_empty(), "{link}: {fields:?}");
        assert_eq!(same.link(), link);
    });
}

#[test]
fn money_and_times() {
    let seeds = ["1,234.56", "12.50", "EUR", "2026-06-10T10:00:00Z", "2026-06-10T10:00:00.123+05:30", "2026-06-10", "92233720368547758.07"];
    fuzz(&seeds, &["-", "+", "e9", ".", ",", "T24:00:00Z", "+99:99", "0000", "9999", "\u{a0}", "KWD"], |input| {
        let text = String::from_utf8_lossy(input);
        for currency in [Currency::EUR, "JPY".parse().expect("known"), "KWD".parse().expect("known")] {
            if let Some(minor) = parse_amount(&text, currency) {
                let money = Money::new(minor, currency);
                assert_eq!(parse_amount(&money.plain(), currency), Some(minor), "{text}");
            }
        }
        let _ = text.parse::<Currency>();
        if let Ok(at) = text.parse::<Instant>() {
            assert_eq!(at.to_string().parse::<Instant>().ok(), Some(at), "{text}");
        }
        if let Ok(date) = text.parse::<Date>() {
            assert_eq!(date.to_string().parse::<Date>().ok(), Some(date), "{text}");
        }
    });
}
