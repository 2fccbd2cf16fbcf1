//! Couriers take frames from the relay to the lines, so that it waits for none of them: one for each core, each with lines of its own, which
//! therefore hear everything in order. What has come in during a round goes out together in the next.

use super::line::Line;
use super::round::{Letter, Round};
use domain::live::Topic;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedReceiver;

/// Lines in a row before others have their turn; each is a call of the kernel.
const BREATH: usize = 128;
/// What is taken along in one round: a line that takes its time should not have to take it all at once.
const MOST_LETTERS: usize = 128;
const MOST_BYTES: usize = 64 * 1024;
const MOST_ORDERS: usize = 1_024;

pub enum Order {
    Listen(Topic, Arc<Line>),
    Forget(Topic, Arc<Line>),
    /// In the order of their cursors.
    Carry(Vec<Arc<Letter>>),
    /// Nothing that came before means anything: everyone fetches again.
    Reload,
}

/// Until the hub is gone.
pub async fn run(mut orders: UnboundedReceiver<Order>) {
    let mut courier = Courier::default();
    let mut waiting = Vec::new();
    while orders.recv_many(&mut waiting, MOST_ORDERS).await > 0 {
        // First all about who listens: what they know already they skip by its cursor, what they left they no longer want.
        waiting.drain(..).for_each(|order| courier.obey(order));
        courier.deliver().await;
    }
}

#[derive(Default)]
struct Courier {
    topics: HashMap<Topic, Vec<Arc<Line>>>,
    /// To be delivered.
    letters: Vec<Arc<Letter>>,
    rounds: u64,
}

impl Courier {
    fn obey(&mut self, order: Order) {
        match order {
            Order::Listen(topic, line) => self.topics.entry(topic).or_default().push(line),
            Order::Forget(topic, line) => self.forget(topic, &line),
            Order::Carry(letters) => self.letters.extend(letters),
            Order::Reload => {
                self.letters.clear();
                self.topics.values().flatten().for_each(|line| line.fall_behind());
            }
        }
    }

    fn forget(&mut self, topic: Topic, line: &Arc<Line>) {
        if let Some(lines) = self.topics.get_mut(&topic) {
            lines.retain(|other| !Arc::ptr_eq(other, line));
            if lines.is_empty() {
                self.topics.remove(&topic);
            }
        }
    }

    async fn deliver(&mut self) {
        let mut bytes = 0;
        let mut taken = Vec::new();
        for letter in std::mem::take(&mut self.letters) {
            bytes += letter.bytes.len();
            taken.push(letter);
            if taken.len() >= MOST_LETTERS || bytes >= MOST_BYTES {
                bytes = 0;
                self.go_round(std::mem::take(&mut taken)).await;
            }
        }
        if !taken.is_empty() {
            self.go_round(taken).await;
        }
    }

    async fn go_round(&mut self, letters: Vec<Arc<Letter>>) {
        self.rounds += 1;
        let round = Round::new(self.rounds, letters);
        let (mut breath, mut frames) = (BREATH, 0);
        for parcel in &round.parcels {
            let Some(lines) = self.topics.get(&parcel.topic) else { continue };
            for line in lines {
                if breath == 0 {
                    breath = BREATH;
                    tokio::task::yield_now().await;
                }
                breath -= 1;
                frames += line.carry(&round);
            }
        }
        metrics::counter!("live_frames").increment(frames as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realtime::line::tests::{heard, pair};
    use crate::realtime::round::tests::{letter, topic};
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpStream;
    use tokio::sync::mpsc::unbounded_channel;

    /// Carries out the orders and what follows from them.
    async fn obeyed(orders: Vec<Order>) {
        let (sender, receiver) = unbounded_channel();
        for order in orders {
            assert!(sender.send(order).is_ok());
        }
        drop(sender);
        run(receiver).await;
    }

    async fn listening(topics: &[u128]) -> (Vec<Order>, Arc<Line>, TcpStream) {
        let (line, peer) = pair(0).await;
        let orders = topics.iter().map(|&number| {
            line.listen(topic(number), None);
            Order::Listen(topic(number), line.clone())
        });
        (orders.collect(), line, peer)
    }

    #[tokio::test]
    async fn everyone_hears_their_topics_in_order_and_once() {
        let (mut orders, _one, mut one_peer) = listening(&[1]).await;
        let (more, _both, mut both_peer) = listening(&[1, 2]).await;
        orders.extend(more);
        orders.push(Order::Carry(vec![letter(1, 1), letter(2, 2)]));
        orders.push(Order::Carry(vec![letter(3, 3)]));
        orders.push(Order::Carry(vec![letter(1, 4), letter(2, 5)]));
        obeyed(orders).await;
        heard(&mut one_peer, "a1 a4 ").await;
        heard(&mut both_peer, "a1 b2 a4 b5 ").await;
    }

    #[tokio::test]
    async fn more_than_a_round_takes_goes_in_several() {
        let (mut orders, _line, mut peer) = listening(&[1]).await;
        let numbers = 1..=MOST_LETTERS as i64 * 2 + 3;
        orders.extend(numbers.clone().map(|number| Order::Carry(vec![letter(1, number)])));
        obeyed(orders).await;
        let expected: String = numbers.map(|number| format!("a{number} ")).collect();
        heard(&mut peer, &expected).await;
    }

    #[tokio::test]
    async fn who_left_hears_nothing_and_who_stays_does() {
        let (mut orders, gone, mut gone_peer) = listening(&[1]).await;
        let (more, _line, mut peer) = listening(&[1]).await;
        orders.extend(more);
        assert!(gone.forget(topic(1)));
        orders.extend([Order::Forget(topic(1), gone), Order::Carry(vec![letter(1, 1)])]);
        obeyed(orders).await;
        heard(&mut peer, "a1 ").await;
        // Nobody keeps the line, so it has an end.
        let mut all = Vec::new();
        gone_peer.read_to_end(&mut all).await.expect("hears");
        assert_eq!(all, b"");
    }

    #[tokio::test]
    async fn after_a_reload_nothing_older_is_told() {
        let (mut orders, line, mut peer) = listening(&[1]).await;
        orders.extend([Order::Carry(vec![letter(1, 1)]), Order::Reload, Order::Carry(vec![letter(1, 2)])]);
        obeyed(orders).await;
        line.called().await;
        line.confess(|_| "reload ".into());
        heard(&mut peer, "reload ").await;
    }
}
