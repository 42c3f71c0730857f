//! Rewrites between two tiers, learnt from traffic. In: rows of fetches and of requests; out: for each backend how its
//! URLs stand in the next tier's log, and rows whose keys are equal again. It must not know texts: rows hold hashes of
//! the parts of a URL (`Shape`), and a rewrite is a part of ours that is a part of theirs.
//!
//! No clock is needed, and none could be had: a rewrite is in force where most of a backend's healthy URLs that the next
//! tier's log does not hold are there in another form. Whether a form was met by chance, time tells afterwards.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::model::{FetchRow, RequestRow, SeriesId, Shape};

/// Different URLs that must be missing before another form of them is looked for.
const FEW: usize = 8;
/// Of the missing URLs, so large a share must be there in the other form.
const MOST: f64 = 0.6;
/// Of all URLs looked at, so large a share may be missing for reasons of its own (a lost line, a request elsewhere).
const LOST: f64 = 0.05;
/// URLs of a backend that are looked at.
const SAMPLE: u64 = 2_000;

/// A part of a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Part {
    Whole,
    Path,
    LessOne,
    LessTwo,
}

/// What of ours may be what of theirs; what keeps more comes first.
const RULES: [(Part, Part, &str); 7] = [
    (Part::Whole, Part::Whole, "spelt in another way"),
    (Part::Path, Part::Path, "with another query or none"),
    (Part::Path, Part::LessOne, "with a path of one segment before them"),
    (Part::Path, Part::LessTwo, "with a path of two segments before them"),
    (Part::LessOne, Part::Path, "without their first segment"),
    (Part::LessTwo, Part::Path, "without their first two segments"),
    (Part::LessOne, Part::LessOne, "with another first segment"),
];

impl Part {
    /// Its hash; 0 where the URL has none.
    fn of(self, shape: &Shape) -> u32 {
        match self {
            Part::Whole => shape.path ^ shape.query.rotate_left(9),
            Part::Path => shape.path,
            Part::LessOne => shape.less_one,
            Part::LessTwo => shape.less_two,
        }
    }
}

/// Rows that can be looked at several times, wherever they are kept.
pub trait Each<T> {
    /// Shows every row.
    fn each(&mut self, look: &mut dyn FnMut(&T));
}

impl<T> Each<T> for &[T] {
    fn each(&mut self, look: &mut dyn FnMut(&T)) {
        self.iter().for_each(look);
    }
}

/// A backend as one series names it.
type Backend = (SeriesId, u32);

/// A rewrite that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Rewrite {
    /// Series of the fetches.
    pub from: SeriesId,
    /// Hash of the backend's name.
    pub backend: u32,
    /// Series of the requests.
    pub to: SeriesId,
    /// How the URLs stand there, after "URLs are logged".
    pub how: &'static str,
    /// Different healthy URLs that show it, and how many were looked for.
    pub shown: (usize, usize),
    rule: usize,
}

/// All rewrites between two tiers.
#[derive(Clone, Debug, Default)]
pub struct Rewrites {
    /// What was found.
    pub found: Vec<Rewrite>,
    ours: HashMap<Backend, Part>,
    theirs: BTreeMap<SeriesId, Vec<Part>>,
    /// Parts that are the same on both ends, whoever logs.
    alike: Vec<Part>,
    /// Keys that are equal on both ends as they are, of the backends above.
    as_they_are: HashSet<u64>,
    /// Keys that fetches get.
    given: HashSet<u64>,
}

impl Rewrites {
    /// Backends that were never well, or too rarely asked to tell, are assumed to be rewritten like all others of their
    /// node; where a URL stands as it is, it stays. A rule about one part on both ends does no harm to any.
    fn assume(&mut self, looked_for: &BTreeMap<Backend, Vec<Shape>>, fetches: &mut dyn Each<FetchRow>) {
        let mut usual: BTreeMap<SeriesId, Option<Part>> = BTreeMap::new();
        for ((series, _), part) in &self.ours {
            usual.entry(*series).and_modify(|p| *p = p.filter(|p| p == part)).or_insert(Some(*part));
        }
        let alike: HashSet<SeriesId> = self.found.iter().filter(|r| is_alike(r.rule)).map(|r| r.from).collect();
        fetches.each(&mut |f| {
            let backend = (f.series, f.backend);
            if (!looked_for.contains_key(&backend) || alike.contains(&f.series))
                && let Some(part) = usual.get(&f.series).copied().flatten()
            {
                self.ours.entry(backend).or_insert(part);
            }
        });
    }

    /// The row with the key that its request gets too.
    pub fn fetch(&self, f: &FetchRow) -> FetchRow {
        let part = self.ours.get(&(f.series, f.backend)).filter(|_| !self.as_they_are.contains(&f.key));
        match part.map_or(0, |p| p.of(&f.shape)) {
            0 => *f,
            hash => FetchRow { key: key(hash), flags: f.flags | FetchRow::REWRITTEN, ..*f },
        }
    }

    /// The row with the key that its fetch got too, if one did.
    pub fn request(&self, r: &RequestRow) -> RequestRow {
        if self.as_they_are.contains(&r.key) {
            return *r;
        }
        let parts = self.theirs.get(&r.series).into_iter().flatten().chain(&self.alike);
        let mut keys = parts.map(|p| p.of(&r.shape)).filter(|hash| *hash != 0).map(key);
        keys.find(|k| self.given.contains(k)).map_or(*r, |key| RequestRow { key, ..*r })
    }
}

/// A key made of the hash of a part: spread, because keys are cut into partitions by their top bits.
fn key(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17).max(1)
}

/// Learns; `None` when every URL stands as it is, or nothing can be told.
///
/// Cost: one look at the fetches and one at the requests where nothing is missing, three and three otherwise.
pub fn learn(fetches: &mut dyn Each<FetchRow>, requests: &mut dyn Each<RequestRow>) -> Option<Rewrites> {
    let looked_for = missing(fetches, requests);
    if looked_for.is_empty() {
        return None;
    }
    let found = met(&looked_for, requests);
    if found.is_empty() {
        return None;
    }
    let mut all = Rewrites { found, ..Rewrites::default() };
    for r in &all.found {
        let (ours, theirs, _) = RULES[r.rule];
        all.ours.insert((r.from, r.backend), ours);
        let parts = all.theirs.entry(r.to).or_default();
        if !parts.contains(&theirs) {
            parts.push(theirs);
        }
        if is_alike(r.rule) && !all.alike.contains(&theirs) {
            all.alike.push(theirs);
        }
    }
    all.assume(&looked_for, fetches);
    let mut keys: HashMap<u64, bool> = HashMap::new();
    // A rule about one part on both ends holds for URLs that stand as they are too.
    if all.found.iter().any(|r| !is_alike(r.rule)) {
        fetches.each(&mut |f| {
            if all.ours.contains_key(&(f.series, f.backend)) {
                keys.insert(f.key, false);
            }
        });
    }
    requests.each(&mut |r| {
        if let Some(both) = keys.get_mut(&r.key) {
            *both = true;
        }
    });
    all.as_they_are = keys.into_iter().filter(|(_, both)| *both).map(|(k, _)| k).collect();
    let mut given = HashSet::new();
    fetches.each(&mut |f| {
        let new = all.fetch(f);
        if new.key != f.key {
            given.insert(new.key);
        }
    });
    all.given = given;
    Some(all)
}

/// True for a rule about one part on both ends.
fn is_alike(rule: usize) -> bool {
    RULES[rule].0 == RULES[rule].1
}

fn is_healthy(f: &FetchRow) -> bool {
    f.flags & (FetchRow::FAILED | FetchRow::OPENED) == FetchRow::OPENED && f.shape.path != 0
}

/// By backend the shapes of healthy URLs that no request has, where they are more than a few.
fn missing(fetches: &mut dyn Each<FetchRow>, requests: &mut dyn Each<RequestRow>) -> BTreeMap<Backend, Vec<Shape>> {
    let mut asked: BTreeMap<Backend, u64> = BTreeMap::new();
    fetches.each(&mut |f| *asked.entry((f.series, f.backend)).or_default() += u64::from(is_healthy(f)));
    // By key: whether it was met, and the shape and backends that it has.
    let mut sample: HashMap<u64, (bool, Shape, Vec<Backend>)> = HashMap::new();
    fetches.each(&mut |f| {
        let backend = (f.series, f.backend);
        let every = asked[&backend] / SAMPLE + 1;
        if is_healthy(f) && (f.key >> 7).is_multiple_of(every) {
            let (_, _, backends) = sample.entry(f.key).or_insert_with(|| (false, f.shape, Vec::new()));
            if !backends.contains(&backend) {
                backends.push(backend);
            }
        }
    });
    requests.each(&mut |r| {
        if let Some(of) = sample.get_mut(&r.key) {
            of.0 = true;
        }
    });
    let mut out: BTreeMap<Backend, Vec<Shape>> = BTreeMap::new();
    let mut all: BTreeMap<Backend, usize> = BTreeMap::new();
    for (met, shape, backends) in sample.into_values() {
        for b in backends {
            *all.entry(b).or_default() += 1;
            if !met {
                out.entry(b).or_default().push(shape);
            }
        }
    }
    out.retain(|b, shapes| shapes.len() >= FEW && shapes.len() as f64 > LOST * all[b] as f64);
    out
}

/// The rewrites under which most of the missing URLs are met.
fn met(looked_for: &BTreeMap<Backend, Vec<Shape>>, requests: &mut dyn Each<RequestRow>) -> Vec<Rewrite> {
    let mut hashes: HashMap<(u8, u32), Vec<SeriesId>> = HashMap::new();
    for shape in looked_for.values().flatten() {
        for (n, (ours, _, _)) in RULES.iter().enumerate() {
            let hash = ours.of(shape);
            if hash != 0 {
                hashes.entry((n as u8, hash)).or_default();
            }
        }
    }
    requests.each(&mut |r| {
        for (n, (_, theirs, _)) in RULES.iter().enumerate() {
            let hash = theirs.of(&r.shape);
            if hash != 0
                && let Some(series) = hashes.get_mut(&(n as u8, hash))
                && !series.contains(&r.series)
            {
                series.push(r.series);
            }
        }
    });
    looked_for.iter().flat_map(|(backend, shapes)| of_backend(*backend, shapes, &hashes)).collect()
}

/// The rewrite of one backend in every series that shows it: the rule that most of its URLs bear out.
fn of_backend((from, backend): Backend, shapes: &[Shape], met: &HashMap<(u8, u32), Vec<SeriesId>>) -> Vec<Rewrite> {
    let mut found: Vec<Rewrite> = Vec::new();
    for (rule, (ours, _, how)) in RULES.iter().enumerate() {
        let mut of: BTreeMap<SeriesId, (usize, HashSet<u32>)> = BTreeMap::new();
        for hash in shapes.iter().map(|s| ours.of(s)).filter(|h| *h != 0) {
            for to in met.get(&(rule as u8, hash)).into_iter().flatten() {
                let seen = of.entry(*to).or_default();
                seen.0 += 1;
                seen.1.insert(hash);
            }
        }
        // What is the same part on both ends needs no more than one: `/search` with many queries.
        let least = if is_alike(rule) { 1 } else { FEW };
        let enough = |n: usize, different: usize| different >= least && n as f64 >= MOST * shapes.len() as f64;
        for (to, (n, _)) in of.into_iter().filter(|(_, (n, different))| enough(*n, different.len())) {
            found.push(Rewrite { from, backend, to, how, shown: (n, shapes.len()), rule });
        }
    }
    let share = |r: &Rewrite| r.shown.0 as f64 / r.shown.1.max(1) as f64;
    let best = found.iter().max_by(|a, b| share(a).total_cmp(&share(b)).then(b.rule.cmp(&a.rule)));
    let Some(ours) = best.map(|r| RULES[r.rule].0) else { return found };
    // A fetch has one key: rules that begin with another part of it cannot hold beside.
    found.retain(|r| RULES[r.rule].0 == ours);
    found.sort_by(|a, b| a.to.cmp(&b.to).then(share(b).total_cmp(&share(a))).then(a.rule.cmp(&b.rule)));
    found.dedup_by_key(|r| r.to);
    found
}
