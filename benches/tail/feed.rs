//! Access lines faster than anybody can format them: a block is made once, and before each use its times and numbers
//! are written over. In: nothing; out: blocks of lines as of now, each URL new.

use chrono::{DateTime, Utc};

use super::access;

/// Lines of a block.
pub const LINES: u64 = 4_096;

/// One line in so many fails.
pub const FAILS: u64 = 1_000;

/// Numbers have as many digits as this, so that they can be written over.
const FIRST: u64 = 1_000_000_000_000;

/// A block of lines.
pub struct Block {
    bytes: Vec<u8>,
    /// Of each line: where its time, its seconds and its number begin.
    places: Vec<[usize; 3]>,
    next: u64,
}

impl Block {
    /// Formats one.
    pub fn new() -> Block {
        let (mut bytes, mut places) = (Vec::new(), Vec::new());
        for number in FIRST..FIRST + LINES {
            let begin = bytes.len();
            access::line(&mut bytes, access::now_us(), number, number % FAILS == 0);
            let find = |what: &[u8]| memchr::memmem::find(&bytes[begin..], what).expect("every line has it") + begin;
            places.push([find(b"[") + 1, find(b"] ") + 2, find(number.to_string().as_bytes())]);
        }
        Block { bytes, places, next: FIRST }
    }

    /// The next lines, as of now.
    pub fn fresh(&mut self) -> &[u8] {
        let now = access::now_us();
        let at = DateTime::<Utc>::from_timestamp_micros(now).expect("a moment of our time");
        let time = at.format("%d/%b/%Y:%H:%M:%S").to_string();
        let seconds = format!("{}.{:03}", now / 1_000_000, now / 1_000 % 1_000);
        let mut digits = itoa::Buffer::new();
        for [time_at, seconds_at, number_at] in &self.places {
            let mut over = |place: usize, text: &str| {
                self.bytes[place..place + text.len()].copy_from_slice(text.as_bytes());
            };
            over(*time_at, &time);
            over(*seconds_at, &seconds);
            over(*number_at, digits.format(self.next));
            self.next += 1;
        }
        &self.bytes
    }

    /// A line that fails, to be waited for.
    pub fn last(&mut self) -> (String, Vec<u8>) {
        let mut line = Vec::new();
        access::line(&mut line, access::now_us(), self.next, true);
        (access::url(self.next, true), line)
    }
}
