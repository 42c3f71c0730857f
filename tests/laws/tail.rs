//! Batch = tail: logs that grow by writes of any size, delayed against each other, leave the history that one reading of
//! the whole logs leaves. Time is virtual.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use guru::error::Result;
use guru::model::sink::Resume;
use guru::model::stamp::SECOND;
use guru::model::{Delta, FileKey, Live, Sink, Stamp, Tier, stamp::MINUTE};
use guru::pipeline::{Again, Opening, Tail, TailSettings};
use guru::source::Found;
use guru::store::{Batch, Store};
use proptest::prelude::{ProptestConfig, Strategy, prop_assert_eq, proptest};

use crate::store::ask;
use crate::support::{Ask, Folder, LIBRARY, RULES};

/// The moment at which the recordings were made, on the virtual wall clock.
pub const BEGIN: Stamp = Stamp(1_795_198_200 * SECOND);
/// How long they last.
pub const LASTS: i64 = 14 * SECOND;

/// Keeps deltas in a store; fails now and then when told to.
pub struct Keeping {
    pub store: Store,
    pub every: usize,
    pub taken: usize,
}

impl Sink for Keeping {
    fn take(&mut self, delta: &mut Delta<'_>) -> Result<()> {
        self.taken += 1;
        if self.every > 0 && self.taken.is_multiple_of(self.every) {
            return Err(guru::error::Error::new(guru::error::Kind::Store, "the disk is full"));
        }
        self.store.keep(delta).map(|_| ())
    }
}

/// Whoever follows the logs: here they are whole files already.
struct Whole(BTreeMap<u32, PathBuf>);

impl Again for Whole {
    fn path(&self, generation: u32) -> String {
        self.0[&generation].display().to_string()
    }

    fn read(&mut self, generation: u32, offset: u64, len: u32) -> Option<Vec<u8>> {
        let bytes = std::fs::read(&self.0[&generation]).ok()?;
        let from = (offset as usize).min(bytes.len());
        Some(bytes[from..(from + len as usize).min(bytes.len())].to_vec())
    }

    fn key(&self, generation: u32) -> Option<FileKey> {
        Some(FileKey { device: 1, inode: u64::from(generation), head: u64::from(generation), head_len: 1024 })
    }

    fn backlog(&self, _generation: u32) -> u64 {
        0
    }

    fn release(&mut self, _generation: u32) {}
}

/// How the logs grow.
#[derive(Clone, Debug)]
pub struct Growth {
    /// Microseconds between two writes.
    pub step: i64,
    /// How much later each log is written than it could be, microseconds, taken in turn.
    pub delays: Vec<i64>,
    /// How long a failure waits.
    pub settle: i64,
    /// Every so-manieth delta is refused; 0 for none.
    pub refuse: usize,
}

pub fn growth() -> impl Strategy<Value = Growth> {
    let delays = proptest::collection::vec(0..2 * SECOND, 5);
    let settle = proptest::sample::select(vec![45 * SECOND, 120 * SECOND]);
    (20_000i64..900_000, delays, settle, 0usize..5).prop_map(|(step, delays, settle, refuse)| Growth {
        step,
        delays,
        settle,
        refuse: if refuse == 1 { 0 } else { refuse },
    })
}

pub fn settings(settle_us: i64) -> TailSettings<'static> {
    TailSettings {
        formats: Vec::new(),
        known: &LIBRARY,
        rules: &RULES,
        gap_us: 5 * MINUTE,
        settle_us,
        since: Stamp::NONE,
        log_zones: Vec::new(),
        offsets: Vec::new(),
        each: true,
        resume: Resume::default(),
    }
}

/// Follows logs while they grow and keeps what is found; `meanwhile` is called before each tick. What is known at the end,
/// with all that was new.
pub fn follow(files: &[Found], growth: &Growth, store: &Path, mut meanwhile: impl FnMut(&mut Tail<'_>, Stamp)) -> Live {
    let mut sink = Keeping { store: Store::open(store).unwrap(), every: growth.refuse, taken: 0 };
    let mut tail = Tail::new(settings(growth.settle));
    let paths: BTreeMap<u32, PathBuf> =
        files.iter().enumerate().map(|(n, f)| (n as u32, f.path.clone().into())).collect();
    let contents: Vec<Vec<u8>> = files.iter().map(|f| std::fs::read(&f.path).unwrap()).collect();
    let mut again = Whole(paths);
    let mut given = vec![0usize; files.len()];
    for (n, f) in files.iter().enumerate() {
        tail.open(Opening {
            generation: n as u32,
            found: f.clone(),
            log: f.path.clone(),
            from: 0,
            lines_before: 0,
            counted: 0,
            taken: Vec::new(),
            after_gap: false,
            stream: false,
        });
    }
    let (mut wall, mut news) = (BEGIN, Vec::new());
    while given.iter().zip(&contents).any(|(given, all)| *given < all.len()) {
        wall = wall + growth.step;
        for (n, all) in contents.iter().enumerate() {
            let passed = (wall.0 - BEGIN.0 - growth.delays[n % growth.delays.len()]).max(0);
            let until = (all.len() as i128 * i128::from(passed) / i128::from(LASTS)).min(all.len() as i128) as usize;
            if until > given[n] {
                tail.bytes(n as u32, given[n] as u64, &all[given[n]..until], wall);
                given[n] = until;
            }
        }
        meanwhile(&mut tail, wall);
        let live = tail.tick(wall, false, &mut sink, &mut again);
        news.extend(live.into_iter().flat_map(|live| live.news));
    }
    sink.every = 0;
    let mut live = tail.finish(wall + SECOND, &mut sink, &mut again);
    live.news.splice(0..0, news);
    live
}

/// Reads the same logs at once and keeps what is found.
pub fn read(files: Vec<Found>, store: &Path) {
    let mut analysis = Ask::default().run(files);
    let scattered = analysis.groups.iter().position(|g| g.incident.service == "scattered");
    let mut batch = Batch {
        failures: &analysis.failures,
        evidence: &analysis.evidence,
        groups: &mut analysis.groups,
        scattered,
        visited: &[],
        told: &[],
        retracted: &[],
        traffic: &analysis.traffic,
        hours: &analysis.hours,
        answered: &analysis.answered,
        early: &[],
        changes: &analysis.changes,
        clocks: &analysis.report.clock_offsets,
    };
    Store::open(store).unwrap().save(&mut batch).unwrap();
}

/// What a history says, without the numbers that depend on the order of arrival.
pub fn told(store: &Path) -> BTreeSet<String> {
    let questions = [
        "SELECT 'failure', id, told_in, tier, node, vxid, client_vxid, reason, started_at, ended_at, method, host, url, \
         backend, backend_addr, status, origin_status, impact, cause, confidence, evidence, verdict, origin_cause, \
         origin_file, origin_line, origin_method, origin_error_file, origin_error_line, origin_error_text \
         FROM v_failed_fetches",
        "SELECT 'settled', id FROM failed_fetches WHERE settled = 0",
        "SELECT 'traffic', tier, node, minute_us, requests, requests_5xx, fetches, failed FROM traffic",
        "SELECT 'incident', service, title, cause, opened_at_us, closed_at_us, failures, visitors_5xx, crawlers_5xx \
         FROM incidents",
        "SELECT 'cause', service, c.cause, c.failures, role FROM incidents i JOIN incident_causes c ON incident_id = id",
        "SELECT 'member', f.id, i.service, i.opened_at_us FROM failed_fetches f JOIN incidents i ON i.id = incident_id",
        "SELECT 'change', at_us, kind, node, text FROM changes",
    ];
    questions.iter().flat_map(|sql| ask(store, sql)).collect()
}

pub fn differences(one: &BTreeSet<String>, other: &BTreeSet<String>) -> Vec<String> {
    let only = |a: &BTreeSet<String>, b: &BTreeSet<String>, sign: &str| -> Vec<String> {
        a.difference(b).take(6).map(|l| format!("{sign} {l}")).collect()
    };
    [only(one, other, "batch"), only(other, one, "tail")].concat()
}

/// Compares a tail over the files of a folder with a batch.
pub fn compare(folder: &Folder, growth: &Growth) -> Vec<String> {
    let (batch, tail) = (folder.path("batch.db"), folder.path("tail.db"));
    for old in [&batch, &tail] {
        for ending in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{ending}", old.display()));
        }
    }
    read(folder.files(), &batch);
    follow(&folder.files(), growth, &tail, |_, _| {});
    differences(&told(&batch), &told(&tail))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_tail_leaves_the_history_that_a_batch_leaves(
        grouping in proptest::sample::select(&["raw", "request", "vxid"][..]),
        origin in proptest::sample::select(&["rich", "combined", "none"][..]),
        growth in growth(),
    ) {
        let folder = Folder::recorded("groupings", grouping, origin);
        prop_assert_eq!(compare(&folder, &growth), Vec::<String>::new());
    }
}

/// `GURU_CORPORA=FOLDER cargo test --release --test laws -- --ignored --nocapture`
#[test]
#[ignore = "reads a folder of recordings, named by GURU_CORPORA; says so when there is none"]
fn the_same_over_all_recordings() {
    let Some(folder) = std::env::var_os("GURU_CORPORA").map(PathBuf::from) else {
        println!("GURU_CORPORA names no folder: nothing is compared");
        return;
    };
    let mut recordings: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the folder of recordings can be read")
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| p.join("scenario.json").exists())
        .filter(|p| std::env::var("GURU_CORPUS").map_or(true, |only| p.ends_with(only)))
        .collect();
    recordings.sort();
    let mut wrong = 0;
    for recording in &recordings {
        for (grouping, origin) in [("raw", "rich"), ("request", "combined"), ("vxid", "none")] {
            let mut folder = Folder::new();
            let log = crate::support::read(&recording.join(format!("varnish-{grouping}.log"))).expect("a log");
            folder.add(&format!("varnish-{grouping}.log"), Some(Tier::Cache), &log);
            folder.add_origins(recording, origin);
            for (settle, step) in [(120 * SECOND, 333_333), (45 * SECOND, 151_515)] {
                let growth = Growth { step, delays: vec![0, SECOND, 300_000, 1_700_000, 50_000], settle, refuse: 0 };
                let found = compare(&folder, &growth);
                if !found.is_empty() {
                    wrong += 1;
                    println!("{} {grouping} {origin} settle {} s:", recording.display(), settle / SECOND);
                    found.iter().for_each(|l| println!("    {}", &l[..l.len().min(400)]));
                }
            }
        }
    }
    assert_eq!(wrong, 0, "of {} recordings", recordings.len());
}
