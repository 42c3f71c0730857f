//! Believable reports and incidents, with figures that add up. In: nothing; out: what the view tests render.

use std::collections::BTreeMap;

use guru::model::incident::{Advice, Candidate, CauseShare, Example, Harm, Incident, Limit, Quote, State};
use guru::model::report::{ClockOffset, Lines, Report, Source, Span, Stored, Totals, Visitors};
use guru::model::stamp::{MINUTE, SECOND, days};
use guru::model::{Concern, EarlyWarning, Stamp};

/// A moment of November 2026, given in the +01:00 of the story.
pub fn nov(day: u32, hour: i64, minute: i64, second: i64) -> Stamp {
    Stamp((days(2026, 11, day) * 86_400 + (hour - 1) * 3600 + minute * 60 + second) * SECOND)
}

pub fn words(list: &[(&str, u64)]) -> BTreeMap<String, u64> {
    list.iter().map(|(w, n)| (w.to_string(), *n)).collect()
}

pub fn quote(file: &str, line: u64, text: &str) -> Quote {
    Quote { file: file.into(), line, offset: None, text: text.into() }
}

fn advice(kind: &str, text: &str, knob: &str, default: &str, cost: &str) -> Advice {
    Advice {
        kind: kind.into(),
        text: text.into(),
        knob: knob.into(),
        default: default.into(),
        cost: cost.into(),
        ..Advice::default()
    }
}

fn share(cause: &str, failures: u64, first_at: Stamp, role: &str) -> CauseShare {
    CauseShare { cause: cause.into(), failures, first_at, role: role.into() }
}

pub fn incident(id: u32, service: &str, broke: &str, cause: &str, failures: u64, at: Stamp, lasted_s: i64) -> Incident {
    Incident {
        id,
        title: format!("{service}: {broke}"),
        opened_at: at,
        closed_at: at + lasted_s * SECOND,
        state: State::Closed,
        service: service.into(),
        nodes: vec!["cache-1".into()],
        cause: cause.into(),
        root: None,
        failures,
        causes: vec![share(cause, failures, at, "")],
        verdicts: words(&[("not_sent", failures)]),
        limits: Vec::new(),
        harm: Harm { by_impact: words(&[("error", failures)]), visitors_5xx: failures, ..Harm::default() },
        curve: Vec::new(),
        rate_per_hour: None,
        in_short: String::new(),
        examples: Vec::new(),
        proof: Vec::new(),
        advice: Vec::new(),
        began: Vec::new(),
        ended_by: Vec::new(),
        trigger: None,
        fix: None,
        worked: None,
        notes: Vec::new(),
        seen_before: Vec::new(),
        similar: Vec::new(),
        recurrence: None,
        measured: None,
        history_since: Stamp::NONE,
    }
}

/// The night of the catalogue import: timeouts, then the probe failed.
pub fn overload() -> Incident {
    let at = nov(10, 3, 4, 12);
    let rate = [2, 9, 31, 60, 96, 140, 187, 214, 208, 205, 199, 196, 190, 181, 160, 92, 31, 13];
    let mut i =
        incident(41, "shop", "origin overloaded, then marked sick", "timeout.first_byte", 2214, at, 18 * 60 + 28);
    i.root = Some("overload".into());
    i.nodes = vec!["cache-1".into(), "cache-2".into(), "cache-3".into()];
    i.causes = vec![
        share("health.sick", 1978, at + 170 * SECOND, "consequence"),
        share("timeout.first_byte", 175, at, "came first"),
        share("timeout.connect", 61, at + 40 * SECOND, ""),
    ];
    i.verdicts = words(&[("origin_aborted", 118), ("late_answer", 44), ("no_origin_log", 13), ("not_sent", 2039)]);
    i.limits = vec![Limit { knob: "first_byte_timeout".into(), ms: 15_000.0, failures: 118 }];
    i.harm = Harm {
        visitors_5xx: 2391,
        crawlers_5xx: 214,
        by_impact: words(&[("error", 1998), ("stale", 216)]),
        top_urls: vec![("/catalogsearch/result/".into(), 1204), ("/checkout/cart/".into(), 377), ("/".into(), 90)],
        share: Some(0.31),
        grace: None,
        crawled: None,
        retry_after: None,
    };
    i.curve = (0..).zip(rate).map(|(m, n)| ((at.minute() + m * MINUTE).0, n)).collect();
    i.in_short = "PHP had no free worker; Varnish gave up waiting after 15 s.".into();
    i.proof = vec![quote(
        "logs/2026-W46/web1/php-fpm.log",
        8812,
        "WARNING: [pool www] server reached pm.max_children setting (40), consider raising it",
    )];
    i.examples = vec![Example {
        at: nov(10, 3, 10, 28),
        request: "GET shop.example.com/catalogsearch/result/?q=boots".into(),
        verdict: "origin_aborted".into(),
        own: Some(quote("logs/2026-W46/cache-2/varnish.log.gz", 918_274, "FetchError first byte timeout")),
        origin: Some(quote(
            "logs/2026-W46/web1/access.log.1",
            55_102,
            "GET /catalogsearch/result/?q=boots HTTP/1.1 499 0 14.998 s",
        )),
        origin_error: None,
    }];
    i.began = vec![Candidate {
        kind: "cron".into(),
        at: nov(10, 3, 0, 0),
        text: "catalogue import started by cron".into(),
        strength: 0.9,
    }];
    i.ended_by = vec![Candidate {
        kind: "restart".into(),
        at: nov(10, 3, 22, 31),
        text: "php-fpm restart on web1".into(),
        strength: 0.9,
    }];
    i.advice = vec![
        advice("look", "crontab -l -u magento", "", "", ""),
        advice("change", "import in smaller batches, or at a lower priority", "", "", "the import takes longer"),
        advice("NOT", "raise it: longer waits would hold more workers", "first_byte_timeout", "60 s", ""),
    ];
    i.seen_before = vec![17];
    i
}

/// Magento's maintenance flag was left behind.
pub fn maintenance() -> Incident {
    let at = nov(12, 13, 41, 7);
    let mut i = incident(42, "shop", "maintenance page left on", "maintenance", 512, at, 26 * 60);
    i.state = State::Open;
    i.verdicts = words(&[("origin_failed", 512)]);
    i.harm.visitors_5xx = 640;
    i.harm.share = Some(0.97);
    i.in_short = "The origin itself sent 512 x 503, always 2,713 bytes, on all PHP pages.".into();
    i.curve = (0..26).map(|m| ((at.minute() + m * MINUTE).0, 20)).collect();
    i.examples = vec![Example {
        at,
        request: "GET shop.example.com/women/tops.html".into(),
        verdict: "origin_failed".into(),
        own: Some(quote("cache-1/varnish.log.gz", 102_774, "BerespStatus 503")),
        origin: Some(quote("web1/access.log", 7712, "GET /women/tops.html HTTP/1.1 503 2713")),
        origin_error: None,
    }];
    i.began = vec![Candidate {
        kind: "change".into(),
        at: nov(12, 13, 40, 36),
        text: "recorded deploy 2026.46.2".into(),
        strength: 0.9,
    }];
    i.advice = vec![
        advice("look", "bin/magento maintenance:status", "", "", ""),
        advice("change", "bin/magento maintenance:disable", "", "", "only if the deploy has ended"),
        advice("NOT", "restart Varnish: it is healthy, and its cache would be lost", "", "", ""),
    ];
    i
}

/// Cookies over the limit, about once an hour, all week.
pub fn recurring() -> Incident {
    let at = nov(9, 1, 12, 40);
    let mut i = incident(39, "shop", "oversized Set-Cookie", "oversized.header_line", 148, at, 6 * 86_400 + 19 * 3600);
    i.state = State::Recurring;
    i.rate_per_hour = Some(148.0 / 163.0);
    i.verdicts = words(&[("answer_refused", 148)]);
    i.in_short = "The origin answered 200 with headers of 11-14 kB; Varnish takes lines up to 8 kB.".into();
    i.harm.top_urls = vec![("/checkout/onepage/".into(), 131), ("/checkout/cart/".into(), 17)];
    i.curve = (0..148).map(|n| ((at.minute() + n * 66 * MINUTE).0, 1)).collect();
    i.examples = vec![Example {
        at,
        request: "POST shop.example.com/checkout/onepage/".into(),
        verdict: "answer_refused".into(),
        own: Some(quote(
            "cache-1/varnish.log.gz",
            55_310,
            "BogoHeader Header too long: Set-Cookie: basket=[9,204 bytes]",
        )),
        origin: Some(quote("web2/access.log", 412, "POST /checkout/onepage/ HTTP/1.1 200 5120 0.311")),
        origin_error: None,
    }];
    i.advice = vec![
        advice("look", "varnishlog -b -i BogoHeader -g request", "", "", ""),
        advice(
            "change",
            "shrink the cookie at the application; else raise to 16k",
            "http_resp_hdr_len",
            "8k",
            "needs http_resp_size and workspace_backend to grow with it",
        ),
        advice("NOT", "strip Set-Cookie in VCL: customers would lose their basket", "", "", ""),
    ];
    i.fix = Some("cookie split in two by the shop team".into());
    i.worked = Some("no".into());
    i.notes = vec!["Wed: shop team looks into it (ticket 5512)".into(), "Sat: still one an hour".into()];
    i.seen_before = vec![12, 31];
    i
}

fn hidden() -> Incident {
    let mut i = incident(43, "api", "connection refused", "connection.refused", 143, nov(11, 9, 12, 0), 4 * 60 + 9);
    i.harm = Harm { by_impact: words(&[("stale", 143)]), ..Harm::default() };
    i
}

pub fn source(file: &str, format: &str, family: &str, tier: &str, node: &str, read: u64) -> Source {
    Source {
        file: file.into(),
        format: format.into(),
        family: family.into(),
        tier: tier.into(),
        node: node.into(),
        lines: Lines { read, parsed: read, ..Lines::default() },
        first_at: nov(9, 0, 0, 0),
        last_at: nov(15, 23, 59, 0),
        why: "every line fits".into(),
        trouble: Vec::new(),
    }
}

pub fn clock(from: &str, to: &str, offset_ms: f64, error_ms: f64, pairs: u64) -> ClockOffset {
    ClockOffset {
        from: from.into(),
        to: to.into(),
        offset_ms,
        error_ms,
        drift_ppm: 0.4,
        pairs,
        zone_mistake: None,
        enough: pairs >= 20,
    }
}

/// What does not fail yet.
fn watched() -> Vec<EarlyWarning> {
    let warning = |kind, backend: &str, cause: &str, text: &str| EarlyWarning {
        kind,
        node: "cache-1".into(),
        backend: backend.into(),
        cause: cause.into(),
        text: text.into(),
        advice: "look before it fails".into(),
        seen: 27_310.0,
        limit: Some(32_768.0),
        unit: "bytes",
        at: nov(14, 11, 0, 0),
    };
    vec![
        warning(
            Concern::HeaderBytes,
            "web",
            "oversized.headers_total",
            "response headers of up to 27310 bytes, 83 % of http_resp_size (32768 by default); grew from 12100 within 6 days",
        ),
        warning(
            Concern::NearMiss,
            "api",
            "timeout.first_byte",
            "17 answers came in the last fifth before the time limit of 60 s (by default)",
        ),
    ]
}

/// The week of the mock-ups: six nodes, ten thousand files.
pub fn week() -> Report {
    let mut sources = Vec::new();
    for n in 0..10_412 {
        let cache = n % 2 == 0;
        let node = if cache { format!("cache-{}", n % 3 + 1) } else { format!("web{}", n % 3 + 1) };
        let (format, tier) = if cache { ("varnishlog", "cache") } else { ("nginx-combined", "origin") };
        sources.push(source(&format!("logs/{node}/{n}.gz"), format, format, tier, &node, 20_407));
    }
    let mut incidents = vec![overload(), maintenance(), recurring(), hidden()];
    incidents[1].state = State::Closed;
    for n in 0..6 {
        incidents.push(incident(
            44 + n,
            "api",
            "connection reset",
            "connection.reset",
            [20, 9, 6, 4, 3, 1][n as usize],
            nov(13, 6 + i64::from(n), 7, 0),
            30,
        ));
    }
    Report {
        early_warnings: watched(),
        schema: 1,
        span: Some(Span { from: nov(9, 0, 0, 0), to: nov(15, 23, 59, 0) }),
        sources,
        totals: Totals {
            lines: Lines { read: 212_480_117, parsed: 212_479_006, skipped: 1102, not_understood: 9 },
            requests: 18_200_000,
            fetches: 1_911_204,
            failed_fetches: 3060,
            by_verdict: words(&[
                ("origin_failed", 512),
                ("answer_refused", 148),
                ("origin_aborted", 118),
                ("late_answer", 44),
                ("never_arrived", 143),
                ("ambiguous", 12),
                ("no_origin_log", 44),
                ("not_sent", 2039),
            ]),
            by_impact: words(&[("error", 2630), ("truncated", 12), ("stale", 359), ("retried_ok", 59)]),
            by_cause: words(&[("health.sick", 1978), ("maintenance", 512), ("unknown", 3)]),
            told_in: 512,
            not_origin: words(&[("client.bad_request", 23)]),
            visitors: Visitors {
                requests: 18_200_000,
                got_5xx: 3412,
                own_fetch: 2630,
                shared: 611,
                made_here: 102,
                edge: 69,
                unexplained: 0,
                worst_minute: Some((nov(10, 3, 9, 0).0, 0.11)),
            },
        },
        incidents,
        scattered: None,
        clock_offsets: vec![
            clock("cache-1", "web1", 412.0, 21.0, 90_122),
            clock("cache-1", "web2", 380.0, 18.0, 88_000),
        ],
        warnings: vec!["cache-3 has no log Wed 14:00-16:20".into()],
        store: Some(Stored { path: "/var/lib/guru/guru.db".into(), new: 2, updated: 8, known: 900, error: None }),
        took_ms: 38_114,
    }
}

fn small(sources: Vec<Source>, requests: u64, fetches: u64) -> Report {
    let read = sources.iter().map(|s| s.lines.read).sum();
    Report {
        schema: 1,
        span: Some(Span { from: nov(10, 3, 0, 0), to: nov(10, 3, 29, 59) }),
        totals: Totals {
            lines: Lines { read, parsed: read, ..Lines::default() },
            requests,
            fetches,
            visitors: Visitors { requests, ..Visitors::default() },
            ..Totals::default()
        },
        sources,
        took_ms: 430,
        ..Report::default()
    }
}

/// Nothing failed.
pub fn healthy() -> Report {
    let sources = vec![
        source("varnish.log.zst", "varnishlog", "varnishlog", "cache", "cache-1", 411_200),
        source("nginx-access.log", "nginx-combined", "nginx-access", "origin", "web1", 9876),
    ];
    let mut r = small(sources, 12_345, 9876);
    r.warnings = vec!["web1 has no log before 03:10: what happened there earlier is not covered".into()];
    r.clock_offsets = vec![clock("cache-1", "web1", -1.2, 0.8, 9000)];
    r.store = Some(Stored { path: "/home/ops/.local/share/guru/guru.db".into(), ..Stored::default() });
    r
}

/// nginx alone: its upstream failures.
pub fn nginx_only() -> Report {
    let sources = vec![
        source("access.log", "nginx-combined", "nginx-access", "origin", "web1", 48_211),
        source("error.log", "nginx-error", "nginx-error", "origin", "web1", 31),
    ];
    let mut r = small(sources, 48_211, 48_211);
    let mut i =
        incident(1, "php", "nothing listened on 127.0.0.1:9000", "connection.refused", 31, nov(10, 3, 7, 2), 41);
    i.in_short = "Nothing listened on 127.0.0.1:9000 for 41 s; nginx answered 502.".into();
    r.incidents = vec![i];
    r.totals.failed_fetches = 31;
    r.totals.by_verdict = words(&[("not_sent", 30), ("no_origin_log", 1)]);
    r.totals.by_impact = words(&[("error", 31)]);
    r.totals.by_cause = words(&[("connection.refused", 31)]);
    let v = &mut r.totals.visitors;
    (v.got_5xx, v.own_fetch, v.made_here, v.unexplained) = (36, 31, 4, 1);
    v.worst_minute = Some((nov(10, 3, 7, 0).0, 0.44));
    r
}

/// Varnish alone, analysed without a store.
pub fn varnish_only() -> Report {
    let mut r = small(vec![source("-", "varnishlog", "varnishlog", "cache", "stdin", 120_555)], 4210, 3011);
    let mut i = incident(1, "web", "gave no answer within 2 s", "timeout.first_byte", 17, nov(10, 3, 7, 2), 200);
    i.state = State::Open;
    i.in_short = "The backend took longer than 2 s and Varnish gave up.".into();
    r.incidents = vec![i];
    r.totals.failed_fetches = 17;
    r.totals.by_verdict = words(&[("no_origin_log", 17)]);
    r.totals.by_impact = words(&[("error", 15), ("unknown", 2)]);
    r.totals.by_cause = words(&[("timeout.first_byte", 17)]);
    let v = &mut r.totals.visitors;
    (v.got_5xx, v.own_fetch, v.shared) = (19, 15, 4);
    r
}
