//! Values to events: what the fields of a line say, whatever its shape. In: `Fields` with their `Meaning`; out: a
//! `Request` and its `Fetch`, or a `Message`. It must not know how a line is taken apart, nor why a fetch failed.

pub mod access;
pub mod cache;
pub mod compose;
pub mod error_log;
mod fetch;
pub mod judge;
mod judged;
mod list;
pub mod message;
mod ncsa;
mod request;
pub mod request_line;
