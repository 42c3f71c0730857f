//! The records of a transaction that an event is made from. In: records of framing; out: `Kept`, borrowed from a chunk,
//! and `Piece`, the owned part of a transaction that is not whole in its chunk. It must not know what becomes of them.

use crate::model::{Locator, Side, Tag, TransactionKind, VslRecord};

/// No transaction keeps more records than this, nor more payload bytes than [`MOST_BYTES`]: a log that never ends a
/// transaction must not fill the memory. A fetch keeps about 40, and 64 headers are Varnish's default limit.
const MOST_RECORDS: usize = 4096;
/// See [`MOST_RECORDS`].
const MOST_BYTES: usize = 1 << 20;

/// A record without its transaction id.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept<'c> {
    /// What it is.
    pub tag: Tag,
    /// Its bytes.
    pub payload: &'c [u8],
    /// Its own line.
    pub at: Locator,
}

/// What is known of a transaction beside its records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// What it is.
    pub kind: TransactionKind,
    /// Its first line.
    pub at: Locator,
    /// Its `Begin` was seen.
    pub begun: bool,
    /// Its header line was seen.
    pub headed: bool,
    /// Its `End` was seen.
    pub ended: bool,
    /// It cannot go on: ended, or its id began anew.
    pub closed: bool,
}

/// True for a record that an event may need; the others are forgotten at once.
#[inline]
pub(super) fn matters(tag: Tag, payload: &[u8]) -> bool {
    match tag {
        Tag::Other | Tag::VclLog | Tag::Debug | Tag::BackendHealth | Tag::Cli => false,
        // Links to ESI parts and to the requests of a session can be many, and say nothing of this one.
        Tag::Link => !payload.starts_with(b"req ") || payload.trim_ascii_end().ends_with(b" restart"),
        Tag::VclReturn => matches!(payload, b"fail" | b"abandon" | b"error" | b"retry"),
        Tag::VclCall => matches!(payload, b"SYNTH" | b"BACKEND_RESPONSE" | b"BACKEND_ERROR"),
        _ => true,
    }
}

/// What a record says of the kind of its transaction.
pub(super) fn kind_of(record: &VslRecord<'_>) -> TransactionKind {
    match (record.tag, record.side) {
        (Tag::Begin, _) => match record.payload.split(|&b| b == b' ').next() {
            Some(b"sess") => TransactionKind::Session,
            Some(b"req") => TransactionKind::Request,
            Some(b"bereq") => TransactionKind::BeReq,
            _ => TransactionKind::Unknown,
        },
        (_, Side::Backend) => TransactionKind::BeReq,
        (tag, _) => kind_of_tag(tag),
    }
}

/// What a tag says of the kind of its transaction. A session logs none of these.
fn kind_of_tag(tag: Tag) -> TransactionKind {
    use Tag::*;
    match tag {
        ReqStart | ReqMethod | ReqUrl | ReqHeader | RespStatus | RespHeader | RespUnset | Hit | ReqAcct | PipeAcct => {
            TransactionKind::Request
        }
        BereqMethod | BereqUrl | BereqHeader | BereqUnset | BerespStatus | BerespHeader | BereqAcct | BackendOpen
        | Backend | BackendClose | FetchBody | FetchError | Length => TransactionKind::BeReq,
        _ => TransactionKind::Unknown,
    }
}

/// True when no more records are kept beside these.
pub(super) fn is_full(records: &[Kept<'_>], bytes: usize) -> bool {
    records.len() >= MOST_RECORDS || bytes >= MOST_BYTES
}

/// The part of a transaction that one range of the log holds, with its own copy of the payloads.
#[derive(Clone, Debug, Default)]
pub(super) struct Piece {
    /// What is known beside the records.
    pub standing: Standing,
    records: Vec<(Tag, Locator, u32)>,
    bytes: Vec<u8>,
}

impl Piece {
    /// Copies records out of their chunk.
    pub fn of(standing: Standing, records: &[Kept<'_>]) -> Piece {
        let mut piece = Piece { standing, records: Vec::with_capacity(records.len()), bytes: Vec::new() };
        for r in records {
            piece.keep(r.tag, r.at, r.payload);
        }
        piece
    }

    fn keep(&mut self, tag: Tag, at: Locator, payload: &[u8]) {
        if self.records.len() < MOST_RECORDS && self.bytes.len() < MOST_BYTES {
            // A payload is shorter than its line, whose length a Locator holds in 32 bits.
            let cut = &payload[..payload.len().min(MOST_BYTES)];
            self.records.push((tag, at, cut.len() as u32));
            self.bytes.extend_from_slice(cut);
        }
    }

    /// Puts the piece that follows in the log behind this one.
    pub fn append(&mut self, next: &Piece) {
        for r in next.borrowed() {
            self.keep(r.tag, r.at, r.payload);
        }
        if self.standing.kind == TransactionKind::Unknown {
            self.standing.kind = next.standing.kind;
        }
        self.standing.begun |= next.standing.begun;
        self.standing.ended |= next.standing.ended;
        self.standing.closed |= next.standing.closed;
    }

    /// Its records.
    pub fn borrowed(&self) -> impl Iterator<Item = Kept<'_>> {
        let mut start = 0;
        self.records.iter().map(move |&(tag, at, len)| {
            let end = start + len as usize;
            let payload = &self.bytes[start..end];
            start = end;
            Kept { tag, payload, at }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_gives_back_what_it_was_made_of_and_stays_small() {
        let at = Locator { line: 4, ..Locator::default() };
        let kept = [Kept { tag: Tag::Length, payload: b"7", at }, Kept { tag: Tag::End, payload: b"", at }];
        let mut piece = Piece::of(Standing::default(), &kept);
        let ended = Standing { ended: true, closed: true, ..Standing::default() };
        piece.append(&Piece::of(ended, &kept[..1]));
        let seen: Vec<_> = piece.borrowed().map(|r| (r.tag, r.payload.to_vec(), r.at.line)).collect();
        assert_eq!(seen, [(Tag::Length, b"7".to_vec(), 4), (Tag::End, Vec::new(), 4), (Tag::Length, b"7".to_vec(), 4)]);
        assert!(piece.standing.ended && piece.standing.closed);
        let long = vec![b'a'; 3 * MOST_BYTES];
        let piece = Piece::of(Standing::default(), &[Kept { tag: Tag::Error, payload: &long, at }; 5]);
        assert_eq!(piece.borrowed().count(), 1);
    }
}
