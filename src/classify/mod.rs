//! Cause rules to rulings and explanations.
//!
//! In: the marks and facts of one failed fetch, the text of an error-log message, or whatever a person pasted; out: a
//! `Ruling`, a `MessageRuling`, explanations with advice. All judgement and all prose is data in `grammars/causes`;
//! the code here only reads and applies it. It must not know log formats, how a line was linked, nor screens.

mod advice;
mod compile;
mod example;
mod explain;
mod file;
mod glob;
mod message;
mod paste;
mod pasted_word;
mod rule;
mod rules;
mod seen;
mod suggest;
mod words;

pub use advice::{Limit, fit, general, what_if};
pub use message::MessageRuling;
pub use rules::Rules;
