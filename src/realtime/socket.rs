//! One socket: frames out, a few requests in, a heartbeat, and an end when its peer falls silent, or its session or token ends.

use super::asked::{self, Asked, Since};
use super::hub::{Delivery, Hub, News, Reader, text};
use super::pace::Pace;
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
use domain::live::{Missed, Topic, list_missed, look_again, require_topic};
use futures::SinkExt;
use http::HeaderMap;
use serde_json::{Value, json};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const MOST_BYTES: usize = 64 * 1024;
const MOST_TOPICS: usize = 50;
/// A peer that does not take a frame for so long is gone.
const SEND_TIME: Duration = Duration::from_secs(10);
/// For our last words to arrive.
const FAREWELL: Duration = Duration::from_secs(2);

pub async fn open(State(state): State<AppState>, Caller(ctx): Caller, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    if !origin::is_own(&headers, &state.config.base_url) {
        return failed(Error::Forbidden);
    }
    let Some(reader) = state.hub.join(ctx.account_id()) else {
        return failed(Error::Unavailable { retry_after_s: 10 });
    };
    let (hub, config) = (state.hub.clone(), state.config.clone());
    let unopened = (hub.clone(), reader.clone());
    upgrade
        // The defaults of 128 KiB each would cost a gigabyte at ten thousand sockets. What comes in is a line; more is taken in pieces.
        .read_buffer_size(256)
        .write_buffer_size(1024)
        .max_write_buffer_size(MOST_BYTES * 4)
        .max_message_size(MOST_BYTES)
        .max_frame_size(MOST_BYTES)
        .on_failed_upgrade(move |_| unopened.0.leave(&unopened.1, []))
        .on_upgrade(move |socket| {
            // In a task of its own: the one that waited for the upgrade would keep the room for that as long as it lives.
            tokio::spawn(Attended::new(socket, ctx, hub, reader, config).attend());
            std::future::ready(())
        })
}

struct Attended {
    socket: WebSocket,
    ctx: Ctx,
    hub: Arc<Hub>,
    reader: Arc<Reader>,
    /// Up to where each topic was replayed on subscribing: what is still delivered of that is skipped. A list, since most have one.
    topics: Vec<(Topic, Option<Cursor>)>,
    config: Arc<Config>,
    heard_at: Instant,
    /// When the next heartbeat is due.
    beat_at: Instant,
    pace: Pace,
}

/// Break: the socket is to be closed.
type Flow = ControlFlow<()>;

impl Attended {
    fn new(socket: WebSocket, ctx: Ctx, hub: Arc<Hub>, reader: Arc<Reader>, config: Arc<Config>) -> Box<Self> {
        let now = Instant::now();
        let beat_at = now + config.live_heartbeat;
        Box::new(Self { socket, ctx, hub, reader, topics: Vec::new(), config, heard_at: now, beat_at, pace: Pace::new(now) })
    }

    async fn attend(mut self: Box<Self>) {
        self.listen().await;
        self.hub.leave(&self.reader, self.topics.iter().map(|(topic, _)| *topic));
    }

    async fn listen(&mut self) {
        let (closing, reader) = (self.hub.closing.clone(), self.reader.clone());
        let mut closed = std::pin::pin!(closing.cancelled());
        let mut alarm = std::pin::pin!(tokio::time::sleep_until(self.next_look()));
        loop {
            // An idle socket is this future and its buffers: what happens is boxed, so that nobody keeps room for it.
            let flow = tokio::select! {
                biased;
                () = closed.as_mut() => {
                    Box::pin(self.close(close_code::AWAY, "the server is restarting")).await;
                    ControlFlow::Break(())
                }
                news = reader.news() => Box::pin(self.tell(news)).await,
                // Before the clock: whoever had to wait for us was not silent.
                received = self.socket.recv() => Box::pin(self.hear(received)).await,
                () = alarm.as_mut() => {
                    let flow = Box::pin(self.look_at_the_clock()).await;
                    alarm.as_mut().reset(self.next_look());
                    flow
                }
            };
            if flow.is_break() {
                return;
            }
        }
    }

    /// The next moment at which something is due, unless the peer is heard before. Whatever is heard only puts it off, so the alarm that is set
    /// may come too early, and never too late.
    fn next_look(&self) -> Instant {
        let next = self.beat_at.min(self.heard_at + self.config.live_silence);
        match self.ctx.token() {
            Some(token) => {
                let left = (token.expires_at - self.ctx.now()).max(1) as u64;
                next.min(Instant::now() + Duration::from_millis(left))
            }
            None => next,
        }
    }

    async fn look_at_the_clock(&mut self) -> Flow {
        let now = Instant::now();
        if now >= self.heard_at + self.config.live_silence {
            return ControlFlow::Break(());
        }
        if self.ctx.token().is_some_and(|token| token.expires_at <= self.ctx.now()) {
            return self.end_session().await;
        }
        if now >= self.beat_at {
            self.beat_at = now + self.config.live_heartbeat;
            return self.send(Message::Ping(bytes::Bytes::new())).await;
        }
        ControlFlow::Continue(())
    }

    async fn tell(&mut self, news: News) -> Flow {
        if news.is_in_doubt {
            Box::pin(self.check_session()).await?;
        }
        if news.is_behind { self.reload_all().await } else { self.pass_on(news.deliveries).await }
    }

    async fn hear(&mut self, received: Option<Result<Message, axum::Error>>) -> Flow {
        self.heard_at = Instant::now();
        let is_too_fast = self.pace.is_too_fast(self.heard_at);
        match received {
            Some(Ok(Message::Close(_))) | None => ControlFlow::Break(()),
            Some(Err(error)) => self.give_up(error).await,
            // Each ping is answered, so pings cost as much as anything.
            Some(Ok(_)) if is_too_fast => self.refuse("too_many_frames", "see the error").await,
            Some(Ok(Message::Text(text))) => self.answer(&text).await,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => ControlFlow::Continue(()),
            Some(Ok(Message::Binary(_))) => self.refuse("malformed", "see the error").await,
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
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
    }
    async fn refuse(&mut self, code: &str, reason: &'static str) -> Flow {
        let _ = self.error(code, None).await;
        self.close(close_code::POLICY, reason).await;
        ControlFlow::Break(())
    }
    /// What failed on our side is tried again by a socket of its own.
    async fn fail(&mut self, error: Error, topic: Option<&str>) -> Flow {
        let _ = self.error(error.code(), topic).await;
        ControlFlow::Break(())
    }
    async fn end_session(&mut self) -> Flow {
        self.refuse("session_ended", "the session has ended").await
    }
    /// After such an error nothing more can be read: a peer that broke the protocol is told which rule it was, one that is gone is let go.
    async fn give_up(&mut self, error: axum::Error) -> Flow {
        use tungstenite::Error;
        let (code, reason) = match error.into_inner().downcast_ref::<Error>() {
            Some(Error::Capacity(_)) => (close_code::SIZE, "a frame holds at most 64 KiB"),
            Some(Error::Utf8(_)) => (close_code::INVALID, "text is UTF-8"),
            Some(Error::Protocol(_)) => (close_code::PROTOCOL, "see RFC 6455"),
            _ => return ControlFlow::Break(()),
        };
        self.send(Message::Close(Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) }))).await?;
        // What it still sends stays unread, and a line that is cut off with something unread is reset at once, which would overtake our last words.
        tokio::time::sleep(FAREWELL).await;
        ControlFlow::Break(())
    }

    /// All that waits goes out together: handing something to the kernel costs several times what a frame costs, so that a node which has fallen
    /// behind catches up by itself.
    async fn pass_on(&mut self, deliveries: Vec<Arc<Delivery>>) -> Flow {
        let (topics, socket) = (&self.topics, &mut self.socket);
        let sending = async {
            for delivery in deliveries {
                let listens = topics.iter().find(|(topic, _)| *topic == delivery.topic);
                if listens.is_some_and(|(_, replayed)| replayed.is_none_or(|until| delivery.cursor > until)) {
                    socket.feed(Message::Text(delivery.text.clone())).await?;
                }
            }
            socket.flush().await
        };
        match tokio::time::timeout(SEND_TIME, sending).await {
            Ok(Ok(())) => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    }

    /// Something was dropped, so every topic is to be fetched again.
    async fn reload_all(&mut self) -> Flow {
        for at in 0..self.topics.len() {
            let name = self.topics[at].0.to_string();
            self.say(json!({ "op": "reload", "topic": name })).await?;
        }
        ControlFlow::Continue(())
    }

    /// Who listens is read again, and each topic asked for as if it were subscribed to now. What is refused is told no more of.
    async fn check_session(&mut self) -> Flow {
        match look_again(&self.ctx).await {
            Ok(Some(ctx)) => self.ctx = ctx,
            Ok(None) => return self.end_session().await,
            Err(error) => return self.fail(error, None).await,
        }
        let topics: Vec<Topic> = self.topics.iter().map(|(topic, _)| *topic).collect();
        for topic in topics {
            match require_topic(&self.ctx, topic).await {
                Ok(()) => {}
                Err(error @ (Error::Unauthenticated | Error::Forbidden | Error::NotFound)) => {
                    self.forget(topic);
                    self.error(error.code(), Some(&topic.to_string())).await?;
                }
                Err(error) => return self.fail(error, Some(&topic.to_string())).await,
            }
        }
        ControlFlow::Continue(())
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
        self.forget(topic);
        self.say(json!({ "op": "unsubscribed", "topic": topic.to_string() })).await
    }

    fn forget(&mut self, topic: Topic) {
        if let Some(at) = self.place_of(topic) {
            self.topics.swap_remove(at);
            self.hub.unsubscribe(&self.reader, topic);
        }
    }

    fn place_of(&self, topic: Topic) -> Option<usize> {
        self.topics.iter().position(|(known, _)| *known == topic)
    }

    /// Listens first and looks back second, so that nothing falls between; what comes twice is skipped by its cursor.
    async fn subscribe(&mut self, topic: Topic, since: Since) -> Flow {
        let name = topic.to_string();
        let at = match self.place_of(topic) {
            Some(at) => at,
            None => {
                if self.topics.len() >= MOST_TOPICS {
                    return self.error("too_many_topics", Some(&name)).await;
                }
                if let Err(error) = require_topic(&self.ctx, topic).await {
                    return self.error(error.code(), Some(&name)).await;
                }
                self.hub.subscribe(&self.reader, topic);
                self.topics.reserve_exact(1);
                self.topics.push((topic, None));
                self.topics.len() - 1
            }
        };
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
                    self.topics[at].1 = Some(last);
                    reached = position.map_or(Some(last), |position| Some(position.max(last)));
                }
                Ok(Missed::Reload) => return self.reload(topic, reached).await,
                Err(error) => return self.fail(error, Some(&name)).await,
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
