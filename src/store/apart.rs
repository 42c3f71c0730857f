//! Saving a group whose failures a split keeps in several incidents. In: the group, its members with the incidents that
//! they are in, and the decisions; out: every member has its incident, and each of these tells its own span. A run that
//! has not heard of the split (a tail that began before it) cannot undo it this way. It must not know what split them.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Transaction, params};

use super::decided;
use super::incidents::{self, News};
use crate::model::decision::{Decisions, Home, Part};
use crate::model::failure::Failure;
use crate::model::incident::{Group, Incident, State};

/// Gives members without an incident theirs; returns the incidents that had to be created for a value that no part had.
pub fn settle<'f>(
    tx: &Transaction<'_>,
    decisions: &mut Decisions,
    group: &Group,
    members: &mut [(u64, Option<u32>)],
    find: &dyn Fn(u64) -> Option<&'f Failure>,
) -> rusqlite::Result<Vec<u32>> {
    let mut beside: BTreeSet<u32> = members.iter().filter_map(|(_, home)| *home).collect();
    let mut created = Vec::new();
    for (id, home) in members.iter_mut().filter(|(_, home)| home.is_none()) {
        *home = match find(*id).and_then(|f| decisions.home(f, &beside)) {
            Some(Home::Of(incident)) => Some(incident),
            Some(Home::New(split, value)) => {
                let incident = incidents::next_id(tx)?;
                incidents::create(tx, incident, &group.incident, false)?;
                decided::part(tx, split, &value, incident)?;
                let by = decisions.parts.iter().find(|p| p.split == split).map(|p| p.by);
                decisions.parts.extend(by.map(|by| Part { split, by, value, incident }));
                beside.insert(incident);
                created.push(incident);
                Some(incident)
            }
            None => beside.first().copied(),
        };
    }
    Ok(created)
}

/// The incident of most members, and all of them.
pub fn spread(members: &[(u64, Option<u32>)]) -> (Option<u32>, BTreeSet<u32>) {
    let mut sizes: BTreeMap<u32, usize> = BTreeMap::new();
    for id in members.iter().filter_map(|(_, home)| *home) {
        *sizes.entry(id).or_default() += 1;
    }
    let most = sizes.iter().max_by_key(|(id, n)| (**n, std::cmp::Reverse(**id))).map(|(id, _)| *id);
    (most, sizes.into_keys().collect())
}

/// Brings the incidents up to date that a group is kept in; returns those that changed. What is told of the whole would
/// be wrong of the parts, therefore their stories stay, but for those that have none yet.
pub fn tell(
    tx: &Transaction<'_>,
    parts: &BTreeSet<u32>,
    whole: &Incident,
    news: &BTreeMap<u32, News>,
) -> rusqlite::Result<Vec<u32>> {
    let mut changed = Vec::new();
    for &id in parts {
        let Some(was) = incidents::row(tx, id)? else { continue };
        let news = news.get(&id).copied().unwrap_or_default();
        if news.created {
            incidents::beginning(tx, id, whole)?;
            headline(tx, id)?;
        }
        if news.created || news.members {
            incidents::reopen(tx, id, was.opened)?;
            incidents::shorten(tx, id, was.closed)?;
        }
        let Some(now) = incidents::row(tx, id)? else { continue };
        let state = if now.closed == whole.closed_at { incidents::logged(whole.state) } else { State::Closed };
        if news.created || news.members || state != was.state {
            tx.prepare_cached("UPDATE incidents SET logged_state = ?2 WHERE id = ?1")?
                .execute(params![id, state.word()])?;
            changed.push(id);
        }
    }
    Ok(changed)
}

/// Sets the cause to the most frequent one.
fn headline(tx: &Transaction<'_>, id: u32) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE incidents SET root = NULL, cause = coalesce(
             (SELECT cause FROM incident_causes WHERE incident_id = ?1 ORDER BY failures DESC, cause LIMIT 1), cause)
         WHERE id = ?1",
    )?
    .execute([id])
    .map(|_| ())
}
