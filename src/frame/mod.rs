//! Bytes to records: what log shippers have put around lines, where lines and record groups begin and end, and where a
//! chunk may be cut.
//!
//! In: a range of decompressed bytes and where it lies; out: borrowed lines, multi-line records or VSL records, pushed
//! one by one with their `Locator`, and the places where a range may be cut. It must not know what a record means.

mod json;
mod layer;
pub mod lines;
pub mod objects;
mod syslog;
mod unwrap;
pub mod vsl;
pub mod vsl3;
pub mod vsl_binary;
mod vsl_layout;
mod vsl_line;
mod vsl_tags;
mod vsl_walk;
mod wrap;

pub use layer::{Layer, Sender};
pub use unwrap::{Part, Pick, Unwrapped, cut_lines};
pub use wrap::Wrap;
