//! What one save does to what earlier ones left.

use guru::model::report::ClockOffset;
use guru::model::stamp::MINUTE;
use guru::model::{Minute, NodeTraffic, Stamp, State, Text, Verdict};
use guru::store::{Store, Worked};

use crate::support::{Run, T0, ask, dump, evidence_of, failure, group, linked, new_store};

fn some(range: std::ops::Range<u64>) -> Vec<guru::model::Failure> {
    range.map(failure).collect()
}

#[test]
fn the_same_run_twice_changes_nothing() {
    let (_folder, mut store) = new_store();
    let mut run = Run::of(some(0..5).into_iter().map(linked).collect());
    run.traffic = vec![traffic(&[(0, 10)])];
    run.changes = vec![(Stamp(T0), "vcl".into(), "cache-1".into(), "vcl.load boot".into())];
    run.clocks = vec![clock(50)];
    let first = run.save(&mut store);
    let before = dump(store.path());
    let second = run.save(&mut store);
    assert_eq!(dump(store.path()), before);
    assert_eq!((first.new, first.updated, first.known), (1, 0, 0));
    assert_eq!((second.new, second.updated, second.known), (0, 0, 5));
    assert_eq!(first.path, store.path().display().to_string());
}

#[test]
fn a_slice_of_stored_logs_changes_nothing() {
    let (_folder, mut store) = new_store();
    Run::of(some(0..9)).save(&mut store);
    let before = dump(store.path());
    let mut slice = Run::of(some(2..5));
    slice.groups[0].incident.state = State::Open;
    slice.groups[0].incident.title = "as seen in a part".into();
    let stored = slice.save(&mut store);
    assert_eq!(dump(store.path()), before);
    assert_eq!((stored.new, stored.updated, slice.groups[0].incident.id), (0, 0, 1));
}

#[test]
fn a_verdict_only_strengthens_and_takes_its_proof_along() {
    let (_folder, mut store) = new_store();
    Run::of(some(0..1)).save(&mut store);
    let sql =
        "SELECT verdict, cause, origin_cause, origin_file, origin_line, origin_error_text, impact FROM failed_fetches";
    assert_eq!(ask(store.path(), sql), ["no_origin_log|timeout.first_byte|-|-|-|-|error"]);

    let mut better = linked(failure(0));
    better.ruling.cause = guru::model::Cause::named("overload");
    let stored = Run::of(vec![better]).save(&mut store);
    assert_eq!((stored.new, stored.updated), (0, 1));
    let proven = ["late_answer|overload|app.slow|nginx-access.log|881|upstream timed out|error"];
    assert_eq!(ask(store.path(), sql), proven);
    assert_eq!(ask(store.path(), "SELECT verdict, failures FROM incident_verdicts"), ["late_answer|1"]);
    assert_eq!(ask(store.path(), "SELECT cause, failures FROM incident_causes"), ["overload|1"]);

    for verdict in [Verdict::NoOriginLog, Verdict::Ambiguous, Verdict::NeverArrived, Verdict::NotSent] {
        let mut weaker = failure(0);
        weaker.verdict = verdict;
        assert_eq!(Run::of(vec![weaker]).save(&mut store).updated, 0, "{verdict:?}");
        assert_eq!(ask(store.path(), sql), proven);
    }
}

#[test]
fn on_equal_strength_only_a_link_replaces() {
    let (_folder, mut store) = new_store();
    let mut refused = failure(0);
    refused.verdict = Verdict::OriginFailed;
    Run::of(vec![refused]).save(&mut store);
    let mut other = failure(0);
    other.verdict = Verdict::AnswerRefused;
    Run::of(vec![other]).save(&mut store);
    assert_eq!(ask(store.path(), "SELECT verdict FROM failed_fetches"), ["origin_failed"]);
    Run::of(vec![linked(failure(0))]).save(&mut store);
    assert_eq!(ask(store.path(), "SELECT verdict FROM failed_fetches"), ["late_answer"]);
}

#[test]
fn the_next_day_extends_an_incident_and_a_bridge_unites_two() {
    let (_folder, mut store) = new_store();
    let mut first = Run::of(some(0..2));
    let mut second = Run::of(some(5..7));
    first.save(&mut store);
    second.save(&mut store);
    assert_eq!((first.groups[0].incident.id, second.groups[0].incident.id), (1, 2));
    store.note(2, "seen from the second one").unwrap();
    store.resolve(2, "restarted php", Some(Worked::No), None).unwrap();

    let mut bridge = Run::of(some(1..6));
    let stored = bridge.save(&mut store);
    assert_eq!((stored.new, stored.updated, stored.known), (0, 1, 2));
    assert_eq!(bridge.groups[0].incident.id, 1);
    let i = store.incident(2).unwrap();
    assert_eq!((i.id, i.failures, i.opened_at.0), (1, 7, T0));
    assert_eq!(i.notes, ["seen from the second one"]);
    assert_eq!((i.fix.as_deref(), i.worked.as_deref()), (Some("restarted php"), Some("no")));
    assert_eq!(i.verdicts.into_iter().collect::<Vec<_>>(), [("no_origin_log".to_string(), 7)]);
    assert_eq!(i.curve.iter().map(|(_, n)| n).sum::<u64>(), 7);
    let mut third = Run::of(some(90..91));
    third.save(&mut store);
    assert_eq!(third.groups[0].incident.id, 3, "an id is never given twice");
}

#[test]
fn what_people_wrote_survives_and_new_failures_open_it_again() {
    let (_folder, mut store) = new_store();
    Run::of(some(0..2)).save(&mut store);
    store.resolve(1, "batches of 500", Some(Worked::Yes), None).unwrap();
    store.note(1, "ask Ann").unwrap();
    let mut again = Run::of(some(0..2).into_iter().map(linked).collect());
    again.save(&mut store);
    let told = &again.groups[0].incident;
    assert_eq!((told.state, told.fix.as_deref(), told.notes.len()), (State::Resolved, Some("batches of 500"), 1));

    // Ten years on: later than any clock that runs this test.
    let mut late = failure(1);
    late.id = 77;
    for t in [&mut late.started, &mut late.gave_up, &mut late.ended] {
        *t = *t + 10 * 365 * 24 * 60 * MINUTE;
    }
    let known = failure(1);
    let mut later = Run { failures: vec![late.clone()], groups: vec![group(&[&known, &late])], ..Run::default() };
    later.save(&mut store);
    let i = store.incident(1).unwrap();
    assert_eq!((i.state, i.failures), (State::Open, 3));
    assert_eq!((i.fix.as_deref(), i.worked.as_deref(), i.notes.len()), (Some("batches of 500"), Some("yes"), 1));
    assert_eq!(later.groups[0].incident.state, State::Open);
    store.resolve(1, "batches of 100", None, None).unwrap();
    let i = store.incident(1).unwrap();
    assert_eq!((i.state, i.worked.clone()), (State::Resolved, None));
    assert_eq!(i.notes, ["ask Ann", "Earlier fix (worked: yes): batches of 500"]);
}

#[test]
fn lone_failures_move_out_of_the_scattered_row_one_by_one() {
    let (_folder, mut store) = new_store();
    let lone = Run { scattered: Some(0), ..Run::of(some(0..3)) };
    lone.clone().save(&mut store);
    let mut real = Run::of(some(2..5));
    real.save(&mut store);
    assert_eq!(real.groups[0].incident.id, 2);
    assert_eq!(ask(store.path(), "SELECT id, failures FROM v_incidents ORDER BY id"), ["1|2", "2|3"]);
    let before = dump(store.path());
    lone.clone().save(&mut store);
    real.clone().save(&mut store);
    assert_eq!(dump(store.path()), before);
    let mut rest = Run::of(some(0..3));
    rest.save(&mut store);
    assert_eq!(rest.groups[0].incident.id, 2);
    assert_eq!(store.incident(1).unwrap().id, 2, "the emptied row is an alias");
}

#[test]
fn a_failure_told_in_another_is_listed_but_not_counted() {
    let (_folder, mut store) = new_store();
    let mut failures = some(0..3);
    failures[2].told_in = Some(failures[0].id);
    Run::of(failures).save(&mut store);
    assert_eq!(ask(store.path(), "SELECT failures FROM v_incidents"), ["2"]);
    assert_eq!(ask(store.path(), "SELECT count(*) FROM v_failed_fetches WHERE incident = 1"), ["3"]);
    let mut told = failure(1);
    told.told_in = Some(failure(0).id);
    Run::of(vec![told]).save(&mut store);
    assert_eq!(ask(store.path(), "SELECT failures FROM v_incidents"), ["1"]);
}

#[test]
fn an_incident_that_is_over_stays_over_unless_it_fails_again() {
    let (_folder, mut store) = new_store();
    let mut run = Run::of(some(0..2));
    run.groups[0].incident.state = State::Open;
    run.save(&mut store);
    run.groups[0].incident.state = State::Closed;
    assert_eq!(run.save(&mut store).updated, 1, "the log went on without failures");
    run.groups[0].incident.state = State::Open;
    assert_eq!(run.save(&mut store).updated, 0);
    assert_eq!(store.incident(1).unwrap().state, State::Closed);
    let mut more = Run::of(some(0..3));
    more.groups[0].incident.state = State::Open;
    more.save(&mut store);
    assert_eq!(store.incident(1).unwrap().state, State::Open);
}

#[test]
fn stored_failures_come_back_for_linking() {
    let (_folder, mut store) = new_store();
    let original = linked(failure(1));
    Run::of(vec![failure(0), original.clone(), failure(9)]).save(&mut store);
    let span = |pad| store.known(original.started, original.started, pad).unwrap();
    assert_eq!(span(0).len(), 3, "an incident comes back whole");
    let found = span(0).into_iter().find(|f| f.id == original.id).expect("it was stored");
    assert!(found.stored && found.incident == 1);
    // A query that was masked is not known.
    let shape = guru::model::Shape { query: 0, ..original.row.shape };
    assert_eq!(found.row, guru::model::FetchRow { series: found.series, shape, ..original.row });
    assert_eq!((found.id, found.vxid, found.parent, found.client_vxid), (original.id, 1001, 1000, 999));
    assert_eq!((found.started, found.gave_up, found.ended), (original.started, original.gave_up, original.ended));
    assert_eq!((found.tier, found.node, found.backend_addr), (original.tier, original.node, original.backend_addr));
    assert_eq!(
        (found.link, found.verdict, found.travelled_id),
        (original.link, original.verdict, original.travelled_id)
    );
    assert_eq!(found.ruling.runner_up, original.ruling.runner_up);
    assert_eq!(found.url.lossy(), "/p/1?q=1&token=***");
    let marks: Vec<String> = found.marks.iter().map(|m| format!("{} {}", m.kind.word(), m.text)).collect();
    assert_eq!(marks, ["FetchError first byte timeout", "BackendClose 24 web close RX_TIMEOUT"]);
    let quotes = store.evidence(&[original.id, 4]).unwrap();
    assert_eq!((quotes.len(), &quotes[&original.id]), (1, &evidence_of(&original)));
    let note = found.origin_error.expect("it was stored");
    assert_eq!((note.cause.id(), note.text.lossy().as_ref()), ("app.slow", "upstream timed out"));
    assert!(store.known(Stamp::NONE, Stamp(i64::MAX), i64::MAX).unwrap().len() == 3);
}

#[test]
fn traffic_merges_by_maximum_and_clocks_by_pairs() {
    let (_folder, mut store) = new_store();
    let mut run = Run { traffic: vec![traffic(&[(0, 10), (1, 20)])], clocks: vec![clock(50)], ..Run::default() };
    run.save(&mut store);
    run.traffic = vec![traffic(&[(0, 7), (1, 25), (2, 1)])];
    run.clocks = vec![clock(30)];
    run.save(&mut store);
    assert_eq!(ask(store.path(), "SELECT requests FROM traffic ORDER BY minute_us"), ["10", "25", "1"]);
    assert_eq!(store.clocks().unwrap()[0].pairs, 50);
    run.traffic = vec![traffic(&[(24 * 60, 1)])];
    run.save(&mut store);
    assert_eq!(store.clocks().unwrap()[0].pairs, 30, "another day has its own offset");
}

#[test]
fn a_group_of_unknown_failures_gets_no_row() {
    let (_folder, mut store) = new_store();
    let mut run = Run { groups: vec![group(&[&failure(0)])], ..Run::default() };
    assert_eq!(run.save(&mut store).new, 0);
    assert_eq!(ask(store.path(), "SELECT count(*) FROM incidents"), ["0"]);
}

#[test]
fn visitors_of_two_days_add_up_and_no_slice_adds_any() {
    let (_folder, mut store) = new_store();
    let visitors = |store: &Store| store.incident(1).unwrap().harm.visitors_5xx;
    Run::of(some(0..4)).save(&mut store);
    assert_eq!(visitors(&store), 4);
    let known: Vec<_> = some(0..4).into_iter().map(|f| guru::model::Failure { stored: true, ..f }).collect();
    let mut next = Run::of(known.into_iter().chain(some(4..6)).collect());
    next.groups[0].incident.harm.visitors_5xx = 2;
    next.save(&mut store);
    assert_eq!(visitors(&store), 6);
    Run::of(some(1..3)).save(&mut store);
    assert_eq!(visitors(&store), 6);
}

#[test]
fn hostile_values_are_kept_harmlessly() {
    let (_folder, mut store) = new_store();
    let mut f = failure(0);
    f.url = Text::of(&[b"/\xff\x1b[2J\0".as_slice(), &b"a".repeat(100_000)].concat());
    f.node = Text::of(&b"\x07".repeat(5000));
    f.ruling.confidence = f32::NAN;
    (f.vxid, f.started, f.ended) = (u64::MAX, Stamp(i64::MAX), Stamp(i64::MAX - 1));
    let mut unknown = failure(1);
    (unknown.started, unknown.gave_up, unknown.ended) = (Stamp::NONE, Stamp::NONE, Stamp::NONE);
    let mut run = Run::of(vec![f, unknown, failure(2)]);
    run.failures.push(failure(2));
    run.groups[0].incident.harm.share = Some(f64::INFINITY);
    run.groups[0].members.push(99);
    run.save(&mut store);
    let before = dump(store.path());
    run.save(&mut store);
    assert_eq!(dump(store.path()), before);
    assert!(before.chars().all(|c| !c.is_control() || c == '\n'), "nothing that a terminal would obey");
    let i = store.incident(1).unwrap();
    assert_eq!((i.failures, i.harm.share), (3, None));
    assert!(i.harm.top_urls.iter().all(|(path, _)| path.len() <= 254));
    assert_eq!(ask(store.path(), "SELECT count(*), max(length(url)) <= 4096 FROM v_failed_fetches"), ["3|1"]);
}

fn traffic(minutes: &[(i64, u64)]) -> NodeTraffic {
    let minute = |(at, requests): &(i64, u64)| {
        (Stamp(T0 + at * MINUTE).minute(), Minute { requests: *requests, ..Minute::default() })
    };
    NodeTraffic { tier: "cache".into(), node: "cache-1".into(), minutes: minutes.iter().map(minute).collect() }
}

fn clock(pairs: u64) -> ClockOffset {
    ClockOffset {
        from: "cache-1".into(),
        to: "web1".into(),
        offset_ms: 410.0,
        error_ms: 5.0,
        drift_ppm: f64::NAN,
        pairs,
        zone_mistake: None,
        enough: true,
    }
}

#[test]
fn an_incident_whose_failures_are_told_in_another_becomes_part_of_it() {
    let (_folder, mut store) = new_store();
    Run::of(vec![failure(0)]).save(&mut store);
    Run::of(vec![failure(5)]).save(&mut store);
    assert_eq!(ask(store.path(), "SELECT count(*) FROM v_incidents"), ["2"]);
    let mut told = failure(5);
    told.told_in = Some(failure(0).id);
    let mut run = Run::of(vec![failure(0)]);
    run.failures.push(told);
    run.save(&mut store);
    assert_eq!(ask(store.path(), "SELECT id, failures FROM v_incidents"), ["1|1"]);
    assert_eq!(store.resolve_id(2).unwrap(), 1, "an id once shown always resolves");
}
