//! Listening to what happens, for islands: one socket a page, shared by all of them.
//!
//! The page carries the place in the spine up to which it was drawn (`data-cursor` of its body), and the line keeps it from there: after
//! a lost connection it comes back by itself and gets what it missed, or is told to look again. Where there is no socket to be had,
//! nothing happens and the page stays as it was served. JSON is the browser's own: a parser of ours would weigh more than all of this.

use wasm_bindgen::JsValue;

/// What one frame says.
#[derive(Debug, Clone)]
pub struct News {
    /// Such as `availability-updated`; see `domain::live::types`.
    pub kind: String,
    /// The frame's `data`, as the browser read it.
    pub data: JsValue,
}

impl News {
    /// A text of the data, such as `booking_id`; empty where there is none.
    pub fn text(&self, name: &str) -> String {
        crate::browser::text(&self.data, name)
    }
}

/// What a listener is told.
#[derive(Debug, Clone)]
pub enum Told {
    News(News),
    /// Too much was missed: look again.
    Reload,
    /// The connection is gone and did not come back at once.
    Lost,
    /// It is there again; what was missed comes as news.
    Back,
}

#[cfg(feature = "hydrate")]
pub use browser::listen;

/// On the server nobody listens.
#[cfg(not(feature = "hydrate"))]
pub fn listen(_topics: &[String], _tell: impl Fn(&Told) + 'static) {}

#[cfg(feature = "hydrate")]
mod browser {
    use super::{News, Told};
    use crate::browser::{member, text};
    use js_sys::JSON;
    use std::cell::{Cell, RefCell};
    use std::rc::Rc;
    use wasm_bindgen::prelude::*;
    use web_sys::{Event, MessageEvent, WebSocket};

    const FIRST_WAIT_MS: i32 = 500;
    const LONGEST_WAIT_MS: i32 = 30_000;
    /// One failure is a restart or a tunnel; the second is worth a word.
    const WORTH_A_WORD: u32 = 2;

    type Tell = Rc<dyn Fn(&Told)>;

    struct Topic {
        name: String,
        /// The last cursor applied; empty before the first.
        after: String,
        listeners: Vec<Tell>,
    }

    #[derive(Default)]
    struct Line {
        socket: RefCell<Option<WebSocket>>,
        topics: RefCell<Vec<Topic>>,
        failures: Cell<u32>,
        is_waiting: Cell<bool>,
    }

    thread_local! {
        static LINE: Line = Line::default();
        /// Hears all a socket says; one for all sockets that this page ever opens.
        static EAR: js_sys::Function = Closure::<dyn Fn(Event)>::new(|event: Event| LINE.with(|line| line.attend(&event))).into_js_value().unchecked_into();
        static AGAIN: js_sys::Function = Closure::<dyn Fn()>::new(|| LINE.with(Line::retry)).into_js_value().unchecked_into();
    }

    /// Listens for the life of the page.
    pub fn listen(topics: &[String], tell: impl Fn(&Told) + 'static) {
        let tell: Tell = Rc::new(tell);
        LINE.with(|line| {
            for name in topics {
                let is_new = {
                    let mut all = line.topics.borrow_mut();
                    match all.iter_mut().find(|topic| topic.name == *name) {
                        Some(topic) => {
                            topic.listeners.push(tell.clone());
                            false
                        }
                        None => {
                            all.push(Topic { name: name.clone(), after: drawn_at(), listeners: vec![tell.clone()] });
                            true
                        }
                    }
                };
                if is_new {
                    line.ask(name);
                }
            }
            line.open();
        });
    }

    /// The place up to which the server drew this page.
    fn drawn_at() -> String {
        let body = web_sys::window().and_then(|window| window.document()).and_then(|document| document.body());
        body.and_then(|body| body.get_attribute("data-cursor")).unwrap_or_default()
    }

    impl Line {
        fn ask(&self, topic: &str) {
            let socket = self.socket.borrow();
            let Some(socket) = socket.as_ref().filter(|socket| socket.ready_state() == WebSocket::OPEN) else { return };
            let after = self.topics.borrow().iter().find(|it| it.name == topic).map(|it| it.after.clone()).unwrap_or_default();
            // Neither a topic nor a cursor holds anything that JSON would have to escape.
            let _ = socket.send_with_str(&["{\"op\":\"subscribe\",\"topic\":\"", topic, "\",\"after\":\"", &after, "\"}"].concat());
        }

        fn open(&self) {
            if self.socket.borrow().is_some() || self.is_waiting.get() {
                return;
            }
            let Some(location) = web_sys::window().map(|window| window.location()) else { return };
            let Ok(origin) = location.origin() else { return };
            // http becomes ws, https becomes wss.
            let Ok(socket) = WebSocket::new(&["ws", origin.strip_prefix("http").unwrap_or_default(), "/api/v1/live"].concat()) else {
                return;
            };
            EAR.with(|ear| {
                socket.set_onopen(Some(ear));
                socket.set_onmessage(Some(ear));
                socket.set_onclose(Some(ear));
            });
            *self.socket.borrow_mut() = Some(socket);
        }

        fn attend(&self, event: &Event) {
            match event.type_().as_str() {
                "open" => {
                    if self.failures.replace(0) >= WORTH_A_WORD {
                        self.tell_all(&Told::Back);
                    }
                    let names: Vec<String> = self.topics.borrow().iter().map(|topic| topic.name.clone()).collect();
                    names.iter().for_each(|name| self.ask(name));
                }
                "message" => {
                    if let Some(message) = event.dyn_ref::<MessageEvent>().and_then(|event| event.data().as_string()) {
                        self.hear(&message);
                    }
                }
                _ => self.come_back(),
            }
        }

        fn hear(&self, message: &str) {
            let Ok(frame) = JSON::parse(message) else { return };
            let (op, name, cursor) = (text(&frame, "op"), text(&frame, "topic"), text(&frame, "cursor"));
            let told = match op.as_str() {
                "event" => Told::News(News { kind: text(&frame, "type"), data: member(&frame, "data") }),
                "reload" => Told::Reload,
                "subscribed" => {
                    self.reach(&name, cursor);
                    return;
                }
                _ => return,
            };
            for tell in self.reach(&name, cursor) {
                tell(&told);
            }
        }

        /// Moves a topic's place on, and answers who listens to it; nobody where the news is old. Several frames share one cursor.
        fn reach(&self, name: &str, cursor: String) -> Vec<Tell> {
            let mut topics = self.topics.borrow_mut();
            let Some(topic) = topics.iter_mut().find(|topic| topic.name == name) else { return Vec::new() };
            if !cursor.is_empty() {
                if cursor < topic.after {
                    return Vec::new();
                }
                topic.after = cursor;
            }
            topic.listeners.clone()
        }

        fn tell_all(&self, told: &Told) {
            // One island that listens to two topics hears it once.
            let mut all: Vec<Tell> = Vec::new();
            for tell in self.topics.borrow().iter().flat_map(|topic| &topic.listeners) {
                if !all.iter().any(|known| Rc::ptr_eq(known, tell)) {
                    all.push(tell.clone());
                }
            }
            all.iter().for_each(|tell| tell(told));
        }

        /// After half a second, one, two, ... half a minute, scattered so that a restarted server is not met by everyone at once.
        fn come_back(&self) {
            *self.socket.borrow_mut() = None;
            let failures = self.failures.get() + 1;
            self.failures.set(failures);
            if failures == WORTH_A_WORD {
                self.tell_all(&Told::Lost);
            }
            let wait = (FIRST_WAIT_MS << (failures - 1).min(6)).min(LONGEST_WAIT_MS);
            let scattered = wait + (js_sys::Math::random() * f64::from(wait)) as i32;
            let Some(window) = web_sys::window() else { return };
            let is_set = AGAIN.with(|again| window.set_timeout_with_callback_and_timeout_and_arguments_0(again, scattered)).is_ok();
            self.is_waiting.set(is_set);
        }

        fn retry(&self) {
            self.is_waiting.set(false);
            self.open();
        }
    }
}
