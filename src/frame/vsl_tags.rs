//! The tag numbers of binary Varnish logs, which store no names. In: a numbering and a number; out: the name that
//! varnishlog prints, the tag, and how a payload of it is printed. It must not know how records lie in a file.
//!
//! Numberings: Varnish 4.0; 4.1 to 7.2; 7.3 to 8.0. The first two share a file magic.

use std::sync::LazyLock;

use crate::model::Tag;

/// Which numbers stand for which tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbering {
    /// Varnish 4.0.
    V40,
    /// Varnish 4.1 to 7.2.
    V41,
    /// Varnish 7.3 and later.
    V73,
}

/// How varnishlog prints a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Printed {
    /// As it is, up to its NUL.
    Raw,
    /// In double quotes, unprintable bytes as `%xx`, its NUL too.
    Quoted,
    /// In brackets, all bytes in hex.
    Hex,
}

/// What a number stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// The name that varnishlog prints; empty for a number that is not given out.
    pub name: &'static str,
    /// The tag.
    pub tag: Tag,
    /// How its payload is printed.
    pub printed: Printed,
}

impl Entry {
    fn of(name: &'static str) -> Entry {
        let printed = match name {
            "Debug" | "HttpGarbage" | "Hash" => Printed::Quoted,
            "H2RxHdr" | "H2RxBody" | "H2TxHdr" | "H2TxBody" => Printed::Hex,
            _ => Printed::Raw,
        };
        Entry { name, tag: Tag::parse(name.as_bytes()), printed }
    }
}

const BEFORE: [&str; 3] = [
    "Debug Error CLI SessOpen SessClose BackendOpen BackendReuse BackendClose HttpGarbage Backend Length FetchError",
    "Debug Error CLI SessOpen SessClose BackendOpen BackendReuse BackendClose HttpGarbage Proxy ProxyGarbage Backend \
     Length FetchError",
    "Debug Error CLI SessOpen SessClose BackendOpen BackendClose HttpGarbage Proxy ProxyGarbage Length FetchError",
];

const HTTP: &str = "ReqMethod ReqURL ReqProtocol ReqStatus ReqReason ReqHeader ReqUnset ReqLost \
    RespMethod RespURL RespProtocol RespStatus RespReason RespHeader RespUnset RespLost \
    BereqMethod BereqURL BereqProtocol BereqStatus BereqReason BereqHeader BereqUnset BereqLost \
    BerespMethod BerespURL BerespProtocol BerespStatus BerespReason BerespHeader BerespUnset BerespLost \
    ObjMethod ObjURL ObjProtocol ObjStatus ObjReason ObjHeader ObjUnset ObjLost";

const MIDDLE: &str = "BogoHeader LostHeader TTL Fetch_Body VCL_acl VCL_call VCL_trace VCL_return ReqStart Hit HitPass \
    ExpBan ExpKill WorkThread ESI_xmlerror Hash Backend_health VCL_Log VCL_Error Gzip Link Begin End VSL Storage \
    Timestamp ReqAcct";

const AFTER: [&str; 3] = [
    "ESI_BodyBytes PipeAcct BereqAcct",
    "PipeAcct BereqAcct VfpAcct Witness BackendStart H2RxHdr H2RxBody H2TxHdr H2TxBody HitMiss Filters SessError \
     VCL_use Notice VdpAcct",
    "PipeAcct BereqAcct VfpAcct Witness H2RxHdr H2RxBody H2TxHdr H2TxBody HitMiss Filters SessError VCL_use Notice \
     VdpAcct",
];

/// The tables, by [`Numbering`]; numbers begin at 1.
static TABLES: LazyLock<[Vec<Entry>; 3]> = LazyLock::new(|| {
    [0, 1, 2].map(|n| {
        let words = [BEFORE[n], HTTP, MIDDLE, AFTER[n]];
        std::iter::once("").chain(words.into_iter().flat_map(str::split_whitespace)).map(Entry::of).collect()
    })
});

/// The table of a numbering: what stands at a number.
pub(super) fn table(numbering: Numbering) -> &'static [Entry] {
    &TABLES[numbering as usize]
}

/// The entry of a number; `None` for one that this numbering does not give out.
#[inline]
pub(super) fn entry(table: &'static [Entry], number: u8) -> Option<&'static Entry> {
    table.get(usize::from(number)).filter(|e| !e.name.is_empty())
}

/// The numbering of a file of the older magic, by a record that begins or links a transaction: its payload looks like
/// nothing else, and its number differs. `None` for any other record.
pub(super) fn told_by(number: u8, payload: &[u8]) -> Option<Numbering> {
    let numbering = match number {
        73 | 74 => Numbering::V40,
        75 | 76 => Numbering::V41,
        _ => return None,
    };
    let mut words = payload.split(|&b| b == b' ').map(|w| w.strip_suffix(b"\0").unwrap_or(w));
    let is_one = matches!(words.next(), Some(b"sess" | b"req" | b"bereq"))
        && words.next().is_some_and(|w| !w.is_empty() && w.iter().all(u8::is_ascii_digit))
        && words.next().is_some_and(|w| !w.is_empty());
    is_one.then_some(numbering)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_that_each_version_writes() {
        for (numbering, last, known) in [
            (
                Numbering::V40,
                82,
                &[(12, "FetchError"), (13, "ReqMethod"), (52, "ObjLost"), (74, "Begin"), (82, "BereqAcct")][..],
            ),
            (
                Numbering::V41,
                96,
                &[(14, "FetchError"), (15, "ReqMethod"), (42, "BerespStatus"), (76, "Begin"), (80, "Timestamp")],
            ),
            (
                Numbering::V73,
                93,
                &[(12, "FetchError"), (7, "BackendClose"), (74, "Begin"), (78, "Timestamp"), (87, "H2TxBody")],
            ),
        ] {
            let table = table(numbering);
            assert_eq!(table.len(), last + 1);
            for (number, name) in known {
                assert_eq!(entry(table, *number).map(|e| e.name), Some(*name), "{numbering:?} {number}");
            }
            assert!(entry(table, 0).is_none() && entry(table, 97).is_none());
            // Every tag that an event is made from has a number, but for what a version did not have.
            for (word, _) in Tag::WORDS {
                let name = std::str::from_utf8(word).unwrap_or_default();
                let absent = name == "Backend" && numbering == Numbering::V73;
                assert_ne!(table.iter().any(|e| e.name == name), absent, "{numbering:?} {name}");
            }
        }
    }

    #[test]
    fn a_beginning_tells_the_numbering() {
        assert_eq!(told_by(74, b"req 1 rxreq\0"), Some(Numbering::V40));
        assert_eq!(told_by(73, b"bereq 2 fetch\0"), Some(Numbering::V40));
        assert_eq!(told_by(76, b"sess 0 HTTP/1\0"), Some(Numbering::V41));
        assert_eq!(told_by(74, b"U F - 20 40 80 80 90\0"), None, "Gzip of 4.1");
        assert_eq!(told_by(75, b"\0"), None, "End of 4.0");
        assert_eq!(told_by(60, b"req 1 rxreq\0"), None);
    }
}
