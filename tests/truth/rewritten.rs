//! URLs that stand in the origin's log in another form than the cache sent them: the rewrite is learnt from healthy
//! fetches, and failed ones find their lines all the same.
//!
//! `GURU_CORPORA=FOLDER cargo test --test truth rewritten -- --ignored --nocapture`

use regex::bytes::{Captures, Regex};

use crate::recording::Recording;
use crate::score::{self, Floors, Score};

/// As good as with URLs as they are.
const FLOORS: Floors = Floors { cause: 0.99, worst_cause: 0.0, exact: 0.0, precision: 0.998, recall: 0.995 };

/// What stands between cache and origin, as a function of path and query.
type Proxy = fn(&str, Option<&str>) -> String;

fn with(path: String, query: Option<&str>) -> String {
    query.map_or(path.clone(), |q| format!("{path}?{q}"))
}

const PROXIES: [(&str, Proxy); 6] = [
    ("base path", |path, query| with(format!("/app{path}"), query)),
    ("long base path", |path, query| with(format!("/srv/shop{path}"), query)),
    ("no query", |path, _| path.to_string()),
    ("query in another order", |path, query| {
        let sorted = |q: &str| {
            let mut pairs: Vec<&str> = q.split('&').collect();
            pairs.sort_by(|a, b| b.cmp(a));
            pairs.join("&")
        };
        with(path.to_string(), query.map(sorted).as_deref())
    }),
    ("other spelling", |path, query| with(path.replace("/p", "/%70").replace("/v", "//%76"), query)),
    ("first segment dropped", |path, query| match path[1..].find('/') {
        Some(at) => with(path[1 + at..].to_string(), query),
        None => with(path.to_string(), query),
    }),
];

/// The origin's logs as they would be behind that proxy.
fn behind(proxy: Proxy, log: &[u8]) -> Vec<u8> {
    let request = Regex::new(r#""(GET|HEAD|POST|PUT|DELETE|OPTIONS) (/[^ "]*) HTTP"#).expect("a regex");
    let rewritten = |c: &Captures<'_>| {
        let url = String::from_utf8_lossy(&c[2]).into_owned();
        let (path, query) = url.split_once('?').map_or((url.as_str(), None), |(p, q)| (p, Some(q)));
        format!("\"{} {} HTTP", String::from_utf8_lossy(&c[1]), proxy(path, query)).into_bytes()
    };
    request.replace_all(log, rewritten).into_owned()
}

fn score_all(recordings: &[Recording]) {
    for (name, proxy) in PROXIES {
        for origin in ["rich", "combined"] {
            let mut total = Score::default();
            for recording in recordings {
                let analysis = recording.analysis_of(origin, &|log| behind(proxy, log));
                assert_eq!(analysis.report.violated_laws(), Vec::<String>::new(), "{}", recording.name());
                let score = score::score(&recording.truth, &analysis, false);
                println!("{name:<24} {origin:<9} {:<18} {score}", recording.name());
                total.add(&score);
            }
            println!("{name:<24} {origin:<9} {:<18} {total}", "TOTAL");
            total.assert_floors(FLOORS);
        }
    }
}

#[test]
#[ignore = "needs the recorded corpora: set GURU_CORPORA"]
fn rewrites_are_learnt_in_corpora() {
    let Some(recordings) = Recording::whole() else { return };
    score_all(&recordings);
}

#[test]
fn rewrites_are_learnt_from_healthy_fetches() {
    // Of the slices these two hold enough healthy fetches of different URLs to learn from.
    let recordings: Vec<Recording> =
        Recording::slices().into_iter().filter(|r| ["first-byte", "app-slow"].contains(&r.name().as_str())).collect();
    assert_eq!(recordings.len(), 2);
    score_all(&recordings);
}
