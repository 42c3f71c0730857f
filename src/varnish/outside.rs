//! Records outside any transaction (id 0): probe results and the management command line. In: one record and the best
//! guess of its moment; out: a health event, a change, or nothing. It must not know where the moment comes from.

use super::backend::plain_name;
use super::fields::{moment, number, timestamp, word, words};
use crate::model::{Change, ChangeKind, Event, HealthChange, Locator, Stamp, Tag};

/// The moment that a record itself tells: any `Timestamp`, and the answer to the parent's ping
/// (`CLI Wr 200 19 PONG 1795196959 1.0`, every three seconds), which keeps time where there is no traffic.
#[inline]
pub(super) fn moment_of(tag: Tag, payload: &[u8]) -> Option<Stamp> {
    match tag {
        Tag::Timestamp => timestamp(payload).map(|(_, at)| at),
        Tag::Cli => {
            let mut answer = words(payload.strip_prefix(b"Wr 200 ")?).skip(1);
            answer.next().filter(|w| *w == b"PONG").and_then(|_| moment(answer.next()?))
        }
        _ => None,
    }
}

/// True for a record that [`tell`] may tell of.
pub(super) fn matters(tag: Tag, payload: &[u8]) -> bool {
    tag == Tag::BackendHealth || (tag == Tag::Cli && command(payload).is_some())
}

/// Emits what the record tells.
pub(super) fn tell(tag: Tag, payload: &[u8], at: Locator, time: Stamp, emit: &mut dyn FnMut(Event<'_>)) {
    match tag {
        Tag::BackendHealth => {
            if let Some(change) = health(payload, at, time) {
                emit(Event::Health(change));
            }
        }
        Tag::Cli => {
            if let Some((kind, text)) = command(payload) {
                emit(Event::Change(Change { at, time, kind, text }));
            }
        }
        _ => {}
    }
}

/// A command that changes something: its kind and its words.
fn command(payload: &[u8]) -> Option<(ChangeKind, &[u8])> {
    let text = payload.strip_prefix(b"Rd ")?;
    match word(text, 0) {
        b"vcl.use" | b"vcl.load" | b"vcl.inline" | b"vcl.label" => Some((ChangeKind::Vcl, text)),
        b"param.set" | b"backend.set_health" => Some((ChangeKind::Setting, text)),
        _ => None,
    }
}

/// `NAME Still|Went|Back healthy|sick BITS GOOD THRESHOLD WINDOW RTIME AVG RESPONSE` (3.0 to 8.0; since 6.4 the
/// response is in double quotes).
fn health(payload: &[u8], at: Locator, time: Stamp) -> Option<HealthChange<'_>> {
    let mut rest = payload;
    let mut fields = [&b""[..]; 9];
    for field in &mut fields {
        let end = rest.iter().position(|&b| b == b' ').unwrap_or(rest.len());
        *field = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or(b"");
    }
    let [name, turn, state, _bits, good, threshold, window, _rtime, _average] = fields;
    let healthy = match state {
        b"healthy" => true,
        b"sick" => false,
        _ => return None,
    };
    let count = |field: &[u8]| number(field).and_then(|n| u16::try_from(n).ok());
    let rest = rest.trim_ascii();
    // Names carry the VCL up to 6.0, responses quotes since 6.4.
    let quoted = rest.strip_prefix(b"\"");
    Some(HealthChange {
        at,
        time,
        backend: plain_name(name, quoted.is_none()),
        healthy,
        changed: matches!(turn, b"Went" | b"Back"),
        good: (count(good)?, count(threshold)?, count(window)?),
        response: quoted.map_or(rest, |r| r.strip_suffix(b"\"").unwrap_or(r)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probe_results_of_every_version_are_read() {
        for (payload, backend, healthy, changed, good, response) in [
            (
                "web Went healthy 4---X-RH 2 2 4 0.000643 0.118151 \"HTTP/1.1 200 OK\"",
                "web",
                true,
                true,
                (2, 2, 4),
                "HTTP/1.1 200 OK",
            ),
            (
                "web Still sick 4---Xr-- 0 3 8 0.0 0.1 \"Poll error 110 (Connection timed out)\"",
                "web",
                false,
                false,
                (0, 3, 8),
                "Poll error 110 (Connection timed out)",
            ),
            (
                "boot.web Back healthy 4--X-RH 3 3 8 0.000643 0.118151 HTTP/1.1 200 OK",
                "web",
                true,
                true,
                (3, 3, 8),
                "HTTP/1.1 200 OK",
            ),
            ("web(10.0.0.2,,80) Still sick ------- 0 3 8 0.0 0.0 ", "web", false, false, (0, 3, 8), ""),
            ("web Went sick ---- 2 3 4 0.0 0.0", "web", false, true, (2, 3, 4), ""),
        ] {
            let h = health(payload.as_bytes(), Locator::default(), Stamp(1)).expect(payload);
            assert_eq!((h.backend, h.healthy, h.changed), (backend.as_bytes(), healthy, changed), "{payload}");
            assert_eq!((h.good, h.response), (good, response.as_bytes()), "{payload}");
        }
        for payload in ["", "web", "web Still odd ---- 1 1 1 0 0", "web Still sick ---- x 3 4 0 0"] {
            assert!(health(payload.as_bytes(), Locator::default(), Stamp(1)).is_none(), "{payload}");
        }
    }

    #[test]
    fn only_commands_that_change_something_are_changes() {
        for (payload, kind) in [
            ("Rd vcl.use v2", Some(ChangeKind::Vcl)),
            ("Rd vcl.load v2 vcl_v2.1/vgc.so 1auto", Some(ChangeKind::Vcl)),
            ("Rd param.set first_byte_timeout 90", Some(ChangeKind::Setting)),
            ("Rd backend.set_health web sick", Some(ChangeKind::Setting)),
            ("Rd ping", None),
            ("Rd vcl.list", None),
            ("Wr 200 0 ", None),
        ] {
            assert_eq!(command(payload.as_bytes()).map(|c| c.0), kind, "{payload}");
        }
    }

    #[test]
    fn a_ping_tells_the_time() {
        assert_eq!(moment_of(Tag::Cli, b"Wr 200 19 PONG 1795196959 1.0"), Some(Stamp(1_795_196_959_000_000)));
        assert_eq!(moment_of(Tag::Cli, b"Wr 200 0 "), None);
        assert_eq!(moment_of(Tag::Timestamp, b"Resp: 1.5 0 0"), Some(Stamp(1_500_000)));
    }
}
