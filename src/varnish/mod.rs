//! VSL records to transactions to requests and fetches, Varnish 4.0 to 8.0, and what 3.0 logged instead.
//!
//! In: the headers and records that framing finds in one chunk, text or binary; out: `Event`s, and `Fragments` of the
//! transactions that the chunk cuts, which join with those of the neighbouring chunks in any association. It must not
//! know text lines or files, nor why a fetch failed.

mod answer;
mod assembler;
mod backend;
mod fetch;
mod fields;
mod fragments;
mod kept;
mod outcome;
mod outside;
mod request;
mod transaction;
mod v3_groups;
mod v3_told;

pub use assembler::Assembler;
pub use fragments::Fragments;
pub use v3_groups::Assembler3;
