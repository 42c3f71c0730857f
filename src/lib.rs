//! guru reads the logs along the path of a request, finds every fetch from cache to origin that failed, says why,
//! shows what the origin saw of it, groups failures into incidents and remembers what fixed them.
//!
//! The house: `model` is the hall; every room opens onto it and onto nothing else; `pipeline` walks the corridor;
//! `cli` gives the orders. `tests/architecture.rs` enforces who may import whom.

pub mod alert;
pub mod change;
pub mod classify;
pub mod cli;
pub mod error;
pub mod frame;
pub mod grammar;
pub mod incident;
pub mod link;
pub mod model;
pub mod pipeline;
pub mod source;
pub mod store;
pub mod trigger;
pub mod varnish;
pub mod view;
