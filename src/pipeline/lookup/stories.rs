//! Records put in order: what caused what. In: records in any order, judgements; out: stories, newest first, in each of
//! which a request is followed by its fetches and a fetch by what the next tier logged of it. It must not read logs.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::gather::Record;
use super::judged::Judgements;
use super::net::{APART, within};
use crate::model::{Step, StepKind, Story, Tier};

/// A chain of causes is not longer.
const LONGEST: usize = 64;

/// The stories of these records; those without a record that answers the question itself are left out.
pub fn stories(records: Vec<Record>, judgements: &Judgements<'_>) -> Vec<Story> {
    let mut tree = Tree { parents: Vec::new(), records: once(records), judgements };
    tree.parents = vec![None; tree.records.len()];
    tree.judge();
    tree.join_transactions();
    tree.join_lines();
    tree.join_explanations();
    tree.join_links();
    tree.join_pairs();
    tree.told()
}

/// The same transaction logged twice by one node counts once.
fn once(records: Vec<Record>) -> Vec<Record> {
    let mut seen = HashSet::new();
    let mut is_new = |r: &Record| {
        let Some((node, vxid)) = r.transaction() else { return true };
        seen.insert((node.to_string(), vxid, r.is_request(), r.step.start.0 / APART))
    };
    records.into_iter().filter(|r| is_new(r)).collect()
}

/// Records and what caused each.
struct Tree<'a> {
    records: Vec<Record>,
    parents: Vec<Option<usize>>,
    judgements: &'a Judgements<'a>,
}

impl Tree<'_> {
    /// Judges failed fetches, and adds those of lower tiers that explain them.
    fn judge(&mut self) {
        for r in &mut self.records {
            let failure = r.step.fetch_id().and_then(|id| self.judgements.failure(id));
            r.step.failed = failure.map(|f| Box::new(self.judgements.judged(f)));
        }
        let mut known: HashSet<u64> = self.records.iter().filter_map(|r| r.step.fetch_id()).collect();
        let mut next = 0;
        while next < self.records.len() {
            let failed = self.records[next].step.failed.as_ref().map(|j| j.failure.id);
            for f in failed.map(|id| self.judgements.below(id)).unwrap_or_default() {
                if known.insert(f.id) {
                    self.records.push(Record::failed(Step::failed(self.judgements.judged(f))));
                    self.parents.push(None);
                }
            }
            next += 1;
        }
    }

    /// Parts of a transaction follow what began them.
    fn join_transactions(&mut self) {
        let mut by_number: HashMap<(String, u64), Vec<usize>> = HashMap::new();
        for (n, r) in self.records.iter().enumerate() {
            if let Some((node, vxid)) = r.transaction() {
                by_number.entry((node.to_string(), vxid)).or_default().push(n);
            }
        }
        for n in 0..self.records.len() {
            let Some((node, parent)) = self.records[n].part_of() else { continue };
            let all = by_number.get(&(node.to_string(), parent)).map(Vec::as_slice).unwrap_or_default();
            let (from, _) = self.records[n].span();
            let near = |p: &&usize| {
                let (start, end) = self.records[**p].span();
                within(from, start - APART, end + APART)
            };
            if let Some(p) = all.iter().find(near) {
                self.join(n, *p);
            }
        }
    }

    /// A line that tells both of a request and of its fetch.
    fn join_lines(&mut self) {
        let place = |r: &Record| r.step.place.as_ref().map(|p| (p.file.clone(), p.line));
        let whole = |(_, r): &(usize, &Record)| r.step.vxid == 0 && r.is_request();
        let all = self.records.iter().enumerate();
        let requests: HashMap<(String, u64), usize> =
            all.filter(whole).filter_map(|(n, r)| Some((place(r)?, n))).collect();
        for n in 0..self.records.len() {
            let fetch = Some(&self.records[n]).filter(|r| r.step.vxid == 0 && !r.is_request());
            if let Some(request) = fetch.and_then(place).and_then(|p| requests.get(&p)) {
                self.join(n, *request);
            }
        }
    }

    /// What explains the failure of an upper tier follows it.
    fn join_explanations(&mut self) {
        let by_id = self.fetches();
        for n in 0..self.records.len() {
            let above = self.records[n].step.failed.as_ref().and_then(|j| j.failure.told_in);
            if let Some(above) = above.and_then(|id| by_id.get(&id)) {
                self.join(self.top(n), *above);
            }
        }
    }

    /// The line that a failed fetch was linked to follows it.
    fn join_links(&mut self) {
        let by_id = self.fetches();
        for n in 0..self.records.len() {
            let line = self.records[n].line().filter(|_| self.records[n].is_request());
            let above = line.and_then(|line| self.judgements.linked_to(line));
            if let Some(above) = above.and_then(|id| by_id.get(&id)) {
                self.join(self.top(n), *above);
            }
        }
    }

    /// The line of a fetch that went well follows it: by its id, else where no other line and no other fetch could be.
    fn join_pairs(&mut self) {
        let fetches: Vec<usize> = (0..self.records.len()).filter(|n| self.went_well(*n)).collect();
        let mut by_key: HashMap<u64, Vec<usize>> = HashMap::new();
        fetches.iter().for_each(|n| by_key.entry(self.records[*n].key).or_default().push(*n));
        let mut pairs: Vec<(usize, usize)> = Vec::new();
        for n in (0..self.records.len()).filter(|n| self.records[*n].is_request() && self.parents[*n].is_none()) {
            let same = by_key.get(&self.records[n].key).map(Vec::as_slice).unwrap_or_default();
            pairs.extend(same.iter().filter(|f| self.could_be(n, **f)).map(|f| (n, *f)));
        }
        let by_id = |(n, f): &(usize, usize)| {
            let (line, fetch) = (self.records[*n].travelled, self.records[*f].travelled);
            line > 0 && line == fetch
        };
        let (sure, maybe): (Vec<_>, Vec<_>) = pairs.iter().copied().partition(by_id);
        let (mut lines, mut asked) = (HashMap::new(), HashMap::new());
        for (n, f) in &pairs {
            *lines.entry(*n).or_insert(0) += 1;
            *asked.entry(*f).or_insert(0) += 1;
        }
        let lonely = |(n, f): &&(usize, usize)| lines[n] == 1 && asked[f] == 1;
        let alone: Vec<(usize, usize)> = maybe.iter().filter(lonely).copied().collect();
        sure.into_iter().chain(alone).for_each(|(n, f)| self.join(n, f));
    }

    fn went_well(&self, n: usize) -> bool {
        let step = &self.records[n].step;
        matches!(&step.kind, StepKind::Fetch(f) if !f.outcome.has_failed() && f.origin_status > 0 && step.vxid > 0)
    }

    /// True when a request may be what a fetch caused.
    fn could_be(&self, request: usize, fetch: usize) -> bool {
        let resolution_us = self.records[request].resolution_us;
        let (line, fetch) = (&self.records[request].step, &self.records[fetch].step);
        let lower = Tier::parse(line.tier) > Tier::parse(fetch.tier);
        let StepKind::Fetch(asked) = &fetch.kind else { return false };
        if !lower || line.node == fetch.node || line.status != asked.origin_status {
            return false;
        }
        let clock = self.judgements.clock(&fetch.node, &line.node);
        clock.may_lie(line.end.or(line.start), resolution_us, fetch.start, fetch.end.or(fetch.start))
    }

    fn fetches(&self) -> HashMap<u64, usize> {
        let all = self.records.iter().enumerate();
        all.filter_map(|(n, r)| Some((r.step.fetch_id()?, n))).collect()
    }

    /// The first of those that a record is the last of.
    fn top(&self, n: usize) -> usize {
        let mut at = n;
        for _ in 0..LONGEST {
            match self.parents[at] {
                Some(parent) => at = parent,
                None => break,
            }
        }
        at
    }

    /// Puts `n` below `parent`, unless it has a place or the parent is below it.
    fn join(&mut self, n: usize, parent: usize) {
        if self.parents[n].is_none() && self.top(parent) != n {
            self.parents[n] = Some(parent);
        }
    }

    /// Every story that answers the question, newest first.
    fn told(self) -> Vec<Story> {
        let mut order: Vec<usize> = (0..self.records.len()).collect();
        order.sort_by_key(|n| (self.records[*n].step.start, self.records[*n].step.fetch_id().is_some(), *n));
        let mut children: HashMap<usize, Vec<usize>> = HashMap::new();
        for n in &order {
            if let Some(parent) = self.parents[*n] {
                children.entry(parent).or_default().push(*n);
            }
        }
        let mut records: Vec<Option<Record>> = self.records.into_iter().map(Some).collect();
        let roots = order.into_iter().filter(|n| self.parents[*n].is_none());
        let mut stories: Vec<Story> = roots.filter_map(|root| one(root, &children, &mut records)).collect();
        stories.iter_mut().for_each(|s| tell_clocks(s, self.judgements));
        stories.sort_by_key(|s| Reverse(s.at()));
        stories
    }
}

/// Says of each step by how much its clock is ahead of that of the first.
fn tell_clocks(story: &mut Story, judgements: &Judgements<'_>) {
    let Some(first) = story.steps.first().map(|s| s.node.clone()) else { return };
    for step in story.steps.iter_mut().filter(|s| s.node != first) {
        step.ahead_us = judgements.clock(&first, &step.node).ahead_us;
    }
}

/// The story that begins with a record; `None` when nothing in it answers the question.
fn one(root: usize, children: &HashMap<usize, Vec<usize>>, records: &mut [Option<Record>]) -> Option<Story> {
    let (mut steps, mut seed, mut next) = (Vec::new(), false, vec![root]);
    while let Some(n) = next.pop() {
        let Some(record) = records[n].take() else { continue };
        seed |= record.seed;
        steps.push(record.step);
        next.extend(children.get(&n).into_iter().flatten().rev());
    }
    seed.then_some(Story { steps })
}
