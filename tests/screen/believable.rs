//! A believable night: the catalogue import of 10 November, seen live. In: nothing; out: a `Live` for each part of it.

use guru::model::Stamp;
use guru::model::evidence::Evidence;
use guru::model::incident::{Advice, Candidate, CauseShare, Example, Harm, Incident, Quote, State};
use guru::model::live::{
    Gap, Live, LiveCause, LiveCell, LiveFailure, LiveMinute, LiveNode, LiveSource, Mood, Rates, Seen,
};
use guru::model::report::{ClockOffset, Lines};
use guru::model::stamp::{MINUTE, SECOND, days};
use guru::view::{Style, Zone};

/// The zone of the story.
pub fn style() -> Style {
    Style { zone: Zone::parse("+01:00").expect("an offset"), ..Style::default() }
}

/// A moment of that night, in the +01:00 of the story.
pub fn night(hour: i64, minute: i64, second: i64) -> Stamp {
    Stamp((days(2026, 11, 10) * 86_400 + (hour - 1) * 3600 + minute * 60 + second) * SECOND)
}

fn quote(file: &str, line: u64, text: &str) -> Quote {
    Quote { file: file.into(), line, offset: None, text: text.into() }
}

fn share(cause: &str, failures: u64, first_at: Stamp, role: &str) -> CauseShare {
    CauseShare { cause: cause.into(), failures, first_at, role: role.into() }
}

fn advice(kind: &str, text: &str) -> Advice {
    let nothing = String::new;
    Advice {
        kind: kind.into(),
        text: text.into(),
        knob: nothing(),
        default: nothing(),
        cost: nothing(),
        ..Advice::default()
    }
}

pub fn incident() -> Incident {
    let at = night(3, 4, 12);
    let words = |list: &[(&str, u64)]| list.iter().map(|(w, n)| (w.to_string(), *n)).collect();
    Incident {
        id: 41,
        title: "shop: first byte timeout".into(),
        opened_at: at,
        closed_at: night(3, 10, 29),
        state: State::Open,
        service: "shop".into(),
        nodes: vec!["cache-1".into(), "cache-2".into(), "cache-3".into()],
        cause: "timeout.first_byte".into(),
        root: Some("overload".into()),
        failures: 672,
        causes: vec![
            share("health.sick", 436, at + 170 * SECOND, "consequence"),
            share("timeout.first_byte", 175, at, "came first"),
            share("timeout.connect", 61, at + 40 * SECOND, ""),
        ],
        verdicts: words(&[("origin_aborted", 118), ("late_answer", 44), ("no_origin_log", 13), ("not_sent", 497)]),
        limits: Vec::new(),
        harm: Harm {
            visitors_5xx: 798,
            crawlers_5xx: 61,
            by_impact: words(&[("error", 600), ("stale", 72)]),
            top_urls: vec![("/catalogsearch/result/".into(), 402), ("/checkout/cart/".into(), 129)],
            share: Some(0.31),
            grace: None,
            crawled: None,
            retry_after: None,
        },
        curve: vec![(at.minute().0, 12), (at.minute().0 + MINUTE, 60)],
        rate_per_hour: None,
        in_short: "PHP had no free worker; Varnish gave up waiting after 15 s.".into(),
        examples: vec![Example {
            at: night(3, 10, 28),
            request: "GET shop.example.com/catalogsearch/result/?q=boots".into(),
            verdict: "origin_aborted".into(),
            own: Some(quote("varnish", 918_274, "FetchError first byte timeout")),
            origin: Some(quote("/var/log/nginx/access.log", 55_102, "GET /catalogsearch/result/?q=boots 499 14.998 s")),
            origin_error: None,
        }],
        proof: vec![quote("/var/log/web1/php-fpm.log", 8812, "reached pm.max_children setting (40)")],
        advice: vec![
            advice("look", "crontab -l -u magento"),
            advice("change", "import in smaller batches"),
            advice("NOT", "raise first_byte_timeout"),
        ],
        began: vec![Candidate {
            kind: "cron".into(),
            at: night(3, 0, 0),
            text: "catalog import began".into(),
            strength: 0.9,
        }],
        ended_by: Vec::new(),
        trigger: None,
        fix: None,
        worked: None,
        notes: Vec::new(),
        seen_before: vec![17],
        similar: Vec::new(),
        recurrence: None,
        measured: None,
        history_since: Stamp::NONE,
    }
}

fn source(path: &str, format: &str, tier: &str, node: &str, read: u64) -> LiveSource {
    LiveSource {
        path: path.into(),
        format: format.into(),
        tier: tier.into(),
        node: node.into(),
        behind_s: Some(1.1),
        backlog: 0,
        lines: Lines { read, parsed: read, ..Lines::default() },
        trouble: String::new(),
    }
}

fn sources() -> Vec<LiveSource> {
    let mut all = Vec::new();
    for n in 1..=3 {
        all.push(source(
            &format!("/var/log/cache-{n}/varnish.log"),
            "varnishlog",
            "cache",
            &format!("cache-{n}"),
            918_274,
        ));
    }
    for n in 1..=2 {
        all.push(source(
            &format!("/var/log/web{n}/access.log"),
            "nginx_combined",
            "origin",
            &format!("web{n}"),
            55_102,
        ));
        all.push(source(&format!("/var/log/web{n}/error.log"), "nginx_error", "origin", &format!("web{n}"), 812));
        all.push(source(&format!("/var/log/web{n}/php-fpm.log"), "php_fpm", "app", &format!("web{n}"), 8812));
    }
    all
}

fn clocks() -> Vec<ClockOffset> {
    let clock = |to: &str, offset_ms| ClockOffset {
        from: "cache-1".into(),
        to: to.into(),
        offset_ms,
        error_ms: 21.0,
        drift_ppm: 0.0,
        pairs: 4120,
        zone_mistake: None,
        enough: true,
    };
    vec![clock("web1", 412.0), clock("web2", 380.0)]
}

fn cell(backend: &str, health: &str, probe: &str, failed: u64) -> LiveCell {
    LiveCell {
        backend: backend.into(),
        health: health.into(),
        probe: probe.into(),
        fetches: 70,
        failed,
        ttfb_p95_ms: Some(14_900.0),
        limit_ms: Some(15_000.0),
    }
}

fn node(name: &str, errors: u64, p95: f64, cells: Vec<LiveCell>) -> LiveNode {
    LiveNode {
        node: name.into(),
        tier: "cache".into(),
        errors_per_min: errors,
        ttfb_p95_ms: Some(p95),
        limit_ms: Some(15_000.0),
        cells,
    }
}

/// An hour of 420 requests a minute; `troubled` minutes at its end go wrong.
fn minutes(end: Stamp, troubled: i64) -> Vec<LiveMinute> {
    let first = [2, 9, 31, 40, 44, 32, 17];
    let sick = [0, 0, 0, 34, 110, 140, 152];
    let slow = [2.1, 6.4, 9.7, 14.6, 14.9, 14.9, 14.9];
    let minute = |n: i64| {
        let bad = usize::try_from(n - (60 - troubled)).ok();
        let of = |list: [u64; 7]| bad.map_or(0, |at| list[at.min(6)]);
        let failed = [
            ("timeout.first_byte", of(first)),
            ("health.sick", of(sick)),
            ("timeout.connect", of([0, 3, 9, 18, 16, 9, 6])),
        ];
        let p95 = bad.map_or(0.31 + (n % 7) as f64 * 0.04, |at| slow[at.min(6)]);
        LiveMinute {
            at: end.minute() - (59 - n) * MINUTE,
            requests: (400 + (n * 37) % 41) as u64,
            requests_5xx: of([2, 12, 40, 92, 130, 133, 132]),
            failed: failed.into_iter().filter(|(_, n)| *n > 0).map(|(c, n)| (c.to_string(), n)).collect(),
            ttfb_ms: Some([p95 * 300.0, p95 * 1000.0, (p95 * 1.3).min(15.0) * 1000.0]),
            changes: Vec::new(),
        }
    };
    (0..60).map(minute).collect()
}

fn failure(n: u32, at: Stamp, node: &str, url: &str, status: u16, cause: &str, told: &str) -> LiveFailure {
    LiveFailure {
        id: format!("{n:016x}"),
        at,
        tier: "cache".into(),
        node: node.into(),
        backend: "web1".into(),
        method: "GET".into(),
        host: "shop.example.com".into(),
        url: url.into(),
        status,
        cause: cause.into(),
        confidence: 0.99,
        verdict: "not_sent".into(),
        impact: "error".into(),
        settled: true,
        told: told.into(),
        incident: 41,
        evidence: Evidence::default(),
    }
}

fn latest() -> Vec<LiveFailure> {
    let sick = "not sent: all sick";
    let mut all = vec![
        failure(1, night(3, 10, 29), "cache-2", "/checkout/cart/", 503, "health.sick", sick),
        failure(
            2,
            night(3, 10, 28),
            "cache-1",
            "/catalogsearch/result/?q=boots",
            503,
            "timeout.first_byte",
            "we hung up at 15.0 s (nginx 499)",
        ),
        failure(
            3,
            night(3, 10, 27),
            "cache-3",
            "/women/tops.html",
            200,
            "health.sick",
            "HIDDEN: stale, grace left 41 min",
        ),
        failure(
            4,
            night(3, 10, 26),
            "cache-3",
            "/api/stock/77",
            503,
            "timeout.first_byte",
            "waiting for origin log (max 90 s)",
        ),
    ];
    for n in 5..40u32 {
        let url = if n.is_multiple_of(3) { "/checkout/cart/" } else { "/women/tops.html" };
        all.push(failure(
            n,
            night(3, 10, 26) - i64::from(n) * SECOND,
            &format!("cache-{}", n % 3 + 1),
            url,
            503,
            "health.sick",
            sick,
        ));
    }
    all[1].verdict = "origin_aborted".into();
    all[1].evidence = Evidence {
        own: vec![
            quote("/var/log/cache-1/varnish.log", 918_274, "FetchError first byte timeout"),
            quote("/var/log/cache-1/varnish.log", 918_269, "Timestamp Bereq: 1794276613.120000 0.000213 0.000213"),
        ],
        origin: Some(quote(
            "/var/log/web1/access.log",
            55_102,
            "10.0.0.11 - - [10/Nov/2026:03:10:28 +0100] \"GET /catalogsearch/result/?q=boots HTTP/1.1\" 499 0 \"-\" 14.998",
        )),
        origin_error: None,
    };
    all[2].impact = "stale".into();
    (all[3].settled, all[3].verdict) = (false, "no_origin_log".into());
    all
}

fn cause(id: &str, role: &str, failed: u64, trend: [u64; 12], advice: &str) -> LiveCause {
    LiveCause { cause: id.into(), role: role.into(), failed, trend: trend.to_vec(), advice: advice.into() }
}

/// 03:10:31, six minutes into the outage.
pub fn outage() -> Live {
    let mut minutes = minutes(night(3, 10, 31), 7);
    minutes[49].changes.push("catalog import began".into());
    Live {
        schema: 1,
        at: night(3, 10, 30),
        wall: night(3, 10, 31),
        mood: Mood::Incident,
        since: night(3, 4, 12),
        caught_up: true,
        recorder: Some("guru.service".into()),
        store: Some("/var/lib/guru/guru.db".into()),
        incidents: vec![incident()],
        confidence: Some(0.93),
        rates: Rates {
            requests_per_s: 7.0,
            errors_per_s: 2.2,
            share: 0.31,
            status: Some(503),
            usual_share: Some(0.0002),
            failed_per_min: 126.0,
            hidden_per_min: 12.0,
        },
        sources: sources(),
        clocks: clocks(),
        causes: vec![
            cause(
                "timeout.first_byte",
                "came first",
                175,
                [0, 1, 2, 5, 12, 20, 24, 25, 24, 20, 14, 9],
                "Did answer times climb with the number of open requests, or is this one URL slow?",
            ),
            cause(
                "health.sick",
                "consequence",
                436,
                [0, 0, 0, 0, 3, 20, 40, 61, 72, 80, 80, 80],
                "Ask the probe's URL by hand from the cache.",
            ),
            cause("timeout.connect", "", 61, [0, 0, 1, 3, 6, 9, 10, 10, 9, 6, 4, 3], ""),
        ],
        span_s: 30,
        minutes,
        nodes: vec![
            node(
                "cache-1",
                48,
                14_912.0,
                vec![cell("web1", "sick", "2/8 slow", 31), cell("web2", "sick", "1/8 slow", 28)],
            ),
            node(
                "cache-2",
                45,
                14_890.0,
                vec![cell("web1", "sick", "2/8 slow", 30), cell("web2", "sick", "2/8 slow", 25)],
            ),
            node(
                "cache-3",
                39,
                14_210.0,
                vec![cell("web1", "sick", "2/8 slow", 29), cell("web2", "healthy", "6/8", 11)],
            ),
        ],
        latest: latest(),
        seen: vec![Seen {
            id: 17,
            opened_at: Stamp(days(2026, 3, 3) * 86_400 * SECOND + 7500 * SECOND),
            same: "same cause, hour, URLs".into(),
            fix: "batches of 500".into(),
            worked: "yes".into(),
        }],
        grace_left_s: Some(41.0 * 60.0),
        ..Live::default()
    }
}

/// The same with the long sentences that cause files really give.
#[cfg(feature = "tui")]
pub fn wordy() -> Live {
    let mut live = outage();
    live.seen.clear();
    live.incidents[0].advice = vec![
        advice(
            "look",
            "Did answer times climb with the number of open requests (overload), or is this one URL slow even alone (app.slow)?",
        ),
        advice(
            "NOT",
            "Lengthen the limit for everything: when the origin is out of workers, longer waits hold more of them.",
        ),
    ];
    live
}

/// 02:50:00: nothing is wrong.
pub fn calm() -> Live {
    let healthy = |p95| vec![cell_ok("web1", p95), cell_ok("web2", p95)];
    Live {
        mood: Mood::Calm,
        at: night(2, 49, 59),
        wall: night(2, 50, 0),
        since: night(1, 12, 40),
        recorder: None,
        incidents: Vec::new(),
        confidence: None,
        rates: Rates { requests_per_s: 7.0, usual_share: Some(0.0002), ..Rates::default() },
        causes: Vec::new(),
        minutes: minutes(night(2, 50, 0), 0),
        nodes: vec![
            LiveNode { limit_ms: None, ..node("cache-1", 0, 412.0, healthy(410.0)) },
            LiveNode { limit_ms: None, ..node("cache-2", 0, 380.0, healthy(390.0)) },
        ],
        latest: Vec::new(),
        seen: Vec::new(),
        grace_left_s: None,
        ..outage()
    }
}

fn cell_ok(backend: &str, p95: f64) -> LiveCell {
    LiveCell { ttfb_p95_ms: Some(p95), limit_ms: None, ..cell(backend, "healthy", "8/8", 0) }
}

/// The first seconds.
pub fn starting() -> Live {
    let mut sources = sources();
    for s in &mut sources {
        (s.behind_s, s.backlog, s.lines, s.format) = (None, 48_211_004, Lines::default(), String::new());
    }
    sources[8].trouble = "permission denied: you are not in the group adm".into();
    Live { schema: 1, wall: night(2, 50, 0), store: Some("/var/lib/guru/guru.db".into()), sources, ..Live::default() }
}

/// 03:25:00: php-fpm was restarted.
pub fn recovering() -> Live {
    let mut live = outage();
    (live.mood, live.since, live.at, live.wall) =
        (Mood::Recovering, night(3, 22, 40), night(3, 24, 59), night(3, 25, 0));
    (live.recorder, live.grace_left_s) = (None, None);
    live.incidents[0].state = State::Recovering;
    live.incidents[0].ended_by = vec![Candidate {
        kind: "restart".into(),
        at: night(3, 22, 31),
        text: "php-fpm restart on web1".into(),
        strength: 0.9,
    }];
    live.rates = Rates { share: 0.004, errors_per_s: 0.03, hidden_per_min: 0.0, failed_per_min: 2.0, ..live.rates };
    for n in &mut live.nodes {
        (n.errors_per_min, n.ttfb_p95_ms) = (1, Some(930.0));
        n.cells.iter_mut().for_each(|c| (c.health, c.probe, c.failed) = ("healthy".into(), "8/8".into(), 0));
    }
    live
}

/// The outage while varnishlog cannot keep up and one log cannot be read.
pub fn with_gaps() -> Live {
    let mut live = outage();
    live.gaps = vec![
        Gap {
            wall: night(3, 9, 58),
            path: "varnish".into(),
            bytes: Some(1_204_110),
            why: "was overrun: varnishlog could not keep up".into(),
        },
        Gap {
            wall: night(2, 1, 5),
            path: "/var/log/web1/access.log".into(),
            bytes: None,
            why: "was truncated before it was read".into(),
        },
    ];
    (live.totals.gaps, live.totals.lost_bytes) = (2, 1_204_110);
    live.sources[8].trouble = "permission denied: you are not in the group adm".into();
    live
}
