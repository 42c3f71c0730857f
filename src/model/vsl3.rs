//! The records of Varnish 3.0's log, which are numbered by file descriptor, not by transaction. In: nothing; out:
//! `Tag3` and `Record3`, which framing hands to the assembler of 3.0. It must not know text columns, nor what a record
//! means.

use super::locator::Locator;
use super::vsl::Side;

macro_rules! tags {
    ($($name:ident = $word:literal),+ $(,)?) => {
        /// The tags of Varnish 3.0 that an event is made from; every other one is `Other`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs)] // each is named as varnishlog prints it
        pub enum Tag3 { $($name,)+ Other }

        impl Tag3 {
            /// The tag of a word as varnishlog prints it.
            pub fn parse(word: &[u8]) -> Tag3 {
                match word {
                    $(_ if word == $word => Tag3::$name,)+
                    _ => Tag3::Other,
                }
            }
        }
    };
}

tags! {
    RxHeader = b"RxHeader",
    TxHeader = b"TxHeader",
    VclCall = b"VCL_call",
    VclReturn = b"VCL_return",
    ReqStart = b"ReqStart",
    ReqEnd = b"ReqEnd",
    RxRequest = b"RxRequest",
    RxUrl = b"RxURL",
    RxStatus = b"RxStatus",
    TxRequest = b"TxRequest",
    TxUrl = b"TxURL",
    TxStatus = b"TxStatus",
    Backend = b"Backend",
    BackendOpen = b"BackendOpen",
    BackendXid = b"BackendXID",
    BackendReuse = b"BackendReuse",
    BackendClose = b"BackendClose",
    BackendHealth = b"Backend_health",
    Cli = b"CLI",
    Error = b"Error",
    EsiError = b"ESI_xmlerror",
    FetchBody = b"Fetch_Body",
    FetchError = b"FetchError",
    Gzip = b"Gzip",
    Hit = b"Hit",
    HttpGarbage = b"HttpGarbage",
    Interrupted = b"Interrupted",
    Length = b"Length",
    LostHeader = b"LostHeader",
    Session = b"SessionOpen",
    SessionClose = b"SessionClose",
    StatSess = b"StatSess",
    Ttl = b"TTL",
    VclError = b"VCL_error",
    VclLog = b"VCL_Log",
    Debug = b"Debug",
}

impl Tag3 {
    /// True when the payload may hold a line feed, so that the next line may belong to it.
    pub fn may_hold_newline(self) -> bool {
        matches!(self, Tag3::VclLog | Tag3::Error | Tag3::VclError | Tag3::Cli)
    }
}

/// One record, borrowed from the chunk.
#[derive(Clone, Copy, Debug)]
pub struct Record3<'c> {
    /// File descriptor of its connection; 0 for none.
    pub fd: u64,
    /// What it is.
    pub tag: Tag3,
    /// Its side.
    pub side: Side,
    /// Its bytes, as logged.
    pub payload: &'c [u8],
    /// Its line.
    pub at: Locator,
}
