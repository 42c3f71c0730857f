//! What proves a judgement, in the logs' own words. In: nothing; out: quotes of one failure, fetched after linking.
//! It must not know where the text was read from, nor how it was redacted.

use super::incident::Quote;

/// The quotes of one failed fetch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The records of the tier that fetched, deciding one first; the text starts with the record's word
    /// (`FetchError first byte timeout`).
    pub own: Vec<Quote>,
    /// The next tier's line.
    pub origin: Option<Quote>,
    /// The next tier's error-log message.
    pub origin_error: Option<Quote>,
}
