//! Listening to what happens, for islands: one socket a page, shared by all of them.
//!
//! `listen` keeps its place: after a lost connection it comes back by itself and gets what it missed, or is told to reload. Where
//! there is no socket to be had, nothing happens and the page stays as it was served.

use serde::Deserialize;
use serde_json::Value;

/// What one frame says.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct News {
    /// Such as `availability-updated`; see `domain::live::types`.
    #[serde(rename = "type")]
    pub kind: String,
    pub data: Value,
    pub cursor: String,
}

/// What a listener is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    News(News),
    /// Too much was missed: fetch again.
    Reload,
}

#[cfg(feature = "hydrate")]
pub use browser::{Listening, listen};

/// On the server nobody listens.
#[cfg(not(feature = "hydrate"))]
pub fn listen(_topic: &str, _after: Option<String>, _tell: impl Fn(Told) + 'static) {}

#[cfg(feature = "hydrate")]
mod browser {
    use super::{News, Told};
    use serde::Deserialize;
    use serde_json::json;
    use std::cell::{Cell, RefCell};
    use std::collections::BTreeMap;
    use std::rc::Rc;
    use wasm_bindgen::JsCast;
    use wasm_bindgen::prelude::Closure;
    use web_sys::{MessageEvent, WebSocket};

    const FIRST_WAIT_MS: i32 = 500;
    const LONGEST_WAIT_MS: i32 = 30_000;

    type Tell = Rc<dyn Fn(Told)>;

    /// Listens until dropped by [`Listening::stop`]; letting it go keeps listening for the life of the page.
    pub struct Listening {
        topic: String,
        number: u32,
    }

    #[derive(Default)]
    struct Topic {
        /// The last cursor applied.
        after: Option<String>,
        listeners: Vec<(u32, Tell)>,
    }

    #[derive(Default)]
    struct Line {
        socket: RefCell<Option<WebSocket>>,
        topics: RefCell<BTreeMap<String, Topic>>,
        wait_ms: Cell<i32>,
        is_waiting: Cell<bool>,
        next: Cell<u32>,
    }

    thread_local! {
        static LINE: Rc<Line> = Rc::new(Line::default());
    }

    #[derive(Deserialize)]
    struct Heard {
        op: String,
        topic: Option<String>,
        cursor: Option<String>,
        #[serde(rename = "type")]
        kind: Option<String>,
        #[serde(default)]
        data: serde_json::Value,
    }

    /// `after`: the cursor of the snapshot the page was made from.
    pub fn listen(topic: &str, after: Option<String>, tell: impl Fn(Told) + 'static) -> Listening {
        LINE.with(|line| {
            let number = line.next.get();
            line.next.set(number + 1);
            let is_new = {
                let mut topics = line.topics.borrow_mut();
                let entry = topics.entry(topic.to_owned()).or_default();
                let is_new = entry.listeners.is_empty();
                if is_new {
                    entry.after = after;
                }
                entry.listeners.push((number, Rc::new(tell)));
                is_new
            };
            if is_new {
                line.ask(topic);
            }
            line.open();
            Listening { topic: topic.to_owned(), number }
        })
    }

    impl Listening {
        pub fn stop(self) {
            LINE.with(|line| {
                let mut topics = line.topics.borrow_mut();
                let Some(topic) = topics.get_mut(&self.topic) else { return };
                topic.listeners.retain(|(number, _)| *number != self.number);
                if topic.listeners.is_empty() {
                    topics.remove(&self.topic);
                    line.send(&json!({ "op": "unsubscribe", "topic": self.topic }).to_string());
                }
            });
        }
    }

    impl Line {
        fn send(&self, text: &str) {
            if let Some(socket) = self.socket.borrow().as_ref().filter(|s| s.ready_state() == WebSocket::OPEN) {
                let _ = socket.send_with_str(text);
            }
        }

        fn ask(&self, topic: &str) {
            let after = self.topics.borrow().get(topic).and_then(|t| t.after.clone());
            self.send(&json!({ "op": "subscribe", "topic": topic, "after": after }).to_string());
        }

        fn open(self: &Rc<Self>) {
            if self.socket.borrow().is_some() || self.is_waiting.get() || self.topics.borrow().is_empty() {
                return;
            }
            let Some(location) = web_sys::window().map(|w| w.location()) else { return };
            let (Ok(protocol), Ok(host)) = (location.protocol(), location.host()) else { return };
            let scheme = if protocol == "https:" { "wss" } else { "ws" };
            let Ok(socket) = WebSocket::new(&format!("{scheme}://{host}/api/v1/live")) else { return };
            self.on(&socket, "open", |line, _| {
                line.wait_ms.set(0);
                let topics: Vec<String> = line.topics.borrow().keys().cloned().collect();
                topics.iter().for_each(|topic| line.ask(topic));
            });
            self.on(&socket, "message", |line, event| {
                if let Some(text) = event.dyn_ref::<MessageEvent>().and_then(|e| e.data().as_string()) {
                    line.hear(&text);
                }
            });
            self.on(&socket, "close", |line, _| line.come_back());
            *self.socket.borrow_mut() = Some(socket);
        }

        fn on(self: &Rc<Self>, socket: &WebSocket, name: &str, act: impl Fn(&Rc<Self>, web_sys::Event) + 'static) {
            let line = self.clone();
            let closure = Closure::<dyn Fn(web_sys::Event)>::new(move |event| act(&line, event));
            let _ = socket.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
            closure.forget();
        }

        fn hear(&self, text: &str) {
            let Ok(heard) = serde_json::from_str::<Heard>(text) else { return };
            let Some(topic) = heard.topic else { return };
            let told = match (heard.op.as_str(), heard.kind, heard.cursor) {
                ("event", Some(kind), Some(cursor)) => {
                    let is_old = self.topics.borrow().get(&topic).is_some_and(|t| t.after.as_ref().is_some_and(|after| *after > cursor));
                    if is_old {
                        return;
                    }
                    self.reach(&topic, cursor.clone());
                    Told::News(News { kind, data: heard.data, cursor })
                }
                ("subscribed", _, Some(cursor)) => return self.reach(&topic, cursor),
                ("reload", _, _) => Told::Reload,
                _ => return,
            };
            let listeners: Vec<Tell> =
                self.topics.borrow().get(&topic).map(|t| t.listeners.iter().map(|(_, tell)| tell.clone()).collect()).unwrap_or_default();
            listeners.iter().for_each(|tell| tell(told.clone()));
        }

        fn reach(&self, topic: &str, cursor: String) {
            if let Some(entry) = self.topics.borrow_mut().get_mut(topic)
                && entry.after.as_ref().is_none_or(|after| *after < cursor)
            {
                entry.after = Some(cursor);
            }
        }

        /// Half a second, one, two, ... half a minute, somewhat scattered so that a restarted server is not met by everyone at once.
        fn come_back(self: &Rc<Self>) {
            *self.socket.borrow_mut() = None;
            let wait = (self.wait_ms.get() * 2).clamp(FIRST_WAIT_MS, LONGEST_WAIT_MS);
            self.wait_ms.set(wait);
            self.is_waiting.set(true);
            let line = self.clone();
            let again = Closure::once_into_js(move || {
                line.is_waiting.set(false);
                line.open();
            });
            let scattered = wait + (js_sys::Math::random() * f64::from(wait)) as i32;
            let set = web_sys::window()
                .map(|window| window.set_timeout_with_callback_and_timeout_and_arguments_0(again.unchecked_ref(), scattered));
            if !matches!(set, Some(Ok(_))) {
                self.is_waiting.set(false);
            }
        }
    }
}
