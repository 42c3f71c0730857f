//! What a report is made of: hours of backends kept once, and figures of a stretch of time or of one incident.

use guru::model::stamp::{MINUTE, SECOND};
use guru::model::traffic::Minute;
use guru::model::{BackendHour, NodeTraffic, Stamp};

use crate::support::{Run, ask, failure, group, linked, new_store};

fn hour(fetches: u64, p95: Option<f64>) -> BackendHour {
    BackendHour {
        tier: "cache".into(),
        node: "cache-1".into(),
        backend: "web".into(),
        hour: Stamp(1_794_276_000 * SECOND),
        fetches,
        failed: 1,
        p50_ms: p95.map(|ms| ms / 2.0),
        p95_ms: p95,
        p99_ms: p95.map(|ms| ms * 2.0),
        header_bytes: 900,
        ..BackendHour::default()
    }
}

#[test]
fn the_richer_reading_of_an_hour_stays_as_a_whole() {
    let (_folder, mut store) = new_store();
    for (fetches, p95) in [(10, Some(40.0)), (30, Some(80.0)), (20, Some(9_000.0)), (30, None)] {
        Run { hours: vec![hour(fetches, p95)], ..Run::default() }.save(&mut store);
    }
    let kept = "SELECT fetches, p50_ms, p95_ms, p99_ms, hour FROM backend_hours";
    assert_eq!(ask(store.path(), kept), ["30|40.0|80.0|160.0|2026-11-10T02:00:00.000000Z"]);
    let review = store.review(Stamp(1_794_276_300 * SECOND), Stamp(1_794_276_400 * SECOND), None).unwrap();
    assert_eq!(review.hours, [hour(30, Some(80.0))], "an hour that a span touches belongs to it");
    let later = store.review(Stamp(1_794_279_600 * SECOND), Stamp(1_794_279_700 * SECOND), None).unwrap();
    assert_eq!(later.hours, []);
}

#[test]
fn a_review_counts_what_lies_in_its_time() {
    let (_folder, mut store) = new_store();
    let failures: Vec<_> = (0..6).map(failure).collect();
    let at = failures[0].started;
    let mut run = Run::of(failures);
    let minute = Minute { requests: 50, requests_5xx: 6, fetches: 40, failed: 6 };
    let minutes = [(at.minute(), minute)].into_iter().collect();
    run.traffic = vec![NodeTraffic { tier: "cache".into(), node: "cache-1".into(), minutes }];
    run.changes = vec![(at + SECOND, "reload".into(), "web1".into(), "nginx reloaded".into())];
    run.save(&mut store);
    let review = store.review(at - MINUTE, at + 10 * MINUTE, None).unwrap();
    assert_eq!(review.failures.iter().map(|f| f.failures).sum::<u64>(), 6);
    assert!(review.failures.iter().all(|f| f.cause == "timeout.first_byte" && f.at.0 % review.slice_us == 0));
    assert_eq!((review.served.requests, review.served.requests_5xx, review.served.fetches), (50, 6, 40));
    assert_eq!((review.changes.len(), review.incidents.len()), (1, 1));
    assert_eq!(
        (review.pairs.len(), review.pairs[0].failed, review.pairs[0].cause.as_str()),
        (1, 6, "timeout.first_byte")
    );
    let before = store.review(at - 10 * MINUTE, at - MINUTE, None).unwrap();
    assert!(before.failures.is_empty() && before.incidents.is_empty() && before.changes.is_empty());
    assert_eq!(store.span().unwrap().map(|s| s.from), Some(at));
}

#[test]
fn a_review_of_one_incident_counts_its_failures_only() {
    let (_folder, mut store) = new_store();
    let mut all: Vec<_> = (0..6).map(failure).collect();
    all[3..].iter_mut().for_each(|f| f.backend = "other".into());
    let groups = vec![group(&all[..3].iter().collect::<Vec<_>>()), group(&all[3..].iter().collect::<Vec<_>>())];
    Run { failures: all.clone(), groups, ..Run::default() }.save(&mut store);
    let (from, to) = (all[0].started - MINUTE, all[5].ended + MINUTE);
    let review = store.review(from, to, Some(2)).unwrap();
    assert_eq!((review.about, review.incidents.len(), review.incidents[0].id), (Some(2), 1, 2));
    assert_eq!(review.failures.iter().map(|f| f.failures).sum::<u64>(), 3);
    assert_eq!(review.pairs.iter().map(|p| (p.backend.as_str(), p.failed)).collect::<Vec<_>>(), [("other", 3)]);
}

#[test]
fn a_dossier_has_a_sample_of_each_kind() {
    let (_folder, mut store) = new_store();
    let mut all: Vec<_> = (0..8).map(failure).collect();
    all[7] = linked(all[7].clone());
    Run::of(all).save(&mut store);
    let d = store.dossier(1).unwrap();
    assert_eq!(d.samples.len(), 6);
    assert!(d.samples.iter().any(|s| s.verdict == "late_answer" && s.origin.is_some() && s.origin_error.is_some()));
    assert!(d.samples.windows(2).all(|s| s[0].at <= s[1].at));
    assert!(d.samples.iter().all(|s| s.own.len() == 2));
    assert_eq!(d.backends.iter().map(|b| b.failures).sum::<u64>(), 8);
    assert_eq!(d.statuses.iter().map(|(_, n)| n).sum::<u64>(), 8);
    assert!(store.dossier(9).is_err());
}
