//! What a courier takes along in one round, made ready once for all lines.

use super::wire;
use bytes::Bytes;
use domain::event::Cursor;
use domain::live::{Frame, Topic};
use std::sync::Arc;

/// One frame of one topic, as it goes over the line.
pub struct Letter {
    pub topic: Topic,
    /// Of its event.
    pub cursor: Cursor,
    pub bytes: Bytes,
}

impl Letter {
    pub fn new(cursor: Cursor, frame: &Frame) -> Self {
        let value = serde_json::json!({
            "op": "event",
            "topic": frame.topic.to_string(),
            "cursor": frame.place.to_string(),
            "type": frame.kind,
            "data": frame.data,
        });
        Self { topic: frame.topic, cursor, bytes: wire::json(&value) }
    }
}

/// All letters of one topic in a row.
pub struct Parcel {
    pub topic: Topic,
    /// Of its first letter.
    pub cursor: Cursor,
    pub frames: usize,
    pub bytes: Bytes,
}

pub struct Round {
    /// Of this courier; the first is 1.
    pub number: u64,
    /// In the order of their cursors.
    pub letters: Vec<Arc<Letter>>,
    /// One for each topic: nearly every line wants just one of them, whole.
    pub parcels: Vec<Parcel>,
}

impl Round {
    pub fn new(number: u64, letters: Vec<Arc<Letter>>) -> Self {
        let mut sorted: Vec<(Topic, Vec<&Letter>)> = Vec::new();
        for letter in &letters {
            match sorted.iter_mut().find(|(topic, _)| *topic == letter.topic) {
                Some((_, same)) => same.push(letter),
                None => sorted.push((letter.topic, vec![letter])),
            }
        }
        let parcels = sorted.into_iter().map(|(topic, same)| parcel(topic, &same)).collect();
        Self { number, letters, parcels }
    }
}

fn parcel(topic: Topic, letters: &[&Letter]) -> Parcel {
    let bytes = match letters {
        [one] => one.bytes.clone(),
        several => several.iter().map(|letter| &letter.bytes[..]).collect::<Vec<_>>().concat().into(),
    };
    Parcel { topic, cursor: letters[0].cursor, frames: letters.len(), bytes }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use domain::id::{Id, ProviderId};

    pub fn topic(number: u128) -> Topic {
        Topic::Availability(ProviderId::from_u128(number))
    }
    pub fn cursor(id: i64) -> Cursor {
        Cursor { epoch: 1, xid: 1, id }
    }
    /// Not what a client would read, but easy to read here: `a1` is topic 1 at cursor 1.
    pub fn letter(topic_number: u128, id: i64) -> Arc<Letter> {
        Arc::new(Letter { topic: topic(topic_number), cursor: cursor(id), bytes: mark(topic_number, id).into() })
    }
    fn mark(topic_number: u128, id: i64) -> String {
        format!("{}{id} ", [' ', 'a', 'b', 'c'][topic_number as usize])
    }

    #[test]
    fn a_parcel_is_all_of_its_topic_in_order() {
        let round = Round::new(1, vec![letter(1, 1), letter(2, 2), letter(1, 3), letter(1, 4)]);
        let told: Vec<(Topic, i64, usize, &[u8])> =
            round.parcels.iter().map(|parcel| (parcel.topic, parcel.cursor.id, parcel.frames, &parcel.bytes[..])).collect();
        assert_eq!(told, [(topic(1), 1, 3, &b"a1 a3 a4 "[..]), (topic(2), 2, 1, &b"b2 "[..])]);
    }

    #[test]
    fn a_letter_is_a_frame_as_clients_read_it() {
        let data = serde_json::json!({ "is_free": true });
        let frame = Frame { topic: topic(7), kind: "availability-updated", data, place: cursor(4) };
        let letter = Letter::new(cursor(5), &frame);
        assert_eq!((letter.bytes[0], letter.bytes[1]), (0x81, 126));
        let read: serde_json::Value = serde_json::from_slice(&letter.bytes[4..]).expect("JSON");
        assert_eq!(read["op"], "event");
        assert_eq!(read["topic"], topic(7).to_string());
        assert_eq!(read["cursor"], cursor(4).to_string(), "more of the event is to come");
        assert_eq!((read["type"].as_str(), &read["data"]), (Some("availability-updated"), &frame.data));
    }
}
