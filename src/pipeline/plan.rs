//! What the run will read, and as what. In: found files, the known formats, what the user said; out: series with their
//! grammars and tiers, files in order, and what was not recognised. It must not fold anything but heads.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::context::{Context, Reading};
use super::copies::{Looks, copies};
use super::outside::{Extent, spread, stamps};
use super::zones::{Unsaid, settle};
use super::{Job, Recognised};
use crate::grammar::{Detection, Framing, Grammar};
use crate::model::{FileId, FileInfo, Series, SeriesId, Stamp, Text, Tier};
use crate::source::{Found, Rotation, Trouble, head, modified, node_names, series_key};

/// How much of a file is looked at to recognise it, decompressed bytes.
const HEAD: usize = 256 << 10;

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

/// A file whose format is known.
struct Known {
    found: Found,
    grammar: Grammar,
    confidence: f32,
    why: String,
    runner_up: Option<(String, f32)>,
    zone_offset_s: Option<i32>,
    first: Stamp,
    spread: Option<(Stamp, Stamp)>,
    looks: Looks,
    key: String,
    rotation: Rotation,
    node: String,
}

/// Makes the plan.
pub fn plan<'a>(job: &Job<'a>) -> Plan<'a> {
    let looked: Vec<_> = job.files.par_iter().map(|f| recognise(f, job)).collect();
    let paths: Vec<&str> = job.files.iter().map(|f| f.path.as_str()).collect();
    let nodes = node_names(&paths);
    let (mut known, mut troubles) = (Vec::new(), Vec::new());
    let mut empty = Vec::new();
    for ((looked, node), found) in looked.into_iter().zip(nodes).zip(&job.files) {
        match looked {
            Ok(Some(mut k)) => {
                k.node = k.found.node.clone().unwrap_or(node);
                known.push(k);
            }
            Ok(None) => empty.push(found.path.clone()),
            Err(t) => troubles.push(t),
        }
    }
    let (known, repeated) = once(known);
    Plan { repeated, empty, ..number(known, job, troubles) }
}

/// Leaves out copies of the same log; what the user said of a copy holds for the one that is read.
fn once(mut known: Vec<Known>) -> (Vec<Known>, Vec<String>) {
    let files: Vec<(&Found, Looks)> = known.iter().map(|k| (&k.found, k.looks)).collect();
    let copies = copies(&files);
    let told = |(k, of): (&Known, &Option<usize>)| {
        of.map(|of| format!("{} is a copy of {} and is counted once", k.found.path, known[of].found.path))
    };
    let repeated: Vec<String> = known.iter().zip(&copies).filter_map(told).collect();
    for (n, of) in copies.iter().enumerate().filter_map(|(n, of)| of.map(|of| (n, of))) {
        let (role, node) = (known[n].found.role, known[n].found.node.clone());
        let kept = &mut known[of];
        kept.found.role = kept.found.role.or(role);
        if let (None, Some(node)) = (&kept.found.node, node) {
            kept.node.clone_from(&node);
            kept.found.node = Some(node);
        }
    }
    (known.into_iter().zip(copies).filter(|(_, of)| of.is_none()).map(|(k, _)| k).collect(), repeated)
}

/// What a file is; `None` for an empty one.
fn recognise(found: &Found, job: &Job<'_>) -> Result<Option<Known>, Trouble> {
    let head = head(found, HEAD)?;
    if head.bytes.is_empty() {
        return match head.damaged {
            Some(why) => {
                Err(Trouble { path: found.path.clone(), why: format!("{why} before its first line"), hint: None })
            }
            None => Ok(None),
        };
    }
    let name = found.path.rsplit('/').next().unwrap_or_default();
    let forced = job.formats.iter().find(|f| f.fits(&found.path)).and_then(|f| job.known.get(&f.name));
    let seen = job.known.detect(&head.bytes, name);
    let mut grammar = match forced.or(seen.grammar.map(|n| &job.known.grammars()[n])) {
        Some(g) => g.clone(),
        None => {
            let damage = head.damaged.map(|d| format!(" ({d})")).unwrap_or_default();
            let why = format!("not recognised: {}{damage}{}", seen.why, where_it_stops(&seen));
            let hint = seen.remedy.unwrap_or_else(|| {
                "name its format: --format NAME (see guru formats list) or --log-format 'STRING' from nginx.conf".into()
            });
            return Err(Trouble { path: found.path.clone(), why, hint: Some(hint) });
        }
    };
    if forced.is_none() {
        grammar.framing = seen.framing.unwrap_or(grammar.framing);
        grammar.resolution_us = seen.resolution_us.unwrap_or(grammar.resolution_us);
    }
    let (key, rotation) = series_key(&found.path);
    let why = if forced.is_some() { "--format says so".into() } else { seen.why };
    Ok(Some(Known {
        first: first_stamp(&head.bytes, &grammar, job),
        spread: spread(found, &grammar, job),
        looks: Looks::of(&head, found),
        found: found.clone(),
        confidence: if forced.is_some() { 1.0 } else { seen.confidence },
        why,
        runner_up: seen.runner_up,
        zone_offset_s: seen.zone_offset_s,
        grammar,
        key,
        rotation,
        node: String::new(),
    }))
}

/// Lines that do not fit, and where they stop fitting, for people to see.
pub fn where_it_stops(seen: &Detection) -> String {
    seen.stops.iter().fold(String::new(), |mut told, (line, at)| {
        let fits: String = line.chars().take(line.char_indices().take_while(|(n, _)| n < at).count()).collect();
        let rest: String = line[fits.len()..].chars().take(30).collect();
        let shown: String = fits.chars().rev().take(40).collect::<Vec<_>>().into_iter().rev().collect();
        told.push_str(&format!("; a line fits up to \u{bb}{shown}\u{ab} and not from \u{bb}{rest}\u{ab}"));
        told
    })
}

/// The first stamp of a head, of its whole lines or records.
fn first_stamp(bytes: &[u8], grammar: &Grammar, job: &Job<'_>) -> Stamp {
    let most = bytes.len().min(64 << 10);
    let end = match grammar.framing {
        Framing::VslBinary => most,
        _ => memchr::memrchr(b'\n', &bytes[..most]).map_or(0, |n| n + 1),
    };
    stamps(&bytes[..end], grammar, job).0
}

/// True when lines of the format tell of requests, not only of errors.
pub fn bears_requests(grammar: &Grammar) -> bool {
    grammar.bears_requests()
}

/// Numbers series and files: tiers from the client on, then by node and name; files of a series oldest first.
fn number<'a>(known: Vec<Known>, job: &Job<'a>, troubles: Vec<Trouble>) -> Plan<'a> {
    let mut by_series: BTreeMap<(Tier, String, String, String), Vec<Known>> = BTreeMap::new();
    for k in known {
        let tier = k.found.role.unwrap_or(k.grammar.tier);
        by_series.entry((tier, k.node.clone(), k.key.clone(), k.grammar.name.clone())).or_default().push(k);
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
    let bearing = |tier: &Tier, ks: &[Known]| bears_requests(&ks[0].grammar).then_some(*tier);
    let tiers: Vec<Tier> = by_series.iter().filter_map(|((tier, ..), ks)| bearing(tier, ks)).collect();
    let top = tiers.iter().min().copied();
    let begins = by_series.values().flatten().map(|k| k.first).filter(|s| s.is_known()).min().unwrap_or(Stamp::NONE);
    let (mut series, mut files) = (BTreeMap::new(), BTreeMap::new());
    let (mut found, mut recognised, mut extents) = (BTreeMap::new(), Vec::new(), BTreeMap::new());
    for (n, ((tier, node, ..), mut ks)) in by_series.into_iter().enumerate() {
        let id = SeriesId(n as u32);
        crate::source::order(&mut ks, |k| (k.first, k.rotation));
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
            extents.insert(file, Extent { first: k.first, spread: k.spread, rotation: k.rotation });
            found.insert(file, k.found);
        }
        series.insert(id, Reading { series: info, grammar, top: is_top, fetches_on, zone_offset_s });
    }
    let (since, until) = (job.since, job.until);
    let context =
        Context { series, files, rules: job.rules, wanted: BTreeMap::new(), since, until, unread: BTreeSet::new() };
    let (repeated, empty, outside) = (Vec::new(), Vec::new(), Vec::new());
    Plan { context, files: found, recognised, troubles, begins, repeated, empty, extents, outside }
}
