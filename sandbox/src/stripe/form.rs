//! Form bodies with nested keys (`metadata[attempt]=…`, `expand[0]=…`) and the errors of the API.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Parameters of a call, nested as the brackets say. Leaves are text; lists are objects with numbers as keys.
#[derive(Debug, Clone, Default)]
pub struct Params(pub Value);

impl Params {
    pub fn parse(encoded: &str) -> Self {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(encoded).unwrap_or_default();
        let mut root = Map::new();
        for (key, value) in pairs {
            let path: Vec<&str> = key.split('[').map(|part| part.trim_end_matches(']')).collect();
            insert(&mut root, &path, value);
        }
        Self(Value::Object(root))
    }
    /// `"amount"`, or `"metadata.attempt"` for nested ones.
    pub fn text(&self, path: &str) -> Option<String> {
        self.find(path)?.as_str().map(str::to_owned).filter(|text| !text.is_empty())
    }
    pub fn find(&self, path: &str) -> Option<&Value> {
        path.split('.').try_fold(&self.0, |value, part| value.get(part))
    }
    pub fn number(&self, path: &str) -> Result<Option<i64>, ApiError> {
        match self.text(path) {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| ApiError::invalid(path, format!("Invalid integer: {text}"))),
        }
    }
    pub fn required(&self, path: &str) -> Result<String, ApiError> {
        self.text(path).ok_or_else(|| ApiError {
            code: Some("parameter_missing".into()),
            ..ApiError::invalid(path, format!("Missing required param: {path}."))
        })
    }
    pub fn is_true(&self, path: &str) -> bool {
        self.text(path).as_deref() == Some("true")
    }
    pub fn map(&self, path: &str) -> BTreeMap<String, String> {
        let entries = self.find(path).and_then(Value::as_object);
        entries.into_iter().flatten().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
    }
    pub fn list(&self, path: &str) -> Vec<String> {
        self.map(path).into_values().collect()
    }
}

fn insert(into: &mut Map<String, Value>, path: &[&str], value: String) {
    let Some((first, rest)) = path.split_first() else { return };
    // `expand[]=a&expand[]=b` counts by itself
    let key = if first.is_empty() { into.len().to_string() } else { (*first).to_owned() };
    if rest.is_empty() {
        into.insert(key, Value::String(value));
    } else if let Some(inner) = into.entry(key).or_insert_with(|| json!({})).as_object_mut() {
        insert(inner, rest, value);
    }
}

/// An error as the API words it.
#[derive(Debug, Clone)]
pub struct ApiError {
    pub status: u16,
    pub kind: &'static str,
    pub code: Option<String>,
    pub decline_code: Option<String>,
    pub message: String,
    pub param: Option<String>,
    /// The intent after the failure, for card errors.
    pub intent: Option<Value>,
}

impl ApiError {
    fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, code: None, decline_code: None, message: message.into(), param: None, intent: None }
    }
    pub fn invalid(param: &str, message: impl Into<String>) -> Self {
        Self { param: Some(param.to_owned()), ..Self::new(400, "invalid_request_error", message) }
    }
    pub fn state(code: &str, message: impl Into<String>) -> Self {
        Self { code: Some(code.to_owned()), ..Self::new(400, "invalid_request_error", message) }
    }
    pub fn missing(what: &str, id: &str) -> Self {
        Self { code: Some("resource_missing".into()), ..Self::new(404, "invalid_request_error", format!("No such {what}: '{id}'")) }
    }
    pub fn unauthorised() -> Self {
        Self::new(401, "invalid_request_error", "Invalid API Key provided.")
    }
    pub fn no_such_address(path: &str) -> Self {
        Self::new(404, "invalid_request_error", format!("Unrecognized request URL ({path})."))
    }
    pub fn idempotency(message: &str) -> Self {
        Self::new(400, "idempotency_error", message)
    }
    pub fn broken() -> Self {
        Self::new(500, "api_error", "An unknown error occurred.")
    }
    pub fn card(decline: &super::cards::Decline, intent: Value) -> Self {
        Self {
            code: Some(decline.code.clone()),
            decline_code: decline.decline_code.clone(),
            intent: Some(intent),
            ..Self::new(402, "card_error", decline.message.clone())
        }
    }
    pub fn to_json(&self) -> Value {
        let mut error = json!({ "type": self.kind, "message": self.message });
        for (key, value) in [("code", &self.code), ("decline_code", &self.decline_code), ("param", &self.param)] {
            if let Some(value) = value {
                error[key] = json!(value);
            }
        }
        if let Some(intent) = &self.intent {
            error["payment_intent"] = intent.clone();
        }
        json!({ "error": error })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_nest() {
        let params = Params::parse("amount=100&metadata%5Battempt%5D=a1&line_items[0][price_data][unit_amount]=5&expand[]=x&expand[]=y");
        assert_eq!(params.number("amount").ok().flatten(), Some(100));
        assert_eq!(params.text("metadata.attempt").as_deref(), Some("a1"));
        assert_eq!(params.text("line_items.0.price_data.unit_amount").as_deref(), Some("5"));
        assert_eq!(params.list("expand"), ["x", "y"]);
    }
}
