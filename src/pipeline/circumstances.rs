//! What the whole log adds to one failure: how many requests were open beside it, whether answer times climbed, whether
//! one page answered everything, what the probes said, what a held-down backend had failed with. In: rows, failures,
//! probes of a settled run; out: facts set on each failure. It must not judge: rules compare the facts.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::partial::Probe;
use crate::model::row::{NOT_LOGGED, hash32};
use crate::model::stamp::{MINUTE, SECOND};
use crate::model::{Cause, Fact, Failure, FetchRow, MarkKind, SeriesId, Stamp, Text, group_of};

/// Half of the stretch of time whose answers are compared with a failure.
const AROUND: i64 = 30 * SECOND;
/// A backend is held down at most so long after a failure (Varnish 6.0.1+, backend_local_error_holddown).
const HELD: i64 = 10 * SECOND;
/// After an errno of the other side it lasts `backend_remote_error_holddown`, 0.25 s by default; a second allows for more.
const HELD_REMOTE: i64 = SECOND;
/// How sure it is that a fetch held down shares the cause of the failure before it, or of one near by; right in every one recorded.
const SURE: f32 = 0.97;
/// Errnos of the own side: EACCES, EPERM, EADDRNOTAVAIL.
const OWN_FAULT: [&[u8]; 3] = [b": fail errno 13 ", b": fail errno 1 ", b": fail errno 99 "];

/// What is kept of a fetch to see load: (sent, how long, whole answer).
type Load = (i64, i64, bool);

/// Fetches of the URL groups that have failures, by group, in order of time, and whether any of a group got an answer.
#[derive(Debug, Default)]
pub struct Loads(HashMap<u32, (Vec<Load>, bool)>);

/// Stretch of time before a failure whose answer times may have risen.
const BEFORE: i64 = 30 * MINUTE;
/// So many fetches around an incident are told at most.
const TOLD: usize = 200_000;
/// So many fetches around a failure at most are looked at: enough to see load, and bounded in a storm.
const LOOKED_AT: usize = 2_000;

impl Loads {
    /// Empty loads of the groups that have failures.
    pub fn of(failures: &[Failure]) -> Loads {
        Loads(failures.iter().map(|f| (f.row.group, Default::default())).collect())
    }

    /// Adds a fetch, failed or not, if its group has failures.
    pub fn add(&mut self, f: &FetchRow) {
        if let Some(group) = self.0.get_mut(&f.group) {
            let long = if f.wait == NOT_LOGGED { 0 } else { i64::from(f.wait) };
            let whole = f.flags & (FetchRow::WHOLE | FetchRow::FAILED) == FetchRow::WHOLE;
            group.0.push((f.sent_at, long, whole));
            group.1 |= whole;
        }
    }

    /// Learns which groups were answered by fetches that are not kept, or at times that this run does not read.
    pub fn recall(&mut self, answered: impl Fn(u32) -> bool) {
        self.0.iter_mut().filter(|(group, _)| answered(**group)).for_each(|(_, loads)| loads.1 = true);
    }

    /// Puts them in order.
    pub fn settle(&mut self) {
        self.0.values_mut().for_each(|g| g.0.sort_unstable());
    }

    /// The fetches of a group that were sent nearest to a moment, [`LOOKED_AT`] at most, within [`AROUND`].
    fn near(&self, group: u32, at: i64) -> &[Load] {
        let Some((all, _)) = self.0.get(&group) else { return &[] };
        let middle = all.partition_point(|l| l.0 < at);
        let from = all.partition_point(|l| l.0 < at - AROUND).max(middle.saturating_sub(LOOKED_AT / 2));
        let to = all.partition_point(|l| l.0 <= at + AROUND).min(middle + LOOKED_AT / 2);
        &all[from..to.max(from)]
    }

    /// The fetches of these groups that were sent in a span, in order of time, [`TOLD`] at most: where there are more,
    /// every so many.
    pub fn between(&self, groups: &HashSet<u32>, from: Stamp, to: Stamp) -> Vec<(i64, i64, bool)> {
        let of = |group: &u32| {
            let all = self.0.get(group).map_or(&[][..], |g| g.0.as_slice());
            let (a, b) = (all.partition_point(|l| l.0 < from.0), all.partition_point(|l| l.0 <= to.0));
            &all[a..b.max(a)]
        };
        let all = || groups.iter().flat_map(of);
        let every = all().count() / TOLD + 1;
        let mut out: Vec<_> = all().map(|(at, long, whole)| (*at, *long, !*whole)).collect();
        out.sort_unstable();
        out.into_iter().step_by(every).collect()
    }

    /// True when some fetch of that group got a whole answer.
    fn answered(&self, group: u32) -> bool {
        self.0.get(&group).is_some_and(|g| g.1)
    }
}

/// Sets what load and times say.
pub fn load(failures: &mut [Failure], loads: &Loads) {
    let began = |f: &&mut Failure| f.row.is_timed() && f.row.flags & FetchRow::END_ONLY == 0;
    let mut risen: HashMap<(u32, i64), bool> = HashMap::new();
    for f in failures.iter_mut().filter(began) {
        let Some(wait) = f.facts.get(Fact::WaitMs) else { continue };
        let (sent, wait) = (f.row.sent_at, (wait * 1000.0) as i64);
        let near = loads.near(f.row.group, sent);
        let open = near.iter().filter(|(at, long, _)| *at <= sent && *at + *long > sent).count();
        f.facts.set(Fact::OpenBeside, open.saturating_sub(1) as f64);
        f.facts.flag(Fact::Climbing, climbing(near, wait));
        let minute = f.row.sent_at.div_euclid(MINUTE);
        let is_rising =
            || rising(&loads.between(&HashSet::from([f.row.group]), Stamp(sent - BEFORE), Stamp(sent)), wait);
        f.facts.flag(Fact::Rising, *risen.entry((f.row.group, minute)).or_insert_with(is_rising));
    }
}

/// True when answers of the last half hour became slower: the last fifth of them twice as slow as the quickest fifth in a
/// row before, and slow beside the limit. Slower than queueing within a minute, and true of the plateau after it too.
fn rising(before: &[(i64, i64, bool)], limit: i64) -> bool {
    let waits: Vec<i64> = before.iter().filter(|(_, wait, failed)| !failed && *wait > 0).map(|w| w.1).collect();
    let fifth = waits.len() / 5;
    if fifth < 4 {
        return false;
    }
    let middle = |part: &[i64]| {
        let mut part = part.to_vec();
        part.sort_unstable();
        part[part.len() / 2]
    };
    let parts: Vec<i64> = waits.chunks(fifth).filter(|c| c.len() == fifth).map(middle).collect();
    let Some((last, earlier)) = parts.split_last() else { return false };
    // A step from quick to slow is another thing than a climb: something between must have been seen.
    let quickest = earlier.iter().copied().min().unwrap_or(*last);
    let between = waits.iter().filter(|w| **w > quickest * 3 / 2 && **w < *last * 3 / 4).count();
    *last >= 2 * quickest && *last * 5 >= limit && between * 20 >= waits.len()
}

/// True when answer times fill the stretch between quick and the limit: queueing passes through every length, while an
/// endpoint that is slow by itself has one length or two. Tenths of the limit are counted, from the third to the ninth.
fn climbing(near: &[Load], limit: i64) -> bool {
    let mut tenths = [0u32; 10];
    let mut whole = 0;
    for (_, long, _) in near.iter().filter(|l| l.2) {
        whole += 1;
        tenths[(*long * 10 / limit.max(1)).clamp(0, 9) as usize] += 1;
    }
    let between = &tenths[3..9];
    let filled = between.iter().filter(|n| **n > 0).count();
    filled >= 4 && between.iter().sum::<u32>() * 8 >= whole
}

/// Sets what equal pages say: a page of one size for one status over several URL groups was made in one place.
pub fn pages(failures: &mut [Failure]) {
    type Page = (u32, u16);
    type Seen = (u64, HashSet<Vec<u8>>);
    let body = |f: &Failure| f.facts.get(Fact::ContentLength).or(f.facts.get(Fact::BodyReceived)).map(|n| n as u64);
    let mut of_status: HashMap<Page, u64> = HashMap::new();
    let mut of_page: HashMap<(Page, u64), Seen> = HashMap::new();
    for f in failures.iter().filter(|f| f.origin_status >= 400) {
        let page = (hash32(&f.host.bytes()), f.origin_status);
        *of_status.entry(page).or_default() += 1;
        if let Some(size) = body(f) {
            let seen = of_page.entry((page, size)).or_default();
            seen.0 += 1;
            seen.1.insert(group_of(&f.url.bytes()).to_vec());
        }
    }
    for f in failures.iter_mut().filter(|f| f.origin_status >= 400) {
        let page = (hash32(&f.host.bytes()), f.origin_status);
        let Some(size) = body(f) else { continue };
        let (same, groups) = of_page.get(&(page, size)).map_or((0, 0), |(n, g)| (*n, g.len()));
        f.facts.set(Fact::SameBodyShare, same as f64 / of_status[&page].max(1) as f64);
        f.facts.set(Fact::SameBodyGroups, groups as f64);
        f.facts.flag(Fact::BuiltInPage, built_in(f.origin_status, size));
    }
}

/// True for the size of nginx's own page for a status (nginx 1.22.1, observed): without a version in it, with one, with
/// a distribution's name, each also padded for old browsers.
fn built_in(status: u16, size: u64) -> bool {
    let bare = match status {
        400 => 150,
        403 | 404 => 146,
        500 => 170,
        502 => 150,
        503 => 190,
        504 => 160,
        _ => return false,
    };
    [0, 402].iter().any(|pad| {
        let over = size.wrapping_sub(bare + pad);
        over == 0 || (6..=9).contains(&over) || (15..=18).contains(&over)
    })
}

/// Sets whether the URL group of a fetch that got no backend got one at another time, and what probes said.
pub fn backends(failures: &mut [Failure], loads: &Loads, probes: &[Probe]) {
    let mut states: BTreeMap<(SeriesId, ByBytes), Vec<(i64, bool)>> = BTreeMap::new();
    for p in probes {
        states.entry((p.series, ByBytes(p.backend))).or_default().push((p.time.0, p.healthy));
    }
    for f in failures.iter_mut() {
        if f.facts.get(Fact::HasBackend) == Some(1.0) {
            let sick = states.get(&(f.series, ByBytes(f.backend))).is_some_and(|s| {
                let n = s.partition_point(|(at, _)| *at <= f.started.0);
                n > 0 && !s[n - 1].1
            });
            f.facts.flag(Fact::ProbeSick, sick);
        }
        if f.row.flags & FetchRow::OPENED == 0 {
            f.facts.flag(Fact::DirectorGaveBackend, loads.answered(f.row.group));
        }
    }
}

/// A text that sorts by its bytes.
#[derive(PartialEq, Eq)]
struct ByBytes(Text);

impl PartialOrd for ByBytes {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ByBytes {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.bytes().cmp(&other.0.bytes())
    }
}

/// What may begin a hold-down: when, how long it lasts at most, microseconds, and why.
type Began = (i64, i64, Cause);

/// For each failure that was held down, the cause of the failure that started it: the newest before it with a real
/// errno on the same backend, as long as it can have lasted (reference: Varnish, rule 7); where the log begins after it,
/// one a few seconds away. With how sure it is.
pub fn held_down(failures: &[Failure]) -> Vec<Option<(Cause, f32)>> {
    let says = |f: &Failure, word: &[u8]| {
        f.marks.iter().any(|m| m.kind == MarkKind::FetchError && contains(&m.text.bytes(), word))
    };
    let held = |f: &Failure| says(f, b"fail errno 0 ");
    let lasts = |f: &Failure| if OWN_FAULT.iter().any(|errno| says(f, errno)) { HELD } else { HELD_REMOTE };
    // By node, not by series: what began it may stand in a log that was read before.
    let mut real: HashMap<(Text, Text), Vec<Began>> = HashMap::new();
    for f in failures.iter().filter(|f| says(f, b": fail errno ") && !held(f) && f.gave_up.is_known()) {
        real.entry((f.node, f.backend)).or_default().push((f.gave_up.0, lasts(f), f.ruling.cause));
    }
    real.values_mut().for_each(|v| v.sort_by_key(|x| x.0));
    let began = |f: &Failure| {
        let all = real.get(&(f.node, f.backend)).filter(|_| held(f) && f.gave_up.is_known())?;
        let n = all.partition_point(|(at, ..)| *at <= f.gave_up.0);
        let before = n.checked_sub(1).map(|n| all[n]).filter(|(at, lasts, _)| f.gave_up.0 - at <= *lasts);
        let apart = |(at, ..): &&Began| (at - f.gave_up.0).abs();
        let near = || all.iter().min_by_key(apart).filter(|x| apart(x) <= HELD);
        before.map(|b| (b.2, SURE)).or_else(|| near().map(|x| (x.2, SURE)))
    };
    failures.iter().map(began).collect()
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(text, word).is_some()
}
