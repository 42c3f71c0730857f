//! What a range of the log holds of transactions that are not whole in it. In: the pieces of one chunk; out: the events
//! of transactions that joining two neighbouring ranges completes, and at the end of a series those that stay
//! incomplete. It must not know text lines, nor whether the ranges are read in order, in parallel, or live.
//!
//! Joining is associative: whichever neighbours are joined first, the same events come out. (The exception is a log
//! that loses an `End`, begins and ends the same id again in one range, and then loses a `Begin` of that id.)

use std::collections::BTreeMap;

use super::kept::Piece;
use super::outside;
use super::transaction::tell;
use crate::model::{Event, Locator, Stamp, Tag, TransactionKind};

/// No more transactions than this are held open. Varnish runs 10,000 threads by default, and its own reader gives up
/// at 1,000 incomplete transactions; only a log without any `End` (`varnishlog -g raw -i …`) comes this far.
const MOST_OPEN: usize = 65_536;

/// A record without a transaction whose moment is not known in its range.
#[derive(Clone, Debug)]
pub(super) struct Unstamped {
    /// What it is.
    pub tag: Tag,
    /// Its line.
    pub at: Locator,
    /// Its bytes.
    pub payload: Box<[u8]>,
}

/// The pieces at the two edges of a range of the log.
#[derive(Clone, Debug, Default)]
pub struct Fragments {
    /// By id, what began before this range.
    pub(super) heads: BTreeMap<u64, Piece>,
    /// By id, what began in this range and has not ended.
    pub(super) tails: BTreeMap<u64, Piece>,
    /// Grouped text above the first header of this range: the rest of the group before it. More than one piece only
    /// where a header is missing.
    pub(super) headless: Vec<Piece>,
    /// Id of the last header line.
    pub(super) last_header: Option<u64>,
    /// Records without a transaction before the first moment in this range.
    pub(super) unstamped: Vec<Unstamped>,
    /// First moment in this range.
    pub(super) first: Stamp,
    /// Last moment in this range.
    pub(super) last: Stamp,
}

impl Fragments {
    /// Joins this range with the one that follows it, and emits the transactions that became whole.
    pub fn join(mut self, right: Fragments, emit: &mut dyn FnMut(Event<'_>)) -> Fragments {
        self.join_outside(right.unstamped, right.first, right.last, emit);
        for piece in right.headless {
            match (self.last_header, self.headless.last_mut()) {
                (Some(vxid), _) => self.attach(vxid, piece, emit),
                (None, Some(before)) if !before.standing.closed && !piece.standing.begun => before.append(&piece),
                (None, Some(before)) => {
                    before.standing.closed = true;
                    self.headless.push(piece);
                }
                (None, None) => self.headless.push(piece),
            }
        }
        for (vxid, piece) in right.heads {
            self.attach(vxid, piece, emit);
        }
        if let Some(next) = right.last_header {
            // A header over there ended the last group of this range.
            if let Some(last) = self.last_header.replace(next)
                && self.tails.get(&last).is_some_and(|tail| tail.standing.headed)
                && let Some(tail) = self.tails.remove(&last)
            {
                told(last, &tail, emit);
            }
        }
        for (vxid, piece) in right.tails {
            self.begin(vxid, piece, emit);
        }
        self.bound(emit);
        self
    }

    /// The end of the series: emits what is left, marked as incomplete.
    pub fn flush(self, emit: &mut dyn FnMut(Event<'_>)) {
        for record in &self.unstamped {
            outside::tell(record.tag, &record.payload, record.at, self.first, emit);
        }
        let headless = self.headless.iter().map(|piece| (0, piece));
        let heads = self.heads.iter().map(|(&vxid, piece)| (vxid, piece));
        let tails = self.tails.iter().map(|(&vxid, piece)| (vxid, piece));
        for (vxid, piece) in headless.chain(heads).chain(tails) {
            told(vxid, piece, emit);
        }
    }

    /// First moment in this range; unknown when it holds none.
    pub fn first_moment(&self) -> Stamp {
        self.first
    }

    /// Last moment in this range; unknown when it holds none.
    pub fn last_moment(&self) -> Stamp {
        self.last
    }

    /// Forgets what began before this range.
    pub fn forget_before(&mut self) {
        self.heads.clear();
        self.headless.clear();
        self.unstamped.clear();
    }

    /// Forgets what ends after this range.
    pub fn forget_after(&mut self) {
        self.tails.clear();
    }

    /// Where the requests and fetches begin that are not whole and may still become so. Sessions last, and tell nothing.
    pub fn begun(&self) -> impl Iterator<Item = Locator> {
        let tells = |piece: &&Piece| piece.standing.kind != TransactionKind::Session;
        self.tails.values().filter(tells).map(|piece| piece.standing.at)
    }

    /// How many transactions are not whole.
    pub fn open(&self) -> usize {
        self.heads.len() + self.tails.len() + self.headless.len()
    }

    fn join_outside(&mut self, unstamped: Vec<Unstamped>, first: Stamp, last: Stamp, emit: &mut dyn FnMut(Event<'_>)) {
        if self.last.is_known() {
            for record in unstamped {
                outside::tell(record.tag, &record.payload, record.at, self.last, emit);
            }
        } else {
            self.unstamped.extend(unstamped);
        }
        self.first = self.first.or(first);
        self.last = last.or(self.last);
    }

    /// Puts a piece that begins before its range behind what this range has of the same transaction.
    fn attach(&mut self, vxid: u64, piece: Piece, emit: &mut dyn FnMut(Event<'_>)) {
        if piece.standing.begun && self.tails.get(&vxid).is_none_or(|t| t.standing.begun || !t.standing.headed) {
            return self.begin(vxid, piece, emit);
        }
        if let Some(mut tail) = self.tails.remove(&vxid) {
            tail.append(&piece);
            if tail.standing.closed {
                told(vxid, &tail, emit);
            } else {
                self.tails.insert(vxid, tail);
            }
            return;
        }
        match self.heads.get_mut(&vxid) {
            Some(head) if !head.standing.closed => head.append(&piece),
            Some(_) if piece.standing.closed => told(vxid, &piece, emit),
            Some(_) => {
                self.tails.insert(vxid, piece);
            }
            None => {
                self.heads.insert(vxid, piece);
            }
        }
    }

    /// Takes a piece with a `Begin`, which ends whatever is open under its id.
    fn begin(&mut self, vxid: u64, piece: Piece, emit: &mut dyn FnMut(Event<'_>)) {
        if let Some(head) = self.heads.get_mut(&vxid) {
            head.standing.closed = true;
        }
        if let Some(unended) = self.tails.remove(&vxid) {
            told(vxid, &unended, emit);
        }
        if piece.standing.closed {
            told(vxid, &piece, emit);
        } else {
            self.tails.insert(vxid, piece);
        }
    }

    /// Gives up on the oldest half of what has been open for too long.
    fn bound(&mut self, emit: &mut dyn FnMut(Event<'_>)) {
        for side in [&mut self.heads, &mut self.tails] {
            if side.len() <= MOST_OPEN {
                continue;
            }
            let mut ages: Vec<Locator> = side.values().map(|piece| piece.standing.at).collect();
            let middle = ages.len() / 2;
            let limit = *ages.select_nth_unstable(middle).1;
            let old: Vec<u64> = side.iter().filter(|(_, p)| p.standing.at < limit).map(|(&vxid, _)| vxid).collect();
            for vxid in old {
                if let Some(piece) = side.remove(&vxid) {
                    told(vxid, &piece, emit);
                }
            }
        }
    }
}

fn told(vxid: u64, piece: &Piece, emit: &mut dyn FnMut(Event<'_>)) {
    tell(vxid, &piece.standing, piece.borrowed(), emit);
}
