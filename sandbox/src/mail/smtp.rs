//! The part of SMTP (RFC 5321) that a submitting client needs: no relaying, no encryption, any sign-in is accepted.

use super::{Mail, mime};
use crate::hub::Hub;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// RFC 1870: what EHLO announces as SIZE.
const MAX_MAIL: usize = 20 * 1024 * 1024;
/// RFC 5321 section 4.5.3.2.7.
const PATIENCE: Duration = Duration::from_secs(300);

pub async fn serve(listener: TcpListener, hub: Arc<Hub>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let hub = hub.clone();
                tokio::spawn(async move {
                    if let Err(error) = converse(stream, hub).await {
                        tracing::debug!(%error, "a mail connection ended");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept mail connections for a moment");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

async fn converse(stream: TcpStream, hub: Arc<Hub>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    say(&mut stream, "220 sandbox ESMTP").await?;
    let (mut from, mut to) = (String::new(), Vec::new());
    loop {
        let Some(line) = read_line(&mut stream).await? else { return Ok(()) };
        let verb = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => {
                say(&mut stream, &format!("250-sandbox\r\n250-8BITMIME\r\n250-AUTH PLAIN LOGIN\r\n250-SMTPUTF8\r\n250 SIZE {MAX_MAIL}"))
                    .await?
            }
            "HELO" => say(&mut stream, "250 sandbox").await?,
            "AUTH" => sign_in(&mut stream, &line).await?,
            "MAIL" => {
                from = address(&line);
                to.clear();
                say(&mut stream, "250 OK").await?;
            }
            // so that tests can see a refusal
            "RCPT" if address(&line).starts_with("refused@") => say(&mut stream, "550 No such mailbox").await?,
            "RCPT" => {
                to.push(address(&line));
                say(&mut stream, "250 OK").await?;
            }
            "DATA" if to.is_empty() => say(&mut stream, "503 Who is it for?").await?,
            "DATA" => {
                say(&mut stream, "354 End with a dot on a line").await?;
                let Some(raw) = read_data(&mut stream).await? else { return say(&mut stream, "552 Too large").await };
                let mail = mime::take_apart(&raw);
                let id = hub.next_mail_id();
                hub.receive_mail(Mail { id, at: hub.now_s(), from: std::mem::take(&mut from), to: std::mem::take(&mut to), ..mail });
                say(&mut stream, "250 Kept").await?;
            }
            "RSET" => {
                from.clear();
                to.clear();
                say(&mut stream, "250 OK").await?;
            }
            "NOOP" => say(&mut stream, "250 OK").await?,
            "QUIT" => return say(&mut stream, "221 Bye").await,
            _ => say(&mut stream, "502 Not here").await?,
        }
    }
}

async fn sign_in(stream: &mut BufReader<TcpStream>, line: &str) -> std::io::Result<()> {
    let is_login = line.to_ascii_uppercase().contains("LOGIN");
    let has_answer = line.split_whitespace().count() > 2;
    if is_login {
        // "Username:" and "Password:" in base64
        for question in ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"].iter().skip(usize::from(has_answer)) {
            say(stream, question).await?;
            read_line(stream).await?;
        }
    } else if !has_answer {
        say(stream, "334 ").await?;
        read_line(stream).await?;
    }
    say(stream, "235 Welcome").await
}

async fn say(stream: &mut BufReader<TcpStream>, line: &str) -> std::io::Result<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await?;
    stream.flush().await
}

async fn read_line(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<String>> {
    let mut line = Vec::new();
    let mut bounded = stream.take(4096);
    let read = tokio::time::timeout(PATIENCE, bounded.read_until(b'\n', &mut line)).await??;
    Ok((read > 0).then(|| String::from_utf8_lossy(&line).trim_end().to_owned()))
}

/// Until the lone dot, with leading dots unstuffed (section 4.5.2). None above the limit.
async fn read_data(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<Vec<u8>>> {
    let mut data = Vec::new();
    loop {
        let mut line = Vec::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_until(b'\n', &mut line)).await??;
        if read == 0 || line == b".\r\n" || line == b".\n" {
            return Ok(Some(data));
        }
        data.extend_from_slice(if line.starts_with(b".") { &line[1..] } else { &line });
        if data.len() > MAX_MAIL {
            return Ok(None);
        }
    }
}

/// `MAIL FROM:<a@b> SIZE=1` → `a@b`.
fn address(line: &str) -> String {
    let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(address, _)| address);
    inside.unwrap_or_default().to_owned()
}
