//! What waits for one line, in the order in which it goes out. Nearly always nothing, so it takes no room then.

use bytes::Bytes;
use std::collections::VecDeque;
use std::io::{ErrorKind, IoSlice, Result};

/// Frames that wait for one reader; beyond that it is slow.
pub const MOST_FRAMES: usize = 256;
const MOST_BYTES: usize = 256 * 1024;
/// Parts that are handed over in one call.
const AT_ONCE: usize = 32;

/// Takes what it can without waiting.
pub trait Wire {
    fn write_now(&self, parts: &[IoSlice<'_>]) -> Result<usize>;
}

/// Bytes that end with the end of a frame.
struct Part {
    bytes: Bytes,
    /// Frames of topics; none in an answer to this line alone.
    frames: usize,
}

#[derive(Default)]
pub struct Pending {
    parts: VecDeque<Part>,
    frames: usize,
    bytes: usize,
    /// Bytes that waited and do so no longer, since the line was opened.
    done: u64,
    /// Something of the first part has gone out, so the rest has to follow.
    is_begun: bool,
}

impl Pending {
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
    pub fn done(&self) -> u64 {
        self.done
    }
    /// What [`Pending::done`] will be when all that waits now has gone out.
    pub fn end(&self) -> u64 {
        self.done + self.bytes as u64
    }

    /// Writes at once if nothing waits before; what does not go out waits. False if there is no room for it.
    pub fn send(&mut self, bytes: &Bytes, frames: usize, wire: &impl Wire) -> Result<bool> {
        if !self.parts.is_empty() {
            return Ok(self.push(bytes.clone(), frames));
        }
        let written = write(wire, &[IoSlice::new(bytes)])?;
        if written < bytes.len() {
            self.add(bytes.slice(written..), frames);
            self.is_begun = written > 0;
        }
        Ok(true)
    }

    /// Waits for the next [`Pending::flush`]. False if there is no room for it; for an answer there is always.
    pub fn push(&mut self, bytes: Bytes, frames: usize) -> bool {
        let has_room = self.frames + frames <= MOST_FRAMES && self.bytes + bytes.len() <= MOST_BYTES;
        let is_taken = frames == 0 || has_room || self.parts.is_empty();
        if is_taken {
            self.add(bytes, frames);
        }
        is_taken
    }

    fn add(&mut self, bytes: Bytes, frames: usize) {
        self.frames += frames;
        self.bytes += bytes.len();
        self.parts.push_back(Part { bytes, frames });
    }

    /// Writes until all is out or the wire takes no more.
    pub fn flush(&mut self, wire: &impl Wire) -> Result<()> {
        while !self.parts.is_empty() {
            let mut slices = [IoSlice::new(&[]); AT_ONCE];
            let count = self.parts.len().min(AT_ONCE);
            for (slice, part) in slices.iter_mut().zip(&self.parts) {
                *slice = IoSlice::new(&part.bytes);
            }
            let written = write(wire, &slices[..count])?;
            if written == 0 {
                return Ok(());
            }
            self.advance(written);
        }
        // The room that a crowd needed is given back.
        self.parts = VecDeque::new();
        Ok(())
    }

    fn advance(&mut self, written: usize) {
        self.bytes -= written;
        self.done += written as u64;
        let mut left = written;
        while let Some(first) = self.parts.front_mut() {
            if left < first.bytes.len() {
                self.is_begun |= left > 0;
                first.bytes = first.bytes.slice(left..);
                return;
            }
            left -= first.bytes.len();
            self.frames -= first.frames;
            self.is_begun = false;
            self.parts.pop_front();
        }
    }

    /// Lets go of what nobody asked for by itself, save what has begun.
    pub fn drop_frames(&mut self) {
        let end = self.end();
        let mut has_begun = self.is_begun;
        self.parts.retain(|part| std::mem::take(&mut has_begun) || part.frames == 0);
        self.frames = self.parts.iter().map(|part| part.frames).sum();
        self.bytes = self.parts.iter().map(|part| part.bytes.len()).sum();
        self.done = end - self.bytes as u64;
    }
}

/// How much went out; nothing when it would have to wait.
fn write(wire: &impl Wire, parts: &[IoSlice<'_>]) -> Result<usize> {
    match wire.write_now(parts) {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(0),
        written => written,
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};

    /// Takes so many bytes and no more.
    #[derive(Default)]
    pub struct Narrow {
        pub room: Cell<usize>,
        pub written: RefCell<Vec<u8>>,
        pub calls: Cell<usize>,
    }

    impl Narrow {
        pub fn of(room: usize) -> Self {
            Self { room: Cell::new(room), ..Self::default() }
        }
        pub fn text(&self) -> String {
            String::from_utf8_lossy(&self.written.borrow()).into_owned()
        }
    }

    impl Wire for Narrow {
        fn write_now(&self, parts: &[IoSlice<'_>]) -> Result<usize> {
            self.calls.set(self.calls.get() + 1);
            let all: Vec<u8> = parts.iter().flat_map(|part| part.to_vec()).collect();
            let taken = all.len().min(self.room.get());
            if taken == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
            self.room.set(self.room.get() - taken);
            self.written.borrow_mut().extend_from_slice(&all[..taken]);
            Ok(taken)
        }
    }

    fn bytes(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    #[test]
    fn what_goes_out_at_once_leaves_nothing_behind() {
        let (mut pending, wire) = (Pending::default(), Narrow::of(100));
        assert!(pending.send(&bytes("one"), 1, &wire).expect("sent") && pending.send(&bytes("two"), 1, &wire).expect("sent"));
        assert_eq!((wire.text().as_str(), pending.is_empty(), pending.end()), ("onetwo", true, 0));
        assert_eq!(pending.parts.capacity(), 0);
    }

    #[test]
    fn the_order_holds_however_little_is_taken_at_a_time() {
        for step in 1..8 {
            let (mut pending, wire) = (Pending::default(), Narrow::of(step));
            for (number, text) in ["first", "second", "third", "fourth"].into_iter().enumerate() {
                assert!(pending.send(&bytes(text), number % 2, &wire).expect("sent"));
            }
            let end = pending.end();
            for _ in 0..30 {
                wire.room.set(step);
                pending.flush(&wire).expect("flushed");
            }
            assert_eq!((wire.text().as_str(), pending.is_empty(), pending.done()), ("firstsecondthirdfourth", true, end), "{step}");
            assert_eq!((pending.frames, pending.bytes, pending.parts.capacity()), (0, 0, 0), "{step}");
        }
    }

    #[test]
    fn what_waits_goes_out_together() {
        let (mut pending, wire) = (Pending::default(), Narrow::of(0));
        for _ in 0..20 {
            assert!(pending.send(&bytes("frame"), 1, &wire).expect("sent"));
        }
        wire.room.set(1_000);
        let before = wire.calls.get();
        pending.flush(&wire).expect("flushed");
        assert_eq!((wire.text(), wire.calls.get() - before), ("frame".repeat(20), 1));
    }

    #[test]
    fn there_is_room_for_so_many_frames_or_bytes_and_for_every_answer() {
        let (mut pending, wire) = (Pending::default(), Narrow::of(0));
        for _ in 0..MOST_FRAMES {
            assert!(pending.send(&bytes("."), 1, &wire).expect("sent"));
        }
        assert!(!pending.send(&bytes("."), 1, &wire).expect("sent"));
        assert!(pending.send(&bytes("!"), 0, &wire).expect("sent"));
        let mut pending = Pending::default();
        let large = Bytes::from(vec![b'x'; MOST_BYTES / 2]);
        assert!(pending.push(large.clone(), 1) && pending.push(large.clone(), 1) && !pending.push(large.clone(), 1));
        assert!(pending.push(large, 0));
    }

    #[test]
    fn what_is_dropped_leaves_whole_frames_and_answers() {
        let (mut pending, wire) = (Pending::default(), Narrow::of(2));
        for (text, frames) in [("begun ", 1), ("dropped", 1), ("answer ", 0), ("dropped", 3)] {
            assert!(pending.send(&bytes(text), frames, &wire).expect("sent"));
        }
        let end = pending.end();
        pending.drop_frames();
        assert_eq!((pending.frames, pending.end()), (1, end));
        assert!(pending.push(bytes("after"), 1));
        wire.room.set(100);
        pending.flush(&wire).expect("flushed");
        assert_eq!((wire.text().as_str(), pending.done()), ("begun answer after", end + 5));
        // Of what had not begun nothing is left.
        assert!(pending.push(bytes("gone"), 1));
        pending.drop_frames();
        assert!(pending.is_empty());
    }

    #[test]
    fn a_wire_that_broke_says_so() {
        struct Broken;
        impl Wire for Broken {
            fn write_now(&self, _: &[IoSlice<'_>]) -> Result<usize> {
                Err(ErrorKind::BrokenPipe.into())
            }
        }
        assert!(Pending::default().send(&bytes("."), 1, &Broken).is_err());
    }
}
