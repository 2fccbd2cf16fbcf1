//! The mailbox: a list, each message as HTML, plain text and raw, its attachments, and the same as JSON for tests.

use super::Mail;
use crate::hub::Hub;
use crate::page::{clock, escape, html};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::Arc;

#[derive(Deserialize)]
pub struct ListQuery {
    /// Only messages to this address.
    to: Option<String>,
}

fn matching(hub: &Hub, query: &ListQuery) -> Vec<Mail> {
    let wanted = query.to.as_deref().map(str::to_lowercase);
    let mut mails = hub.mails();
    mails.retain(|mail| wanted.as_ref().is_none_or(|to| mail.to.iter().any(|t| t.to_lowercase() == *to)));
    mails
}

pub async fn list(State(hub): State<Arc<Hub>>, Query(query): Query<ListQuery>) -> Html<String> {
    let mut rows = String::new();
    for mail in matching(&hub, &query) {
        let _ = write!(
            rows,
            r#"<tr><td>{}</td><td>{}</td><td><a href="/mail/{}">{}</a></td></tr>"#,
            clock(mail.at),
            escape(&mail.to.join(", ")),
            mail.id,
            escape(if mail.subject.is_empty() { "(no subject)" } else { &mail.subject }),
        );
    }
    let content = if rows.is_empty() {
        "<p class=\"quiet\">No mail yet. What Fettle sends arrives here.</p>".to_owned()
    } else {
        format!(
            r#"<div class="scroll" tabindex="0" role="region" aria-label="Mails"><table><thead><tr><th scope="col">At</th><th scope="col">To</th><th scope="col">Subject</th></tr></thead><tbody>{rows}</tbody></table></div><h2>Tidy up</h2><form method="post"><button>Empty the mailbox</button></form>"#
        )
    };
    html("Mailbox", "desk", &format!("<h1>Mailbox</h1>{content}"))
}

pub async fn clear(State(hub): State<Arc<Hub>>) -> Redirect {
    hub.clear_mails();
    Redirect::to("/mail")
}

/// Newest first; bodies and attachment names included.
pub async fn list_json(State(hub): State<Arc<Hub>>, Query(query): Query<ListQuery>) -> Json<Vec<Value>> {
    let mails = matching(&hub, &query);
    Json(
        mails
            .into_iter()
            .map(|mail| {
                let attachments: Vec<Value> = mail.attachments.iter().map(|a| json!({ "name": a.name, "kind": a.kind })).collect();
                json!({
                    "id": mail.id, "at": mail.at, "from": mail.from, "to": mail.to, "subject": mail.subject,
                    "html": mail.html, "plain": mail.plain, "attachments": attachments,
                })
            })
            .collect(),
    )
}

pub async fn clear_json(State(hub): State<Arc<Hub>>) -> StatusCode {
    hub.clear_mails();
    StatusCode::NO_CONTENT
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, html("Not found", "desk", "<h1>No such message</h1>")).into_response()
}

pub async fn show(State(hub): State<Arc<Hub>>, Path(id): Path<u64>) -> Response {
    let Some(mail) = hub.mail(id) else { return missing() };
    let mut files = String::new();
    for (number, file) in mail.attachments.iter().enumerate() {
        let _ = write!(
            files,
            r#"<li><a href="/mail/{id}/attachments/{number}">{}</a> <small>{}</small></li>"#,
            escape(&file.name),
            file.bytes.len()
        );
    }
    let shown = if mail.html.is_some() {
        format!(
            r#"<h2>As HTML</h2><iframe class="mail" title="The message" sandbox="allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation" src="/mail/{id}/html"></iframe>"#
        )
    } else {
        String::new()
    };
    let body = format!(
        r#"<h1>{}</h1><p class="quiet">From {} to {}, {} UTC. <a href="/mail/{id}/raw">Raw</a></p>{}{shown}<h2>As plain text</h2><pre>{}</pre>"#,
        escape(&mail.subject),
        escape(&mail.from),
        escape(&mail.to.join(", ")),
        clock(mail.at),
        if files.is_empty() { String::new() } else { format!("<ul>{files}</ul>") },
        escape(mail.plain.as_deref().unwrap_or("(none)")),
    );
    html(&mail.subject, "desk", &body).into_response()
}

/// The message's own HTML, which may not run anything here. Links open the whole window.
pub async fn html_body(State(hub): State<Arc<Hub>>, Path(id): Path<u64>) -> Response {
    let Some(body) = hub.mail(id).and_then(|mail| mail.html) else { return missing() };
    let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, "script-src 'none'")];
    (headers, format!("<base target=\"_top\">{body}")).into_response()
}

pub async fn raw(State(hub): State<Arc<Hub>>, Path(id): Path<u64>) -> Response {
    let Some(mail) = hub.mail(id) else { return missing() };
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], mail.raw).into_response()
}

pub async fn attachment(State(hub): State<Arc<Hub>>, Path((id, number)): Path<(u64, usize)>) -> Response {
    let Some(file) = hub.mail(id).and_then(|mail| mail.attachments.into_iter().nth(number)) else { return missing() };
    let safe: String = file.name.chars().filter(|c| c.is_ascii_alphanumeric() || ".-_".contains(*c)).collect();
    let headers =
        [(CONTENT_TYPE, "application/octet-stream".to_owned()), (CONTENT_DISPOSITION, format!("attachment; filename=\"{safe}\""))];
    (headers, file.bytes).into_response()
}
