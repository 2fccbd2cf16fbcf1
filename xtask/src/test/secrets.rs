//! What no log knows, looked for in the log of a house that has really run. `tests/doors/secrets.rs` does the same with canaries, door by door.

use super::Score;
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// What went through the house by these tests' own doing.
const NEVER: [(&str, &str); 7] = [
    ("merrow-demo-1", "the password of the demo accounts"),
    ("four kettles and a moss", "the password of those who were made for the tests"),
    ("4242424242424242", "a card's number"),
    ("4000000000000002", "a card's number"),
    ("4000002500003155", "a card's number"),
    ("sk_test_sandbox", "the key to the gateway"),
    ("whsec_sandbox", "the key that signs the gateway's messages"),
];
/// Of what the house or the gateway makes up only the shape is known.
const TOKEN_PREFIX: &str = "fettle_";
const TOKEN_LETTERS: usize = 22;
const GATEWAY_PREFIXES: [&str; 3] = ["pi_", "seti_", "cs_"];

/// One test: passed if the server's log in this folder knows none of them. Where one stands is told, not the line.
pub fn are_in_no_log(folder: &Path) -> Result<Score> {
    let path = folder.join("server.log");
    let bytes = fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let text = String::from_utf8_lossy(&bytes);
    let why = match text.lines().zip(1..).find_map(|(line, number)| secret_in(line).map(|what| (what, number))) {
        Some((what, number)) => format!("{} knows {what}: look at line {number}", path.display()),
        None if text.trim().is_empty() => format!("{} is empty, so it cannot tell what is written down", path.display()),
        None => return Ok(Score::of(true)),
    };
    Ok(Score { why: vec![why], ..Score::of(false) })
}

fn secret_in(line: &str) -> Option<&'static str> {
    // as people type the numbers of cards
    let close: String = line.chars().filter(|letter| !matches!(letter, ' ' | '-')).collect();
    let known = NEVER.iter().find(|(secret, _)| line.contains(secret) || close.contains(secret)).map(|(_, what)| *what);
    known.or_else(|| line.split(|letter: char| !letter.is_ascii_alphanumeric() && !matches!(letter, '_' | '-')).find_map(shape_of))
}

fn shape_of(word: &str) -> Option<&'static str> {
    if word.strip_prefix(TOKEN_PREFIX).is_some_and(|rest| rest.len() >= TOKEN_LETTERS) {
        return Some("an API token");
    }
    let is_of_gateway = GATEWAY_PREFIXES.iter().any(|prefix| word.starts_with(prefix));
    (is_of_gateway && word.contains("_secret_")).then_some("what lets a browser pay")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_words_and_by_their_shape() {
        for line in [
            r#"{"body":"email=ada&password=merrow-demo-1"}"#,
            "card 4242 4242 4242 4242",
            "card=4000-0025-0000-3155",
            "authorization: Bearer fettle_0Ab1-cD2eF3_gH4iJ5kL6m",
            r#"{"client_secret":"pi_3Qx_secret_0123456789abc"}"#,
        ] {
            assert!(secret_in(line).is_some(), "{line}");
        }
        for line in [
            "INFO request method=POST path=/reset-password/{secret} status=303 took_ms=42.42",
            "WARN fettle_committed: links_secret_hash_key",
            "fettle::web 0193a1c2-7f00-7abc-8def-0123456789ab pi_3Qx",
        ] {
            assert_eq!(secret_in(line), None, "{line}");
        }
    }

    #[test]
    fn a_log_with_a_secret_fails_without_telling_it() -> Result<()> {
        let folder = std::env::temp_dir().join(format!("fettle-log-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let search = |text: &str| -> Result<Score> {
            fs::write(folder.join("server.log"), text)?;
            are_in_no_log(&folder)
        };
        let found = search("fine\nthe key is whsec_sandbox\n")?;
        let (clean, empty) = (search("fine\n")?, search("")?);
        fs::remove_dir_all(&folder)?;
        assert_eq!((found.failed, clean.failed, empty.failed), (1, 0, 1));
        let why = found.why.concat();
        assert!(why.ends_with("look at line 2") && !why.contains("whsec_sandbox"), "{why}");
        Ok(())
    }
}
