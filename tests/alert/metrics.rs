//! The text of `/metrics`.

use guru::model::incident::State;
use guru::model::live::{LiveSource, Mood};
use guru::view::metrics;

use crate::live::{incident, live};

#[test]
fn what_a_tail_knows_is_openmetrics_text() {
    let mut over = incident("api", 0, 100, 5);
    over.state = State::Closed;
    let mut l = live(100, vec![incident("shop", 0, 100, 50), over]);
    let node = |tier: &str, node: &str| (tier.to_string(), node.to_string());
    l.totals.requests = [(node("cache", "cache-1"), 1200), (node("origin", "web-1"), 900)].into();
    l.totals.requests_5xx = [(node("cache", "cache-1"), 31)].into();
    l.totals.fetches = [(node("cache", "cache-1"), 800)].into();
    l.totals.failed = [(("cache".into(), "cache-1".into(), "timeout.first_byte".into()), 50)].into();
    l.totals.verdicts = [("late_answer".to_string(), 48)].into();
    l.totals.ttfb[0] = 700;
    l.totals.ttfb[11] = 40;
    l.totals.ttfb[14] = 10;
    l.totals.ttfb_sum_s = 1650.25;
    l.totals.lost_bytes = 4096;
    l.totals.gaps = 1;
    l.sources = vec![
        LiveSource { path: "varnish".into(), behind_s: Some(0.25), backlog: 0, ..LiveSource::default() },
        LiveSource { path: "/var/log/\"odd\"\\\n\u{1b}[31m.log".into(), backlog: 77, ..LiveSource::default() },
    ];
    insta::assert_snapshot!(metrics(&l).replace(env!("CARGO_PKG_VERSION"), "VERSION"));
}

#[test]
fn a_tail_that_has_read_nothing_has_metrics_too() {
    let text = metrics(&guru::model::live::Live::default());
    assert!(text.ends_with("# EOF\n") && text.contains("guru_mood{guru_mood=\"starting\"} 1\n"), "{text}");
    assert_eq!(Mood::default(), Mood::Starting);
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        assert_eq!(line.rsplit_once(' ').map(|(_, n)| n.parse::<f64>().is_ok()), Some(true), "{line}");
    }
}
