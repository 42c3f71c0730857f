//! Stored trickles that turn out to be several things. In: the groups of a batch; out: which of them gives up which stored
//! incident. It writes nothing.
//!
//! A few failures here and there look like a trickle until the logs between are read, which may show that they belong to
//! outages of their own. Then the incident stays with the trickle if there still is one, else with the group that has
//! most of it; the others are incidents of their own. What people united or took apart stays as they said.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use rusqlite::Transaction;

use super::incidents;
use super::ledger::Ledger;
use crate::model::decision::Decisions;
use crate::model::incident::{Group, State};

/// Groups, by position, and the stored incidents that they give up.
pub type Given = HashSet<(usize, u32)>;

/// Failed fetches of a stored incident.
fn stored(tx: &Transaction<'_>, incident: u32) -> rusqlite::Result<usize> {
    let sql = "SELECT count(*) FROM failed_fetches WHERE incident_id = ?1";
    tx.prepare_cached(sql)?.query_row([incident], |r| r.get::<_, i64>(0)).map(|n| n as usize)
}

/// Who gives up what. `scattered`: position of the row of lone failures, which has rules of its own.
pub fn given_up(
    tx: &Transaction<'_>,
    ledger: &mut Ledger,
    groups: &[Group],
    scattered: Option<usize>,
    decisions: &Decisions,
) -> rusqlite::Result<Given> {
    // By incident: members, position, and whether that group is a trickle itself.
    let mut claims: BTreeMap<u32, Vec<(usize, usize, bool)>> = BTreeMap::new();
    for (n, group) in groups.iter().enumerate() {
        let mut has: BTreeMap<u32, usize> = BTreeMap::new();
        for &id in &group.members {
            let home = ledger.look_up(tx, id)?.and_then(|known| known.incident);
            home.into_iter().for_each(|i| *has.entry(i).or_default() += 1);
        }
        let trickles = group.incident.state == State::Recurring;
        has.into_iter().for_each(|(i, members)| claims.entry(i).or_default().push((members, n, trickles)));
    }
    let mut given = Given::new();
    for (incident, mut claimants) in claims {
        let lone =
            scattered.and_then(|s| claimants.iter().position(|(_, n, _)| *n == s)).map(|at| claimants.remove(at));
        if claimants.len() + usize::from(lone.is_some()) < 2 {
            continue;
        }
        let by_people = decisions.united.contains(&incident) || decisions.is_split(&BTreeSet::from([incident]));
        let is_trickle = incidents::row(tx, incident)?.is_some_and(|row| row.state == State::Recurring);
        if by_people || !is_trickle {
            continue;
        }
        // What is left of a trickle that is none any more, once all of it was looked at, is lone failures.
        let all: usize = claimants.iter().chain(&lone).map(|(members, _, _)| members).sum();
        if let Some((_, n, _)) = lone
            && !claimants.iter().any(|(_, _, trickles)| *trickles)
            && all == stored(tx, incident)?
        {
            given.insert((n, incident));
        }
        let keeper = claimants.iter().max_by_key(|(members, n, trickles)| (*trickles, *members, std::cmp::Reverse(*n)));
        let keeper = keeper.map(|c| c.1);
        let others = claimants.iter().filter(|(_, n, trickles)| Some(*n) != keeper && !trickles);
        given.extend(others.map(|(_, n, _)| (*n, incident)));
    }
    Ok(given)
}
