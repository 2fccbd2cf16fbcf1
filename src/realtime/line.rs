//! A line to one open page, shared by the courier who brings its frames and the task that attends it. Whatever is written goes through here, in
//! whole frames, so that nothing comes between the parts of one. A frame is written where it is delivered; nobody is woken unless it does not go out.

use super::pending::{MOST_FRAMES, Pending, Wire};
use super::round::{Letter, Parcel, Round};
use bytes::Bytes;
use domain::event::Cursor;
use domain::id::AccountId;
use domain::live::Topic;
use std::future::poll_fn;
use std::io::{Error, ErrorKind, IoSlice, Result};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Poll;
use tokio::net::TcpStream;
use tokio::sync::Notify;

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub struct Line {
    /// Decides who its courier is.
    pub number: usize,
    pub account: Option<AccountId>,
    /// Among whose sockets it is counted.
    pub whose: Option<Arc<str>>,
    /// From when the handshake is over.
    stream: OnceLock<TcpStream>,
    out: Mutex<Out>,
    /// Rung when the one who attends has something to do about it.
    bell: Notify,
}

impl Wire for OnceLock<TcpStream> {
    fn write_now(&self, parts: &[IoSlice<'_>]) -> Result<usize> {
        let stream = self.get().ok_or(ErrorKind::NotConnected)?;
        match parts {
            [one] => stream.try_write(one),
            several => stream.try_write_vectored(several),
        }
    }
}

impl Line {
    pub fn new(number: usize, account: Option<AccountId>, whose: Option<Arc<str>>) -> Self {
        Self { number, account, whose, stream: OnceLock::new(), out: Mutex::default(), bell: Notify::new() }
    }

    pub fn open(&self, stream: TcpStream) {
        let _ = self.stream.set(stream);
    }

    /// Rings the bell if there is something to do that was not there before.
    fn change<T>(&self, change: impl FnOnce(&mut Out, &OnceLock<TcpStream>) -> T) -> T {
        let mut out = lock(&self.out);
        let had_called = out.calls();
        let result = change(&mut out, &self.stream);
        let is_new = !had_called && out.calls();
        drop(out);
        if is_new {
            self.bell.notify_one();
        }
        result
    }

    /// Waits until there is something to do. May be nothing after all. Nothing is lost when it is given up while it waits.
    pub async fn called(&self) {
        self.bell.notified().await;
    }
    /// For the one who attends, when it turns to something else: what is left to do calls again.
    pub fn call_again(&self) {
        if lock(&self.out).calls() {
            self.bell.notify_one();
        }
    }

    pub fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        self.stream.get().ok_or(ErrorKind::NotConnected)?.try_read(buffer)
    }
    pub async fn readable(&self) -> Result<()> {
        poll_fn(|context| match self.stream.get() {
            Some(stream) => stream.poll_read_ready(context),
            None => Poll::Ready(Err(ErrorKind::NotConnected.into())),
        })
        .await
    }
    async fn writable(&self) -> Result<()> {
        poll_fn(|context| match self.stream.get() {
            Some(stream) => stream.poll_write_ready(context),
            None => Poll::Ready(Err(ErrorKind::NotConnected.into())),
        })
        .await
    }

    /// An answer, or anything else that is for this line alone.
    pub fn say(&self, bytes: &Bytes) {
        self.change(|out, wire| out.send(bytes, 0, wire));
    }
    /// Waits until all that waits by now has gone out.
    pub async fn drained(&self) -> Result<()> {
        let end = self.change(|out, _| out.pending.end());
        while !self.change(|out, wire| out.drain(end, wire))? {
            self.writable().await?;
        }
        Ok(())
    }

    /// What this round brings. How many frames that were.
    pub fn carry(&self, round: &Round) -> usize {
        self.change(|out, wire| out.take(round, wire))
    }
    /// Something was missed that can no longer be told.
    pub fn fall_behind(&self) {
        self.change(|out, _| out.fall_behind());
    }
    /// The session or token may have ended; until that is known, nothing more is told.
    pub fn doubt(&self) {
        self.change(|out, _| {
            out.is_in_doubt = true;
            out.hold();
        });
    }
    pub fn take_doubt(&self) -> bool {
        self.change(|out, _| std::mem::take(&mut out.is_in_doubt))
    }
    /// If something was dropped, says so about every topic.
    pub fn confess(&self, words: impl Fn(Topic) -> Bytes) {
        self.change(|out, wire| {
            if std::mem::take(&mut out.is_behind) {
                for (topic, _) in &out.topics {
                    out.pending.push(words(*topic), 0);
                }
                out.flush(wire);
            }
        });
    }

    /// What is delivered from now on waits until [`Line::release`].
    pub fn hold(&self) {
        self.change(|out, _| out.hold());
    }
    pub fn release(&self) {
        self.change(|out, wire| out.release(wire));
    }

    pub fn listens(&self, topic: Topic) -> bool {
        lock(&self.out).place_of(topic).is_some()
    }
    pub fn topics(&self) -> Vec<Topic> {
        lock(&self.out).topics.iter().map(|(topic, _)| *topic).collect()
    }
    /// `until` is known already.
    pub fn listen(&self, topic: Topic, until: Option<Cursor>) {
        let mut out = lock(&self.out);
        out.topics.reserve_exact(1);
        out.topics.push((topic, until));
    }
    pub fn replayed(&self, topic: Topic, until: Cursor) {
        let mut out = lock(&self.out);
        if let Some(at) = out.place_of(topic) {
            out.topics[at].1 = Some(until);
        }
    }
    /// False if it did not listen to that.
    pub fn forget(&self, topic: Topic) -> bool {
        let mut out = lock(&self.out);
        let place = out.place_of(topic);
        if let Some(at) = place {
            out.topics.swap_remove(at);
        }
        place.is_some()
    }

    /// No frames of topics from now on: the last words follow.
    pub fn shut(&self) {
        let mut out = lock(&self.out);
        out.is_shut = true;
        // The last words do not wait behind what nobody has taken.
        out.pending.drop_frames();
    }
    /// Nothing at all from now on. What it listened to.
    pub fn end(&self) -> Vec<Topic> {
        let ended = Out { is_shut: true, ..Out::default() };
        std::mem::replace(&mut *lock(&self.out), ended).topics.into_iter().map(|(topic, _)| topic).collect()
    }
}

#[derive(Default)]
struct Out {
    pending: Pending,
    /// Up to where each topic is known from elsewhere: what is still delivered of that is skipped. A list, since most have one.
    topics: Vec<(Topic, Option<Cursor>)>,
    /// What is delivered while something else goes before.
    held: Option<Vec<Arc<Letter>>>,
    /// The last one that came by.
    round: u64,
    /// Something was dropped.
    is_behind: bool,
    is_in_doubt: bool,
    is_broken: bool,
    is_shut: bool,
}

impl Out {
    /// There is something to do for the one who attends.
    fn calls(&self) -> bool {
        self.is_behind || self.is_in_doubt || self.is_broken || !self.pending.is_empty()
    }

    fn place_of(&self, topic: Topic) -> Option<usize> {
        self.topics.iter().position(|(known, _)| *known == topic)
    }
    /// Nothing up to there has still to be told.
    fn wants(&self, topic: Topic, cursor: Cursor) -> bool {
        self.place_of(topic).is_some_and(|at| self.topics[at].1.is_none_or(|until| cursor > until))
    }

    fn send(&mut self, bytes: &Bytes, frames: usize, wire: &impl Wire) {
        match self.pending.send(bytes, frames, wire) {
            Ok(true) => {}
            Ok(false) => self.fall_behind(),
            Err(_) => self.is_broken = true,
        }
    }
    fn flush(&mut self, wire: &impl Wire) {
        self.is_broken |= self.pending.flush(wire).is_err();
    }
    /// True when all has gone out that was to go by then.
    fn drain(&mut self, end: u64, wire: &impl Wire) -> Result<bool> {
        self.flush(wire);
        if self.is_broken { Err(Error::from(ErrorKind::BrokenPipe)) } else { Ok(self.pending.done() >= end) }
    }

    /// It may come by once for each of its topics; each time after the first there is nothing left.
    fn take(&mut self, round: &Round, wire: &impl Wire) -> usize {
        let is_new = std::mem::replace(&mut self.round, round.number) != round.number;
        // Without what was dropped the rest is worthless.
        if !is_new || self.is_shut || self.is_broken || self.is_behind {
            return 0;
        }
        if self.held.is_none()
            && let Some(parcel) = self.only(round)
        {
            self.send(&parcel.bytes, parcel.frames, wire);
            return parcel.frames;
        }
        let wanted: Vec<&Arc<Letter>> = round.letters.iter().filter(|letter| self.wants(letter.topic, letter.cursor)).collect();
        match &mut self.held {
            Some(held) if held.len() + wanted.len() > MOST_FRAMES => self.fall_behind(),
            Some(held) => held.extend(wanted.iter().copied().cloned()),
            None => self.send_each(&wanted, wire),
        }
        wanted.len()
    }

    /// What it wants of the round, if that is a whole parcel.
    fn only<'a>(&self, round: &'a Round) -> Option<&'a Parcel> {
        let mut heard = round.parcels.iter().filter(|parcel| self.place_of(parcel.topic).is_some());
        let parcel = heard.next()?;
        (heard.next().is_none() && self.wants(parcel.topic, parcel.cursor)).then_some(parcel)
    }

    /// All that waits goes out together: handing something to the kernel costs several times what a frame costs.
    fn send_each(&mut self, letters: &[&Arc<Letter>], wire: &impl Wire) {
        if !letters.iter().all(|letter| self.pending.push(letter.bytes.clone(), 1)) {
            self.fall_behind();
        }
        self.flush(wire);
    }

    fn fall_behind(&mut self) {
        self.is_behind = true;
        self.pending.drop_frames();
        if let Some(held) = &mut self.held {
            *held = Vec::new();
        }
    }

    fn hold(&mut self) {
        self.held.get_or_insert_default();
    }
    fn release(&mut self, wire: &impl Wire) {
        if self.is_in_doubt {
            return;
        }
        let held = self.held.take().unwrap_or_default();
        let wanted: Vec<&Arc<Letter>> = held.iter().filter(|letter| self.wants(letter.topic, letter.cursor)).collect();
        self.send_each(&wanted, wire);
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::realtime::pending::tests::Narrow;
    use crate::realtime::round::tests::{cursor, letter, topic};
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    /// A line that is open, and its other end.
    pub async fn pair(number: usize) -> (Arc<Line>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let peer = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("connects");
        let line = Arc::new(Line::new(number, None, None));
        line.open(listener.accept().await.expect("accepts").0);
        // Until then nothing is known to go out at once.
        line.writable().await.expect("open");
        (line, peer)
    }
    pub async fn heard(peer: &mut TcpStream, expected: impl AsRef<[u8]>) {
        let expected = expected.as_ref();
        let mut bytes = vec![0; expected.len()];
        peer.read_exact(&mut bytes).await.expect("hears");
        assert!(bytes == expected, "{} instead of {}", String::from_utf8_lossy(&bytes), String::from_utf8_lossy(expected));
    }

    fn round(number: u64, letters: &[(u128, i64)]) -> Round {
        Round::new(number, letters.iter().map(|(topic, id)| letter(*topic, *id)).collect())
    }
    /// Listens to topics 1 and 2, the latter known up to 5.
    fn out() -> Out {
        Out { topics: vec![(topic(1), None), (topic(2), Some(cursor(5)))], ..Out::default() }
    }

    #[test]
    fn a_line_gets_what_it_listens_to_once_and_in_order() {
        let (mut out, wire) = (out(), Narrow::of(1_000));
        assert_eq!(out.take(&round(1, &[(1, 6), (3, 7)]), &wire), 1);
        let both = round(2, &[(1, 8), (2, 9), (3, 10), (1, 11)]);
        assert_eq!((out.take(&both, &wire), out.take(&both, &wire)), (3, 0), "it comes by once for each topic");
        assert_eq!((wire.text().as_str(), wire.calls.get()), ("a6 a8 b9 a11 ", 2));
    }

    #[test]
    fn what_is_known_already_is_skipped() {
        let (mut out, wire) = (out(), Narrow::of(1_000));
        out.take(&round(1, &[(2, 4), (2, 5), (2, 6)]), &wire);
        out.take(&round(2, &[(2, 7), (2, 8)]), &wire);
        assert_eq!(wire.text(), "b6 b7 b8 ");
    }

    #[test]
    fn what_is_held_comes_after_the_answer_without_what_that_told() {
        let (mut out, wire) = (out(), Narrow::of(1_000));
        out.hold();
        out.take(&round(1, &[(1, 6), (1, 7)]), &wire);
        out.take(&round(2, &[(1, 8)]), &wire);
        out.send(&Bytes::from_static(b"answer "), 0, &wire);
        out.topics[0].1 = Some(cursor(6));
        out.release(&wire);
        out.take(&round(3, &[(1, 9)]), &wire);
        assert_eq!(wire.text(), "answer a7 a8 a9 ");
    }

    #[test]
    fn nothing_is_told_while_in_doubt() {
        let line = Line::new(0, None, None);
        line.listen(topic(1), None);
        line.doubt();
        assert_eq!(line.carry(&round(1, &[(1, 1)])), 1);
        line.release();
        assert!(lock(&line.out).held.as_ref().is_some_and(|held| held.len() == 1), "a subscription that ends does not let go of it");
        assert!(line.take_doubt() && !line.take_doubt());
        let wire = Narrow::of(1_000);
        lock(&line.out).release(&wire);
        assert_eq!(wire.text(), "a1 ");
    }

    #[test]
    fn who_is_slow_is_behind_until_told_so() {
        let (mut out, wire) = (out(), Narrow::of(1));
        let mut number = 0;
        while !out.is_behind {
            number += 1;
            assert!(number <= MOST_FRAMES as u64 + 1);
            out.take(&round(number, &[(1, number as i64)]), &wire);
        }
        assert_eq!(out.take(&round(number + 1, &[(1, 1_000)]), &wire), 0);
        wire.room.set(1_000);
        out.flush(&wire);
        assert_eq!(wire.text(), "a1 ", "what had begun, and nothing of the rest");
        out.is_behind = false;
        out.take(&round(number + 2, &[(1, 2_000)]), &wire);
        assert_eq!(wire.text(), "a1 a2000 ");
        // The same for what is held.
        out.hold();
        for more in 0..=MOST_FRAMES as u64 {
            out.take(&round(number + 3 + more, &[(1, 3_000)]), &wire);
        }
        assert!(out.is_behind && out.held.as_ref().is_some_and(Vec::is_empty));
    }

    #[tokio::test]
    async fn what_does_not_go_out_calls_and_is_drained() {
        let (line, mut peer) = pair(0).await;
        line.listen(topic(1), None);
        assert_eq!(line.carry(&round(1, &[(1, 1)])), 1);
        assert!(!lock(&line.out).calls(), "nobody is woken for what goes out");
        // More than the buffers of both ends hold.
        let large = Bytes::from(vec![b'x'; 32 * 1024 * 1024]);
        line.say(&large);
        line.called().await;
        line.say(&Bytes::from_static(b"end"));
        let reading = async {
            let mut all = vec![0; 3 + large.len() + 3];
            peer.read_exact(&mut all).await.expect("hears");
            all
        };
        let (drained, all) = tokio::join!(line.drained(), reading);
        drained.expect("goes out");
        assert_eq!((&all[..3], &all[all.len() - 3..]), (&b"a1 "[..], &b"end"[..]));
        assert!(!lock(&line.out).calls());
        line.confess(|_| Bytes::from_static(b"never"));
        line.fall_behind();
        line.called().await;
        line.confess(|topic| format!("reload {topic} ").into());
        heard(&mut peer, format!("reload {} ", topic(1))).await;
    }

    #[tokio::test]
    async fn who_is_gone_breaks_the_line() {
        let (line, peer) = pair(0).await;
        drop(peer);
        line.listen(topic(1), None);
        let mut number = 0;
        // The first write after the end is answered by a reset.
        while !lock(&line.out).is_broken {
            number += 1;
            line.carry(&round(number, &[(1, number as i64)]));
            tokio::task::yield_now().await;
        }
        line.called().await;
        assert!(line.drained().await.is_err());
        assert_eq!(line.carry(&round(number + 1, &[(1, 9_999)])), 0);
        assert_eq!(line.end(), [topic(1)]);
    }
}
