//! What a file is. In: a found file and what the user said of it; out: its logs, each with its format and the way to
//! its lines, or why it was not recognised; and which files are copies of others. It must not read more than heads, nor
//! compare logs of different files but to find copies.

use std::collections::{HashMap, HashSet};

use super::Job;
use super::copies::{Looks, copies};
use super::inside::{Log, logs};
use super::outside::{Extent, spread, stamps};
use super::reach::Reach;
use crate::grammar::{Detection, Framing, Grammar};
use crate::model::{Stamp, redact};
use crate::source::{Found, Head, Trouble, head, series_key};

/// How much of a file is looked at to recognise it, decompressed bytes.
const HEAD: usize = 256 << 10;

/// A log whose format is known.
pub struct Known {
    /// Its file.
    pub found: Found,
    /// What reads it.
    pub grammar: Grammar,
    /// How sure, 0 to 1.
    pub confidence: f32,
    /// What decided.
    pub why: String,
    /// The next best format.
    pub runner_up: Option<(String, f32)>,
    /// Seconds east of UTC that its stamps name.
    pub zone_offset_s: Option<i32>,
    /// The first stamp of its head.
    pub first: Stamp,
    /// The time that it covers.
    pub extent: Extent,
    /// What is compared of its file.
    pub looks: Looks,
    /// The name of its series.
    pub key: String,
    /// The node that its file's name tells.
    pub of_file: String,
    /// The node that its lines tell, where one file has logs of several; else empty.
    pub sender: String,
    /// The way to its lines.
    pub reach: Option<Reach>,
}

impl Known {
    /// The node: what the user says, else what its lines tell, else what its file is called.
    pub fn node(&self) -> String {
        match (&self.found.node, self.sender.as_str()) {
            (Some(given), "") => given.clone(),
            (Some(given), sender) => format!("{given}/{sender}"),
            (None, "") => self.of_file.clone(),
            (None, sender) => sender.to_string(),
        }
    }
}

/// What was found out of a file.
#[derive(Default)]
pub struct Looked {
    /// Its logs; none when it is empty.
    pub logs: Vec<Known>,
    /// A sentence about lines that are of no known log.
    pub passed_over: Option<String>,
}

/// What a file is.
pub fn recognise(found: &Found, job: &Job<'_>) -> Result<Looked, Trouble> {
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
    let all = logs(found, &head.bytes, job.known, forced);
    let several = all.logs.len() > 1;
    let named = |log: Log| known(log, found, &head, job, forced, several);
    let mut logs = all.logs.into_iter().map(named).collect::<Result<Vec<Known>, Trouble>>()?;
    if is_mixed(&logs) {
        logs.iter_mut().for_each(|k| k.found.role = None);
    }
    Ok(Looked { logs, passed_over: all.passed_over })
}

/// True for logs of several tiers in one file: one role for all would put them in one place.
fn is_mixed(logs: &[Known]) -> bool {
    let tiers: HashSet<_> = logs.iter().map(|k| k.grammar.tier).collect();
    tiers.len() > 1
}

fn known(
    log: Log,
    found: &Found,
    head: &Head,
    job: &Job<'_>,
    forced: Option<&str>,
    several: bool,
) -> Result<Known, Trouble> {
    let seen = log.detection;
    let Some(grammar) = log.grammar else {
        let damage = head.damaged.as_ref().map(|d| format!(" ({d})")).unwrap_or_default();
        let why = format!("not recognised: {}{damage}{}", seen.why, where_it_stops(&seen));
        let hint = seen.remedy.unwrap_or_else(|| {
            "name its format: --format NAME (see guru formats list) or --log-format 'STRING' from nginx.conf".into()
        });
        return Err(Trouble { path: found.path.clone(), why, hint: Some(hint) });
    };
    let (mut key, rotation) = series_key(&found.path);
    if !log.sender.is_empty() {
        key = format!("{key} {}", log.sender);
    }
    let named = forced == Some(grammar.name.as_str());
    let first = first_stamp(&log.head, &grammar, job);
    let extent = if several {
        Extent { first: Stamp::NONE, spread: None, rotation }
    } else {
        Extent { first, spread: spread(found, &grammar, log.reach.as_ref(), job), rotation }
    };
    Ok(Known {
        first,
        extent,
        looks: Looks::of(head, found),
        found: found.clone(),
        confidence: if named { 1.0 } else { seen.confidence },
        why: if named { "--format says so".into() } else { seen.why },
        runner_up: seen.runner_up,
        zone_offset_s: seen.zone_offset_s,
        grammar,
        key,
        of_file: String::new(),
        sender: log.node.unwrap_or_default(),
        reach: log.reach,
    })
}

/// Leaves out copies of the same file; what the user said of a copy holds for the one that is read.
pub fn once(known: Vec<Known>) -> (Vec<Known>, Vec<String>) {
    let mut files: Vec<(&Found, Looks)> = known.iter().map(|k| (&k.found, k.looks)).collect();
    files.dedup_by_key(|(found, _)| &found.path);
    let copies = copies(&files);
    let mut repeated = Vec::new();
    let mut kept_of: HashMap<String, String> = HashMap::new();
    for ((found, _), of) in files.iter().zip(&copies) {
        if let Some(of) = of {
            let kept = &files[*of].0.path;
            repeated.push(format!("{} is a copy of {kept} and is counted once", found.path));
            kept_of.insert(found.path.clone(), kept.clone());
        }
    }
    let (left_out, mut kept): (Vec<Known>, Vec<Known>) =
        known.into_iter().partition(|k| kept_of.contains_key(&k.found.path));
    for copy in left_out {
        for k in kept.iter_mut().filter(|k| k.found.path == kept_of[&copy.found.path]) {
            k.found.role = k.found.role.or(copy.found.role);
            k.found.node = k.found.node.take().or_else(|| copy.found.node.clone());
        }
    }
    (kept, repeated)
}

/// Lines that do not fit, each divided where it stops fitting. What looks secret is masked.
pub fn stops(seen: &Detection) -> Vec<(String, String)> {
    let divided = |(line, at): &(String, usize)| {
        let at = (0..=(*at).min(line.len())).rev().find(|at| line.is_char_boundary(*at)).unwrap_or_default();
        let (fits, all) = (redact(&line.as_bytes()[..at]), redact(line.as_bytes()));
        // Where it stops within a secret, the rest is not shown.
        let rest = all.strip_prefix(&fits).unwrap_or("…").to_string();
        (fits, rest)
    };
    seen.stops.iter().map(divided).collect()
}

/// The same in words.
fn where_it_stops(seen: &Detection) -> String {
    stops(seen).into_iter().fold(String::new(), |mut told, (fits, rest)| {
        let rest: String = rest.chars().take(30).collect();
        let shown: String = fits.chars().skip(fits.chars().count().saturating_sub(40)).collect();
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
