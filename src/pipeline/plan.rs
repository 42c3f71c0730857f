//! What the run will read, and as what. In: found files, the known formats, what the user said; out: series with their
//! grammars and tiers, files in order, and what was not recognised. It must not fold anything but heads.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::context::{Context, Reading};
use super::known::{Known, once, recognise};
use super::outside::Extent;
use super::zones::{Unsaid, settle};
use super::{Job, Recognised};
use crate::grammar::Grammar;
use crate::model::{FileId, FileInfo, Fineness, Series, SeriesId, Stamp, Text, Tier};
use crate::source::{Found, Trouble, modified, node_names};

/// A plan.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The tables of the fold.
    pub context: Context<'a>,
    /// Files by number.
    pub files: BTreeMap<FileId, Found>,
    /// What each file was taken for.
    pub recognised: Vec<Recognised>,
    /// What could not be read or recognised.
    pub troubles: Vec<Trouble>,
    /// Files without a byte in them.
    pub empty: Vec<String>,
    /// The earliest moment that a head shows.
    pub begins: Stamp,
    /// What was left out because it says nothing new, in words.
    pub repeated: Vec<String>,
    /// The time that each file covers, as far as it is known.
    pub extents: BTreeMap<FileId, Extent>,
    /// Of each file that was left out because it lies outside of the span: whether it is of the uppermost tier, and its
    /// first stamp.
    pub outside: Vec<(bool, Stamp)>,
}

/// Makes the plan.
pub fn plan<'a>(job: &Job<'a>) -> Plan<'a> {
    let looked: Vec<_> = job.files.par_iter().map(|f| recognise(f, job)).collect();
    let paths: Vec<&str> = job.files.iter().map(|f| f.path.as_str()).collect();
    let nodes = node_names(&paths);
    let (mut known, mut troubles) = (Vec::new(), Vec::new());
    let (mut empty, mut passed_over) = (Vec::new(), Vec::new());
    for ((looked, node), found) in looked.into_iter().zip(nodes).zip(&job.files) {
        match looked {
            Ok(looked) if looked.logs.is_empty() => empty.push(found.path.clone()),
            Ok(looked) => {
                known.extend(looked.logs.into_iter().map(|k| Known { of_file: node.clone(), ..k }));
                passed_over.extend(looked.passed_over);
            }
            Err(t) => troubles.push(t),
        }
    }
    let (known, mut repeated) = once(known);
    repeated.extend(passed_over);
    Plan { repeated, empty, ..number(known, job, troubles) }
}

/// True when lines of the format tell of requests, not only of errors.
pub fn bears_requests(grammar: &Grammar) -> bool {
    grammar.bears_requests()
}

/// What makes a series: tier, node, name without rotation, format.
type Name = (Tier, String, String, String);

/// Logs by tier, node, name and format, each told what its stamps leave out.
fn by_series(known: Vec<Known>, job: &Job<'_>) -> BTreeMap<Name, Vec<Known>> {
    let mut by_series: BTreeMap<Name, Vec<Known>> = BTreeMap::new();
    for k in known {
        let tier = k.found.role.unwrap_or(k.grammar.tier);
        by_series.entry((tier, k.node(), k.key.clone(), k.grammar.name.clone())).or_default().push(k);
    }
    let unsaid = by_series.iter_mut().flat_map(|((_, node, ..), ks)| ks.iter_mut().map(move |k| (node, k)));
    let mut unsaid: Vec<Unsaid<'_>> = unsaid
        .map(|(node, k)| Unsaid {
            node: node.clone(),
            modified: modified(&k.found),
            grammar: &mut k.grammar,
            zone_s: k.zone_offset_s,
        })
        .collect();
    settle(&mut unsaid, job);
    by_series
}

/// Numbers series and files: tiers from the client on, then by node and name; files of a series oldest first.
fn number<'a>(known: Vec<Known>, job: &Job<'a>, troubles: Vec<Trouble>) -> Plan<'a> {
    let by_series = by_series(known, job);
    let bearing = |tier: &Tier, ks: &[Known]| bears_requests(&ks[0].grammar).then_some(*tier);
    let tiers: Vec<Tier> = by_series.iter().filter_map(|((tier, ..), ks)| bearing(tier, ks)).collect();
    let top = tiers.iter().min().copied();
    let begins = by_series.values().flatten().map(|k| k.first).filter(|s| s.is_known()).min().unwrap_or(Stamp::NONE);
    let (mut series, mut files) = (BTreeMap::new(), BTreeMap::new());
    let (mut found, mut recognised, mut extents) = (BTreeMap::new(), Vec::new(), BTreeMap::new());
    let mut wraps = BTreeMap::new();
    for (n, ((tier, node, ..), mut ks)) in by_series.into_iter().enumerate() {
        let id = SeriesId(n as u32);
        crate::source::order(&mut ks, |k| (k.first, k.extent.rotation));
        let grammar = ks[0].grammar.clone();
        let is_top = Some(tier) == top && bears_requests(&grammar);
        let info = Series {
            id,
            tier,
            node: Text::from(node.as_str()),
            format: Text::from(grammar.name.as_str()),
            family: grammar.family,
            local_time: grammar.local_time,
            resolution_us: grammar.resolution_us,
        };
        let zone_offset_s = ks.iter().find_map(|k| k.zone_offset_s);
        let fetches_on = tiers.iter().any(|t| *t > tier);
        for (ordinal, k) in ks.into_iter().enumerate() {
            let file = FileId(files.len() as u32);
            let path = Text::from(k.found.path.as_str());
            files.insert(file, FileInfo { id: file, path, series: id, ordinal: ordinal as u32 });
            recognised.push(Recognised {
                file,
                series: id,
                confidence: k.confidence,
                why: k.why,
                runner_up: k.runner_up,
            });
            extents.insert(file, k.extent);
            found.insert(file, k.found);
            wraps.extend(k.reach.map(|reach| (file, reach)));
        }
        series.insert(
            id,
            Reading { series: info, grammar, top: is_top, fetches_on, alone: tiers.is_empty(), zone_offset_s },
        );
    }
    let (since, until) = (job.since, job.until);
    let (wanted, unread) = (BTreeMap::new(), BTreeSet::new());
    let context = Context {
        series,
        files,
        wraps,
        rules: job.rules,
        wanted,
        since,
        until,
        unread,
        pulses: Some(Fineness::HOURS),
        small_chunks: false,
    };
    let (repeated, empty, outside) = (Vec::new(), Vec::new(), Vec::new());
    Plan { context, files: found, recognised, troubles, begins, repeated, empty, extents, outside }
}
