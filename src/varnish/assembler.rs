//! Records to transactions, within one chunk. In: headers and records in log order, transactions interleaved; out:
//! the events of the transactions that are whole, and `Fragments` of those that are not. It must not know text lines,
//! nor other chunks.
//!
//! A transaction's records come in runs, because a worker writes its buffer at once: the table is asked once per run,
//! not per record.

use std::collections::{BTreeMap, HashMap};

use super::fragments::{Fragments, Unstamped};
use super::kept::{Kept, Piece, Standing, is_full, kind_of, matters};
use super::outside;
use super::transaction::tell;
use crate::model::vsl::NO_HEADER;
use crate::model::{Event, Stamp, Tag, TransactionKind, VslHeader, VslItem, VslRecord};

/// An open transaction.
#[derive(Default)]
struct Open<'c> {
    vxid: u64,
    standing: Standing,
    records: Vec<Kept<'c>>,
    bytes: usize,
}

impl Open<'_> {
    /// True when no earlier chunk can hold a part of it.
    fn has_beginning(&self) -> bool {
        self.standing.begun || self.standing.headed
    }
}

/// Gathers the transactions of one chunk.
#[derive(Default)]
pub struct Assembler<'c> {
    /// The transaction of the last record.
    current: Option<Open<'c>>,
    /// The others that are open.
    open: HashMap<u64, Open<'c>>,
    /// Emptied lists, to be used again.
    spare: Vec<Vec<Kept<'c>>>,
    /// What has no beginning in this chunk and cannot go on.
    heads: BTreeMap<u64, Piece>,
    /// The same, of grouped text above the first header.
    headless: Vec<Piece>,
    last_header: Option<u64>,
    unstamped: Vec<Unstamped>,
    first: Stamp,
    last: Stamp,
}

impl<'c> Assembler<'c> {
    /// One that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next header or record, and emits the event that it completes, if any.
    #[inline]
    pub fn push(&mut self, item: VslItem<'c>, emit: &mut dyn FnMut(Event<'_>)) {
        match item {
            VslItem::Record(record) => {
                if let Some(moment) = outside::moment_of(record.tag, record.payload) {
                    self.first = self.first.or(moment);
                    self.last = moment;
                }
                if record.vxid == 0 { self.outside(&record, emit) } else { self.record(&record, emit) }
            }
            VslItem::Header(header) => self.header(&header, emit),
            VslItem::Rejected(..) => {}
        }
    }

    /// A moment that no record pushed here tells.
    pub(super) fn it_is(&mut self, at: Stamp) {
        self.first = self.first.or(at);
        self.last = at;
    }

    /// Ends the chunk: what is not whole, to be joined with that of its neighbours.
    pub fn finish(mut self) -> Fragments {
        self.put_back();
        let mut fragments = Fragments {
            heads: self.heads,
            headless: self.headless,
            last_header: self.last_header,
            unstamped: self.unstamped,
            first: self.first,
            last: self.last,
            ..Fragments::default()
        };
        for (vxid, open) in self.open {
            let piece = Piece::of(open.standing, &open.records);
            if vxid == NO_HEADER {
                fragments.headless.push(piece);
            } else if open.has_beginning() || fragments.heads.contains_key(&vxid) {
                fragments.tails.insert(vxid, piece);
            } else {
                fragments.heads.insert(vxid, piece);
            }
        }
        fragments
    }

    fn outside(&mut self, record: &VslRecord<'c>, emit: &mut dyn FnMut(Event<'_>)) {
        if !outside::matters(record.tag, record.payload) {
            return;
        }
        if self.last.is_known() {
            outside::tell(record.tag, record.payload, record.at, self.last, emit);
        } else {
            self.unstamped.push(Unstamped { tag: record.tag, at: record.at, payload: record.payload.into() });
        }
    }

    /// In grouped text a header ends the group before it.
    fn header(&mut self, header: &VslHeader, emit: &mut dyn FnMut(Event<'_>)) {
        if let Some(before) = self.last_header.replace(header.vxid)
            && let Some(open) = self.take(before)
        {
            if open.standing.headed {
                self.close(open, emit);
            } else {
                self.open.insert(before, open);
            }
        }
        if let Some(old) = self.take(header.vxid) {
            self.close(old, emit);
        }
        let standing = Standing { kind: header.kind, at: header.at, headed: true, ..Standing::default() };
        self.start(header.vxid, standing);
    }

    #[inline]
    fn record(&mut self, record: &VslRecord<'c>, emit: &mut dyn FnMut(Event<'_>)) {
        self.turn_to(record, emit);
        let Some(open) = &mut self.current else { return };
        if open.standing.kind == TransactionKind::Unknown {
            open.standing.kind = kind_of(record);
        }
        if open.standing.kind != TransactionKind::Session
            && matters(record.tag, record.payload)
            && !is_full(&open.records, open.bytes)
        {
            open.bytes += record.payload.len();
            open.records.push(Kept { tag: record.tag, payload: record.payload, at: record.at });
        }
        match record.tag {
            Tag::Begin => open.standing.begun = true,
            Tag::End => {
                open.standing.ended = true;
                if let Some(open) = self.current.take() {
                    self.close(open, emit);
                }
            }
            _ => {}
        }
    }

    /// Makes the record's transaction the current one.
    #[inline]
    fn turn_to(&mut self, record: &VslRecord<'c>, emit: &mut dyn FnMut(Event<'_>)) {
        if self.current.as_ref().is_none_or(|open| open.vxid != record.vxid) {
            self.put_back();
            self.current = self.open.remove(&record.vxid);
        }
        // An id that begins anew was not ended in the log, or its beginning is in an earlier chunk.
        if record.tag == Tag::Begin
            && let Some(open) = self.current.take_if(|open| open.standing.begun || !open.standing.headed)
        {
            self.close(open, emit);
        }
        if self.current.is_none() {
            self.start(record.vxid, Standing { at: record.at, ..Standing::default() });
        }
    }

    fn start(&mut self, vxid: u64, standing: Standing) {
        self.put_back();
        let records = self.spare.pop().unwrap_or_default();
        self.current = Some(Open { vxid, standing, records, bytes: 0 });
    }

    fn put_back(&mut self) {
        if let Some(open) = self.current.take() {
            self.open.insert(open.vxid, open);
        }
    }

    fn take(&mut self, vxid: u64) -> Option<Open<'c>> {
        self.current.take_if(|open| open.vxid == vxid).or_else(|| self.open.remove(&vxid))
    }

    /// A transaction that cannot go on: told of when it began here, otherwise kept for the chunk before.
    fn close(&mut self, mut open: Open<'c>, emit: &mut dyn FnMut(Event<'_>)) {
        open.standing.closed = true;
        if open.vxid == NO_HEADER {
            self.headless.push(Piece::of(open.standing, &open.records));
        } else if open.has_beginning() || self.heads.contains_key(&open.vxid) {
            tell(open.vxid, &open.standing, open.records.iter().copied(), emit);
        } else {
            self.heads.insert(open.vxid, Piece::of(open.standing, &open.records));
        }
        open.records.clear();
        self.spare.push(open.records);
    }
}
