//! Logs that come in slices: every log of a recording cut at the same quiet moments, when no request is in flight
//! anywhere, and the slices read in any order into one history. It must say of every failed fetch, and of what belongs
//! together, what reading all at once says; ids, clocks' offsets and confidences are exempt.
//!
//! `GURU_CORPORA=FOLDER cargo test --test truth slices -- --ignored --nocapture`

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::place::Place;
use crate::recording::Recording;

/// Numbers of slices.
const PARTS: [usize; 3] = [1, 2, 7];

/// What a history says: cause and verdict of each failed fetch, and which of them are one incident.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    fetches: BTreeMap<String, String>,
    incidents: BTreeSet<BTreeSet<String>>,
}

impl Told {
    fn of(store: &Path) -> Told {
        let db = rusqlite::Connection::open(store).expect("the history opens");
        let sql = "SELECT id, cause || ' ' || verdict, coalesce(incident, 0) FROM v_failed_fetches";
        let mut rows = db.prepare(sql).expect("the view is there");
        let mut told = Told { fetches: BTreeMap::new(), incidents: BTreeSet::new() };
        let mut of: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
        let read = |r: &rusqlite::Row<'_>| Ok((r.get(0)?, r.get(1)?, r.get(2)?));
        for row in rows.query_map([], read).expect("it runs") {
            let (id, judged, incident): (String, String, i64) = row.expect("a row");
            of.entry(incident).or_default().insert(id.clone());
            told.fetches.insert(id, judged);
        }
        told.incidents = of.into_values().collect();
        told
    }

    /// What the other one says otherwise.
    fn differences(&self, other: &Told) -> Vec<String> {
        let ids: BTreeSet<&String> = self.fetches.keys().chain(other.fetches.keys()).collect();
        let said = |t: &Told, id: &String| t.fetches.get(id).cloned().unwrap_or("nothing".into());
        let judged = ids.into_iter().filter(|id| self.fetches.get(*id) != other.fetches.get(*id));
        let mut all: Vec<String> =
            judged.map(|id| format!("{id}: {}, in slices {}", said(self, id), said(other, id))).collect();
        let size = |t: &Told, i: &BTreeSet<String>| {
            let causes: BTreeSet<&String> = i.iter().filter_map(|id| t.fetches.get(id)).collect();
            format!("{} of {causes:?}", i.len())
        };
        all.extend(self.incidents.difference(&other.incidents).map(|i| format!("an incident: {}", size(self, i))));
        all.extend(other.incidents.difference(&self.incidents).map(|i| format!("in slices: {}", size(other, i))));
        all
    }
}

/// The logs of a recording, each in as many pieces.
struct Slices(Vec<BTreeMap<String, Vec<u8>>>);

impl Slices {
    fn of(recording: &Recording, parts: usize) -> Slices {
        let cuts = quiet(recording, parts - 1);
        let mut all = Slices(vec![BTreeMap::new(); cuts.len() + 1]);
        let logs = recording.logs("rich");
        for (name, log) in &logs {
            let access = name.replace("-error.log", "-access.log");
            let edges = edges(recording, &access, &cuts);
            let beside = logs.iter().find(|l| l.0 == access).map_or(&[][..], |l| &l.1);
            let pieces: Vec<Vec<u8>> = if name.starts_with("varnish") {
                blocks(log, &cuts)
            } else if *name == access {
                lines(log, all.0.len(), |n| edges.iter().filter(|edge| n >= **edge).count())
            } else {
                let texts = [&log[..], beside].map(String::from_utf8_lossy);
                let of = pieces_of_messages(&texts[0], &texts[1], &edges);
                lines(log, all.0.len(), |n| of[n])
            };
            for (part, piece) in all.0.iter_mut().zip(pieces).filter(|(_, piece)| !piece.is_empty()) {
                part.insert(name.clone(), piece);
            }
        }
        all
    }

    /// Reads them, in that order, each by a run of its own.
    fn read(&self, order: &[usize]) -> Told {
        let place = Place::new();
        for &n in order {
            let slice = &self.0[n];
            let mut args = vec!["--gap".to_string(), "1s".into()];
            for (name, log) in slice {
                let path = format!("{n}/{name}");
                place.write(&path, log);
                let role = if name.starts_with("varnish") { "cache" } else { "origin" };
                args.push(format!("{role}={path}"));
            }
            place.analyze(&args.iter().map(String::as_str).collect::<Vec<_>>()).code(0);
        }
        Told::of(&place.store())
    }
}

/// When nothing is in flight, in Varnish or behind it: the middles of the widest such pauses, in order of time.
fn quiet(recording: &Recording, most: usize) -> Vec<i64> {
    let mut busy = recording.spans();
    busy.sort_unstable();
    let mut pauses: Vec<(i64, i64)> = Vec::new();
    let mut until = busy.first().map_or(0, |b| b.1);
    for (from, to) in busy {
        if from > until {
            pauses.push((from - until, until + (from - until) / 2));
        }
        until = until.max(to);
    }
    pauses.sort_unstable_by_key(|p| std::cmp::Reverse(p.0));
    let mut at: Vec<i64> = pauses.into_iter().take(most).map(|p| p.1).collect();
    at.sort_unstable();
    assert_eq!(at.len(), most, "{} has too few pauses", recording.name());
    at
}

/// First and last moment that a transaction with all that belongs to it tells, microseconds.
pub fn block_span(block: &[u8]) -> Option<(i64, i64)> {
    let text = String::from_utf8_lossy(block);
    let stamps = text.lines().filter_map(|l| l.split_once("Timestamp ")).filter_map(|(_, l)| {
        let at = l.split(": ").nth(1)?.split(' ').next()?;
        at.parse::<f64>().ok().map(|s| (s * 1e6) as i64)
    });
    let all: Vec<i64> = stamps.collect();
    Some((*all.iter().min()?, *all.iter().max()?))
}

/// A grouped log, cut between its blocks; a block without a moment goes with the one before it.
fn blocks(log: &[u8], cuts: &[i64]) -> Vec<Vec<u8>> {
    let mut pieces = vec![Vec::new(); cuts.len() + 1];
    let mut at = 0;
    for block in Recording::blocks(log) {
        at = block_span(block).map_or(at, |(from, _)| cuts.iter().filter(|cut| **cut < from).count());
        pieces[at].extend_from_slice(block);
    }
    pieces
}

/// How many lines of an origin's access log belong before each cut. Lines are in order of ending, and none is open then.
fn edges(recording: &Recording, name: &str, cuts: &[i64]) -> Vec<usize> {
    let rows = recording.truth.values().flat_map(|t| {
        let start = (t["start"].as_f64().expect("a moment") * 1e6) as i64;
        t["origin_rows"].as_array().into_iter().flatten().map(move |r| (start, r))
    });
    let told: Vec<(i64, usize)> = rows
        .filter(|(_, r)| r["file"] == name)
        .filter_map(|(at, r)| Some((at, r["line"].as_u64()? as usize)))
        .collect();
    let before = |cut: &i64| told.iter().filter(|(at, _)| at < cut).map(|(_, line)| *line).max().unwrap_or(0);
    cuts.iter().map(before).collect()
}

/// A line of an access log: the piece that it is in, its connection and request, and the second of the day.
struct Placed<'l> {
    piece: usize,
    connection: Option<&'l str>,
    request: Option<&'l str>,
    second: i64,
}

fn places<'l>(access: &'l str, edges: &'l [usize]) -> impl Iterator<Item = Placed<'l>> {
    access.lines().zip(1..).map(|(line, n)| Placed {
        piece: edges.iter().filter(|edge| n > **edge).count(),
        connection: line.split(" conn=").nth(1).and_then(|l| l.split(' ').next()),
        request: line.split('"').nth(1),
        second: line.split_once('[').map_or(0, |(_, l)| second(&l[12..20])),
    })
}

/// `HH:MM:SS`.
fn second(clock: &str) -> i64 {
    clock.split(':').fold(0, |all, n| all * 60 + n.parse::<i64>().unwrap_or(0))
}

/// The piece that each message of an error log belongs to: that of the access line of its connection and request, which
/// is written at its end, else of its time.
fn pieces_of_messages(errors: &str, access: &str, edges: &[usize]) -> Vec<usize> {
    let known: Vec<_> = places(access, edges).collect();
    let mut at = 0;
    let lines = errors.lines().map(|line| {
        let connection = line.split(": *").nth(1).and_then(|l| l.split(' ').next());
        if line.len() > 19 && line.as_bytes()[4] == b'/' {
            let now = second(&line[11..19]);
            let request = line.split("request: \"").nth(1).and_then(|l| l.split('"').next());
            let mine = known.iter().filter(|k| k.connection == connection);
            let near = mine
                .min_by_key(|k| (k.request != request, k.second < now, (k.second - now).abs()))
                .or(known.iter().rfind(|k| k.second <= now));
            at = near.map_or(at, |k| k.piece);
        }
        at
    });
    lines.collect()
}

/// A log with each of its lines in the piece that is told.
fn lines(log: &[u8], pieces: usize, of: impl Fn(usize) -> usize) -> Vec<Vec<u8>> {
    let mut out = vec![Vec::new(); pieces];
    for (n, line) in log.split_inclusive(|b| *b == b'\n').enumerate() {
        out[of(n)].extend_from_slice(line);
    }
    out
}

/// Orders to read slices in: as they were written, the newest first, and at random.
fn orders(parts: usize) -> BTreeSet<Vec<usize>> {
    let forth: Vec<usize> = (0..parts).collect();
    let back: Vec<usize> = forth.iter().rev().copied().collect();
    let mut mixed = forth.clone();
    let mut seed: u64 = 0x9e37_79b9_7f4a_7c15;
    for n in (1..parts).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        mixed.swap(n, (seed >> 33) as usize % (n + 1));
    }
    BTreeSet::from([forth, back, mixed])
}

/// How much of what the whole says the slices say too: (the same, all), of failed fetches and of incidents.
#[derive(Default)]
struct Agreement {
    fetches: (usize, usize),
    incidents: (usize, usize),
}

impl Agreement {
    fn count(&mut self, whole: &Told, sliced: &Told) {
        self.fetches.0 += whole.fetches.iter().filter(|(id, judged)| sliced.fetches.get(*id) == Some(judged)).count();
        self.fetches.1 += whole.fetches.len();
        self.incidents.0 += whole.incidents.intersection(&sliced.incidents).count();
        self.incidents.1 += whole.incidents.union(&sliced.incidents).count();
    }

    fn assert_floors(&self, parts: usize, (fetches, incidents): (f64, f64)) {
        let share = |(same, all): (usize, usize)| same as f64 / all.max(1) as f64;
        println!("{parts} slices: {:?} failed fetches, {:?} incidents the same", self.fetches, self.incidents);
        assert!(share(self.fetches) >= fetches && share(self.incidents) >= incidents, "in {parts} slices");
    }
}

/// Reads every recording whole and in slices. Identities are the same whatever the slices are. A slice of two seconds may
/// hold too few pairs to tell the origin's clock, or the zone of an error log: what cannot be linked then is judged by
/// what is there, and is not read again. `floors`: shares that must be the same, by number of slices.
fn judge_all(recordings: &[Recording], floors: [(f64, f64); 3]) -> usize {
    let mut agreed: [Agreement; 3] = Default::default();
    let mut all = 0;
    for recording in recordings {
        let whole = Slices::of(recording, 1).read(&[0]);
        all += whole.fetches.len();
        for (parts, agreed) in PARTS.into_iter().zip(&mut agreed) {
            let slices = Slices::of(recording, parts);
            for order in orders(parts) {
                let sliced = slices.read(&order);
                let differences = whole.differences(&sliced);
                differences.iter().for_each(|d| println!("{} {order:?} {d}", recording.name()));
                assert!(whole.fetches.keys().eq(sliced.fetches.keys()), "{} {order:?}", recording.name());
                agreed.count(&whole, &sliced);
            }
        }
    }
    PARTS.into_iter().zip(&agreed).zip(floors).for_each(|((parts, agreed), floor)| agreed.assert_floors(parts, floor));
    all
}

#[test]
fn slices_cut_at_quiet_moments_say_what_the_whole_says() {
    let mut recordings = Recording::slices();
    recordings.retain(|r| ["app-slow", "origin-status", "sick"].contains(&r.name().as_str()));
    let all = judge_all(&recordings, [(1.0, 1.0), (1.0, 1.0), (1.0, 0.9)]);
    assert!(all >= 80, "{all} failed fetches");
}

#[test]
#[ignore = "needs a folder of recordings, named by GURU_CORPORA"]
fn slices_of_corpora_say_what_the_whole_says() {
    let Some(recordings) = Recording::whole() else { return };
    let all = judge_all(&recordings, [(1.0, 1.0), (1.0, 1.0), (0.999, 0.99)]);
    assert!(all >= 1_000, "{all} failed fetches");
}
