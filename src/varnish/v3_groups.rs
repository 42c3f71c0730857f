//! Records of Varnish 3.0 to requests and their fetches, within one chunk. In: records in the order of the log or
//! grouped by descriptor; out: events. It must not know text lines.
//!
//! Varnish 3.0 numbers records by file descriptor. The request side begins with `ReqStart` and ends with `ReqEnd`,
//! which both name the XID; the backend side is a stretch of another descriptor, tied to the request by `BackendXID`
//! (3.0.5 and later), by the `X-Varnish` header that was sent, or by the descriptor that the request's `Backend` record
//! names. Whatever a chunk leaves open is told as incomplete: chunks are cut where nothing is under way.

use std::collections::{HashMap, HashSet};

use super::assembler::Assembler;
use super::fields::{header, leading_number, moment, number, word};
use super::fragments::Fragments;
use super::v3_told::tell;
use crate::model::vsl3::{Record3, Tag3};
use crate::model::{Event, Locator, Side, Tag, VslItem, VslRecord};

/// The client side of a request.
#[derive(Debug, Default)]
pub(super) struct Client<'c> {
    /// Its XID; 0 when neither its beginning nor its end is there.
    pub xid: u64,
    /// Its first line.
    pub at: Locator,
    /// Its `ReqStart` is there.
    pub begun: bool,
    /// Its `ReqEnd` is there.
    pub ended: bool,
    /// Its records.
    pub records: Vec<Record3<'c>>,
}

/// One use of a backend connection.
#[derive(Debug, Default)]
pub(super) struct Used<'c> {
    /// XID of the request; 0 when not known.
    pub xid: u64,
    /// The descriptor.
    pub fd: u64,
    /// Its records.
    pub records: Vec<Record3<'c>>,
}

impl Used<'_> {
    fn has_sent(&self) -> bool {
        self.records.iter().any(|r| r.tag == Tag3::TxRequest)
    }
}

/// Gathers the requests of one chunk.
#[derive(Default)]
pub struct Assembler3<'c> {
    clients: HashMap<u64, Client<'c>>,
    using: HashMap<u64, Used<'c>>,
    /// Uses that are over, in order, whose request has not ended.
    used: Vec<Used<'c>>,
    /// Requests that have been told.
    told: HashSet<u64>,
    /// What belongs to no request.
    outside: Assembler<'c>,
}

impl<'c> Assembler3<'c> {
    /// One that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next record, and emits the events that it completes.
    pub fn push(&mut self, r: Record3<'c>, emit: &mut dyn FnMut(Event<'_>)) {
        match (r.tag, r.side) {
            (Tag3::BackendHealth, _) => self.outside(&r, Tag::BackendHealth, emit),
            (Tag3::Cli, _) => self.outside(&r, Tag::Cli, emit),
            (Tag3::Interrupted, _) => self.interrupted(r.fd, emit),
            (_, Side::Client) => self.client(r, emit),
            (_, Side::Backend) => self.backend(r),
            (_, Side::Neither) => {}
        }
    }

    /// Ends the chunk: tells what is open as incomplete; what is left are records without a request and without a
    /// moment, to be joined with those of the neighbouring chunks.
    pub fn finish(mut self, emit: &mut dyn FnMut(Event<'_>)) -> Fragments {
        let mut open: Vec<Client<'c>> = std::mem::take(&mut self.clients).into_values().collect();
        open.sort_by_key(|c| c.at);
        for client in open {
            self.tell(client, emit);
        }
        let mut left: Vec<Used<'c>> = self.using.drain().map(|(_, used)| used).chain(self.used.drain(..)).collect();
        left.retain(|u| u.has_sent() && !self.told.contains(&u.xid));
        left.sort_by_key(|u| u.records.first().map(|r| r.at));
        for used in left {
            // Its request is not in the log.
            let at = used.records.first().map(|r| r.at).unwrap_or_default();
            tell(&Client { xid: used.xid, at, ..Client::default() }, vec![used], emit);
        }
        self.outside.finish()
    }

    fn outside(&mut self, r: &Record3<'c>, tag: Tag, emit: &mut dyn FnMut(Event<'_>)) {
        let record = VslRecord { vxid: 0, tag, side: r.side, payload: r.payload, at: r.at };
        self.outside.push(VslItem::Record(record), emit);
    }

    /// Grouped text says so when a descriptor is used anew without an end.
    fn interrupted(&mut self, fd: u64, emit: &mut dyn FnMut(Event<'_>)) {
        if let Some(client) = self.clients.remove(&fd) {
            self.tell(client, emit);
        }
        self.end_use(fd);
    }

    fn client(&mut self, r: Record3<'c>, emit: &mut dyn FnMut(Event<'_>)) {
        if matches!(r.tag, Tag3::Session | Tag3::SessionClose | Tag3::StatSess) {
            return;
        }
        if r.tag == Tag3::ReqStart
            && let Some(unended) = self.clients.remove(&r.fd)
        {
            self.tell(unended, emit);
        }
        let client = self.clients.entry(r.fd).or_insert_with(|| Client { at: r.at, ..Client::default() });
        client.records.push(r);
        match r.tag {
            Tag3::ReqStart => {
                client.begun = true;
                client.xid = number(word(r.payload, 2)).unwrap_or(0);
            }
            Tag3::ReqEnd => {
                client.ended = true;
                client.xid = number(word(r.payload, 0)).unwrap_or(client.xid);
                if let Some(client) = self.clients.remove(&r.fd) {
                    self.tell(client, emit);
                }
                if let Some(at) = moment(word(r.payload, 2)) {
                    self.outside.it_is(at);
                }
            }
            _ => {}
        }
    }

    fn backend(&mut self, r: Record3<'c>) {
        let begins_anew = self.using.get(&r.fd).is_some_and(|used| match r.tag {
            Tag3::BackendOpen => true,
            Tag3::BackendXid => used.xid != 0 || used.has_sent(),
            Tag3::TxRequest => used.has_sent(),
            _ => false,
        });
        if begins_anew {
            self.end_use(r.fd);
        }
        let used = self.using.entry(r.fd).or_insert_with(|| Used { fd: r.fd, ..Used::default() });
        used.records.push(r);
        match r.tag {
            Tag3::BackendXid => used.xid = number(word(r.payload, 0)).unwrap_or(0),
            Tag3::TxHeader if used.xid == 0 => {
                let (name, value) = header(r.payload);
                if name.eq_ignore_ascii_case(b"X-Varnish") {
                    used.xid = leading_number(value).unwrap_or(0);
                }
            }
            Tag3::BackendClose | Tag3::BackendReuse => self.end_use(r.fd),
            _ => {}
        }
    }

    /// A connection is put back or closed. An idle one that is closed was used for nothing.
    fn end_use(&mut self, fd: u64) {
        if let Some(used) = self.using.remove(&fd).filter(|u| u.xid != 0 || u.has_sent()) {
            self.used.push(used);
        }
    }

    fn tell(&mut self, client: Client<'c>, emit: &mut dyn FnMut(Event<'_>)) {
        let named =
            |fd: u64| client.records.iter().any(|r| r.tag == Tag3::Backend && number(word(r.payload, 0)) == Some(fd));
        let its = |u: &Used<'_>| if u.xid == 0 { named(u.fd) } else { u.xid == client.xid };
        let open: Vec<u64> = self.using.iter().filter(|(_, u)| u.xid != 0 && its(u)).map(|(fd, _)| *fd).collect();
        for fd in open {
            self.end_use(fd);
        }
        let (mine, others) = std::mem::take(&mut self.used).into_iter().partition(its);
        self.used = others;
        if client.xid != 0 {
            self.told.insert(client.xid);
        }
        tell(&client, mine, emit);
    }
}
