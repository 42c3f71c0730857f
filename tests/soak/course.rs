//! The courses that a soak runs: killed, rotated, away, and for long. Doses come from the environment; what CI runs is
//! the default, what a release needs stands in `tests/soak.sh`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::dice::Dice;
use super::found::Found;
use super::log::Keeper;
use super::process::in_time;
use super::tailing::{Tail, but_failures};
use super::writer::Writer;

/// Held by a course while it runs: each wants the machine for itself.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn dose(name: &str, ci: u64) -> u64 {
    std::env::var(name).ok().and_then(|dose| dose.parse().ok()).unwrap_or(ci)
}

/// A folder with logs, a history, and who writes and reads them.
struct Course {
    name: &'static str,
    folder: TempDir,
    keepers: &'static [Keeper],
    begun: Instant,
    _alone: MutexGuard<'static, ()>,
}

impl Course {
    fn new(name: &'static str, keepers: &'static [Keeper]) -> Course {
        let alone = alone();
        let folder = TempDir::new().expect("a temporary folder");
        Course { name, folder, keepers, begun: Instant::now(), _alone: alone }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn store(&self) -> PathBuf {
        self.path().join("history.db")
    }

    fn writer(&self) -> Writer {
        Writer::new(self.path(), self.keepers, Dice::thrown(self.name))
    }

    fn tail(&self) -> Tail {
        let logs: Vec<String> = self.keepers.iter().map(|keeper| keeper.argument()).collect();
        let logs: Vec<&str> = logs.iter().map(String::as_str).collect();
        Tail::hearing(self.path(), &logs, but_failures)
    }

    /// Writes until a reader started now has read and stored something of it: from there on it owes everything.
    #[track_caller]
    fn begin(&self, writer: &mut Writer) -> Tail {
        let tail = self.tail();
        let begun = Instant::now();
        writer.run(500, |w| {
            let some = w.truth.failed.len() >= 20 && Found::rows(&self.store()) >= 20;
            !some && begun.elapsed() < Duration::from_secs(30)
        });
        let wanted = writer.truth.failed.len();
        let read = in_time(Duration::from_secs(10), || Found::rows(&self.store()) >= wanted);
        assert!(read, "it does not read:\n{}", tail.process.err.text());
        // What did not fail was read beside it.
        thread::sleep(Duration::from_millis(500));
        tail
    }

    /// Writes on slowly until all verdicts are settled, stops the reader as a service is stopped, and compares.
    #[track_caller]
    fn finish(&self, mut writer: Writer, tail: &mut Tail, dose: u64) -> Found {
        let quiet = Instant::now();
        writer.run(20, |_| quiet.elapsed() < Duration::from_secs(7));
        let wanted = writer.truth.failed.len() - writer.truth.destroyed.len();
        let caught_up = in_time(Duration::from_secs(60), || Found::rows(&self.store()) >= wanted);
        // What did not fail is read beside it.
        thread::sleep(Duration::from_secs(1));
        tail.process.ends_well("TERM", Duration::from_secs(20));
        let found = Found::in_store(&self.store(), &writer.truth);
        println!(
            "{:<20} dose {dose:>5}  {:>4.0} s  lines {:>8}  failed {:>6}  lost {:>3}  double {:>3}  destroyed {:>3}  \
             minutes wrong {:>2}  rotations {:?}",
            self.name,
            self.begun.elapsed().as_secs_f64(),
            writer.truth.minutes.values().sum::<u64>(),
            writer.truth.failed.len(),
            found.lost.len(),
            found.double.len(),
            found.destroyed,
            found.minutes.len(),
            writer.truth.rotations,
        );
        found.must_be_exact();
        assert!(caught_up, "it never caught up: {}", tail.process.err.text());
        found
    }
}

#[test]
#[ignore = "takes a minute; the whole dose is in tests/soak.sh"]
fn killed_at_any_moment_it_stores_every_failed_fetch_exactly_once() {
    let kills = dose("GURU_SOAK_KILLS", 20);
    let course = Course::new("killed", &[Keeper::Renaming]);
    let (mut writer, stop) = (course.writer(), AtomicBool::new(false));
    let mut chance = writer.dice.clone();
    course.begin(&mut writer).process.kill();
    thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let mut rotated = Instant::now();
            writer.run(2_000, |w| {
                if rotated.elapsed() > Duration::from_secs(4) {
                    w.rotate(true);
                    rotated = Instant::now();
                }
                !stop.load(Ordering::Relaxed)
            });
        });
        for _ in 0..kills {
            let mut tail = course.tail();
            thread::sleep(Duration::from_millis(50 + chance.roll(2_000)));
            let ended = tail.process.ended(Duration::ZERO);
            assert!(ended.is_none(), "it ended by itself: {ended:?}\n{}", tail.process.err.text());
            tail.process.kill();
            // Nobody restarts it in no time.
            thread::sleep(Duration::from_millis(chance.roll(200)));
        }
        stop.store(true, Ordering::Relaxed);
        writing.join().expect("the writer does not panic");
    });
    course.finish(writer, &mut course.tail(), kills);
}

#[test]
#[ignore = "takes a minute; the whole dose is in tests/soak.sh"]
fn rotations_under_load_lose_and_double_nothing() {
    let rotations = dose("GURU_SOAK_ROTATIONS", 40) as u32;
    let course = Course::new("rotated", &Keeper::ALL);
    let mut writer = course.writer();
    let mut tail = course.begin(&mut writer);
    let mut next = Instant::now() + Duration::from_secs(1);
    writer.run(2_000, |w| {
        if Instant::now() >= next {
            w.rotate(false);
            next = Instant::now() + Duration::from_millis(100 + w.dice.roll(400));
        }
        w.rotations() < rotations
    });
    let found = course.finish(writer, &mut tail, rotations.into());
    must_tell_of(&found, &tail);
}

#[test]
#[ignore = "takes a minute; the whole dose is in tests/soak.sh"]
fn rotations_while_it_is_away_are_caught_up() {
    let times = dose("GURU_SOAK_AWAY", 20);
    let course = Course::new("away", &Keeper::ALL);
    let mut writer = course.writer();
    course.begin(&mut writer).process.kill();
    for time in 0..times {
        let mut tail = course.tail();
        (0..10).for_each(|_| writer.write(20));
        writer.complete();
        let wanted = writer.truth.failed.len() - writer.truth.destroyed.len();
        let caught_up = in_time(Duration::from_secs(30), || Found::rows(&course.store()) >= wanted);
        assert!(caught_up, "time {time}: {:?}", Found::in_store(&course.store(), &writer.truth));
        if writer.dice.roll(2) == 0 {
            tail.process.kill();
        } else {
            tail.process.ends_well("TERM", Duration::from_secs(20));
        }
        for _ in 0..=writer.dice.roll(3) {
            (0..5).for_each(|_| writer.write(20));
            writer.rotate(true);
        }
    }
    course.finish(writer, &mut course.tail(), times);
}

/// Asserts that who was there when a rotation destroyed something says so.
#[track_caller]
fn must_tell_of(found: &Found, tail: &Tail) {
    let told = tail.said("gap");
    assert!(found.destroyed == 0 || !told.is_empty(), "{} were destroyed and no gap was told", found.destroyed);
}

/// Kilobytes in memory, and open descriptors.
fn size(pid: u32) -> (u64, u64) {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let resident = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    let kilobytes = resident.and_then(|l| l.split_whitespace().next()?.parse().ok()).unwrap_or(0);
    (kilobytes, fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, |all| all.count() as u64))
}

#[test]
#[ignore = "takes more than a minute; the whole dose is in tests/soak.sh"]
fn memory_and_descriptors_stay_flat() {
    let seconds = dose("GURU_SOAK_SECONDS", 60);
    let course = Course::new("long", &Keeper::ALL);
    let mut writer = course.writer();
    let mut tail = course.begin(&mut writer);
    let mut sizes: Vec<(u64, u64)> = Vec::new();
    let begun = Instant::now();
    let mut rotated = Instant::now();
    writer.run(5_000, |w| {
        if begun.elapsed().as_secs() > sizes.len() as u64 {
            sizes.push(size(tail.process.pid()));
        }
        if rotated.elapsed() > Duration::from_secs(3) {
            w.rotate(false);
            rotated = Instant::now();
        }
        begun.elapsed().as_secs() < seconds
    });
    let third = sizes.len() / 3;
    let (middle, last) = (&sizes[third..2 * third], &sizes[2 * third..]);
    let mean = |sizes: &[(u64, u64)]| sizes.iter().map(|s| s.0).sum::<u64>() / sizes.len().max(1) as u64;
    let most = |sizes: &[(u64, u64)]| sizes.iter().map(|s| s.1).max().unwrap_or(0);
    let row: BTreeMap<&str, u64> = [
        ("kB, middle third", mean(middle)),
        ("kB, last third", mean(last)),
        ("descriptors, middle third", most(middle)),
        ("descriptors, last third", most(last)),
    ]
    .into();
    println!("{:<20} {row:?}", course.name);
    let found = course.finish(writer, &mut tail, seconds);
    must_tell_of(&found, &tail);
    assert!(mean(last) > 0 && mean(last) * 100 <= mean(middle) * 115 + 800 * 1024, "memory grows: {row:?}");
    // Files that ended are kept open for a while, up to 16 per log.
    assert!(most(last) <= 100.max(most(middle) + 4), "descriptors grow: {row:?}");
}
