//! Made-up histories: traffic of a day with its noise, changes that have nothing to do with anything, and one outage with
//! what is planted. In: a kind and a seed; out: candidates as guru names them. It must not know how they are found.

use guru::model::incident::Candidate;
use guru::model::row::{FetchRow, group_hash, hash32};
use guru::model::stamp::{MINUTE, SECOND};
use guru::model::{Failure, KnownChange, Minute, Minutes, SeriesId, Stamp, Text, Tier};
use guru::trigger::{self, Case, Contrast, Surroundings, Waited};

use crate::planted::Planted;

const PARTS: [&str; 6] = ["/products", "/search", "/cart", "/api/stock", "/static/img", "/blog"];
const DAY: i64 = 24 * 60 * MINUTE;

/// Numbers that look random and repeat with the seed (splitmix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    fn share(&mut self) -> f64 {
        self.below(1 << 20) as f64 / f64::from(1u32 << 20)
    }

    /// About the square root of `mean` away from it, as counts are.
    fn count(&mut self, mean: f64) -> u64 {
        let normal: f64 = (0..12).map(|_| self.share()).sum::<f64>() - 6.0;
        (mean + normal * mean.sqrt()).max(0.0).round() as u64
    }
}

/// One outage and everything around it.
pub struct Outage {
    pub seed: u64,
    planted: Planted,
    opened: Stamp,
    closed: Stamp,
    cause: &'static str,
    failures: Vec<Failure>,
    traffic: Minutes,
    changes: Vec<KnownChange>,
    waits: Vec<Waited>,
    contrast: Contrast,
    openings: Vec<Stamp>,
}

impl Outage {
    pub fn new(planted: Planted, seed: u64) -> Outage {
        let mut r = Random::new(seed);
        let begin = Stamp(1_795_132_800 * SECOND);
        let opened = begin + (3 * 60 + r.below(18 * 60) as i64) * MINUTE + r.below(60) as i64 * SECOND;
        let closed = opened + (4 + r.below(20) as i64) * MINUTE;
        let cause = match planted {
            Planted::Restart => "connection.refused",
            Planted::Maintenance => "maintenance",
            Planted::Surge | Planted::Purge | Planted::Drift | Planted::Periodic => "timeout.first_byte",
            _ => ["timeout.first_byte", "app.error", "connection.reset"][r.below(3) as usize],
        };
        let mut outage = Outage {
            seed,
            planted,
            opened,
            closed,
            cause,
            failures: Vec::new(),
            traffic: Minutes::default(),
            changes: decoys(&mut r, begin, opened),
            waits: Vec::new(),
            contrast: Contrast::default(),
            openings: vec![opened],
        };
        outage.plant(&mut r, begin);
        outage.run(&mut r, begin);
        outage
    }

    /// What guru says.
    pub fn candidates(&self) -> Vec<Candidate> {
        let failures: Vec<&Failure> = self.failures.iter().collect();
        trigger::candidates(&Surroundings {
            cause: self.cause,
            service: "web",
            opened: self.opened,
            closed: self.closed,
            failures: &failures,
            traffic: &self.traffic,
            changes: &self.changes,
            waits: &self.waits,
            contrast: &self.contrast,
            openings: &self.openings,
        })
    }

    /// True for the candidate that was planted.
    pub fn is_planted(&self, c: &Candidate) -> bool {
        let names = match self.planted {
            Planted::Node => "node cache-2",
            Planted::Pop => "only POP FRA:",
            Planted::Part => "/search",
            Planted::Method => "POST",
            Planted::Crawlers => "only crawlers",
            Planted::Deploy => "deploy 2026.47",
            Planted::Vcl => "vcl.use release",
            Planted::Restart => "nginx: exiting",
            _ => "",
        };
        c.kind == self.planted.word() && c.text.contains(names)
    }

    /// Changes and earlier openings that belong to the trigger.
    fn plant(&mut self, r: &mut Random, begin: Stamp) {
        let mut change = |ago_s: i64, kind: &str, text: &str| {
            let at = self.opened - ago_s * SECOND;
            self.changes.push(KnownChange { at, kind: kind.into(), node: "web1".into(), text: text.into() });
        };
        match self.planted {
            Planted::Deploy => change(20 + r.below(280) as i64, "deploy", "deploy 2026.47"),
            Planted::Vcl => change(5 + r.below(240) as i64, "vcl", "vcl.use release-81"),
            Planted::Restart => change(r.below(20) as i64, "restart", "nginx: exiting"),
            Planted::Periodic => {
                let every = [60, 120, 240][r.below(3) as usize] * MINUTE;
                let mut at = self.opened - every;
                while at > begin - 2 * DAY {
                    self.openings.push(at + (r.below(120) as i64 - 60) * SECOND);
                    at = at - every;
                }
                self.openings.sort_unstable();
            }
            _ => {}
        }
        self.changes.sort();
    }

    /// The traffic of the day, minute by minute, and what failed of it.
    fn run(&mut self, r: &mut Random, begin: Stamp) {
        let usual = 60.0 + r.below(200) as f64;
        let (hit_share, miss) = (0.5 + 0.4 * r.share(), 0.15 + 0.2 * r.share());
        let mut healthy: Vec<FetchRow> = Vec::new();
        for n in 0..24 * 60 {
            let at = begin + n * MINUTE;
            let before_min = self.opened.since(at).unwrap_or(0) / MINUTE;
            let day = 1.0 + 0.3 * (n as f64 / 1440.0 * std::f64::consts::TAU).sin();
            let jumped = (0..6).contains(&before_min) || (at > self.opened && at < self.closed);
            let surge = if self.planted == Planted::Surge && jumped { 2.5 + r.share() } else { 1.0 };
            let purge = if self.planted == Planted::Purge && jumped { 2.6 } else { 1.0 };
            let requests = r.count(usual * day * surge);
            let fetches = r.count(requests as f64 * (miss * purge).min(0.95));
            self.traffic.insert(at, Minute { requests, fetches, ..Minute::default() });
            if (-30..=70).contains(&before_min) {
                self.minute(r, (at, before_min), fetches, hit_share, &mut healthy);
            }
        }
        self.failures.sort_by_key(|f| f.started);
        self.waits.sort_unstable();
        self.contrast = Contrast::of(self.failures.iter().map(|f| Case::of(&f.row)));
        healthy.iter().for_each(|row| self.contrast.add(Case::of(row)));
    }

    fn minute(
        &mut self,
        r: &mut Random,
        (at, before_min): (Stamp, i64),
        fetches: u64,
        share: f64,
        healthy: &mut Vec<FetchRow>,
    ) {
        let rising = self.planted == Planted::Drift && (0..25).contains(&before_min);
        let slower = if rising { 1.0 + (25 - before_min) as f64 * 0.25 } else { 1.0 };
        for _ in 0..fetches {
            let sent = at + r.below(60_000_000) as i64;
            let mut row = row(r, sent);
            if self.planted == Planted::Pop {
                row.pop = hash32(POPS[sent.0 as usize % POPS.len()].as_bytes()).into();
            }
            let is_on = sent >= self.opened && sent <= self.closed;
            let hit = is_on && self.is_hit(&row) && (self.planted.is_difference() || r.share() < share);
            let wait = if hit { 15_000_000 } else { (80_000.0 * slower * (0.6 + 0.8 * r.share())) as i64 };
            self.waits.push((sent.0, wait, hit));
            if hit {
                self.failures.push(failure(row, sent));
            } else {
                healthy.push(row);
            }
        }
    }

    fn is_hit(&self, row: &FetchRow) -> bool {
        match self.planted {
            Planted::Node => row.series == SeriesId(2),
            Planted::Pop => row.pop == u64::from(hash32(b"FRA")),
            Planted::Part => row.group == group_hash(b"shop.example", b"/search"),
            Planted::Method => row.flags & FetchRow::WRITES != 0,
            Planted::Crawlers => row.flags & FetchRow::CRAWLER != 0,
            _ => true,
        }
    }
}

/// Changes that have nothing to do with the outage: reloads by the clock, deploys of other hours, a job every ten
/// minutes.
fn decoys(r: &mut Random, begin: Stamp, opened: Stamp) -> Vec<KnownChange> {
    let change = |at: Stamp, kind: &str, text: String| KnownChange { at, kind: kind.into(), node: "web2".into(), text };
    let mut out: Vec<KnownChange> = (0..24)
        .map(|h| change(begin + h * 60 * MINUTE + 17 * SECOND, "reload", "certbot: nginx reloaded".into()))
        .collect();
    out.extend(
        (0..144).map(|n| change(begin + n * 10 * MINUTE + 3 * SECOND, "cron", "(www-data) CMD stock import".into())),
    );
    for n in 0..3 {
        let at = begin + r.below(24 * 60) as i64 * MINUTE;
        if at < opened - 35 * MINUTE || at > opened {
            out.push(change(at, "deploy", format!("deploy of blog {n}")));
        }
    }
    out
}

/// Points of presence, where the nodes are those of a CDN.
const POPS: [&str; 3] = ["FRA", "AMS", "CDG"];

/// A fetch of one of three nodes, of any part of the site.
fn row(r: &mut Random, sent: Stamp) -> FetchRow {
    let part = PARTS[r.below(PARTS.len() as u64) as usize];
    let mut flags = if r.share() < 0.15 { FetchRow::WRITES } else { 0 };
    if r.share() < 0.12 {
        flags |= FetchRow::CRAWLER;
    }
    FetchRow {
        sent_at: sent.0,
        series: SeriesId(1 + r.below(3) as u32),
        backend: hash32(b"web"),
        host: hash32(b"shop.example"),
        group: group_hash(b"shop.example", part.as_bytes()),
        flags,
        ..FetchRow::default()
    }
}

fn failure(row: FetchRow, at: Stamp) -> Failure {
    let part = PARTS.iter().find(|p| group_hash(b"shop.example", p.as_bytes()) == row.group).expect("one of them");
    let fetch = guru::model::Fetch { started: at, sent: at, ended: at + SECOND, ..guru::model::Fetch::default() };
    let pop = POPS.iter().find(|p| row.pop == u64::from(hash32(p.as_bytes())));
    let pop = pop.map(|p| format!("/{p}")).unwrap_or_default();
    let node = Text::of(format!("cache-{}{pop}", row.series.0).as_bytes());
    let mut f = Failure::of(&fetch, Tier::Cache, node, row);
    (f.backend, f.host, f.url) = (Text::of(b"web"), Text::of(b"shop.example"), Text::of(part.as_bytes()));
    f
}

/// Openings by the clock, with jitter, some left out, some strangers; and the period in minutes.
pub fn periodic(seed: u64) -> (Vec<Stamp>, i64) {
    let mut r = Random::new(seed + 9_000);
    let every = [5, 10, 15, 30, 60, 120, 360, 720, 1440, 10_080][r.below(10) as usize];
    let begin = Stamp(1_790_000_000 * SECOND) + r.below(10_080) as i64 * MINUTE;
    let jitter = (every * 60 / 40).clamp(1, 120) as u64;
    let mut out: Vec<Stamp> = Vec::new();
    for n in 0..8 + r.below(12) as i64 {
        if r.below(10) > 0 {
            out.push(begin + n * every * MINUTE + r.below(jitter) as i64 * SECOND);
        }
    }
    let span = out.last().expect("some").since(out[0]).expect("known").max(1);
    if r.below(2) == 0 {
        out.push(out[0] + r.below(span as u64) as i64);
    }
    out.sort_unstable();
    (out, every)
}

/// Openings at random over a fortnight.
pub fn at_random(seed: u64) -> Vec<Stamp> {
    let mut r = Random::new(seed + 77_000);
    let begin = Stamp(1_790_000_000 * SECOND);
    let mut out: Vec<Stamp> = (0..4 + r.below(12)).map(|_| begin + r.below(14 * 1440 * 60) as i64 * SECOND).collect();
    out.sort_unstable();
    out
}
