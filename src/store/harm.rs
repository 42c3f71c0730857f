//! Visitors who got a 5xx because of an incident. In: the count of one run and the stretch of log that it counted;
//! out: stretches that never overlap, so that reading the same log again, or a part of it, adds nobody.
//!
//! Why a lower bound: of two stretches that overlap in part, nobody can tell whom both counted. Then the larger of
//! "the new one" and "what was there" is kept.

use rusqlite::{Transaction, params};

use super::text::count;
use crate::model::sink::Visited;

/// Visitors of one stretch of log, in microseconds since 1970, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// First moment.
    pub first: i64,
    /// Last moment.
    pub last: i64,
    /// Client requests answered 5xx.
    pub visitors: i64,
    /// Of those, crawlers.
    pub crawlers: i64,
}

impl Stretch {
    /// The stretch that a tail counted.
    pub fn of(v: Visited) -> Stretch {
        Stretch { first: v.first.0, last: v.last.0, visitors: count(v.visitors), crawlers: count(v.crawlers) }
    }
}

/// One stretch in place of `new` and all those that it overlaps.
fn united(new: Stretch, old: &[Stretch]) -> Stretch {
    let were = |of: fn(&Stretch) -> i64| old.iter().map(of).fold(0, i64::saturating_add);
    Stretch {
        first: old.iter().map(|s| s.first).fold(new.first, i64::min),
        last: old.iter().map(|s| s.last).fold(new.last, i64::max),
        visitors: were(|s| s.visitors).max(new.visitors),
        crawlers: were(|s| s.crawlers).max(new.crawlers),
    }
}

/// Adds a stretch to an incident. True when that changed anything.
pub fn add(tx: &Transaction<'_>, incident: u32, new: Stretch) -> rusqlite::Result<bool> {
    let old: Vec<Stretch> = tx
        .prepare_cached(
            "SELECT first_at_us, last_at_us, visitors_5xx, crawlers_5xx FROM incident_harm
             WHERE incident_id = ?1 AND first_at_us <= ?3 AND last_at_us >= ?2",
        )?
        .query_map(params![incident, new.first, new.last], stretch)?
        .collect::<rusqlite::Result<_>>()?;
    let whole = united(new, &old);
    if old == [whole] {
        return Ok(false);
    }
    for s in &old {
        tx.prepare_cached("DELETE FROM incident_harm WHERE incident_id = ?1 AND first_at_us = ?2")?
            .execute(params![incident, s.first])?;
    }
    tx.prepare_cached(
        "INSERT INTO incident_harm (incident_id, first_at_us, last_at_us, visitors_5xx, crawlers_5xx)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![incident, whole.first, whole.last, whole.visitors, whole.crawlers])?;
    total(tx, incident)?;
    Ok(true)
}

/// Makes one stretch of all those of an incident: a run that tells of it whole counts them at once.
pub fn join(tx: &Transaction<'_>, incident: u32) -> rusqlite::Result<()> {
    tx.execute(
        "INSERT OR REPLACE INTO incident_harm (incident_id, first_at_us, last_at_us, visitors_5xx, crawlers_5xx)
         SELECT ?1, min(first_at_us), max(last_at_us), sum(visitors_5xx), sum(crawlers_5xx) FROM incident_harm
         WHERE incident_id = ?1 HAVING count(*) > 1",
        [incident],
    )?;
    tx.execute(
        "DELETE FROM incident_harm WHERE incident_id = ?1 AND first_at_us > (
             SELECT min(first_at_us) FROM incident_harm WHERE incident_id = ?1)",
        [incident],
    )
    .map(|_| ())
}

/// Takes all stretches of an incident away.
pub fn clear(tx: &Transaction<'_>, incident: u32) -> rusqlite::Result<()> {
    tx.execute("DELETE FROM incident_harm WHERE incident_id = ?1", [incident])?;
    total(tx, incident)
}

/// Takes back what a tail told of an incident before. Where that was united with another run's count the two cannot be
/// told apart any more, and it stays.
pub fn take_back(tx: &Transaction<'_>, incident: u32, told: &[Visited]) -> rusqlite::Result<()> {
    let mut statement = tx.prepare_cached(
        "DELETE FROM incident_harm WHERE incident_id = ?1 AND first_at_us = ?2 AND last_at_us = ?3
         AND visitors_5xx = ?4 AND crawlers_5xx = ?5",
    )?;
    for s in told.iter().map(|v| Stretch::of(*v)) {
        statement.execute(params![incident, s.first, s.last, s.visitors, s.crawlers])?;
    }
    Ok(())
}

/// Puts what a tail counts now in place of what it told before. True when there is something to count.
pub fn recount(tx: &Transaction<'_>, incident: u32, now: Option<Visited>, told: &[Visited]) -> rusqlite::Result<bool> {
    take_back(tx, incident, told)?;
    match now {
        Some(now) => add(tx, incident, Stretch::of(now)),
        None => total(tx, incident).map(|()| false),
    }
}

/// Gives the stretches of one incident to another.
pub fn merge(tx: &Transaction<'_>, from: u32, into: u32) -> rusqlite::Result<()> {
    let moved: Vec<Stretch> = tx
        .prepare(
            "SELECT first_at_us, last_at_us, visitors_5xx, crawlers_5xx FROM incident_harm WHERE incident_id = ?1",
        )?
        .query_map([from], stretch)?
        .collect::<rusqlite::Result<_>>()?;
    tx.execute("DELETE FROM incident_harm WHERE incident_id = ?1", [from])?;
    for s in moved {
        add(tx, into, s)?;
    }
    Ok(())
}

fn total(tx: &Transaction<'_>, incident: u32) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE incidents SET (visitors_5xx, crawlers_5xx) =
             (SELECT coalesce(sum(visitors_5xx), 0), coalesce(sum(crawlers_5xx), 0) FROM incident_harm WHERE incident_id = ?1) WHERE id = ?1",
    )?
    .execute([incident])
    .map(|_| ())
}

fn stretch(r: &rusqlite::Row<'_>) -> rusqlite::Result<Stretch> {
    Ok(Stretch { first: r.get(0)?, last: r.get(1)?, visitors: r.get(2)?, crawlers: r.get(3)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(first: i64, last: i64, visitors: i64) -> Stretch {
        Stretch { first, last, visitors, crawlers: 0 }
    }

    #[test]
    fn nobody_is_counted_twice() {
        assert_eq!(united(s(0, 9, 5), &[]), s(0, 9, 5));
        assert_eq!(united(s(2, 4, 1), &[s(0, 9, 5)]), s(0, 9, 5), "a slice adds nothing");
        assert_eq!(united(s(0, 9, 5), &[s(0, 3, 2), s(5, 6, 1)]), s(0, 9, 5), "the whole replaces its slices");
        assert_eq!(united(s(0, 9, 5), &[s(8, 12, 7)]), s(0, 12, 7), "partly the same people");
    }
}
