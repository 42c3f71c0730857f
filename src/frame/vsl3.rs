//! varnishlog text of Varnish 3.0 to records. In: bytes of the default output (grouped by file descriptor) or of `-O`
//! (in the order of the log); out: records borrowed from them, counts of lines, and the places where the bytes may be
//! cut. It must not know what a record means, beyond what begins and ends the use of a descriptor.
//!
//! A line is `%5u %-12s %c %s`: descriptor, tag, side, payload. Descriptors are used again and again, so a fetch can be
//! told from its neighbours only together with the request that made it: a buffer is cut where no request and no
//! backend connection is in use, and no fetch waits for its request to end. A log that is never quiet is cut after a
//! [`LONG`] stretch all the same; what was under way there is told as incomplete.

use std::collections::{HashMap, HashSet};

use memchr::{memchr, memrchr};

use super::lines::without_newline;
use crate::model::report::Lines;
use crate::model::vsl3::{Record3, Tag3};
use crate::model::{FileId, Locator, Side};

/// A log without a quiet moment is cut after so many bytes.
const LONG: usize = 32 << 20;

/// The last safe place to cut a buffer: an exclusive end; `None` when there is none, and more should be read.
pub fn cut(bytes: &[u8]) -> Option<usize> {
    let (mut under_way, mut safe) = (UnderWay::default(), 0);
    let whole = memrchr(b'\n', bytes)? + 1;
    let mut begin = 0;
    while begin < whole {
        let end = memchr(b'\n', &bytes[begin..whole]).map_or(whole, |n| begin + n + 1);
        if let Some((fd, tag, _, payload)) = record(without_newline(&bytes[begin..end])) {
            under_way.record(fd, tag, payload);
        }
        begin = end;
        if under_way.is_empty() {
            safe = end;
        }
    }
    if safe == 0 && bytes.len() >= LONG { Some(whole) } else { (safe > 0).then_some(safe) }
}

/// What is in use at a place of the log.
#[derive(Default)]
struct UnderWay {
    /// Descriptors of requests.
    requests: HashSet<u64>,
    /// Descriptors of backend connections, with the XID of the request they are used for; 0 when it is not yet known.
    fetches: HashMap<u64, u64>,
    /// Requests whose fetch has ended: in grouped text the fetch comes first.
    waiting: HashSet<u64>,
    /// Requests that have ended.
    ended: HashSet<u64>,
}

impl UnderWay {
    fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.fetches.is_empty() && self.waiting.is_empty()
    }

    fn record(&mut self, fd: u64, tag: Tag3, payload: &[u8]) {
        match tag {
            Tag3::ReqStart => {
                self.requests.insert(fd);
            }
            Tag3::Interrupted => {
                self.requests.remove(&fd);
                self.fetches.remove(&fd);
            }
            Tag3::ReqEnd => {
                let xid = xid(payload);
                self.requests.remove(&fd);
                self.waiting.remove(&xid);
                self.fetches.retain(|_, of| *of != xid);
                self.ended.insert(xid);
            }
            Tag3::BackendOpen | Tag3::TxRequest => {
                self.fetches.entry(fd).or_default();
            }
            Tag3::BackendXid => {
                self.fetches.insert(fd, xid(payload));
            }
            Tag3::TxHeader if payload.len() > 10 && payload[..10].eq_ignore_ascii_case(b"X-Varnish:") => {
                if let Some(of) = self.fetches.get_mut(&fd) {
                    *of = xid(&payload[10..]);
                }
            }
            Tag3::BackendClose | Tag3::BackendReuse => {
                if let Some(of) = self.fetches.remove(&fd).filter(|of| *of > 0 && !self.ended.contains(of)) {
                    self.waiting.insert(of);
                }
            }
            _ => {}
        }
    }
}

/// The number that a payload begins with.
fn xid(payload: &[u8]) -> u64 {
    let digits = payload.trim_ascii_start().iter().take_while(|b| b.is_ascii_digit()).take(18);
    digits.fold(0, |n, b| n * 10 + u64::from(b - b'0'))
}

/// Pushes the records of a chunk in their order, and counts its lines.
///
/// `offset` is the place of `bytes` in the file. Blank lines are skipped; records are parsed. A line that is neither
/// counts as parsed when the record before it may hold a line feed, otherwise as not understood, and goes to `reject`.
pub fn records<'c>(
    bytes: &'c [u8],
    file: FileId,
    offset: u64,
    lines: &mut Lines,
    mut push: impl FnMut(Record3<'c>),
    mut reject: impl FnMut(Locator, &'c [u8]),
) {
    let mut goes_on = false;
    super::lines::each_line(bytes, file, offset, |line, at| {
        lines.read += 1;
        match record(line) {
            Some((fd, tag, side, payload)) => {
                lines.parsed += 1;
                goes_on = tag.may_hold_newline();
                push(Record3 { fd, tag, side, payload, at });
            }
            None if line.trim_ascii().is_empty() => lines.skipped += 1,
            None if goes_on => lines.parsed += 1,
            None => {
                lines.not_understood += 1;
                reject(at, line);
            }
        }
    });
}

/// Descriptor, tag, side and payload of a line.
#[inline]
fn record(line: &[u8]) -> Option<(u64, Tag3, Side, &[u8])> {
    let line = line.trim_ascii_start();
    let (fd, rest) = line.split_at(line.iter().position(|&b| b == b' ')?);
    if fd.len() > 10 || !fd.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let rest = rest.trim_ascii_start();
    let (word, rest) = rest.split_at(rest.iter().position(|&b| b == b' ')?);
    if !word.first()?.is_ascii_uppercase() || !word.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_') {
        return None;
    }
    let rest = rest.trim_ascii_start();
    let side = match rest.first()? {
        b'c' => Side::Client,
        b'b' => Side::Backend,
        b'-' => Side::Neither,
        _ => return None,
    };
    match rest.get(1) {
        None => Some((xid(fd), Tag3::parse(word), side, b"")),
        Some(b' ') => Some((xid(fd), Tag3::parse(word), side, &rest[2..])),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_3_0_prints_them() {
        for (line, expected) in [
            ("   12 RxURL        c /a", Some((12, Tag3::RxUrl, Side::Client, &b"/a"[..]))),
            ("    0 CLI          - Rd ping", Some((0, Tag3::Cli, Side::Neither, b"Rd ping"))),
            ("12 BackendReuse b default", Some((12, Tag3::BackendReuse, Side::Backend, b"default"))),
            ("   12 VCL_Log      c  two", Some((12, Tag3::VclLog, Side::Client, b" two"))),
            ("   12 WorkThread   - ", Some((12, Tag3::Other, Side::Neither, b""))),
            ("   12 Length       c", Some((12, Tag3::Length, Side::Client, b""))),
            ("   12 lower        c x", None),
            ("   12 RxURL        x /a", None),
            ("   12 RxURL        cx /a", None),
            ("what", None),
            ("", None),
        ] {
            assert_eq!(record(line.as_bytes()), expected, "{line:?}");
        }
    }

    #[test]
    fn a_log_is_cut_where_nothing_is_under_way() {
        let fetch = "   14 BackendXID   b 7\n   14 TxRequest    b GET\n   14 BackendReuse b web\n\n";
        let start = "   12 ReqStart     c 192.0.2.1 5000 7\n";
        let end = "   12 ReqEnd       c 7 1.0 2.0 0.0 0.5 0.5\n";
        let whole = format!("{fetch}{start}{end}\n");
        assert_eq!(cut(whole.as_bytes()), Some(whole.len()));
        let next = fetch.replace("b 7", "b 8");
        assert_eq!(cut(format!("{whole}{next}").as_bytes()), Some(whole.len()), "its request is to come");
        assert_eq!(cut(format!("{whole}{next}{start}").as_bytes()), Some(whole.len()));
        assert_eq!(cut(format!("{start}{fetch}").as_bytes()), None);
        assert_eq!(cut(format!("{start}{fetch}{end}").as_bytes()), Some(start.len() + fetch.len() + end.len()));
        let late = format!("{start}{end}{fetch}");
        assert_eq!(cut(late.as_bytes()), Some(late.len()), "its request has ended");
        assert_eq!(cut(format!("{whole}   0 CLI").as_bytes()), Some(whole.len()));
        assert_eq!(cut(b"no line feed"), None);
    }

    #[test]
    fn lines_add_up() {
        let log = b"   12 VCL_Log      c a\nb\n   12 Length       c 3\njunk\n\n";
        let (mut lines, mut seen, mut bad) = (Lines::default(), 0, 0);
        records(log, FileId(0), 0, &mut lines, |_| seen += 1, |_, _| bad += 1);
        assert_eq!(lines, Lines { read: 5, parsed: 3, skipped: 1, not_understood: 1 });
        assert_eq!((seen, bad), (2, 1));
    }
}
