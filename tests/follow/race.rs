//! The follower looks while another thread writes and rotates: whatever moment it hits, nothing is lost or doubled.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use guru::source::FollowSettings;

use crate::reader::{Reader, settings};
use crate::writer::{Kind, begin};

fn race(kinds: &'static [Kind], grace_us: i64, spec: &str) {
    let mut writer = begin("access.log");
    let settings = FollowSettings { grace_us, gone_us: 5_000_000, ..settings() };
    let mut reader = Reader::with(&[&writer.logs.path(spec)], settings);
    reader.poll();
    let done = AtomicBool::new(false);
    let expected = thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let end = Instant::now() + Duration::from_millis(1500);
            let mut n = 0_usize;
            while Instant::now() < end {
                for _ in 0..20 {
                    writer.write(1 + n * 7919 % 300);
                    n += 1;
                    thread::sleep(Duration::from_micros((n * 31 % 200) as u64));
                }
                // Fewer than the names that are shifted.
                if n / 20 <= 40 {
                    writer.rotate(kinds[n / 20 % kinds.len()], || {});
                }
            }
            writer.end_line();
            done.store(true, Ordering::Release);
            writer
        });
        while !done.load(Ordering::Acquire) {
            reader.poll_once();
        }
        writing.join().unwrap()
    });
    for _ in 0..3 {
        reader.poll();
        thread::sleep(Duration::from_millis(5));
    }
    let first = reader.lines.iter().zip(&expected.expected).position(|(a, b)| a != b);
    if let Some(at) = first {
        let short = |lines: &[String]| {
            lines.iter().skip(at).take(4).map(|l| l.split(' ').nth(2).map(str::to_string)).collect::<Vec<_>>()
        };
        panic!(
            "line {at}: {:?} for {:?}; lost {:?}",
            short(&reader.lines),
            short(&expected.expected),
            reader.lost.iter().filter(|l| !l.contains("copytruncate")).collect::<Vec<_>>()
        );
    }
    assert_eq!(reader.lines.len(), expected.expected.len(), "{:?}", reader.lost);
}

#[test]
fn renamed_files_under_load() {
    race(&[Kind::Rename(3), Kind::Rename(0), Kind::RenamePacked, Kind::RenamePackedLater], 0, "access.log");
}

#[test]
fn renamed_files_of_a_folder_under_load() {
    race(&[Kind::Rename(2), Kind::RenamePackedLater, Kind::RenamePacked], 2_000_000, "");
}

#[test]
fn copied_and_truncated_files_under_load() {
    race(&[Kind::CopyTruncate, Kind::CopyTruncate, Kind::RenamePackedLater], 100_000, "access.log");
}
