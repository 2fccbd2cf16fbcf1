//! What names, addresses and passwords look like, where a sign-in may lead, and what a token's scope opens.

use crate::error::Fields;

pub const MIN_PASSWORD: usize = 10;
pub const MAX_PASSWORD: usize = 128;
pub const MAX_NAME: usize = 80;
pub const MAX_TOKEN_DAYS: i64 = 365;

/// The address as it is stored; comparisons fold case besides.
pub fn tidy_email(email: &str) -> String {
    email.trim().to_owned()
}

/// A mailbox that can be written to: `local@domain.tld` in ASCII, lengths by RFC 5321 section 4.5.3.1. No more is claimed;
/// whether it exists only an opened link tells.
pub fn check_email(fields: &mut Fields, name: &str, email: &str) {
    fields.check(is_email(email.trim()), name, "Give an e-mail address such as ada@example.com.");
}

pub fn is_email(email: &str) -> bool {
    let Some((local, domain)) = email.rsplit_once('@') else { return false };
    let is_local = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~.-".contains(&c);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (1..=64).contains(&local.len())
        && email.len() <= 254
        && local.bytes().all(is_local)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && domain.contains('.')
        && domain.split('.').all(is_label)
        && domain.rsplit('.').next().is_some_and(|tld| tld.bytes().any(|c| c.is_ascii_alphabetic()))
}

/// Spaces at the ends go, inner runs become one.
pub fn tidy_name(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub fn check_name(fields: &mut Fields, field: &str, name: &str) {
    let name = tidy_name(name);
    let length = name.chars().count();
    fields.check(length >= 1, field, "Tell us your name.");
    fields.check(length <= MAX_NAME, field, "Use at most 80 characters.");
    fields.check(!name.chars().any(char::is_control), field, "Use letters and spaces only.");
}

/// Empty is allowed where a phone is optional.
pub fn check_phone(fields: &mut Fields, field: &str, phone: &str) {
    let digits = phone.chars().filter(char::is_ascii_digit).count();
    let fits = phone.chars().all(|c| c.is_ascii_digit() || " +-()./".contains(c)) && (6..=15).contains(&digits) && phone.len() <= 32;
    fields.check(phone.trim().is_empty() || fits, field, "Give a phone number with its country code, such as +44 20 7946 0018.");
}

/// Length only; see NIST SP 800-63B section 5.1.1.2 on why composition rules do harm. The list of common ones stays on the server.
pub fn check_password_length(fields: &mut Fields, field: &str, password: &str) {
    let length = password.chars().count();
    fields.check(length >= MIN_PASSWORD, field, "Use at least 10 characters. A few words in a row work well.");
    fields.check(length <= MAX_PASSWORD, field, "Use at most 128 characters.");
}

/// The path to return to after signing in, if it is one of ours: a single slash, then no second one, no backslash, no control characters,
/// and not the sign-in pages themselves. Anything else leads home.
pub fn safe_next(next: Option<&str>) -> &str {
    const HOME: &str = "/";
    let Some(next) = next else { return HOME };
    let is_local = next.starts_with('/')
        && !next.starts_with("//")
        && next.len() <= 2_000
        && !next.chars().any(|c| c == '\\' || c.is_control() || c.is_whitespace());
    let path = next.split(['?', '#']).next().unwrap_or(HOME);
    if !is_local || matches!(path, "/sign-in" | "/sign-out" | "/register") { HOME } else { next }
}

/// The scope a token needs for a call below `/api/v1`, by the first part of the path. None: tokens may not call it at all, because it manages
/// the account's own safety. Some(None): open to everyone anyway.
pub fn scope_for(method: &str, path: &str) -> Option<Option<&'static str>> {
    let is_read = matches!(method, "GET" | "HEAD");
    let pick = |read: &'static str, write: &'static str| Some(Some(if is_read { read } else { write }));
    let mut parts = path.trim_start_matches('/').split('/');
    let (first, _, third) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    match (first, third) {
        ("auth" | "sessions" | "tokens", _) => None,
        ("me" | "favourites", _) => pick("profile:read", "profile:write"),
        ("bookings", Some("payment")) => pick("payments:read", "payments:write"),
        ("bookings" | "reviews" | "feeds", _) => pick("bookings:read", "bookings:write"),
        ("payments" | "receipts", _) => pick("payments:read", "payments:write"),
        ("providers", None | Some("services" | "reviews" | "availability")) if is_read => Some(None),
        ("providers" | "provider-applications" | "invitations" | "services" | "blocks", _) => pick("provider:read", "provider:write"),
        ("admin", _) => pick("admin:read", "admin:write"),
        ("categories" | "search" | "live" | "openapi.json", _) if is_read => Some(None),
        _ => None,
    }
}

/// A browser and system a person recognises, from a User-Agent header.
pub fn device_name(user_agent: Option<&str>) -> String {
    let Some(agent) = user_agent.filter(|a| !a.is_empty()) else { return "Unknown device".into() };
    // order matters: each later name also appears in the ones before it
    let browsers = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS", "Firefox"),
        ("HeadlessChrome", "Chrome"),
        ("CriOS", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    let systems = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    let find = |list: &[(&str, &'static str)]| list.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    match (find(&browsers), find(&systems)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.into(),
        (None, None) => "A program".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for good in ["a@b.co", "ada.love-lace+x@mail.example.com", "o'neil@example.ie"] {
            assert!(is_email(good), "{good}");
        }
        let long = format!("{}@example.com", "a".repeat(65));
        for bad in
            ["", "a", "a@b", "@b.co", "a@", "a b@c.de", "a@b..co", ".a@b.co", "a..b@c.de", "a@-b.co", "a@b.1", "a\n@b.co", "é@b.co", &long]
        {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn only_our_own_paths_are_returned_to() {
        for (next, leads_to) in [
            (Some("/bookings?x=1"), "/bookings?x=1"),
            (Some("/checkout/0193#pay"), "/checkout/0193#pay"),
            (None, "/"),
            (Some(""), "/"),
            (Some("https://evil.example"), "/"),
            (Some("//evil.example"), "/"),
            (Some("/\\evil.example"), "/"),
            (Some("/a\r\nSet-Cookie: x"), "/"),
            (Some("/\t/evil.example"), "/"),
            (Some("javascript:alert(1)"), "/"),
            (Some("/sign-in?next=/sign-in"), "/"),
        ] {
            assert_eq!(safe_next(next), leads_to, "{next:?}");
        }
    }

    #[test]
    fn tokens_cannot_reach_the_accounts_own_safety() {
        assert_eq!(scope_for("POST", "/tokens"), None);
        assert_eq!(scope_for("DELETE", "/sessions/1"), None);
        assert_eq!(scope_for("POST", "/auth/sign-in"), None);
        assert_eq!(scope_for("GET", "/something-new"), None);
        assert_eq!(scope_for("GET", "/bookings/1"), Some(Some("bookings:read")));
        assert_eq!(scope_for("POST", "/bookings/1/payment"), Some(Some("payments:write")));
        assert_eq!(scope_for("GET", "/providers/1/availability"), Some(None));
        assert_eq!(scope_for("PATCH", "/providers/1/services"), Some(Some("provider:write")));
        assert_eq!(scope_for("PUT", "/services/1"), Some(Some("provider:write")));
        assert_eq!(scope_for("DELETE", "/blocks/1"), Some(Some("provider:write")));
        assert_eq!(scope_for("GET", "/admin/audit"), Some(Some("admin:read")));
    }

    #[test]
    fn every_scope_a_call_needs_can_be_given() {
        for (method, path) in [
            ("GET", "/me"),
            ("PATCH", "/me"),
            ("GET", "/payments"),
            ("POST", "/payments"),
            ("POST", "/admin/x"),
            ("GET", "/providers/1/team"),
        ] {
            let scope = scope_for(method, path).flatten().expect(path);
            assert!(SCOPE_NAMES.contains(&scope), "{scope}");
        }
    }
    const SCOPE_NAMES: [&str; 10] = {
        let mut names = [""; 10];
        let mut at = 0;
        while at < 10 {
            names[at] = crate::account::SCOPES[at].0;
            at += 1;
        }
        names
    };

    #[test]
    fn devices_by_name() {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1";
        assert_eq!(device_name(Some(firefox)), "Firefox on Linux");
        assert_eq!(device_name(Some(safari)), "Safari on iPhone");
        assert_eq!(device_name(Some("wget")), "A program");
        assert_eq!(device_name(None), "Unknown device");
    }
}
