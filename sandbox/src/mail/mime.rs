//! Taking a message apart: headers (RFC 5322, encoded words of RFC 2047), multiparts, base64 and quoted-printable (RFC 2045, 2046).

use super::{Attachment, Mail};
use base64::Engine;

struct Part {
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Part {
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }
}

/// Everything but the envelope and the id.
pub fn take_apart(raw: &[u8]) -> Mail {
    let whole = parse(raw);
    let mut mail =
        Mail { subject: decode_words(whole.header("subject")), raw: String::from_utf8_lossy(raw).into_owned(), ..Mail::default() };
    collect(&whole, &mut mail, 0);
    mail
}

fn collect(part: &Part, mail: &mut Mail, depth: usize) {
    let kind = part.header("content-type");
    let bare = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if bare.starts_with("multipart/") && depth < 8 {
        if let Some(boundary) = parameter(kind, "boundary") {
            for inner in split(&part.body, &boundary) {
                collect(&parse(inner), mail, depth + 1);
            }
        }
        return;
    }
    let bytes = decode(&part.body, part.header("content-transfer-encoding"));
    let disposition = part.header("content-disposition");
    let is_attached = disposition.trim().to_ascii_lowercase().starts_with("attachment");
    match bare.as_str() {
        "text/html" if !is_attached && mail.html.is_none() => mail.html = Some(String::from_utf8_lossy(&bytes).into_owned()),
        "text/plain" | "" if !is_attached && mail.plain.is_none() => mail.plain = Some(String::from_utf8_lossy(&bytes).into_owned()),
        _ => {
            let name = parameter(disposition, "filename").or_else(|| parameter(kind, "name")).unwrap_or_else(|| "attachment".into());
            mail.attachments.push(Attachment { name, kind: bare, bytes });
        }
    }
}

/// Headers until the empty line, unfolded, then the body.
fn parse(raw: &[u8]) -> Part {
    let (mut headers, mut at) = (Vec::<(String, String)>::new(), 0);
    while at < raw.len() {
        let end = raw[at..].iter().position(|&b| b == b'\n').map_or(raw.len(), |n| at + n + 1);
        let line = String::from_utf8_lossy(&raw[at..end]).trim_end_matches(['\r', '\n']).to_owned();
        at = end;
        if line.is_empty() {
            break;
        }
        match (line.starts_with([' ', '\t']), headers.last_mut(), line.split_once(':')) {
            (true, Some((_, value)), _) => {
                value.push(' ');
                value.push_str(line.trim_start());
            }
            (_, _, Some((name, value))) => headers.push((name.trim().to_owned(), value.trim().to_owned())),
            _ => {}
        }
    }
    Part { headers, body: raw[at..].to_vec() }
}

fn split<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let marker = format!("--{boundary}");
    let mut cuts = Vec::new();
    let mut at = 0;
    while let Some(found) = find(&body[at..], marker.as_bytes()) {
        cuts.push(at + found);
        at += found + marker.len();
    }
    cuts.windows(2)
        .map(|pair| {
            let part = &body[pair[0] + marker.len()..pair[1]];
            let part = part.strip_prefix(b"\r\n").or_else(|| part.strip_prefix(b"\n")).unwrap_or(part);
            part.strip_suffix(b"\r\n").or_else(|| part.strip_suffix(b"\n")).unwrap_or(part)
        })
        .collect()
}

fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|window| window == needle)
}

/// `name="value"` or `name=value` in a structured header.
fn parameter(header: &str, name: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|part| {
        let (key, value) = part.trim().split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn decode(body: &[u8], encoding: &str) -> Vec<u8> {
    match encoding.trim().to_ascii_lowercase().as_str() {
        "base64" => {
            let tight: Vec<u8> = body.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
            base64::engine::general_purpose::STANDARD.decode(tight).unwrap_or_else(|_| body.to_vec())
        }
        "quoted-printable" => quoted_printable(body, false),
        _ => body.to_vec(),
    }
}

fn quoted_printable(text: &[u8], is_word: bool) -> Vec<u8> {
    let (mut out, mut at) = (Vec::with_capacity(text.len()), 0);
    while at < text.len() {
        match text[at] {
            b'=' if text[at + 1..].starts_with(b"\r\n") => at += 3,
            b'=' if text[at + 1..].starts_with(b"\n") => at += 2,
            b'=' => {
                let hex = text.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
                match hex.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
                    Some(byte) => {
                        out.push(byte);
                        at += 3;
                    }
                    None => {
                        out.push(b'=');
                        at += 1;
                    }
                }
            }
            b'_' if is_word => {
                out.push(b' ');
                at += 1;
            }
            byte => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// `=?utf-8?b?…?=` and `=?utf-8?q?…?=`; blanks between two encoded words vanish.
fn decode_words(text: &str) -> String {
    let (mut out, mut rest, mut was_word) = (String::new(), text, false);
    while let Some(start) = rest.find("=?") {
        let before = &rest[..start];
        let Some((word, after)) = encoded_word(&rest[start..]) else {
            out.push_str(&rest[..start + 2]);
            rest = &rest[start + 2..];
            was_word = false;
            continue;
        };
        if !(was_word && before.trim().is_empty()) {
            out.push_str(before);
        }
        out.push_str(&word);
        rest = after;
        was_word = true;
    }
    out.push_str(rest);
    out
}

fn encoded_word(text: &str) -> Option<(String, &str)> {
    let mut parts = text.strip_prefix("=?")?.splitn(3, '?');
    let (_charset, encoding, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let (payload, after) = rest.split_once("?=")?;
    let bytes = match encoding.to_ascii_lowercase().as_str() {
        "b" => base64::engine::general_purpose::STANDARD.decode(payload).ok()?,
        "q" => quoted_printable(payload.as_bytes(), true),
        _ => return None,
    };
    Some((String::from_utf8_lossy(&bytes).into_owned(), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_two_bodies_and_a_file() {
        let raw = "From: a@b\r\nSubject: =?utf-8?b?WW91ciBib29r?= =?utf-8?q?ing_=E2=9C=93?=\r\nContent-Type: multipart/mixed; boundary=\"o\"\r\n\r\n--o\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nPrice =E2=82=AC5, a long=\r\n line\r\n--i\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+aGk8L2I+\r\n--i--\r\n\r\n--o\r\nContent-Type: text/calendar; name=x.ics\r\nContent-Disposition: attachment; filename=\"x.ics\"\r\n\r\nBEGIN:VCALENDAR\r\n--o--\r\n";
        let mail = take_apart(raw.as_bytes());
        assert_eq!(mail.subject, "Your booking \u{2713}");
        assert_eq!(mail.plain.as_deref(), Some("Price €5, a long line"));
        assert_eq!(mail.html.as_deref(), Some("<b>hi</b>"));
        assert_eq!(mail.attachments.len(), 1);
        assert_eq!(mail.attachments[0].name, "x.ics");
        assert_eq!(mail.attachments[0].bytes, b"BEGIN:VCALENDAR");
    }
}
