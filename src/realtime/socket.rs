//! One socket: a few requests in, a heartbeat, and an end when its peer falls silent, or its session or token ends. Frames of topics go past it.

use super::asked::{self, Asked, Since};
use super::ear::Ear;
use super::hub::Hub;
use super::line::Line;
use super::pace::Pace;
use super::round::Letter;
use super::wire;
use crate::config::Config;
use bytes::Bytes;
use domain::ctx::Ctx;
use domain::error::Error as Refused;
use domain::event::Cursor;
use domain::live::{Missed, Topic, list_missed, look_again, require_topic};
use serde_json::{Value, json};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tungstenite::error::{Error, ProtocolError};
use tungstenite::protocol::Message;
use tungstenite::protocol::frame::coding::CloseCode;

const MOST_TOPICS: usize = 50;
/// A peer that does not take what waits for so long is gone.
const SEND_TIME: Duration = Duration::from_secs(10);
/// For our last words to arrive.
const FAREWELL: Duration = Duration::from_secs(2);

/// From the handshake to the end. `begun` is what the peer has said already.
pub fn attend(line: Arc<Line>, begun: &[u8], ctx: Ctx, hub: Arc<Hub>, config: Arc<Config>) -> impl Future<Output = ()> + Send + use<> {
    let now = Instant::now();
    let (ear, beat_at) = (Ear::new(line.clone(), begun), now + config.live_heartbeat);
    Box::new(Attended { ear, line, ctx, hub, config, heard_at: now, beat_at, pace: Pace::new(now) }).attend()
}

struct Attended {
    ear: Ear,
    line: Arc<Line>,
    ctx: Ctx,
    hub: Arc<Hub>,
    config: Arc<Config>,
    heard_at: Instant,
    /// When the next heartbeat is due.
    beat_at: Instant,
    pace: Pace,
}

/// Break: the socket is to be closed.
type Flow = ControlFlow<()>;

impl Attended {
    async fn attend(mut self: Box<Self>) {
        self.listen().await;
        self.hub.leave(&self.line);
    }

    async fn listen(&mut self) {
        let (closing, line) = (self.hub.closing.clone(), self.line.clone());
        let mut closed = std::pin::pin!(closing.cancelled());
        let mut alarm = std::pin::pin!(tokio::time::sleep_until(self.next_look()));
        loop {
            // An idle socket is this future and its buffers: what happens is boxed, so that nobody keeps room for it.
            let flow = tokio::select! {
                biased;
                () = closed.as_mut() => {
                    Box::pin(self.close(CloseCode::Away, "the server is restarting")).await;
                    ControlFlow::Break(())
                }
                () = line.called() => Box::pin(self.settle()).await,
                // Before the clock: whoever had to wait for us was not silent.
                heard = self.ear.hear() => Box::pin(self.hear(heard)).await,
                () = alarm.as_mut() => {
                    let flow = Box::pin(self.look_at_the_clock()).await;
                    alarm.as_mut().reset(self.next_look());
                    flow
                }
            };
            if flow.is_break() {
                return;
            }
            // Whoever keeps us busy does not keep the clock from being heard.
            if self.is_token_over() {
                let _ = Box::pin(self.end_session()).await;
                return;
            }
            line.call_again();
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

    fn is_token_over(&self) -> bool {
        self.ctx.token().is_some_and(|token| token.expires_at <= self.ctx.now())
    }

    async fn look_at_the_clock(&mut self) -> Flow {
        let now = Instant::now();
        if now >= self.heard_at + self.config.live_silence {
            return ControlFlow::Break(());
        }
        if self.is_token_over() {
            return self.end_session().await;
        }
        if now >= self.beat_at {
            self.beat_at = now + self.config.live_heartbeat;
            return self.send(Bytes::from_static(wire::PING)).await;
        }
        ControlFlow::Continue(())
    }

    /// What the line calls for: its session is in doubt, something did not go out at once, or something was dropped.
    async fn settle(&mut self) -> Flow {
        if self.line.take_doubt() {
            Box::pin(self.check_session()).await?;
            self.line.release();
        }
        self.drain().await?;
        self.line.confess(|topic| wire::json(&reload(topic)));
        self.drain().await
    }

    async fn hear(&mut self, heard: Result<Message, Error>) -> Flow {
        self.heard_at = Instant::now();
        let is_too_fast = self.pace.is_too_fast(self.heard_at);
        match heard {
            Ok(Message::Close(_)) => {
                self.line.shut();
                self.ear.part();
                let _ = tokio::time::timeout(Duration::from_secs(1), self.drain()).await;
                ControlFlow::Break(())
            }
            Err(error) => self.give_up(error).await,
            // Each ping is answered, so pings cost as much as anything.
            Ok(_) if is_too_fast => self.refuse("too_many_frames", "see the error").await,
            Ok(Message::Text(text)) => self.answer(&text).await,
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => ControlFlow::Continue(()),
            Ok(Message::Binary(_)) => self.refuse("malformed", "see the error").await,
        }
    }

    async fn send(&mut self, bytes: Bytes) -> Flow {
        self.line.say(&bytes);
        self.drain().await
    }
    async fn drain(&mut self) -> Flow {
        match tokio::time::timeout(SEND_TIME, self.line.drained()).await {
            Ok(Ok(())) => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    }
    async fn say(&mut self, value: Value) -> Flow {
        self.send(wire::json(&value)).await
    }
    async fn error(&mut self, code: &str, topic: Option<&str>) -> Flow {
        self.say(json!({ "op": "error", "code": code, "topic": topic })).await
    }
    async fn close(&mut self, code: CloseCode, reason: &'static str) {
        self.line.shut();
        self.ear.close(code, reason);
        let _ = tokio::time::timeout(Duration::from_secs(1), self.drain()).await;
        // What the peer still sends is taken in, or the reset that answers it would overtake our last words.
        let farewell = async {
            while self.ear.hear().await.is_ok() {
                // However much it sends, the clock is looked at.
                tokio::task::yield_now().await;
            }
        };
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
    }
    async fn refuse(&mut self, code: &str, reason: &'static str) -> Flow {
        self.line.shut();
        let _ = self.error(code, None).await;
        self.close(CloseCode::Policy, reason).await;
        ControlFlow::Break(())
    }
    async fn end_session(&mut self) -> Flow {
        self.refuse("session_ended", "the session has ended").await
    }
    /// After such an error nothing more can be read: a peer that broke the protocol is told which rule it was, one that is gone is let go.
    async fn give_up(&mut self, error: Error) -> Flow {
        let (code, reason) = match error {
            Error::Capacity(_) => (CloseCode::Size, "a frame holds at most 64 KiB"),
            Error::Utf8(_) => (CloseCode::Invalid, "text is UTF-8"),
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => return ControlFlow::Break(()),
            Error::Protocol(_) => (CloseCode::Protocol, "see RFC 6455"),
            _ => return ControlFlow::Break(()),
        };
        self.line.shut();
        self.ear.close(code, reason);
        self.drain().await?;
        // What it still sends stays unread, and a line that is cut off with something unread is reset at once, which would overtake our last words.
        tokio::time::sleep(FAREWELL).await;
        ControlFlow::Break(())
    }

    /// Who listens is read again, and each topic asked for as if it were subscribed to now. What is refused is told no more of.
    async fn check_session(&mut self) -> Flow {
        match look_again(&self.ctx).await {
            Ok(Some(ctx)) => self.ctx = ctx,
            Ok(None) => return self.end_session().await,
            Err(error) => return self.fail(error, None).await,
        }
        for topic in self.line.topics() {
            match require_topic(&self.ctx, topic).await {
                Ok(()) => {}
                Err(error @ (Refused::Unauthenticated | Refused::Forbidden | Refused::NotFound)) => {
                    self.hub.unsubscribe(&self.line, topic);
                    self.error(error.code(), Some(&topic.to_string())).await?;
                }
                Err(error) => return self.fail(error, Some(&topic.to_string())).await,
            }
        }
        ControlFlow::Continue(())
    }

    /// Something of ours went wrong: whoever comes back finds out.
    async fn fail(&mut self, error: Refused, topic: Option<&str>) -> Flow {
        let _ = self.error(error.code(), topic).await;
        ControlFlow::Break(())
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
        self.hub.unsubscribe(&self.line, topic);
        self.say(json!({ "op": "unsubscribed", "topic": topic.to_string() })).await
    }

    /// Listens first and looks back second, so that nothing falls between; what comes twice is skipped by its cursor, what comes meanwhile waits.
    async fn subscribe(&mut self, topic: Topic, since: Since) -> Flow {
        let is_new = !self.line.listens(topic);
        if is_new {
            let name = topic.to_string();
            if self.line.topics().len() >= MOST_TOPICS {
                return self.error("too_many_topics", Some(&name)).await;
            }
            if let Err(error) = require_topic(&self.ctx, topic).await {
                return self.error(error.code(), Some(&name)).await;
            }
        }
        self.line.hold();
        // Whoever listens already may have something on the way that stands before the node's own place: then none is named.
        let position = if is_new { self.hub.subscribe(&self.line, topic) } else { None };
        let flow = self.look_back(topic, since, position).await;
        self.line.release();
        flow
    }

    async fn look_back(&mut self, topic: Topic, since: Since, position: Option<Cursor>) -> Flow {
        let after = match since {
            Since::Now => return self.confirm(topic, position).await,
            Since::Unknown => return self.reload(topic, position).await,
            Since::After(after) => after,
        };
        match list_missed(&self.ctx, topic, after).await {
            Ok(Missed::Frames(frames)) => {
                for (cursor, frame) in &frames {
                    self.send(Letter::new(*cursor, frame).bytes).await?;
                }
                let last = frames.last().map_or(after, |(cursor, _)| *cursor);
                let reached = position.map_or(last, |position| position.max(last));
                self.line.replayed(topic, reached);
                self.confirm(topic, Some(reached)).await
            }
            Ok(Missed::Reload) => self.reload(topic, position).await,
            Err(error) => self.fail(error, Some(&topic.to_string())).await,
        }
    }

    async fn confirm(&mut self, topic: Topic, reached: Option<Cursor>) -> Flow {
        self.say(json!({ "op": "subscribed", "topic": topic.to_string(), "cursor": reached.map(|c| c.to_string()) })).await
    }

    async fn reload(&mut self, topic: Topic, reached: Option<Cursor>) -> Flow {
        self.confirm(topic, reached).await?;
        self.say(reload(topic)).await
    }
}

/// The topic is to be fetched again.
fn reload(topic: Topic) -> Value {
    json!({ "op": "reload", "topic": topic.to_string() })
}
