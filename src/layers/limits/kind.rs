//! Which limit a request counts against, by its method and address.

use http::Method;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Search,
    Booking,
    /// What costs money.
    Sensitive,
    /// Sign-in, codes, invitations: what is worth guessing, or writes to people who have not asked for it. The same count as the one before, but whoever
    /// is signed in is counted by address as well.
    Guess,
    General,
}

impl Kind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Booking => "booking",
            Self::Sensitive | Self::Guess => "sensitive",
            Self::General => "general",
        }
    }
    /// Counted by all nodes together.
    pub const fn is_shared(self) -> bool {
        matches!(self, Self::Booking | Self::Sensitive | Self::Guess)
    }
}

const GUESSED_PAGES: &[&str] = &[
    "/sign-in",
    "/register",
    "/forgot-password",
    "/reset-password/",
    "/confirm-email/",
    "/change-email/",
    "/claim/",
    "/settings/security",
    "/settings/tokens",
    "/invitations/",
    "/do/account/",
];
/// Whatever asks for a password or a secret is worth guessing at.
const GUESSED_CALLS: &[&str] =
    &["/auth/sign-in", "/auth/register", "/auth/password", "/auth/email", "/auth/claim", "/invitations/", "/tokens"];

/// None: exempt. Webhooks are verified; files and health are the same for everyone.
pub fn of(method: &Method, path: &str) -> Option<Kind> {
    if crate::web::is_static(path) || path == "/metrics" || path.starts_with("/api/v1/webhooks/") || path.starts_with("/dev/") {
        return None;
    }
    let is_reading = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let call = path.strip_prefix("/api/v1");
    if is_reading {
        let is_search = path == "/search" || call == Some("/search");
        return Some(if is_search { Kind::Search } else { Kind::General });
    }
    let (is_guess, is_payment) = match call {
        Some(call) => (
            GUESSED_CALLS.iter().any(|prefix| call.starts_with(prefix)) || call.ends_with("/team/invitations"),
            (call.starts_with("/bookings/") && call.ends_with("/payment")) || call.ends_with("/refunds"),
        ),
        None => (
            GUESSED_PAGES.iter().any(|prefix| path.starts_with(prefix)) || (path.starts_with("/desk/") && path.ends_with("/team")),
            (path.starts_with("/checkout/") && !path.ends_with("/release") && !path.contains("/photos"))
                || path.starts_with("/do/payment/"),
        ),
    };
    if is_guess {
        return Some(Kind::Guess);
    }
    if is_payment {
        return Some(Kind::Sensitive);
    }
    let here = call.unwrap_or(path);
    let booking = here == "/book"
        || here == "/bookings"
        || here.starts_with("/bookings/")
        || here.starts_with("/do/booking/")
        || here.starts_with("/checkout/");
    if booking {
        return Some(Kind::Booking);
    }
    Some(if path.starts_with("/do/search/") { Kind::Search } else { Kind::General })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_has_its_kind() {
        for (method, path, kind) in [
            (Method::GET, "/search", Some(Kind::Search)),
            (Method::GET, "/api/v1/search", Some(Kind::Search)),
            (Method::POST, "/do/search/suggest", Some(Kind::Search)),
            (Method::GET, "/", Some(Kind::General)),
            (Method::GET, "/sign-in", Some(Kind::General)),
            (Method::POST, "/sign-in", Some(Kind::Guess)),
            (Method::POST, "/api/v1/auth/password-reset/confirm", Some(Kind::Guess)),
            (Method::POST, "/api/v1/auth/password", Some(Kind::Guess)),
            (Method::POST, "/api/v1/auth/claim", Some(Kind::Guess)),
            (Method::POST, "/api/v1/auth/sign-out", Some(Kind::General)),
            (Method::POST, "/api/v1/invitations/acceptance", Some(Kind::Guess)),
            (Method::POST, "/api/v1/bookings/x/payment", Some(Kind::Sensitive)),
            (Method::POST, "/checkout/x", Some(Kind::Sensitive)),
            (Method::POST, "/checkout/x/release", Some(Kind::Booking)),
            (Method::POST, "/checkout/x/photos", Some(Kind::Booking)),
            (Method::POST, "/checkout/x/photos/y/remove", Some(Kind::Booking)),
            (Method::POST, "/book", Some(Kind::Booking)),
            (Method::POST, "/api/v1/bookings", Some(Kind::Booking)),
            (Method::DELETE, "/api/v1/bookings/x/hold", Some(Kind::Booking)),
            (Method::POST, "/bookings/x/cancel", Some(Kind::Booking)),
            (Method::POST, "/desk/x/services", Some(Kind::General)),
            (Method::GET, "/desk/x/team", Some(Kind::General)),
            (Method::POST, "/desk/x/team", Some(Kind::Guess)),
            (Method::POST, "/api/v1/providers/x/team/invitations", Some(Kind::Guess)),
            (Method::PUT, "/api/v1/providers/x/team/members/y", Some(Kind::General)),
            (Method::POST, "/api/v1/webhooks/stripe", None),
            (Method::GET, "/pkg/loader.abc.js", None),
            (Method::GET, "/healthz", None),
        ] {
            assert_eq!(of(&method, path), kind, "{method} {path}");
        }
    }
}
