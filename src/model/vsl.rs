//! The records of Varnish's shared log, whatever they were read from. In: nothing; out: `Tag`, `VslRecord`, `VslHeader`
//! and `VslItem`, which framing (text or binary) hands to the assembler of transactions. It must not know text columns,
//! tag numbers, nor what a record means.

use super::locator::Locator;

macro_rules! tags {
    ($($len:literal: [$($(#[$doc:meta])* $name:ident = $word:literal),+ $(,)?]),+ $(,)?) => {
        /// The tags that an event is made from (VSL of Varnish 4.0 to 8.0); every other one is `Other`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Tag {
            $($($(#[$doc])* $name,)+)+
            /// Any other tag, known to Varnish or not.
            Other,
        }

        impl Tag {
            /// The tag of a word as varnishlog prints it. Length first: at most a handful of words share one.
            #[inline]
            pub fn parse(word: &[u8]) -> Tag {
                match word.len() {
                    $($len => $(if word == $word { Tag::$name } else)+ { Tag::Other },)+
                    _ => Tag::Other,
                }
            }

            /// Every tag but `Other`, with its word.
            pub const WORDS: &'static [(&'static [u8], Tag)] = &[$($(($word, Tag::$name),)+)+];
        }
    };
}

tags! {
    3: [
        /// A transaction ends.
        End = b"End",
        /// A diagnosis of the reader: the transaction is not whole.
        Vsl = b"VSL",
        /// The stored object that answered.
        Hit = b"Hit",
        /// The management command line.
        Cli = b"CLI",
        /// Lifetime computed for an answer.
        Ttl = b"TTL",
    ],
    4: [
        /// A transaction that this one started.
        Link = b"Link",
        /// Gzip result or error.
        Gzip = b"Gzip",
    ],
    5: [
        /// A transaction begins.
        Begin = b"Begin",
        /// An error text.
        Error = b"Error",
        /// Developers' text.
        Debug = b"Debug",
    ],
    6: [
        /// Path and query that the client asked for.
        ReqUrl = b"ReqURL",
        /// Bytes of the stored body.
        Length = b"Length",
    ],
    7: [
        /// Bytes of a request.
        ReqAcct = b"ReqAcct",
        /// A connection was chosen (4.0).
        Backend = b"Backend",
        /// Text of `std.log()`.
        VclLog = b"VCL_Log",
    ],
    8: [
        /// Address of the client.
        ReqStart = b"ReqStart",
        /// Path and query sent to the backend.
        BereqUrl = b"BereqURL",
        /// Bytes of a pipe.
        PipeAcct = b"PipeAcct",
        /// A VCL subroutine is called.
        VclCall = b"VCL_call",
    ],
    9: [
        /// A named moment.
        Timestamp = b"Timestamp",
        /// Method that the client asked with.
        ReqMethod = b"ReqMethod",
        /// Header of the client's request.
        ReqHeader = b"ReqHeader",
        /// Header removed from the answer to the client.
        RespUnset = b"RespUnset",
        /// An error made by VCL.
        VclError = b"VCL_Error",
        /// Bytes of a fetch.
        BereqAcct = b"BereqAcct",
    ],
    10: [
        /// Status sent to the client.
        RespStatus = b"RespStatus",
        /// Header sent to the client.
        RespHeader = b"RespHeader",
        /// How the body of an answer is read.
        FetchBody = b"Fetch_Body",
        /// Why a fetch could not go on.
        FetchError = b"FetchError",
        /// A header line that was refused.
        BogoHeader = b"BogoHeader",
        /// A header that found no room.
        LostHeader = b"LostHeader",
        /// What a VCL subroutine returned.
        VclReturn = b"VCL_return",
        /// Header removed from the request to the backend.
        BereqUnset = b"BereqUnset",
    ],
    11: [
        /// Header sent to the backend.
        BereqHeader = b"BereqHeader",
        /// Method sent to the backend.
        BereqMethod = b"BereqMethod",
        /// A connection to a backend was opened or taken from the pool.
        BackendOpen = b"BackendOpen",
        /// Bytes that are no HTTP.
        HttpGarbage = b"HttpGarbage",
    ],
    12: [
        /// Header of the backend's answer.
        BerespHeader = b"BerespHeader",
        /// Status of the backend's answer.
        BerespStatus = b"BerespStatus",
        /// A connection to a backend was closed or put back.
        BackendClose = b"BackendClose",
        /// ESI that could not be parsed.
        EsiError = b"ESI_xmlerror",
    ],
    14: [
        /// A probe result.
        BackendHealth = b"Backend_health",
    ],
}

impl Tag {
    /// True when the payload may hold a line feed, so that the next text line may belong to it (`std.log()` text, the
    /// `Error` texts "ESI corruption …").
    pub fn may_hold_newline(self) -> bool {
        matches!(self, Tag::VclLog | Tag::Error | Tag::VclError | Tag::Debug)
    }
}

/// The side of a record: the letter `c`, `b` or `-`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Side {
    /// Client.
    Client,
    /// Backend.
    Backend,
    /// Neither, or not printed (grouped text without `-v`).
    #[default]
    Neither,
}

/// What a transaction is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TransactionKind {
    /// Not known (yet).
    #[default]
    Unknown,
    /// A client connection.
    Session,
    /// A client request.
    Request,
    /// A backend fetch.
    BeReq,
}

/// Stands for the transaction id of a record of grouped text whose header line was not seen. Real ids end at 2^51.
pub const NO_HEADER: u64 = u64::MAX;

/// One record, borrowed from the chunk.
#[derive(Clone, Copy, Debug)]
pub struct VslRecord<'c> {
    /// Its transaction; 0 for none, [`NO_HEADER`] when the line that names it is in an earlier chunk.
    pub vxid: u64,
    /// What it is.
    pub tag: Tag,
    /// Its side.
    pub side: Side,
    /// Its bytes, as logged.
    pub payload: &'c [u8],
    /// Its own line, or its place in a binary log.
    pub at: Locator,
}

/// The line above a transaction in grouped text.
#[derive(Clone, Copy, Debug)]
pub struct VslHeader {
    /// The transaction.
    pub vxid: u64,
    /// What it is.
    pub kind: TransactionKind,
    /// The line.
    pub at: Locator,
}

/// What framing finds, in the order of the log.
#[derive(Clone, Copy, Debug)]
pub enum VslItem<'c> {
    /// A header line: the records up to the next header are of one transaction.
    Header(VslHeader),
    /// A record.
    Record(VslRecord<'c>),
    /// A line that was not understood, for samples.
    Rejected(Locator, &'c [u8]),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_under_its_own_length() {
        for (word, tag) in Tag::WORDS {
            assert_eq!(Tag::parse(word), *tag, "{}", String::from_utf8_lossy(word));
        }
        for word in [&b""[..], b"begin", b"Filters", b"BerespProtocol", b"Ends", b"En"] {
            assert_eq!(Tag::parse(word), Tag::Other);
        }
    }
}
