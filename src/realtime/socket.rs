//! One socket: frames out, a few requests in, a heartbeat, and an end when the session ends.

use super::asked::{self, Asked, Since};
use super::hub::{Delivery, Hub, Reader, text};
use crate::config::Config;
use crate::layers::failure::failed;
use crate::layers::origin;
use crate::state::AppState;
use crate::web::caller::Caller;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use domain::ctx::Ctx;
use domain::error::Error;
use domain::event::Cursor;
use domain::live::{Missed, Topic, is_alive, list_missed, require_topic};
use futures::SinkExt;
use http::HeaderMap;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

const MOST_BYTES: usize = 64 * 1024;
const MOST_TOPICS: usize = 50;
const MOST_FRAMES_PER_S: u32 = 20;
/// A peer that does not take a frame for so long is gone.
const SEND_TIME: Duration = Duration::from_secs(10);

pub async fn open(State(state): State<AppState>, Caller(ctx): Caller, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    if !origin::is_own(&headers, &state.config.base_url) {
        return failed(Error::Forbidden);
    }
    let Some((reader, queue)) = state.hub.join(ctx.account_id()) else {
        return failed(Error::Unavailable { retry_after_s: 10 });
    };
    let (hub, config) = (state.hub.clone(), state.config.clone());
    let unopened = (hub.clone(), reader.clone());
    upgrade
        // The defaults of 128 KiB each would cost a gigabyte at ten thousand sockets.
        .read_buffer_size(1024)
        .write_buffer_size(1024)
        .max_write_buffer_size(MOST_BYTES * 4)
        .max_message_size(MOST_BYTES)
        .max_frame_size(MOST_BYTES)
        .on_failed_upgrade(move |_| unopened.0.leave(&unopened.1, []))
        .on_upgrade(move |socket| async move {
            let mut attended = Attended { socket, ctx, hub, reader, topics: HashMap::new(), config };
            attended.run(queue).await;
            attended.hub.leave(&attended.reader, attended.topics.into_keys());
        })
}

struct Attended {
    socket: WebSocket,
    ctx: Ctx,
    hub: Arc<Hub>,
    reader: Arc<Reader>,
    /// Up to where each topic was replayed on subscribing: what the queue still holds of that is skipped.
    topics: HashMap<Topic, Option<Cursor>>,
    config: Arc<Config>,
}

/// Break: the socket is to be closed.
type Flow = ControlFlow<()>;

impl Attended {
    async fn run(&mut self, mut queue: mpsc::Receiver<Arc<Delivery>>) {
        let closing = self.hub.closing.clone();
        let (every, silence) = (self.config.live_heartbeat, self.config.live_silence);
        let mut heartbeat = tokio::time::interval_at(Instant::now() + every, every);
        let mut heard_at = Instant::now();
        let mut second = (Instant::now(), 0_u32);
        let reader = self.reader.clone();
        loop {
            // An idle socket is this future and its buffers: what happens seldom is boxed, so that nobody keeps room for it.
            let flow = tokio::select! {
                biased;
                () = closing.cancelled() => {
                    Box::pin(self.close(close_code::AWAY, "the server is restarting")).await;
                    ControlFlow::Break(())
                }
                () = reader.doubt.notified() => Box::pin(self.check_session()).await,
                Some(delivery) = queue.recv() => self.pass_on(delivery, &mut queue).await,
                _ = heartbeat.tick() => {
                    if heard_at.elapsed() > silence { ControlFlow::Break(()) } else { self.send(Message::Ping(bytes::Bytes::new())).await }
                }
                received = self.socket.recv() => {
                    heard_at = Instant::now();
                    if second.0.elapsed() >= Duration::from_secs(1) {
                        second = (heard_at, 0);
                    }
                    second.1 += 1;
                    match received {
                        Some(Ok(Message::Text(text))) if second.1 <= MOST_FRAMES_PER_S => Box::pin(self.answer(&text)).await,
                        // Each ping is answered, so pings cost as much as anything.
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) if second.1 <= MOST_FRAMES_PER_S => ControlFlow::Continue(()),
                        Some(Ok(Message::Text(_) | Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => {
                            let code = if second.1 > MOST_FRAMES_PER_S { "too_many_frames" } else { "malformed" };
                            let _ = Box::pin(self.error(code, None)).await;
                            Box::pin(self.close(close_code::POLICY, "see the error")).await;
                            ControlFlow::Break(())
                        }
                        Some(Ok(Message::Close(_)) | Err(_)) | None => ControlFlow::Break(()),
                    }
                }
            };
            if flow.is_break() {
                return;
            }
            if self.reader.is_behind.load(Ordering::Acquire) && Box::pin(self.catch_up(&mut queue)).await.is_break() {
                return;
            }
        }
    }

    async fn send(&mut self, message: Message) -> Flow {
        match tokio::time::timeout(SEND_TIME, self.socket.send(message)).await {
            Ok(Ok(())) => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    }
    async fn say(&mut self, value: Value) -> Flow {
        self.send(Message::Text(value.to_string().into())).await
    }
    async fn error(&mut self, code: &str, topic: Option<&str>) -> Flow {
        self.say(json!({ "op": "error", "code": code, "topic": topic })).await
    }
    async fn close(&mut self, code: u16, reason: &'static str) {
        let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
        let _ = tokio::time::timeout(Duration::from_secs(1), self.socket.send(Message::Close(Some(frame)))).await;
        // What the peer still sends is taken in, or the reset that answers it would overtake our last words.
        let farewell = async { while let Some(Ok(_)) = self.socket.recv().await {} };
        let _ = tokio::time::timeout(Duration::from_secs(2), farewell).await;
    }

    /// All that waits goes out together: handing something to the kernel costs several times what a frame costs, so that a node which has fallen
    /// behind catches up by itself.
    async fn pass_on(&mut self, first: Arc<Delivery>, queue: &mut mpsc::Receiver<Arc<Delivery>>) -> Flow {
        let (topics, socket) = (&self.topics, &mut self.socket);
        let sending = async {
            let mut next = Some(first);
            while let Some(delivery) = next {
                let replayed = topics.get(&delivery.topic);
                if replayed.is_some_and(|replayed| replayed.is_none_or(|until| delivery.cursor > until)) {
                    socket.feed(Message::Text(delivery.text.clone())).await?;
                }
                next = queue.try_recv().ok();
            }
            socket.flush().await
        };
        match tokio::time::timeout(SEND_TIME, sending).await {
            Ok(Ok(())) => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    }

    /// Something was dropped: what is queued is worthless without it, so every topic is fetched again.
    async fn catch_up(&mut self, queue: &mut mpsc::Receiver<Arc<Delivery>>) -> Flow {
        self.reader.is_behind.store(false, Ordering::Release);
        while queue.try_recv().is_ok() {}
        for topic in self.topics.keys().copied().collect::<Vec<_>>() {
            self.say(json!({ "op": "reload", "topic": topic.to_string() })).await?;
        }
        ControlFlow::Continue(())
    }

    async fn check_session(&mut self) -> Flow {
        match is_alive(&self.ctx).await {
            Ok(false) => {
                let _ = self.error("session_ended", None).await;
                self.close(close_code::POLICY, "the session has ended").await;
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        }
    }

    async fn answer(&mut self, text: &str) -> Flow {
        match asked::read(text, self.ctx.account_id()) {
            Ok(Asked::Ping) => self.say(json!({ "op": "pong" })).await,
            Ok(Asked::Subscribe(topic, since)) => self.subscribe(topic, since).await,
            Ok(Asked::Unsubscribe(topic)) => self.unsubscribe(topic).await,
            Err(misread) => self.error(misread.code, misread.topic.as_deref()).await,
        }
    }

    async fn unsubscribe(&mut self, topic: Topic) -> Flow {
        if self.topics.remove(&topic).is_some() {
            self.hub.unsubscribe(&self.reader, topic);
        }
        self.say(json!({ "op": "unsubscribed", "topic": topic.to_string() })).await
    }

    /// Listens first and looks back second, so that nothing falls between; what comes twice is skipped by its cursor.
    async fn subscribe(&mut self, topic: Topic, since: Since) -> Flow {
        let name = topic.to_string();
        if !self.topics.contains_key(&topic) {
            if self.topics.len() >= MOST_TOPICS {
                return self.error("too_many_topics", Some(&name)).await;
            }
            if let Err(error) = require_topic(&self.ctx, topic).await {
                return self.error(error.code(), Some(&name)).await;
            }
            self.hub.subscribe(&self.reader, topic);
            self.topics.insert(topic, None);
        }
        let position = self.hub.position();
        let mut reached = position;
        match since {
            Since::Now => {}
            Since::Unknown => return self.reload(topic, reached).await,
            Since::After(after) => match list_missed(&self.ctx, topic, after).await {
                Ok(Missed::Frames(frames)) => {
                    for (cursor, frame) in &frames {
                        self.send(Message::Text(text(*cursor, frame))).await?;
                    }
                    let last = frames.last().map_or(after, |(cursor, _)| *cursor);
                    self.topics.insert(topic, Some(last));
                    reached = position.map_or(Some(last), |position| Some(position.max(last)));
                }
                Ok(Missed::Reload) => return self.reload(topic, reached).await,
                Err(error) => {
                    let _ = self.error(error.code(), Some(&name)).await;
                    return ControlFlow::Break(());
                }
            },
        }
        self.say(json!({ "op": "subscribed", "topic": name, "cursor": reached.map(|c| c.to_string()) })).await
    }

    async fn reload(&mut self, topic: Topic, reached: Option<Cursor>) -> Flow {
        let name = topic.to_string();
        self.say(json!({ "op": "subscribed", "topic": name, "cursor": reached.map(|c| c.to_string()) })).await?;
        self.say(json!({ "op": "reload", "topic": name })).await
    }
}
