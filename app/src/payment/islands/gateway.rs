//! The gateway's script, spoken to by name: `Stripe(key).elements(…)`, `confirmPayment(…)`.

use js_sys::{Array, Function, Object, Promise, Reflect};
use leptos::prelude::document;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::Element;

/// Why a step with the gateway did not end well.
pub struct Refusal {
    /// The issuer's own reason, else the gateway's code.
    pub code: String,
    /// Nobody knows whether it was charged.
    pub is_unknown: bool,
}

/// A card form of the gateway in our page, and what confirms with it.
#[derive(Clone)]
pub struct Gateway {
    stripe: JsValue,
    elements: JsValue,
}

fn get(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

fn object(members: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in members {
        let _ = Reflect::set(&object, &JsValue::from_str(name), value);
    }
    object.into()
}

fn call(of: &JsValue, method: &str, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
    let function: Function = get(of, method).dyn_into()?;
    function.apply(of, &arguments.iter().collect::<Array>())
}

/// Fetches the script once; it defines `window.Stripe`.
pub async fn load(script_url: &str) -> Result<(), JsValue> {
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    if !get(&window, "Stripe").is_undefined() {
        return Ok(());
    }
    let script = document().create_element("script")?;
    script.set_attribute("src", script_url)?;
    let loaded = Promise::new(&mut |resolve, reject| {
        let _ = script.add_event_listener_with_callback("load", &resolve);
        let _ = script.add_event_listener_with_callback("error", &reject);
    });
    document().head().ok_or(JsValue::NULL)?.append_child(&script)?;
    JsFuture::from(loaded).await.map(|_| ())
}

impl Gateway {
    /// Puts the form into `into`. `amount` in minor units, `currency` as ISO 4217. The promise is kept when the form is there to be filled in.
    pub fn mount(key: &str, amount: i64, currency: &str, is_manual: bool, into: &Element) -> Result<(Self, Promise), JsValue> {
        let window: JsValue = web_sys::window().ok_or(JsValue::NULL)?.into();
        let stripe = call(&window, "Stripe", &[key.into()])?;
        let options = object(&[
            ("mode", "payment".into()),
            ("amount", (amount as f64).into()),
            ("currency", currency.to_ascii_lowercase().into()),
            ("captureMethod", if is_manual { "manual" } else { "automatic" }.into()),
        ]);
        let elements = call(&stripe, "elements", &[options])?;
        let element = call(&elements, "create", &["payment".into()])?;
        let ready = Promise::new(&mut |resolve, reject| {
            let _ = call(&element, "on", &["ready".into(), resolve.into()]);
            let _ = call(&element, "on", &["loaderror".into(), reject.into()]);
        });
        call(&element, "mount", &[into.into()])?;
        Ok((Self { stripe, elements }, ready))
    }

    /// A tip changes what will be charged.
    pub fn set_amount(&self, amount: i64) {
        let _ = call(&self.elements, "update", &[object(&[("amount", (amount as f64).into())])]);
    }

    /// Has the form check what was typed.
    pub async fn check(&self) -> Result<(), Refusal> {
        answer(call(&self.elements, "submit", &[])).await
    }

    /// Charges or authorises the card, with the bank's question where it asks one.
    pub async fn confirm(&self, client_secret: &str, return_url: &str) -> Result<(), Refusal> {
        let options = object(&[
            ("elements", self.elements.clone()),
            ("clientSecret", client_secret.into()),
            ("confirmParams", object(&[("return_url", return_url.into())])),
            ("redirect", "if_required".into()),
        ]);
        answer(call(&self.stripe, "confirmPayment", &[options])).await
    }
}

async fn answer(promise: Result<JsValue, JsValue>) -> Result<(), Refusal> {
    let unknown = || Refusal { code: String::new(), is_unknown: true };
    let promise: Promise = promise.and_then(|p| p.dyn_into()).map_err(|_| unknown())?;
    let result = JsFuture::from(promise).await.map_err(|_| unknown())?;
    let error = get(&result, "error");
    if error.is_undefined() || error.is_null() {
        return Ok(());
    }
    let text = |name: &str| get(&error, name).as_string();
    let kind = text("type").unwrap_or_default();
    let specific = text("decline_code").filter(|code| code != "generic_decline");
    Err(Refusal {
        code: specific.or_else(|| text("code")).unwrap_or_default(),
        is_unknown: matches!(kind.as_str(), "api_connection_error" | "api_error" | "rate_limit_error" | ""),
    })
}
