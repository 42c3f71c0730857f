//! Bytes to records: where lines and record groups begin and end, and where a chunk may be cut.

pub mod lines;
