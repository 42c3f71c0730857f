//! Bytes to records: where lines and record groups begin and end, and where a chunk may be cut.
//!
//! In: a range of decompressed bytes and where it lies; out: borrowed lines, multi-line records or VSL records, pushed
//! one by one with their `Locator`, and the places where a range may be cut. It must not know what a record means.

pub mod lines;
pub mod objects;
pub mod vsl;
pub mod vsl3;
pub mod vsl_binary;
mod vsl_layout;
mod vsl_line;
mod vsl_tags;
mod vsl_walk;
