//! A second `guru tail` on a history looks on while the first records, and takes its place when it is gone.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use super::access::{line, now_us, url};
use super::place::{Place, column};
use super::process::in_time;
use super::tailing::Tail;

/// An access log that grows.
struct Growing {
    path: PathBuf,
    next: u64,
}

impl Growing {
    /// With enough in it to be recognised.
    fn new(place: &Place) -> Growing {
        place.write("access.log", "");
        let mut log = Growing { path: place.path("access.log"), next: 1 };
        (0..20).for_each(|_| _ = log.add(false));
        log
    }

    /// Writes a line; its URL.
    fn add(&mut self, failed: bool) -> String {
        let (mut text, number) = (Vec::new(), self.next);
        line(&mut text, now_us(), number, failed);
        let mut file = OpenOptions::new().append(true).open(&self.path).expect("the log is there");
        file.write_all(&text).expect("it can be written");
        self.next += 1;
        url(number, failed)
    }
}

const SOON: Duration = Duration::from_secs(20);

/// The recorder that a tail names, once it names one, or names none.
fn recorder(tail: &Tail, other: bool) -> String {
    let named = tail.wait(Duration::from_secs(60), "state", |o| o["recorder"].is_string() == other);
    let text = || format!("{}\n{}", tail.process.out.text(), tail.process.err.text());
    named.unwrap_or_else(|| panic!("no such state (other: {other}):\n{}", text())).word("recorder").to_string()
}

fn stored(place: &Place) -> Vec<String> {
    let text = column(&place.store(), "SELECT url FROM failed_fetches ORDER BY url");
    text.iter().map(|t| t.trim_start_matches("Text(\"").trim_end_matches("\")").to_string()).collect()
}

fn counted(place: &Place) -> Vec<String> {
    column(&place.store(), "SELECT sum(requests) || ' ' || sum(failed) FROM traffic")
}

#[test]
fn a_second_tail_looks_on_and_takes_over_when_the_first_is_killed() {
    let place = Place::new();
    let mut log = Growing::new(&place);
    let mut first = Tail::start(place.path("").as_path(), &["access.log"]);
    let mut failed = vec![log.add(true)];
    first.failure(&failed[0], SOON);
    assert!(in_time(SOON, || stored(&place) == failed), "{:?}", stored(&place));

    let mut second = Tail::start(place.path("").as_path(), &["access.log"]);
    let named = recorder(&second, true);
    assert!(named.contains(&format!("process {}", first.process.pid())), "{named}");
    second.failure(&failed[0], SOON);
    failed.push(log.add(true));
    second.failure(&failed[1], SOON);
    assert!(first.said("state").iter().all(|o| o["recorder"].is_null()), "the first goes on recording");
    place.ask(&["note", "1", "the upstream was restarted"]).code(0);

    first.process.kill();
    failed.push(log.add(true));
    second.failure(&failed[2], SOON);
    let seen = second.process.out.all().len();
    // Without a sign of life for a while the first counts as gone.
    let gone = || second.process.out.all().iter().skip(seen).any(|l| l.text.contains("\"recorder\":null"));
    assert!(in_time(Duration::from_secs(60), gone), "it does not take over:\n{}", second.process.out.text());
    failed.push(log.add(true));
    second.failure(&failed[3], SOON);
    (0..20).for_each(|_| _ = log.add(false));
    // What is counted is kept each second.
    let all = [format!("Text(\"{} {}\")", log.next - 1, failed.len())];
    assert!(in_time(SOON, || counted(&place) == all), "each request counts once: {:?}, {all:?}", counted(&place));
    second.process.ends_well("INT", Duration::from_secs(10));
    assert_eq!((stored(&place), counted(&place)), (failed, all.to_vec()));
    place.ask(&["show", "1"]).code(0).shows(&["the upstream was restarted"]);
}
