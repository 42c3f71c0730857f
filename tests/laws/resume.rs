//! A tail that dies at any moment and is started again leaves the history of one that lived: nothing twice, nothing
//! missing, every line by its right number. Time is virtual; what a dead tail knew is gone but for the store.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use guru::model::sink::Resume;
use guru::model::stamp::{MINUTE, SECOND};
use guru::model::{FileKey, Stamp};
use guru::pipeline::{Again, Opening, Tail, TailSettings};
use guru::source::Found;
use guru::store::Store;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert_eq, proptest};

use crate::store::ask;
use crate::support::Folder;
use crate::tail::{BEGIN, Growth, Keeping, LASTS, differences, growth, read, settings, told};

/// When a tail dies, and how it reads after it was started again.
#[derive(Clone, Debug)]
struct Deaths {
    seed: u64,
    /// One step in so many is the last one of a tail.
    rare: u64,
    /// Bytes of a log that come at once at most.
    most: usize,
    /// Of the deaths, those of a tail that could still say where it stood.
    paused: bool,
}

fn deaths() -> impl Strategy<Value = Deaths> {
    let most = proptest::sample::select(vec![3_000usize, 40_000, usize::MAX]);
    (any::<u64>(), 6u64..40, most, any::<bool>()).prop_map(|(seed, rare, most, paused)| Deaths {
        seed: seed | 1,
        rare,
        most,
        paused,
    })
}

/// Logs that grow; each tail that reads them calls them by numbers of its own.
struct Growing {
    files: Vec<Found>,
    contents: Vec<Vec<u8>>,
    given: Vec<usize>,
    first: u32,
}

impl Growing {
    fn of(files: &[Found]) -> Growing {
        let contents: Vec<Vec<u8>> = files.iter().map(|f| std::fs::read(&f.path).unwrap()).collect();
        Growing { given: vec![0; files.len()], files: files.to_vec(), contents, first: 0 }
    }

    fn file(&self, generation: u32) -> usize {
        (generation - self.first) as usize
    }

    /// Opens all logs for a tail that knows only what is in the store.
    fn open(&mut self, tail: &mut Tail<'_>, store: &Store) {
        self.first += self.files.len() as u32;
        let (positions, _) = store.positions().unwrap();
        for (n, found) in self.files.iter().enumerate() {
            let position = positions.iter().find(|p| p.key.inode == n as u64).cloned().unwrap_or_default();
            assert!(position.low <= position.counted, "{position:?}");
            self.given[n] = position.low as usize;
            tail.open(Opening {
                generation: self.first + n as u32,
                found: found.clone(),
                log: found.path.clone(),
                from: position.low,
                lines_before: position.low_lines,
                counted: position.counted,
                taken: position.taken,
                after_gap: false,
                stream: false,
            });
        }
    }

    /// Hands over what was written by then: whether that is all there will ever be, and whether more is there at once.
    fn feed(&mut self, tail: &mut Tail<'_>, growth: &Growth, most: usize, wall: Stamp) -> (bool, bool) {
        let (mut over, mut more) = (true, false);
        for (n, all) in self.contents.iter().enumerate() {
            let passed = (wall.0 - BEGIN.0 - growth.delays[n % growth.delays.len()]).max(0);
            let written = (all.len() as i128 * i128::from(passed) / i128::from(LASTS)).min(all.len() as i128) as usize;
            let from = self.given[n];
            let until = written.min(from.saturating_add(most));
            if until > from {
                tail.bytes(self.first + n as u32, from as u64, &all[from..until], wall);
                self.given[n] = until;
            }
            over &= self.given[n] == all.len();
            more |= self.given[n] < written;
        }
        (over, more)
    }
}

impl Again for Growing {
    fn path(&self, generation: u32) -> String {
        self.files[self.file(generation)].path.clone()
    }

    fn read(&mut self, generation: u32, offset: u64, len: u32) -> Option<Vec<u8>> {
        let bytes = &self.contents[self.file(generation)];
        let from = (offset as usize).min(bytes.len());
        Some(bytes[from..(from + len as usize).min(bytes.len())].to_vec())
    }

    fn key(&self, generation: u32) -> Option<FileKey> {
        Some(FileKey { device: 1, inode: self.file(generation) as u64, head: 7, head_len: 1024 })
    }

    fn backlog(&self, _generation: u32) -> u64 {
        0
    }

    fn release(&mut self, _generation: u32) {}
}

/// What the command gives a tail that goes on.
fn resume(store: &Store, now: Stamp) -> Resume {
    let failures = store.recent(now - 26 * 60 * MINUTE).unwrap();
    let ids: Vec<u64> = failures.iter().map(|f| f.id).collect();
    let evidence = store.evidence(&ids).unwrap();
    Resume {
        by_log: store.positions().unwrap().1,
        failures,
        evidence,
        clocks: store.clocks().unwrap(),
        decisions: store.decisions().unwrap(),
        ..Resume::default()
    }
}

/// Follows logs while they grow, by one tail after the other. How many there were.
fn follow(files: &[Found], growth: &Growth, deaths: &Deaths, store: &Path) -> usize {
    let mut sink = Keeping { store: Store::open(store).unwrap(), every: growth.refuse, taken: 0 };
    let mut logs = Growing::of(files);
    let (mut wall, mut chance, mut lives) = (BEGIN, deaths.seed, 0);
    loop {
        lives += 1;
        let settings = TailSettings { resume: resume(&sink.store, wall), ..settings(growth.settle) };
        let mut tail = Tail::new(settings);
        logs.open(&mut tail, &sink.store);
        loop {
            wall = wall + growth.step;
            let (over, more) = logs.feed(&mut tail, growth, deaths.most, wall);
            tail.tick(wall, more, &mut sink, &mut logs);
            if over {
                sink.every = 0;
                tail.finish(wall + SECOND, &mut sink, &mut logs);
                return lives;
            }
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            // Late in the day nobody dies any more: slow readers get their chance to end.
            if chance.is_multiple_of(deaths.rare) && wall < BEGIN + 3 * LASTS {
                if deaths.paused && chance & 64 != 0 {
                    let _ = tail.pause(wall, &mut sink, &mut logs);
                }
                break;
            }
        }
    }
}

/// What a history says, with every line that it quotes. Left open: of visitors a dead tail may have counted one more,
/// when it saw the origin's line of a failure before the cache's, and lone failures may seem to last until one that was
/// among them for a while.
fn all_told(store: &Path) -> BTreeSet<String> {
    let quotes =
        "SELECT 'quote', id, ordinal, file, line, e.text FROM evidence e JOIN failed_fetches ON failure_id = number";
    let without_visitors = |row: String| match row.strip_prefix("incident|") {
        Some(incident) => incident.rsplitn(3, '|').last().unwrap_or_default().to_string(),
        None => row,
    };
    let mut all: BTreeSet<String> = told(store).into_iter().map(without_visitors).collect();
    all.extend(ask(store, quotes));
    all
}

fn compare(folder: &Folder, growth: &Growth, deaths: &Deaths) -> Vec<String> {
    let (batch, tail) = (folder.path("batch.db"), folder.path("tail.db"));
    let cleared = |path: &PathBuf| {
        let endings = ["", "-wal", "-shm"].into_iter();
        endings.for_each(|ending| _ = std::fs::remove_file(format!("{}{ending}", path.display())));
    };
    cleared(&batch);
    cleared(&tail);
    read(folder.files(), &batch);
    follow(&folder.files(), growth, deaths, &tail);
    differences(&all_told(&batch), &all_told(&tail))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, max_shrink_iters: 8, ..ProptestConfig::default() })]

    #[test]
    fn a_tail_that_dies_at_any_moment_leaves_the_history_of_one_that_lived(
        grouping in proptest::sample::select(&["raw", "request", "vxid", "session"][..]),
        origin in proptest::sample::select(&["rich", "combined", "none"][..]),
        growth in growth(),
        deaths in deaths(),
    ) {
        let folder = Folder::recorded("groupings", grouping, origin);
        prop_assert_eq!(compare(&folder, &growth, &deaths), Vec::<String>::new());
    }
}
