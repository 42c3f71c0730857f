//! What a run hands over to be kept. In: findings of a batch or a tail; out: one value for one saving. It must not know
//! how it is written.

use std::collections::HashMap;

use crate::model::backends::BackendHour;
use crate::model::early::EarlyWarning;
use crate::model::evidence::Evidence;
use crate::model::failure::Failure;
use crate::model::incident::Group;
use crate::model::report::ClockOffset;
use crate::model::sink::Visited;
use crate::model::stamp::Stamp;
use crate::model::traffic::NodeTraffic;

/// What a run found and wants kept.
pub struct Batch<'a> {
    /// Failed fetches, those that came from the store included.
    pub failures: &'a [Failure],
    /// Their quotes, redacted and bounded, by identity.
    pub evidence: &'a HashMap<u64, Evidence>,
    /// Incidents with their members; saving fills in ids and what people wrote. A group none of whose members is
    /// known gets no row and the id 0.
    pub groups: &'a mut [Group],
    /// Position in `groups` of the one that lone failures were folded into. It never draws an incident into itself,
    /// nor is it drawn into one: single failures move.
    pub scattered: Option<usize>,
    /// Visitors of each group as a tail counted them; a batch leaves this empty, its failures tell.
    pub visited: &'a [Option<Visited>],
    /// What the same tail told of visitors before.
    pub told: &'a [Visited],
    /// Failed fetches that are none any more, if they are not settled.
    pub retracted: &'a [u64],
    /// Traffic per minute.
    pub traffic: &'a [NodeTraffic],
    /// How backends did, by hour.
    pub hours: &'a [BackendHour],
    /// Parts of sites (`FetchRow::group`) that got a whole answer, and when last.
    pub answered: &'a [(u32, Stamp)],
    /// What does not fail yet.
    pub early: &'a [EarlyWarning],
    /// Changes: when, kind word, node, text.
    pub changes: &'a [(Stamp, String, String, String)],
    /// Clocks.
    pub clocks: &'a [ClockOffset],
}
