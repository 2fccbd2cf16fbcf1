//! A client of the live socket written from RFC 6455 alone, light enough for ten thousand of them, and cut at will.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fmt;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PING: u8 = 0x9;
const CLOSE: u8 = 0x8;
const TEXT: u8 = 0x1;

/// The server has closed the socket, with a code of RFC 6455, section 7.4.
#[derive(Debug)]
pub struct Closed(pub u16);

impl Closed {
    /// The server goes.
    pub const AWAY: u16 = 1001;
    /// It said no code.
    const WITHOUT: u16 = 1005;

    fn of(payload: &[u8]) -> Self {
        Self(payload.first_chunk().map_or(Self::WITHOUT, |code| u16::from_be_bytes(*code)))
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server closed the socket with {}", self.0)
    }
}

impl std::error::Error for Closed {}

/// Dropped, it is cut off in the middle of whatever it was doing.
pub struct Socket {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Socket {
    /// Opens `/api/v1/live`; a bearer token signs in.
    pub async fn open(address: SocketAddr, token: Option<&str>) -> Result<Self> {
        Self::over(TcpStream::connect(address).await?, address, token).await
    }

    /// The same over a line that is there already.
    pub async fn over(stream: TcpStream, address: SocketAddr, token: Option<&str>) -> Result<Self> {
        let bearer = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        Self::upgrade(stream, address, "/api/v1/live", &bearer).await
    }

    /// Anybody's socket at `path`.
    pub async fn of(address: SocketAddr, path: &str) -> Result<Self> {
        Self::upgrade(TcpStream::connect(address).await?, address, path, "").await
    }

    async fn upgrade(mut stream: TcpStream, address: SocketAddr, path: &str, headers: &str) -> Result<Self> {
        stream.set_nodelay(true)?;
        // the key of RFC 6455 section 1.3; what it is does not matter to a client that trusts its server
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut socket = Self { stream, buffer: Vec::new() };
        let head = loop {
            if let Some(end) = socket.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break socket.buffer.drain(..end + 4).collect::<Vec<u8>>();
            }
            socket.more().await?;
        };
        if !head.starts_with(b"HTTP/1.1 101") {
            bail!("no socket: {}", String::from_utf8_lossy(&head[..head.len().min(40)]));
        }
        Ok(socket)
    }

    async fn more(&mut self) -> Result<()> {
        // Grows only while frames arrive: an idle socket holds nothing.
        self.buffer.reserve(512);
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the line ended");
        }
        Ok(())
    }

    pub async fn say(&mut self, value: &Value) -> Result<()> {
        self.say_text(&value.to_string()).await
    }
    pub async fn say_text(&mut self, text: &str) -> Result<()> {
        self.send(TEXT, text.as_bytes()).await
    }

    /// Clients mask their frames; a mask of zeros leaves them as they are (section 5.3).
    async fn send(&mut self, opcode: u8, payload: &[u8]) -> Result<()> {
        let mut frame = vec![0x80 | opcode];
        match u16::try_from(payload.len()) {
            Ok(short @ 0..=125) => frame.push(0x80 | short as u8),
            Ok(long) => {
                frame.push(0x80 | 126);
                frame.extend(long.to_be_bytes());
            }
            Err(_) => bail!("too long for a frame"),
        }
        frame.extend([0; 4]);
        frame.extend(payload);
        self.stream.write_all(&frame).await?;
        Ok(())
    }

    /// The next frame as text; [`Closed`] if the server has closed the socket.
    pub async fn hear_text(&mut self) -> Result<String> {
        loop {
            let (opcode, payload) = self.frame().await?;
            match opcode {
                TEXT => return String::from_utf8(payload).context("a frame that is no text"),
                PING => self.send(0xA, &payload).await?,
                CLOSE => return Err(Closed::of(&payload).into()),
                _ => {}
            }
        }
    }

    pub async fn hear(&mut self) -> Result<Value> {
        Ok(serde_json::from_str(&self.hear_text().await?)?)
    }

    /// Servers send whole, unmasked frames.
    async fn frame(&mut self) -> Result<(u8, Vec<u8>)> {
        loop {
            if let Some((opcode, start, length)) = header(&self.buffer)
                && self.buffer.len() >= start + length
            {
                let payload = self.buffer[start..start + length].to_vec();
                self.buffer.drain(..start + length);
                if self.buffer.is_empty() {
                    self.buffer = Vec::new();
                }
                return Ok((opcode, payload));
            }
            self.more().await?;
        }
    }
}

/// Opcode, where the payload begins, and how long it is.
fn header(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let (start, length) = match second & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?),
        short => (2, usize::from(short)),
    };
    Some((first & 0xf, start, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_headers_of_every_length() {
        assert_eq!(header(&[0x81, 5]), Some((TEXT, 2, 5)));
        assert_eq!(header(&[0x81, 126, 1, 0]), Some((TEXT, 4, 256)));
        assert_eq!(header(&[0x89, 127, 0, 0, 0, 0, 0, 1, 0, 0]), Some((PING, 10, 65_536)));
        assert_eq!(header(&[0x81, 126, 1]), None);
        assert_eq!(header(&[]), None);
    }

    #[test]
    fn reads_why_it_was_closed() {
        assert_eq!(Closed::of(&[3, 0xe9, b'b', b'y', b'e']).0, Closed::AWAY);
        assert_eq!(Closed::of(&[]).0, Closed::WITHOUT);
    }
}
