//! What changed: by hand, and from the records of other programs. Importing twice adds nothing, and a line that is not
//! understood costs only itself.

use std::process::Command;

use crate::place::Place;

fn texts(place: &Place, args: &[&str]) -> Vec<String> {
    let run = place.ask(&[&["change", "list", "--output", "ndjson"], args].concat()).code(0);
    let told =
        |c: &serde_json::Value| format!("{} {}", c["at"].as_str().unwrap_or("?"), c["text"].as_str().unwrap_or("?"));
    run.objects().iter().map(told).collect()
}

#[test]
fn a_change_is_recorded_by_hand() {
    let place = Place::new();
    let args = ["change", "add", "shop", "7.2", "--at", "2026-11-20 17:49", "--kind", "Deploy", "--node", "web1"];
    place.ask(&args).code(0).shows(&["deploy recorded at", "history.db", "guru change list"]);
    place.ask(&args).code(0).shows(&["known already"]);
    place.ask(&["change", "add", "token=abc123 rotated \u{1b}[2J"]).code(0);
    assert_eq!(texts(&place, &["--kind", "deploy"]), ["2026-11-20T17:49:00.000000Z shop 7.2"]);
    assert_eq!(texts(&place, &["--node", "web1", "--until", "2026-11-20"]), [] as [String; 0]);
    let list = place.ask(&["change", "list"]).code(0).shows(&["shop 7.2", "web1", "2 changes"]);
    assert!(!list.out.contains('\u{1b}') && !list.out.contains("abc123"), "{}", list.out);
    assert_eq!(place.ask(&["change", "list", "--output", "csv"]).code(0).out.lines().count(), 3);
    place.ask(&["change", "list", "--output", "markdown"]).code(0).shows(&["| at | kind | node | text |"]);
    place.ask(&["change", "add", " "]).code(2).says(&["empty"]);
    place.ask(&["change", "add", "x", "--at", "soonish"]).code(2).says(&["2h ago"]);
    place.ask(&["change", "add", "x", "--kind", "two words"]).code(2).says(&["one word"]);
}

#[test]
fn records_are_recognised_and_imported_once() {
    let place = Place::new();
    place.write("dpkg.log", "2026-11-20 06:25:02 upgrade nginx:amd64 1.22 1.23\nhalf a line\n");
    place.write("cal.csv", "start,end,title,node\n2026-11-27,2026-11-28,Black Friday,\nnever,,x,\n");
    place.write("letter.txt", "Dear reader,\n");
    let files = ["change", "import", "dpkg.log", "cal.csv"];
    let trial = place.ask(&[&files[..], &["--dry-run"]].concat()).code(0).shows(&["dpkg.log: 1 changes (dpkg)"]);
    assert!(trial.out.contains("nothing was recorded") && !place.store().exists());
    let run =
        place.ask(&files).code(0).shows(&["1 lines not understood", "cal.csv: 2 changes (csv)", "3 new, 0 known"]);
    run.says(&["dpkg.log:2: ", "cal.csv:3: the start is no ISO date"]);
    place.ask(&files).code(0).shows(&["0 new, 3 known already"]);
    assert_eq!(texts(&place, &["--kind", "package"]), ["2026-11-20T06:25:02.000000Z upgrade nginx 1.22 \u{2192} 1.23"]);
    place.ask(&["change", "import", "letter.txt"]).code(3).says(&["letter.txt", "--from"]);
    place.ask(&["change", "import", "letter.txt", "dpkg.log"]).code(4).says(&["letter.txt"]).shows(&["0 new"]);
    place.ask(&["change", "import"]).code(2).says(&["no file is named", "git log | guru change import -"]);
    // A zone for times that name none, and a span.
    place.ask(&["change", "import", "dpkg.log", "--log-tz", "+02:00", "--node", "web2"]).code(0).shows(&["1 new"]);
    assert_eq!(texts(&place, &["--node", "web2"]), ["2026-11-20T04:25:02.000000Z upgrade nginx 1.22 \u{2192} 1.23"]);
    place.ask(&["change", "import", "cal.csv", "--until", "2026-11-27"]).code(0).shows(&["cal.csv: 1 changes"]);
}

#[test]
fn a_crontab_is_expanded_over_a_span() {
    let place = Place::new();
    place.write("crontab", "# jobs\n0 2 * * * root /usr/local/bin/import\n* * * * * root /bin/poll\n");
    let span = ["--since", "2026-11-18T12:00:00Z", "--until", "2026-11-20T12:00:00Z"];
    let run = place.ask(&[&["change", "import", "crontab", "--node", "web1"], &span[..]].concat()).code(0);
    run.shows(&["crontab: 2 changes (cron)"]).says(&["1440 times a day"]);
    assert_eq!(texts(&place, &["--kind", "job"])[0], "2026-11-20T02:00:00.000000Z due: /usr/local/bin/import (root)");
}

#[test]
fn git_is_read_from_a_pipe_and_from_a_repository() {
    let place = Place::new();
    let log = "commit 9f2c41d07be3a6119f2c41d07be3a6119f2c41d0\nAuthor: Ann <a@b>\nDate:   Fri Nov 20 18:49:06 2026 +0100\n\n    Import in batches\n";
    place.piped(&["change", "import", "-"], log.as_bytes()).code(0).shows(&["-: 1 changes (git)", "1 new"]);
    assert_eq!(texts(&place, &["--kind", "commit"]), ["2026-11-20T17:49:06.000000Z 9f2c41d07 Import in batches"]);
    place.ask(&["change", "import", "--repo", "."]).code(3).says(&["hint: "]);
    let git = |args: &[&str]| {
        let mut git = Command::new("git");
        git.current_dir(place.path(".")).args(["-c", "user.name=A", "-c", "user.email=a@b.example"]).args(args);
        git.env("GIT_COMMITTER_DATE", "2026-11-21T10:00:00Z").output().is_ok_and(|done| done.status.success())
    };
    // Where there is no git, the rest has been tested.
    if git(&["init", "-q", "shop"]) && git(&["-C", "shop", "commit", "-q", "--allow-empty", "-m", "First"]) {
        let command = place.command(&["change", "import", "--repo", "shop", "--store", "history.db"]);
        let mut command = command;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let done = crate::place::Run::of(&command.env("PATH", path).output().expect("guru runs")).code(0);
        done.shows(&["shop: 1 changes (git)", "1 new"]);
        assert!(texts(&place, &["--since", "2026-11-21"])[0].ends_with("First"));
    }
}
