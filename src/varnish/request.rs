//! A client transaction to a `Request`. In: the kept records of one transaction in log order; out: the noun. It must
//! not know text lines, nor other transactions: what a fetch it started came to is told by that fetch.

use super::fields::{header, moment, number, timestamp, without_port, word, words};
use super::kept::{Kept, Standing};
use crate::model::{MadeBy, Request, RequestReason, Stamp, Tag};

/// The request that these records tell of. `whole`: nothing is missing at its ends.
pub(super) fn request<'c>(
    vxid: u64,
    standing: &Standing,
    whole: bool,
    records: impl Iterator<Item = Kept<'c>>,
) -> Request<'c> {
    let mut told = Told::default();
    told.request.vxid = vxid;
    told.request.at = standing.at;
    told.request.incomplete = !whole;
    for record in records {
        told.record(&record);
    }
    told.finish()
}

/// Headers that name a request, the surest to be the caller's own first: that of a CDN in front, of another Varnish, of
/// whoever numbers requests. 0 for any other header.
pub(super) fn id_rank(name: &[u8]) -> u8 {
    const IDS: [&[u8]; 7] =
        [b"traceparent", b"X-Request-ID", b"X-Amzn-Trace-Id", b"X-Varnish", b"X-Azure-Ref", b"X-Amz-Cf-Id", b"cf-ray"];
    if !matches!(name.len(), 6 | 9 | 11 | 12 | 15) {
        return 0;
    }
    IDS.iter().position(|id| name.eq_ignore_ascii_case(id)).map_or(0, |n| n as u8 + 1)
}

/// Grace that is left, of `VXID TTL GRACE KEEP` with a TTL below zero: that long ago it became stale. It is the object's
/// own grace; `req.grace` may have been shorter.
fn grace_left(payload: &[u8]) -> Option<i64> {
    let stale = moment(word(payload, 1).strip_prefix(b"-")?)?;
    let left = moment(word(payload, 2))?.since(stale)?;
    (left > 0).then_some(left)
}

#[derive(Default)]
struct Told<'c> {
    request: Request<'c>,
    last: Stamp,
    synth: bool,
    /// How much the id that travelled says: see [`id_rank`].
    id_rank: u8,
    /// `Content-Length` promised to the client.
    promised: Option<u64>,
}

impl<'c> Told<'c> {
    fn record(&mut self, r: &Kept<'c>) {
        let q = &mut self.request;
        match r.tag {
            Tag::Begin => self.begin(r.payload),
            Tag::Vsl => q.incomplete = true,
            Tag::End => q.incomplete |= !r.payload.trim_ascii().is_empty(),
            Tag::Link => self.link(r.payload),
            Tag::Timestamp => self.timestamp(r.payload),
            Tag::ReqStart => q.peer = word(r.payload, 0),
            // What the client asked is what comes first; VCL may rewrite it.
            Tag::ReqMethod if q.method.is_empty() => q.method = r.payload,
            Tag::ReqUrl if q.url.is_empty() => q.url = r.payload,
            Tag::ReqHeader => self.asked(r.payload),
            Tag::RespStatus => q.status = number(r.payload).and_then(|n| u16::try_from(n).ok()).unwrap_or(0),
            Tag::RespHeader => self.answered(r.payload, true),
            Tag::RespUnset => self.answered(r.payload, false),
            Tag::Hit => {
                q.hit = number(word(r.payload, 0)).unwrap_or(0);
                q.grace_left_us = grace_left(r.payload);
            }
            Tag::VclCall => self.synth |= r.payload == b"SYNTH",
            Tag::ReqAcct => self.acct(r.payload),
            Tag::PipeAcct => self.piped(r.payload),
            _ => {}
        }
    }

    fn begin(&mut self, payload: &[u8]) {
        let q = &mut self.request;
        q.parent = number(word(payload, 1)).unwrap_or(0);
        q.reason = match word(payload, 2) {
            b"restart" => RequestReason::Restart,
            b"esi" => RequestReason::Esi,
            _ => RequestReason::Client,
        };
        q.incomplete |= word(payload, 2) == b"synth";
    }

    fn link(&mut self, payload: &[u8]) {
        match (word(payload, 0), word(payload, 2)) {
            (b"bereq", b"fetch" | b"pass" | b"pipe") => {
                self.request.fetch = number(word(payload, 1)).unwrap_or(0);
            }
            (b"req", b"restart") => self.request.restarted = true,
            _ => {}
        }
    }

    fn timestamp(&mut self, payload: &[u8]) {
        let Some((label, at)) = timestamp(payload) else { return };
        self.last = at;
        match label {
            b"Start" => self.request.start = at,
            b"Resp" => self.request.end = at,
            b"Waitinglist" => self.request.waited = true,
            b"Restart" => self.request.restarted = true,
            _ => {}
        }
    }

    fn asked(&mut self, payload: &'c [u8]) {
        let (name, value) = header(payload);
        let q = &mut self.request;
        let field = match name.len() {
            4 if name.eq_ignore_ascii_case(b"Host") => &mut q.host,
            7 if name.eq_ignore_ascii_case(b"Referer") => &mut q.referer,
            10 if name.eq_ignore_ascii_case(b"User-Agent") => &mut q.agent,
            15 if name.eq_ignore_ascii_case(b"X-Forwarded-For") => &mut q.forwarded,
            _ => {
                let rank = id_rank(name);
                if rank > self.id_rank {
                    (q.travelled_id, self.id_rank) = (value, rank);
                }
                return;
            }
        };
        if field.is_empty() {
            *field = value;
        }
    }

    fn answered(&mut self, payload: &[u8], set: bool) {
        let (name, value) = header(payload);
        match name.len() {
            11 if name.eq_ignore_ascii_case(b"Retry-After") => self.request.retry_after = set,
            14 if name.eq_ignore_ascii_case(b"Content-Length") => self.promised = number(value).filter(|_| set),
            _ => {}
        }
    }

    /// `hdrRX bodyRX totalRX hdrTX bodyTX totalTX`.
    fn acct(&mut self, payload: &[u8]) {
        let mut fields = words(payload).map(number).skip(2);
        let q = &mut self.request;
        q.request_length = fields.next().flatten();
        q.body_bytes = fields.nth(1).flatten();
        q.sent_bytes = fields.next().flatten();
    }

    /// `clientHdr bereqHdr clientBytes backendBytes`.
    fn piped(&mut self, payload: &[u8]) {
        let mut fields = words(payload).map(|w| number(w).unwrap_or(0));
        let q = &mut self.request;
        let head = fields.next();
        q.request_length = head.map(|n| n.saturating_add(fields.nth(1).unwrap_or(0)));
        q.sent_bytes = fields.next();
    }

    fn finish(mut self) -> Request<'c> {
        let q = &mut self.request;
        q.end = q.end.or(self.last);
        q.host = without_port(q.host);
        q.made_by = match (q.fetch > 0, self.synth, q.hit > 0) {
            (true, ..) => MadeBy::Fetch,
            (_, true, _) => MadeBy::Itself,
            (_, _, true) => MadeBy::Hit,
            _ => MadeBy::Unknown,
        };
        let has_body = q.method != b"HEAD" && !matches!(q.status, 0..200 | 204 | 304);
        if let (true, Some(promised), Some(sent)) = (has_body, self.promised, q.body_bytes) {
            q.incomplete |= sent < promised;
        }
        self.request
    }
}
