//! What another limit would have spared. In: nothing; out: plain counts. It must not know how they were found.

use serde::Serialize;

/// How many of some failed fetches would not have happened with another limit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WhatIf {
    /// The knob, as Varnish calls it.
    pub knob: String,
    /// The value asked about, as given.
    pub value: String,
    /// The limit that was in force as far as it was learnt or is the default, in the unit of the value.
    pub now: Option<String>,
    /// Failed fetches that this limit broke.
    pub failures: u64,
    /// Of those, the ones that would not have failed.
    pub spared: u64,
    /// Of those, the ones that would have failed all the same.
    pub still: u64,
    /// Of those, the ones of which nothing is known.
    pub unknown: u64,
    /// Seconds for which the spared fetches would have held a worker longer, all together; `None` for limits of size.
    pub held_s: Option<f64>,
    /// What is assumed, in words.
    pub assumes: String,
}
