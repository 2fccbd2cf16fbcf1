//! What open pages ask for over their socket, read without one.

use domain::event::Cursor;
use domain::id::AccountId;
use domain::live::Topic;
use serde::Deserialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Ping,
    Subscribe(Topic, Since),
    Unsubscribe(Topic),
}

/// From where on news are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    Now,
    After(Cursor),
    /// It names a place that never was: the page has to be fetched again.
    Unknown,
}

/// What the answer says about a request that means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    pub code: &'static str,
    /// As it was written.
    pub topic: Option<String>,
}

#[derive(Deserialize)]
struct Frame {
    op: String,
    topic: Option<String>,
    after: Option<String>,
}

/// `me` is whoever is signed in.
pub fn read(text: &str, me: Option<AccountId>) -> Result<Asked, Misread> {
    let Ok(frame) = serde_json::from_str::<Frame>(text) else { return Err(Misread { code: "malformed", topic: None }) };
    let name = frame.topic.unwrap_or_default();
    let topic = || match Topic::parse(&name, me) {
        Some(topic) => Ok(topic),
        None => Err(Misread { code: if name == "me" { "unauthenticated" } else { "unknown_topic" }, topic: Some(name.clone()) }),
    };
    let since = || match frame.after.as_deref() {
        None | Some("") => Since::Now,
        Some(text) => text.parse().map_or(Since::Unknown, Since::After),
    };
    match frame.op.as_str() {
        "ping" => Ok(Asked::Ping),
        "subscribe" => Ok(Asked::Subscribe(topic()?, since())),
        "unsubscribe" => Ok(Asked::Unsubscribe(topic()?)),
        _ => Err(Misread { code: "unknown_op", topic: None }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> &'static str {
        read(text, None).expect_err("refused").code
    }

    #[test]
    fn what_means_nothing_is_told_apart() {
        for text in ["", "1", "[]", "{}", r#"{"op":1}"#, r#"{"op":"ping","topic":1}"#] {
            assert_eq!(code(text), "malformed", "{text}");
        }
        assert_eq!(code(r#"{"op":"shout"}"#), "unknown_op");
        assert_eq!(code(r#"{"op":"subscribe"}"#), "unknown_topic");
        assert_eq!(code(r#"{"op":"subscribe","topic":"me"}"#), "unauthenticated");
        assert_eq!(read(r#"{"op":"unsubscribe","topic":"x:y"}"#, None).expect_err("refused").topic.as_deref(), Some("x:y"));
    }

    #[test]
    fn news_are_wanted_from_now_from_a_place_or_from_nowhere() {
        let since = |after: &str| match read(&format!(r#"{{"op":"subscribe","topic":"admin","after":{after}}}"#), None) {
            Ok(Asked::Subscribe(Topic::Admin, since)) => since,
            other => panic!("{other:?}"),
        };
        assert_eq!((since("null"), since(r#""""#), since(r#""yesterday""#)), (Since::Now, Since::Now, Since::Unknown));
        assert!(matches!(since(r#""000000010000000000000abc00000000001f""#), Since::After(_)));
    }
}
