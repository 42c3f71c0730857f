//! Format files to programs, programs to events: detection, fields, timestamps.
//!
//! In: the files of `grammars/` and of the user, `log_format` strings, and the lines of a log; out: `Library`, the
//! formats known; `Grammar`, which reads lines of one; `Detection`, which says what a log is and why. It must not
//! know where bytes come from, nor what becomes of an event.

mod access;
mod access_fetch;
mod access_request;
mod detect;
mod error_log;
mod escape;
mod field;
mod format;
mod library;
mod list;
mod load;
mod log_format;
mod mask;
mod program;
mod request_line;
mod sample;
mod scan;
mod time;
mod vsl_shape;
mod words;

pub use access::MAX_LINE;
pub use detect::Detection;
pub use format::{Framing, Grammar, Program, Stamped};
pub use library::Library;
pub use mask::Mask;
pub use sample::Sample;
pub use words::{Lookup, words};
