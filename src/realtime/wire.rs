//! Frames as a server sends them (RFC 6455 section 5.2). They are not masked, so the same bytes are right for every reader.

use bytes::Bytes;
use serde_json::Value;

/// A text that is whole in one frame.
const TEXT: u8 = 0x81;
/// A heartbeat carries nothing.
pub const PING: &[u8] = &[0x89, 0];

pub fn text(payload: &[u8]) -> Bytes {
    let length = payload.len();
    let mut frame = Vec::with_capacity(10 + length);
    frame.push(TEXT);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ ..126), _) => frame.push(short),
        (_, Ok(middling)) => {
            frame.push(126);
            frame.extend_from_slice(&middling.to_be_bytes());
        }
        _ => {
            frame.push(127);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame.into()
}

pub fn json(value: &Value) -> Bytes {
    text(value.to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;
    use tungstenite::protocol::{Message, Role, WebSocket};

    #[test]
    fn lengths_are_written_as_the_rfc_says() {
        let heads: [(usize, &[u8]); 6] = [
            (0, &[0x81, 0]),
            (125, &[0x81, 125]),
            (126, &[0x81, 126, 0, 126]),
            (65_535, &[0x81, 126, 255, 255]),
            (65_536, &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
            (300, &[0x81, 126, 1, 44]),
        ];
        for (length, head) in heads {
            let payload = vec![b'x'; length];
            let frame = text(&payload);
            assert_eq!(frame[..head.len()], *head, "{length}");
            assert_eq!(frame[head.len()..], payload[..], "{length}");
        }
    }

    #[test]
    fn a_client_reads_what_was_said() {
        let said = [String::new(), "ä word".to_owned(), "x".repeat(126), "y".repeat(70_000)];
        let mut bytes: Vec<u8> = said.iter().flat_map(|said| text(said.as_bytes())).collect();
        bytes.extend_from_slice(PING);
        let mut client = WebSocket::from_raw_socket(Cursor::new(bytes), Role::Client, None);
        for said in &said {
            assert_eq!(client.read().expect("a frame"), Message::text(said.as_str()));
        }
        assert!(matches!(client.read().expect("a heartbeat"), Message::Ping(nothing) if nothing.is_empty()));
    }
}
