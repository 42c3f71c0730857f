//! What the run will read, and as what. In: found files, the known formats, what the user said; out: series with their
//! grammars and tiers, files in order, and what was not recognised. It must not fold anything but heads.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::context::{Context, Reading};
use super::copies::{Looks, copies};
use super::inside::logs;
use super::reach::Reach;
use super::{Job, Recognised};
use crate::grammar::{Framing, Grammar};
use crate::model::{FileId, FileInfo, Series, SeriesId, Stamp, Text, Tier};
use crate::source::{Chunk, Found, Rotation, Trouble, head, node_names, series_key};

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
    looks: Looks,
    key: String,
    rotation: Rotation,
    node: String,
    reach: Option<Reach>,
}

/// What was found out of a file.
#[derive(Default)]
struct Looked {
    /// Its logs; none when it is empty.
    logs: Vec<Known>,
    passed_over: Option<String>,
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
                known.extend(looked.logs.into_iter().map(|k| Known { node: name(&k, &node), ..k }));
                passed_over.extend(looked.passed_over);
            }
            Err(t) => troubles.push(t),
        }
    }
    let (known, mut repeated) = once(known);
    repeated.extend(passed_over);
    Plan { repeated, empty, ..number(known, job, troubles) }
}

/// The node of a log: what the user says, else what its file is called; where one file has logs of several nodes, who
/// wrote it.
fn name(k: &Known, of_file: &str) -> String {
    match (&k.found.node, k.node.as_str()) {
        (Some(given), "") => given.clone(),
        (Some(given), node) => format!("{given}/{node}"),
        (None, "") => of_file.to_string(),
        (None, node) => node.to_string(),
    }
}

/// Leaves out copies of the same file.
fn once(known: Vec<Known>) -> (Vec<Known>, Vec<String>) {
    let mut files: Vec<(&Found, Looks)> = known.iter().map(|k| (&k.found, k.looks)).collect();
    files.dedup_by_key(|(found, _)| &found.path);
    let copies = copies(&files);
    let mut repeated = Vec::new();
    let mut left_out = Vec::new();
    for ((found, _), of) in files.iter().zip(&copies) {
        if let Some(of) = of {
            repeated.push(format!("{} is a copy of {} and is counted once", found.path, files[*of].0.path));
            left_out.push(found.path.clone());
        }
    }
    (known.into_iter().filter(|k| !left_out.contains(&k.found.path)).collect(), repeated)
}

/// What a file is.
fn recognise(found: &Found, job: &Job<'_>) -> Result<Looked, Trouble> {
    let head = head(found, HEAD)?;
    if head.bytes.is_empty() {
        return match head.damaged {
            Some(why) => {
                Err(Trouble { path: found.path.clone(), why: format!("{why} before its first line"), hint: None })
            }
            None => Ok(Looked::default()),
        };
    }
    let forced = job.formats.iter().find(|f| f.fits(&found.path)).map(|f| f.name.as_str());
    let found_logs = logs(found, &head.bytes, job.known, forced);
    let tiers = found_logs.logs.iter().filter_map(|log| Some(log.grammar.as_ref()?.tier));
    let mixed = tiers.clone().min() != tiers.max();
    // One role for logs of several tiers in one file would put all of them in one place.
    let mut found = found.clone();
    found.role = found.role.filter(|_| !mixed);
    let mut looked = Looked { logs: Vec::new(), passed_over: found_logs.passed_over };
    for log in found_logs.logs {
        let seen = &log.detection;
        let Some(grammar) = log.grammar else {
            let damage = head.damaged.map(|d| format!(" ({d})")).unwrap_or_default();
            let hint =
                "name its format: --format NAME (see guru formats list) or --log-format 'STRING' from nginx.conf";
            return Err(Trouble {
                path: found.path,
                why: format!("not recognised: {}{damage}", seen.why),
                hint: Some(hint.into()),
            });
        };
        let (mut key, rotation) = series_key(&found.path);
        if !log.sender.is_empty() {
            key = format!("{key} {}", log.sender);
        }
        let named = forced == Some(grammar.name.as_str());
        looked.logs.push(Known {
            first: first_stamp(&log.head, &grammar, job),
            looks: Looks::of(&head),
            found: found.clone(),
            confidence: if named { 1.0 } else { seen.confidence },
            why: if named { "--format says so".into() } else { seen.why.clone() },
            runner_up: seen.runner_up.clone(),
            zone_offset_s: seen.zone_offset_s,
            grammar,
            key,
            rotation,
            node: log.node.unwrap_or_default(),
            reach: log.reach,
        });
    }
    Ok(looked)
}

/// The first stamp of a head: its whole lines are folded like any chunk, and thrown away. Transactions that are not
/// whole in it count.
fn first_stamp(bytes: &[u8], grammar: &Grammar, job: &Job<'_>) -> Stamp {
    let end = memchr::memrchr(b'\n', &bytes[..bytes.len().min(64 << 10)]).map_or(0, |n| n + 1);
    let id = SeriesId(0);
    let series = Series {
        id,
        tier: grammar.tier,
        node: Text::EMPTY,
        format: Text::EMPTY,
        family: grammar.family,
        local_time: false,
        resolution_us: grammar.resolution_us,
    };
    let reading = Reading { series, grammar: grammar.clone(), top: false, fetches_on: false, zone_offset_s: None };
    let file = FileInfo { id: FileId(0), path: Text::EMPTY, series: id, ordinal: 0 };
    let context = Context {
        series: BTreeMap::from([(id, reading)]),
        files: BTreeMap::from([(FileId(0), file)]),
        wraps: BTreeMap::new(),
        rules: job.rules,
        wanted: BTreeMap::new(),
        since: Stamp::NONE,
        until: Stamp::NONE,
    };
    let partial = super::fold::fold(&Chunk::whole(FileId(0), bytes[..end].to_vec()), &context);
    let begun = partial.open.values().map(|piece| piece.fragments.first_moment());
    let told = partial.files.values().map(|t| t.first);
    begun.chain(told).filter(|s| s.is_known()).min().unwrap_or(Stamp::NONE)
}

/// True when lines of the format tell of requests, not only of errors.
pub fn bears_requests(grammar: &Grammar) -> bool {
    grammar.framing != Framing::Records
}

/// Numbers series and files: tiers from the client on, then by node and name; files of a series oldest first.
fn number<'a>(known: Vec<Known>, job: &Job<'a>, troubles: Vec<Trouble>) -> Plan<'a> {
    let mut by_series: BTreeMap<(Tier, String, String, String), Vec<Known>> = BTreeMap::new();
    for k in known {
        let tier = k.found.role.unwrap_or(k.grammar.tier);
        by_series.entry((tier, k.node.clone(), k.key.clone(), k.grammar.name.clone())).or_default().push(k);
    }
    let bearing = |tier: &Tier, ks: &[Known]| bears_requests(&ks[0].grammar).then_some(*tier);
    let tiers: Vec<Tier> = by_series.iter().filter_map(|((tier, ..), ks)| bearing(tier, ks)).collect();
    let top = tiers.iter().min().copied();
    let begins = by_series.values().flatten().map(|k| k.first).filter(|s| s.is_known()).min().unwrap_or(Stamp::NONE);
    let (mut series, mut files) = (BTreeMap::new(), BTreeMap::new());
    let (mut found, mut wraps, mut recognised) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
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
            found.insert(file, k.found);
            wraps.extend(k.reach.map(|reach| (file, reach)));
        }
        series.insert(id, Reading { series: info, grammar, top: is_top, fetches_on, zone_offset_s });
    }
    let (since, until) = (job.since, job.until);
    let context = Context { series, files, wraps, rules: job.rules, wanted: BTreeMap::new(), since, until };
    Plan { context, files: found, recognised, troubles, begins, repeated: Vec::new(), empty: Vec::new() }
}
