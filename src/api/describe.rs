//! What all calls have in common, said once: who may call, which errors there are and in which form, `Idempotency-Key`, names.

use domain::account::policy::scope_for;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Whether a call below `/api/v1` is for those who are signed in; `route` is its pattern without that beginning.
/// Everyone else is told so before anything that they sent is read. A booking may belong to a browser without an account.
pub fn needs_sign_in(method: &str, route: &str) -> bool {
    let is_reading = matches!(method, "GET" | "HEAD");
    match route {
        "/auth/sign-out-everywhere" | "/auth/password" | "/auth/email/confirmation" | "/auth/email/change" => true,
        "/bookings" | "/categories" | "/search" | "/live" => false,
        "/providers/{id}" | "/providers/{id}/services" | "/providers/{id}/reviews" => !is_reading,
        "/providers/{id}/availability" | "/providers/{id}/availability/explain" => false,
        "/bookings/by-hand" => true,
        _ if route.starts_with("/auth/") || route.starts_with("/webhooks/") => false,
        _ => match route.strip_prefix("/bookings/{id}") {
            Some(part) => matches!(part, "/approval" | "/decline" | "/start" | "/completion" | "/on-the-way" | "/delay" | "/review"),
            None => true,
        },
    }
}

/// Whether an answer is kept under the request's `Idempotency-Key`. Not where a password or a secret link is sent, and the answer's session
/// cookie could not be given again; not where messages have ids of their own.
pub fn keeps_answers(route: &str) -> bool {
    !route.starts_with("/auth/") && !route.starts_with("/webhooks/")
}

/// Completes the description that the handlers' annotations began. `api` is the OpenAPI document.
pub fn complete(api: &mut Value) {
    let Some(paths) = api["paths"].as_object_mut() else { return };
    for (path, item) in paths {
        let route = path.strip_prefix("/api/v1").unwrap_or(path).to_owned();
        for method in METHODS {
            if let Some(call) = item.get_mut(method).and_then(Value::as_object_mut) {
                describe(&method.to_ascii_uppercase(), &route, call);
            }
        }
    }
}

fn describe(method: &str, route: &str, call: &mut Map<String, Value>) {
    call.insert("operationId".to_owned(), name(method, route).into());
    call.insert("security".to_owned(), security(method, route));
    if method != "GET" && keeps_answers(route) {
        let parameters = call.entry("parameters").or_insert_with(|| json!([]));
        if let Some(list) = parameters.as_array_mut() {
            list.push(idempotency_key());
        }
    }
    let statuses = errors(method, route, call);
    let Some(responses) = call.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for status in statuses {
        responses.entry(status.to_string()).or_insert_with(|| json!({ "description": about(status) }));
    }
    for (status, response) in responses.iter_mut().filter(|(status, _)| status.as_str() >= "400") {
        if let Some(response) = response.as_object_mut() {
            complete_error(status, response);
        }
    }
}

/// `POST /bookings/{id}/payment` → `post_bookings_id_payment`.
fn name(method: &str, route: &str) -> String {
    let words: String = route.chars().filter(|c| !matches!(c, '{' | '}')).map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    format!("{}{words}", method.to_ascii_lowercase())
}

/// A token's scope stands beside it; calls about the account's own safety are for sessions only.
fn security(method: &str, route: &str) -> Value {
    if route.starts_with("/webhooks/") {
        return json!([]);
    }
    let mut ways = Vec::new();
    if !needs_sign_in(method, route) {
        ways.push(json!({}));
    }
    ways.push(json!({ "session": [] }));
    if let Some(scope) = scope_for(method, route) {
        ways.push(json!({ "token": scope.into_iter().collect::<Vec<_>>() }));
    }
    ways.into()
}

fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Kept for 24 hours: the same key and request get the first answer again, another request with it is refused with 422. An answer with a secret in it is not kept: its repetition changes nothing and answers 409 `answer_shown_once`.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" },
    })
}

fn errors(method: &str, route: &str, call: &Map<String, Value>) -> BTreeSet<u16> {
    let mut statuses = BTreeSet::from([503]);
    let parameters = call.get("parameters").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let has = |place: &str| parameters.iter().any(|parameter| parameter["in"] == place);
    if has("path") {
        statuses.insert(404);
    }
    if has("query") {
        statuses.insert(422);
    }
    if call.contains_key("requestBody") {
        statuses.extend([400, 413, 415, 422]);
    }
    if route.starts_with("/webhooks/") {
        return statuses;
    }
    // A session or token that has ended; limits; another site, or a token without the scope; the key of another request.
    statuses.extend([401, 429]);
    if method != "GET" {
        statuses.extend([400, 403, 409, 413, 422]);
    }
    if !matches!(scope_for(method, route), Some(None)) {
        statuses.insert(403);
    }
    statuses
}

const fn about(status: u16) -> &'static str {
    match status {
        400 => "What was sent cannot be read.",
        401 => "Sign in first, or the token is not valid.",
        403 => "The account, its token's scope, or the site that asks may not do this.",
        404 => "Nothing is there, or it belongs to someone else.",
        409 => "It conflicts with the present state.",
        413 => "What was sent is too large.",
        415 => "Send application/json.",
        422 => "Understood, but refused; `fields` says what needs another look.",
        429 => "Too many at once.",
        _ => "Unavailable for a moment.",
    }
}

fn complete_error(status: &str, response: &mut Map<String, Value>) {
    let is_silent = response.get("description").and_then(Value::as_str).is_none_or(str::is_empty);
    if is_silent {
        let status = status.parse().unwrap_or(503);
        response.insert("description".to_owned(), about(status).into());
    }
    let schema = json!({ "$ref": "#/components/schemas/ProblemBody" });
    response.insert("content".to_owned(), json!({ "application/problem+json": { "schema": schema } }));
    if matches!(status, "429" | "503") {
        let seconds = json!({ "description": "Seconds to wait.", "required": true, "schema": { "type": "integer", "minimum": 0 } });
        response.insert("headers".to_owned(), json!({ "Retry-After": seconds }));
    }
}
