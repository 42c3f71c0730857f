//! Streams that block are read on threads of their own. In: readers; out: blocks in a bounded queue: when nobody takes
//! them, the thread waits and with it whoever writes the stream; memory does not grow. It must not know what the
//! bytes are.

use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;

use crate::source::open::plain_words;

/// Bytes of one block at most.
const BLOCK: usize = 64 << 10;
/// Blocks that wait at most.
const BLOCKS: usize = 64;

/// What comes out of a pump, in about the order in which it was written.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::source) enum Pumped {
    /// Content.
    Bytes(Vec<u8>),
    /// A line of the second stream, where messages are.
    Line(String),
    /// Reading failed, in words.
    Failed(String),
    /// Nothing at present.
    Nothing,
    /// Nothing any more.
    Ended,
}

/// A queue with threads that fill it.
pub(in crate::source) struct Pump {
    queue: Receiver<Pumped>,
    waiting: Arc<AtomicU64>,
}

impl Pump {
    /// Reads content. `open` runs on the thread, because opening a pipe blocks until someone writes to it.
    pub fn new<R: Read>(open: impl FnOnce() -> std::io::Result<R> + Send + 'static) -> Pump {
        Pump::with_messages(open, None::<std::io::Empty>)
    }

    /// Reads content and lines of messages.
    pub fn with_messages<R: Read>(
        open: impl FnOnce() -> std::io::Result<R> + Send + 'static,
        messages: Option<impl Read + Send + 'static>,
    ) -> Pump {
        let (give, queue) = sync_channel(BLOCKS);
        let waiting = Arc::new(AtomicU64::new(0));
        if let Some(messages) = messages {
            let give = give.clone();
            thread::spawn(move || lines(messages, &give));
        }
        let counted = waiting.clone();
        thread::spawn(move || match open() {
            Ok(stream) => blocks(stream, &give, &counted),
            Err(e) => _ = give.send(Pumped::Failed(plain_words(&e))),
        });
        Pump { queue, waiting }
    }

    /// What waits next; never blocks.
    pub fn next(&self) -> Pumped {
        match self.queue.try_recv() {
            Ok(pumped) => {
                if let Pumped::Bytes(bytes) = &pumped {
                    self.waiting.fetch_sub(bytes.len() as u64, Ordering::Relaxed);
                }
                pumped
            }
            Err(TryRecvError::Empty) => Pumped::Nothing,
            Err(TryRecvError::Disconnected) => Pumped::Ended,
        }
    }

    /// Bytes that wait.
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }
}

fn blocks(mut stream: impl Read, give: &SyncSender<Pumped>, waiting: &AtomicU64) {
    let mut buffer = vec![0; BLOCK];
    loop {
        let pumped = match stream.read(&mut buffer) {
            Ok(0) => return,
            Ok(n) => {
                waiting.fetch_add(n as u64, Ordering::Relaxed);
                Pumped::Bytes(buffer[..n].to_vec())
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            Err(e) => Pumped::Failed(plain_words(&e)),
        };
        let failed = matches!(pumped, Pumped::Failed(_));
        if give.send(pumped).is_err() || failed {
            return;
        }
    }
}

fn lines(messages: impl Read, give: &SyncSender<Pumped>) {
    let mut messages = BufReader::new(messages);
    let mut line = Vec::new();
    // A message without an end must not fill the memory.
    while matches!(messages.by_ref().take(4096).read_until(b'\n', &mut line), Ok(1..)) {
        let text = String::from_utf8_lossy(&line).trim().to_string();
        line.clear();
        if !text.is_empty() && give.send(Pumped::Line(text)).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_slow_reader_makes_the_writer_wait() {
        struct Endless(Arc<AtomicUsize>);
        impl Read for Endless {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                self.0.fetch_add(1, Ordering::Relaxed);
                Ok(buffer.len())
            }
        }
        let reads = Arc::new(AtomicUsize::new(0));
        let counted = reads.clone();
        let pump = Pump::new(move || Ok(Endless(counted)));
        let deadline = Instant::now() + Duration::from_secs(10);
        while reads.load(Ordering::Relaxed) <= BLOCKS && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
        thread::sleep(Duration::from_millis(50));
        assert_eq!(reads.load(Ordering::Relaxed), BLOCKS + 1);
        assert!(pump.waiting() as usize >= BLOCKS * BLOCK);
        assert!(matches!(pump.next(), Pumped::Bytes(_)));
    }
}
