//! The words in which a log itself says what became of a fetch: a CDN's result type, a proxy's termination state.
//! In: entries of a format file; out: `Word`, and `Class`, what such a word says in short. It must not know how words
//! are spelt in files, nor how a cause is decided.

use super::cause::Cause;

/// One verdict word of a log format.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// The log's own name of the field, e.g. `x-edge-detailed-result-type`.
    pub field: String,
    /// The value as a glob: `*` is any run of bytes; compared without regard to case.
    pub value: String,
    /// A cause id, or `ok` (nothing failed), or `noise` (nothing to do with a request of a client).
    pub cause: String,
    /// What else it may mean: the id of the runner-up.
    pub or: Option<String>,
    /// How sure, 0 to 1.
    pub confidence: f32,
    /// Conditions on facts that must all hold, as in cause rules.
    pub when: Vec<String>,
}

/// What a word says of the fetch, in short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Class {
    /// Nothing failed.
    Ok,
    /// The line has nothing to do with a request of a client: drop it.
    Noise,
    /// It failed, but not because of the next tier (`client.*`, `edge.*`, `log.*`).
    NotOrigin,
    /// The next tier's own error was passed on.
    Relayed,
    /// The fetch failed.
    Failed,
    /// It depends on facts: ask again with them.
    Depends,
    /// The format has no entry for the value.
    #[default]
    Unknown,
}

impl Class {
    /// The class of a word's `cause`.
    pub fn of(cause: &str) -> Class {
        match cause {
            "ok" => Class::Ok,
            "noise" => Class::Noise,
            "origin.status" => Class::Relayed,
            id if Cause::named(id).not_origin() => Class::NotOrigin,
            _ => Class::Failed,
        }
    }
}
