//! What stamps leave out: a zone, a year. In: the logs of a run with what their stamps do say; out: grammars that read
//! the rest into them. It must not read stamps.

use super::Job;
use crate::grammar::Grammar;
use crate::model::Stamp;

/// A log whose stamps may leave something out.
pub struct Unsaid<'k> {
    /// Who wrote it.
    pub node: String,
    /// What reads it.
    pub grammar: &'k mut Grammar,
    /// Seconds east of UTC that its own stamps name.
    pub zone_s: Option<i32>,
    /// When the file was last written.
    pub modified: Stamp,
}

/// Tells each grammar the zone that the user states for its node, else that of another log of the node; and the moment
/// that none of its stamps can be after. The zone of an error log is found later, by its own messages.
pub fn settle(logs: &mut [Unsaid<'_>], job: &Job<'_>) {
    let named: Vec<(String, i32)> = logs.iter().filter_map(|l| Some((l.node.clone(), l.zone_s?))).collect();
    for log in logs.iter_mut() {
        log.grammar.set_latest(log.modified);
        if !log.grammar.local_time || !log.grammar.bears_requests() {
            continue;
        }
        let stated = job.log_zones.iter().find(|(n, _)| n.as_ref().is_none_or(|n| *n == log.node)).map(|(_, s)| *s);
        let beside = || named.iter().find(|(node, _)| *node == log.node).map(|(_, s)| *s);
        if let Some(zone_s) = stated.or_else(beside) {
            log.grammar.set_zone(zone_s);
        }
    }
}

