//! What a cause is, in prose. In: nothing; out: the text of one cause file as reports, `show` and `explain` print it.
//! It must not know the rules that recognise the cause.

use serde::Serialize;

use super::cause::Bucket;
use super::incident::Advice;

/// The prose of one cause file.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// Cause id.
    pub id: String,
    /// Reads after "the fetch failed because".
    pub title: String,
    /// False for what is no cause of a failure but is asked about: an error page.
    pub is_cause: bool,
    /// The same in at most 26 characters, for titles and tables.
    pub brief: String,
    /// Where a reader files it.
    pub bucket: Bucket,
    /// One sentence for somebody who has never seen Varnish.
    pub means: String,
    /// Why it happens.
    pub why: String,
    /// Commands or log lines that prove it, one each.
    pub confirm: Vec<String>,
    /// What to look at, change and not do.
    pub advice: Vec<Advice>,
    /// What it is often mistaken for.
    pub mistaken_for: String,
}
