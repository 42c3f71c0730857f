//! Format files to programs, programs to events: detection, fields, timestamps.
//!
//! In: the files of `grammars/` and of the user, `log_format` strings, and the lines of a log; out: `Library`, the
//! formats known; `Grammar`, which reads lines of one; `Detection`, which says what a log is and why. It must not
//! know where bytes come from, nor what becomes of an event.

mod body;
mod detect;
mod escape;
mod event;
mod field;
mod file;
mod fit;
mod format;
mod heading;
mod library;
mod load;
mod mask;
mod meaning;
mod sample;
mod shape;
mod stamp_form;
mod term;
mod time;
mod unit;
mod vsl_shape;
mod words;

pub use detect::Detection;
pub use event::access::MAX_LINE;
pub use format::{Framing, Grammar, Program, Stamped};
pub use heading::{HeadingKind, Reader};
pub use library::Library;
pub use mask::Mask;
pub use sample::Sample;
pub use words::{Lookup, words};
