//! What a peer says, frame by frame. Pongs and the last words are made here too, and go out over the line like everything else.

use super::line::Line;
use bytes::Bytes;
use std::io::{ErrorKind, Read, Result, Write};
use std::sync::Arc;
use tungstenite::Error;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, Message, Role, WebSocket, WebSocketConfig};

const MOST_BYTES: usize = 64 * 1024;
/// What comes in is a line; more is taken in pieces. The default of 128 KiB would cost a gigabyte at ten thousand sockets.
const BUFFER: usize = 256;
/// Reads in a row before others have their turn, however much there is.
const TURNS: usize = 64;

pub struct Ear {
    socket: WebSocket<Wired>,
}

struct Wired {
    line: Arc<Line>,
    turns: usize,
}

impl Read for Wired {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        // Of fragments without content a peer could send so many that reading never came to an end.
        if self.turns == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.turns -= 1;
        self.line.read(buffer)
    }
}
impl Write for Wired {
    /// Whole frames, since none is kept back.
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.line.say(&Bytes::copy_from_slice(bytes));
        Ok(bytes.len())
    }
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl Ear {
    /// `begun` is what came along with the request.
    pub fn new(line: Arc<Line>, begun: &[u8]) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(0)
            .max_message_size(Some(MOST_BYTES))
            .max_frame_size(Some(MOST_BYTES));
        let wired = Wired { line, turns: TURNS };
        Self { socket: WebSocket::from_partially_read(wired, begun.to_vec(), Role::Server, Some(config)) }
    }

    /// Nothing is lost when it is given up while it waits.
    pub async fn hear(&mut self) -> tungstenite::Result<Message> {
        loop {
            match self.socket.read() {
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {}
                heard => return heard,
            }
            // Only who has waited has as many turns again, or a peer that never stops would be listened to alone.
            let wired = self.socket.get_ref();
            if wired.turns == 0 {
                tokio::task::yield_now().await;
            } else {
                wired.line.readable().await?;
            }
            self.socket.get_mut().turns = TURNS;
        }
    }

    /// Says why it ends; after that nothing is said any more.
    pub fn close(&mut self, code: CloseCode, reason: &'static str) {
        let _ = self.socket.close(Some(CloseFrame { code, reason: reason.into() }));
    }
    /// Answers a peer that has said it ends.
    pub fn part(&mut self) {
        let _ = self.socket.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realtime::line::tests::{heard, pair};
    use tokio::io::AsyncWriteExt;

    /// A short frame as clients send it, masked with zeros.
    fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        [&[first, 0x80 | payload.len() as u8, 0, 0, 0, 0], payload].concat()
    }

    #[tokio::test]
    async fn what_came_with_the_request_is_heard_first() {
        let (line, mut peer) = pair(0).await;
        let whole = masked(0x81, b"one");
        let mut ear = Ear::new(line, &whole[..4]);
        peer.write_all(&whole[4..]).await.expect("says");
        peer.write_all(&masked(0x81, b"two")).await.expect("says");
        assert_eq!(ear.hear().await.expect("heard"), Message::text("one"));
        assert_eq!(ear.hear().await.expect("heard"), Message::text("two"));
    }

    #[tokio::test]
    async fn pings_and_farewells_are_answered_between_whole_frames() {
        let (line, mut peer) = pair(0).await;
        let mut ear = Ear::new(line.clone(), b"");
        peer.write_all(&masked(0x89, b"there?")).await.expect("says");
        assert_eq!(ear.hear().await.expect("heard"), Message::Ping(Bytes::from_static(b"there?")));
        line.say(&Bytes::from_static(b"<a frame>"));
        peer.write_all(&masked(0x88, &[0x03, 0xe8])).await.expect("says");
        assert!(matches!(ear.hear().await.expect("heard"), Message::Close(Some(frame)) if frame.code == CloseCode::Normal));
        ear.part();
        heard(&mut peer, b"<a frame>\x8a\x06there?\x88\x02\x03\xe8").await;
    }

    #[tokio::test]
    async fn fragments_of_nothing_leave_others_their_turn() {
        let (line, mut peer) = pair(0).await;
        let mut ear = Ear::new(line.clone(), b"");
        let text = [masked(0x01, b"{"), masked(0x00, b"").repeat(8 * TURNS * BUFFER), masked(0x80, b"}")].concat();
        let talking = tokio::spawn(async move { peer.write_all(&text).await.map(|()| peer) });
        let mut turns_ended = 0;
        let message = loop {
            ear.socket.get_mut().turns = TURNS;
            match ear.socket.read() {
                Ok(message) => break message,
                Err(_) if ear.socket.get_ref().turns == 0 => turns_ended += 1,
                Err(_) => line.readable().await.expect("open"),
            }
        };
        assert_eq!(message, Message::text("{}"));
        assert!(turns_ended > 0, "all was read in one go");
        talking.await.expect("talked").expect("said");
    }
}
