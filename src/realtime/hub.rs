//! Who listens to what on this node, and how far it has been told. Delivering never waits: couriers bring frames to the lines, and a line that does
//! not take them is told to fetch again.

use super::courier::{self, Order};
use super::line::{Line, lock};
use super::round::Letter;
use domain::error::{Error, Result};
use domain::event::{Cursor, Event, EventKind};
use domain::id::AccountId;
use domain::live::{Frame, Topic, frames};
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

/// Sockets of this node.
const MOST_SOCKETS: usize = 25_000;
/// For a socket that found no room.
const RETRY_AFTER_S: u64 = 10;
/// Beyond that the database is slower than they are.
const MOST_COURIERS: usize = 16;

#[derive(Default)]
pub struct Hub {
    board: Mutex<Board>,
    accounts: Mutex<HashMap<AccountId, Vec<Arc<Line>>>>,
    sockets: AtomicUsize,
    /// How many of them each has.
    shares: Mutex<HashMap<Arc<str>, usize>>,
    /// Ever.
    joined: AtomicUsize,
    /// Cancelled when the node goes: sockets say so and close.
    pub closing: CancellationToken,
}

/// Whose a socket is, for counting, and how many they may have open on one node.
#[derive(Debug, Clone)]
pub struct Share {
    pub whose: Arc<str>,
    pub most: usize,
}

/// In one piece, so that whoever comes is told each frame or a place behind it, and never neither.
#[derive(Default)]
struct Board {
    position: Option<Cursor>,
    /// From when somebody listens.
    couriers: Vec<Courier>,
}

struct Courier {
    orders: UnboundedSender<Order>,
    /// How many of its lines listen to each topic.
    heard: HashMap<Topic, usize>,
}

impl Courier {
    fn start() -> Self {
        let (orders, received) = unbounded_channel();
        tokio::spawn(courier::run(received));
        Self { orders, heard: HashMap::new() }
    }

    /// It ends with this alone.
    fn order(&self, order: Order) {
        let _ = self.orders.send(order);
    }
}

impl Board {
    fn courier(&mut self, line: &Line) -> &mut Courier {
        if self.couriers.is_empty() {
            let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
            self.couriers.extend((0..cores.min(MOST_COURIERS)).map(|_| Courier::start()));
        }
        let count = self.couriers.len();
        &mut self.couriers[line.number % count]
    }

    fn hand_out(&self, cursor: Cursor, frames: &[Frame]) {
        let is_heard = |frame: &&Frame| self.couriers.iter().any(|courier| courier.heard.contains_key(&frame.topic));
        let letters: Vec<Arc<Letter>> = frames.iter().filter(is_heard).map(|frame| Arc::new(Letter::new(cursor, frame))).collect();
        for courier in &self.couriers {
            let own: Vec<Arc<Letter>> = letters.iter().filter(|letter| courier.heard.contains_key(&letter.topic)).cloned().collect();
            if !own.is_empty() {
                courier.order(Order::Carry(own));
            }
        }
    }
}

impl Hub {
    /// A new socket. Without a share nothing is counted but the node's own.
    ///
    /// # Errors
    /// `TooMany` when they have their share, so that nobody takes the room of all; `Unavailable` when the node is full.
    pub fn join(&self, account: Option<AccountId>, share: Option<Share>) -> Result<Arc<Line>> {
        let whose = share.map(|share| self.take_share(share)).transpose()?;
        if self.sockets.fetch_add(1, Ordering::Relaxed) >= MOST_SOCKETS {
            self.sockets.fetch_sub(1, Ordering::Relaxed);
            crate::metrics::SOCKETS.note(false);
            self.give_share_back(whose.as_ref());
            return Err(Error::Unavailable { retry_after_s: RETRY_AFTER_S });
        }
        crate::metrics::SOCKETS.note(true);
        metrics::gauge!("live_sockets").increment(1.0);
        let line = Arc::new(Line::new(self.joined.fetch_add(1, Ordering::Relaxed), account, whose));
        if let Some(account) = account {
            lock(&self.accounts).entry(account).or_default().push(line.clone());
        }
        Ok(line)
    }

    fn take_share(&self, Share { whose, most }: Share) -> Result<Arc<str>> {
        let mut shares = lock(&self.shares);
        let whose = shares.get_key_value(&whose).map_or(whose, |(known, _)| known.clone());
        let count = shares.entry(whose.clone()).or_default();
        if *count >= most {
            metrics::counter!("limited_requests", "kind" => "sockets").increment(1);
            return Err(Error::TooMany { retry_after_s: RETRY_AFTER_S });
        }
        *count += 1;
        Ok(whose)
    }

    fn give_share_back(&self, whose: Option<&Arc<str>>) {
        let Some(whose) = whose else { return };
        let mut shares = lock(&self.shares);
        if let Some(count) = shares.get_mut(whose) {
            *count -= 1;
            if *count == 0 {
                shares.remove(whose);
            }
        }
    }

    pub fn leave(&self, line: &Arc<Line>) {
        for topic in line.end() {
            self.forget(line, topic);
        }
        if let Some(account) = line.account {
            let mut accounts = lock(&self.accounts);
            if let Some(own) = accounts.get_mut(&account) {
                own.retain(|other| !Arc::ptr_eq(other, line));
                if own.is_empty() {
                    accounts.remove(&account);
                }
            }
        }
        self.give_share_back(line.whose.as_ref());
        self.sockets.fetch_sub(1, Ordering::Relaxed);
        metrics::gauge!("live_sockets").decrement(1.0);
    }

    /// From here on the line is told what comes after the answer. To be called once for a topic.
    pub fn subscribe(&self, line: &Arc<Line>, topic: Topic) -> Option<Cursor> {
        let mut board = lock(&self.board);
        let position = board.position;
        line.listen(topic, position);
        let courier = board.courier(line);
        *courier.heard.entry(topic).or_default() += 1;
        courier.order(Order::Listen(topic, line.clone()));
        position
    }

    pub fn unsubscribe(&self, line: &Arc<Line>, topic: Topic) {
        if line.forget(topic) {
            self.forget(line, topic);
        }
    }

    fn forget(&self, line: &Arc<Line>, topic: Topic) {
        let mut board = lock(&self.board);
        let courier = board.courier(line);
        if let Some(count) = courier.heard.get_mut(&topic) {
            *count -= 1;
            if *count == 0 {
                courier.heard.remove(&topic);
            }
        }
        courier.order(Order::Forget(topic, line.clone()));
    }

    pub fn sockets(&self) -> usize {
        self.sockets.load(Ordering::Relaxed)
    }

    /// Everything up to here has been handed to the couriers; None before the relay has begun.
    pub fn position(&self) -> Option<Cursor> {
        lock(&self.board).position
    }
    pub fn set_position(&self, cursor: Cursor) {
        lock(&self.board).position = Some(cursor);
    }

    /// Hands an event's frames to everyone who listens.
    pub fn deliver(&self, event: &Event) {
        let frames = frames(event);
        let mut board = lock(&self.board);
        board.hand_out(event.cursor, &frames);
        board.position = Some(event.cursor);
        drop(board);
        let is_doubtful = matches!(
            event.kind,
            EventKind::SessionRevoked | EventKind::AccountSuspended | EventKind::AccountRolesChanged | EventKind::ProviderChanged
        );
        if is_doubtful {
            self.doubt(event.account);
        }
    }

    /// What was missed can no longer be told: everyone fetches again.
    pub fn reload_all(&self) {
        lock(&self.board).couriers.iter().for_each(|courier| courier.order(Order::Reload));
    }

    fn doubt(&self, account: Option<AccountId>) {
        let Some(account) = account else { return };
        for line in lock(&self.accounts).get(&account).into_iter().flatten() {
            line.doubt();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realtime::line::tests::{heard, pair};
    use crate::realtime::round::tests::cursor;
    use domain::id::{Id, ProviderId};
    use domain::time::Instant;
    use tokio::net::TcpStream;

    fn event(provider: u128, id: i64) -> Event {
        Event {
            cursor: cursor(id),
            at: Instant::from_millis(0),
            kind: EventKind::AvailabilityChanged,
            booking: None,
            provider: Some(ProviderId::from_u128(provider)),
            account: None,
            actor: None,
            data: serde_json::json!({}),
        }
    }
    fn topic(provider: u128) -> Topic {
        Topic::Availability(ProviderId::from_u128(provider))
    }

    async fn told(peer: &mut TcpStream, events: &[Event]) {
        for event in events {
            for frame in frames(event) {
                heard(peer, Letter::new(event.cursor, &frame).bytes).await;
            }
        }
    }

    #[tokio::test]
    async fn what_was_before_a_subscription_is_its_place_and_what_comes_after_is_told() {
        let hub = Hub::default();
        let (one, mut one_peer) = pair(0).await;
        let (two, mut two_peer) = pair(1).await;
        assert_eq!(hub.subscribe(&one, topic(1)), None);
        hub.deliver(&event(1, 1));
        assert_eq!(hub.subscribe(&two, topic(1)), Some(cursor(1)));
        hub.deliver(&event(1, 2));
        hub.deliver(&event(2, 3));
        hub.deliver(&event(1, 4));
        assert_eq!(hub.position(), Some(cursor(4)));
        told(&mut one_peer, &[event(1, 1), event(1, 2), event(1, 4)]).await;
        told(&mut two_peer, &[event(1, 2), event(1, 4)]).await;
        hub.unsubscribe(&one, topic(1));
        hub.subscribe(&one, topic(2));
        hub.deliver(&event(1, 5));
        hub.deliver(&event(2, 6));
        told(&mut one_peer, &[event(2, 6)]).await;
        told(&mut two_peer, &[event(1, 5)]).await;
    }

    #[tokio::test]
    async fn who_has_gone_leaves_nothing_behind() {
        let hub = Hub::default();
        let account = AccountId::from_u128(7);
        let line = hub.join(Some(account), Some(share("somebody", 1))).expect("there is room");
        hub.subscribe(&line, topic(1));
        hub.subscribe(&line, topic(2));
        hub.leave(&line);
        assert_eq!(hub.sockets(), 0);
        assert!(lock(&hub.accounts).is_empty() && lock(&hub.shares).is_empty());
        assert!(lock(&hub.board).couriers.iter().all(|courier| courier.heard.is_empty()));
        // As soon as the couriers know of it.
        while Arc::strong_count(&line) > 1 {
            tokio::task::yield_now().await;
        }
    }

    fn share(whose: &str, most: usize) -> Share {
        Share { whose: whose.into(), most }
    }

    #[tokio::test]
    async fn nobody_takes_more_than_their_share() {
        let hub = Hub::default();
        let both = [(); 2].map(|()| hub.join(None, Some(share("one", 2))).expect("room"));
        assert_eq!(hub.join(None, Some(share("one", 2))).err().map(|error| error.status()), Some(429));
        hub.join(None, Some(share("other", 2))).expect("room for others");
        hub.leave(&both[0]);
        hub.join(None, Some(share("one", 2))).expect("room again");
        assert_eq!(hub.sockets(), 3);
    }

    #[tokio::test]
    async fn everyone_of_an_account_is_doubted() {
        let hub = Hub::default();
        let account = AccountId::from_u128(7);
        let lines = [hub.join(Some(account), None).expect("room"), hub.join(Some(account), None).expect("room")];
        let other = hub.join(Some(AccountId::from_u128(8)), None).expect("room");
        hub.deliver(&Event { kind: EventKind::SessionRevoked, account: Some(account), ..event(1, 1) });
        assert!(lines.iter().all(|line| line.take_doubt()) && !other.take_doubt());
    }
}
