//! What failing fetches have in common that healthy fetches of the same minutes have not: one node, one point of presence, one
//! backend, one part of the site, one method, crawlers only. In: failing cases and healthy ones; out: candidates with share, lift and a
//! test that is corrected for how many values were tried. It must not know why a value matters.

use std::collections::{HashMap, HashSet};

use super::{Surroundings, fisher, words};
use crate::model::incident::Candidate;
use crate::model::{Failure, FetchRow, Stamp, group_of, redact};

/// What fetches are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// Node that made the fetch.
    Node,
    /// Point of presence of a CDN that made the fetch.
    Pop,
    /// Backend that was asked.
    Backend,
    /// Host.
    Host,
    /// Host and part of the site.
    Part,
    /// Whether it changes something at the origin (POST and the like).
    Method,
    /// Whether a crawler asked.
    Client,
}

const FIELDS: [Field; 7] =
    [Field::Node, Field::Pop, Field::Backend, Field::Host, Field::Part, Field::Method, Field::Client];

/// Most failing fetches share it.
const SHARED: f64 = 0.8;
/// And are so many times as likely to have it as healthy ones.
const LIFT: f64 = 1.5;
/// By chance it would come up so rarely, all values that were tried counted.
const CHANCE: f64 = 0.001;
/// Fewer failures say nothing.
const ENOUGH: u64 = 6;

/// One fetch: its minute and its values, by field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    minute: Stamp,
    values: [u32; FIELDS.len()],
}

impl Case {
    /// The case of a row.
    pub fn of(row: &FetchRow) -> Case {
        let flag = |bit: u16| u32::from(row.flags & bit != 0) + 1;
        let values = [
            row.series.0,
            row.pop as u32,
            row.backend,
            row.host,
            row.group,
            flag(FetchRow::WRITES),
            flag(FetchRow::CRAWLER),
        ];
        Case { minute: Stamp(row.sent_at).minute(), values }
    }

    fn value(&self, field: Field) -> u32 {
        self.values[field as usize]
    }
}

/// Fetches: all of them, and by value.
type Counts = (u64, HashMap<(Field, u32), u64>);

/// Healthy fetches of the minutes in which something failed, counted by the values that failing ones have.
#[derive(Debug, Default)]
pub struct Contrast {
    minutes: HashSet<Stamp>,
    failing: HashSet<(Field, u32)>,
    /// By minute and backend: all, and by value.
    counts: HashMap<(Stamp, u32), Counts>,
}

impl Contrast {
    /// An empty one for these failing cases.
    pub fn of(failing: impl Iterator<Item = Case>) -> Contrast {
        let mut out = Contrast::default();
        for case in failing.filter(|c| c.minute.is_known()) {
            out.minutes.insert(case.minute);
            out.failing.extend(FIELDS.iter().map(|f| (*f, case.value(*f))));
        }
        out
    }

    /// Counts a healthy fetch.
    pub fn add(&mut self, case: Case) {
        if !self.minutes.contains(&case.minute) {
            return;
        }
        let (all, by_value) = self.counts.entry((case.minute, case.value(Field::Backend))).or_default();
        *all += 1;
        for field in FIELDS {
            let value = (field, case.value(field));
            if self.failing.contains(&value) {
                *by_value.entry(value).or_default() += 1;
            }
        }
    }

    /// Healthy fetches of those minutes, to these backends or to all: all, and those with that value.
    fn healthy(&self, minutes: &HashSet<Stamp>, backends: Option<&HashSet<u32>>, value: (Field, u32)) -> (u64, u64) {
        let counts =
            |minute: &Stamp, backend: &u32| minutes.contains(minute) && backends.is_none_or(|b| b.contains(backend));
        let here = self.counts.iter().filter(|((minute, backend), _)| counts(minute, backend));
        here.fold((0, 0), |(all, with), (_, (n, by))| (all + n, with + by.get(&value).copied().unwrap_or(0)))
    }
}

/// What the failing fetches of an incident have in common.
pub fn differs(around: &Surroundings<'_>) -> Vec<Candidate> {
    let own: Vec<(&Failure, Case)> =
        around.failures.iter().filter(|f| !f.stored && f.row.is_timed()).map(|f| (*f, Case::of(&f.row))).collect();
    let all = own.len() as u64;
    if all < ENOUGH {
        return Vec::new();
    }
    let minutes: HashSet<Stamp> = own.iter().map(|(_, c)| c.minute).collect();
    let backends: HashSet<u32> = own.iter().map(|(_, c)| c.value(Field::Backend)).collect();
    let mut found: Vec<Candidate> = Vec::new();
    // Only a CDN has points of presence.
    let fields = FIELDS.into_iter().filter(|field| *field != Field::Pop || own.iter().any(|(f, _)| f.row.pop != 0));
    let commonest: Vec<_> = fields.map(|field| (field, commonest(&own, field))).collect();
    let tried = commonest.iter().map(|(_, c)| c.1).sum::<usize>().max(1);
    for (field, (value, _, failing, name)) in commonest {
        // The same backends, unless it is the backend itself that may differ.
        let same = if field == Field::Backend { None } else { Some(&backends) };
        let (healthy, with) = around.contrast.healthy(&minutes, same, (field, value));
        let (share, usual) = (failing as f64 / all as f64, with as f64 / healthy.max(1) as f64);
        let lift = share / usual.max(0.5 / healthy.max(1) as f64);
        let chance = fisher::by_chance(failing, all - failing, with, healthy - with) * tried as f64;
        if name.is_empty() || healthy < ENOUGH || share < SHARED || lift < LIFT || chance > CHANCE {
            continue;
        }
        found.push(candidate(around, field, &name, [share, usual, lift], [failing, with]));
    }
    found.sort_by(|a, b| b.strength.total_cmp(&a.strength));
    found
}

/// The value that most failing fetches have: value, how many there are, how many have it, its name.
fn commonest(own: &[(&Failure, Case)], field: Field) -> (u32, usize, u64, String) {
    let mut counts: HashMap<u32, u64> = HashMap::new();
    own.iter().for_each(|(_, c)| *counts.entry(c.value(field)).or_default() += 1);
    let tried = counts.len();
    let (value, n) = counts.into_iter().max_by_key(|(v, n)| (*n, *v)).unwrap_or_default();
    let name = own.iter().find(|(_, c)| c.value(field) == value).map(|(f, _)| named(f, field)).unwrap_or_default();
    (value, tried, n, name)
}

fn named(f: &Failure, field: Field) -> String {
    match field {
        Field::Node => format!("node {}", maker(f).0),
        Field::Pop => format!("POP {}", maker(f).1),
        Field::Backend => format!("backend {}", f.backend),
        Field::Host => format!("host {}", f.host),
        Field::Part => redact(&[&f.host.bytes(), group_of(&f.url.bytes())].concat()),
        Field::Method if f.row.flags & FetchRow::WRITES != 0 => "POST and the like".into(),
        Field::Method => "reading requests".into(),
        Field::Client if f.row.flags & FetchRow::CRAWLER != 0 => "crawlers".into(),
        Field::Client => "visitors who are no crawlers".into(),
    }
}

/// Node and point of presence of who made a fetch; the latter is empty outside of a CDN.
fn maker(f: &Failure) -> (String, String) {
    let name = f.node.lossy();
    match name.rsplit_once('/').filter(|_| f.row.pop != 0) {
        Some((node, pop)) => (node.to_string(), pop.to_string()),
        None => (name.to_string(), String::new()),
    }
}

fn candidate(around: &Surroundings<'_>, field: Field, name: &str, shares: [f64; 3], support: [u64; 2]) -> Candidate {
    let [share, usual, lift] = shares;
    let text = format!(
        "only {name}: {} of the failures, {} of what went well then (lift {lift:.1}; {} and {} fetches)",
        words::percent(share),
        words::percent(usual),
        support[0],
        support[1]
    );
    // An incident is of one service, so that its backend, host or part differ from others by themselves.
    let own = match field {
        Field::Backend | Field::Host => true,
        Field::Part => around.service.split_once(' ').is_some_and(|(_, part)| name.ends_with(part)),
        _ => false,
    };
    let surprise = (1.0 - usual / share).clamp(0.0, 1.0) * share;
    let strength = if own { 0.4 + 0.15 * surprise } else { 0.5 + 0.38 * surprise };
    Candidate { kind: "differs".into(), at: around.opened, text, strength }
}
