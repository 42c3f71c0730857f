//! Saves what a run found. In: a batch; out: one transaction, after which everything of it is stored once.
//!
//! The laws: saving a batch again changes nothing; a failure is one row however often it is read; an incident keeps
//! its id, and where incidents turn out to be one, the smallest id stays and the others become its aliases.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::batch::Batch;
use super::harm::{self, Stretch};
use super::incidents::{self, News};
use super::ledger::{Ledger, rank_of};
use super::tally::Tally;
use super::text::{count, stamp};
use super::{answered, apart, backends, contested, context, decided, early, failures, human, merge};
use crate::model::decision::Decisions;
use crate::model::failure::Failure;
use crate::model::incident::Group;
use crate::model::report::Stored;
use crate::model::sink::Visited;

/// Saves a batch in one transaction. The path of the result is left empty.
pub fn save(db: &mut Connection, batch: &mut Batch<'_>) -> rusqlite::Result<Stored> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let stored = write(&tx, batch)?;
    super::verify::note(&tx, super::now())?;
    tx.commit()?;
    Ok(stored)
}

/// Writes a batch within a transaction.
pub fn write(tx: &Transaction<'_>, batch: &mut Batch<'_>) -> rusqlite::Result<Stored> {
    let mut save = Save::of(tx, batch)?;
    save.retract(batch.retracted)?;
    save.given = contested::given_up(tx, &mut save.ledger, batch.groups, batch.scattered, &save.decisions)?;
    for n in 0..batch.groups.len() {
        save.settle(n, &batch.groups[n], batch.scattered == Some(n), batch.failures)?;
    }
    save.write_failures(batch)?;
    save.move_the_rest(batch)?;
    std::mem::take(&mut save.tally).apply(tx)?;
    save.close_donors()?;
    save.close_emptied()?;
    let stored = save.tell(batch)?;
    context::traffic(tx, batch.traffic)?;
    backends::write(tx, batch.hours)?;
    answered::write(tx, batch.answered)?;
    early::write(tx, batch.early)?;
    context::changes(tx, batch.changes)?;
    context::clocks(tx, batch)?;
    Ok(stored)
}

struct Save<'t, 'c> {
    tx: &'t Transaction<'c>,
    told: Vec<Visited>,
    ledger: Ledger,
    tally: Tally,
    /// The failures to write: position of the best record of each identity.
    best: HashMap<u64, usize>,
    /// The incident that each member of a group goes to.
    assigned: HashMap<u64, u32>,
    /// The incident of each group.
    targets: Vec<Option<u32>>,
    news: BTreeMap<u32, News>,
    /// Scattered rows and trickles that lost members, and to which incident.
    donors: BTreeMap<u32, u32>,
    /// What people decided.
    decisions: Decisions,
    /// Stored trickles that groups give up.
    given: contested::Given,
    /// Groups that a decision keeps in several incidents.
    divided: BTreeMap<usize, BTreeSet<u32>>,
    known: u64,
}

impl<'t, 'c> Save<'t, 'c> {
    fn of(tx: &'t Transaction<'c>, batch: &Batch<'_>) -> rusqlite::Result<Self> {
        let mut best: HashMap<u64, usize> = HashMap::with_capacity(batch.failures.len());
        for (n, f) in batch.failures.iter().enumerate() {
            let there = best.entry(f.id).or_insert(n);
            if rank_of(f) > rank_of(&batch.failures[*there]) {
                *there = n;
            }
        }
        Ok(Save {
            tx,
            told: batch.told.to_vec(),
            ledger: Ledger::default(),
            tally: Tally::default(),
            best,
            assigned: HashMap::new(),
            targets: Vec::new(),
            news: BTreeMap::new(),
            donors: BTreeMap::new(),
            decisions: decided::decisions(tx)?,
            given: contested::Given::new(),
            divided: BTreeMap::new(),
            known: 0,
        })
    }

    fn retract(&mut self, ids: &[u64]) -> rusqlite::Result<()> {
        for &id in ids {
            if let Some(known) = self.ledger.look_up(self.tx, id)?.cloned() {
                failures::retract(self.tx, id, &known, &mut self.tally)?;
                self.ledger.forget(id);
            }
        }
        Ok(())
    }

    /// Decides to which incident a group belongs, merging those that turn out to be one.
    fn settle(&mut self, n: usize, group: &Group, scattered: bool, failures: &[Failure]) -> rusqlite::Result<()> {
        let mut same: BTreeSet<u32> = BTreeSet::new();
        let mut other: BTreeSet<u32> = BTreeSet::new();
        let mut members = Vec::with_capacity(group.members.len());
        for &id in &group.members {
            let stored = self.ledger.look_up(self.tx, id)?.is_some();
            if !stored && !self.best.contains_key(&id) {
                continue;
            }
            let home = self.assigned.get(&id).map(|i| self.ledger.home(*i)).or_else(|| self.ledger.incident(id));
            match home {
                Some(i) if self.given.contains(&(n, i)) => _ = other.insert(i),
                Some(i) if self.is_scattered(i)? != scattered => {
                    other.insert(i);
                    if scattered {
                        continue;
                    }
                }
                Some(i) => _ = same.insert(i),
                None => {}
            }
            members.push((id, home));
        }
        if members.is_empty() {
            self.targets.push(other.first().copied());
            return Ok(());
        }
        let target = match self.decisions.is_split(&same) {
            true => self.divide(n, group, &same, &mut members, failures)?,
            false => self.unite(&same, group, scattered)?,
        };
        let gives = |donor: &u32| !scattered || self.given.contains(&(n, *donor));
        let donors: Vec<u32> = other.into_iter().filter(gives).collect();
        self.donors.extend(donors.into_iter().map(|donor| (donor, target)));
        let kept = self.divided.contains_key(&n);
        let place = |home: Option<u32>| home.filter(|_| kept).unwrap_or(target);
        self.assigned.extend(members.into_iter().map(|(id, home)| (id, place(home))));
        debug_assert_eq!(self.targets.len(), n);
        self.targets.push(Some(target));
        Ok(())
    }

    /// The smallest of these incidents, the others merged into it; a new one when there is none.
    fn unite(&mut self, same: &BTreeSet<u32>, group: &Group, scattered: bool) -> rusqlite::Result<u32> {
        let Some(&target) = same.first() else {
            let id = incidents::next_id(self.tx)?;
            incidents::create(self.tx, id, &group.incident, scattered)?;
            self.news.insert(id, News { created: true, ..News::default() });
            return Ok(id);
        };
        for &from in same.iter().skip(1) {
            self.merge(from, target)?;
            self.news.entry(target).or_default().merged = true;
        }
        Ok(target)
    }

    /// One incident becomes part of another.
    fn merge(&mut self, from: u32, into: u32) -> rusqlite::Result<()> {
        harm::take_back(self.tx, from, &self.told)?;
        merge::merge(self.tx, from, into)?;
        self.ledger.merge(from, into);
        self.decisions.merge(from, into);
        self.news.remove(&from);
        Ok(())
    }

    /// The incident of most members of a group with parts of a split in it. What is stored stays where it is, what is
    /// new gets the home that the split gives it; only incidents that are no parts of one split are united.
    fn divide(
        &mut self,
        n: usize,
        group: &Group,
        same: &BTreeSet<u32>,
        members: &mut [(u64, Option<u32>)],
        failures: &[Failure],
    ) -> rusqlite::Result<u32> {
        if !self.decisions.keep_apart(same) {
            self.unite(same, group, false)?;
        }
        for (_, home) in members.iter_mut() {
            *home = home.map(|i| self.ledger.home(i));
        }
        let find = |id: u64| self.best.get(&id).map(|&n| &failures[n]);
        let created = apart::settle(self.tx, &mut self.decisions, group, members, &find)?;
        self.news.extend(created.into_iter().map(|id| (id, News { created: true, ..News::default() })));
        let (most, all) = apart::spread(members);
        if all.len() > 1 {
            self.divided.insert(n, all);
        }
        Ok(most.or(same.first().copied()).unwrap_or_default())
    }

    fn is_scattered(&self, incident: u32) -> rusqlite::Result<bool> {
        self.tx.prepare_cached("SELECT scattered FROM incidents WHERE id = ?1")?.query_row([incident], |r| r.get(0))
    }

    /// Writes in order of time, so that rows that are asked for together lie together.
    fn write_failures(&mut self, batch: &Batch<'_>) -> rusqlite::Result<()> {
        let mut order: Vec<usize> = self.best.values().copied().collect();
        order.sort_unstable_by_key(|n| (batch.failures[*n].started, batch.failures[*n].id));
        for n in order {
            let f = &batch.failures[n];
            let quotes = batch.evidence.get(&f.id);
            let stored = self.ledger.look_up(self.tx, f.id)?.is_some();
            let was_in = self.ledger.incident(f.id);
            let assigned = self.assigned.get(&f.id).map(|i| self.ledger.home(*i));
            let incident = assigned.or(was_in).filter(|_| assigned.is_some() || !self.leaves(f));
            if let (Some(left), None, Some(teller)) = (was_in, incident, f.told_in) {
                self.ledger.look_up(self.tx, teller)?;
                let to = self.assigned.get(&teller).copied().or_else(|| self.ledger.incident(teller));
                self.donors.extend(to.map(|to| (left, to)));
            }
            let changed = match self.ledger.get(f.id) {
                Some(known) if stored => {
                    failures::strengthen(self.tx, f, quotes, (known, was_in), incident, &mut self.tally)?
                }
                _ => {
                    failures::insert(self.tx, f, quotes, incident, &mut self.tally)?;
                    true
                }
            };
            self.known += u64::from(stored && !f.stored);
            if let (true, Some(i)) = (changed, incident) {
                self.news.entry(i).or_default().members = true;
            }
        }
        Ok(())
    }

    /// True for one that was not settled and has turned out to be told in another: it is no member of its own any more.
    fn leaves(&self, f: &Failure) -> bool {
        f.told_in.is_some() && self.ledger.get(f.id).is_some_and(|known| !known.settled)
    }

    /// Members that are stored and were not handed over again.
    fn move_the_rest(&mut self, batch: &Batch<'_>) -> rusqlite::Result<()> {
        let mut moved = BTreeSet::new();
        for &id in batch.groups.iter().flat_map(|g| &g.members) {
            let (Some(&to), Some(known)) = (self.assigned.get(&id), self.ledger.get(id)) else { continue };
            let (to, was_in) = (self.ledger.home(to), self.ledger.incident(id));
            if self.best.contains_key(&id) || was_in == Some(to) || !moved.insert(id) {
                continue;
            }
            failures::relocate(self.tx, id, known, was_in, to, &mut self.tally)?;
            self.news.entry(to).or_default().members = true;
        }
        Ok(())
    }

    /// A scattered row that lost its last member becomes an alias; one that has some left gets its span anew.
    fn close_donors(&mut self) -> rusqlite::Result<()> {
        for (donor, to) in std::mem::take(&mut self.donors) {
            let to = self.ledger.home(to);
            let (left, first, last): (i64, Option<i64>, Option<i64>) = self.tx.query_row(
                "SELECT count(*), min(started_at_us), max(coalesce(ended_at_us, started_at_us))
                 FROM failed_fetches WHERE incident_id = ?1",
                [donor],
                |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)),
            )?;
            if left == 0 && donor != to {
                self.merge(donor, to)?;
            } else if left > 0 {
                self.news.entry(donor).or_default().members = true;
                self.tx.execute(
                    "UPDATE incidents SET opened_at_us = ?2, closed_at_us = ?3 WHERE id = ?1",
                    rusqlite::params![donor, first, last],
                )?;
            }
        }
        Ok(())
    }

    /// An incident all of whose failures have turned out to be told in failures of another one is that other one: the
    /// tier above had not been read yet when it was made.
    fn close_emptied(&mut self) -> rusqlite::Result<()> {
        let emptied: Vec<(u32, u32)> = self
            .tx
            .prepare_cached(
                "SELECT i.id, (SELECT g.incident_id FROM failed_fetches f JOIN failed_fetches g ON g.identity = f.told_in
                               WHERE f.incident_id = i.id AND g.incident_id <> i.id
                               GROUP BY g.incident_id ORDER BY count(*) DESC, g.incident_id LIMIT 1) AS other
                 FROM incidents i WHERE other IS NOT NULL
                   AND NOT EXISTS (SELECT 1 FROM failed_fetches f WHERE f.incident_id = i.id AND f.told_in IS NULL)",
            )?
            .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (from, to) in emptied {
            let (from, to) = (self.ledger.home(from), self.ledger.home(to));
            if from != to {
                self.merge(from, to)?;
                self.news.entry(to).or_default().members = true;
            }
        }
        Ok(())
    }

    /// Brings the incidents' own rows up to date and hands back to the groups what the store knows of them.
    fn tell(&mut self, batch: &mut Batch<'_>) -> rusqlite::Result<Stored> {
        let mut touched = BTreeSet::new();
        let mut recounts: BTreeMap<u32, Option<Visited>> = BTreeMap::new();
        for (target, now) in self.targets.iter().zip(batch.visited) {
            if let Some(id) = target.map(|i| self.ledger.home(i)) {
                let all = recounts.entry(id).or_default();
                *all = all.map_or(*now, |all| Some(now.map_or(all, |now| all.with(now))));
            }
        }
        for (n, group) in batch.groups.iter_mut().enumerate() {
            let Some(id) = self.targets[n].map(|i| self.ledger.home(i)) else {
                group.incident.id = 0;
                continue;
            };
            if let Some(parts) = self.divided.get(&n) {
                let parts: BTreeSet<u32> = parts.iter().map(|i| self.ledger.home(*i)).collect();
                touched.extend(apart::tell(self.tx, &parts, &group.incident, &self.news)?);
                continue;
            }
            let news = self.news.get(&id).copied().unwrap_or_default();
            let news = News { followed: batch.visited.get(n).is_some(), ..news };
            let retold = incidents::retell(self.tx, id, &group.incident, news)?;
            let harmed = match (recounts.remove(&id), self.stretch(group, batch.failures)) {
                (Some(now), _) => harm::recount(self.tx, id, now, batch.told)?,
                (None, Some(stretch)) if batch.visited.is_empty() && self.holds_all(id, group) => {
                    harm::add(self.tx, id, stretch)?
                }
                _ => false,
            };
            if retold || harmed {
                touched.insert(id);
            }
        }
        for (n, group) in batch.groups.iter_mut().enumerate() {
            if let Some(id) = self.targets[n].map(|i| self.ledger.home(i)) {
                human::hand_back(self.tx, id, &mut group.incident)?;
            }
        }
        let is_new = |id: &u32| self.news.get(id).is_some_and(|n| n.created);
        let new = touched.iter().filter(|id| is_new(id)).count() as u64;
        Ok(Stored { new, updated: touched.len() as u64 - new, known: self.known, ..Stored::default() })
    }

    /// True when all members of a group ended up in that incident. Where they were drawn apart, nobody can tell whose
    /// visitors were counted, and counting them would differ from one saving to the next.
    fn holds_all(&self, id: u32, group: &Group) -> bool {
        let home = |m: &u64| self.assigned.get(m).map(|i| self.ledger.home(*i)).or_else(|| self.ledger.incident(*m));
        group.members.iter().filter_map(home).all(|at| at == id)
    }

    /// The stretch of log in which this run counted the visitors of a group: that of the members it read itself.
    fn stretch(&self, group: &Group, failures: &[Failure]) -> Option<Stretch> {
        let harm = &group.incident.harm;
        if harm.visitors_5xx == 0 && harm.crawlers_5xx == 0 {
            return None;
        }
        let read =
            || group.members.iter().filter_map(|id| self.best.get(id)).map(|&n| &failures[n]).filter(|f| !f.stored);
        let first = read().map(|f| f.started).filter(|t| t.is_known()).min()?;
        let last = read().map(|f| f.ended.or(f.started)).max().unwrap_or(stamp(None)).max(first);
        Some(Stretch {
            first: first.0,
            last: last.0,
            visitors: count(harm.visitors_5xx),
            crawlers: count(harm.crawlers_5xx),
        })
    }
}
