//! What open pages send over the live socket.

use domain::event::Cursor;
use domain::id::Id;
use domain::live::Topic;
use fettle::realtime::asked::{Asked, read as read_frame};

pub fn read(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    for me in [None, Some(Id::from_u128(7))] {
        if let Ok(Asked::Subscribe(topic, _) | Asked::Unsubscribe(topic)) = read_frame(&text, me) {
            assert_eq!(Topic::parse(&topic.to_string(), me), Some(topic), "{text}");
        }
        if let Some(topic) = Topic::parse(&text, me) {
            assert_eq!(Topic::parse(&topic.to_string(), me), Some(topic), "{text}");
        }
    }
    if let Ok(cursor) = text.parse::<Cursor>() {
        assert_eq!(cursor.to_string().parse::<Cursor>().ok(), Some(cursor), "{text}");
    }
}
