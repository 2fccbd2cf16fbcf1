//! Hashing passwords: Argon2id with 19 MiB, two passes, one lane (OWASP Password Storage Cheat Sheet, minimum configuration), in a bounded
//! pool, so that a wave of sign-ins uses neither all memory nor all cores.

use super::policy;
use crate::ctx::Ctx;
use crate::error::{Error, Fields, Result};
use crate::pool::Pool;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use std::collections::HashSet;
use std::sync::LazyLock;

/// Each takes one core and 19 MiB while it lasts, and about 20 ms: the last in the line waits three seconds.
static POOL: LazyLock<Pool> = LazyLock::new(|| Pool::new(std::thread::available_parallelism().map_or(2, |n| n.get()).max(2), 256));

/// What an unknown account is checked against, so that it costs the same. Nobody knows the password: it was random and thrown away.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    let mut random = [0_u8; 16];
    rand::RngCore::fill_bytes(&mut rand::rng(), &mut random);
    hash_now(&random, &random).unwrap_or_default()
});

static COMMON: LazyLock<HashSet<&'static str>> = LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

fn argon2() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("constant parameters within the documented ranges");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash_now(password: &[u8], salt: &[u8]) -> Result<String> {
    let hash: PasswordHash = argon2().hash_password_with_salt(password, salt).map_err(Error::internal)?;
    Ok(hash.to_string())
}

/// A PHC string with a fresh salt.
pub async fn hash(ctx: &Ctx, password: &str) -> Result<String> {
    let mut salt = [0_u8; 16];
    ctx.house().chance.fill(&mut salt);
    let password = password.as_bytes().to_vec();
    POOL.run(move || hash_now(&password, &salt)).await?
}

/// Whether the password fits; with no hash, false after the same work.
pub async fn verify(password: &str, hash: Option<String>) -> Result<bool> {
    let password = password.as_bytes().to_vec();
    POOL.run(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.clone());
        let fits = PasswordHash::new(&hash).is_ok_and(|hash| argon2().verify_password(&password, &hash).is_ok());
        known && fits
    })
    .await
}

/// Length, and not among the common ones. `about` holds the person's own name and address, which others guess first.
pub fn check(fields: &mut Fields, field: &str, password: &str, about: &[&str]) {
    policy::check_password_length(fields, field, password);
    if fields.problem(field).is_none() && is_common(password, about) {
        fields.add(field, "Many people use this password, so it is guessed first. Choose another; a few unrelated words work well.");
    }
}

/// In the list as it is, in other case, with usual replacements undone, or between digits and signs; a short piece repeated; a run
/// of the keyboard or alphabet; or made of one's own name or address.
fn is_common(password: &str, about: &[&str]) -> bool {
    let lower = password.to_lowercase();
    let trimmed = lower.trim_matches(|c: char| !c.is_alphabetic()).to_owned();
    let plain = |text: &str| text.chars().map(unreplaced).collect::<String>();
    let listed = [plain(&lower), plain(&trimmed), trimmed, lower.clone()].iter().any(|form| COMMON.contains(form.as_str()));
    listed || is_repeated(&lower) || is_run(&lower) || is_about(&lower, about)
}

fn unreplaced(c: char) -> char {
    match c {
        '@' | '4' => 'a',
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

/// One piece of up to four characters, over and over.
fn is_repeated(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    (1..=4).any(|length| chars.iter().zip(chars.iter().skip(length)).all(|(a, b)| a == b))
}

fn is_run(text: &str) -> bool {
    const ROWS: [&str; 5] = [
        "abcdefghijklmnopqrstuvwxyz",
        "01234567890123456789",
        "qwertyuiopasdfghjklzxcvbnm",
        "qazwsxedcrfvtgbyhnujmikolp",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    ];
    let back: String = text.chars().rev().collect();
    ROWS.iter().any(|row| row.contains(text) || row.contains(&back))
}

/// What is left of the password without the person's own words is shorter than a guess.
fn is_about(text: &str, about: &[&str]) -> bool {
    let mut left = text.to_owned();
    let mut words: Vec<String> = about
        .iter()
        .flat_map(|text| text.to_lowercase().split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect::<Vec<_>>())
        .collect();
    words.extend(["fettle".to_owned(), "merrow".to_owned()]);
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    for word in words.iter().filter(|word| word.chars().count() >= 4) {
        left = left.replace(word.as_str(), "");
    }
    left.len() < text.len() && left.chars().filter(|c| c.is_alphabetic()).count() < 4
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(password: &str) -> bool {
        let mut fields = Fields::none();
        check(&mut fields, "password", password, &["Ada Lovelace", "countess@example.com"]);
        !fields.is_empty()
    }

    #[test]
    fn the_usual_ones_are_refused() {
        for bad in [
            "short",
            "password123",
            "Password123",
            "P@ssw0rd123",
            "passwordpassword",
            "1234567890",
            "0987654321",
            "qwertyuiop",
            "qwerty123456",
            "letmein12345",
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "abcdefghij",
            "iloveyou2024!",
            "sunshine123!",
            "adalovelace1",
            "countess2026",
            "fettle123456",
        ] {
            assert!(problem(bad), "{bad}");
        }
        assert!(problem(&"x".repeat(9)) && problem(&"long words ".repeat(12)));
    }

    #[test]
    fn good_ones_pass_whatever_they_are_made_of() {
        for good in [
            "correct horse battery staple",
            "gleich rollt der ball",
            "пароль из пяти слов",
            "kettle-moss-49",
            "9f2Kd0q-Lw",
            "          x7 y",
        ] {
            assert!(!problem(good), "{good}");
        }
    }

    #[tokio::test]
    async fn nobody_has_no_password() {
        assert!(!verify("", None).await.expect("checked"));
        let hash = POOL.run(|| hash_now(b"kettle-moss-49", b"0123456789abcdef")).await.expect("pool").expect("hash");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify("kettle-moss-49", Some(hash.clone())).await.expect("checked"));
        assert!(!verify("kettle-moss-48", Some(hash)).await.expect("checked"));
        assert!(!verify("kettle-moss-49", Some("nonsense".into())).await.expect("checked"));
    }
}
