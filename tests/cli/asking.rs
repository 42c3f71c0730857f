//! `guru ask`: every saved question answers, those of the user's folder too, and SQL can read and nothing else.

use crate::logs::{Access, Clock, MIDNIGHT, MINUTE, SECOND, Went, access_log, sorted, traffic, trouble, varnishlog};
use crate::place::Place;

/// A history with two incidents of one service on two days, one with a fix, and a change before it.
fn filled() -> Place {
    let place = Place::new();
    for day in 0..2 {
        let from = MIDNIGHT + day * crate::logs::DAY;
        let fetches = sorted([
            traffic(from, 120, 30 * SECOND),
            trouble(from + 10 * MINUTE, 8, SECOND, "/cart/add", Went::Refused),
            trouble(from + 40 * MINUTE, 9, SECOND, "/late", Went::Late(300_000)),
        ]);
        place.write("varnish.log", varnishlog(&fetches));
        place.write("access.log", access_log(&fetches, Access::Rich, Clock::default()));
        place.analyze(&["varnish.log", "access.log"]).code(0);
    }
    place.ask(&["resolve", "1", "restarted web", "--worked", "yes"]).code(0);
    place.ask(&["change", "add", "shop 7.2", "--at", "2026-11-21T00:05:00Z", "--kind", "deploy"]).code(0);
    place
}

#[test]
fn every_shipped_question_answers() {
    let place = filled();
    let listed = place.ask(&["ask", "--output", "ndjson"]).code(0).objects();
    assert!(listed.len() >= 12, "{listed:?}");
    for question in &listed {
        let name = question["question"].as_str().expect("a name");
        assert!(question["asks"].as_str().is_some_and(|t| t.len() > 10), "{name} has no title");
        let rows = place.ask(&["ask", name, "--output", "ndjson"]).code(0).objects();
        // Every incident of the two days is over.
        assert_eq!(rows.is_empty(), name == "unresolved", "{name}: {rows:?}");
        let table = place.ask(&["ask", name]).code(0);
        assert!(table.out.lines().all(|l| l.chars().count() <= 80), "{name}:\n{}", table.out);
        place.ask(&["ask", name, "--show"]).code(0).shows(&["SELECT"]);
    }
}

#[test]
fn answers_are_right() {
    let place = filled();
    let ask = |args: &[&str]| place.ask(&[&["ask", "--output", "ndjson"], args].concat()).code(0).objects();
    let rows = ask(&["fixes-that-worked"]);
    assert_eq!((&rows[0]["fix"], &rows[0]["cause"]), (&"restarted web".into(), &"connection.refused".into()));
    assert_eq!(ask(&["fixes-that-worked", "cause=timeout"]).len(), 0);
    let rows = ask(&["changes-before-incidents"]);
    assert_eq!(
        (rows.len(), &rows[0]["change"], rows[0]["minutes_before"].as_f64()),
        (1, &"shop 7.2".into(), Some(5.0))
    );
    assert_eq!(ask(&["changes-before-incidents", "1"]).len(), 0, "a value in its place");
    assert_eq!(ask(&["recurring-services"])[0]["incidents"], 2);
    assert_eq!(ask(&["recurring-services", "3"]).len(), 0);
    assert_eq!(ask(&["incidents-without-fix"]).len(), 3);
    assert_eq!(ask(&["longest", "most=1"]).len(), 1);
    assert_eq!(ask(&["backends-by-failures"])[0]["failures"], 34);
    assert_eq!(ask(&["urls-most-hit", "host=nobody.example"]).len(), 0);
    assert_eq!(ask(&["worst-hours", "since=2026-11-22"]).len(), 0);
}

#[test]
fn the_users_own_questions_are_found() {
    let place = filled();
    place.write(
        "guru/questions/mine.sql",
        "-- How many\n-- :least = 1   failed fetches\nSELECT count(*) AS n FROM v_incidents WHERE failures >= :least",
    );
    place.ask(&["ask"]).code(0).shows(&["mine", "How many", "least=1", "guru ask --sql"]);
    let count = |args: &[&str]| place.ask(&[&["ask", "mine", "--output", "csv"], args].concat()).code(0).out;
    assert_eq!(count(&[]), "n\n4\n");
    assert_eq!(count(&["least=9"]), "n\n2\n");
    place.ask(&["ask", "mine", "1", "2"]).code(2).says(&["mine takes [least]", "--show"]);
    place.ask(&["ask", "recuring-services"]).code(2).says(&["did you mean", "recurring-services"]);
}

#[test]
fn sql_reads_and_changes_nothing() {
    let place = filled();
    let before = place.dump();
    place.ask(&["ask", "--sql", "SELECT id, service FROM v_incidents ORDER BY id"]).code(0).shows(&["service", "web"]);
    let limited = place.ask(&["ask", "--sql", "SELECT id FROM v_incidents", "--limit", "2"]).code(0);
    limited.says(&["only the first 2 rows", "--limit"]);
    for sql in ["DELETE FROM notes", "SELECT 1; DROP TABLE notes", "ATTACH 'x.db' AS x", "PRAGMA user_version"] {
        place.ask(&["ask", "--sql", sql]).code(2).says(&["one statement that only reads", "hint: "]);
    }
    place.ask(&["ask", "--sql", "SELECT nothing FROM v_incidents"]).code(2).says(&["nothing", "sqlite_schema"]);
    let endless = "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) SELECT count(*) FROM a";
    place.ask(&["ask", "--sql", endless, "--timeout", "0.2s"]).code(2).says(&["ended after 0.2 s", "--timeout 5m"]);
    place.ask(&["ask", "--sql", "SELECT id FROM v_incidents WHERE id > :x"]).code(2).says(&[":x"]);
    let raw = place.ask(&["ask", "--sql", "SELECT char(27) || '[31mred' AS a"]).code(0);
    assert!(!raw.out.contains('\u{1b}'), "{:?}", raw.out);
    place.ask(&["ask", "--sql", "SELECT 1 WHERE 0"]).code(0).shows(&["No row"]);
    assert_eq!(before, place.dump());
    Place::new().ask(&["ask", "unresolved"]).code(5).says(&["guru analyze"]);
}
