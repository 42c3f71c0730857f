//! Documents for people who do not sit at a terminal: what they say, that they are the same each time, and that nothing
//! from a log acts in them.

use guru::model::dossier::{BackendSeen, Dossier, Others, Sample};
use guru::model::review::{BackendLimit, CauseSlice, ChangeMark, Course, Pair, Review, Served};
use guru::model::stamp::MINUTE;
use guru::model::{BackendHour, Incident, Stamp};
use guru::view::{self, Style, Zone};

use crate::believable::{clock, maintenance, nov, overload, quote, recurring};

const HOUR: i64 = 60 * MINUTE;

fn style() -> Style {
    Style { zone: Zone::parse("+01:00").expect("an offset"), ..Style::default() }
}

fn hour(node: &str, backend: &str, at: Stamp, ms: f64) -> BackendHour {
    BackendHour {
        tier: "cache".into(),
        node: node.into(),
        backend: backend.into(),
        hour: at,
        fetches: 4_000,
        failed: if ms > 1_000.0 { 180 } else { 0 },
        p50_ms: Some(ms),
        p95_ms: Some(ms * 3.0),
        p99_ms: Some(ms * 6.0),
        ..BackendHour::default()
    }
}

/// Its failures by slice of an hour at most, all of its first cause.
fn course(i: &Incident) -> Course {
    let slice_us = if i.failures == 148 { 4 * HOUR } else { MINUTE };
    let mut slices: Vec<CauseSlice> = Vec::new();
    for (minute, failures) in &i.curve {
        let at = Stamp(minute.div_euclid(slice_us) * slice_us);
        match slices.last_mut().filter(|s| s.at == at) {
            Some(slice) => slice.failures += failures,
            None => slices.push(CauseSlice { at, cause: i.cause.clone(), failures: *failures }),
        }
    }
    Course { incident: i.id, slice_us, slices }
}

/// The week of the mock-ups, as the store would tell it.
pub fn review() -> Review {
    let (from, to) = (nov(9, 0, 0, 0), nov(15, 23, 59, 0));
    let slice_us = 4 * HOUR;
    let mut failures: Vec<CauseSlice> = Vec::new();
    for i in [overload(), maintenance(), recurring()] {
        for c in &i.causes {
            let at = Stamp(c.first_at.0.div_euclid(slice_us) * slice_us);
            failures.push(CauseSlice { at, cause: c.cause.clone(), failures: c.failures });
        }
    }
    failures.sort_by(|a, b| (a.at, &a.cause).cmp(&(b.at, &b.cause)));
    let slow = |n: i64| if n == 27 { 2_400.0 } else { 60.0 + (n * 7 % 40) as f64 };
    let hours = (0..167).flat_map(|n| {
        let at = from + n * HOUR;
        [hour("cache-1", "web1", at, slow(n)), hour("cache-2", "web1", at, 55.0), hour("cache-1", "api", at, 12.0)]
    });
    let pair = |node: &str, backend: &str, failed, cause: &str| Pair {
        node: node.into(),
        backend: backend.into(),
        fetches: 668_000,
        failed,
        cause: cause.into(),
    };
    Review {
        from,
        to,
        about: None,
        incidents: vec![overload(), maintenance(), recurring()],
        slice_us,
        failures,
        courses: [overload(), maintenance(), recurring()].iter().map(course).collect(),
        pairs: vec![
            pair("cache-1", "api", 0, ""),
            pair("cache-1", "web1", 1_214, "health.sick"),
            pair("cache-2", "web1", 1_000, "timeout.first_byte"),
        ],
        hours: hours.collect(),
        limits: vec![BackendLimit { backend: "web1".into(), knob: "first_byte_timeout".into(), ms: 15_000.0 }],
        early: Vec::new(),
        addresses: vec!["10.0.0.11:8080".into()],
        changes: vec![
            ChangeMark {
                at: nov(10, 3, 22, 31),
                kind: "restart".into(),
                node: "web1".into(),
                text: "php-fpm restart".into(),
            },
            ChangeMark {
                at: nov(12, 13, 40, 36),
                kind: "change".into(),
                node: String::new(),
                text: "deploy 2026.46.2".into(),
            },
        ],
        served: Served { requests: 18_200_000, requests_5xx: 3_412, fetches: 2_004_000, failed: 3_060 },
    }
}

fn about(i: Incident) -> Review {
    let (from, to) = (i.opened_at - 30 * MINUTE, i.closed_at + 30 * MINUTE);
    Review { from, to, about: Some(i.id), incidents: vec![i], ..review() }
}

pub fn dossier() -> Dossier {
    let i = overload();
    let seen = |node: &str, failures| BackendSeen {
        backend: "web1".into(),
        address: "10.0.0.11:8080".into(),
        node: node.into(),
        failures,
        first: i.opened_at,
        last: i.closed_at,
    };
    let sample = Sample {
        at: nov(10, 3, 10, 28) + 123_456,
        gave_up: nov(10, 3, 10, 43) + 123_456,
        node: "cache-2".into(),
        vxid: 98_307,
        method: "GET".into(),
        host: "shop.example.com".into(),
        url: "/catalogsearch/result/?q=boots".into(),
        backend: "web1".into(),
        address: "10.0.0.11:8080".into(),
        status: 503,
        cause: "timeout.first_byte".into(),
        verdict: "origin_aborted".into(),
        own: vec![quote("cache-2/varnish.log.gz", 918_274, "FetchError first byte timeout")],
        origin: Some(quote(
            "web1/access.log.1",
            55_102,
            "192.0.2.77 - - [10/Nov/2026:03:10:43 +0100] \"GET /catalogsearch/result/?q=boots HTTP/1.1\" 499 0",
        )),
        origin_error: None,
    };
    Dossier {
        backends: vec![seen("cache-2", 1_214), seen("cache-1", 1_000)],
        samples: vec![sample],
        statuses: vec![(503, 2_214)],
        sent: 175,
        opened: 175,
        others: Others { backends: vec!["api".into(), "static".into()], fetches: 12_204, failed: 0 },
        clocks: vec![clock("cache-2", "web1", 412.0, 21.0, 900)],
        incident: i,
    }
}

/// What a page says, without its style and its drawings: text and the names of its parts, one per line.
fn structure(page: &str) -> String {
    let mut out = String::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        push(&mut out, &rest[..at]);
        let tag = &rest[at..];
        if tag.starts_with("<style") || tag.starts_with("<svg") {
            let end = if tag.starts_with("<svg") { "</svg>" } else { "</style>" };
            let whole = &tag[..tag.find(end).expect("it is closed") + end.len()];
            let title = whole.split_once("<title").and_then(|(_, t)| t.split_once('>')?.1.split_once('<'));
            if let Some((title, _)) = title {
                push(&mut out, &format!("[drawing: {title}]"));
            }
            rest = &tag[whole.len()..];
            continue;
        }
        let end = tag.find('>').expect("a tag ends") + 1;
        let name: String = tag[1..].chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
        if matches!(name.as_str(), "h1" | "h2" | "h3" | "h4" | "table" | "figure" | "article" | "section") {
            push(&mut out, &format!("{}:", name));
        }
        rest = &tag[end..];
    }
    out
}

fn push(out: &mut String, text: &str) {
    let text = text.trim();
    if !text.is_empty() {
        out.push_str(text);
        out.push('\n');
    }
}

#[test]
fn a_page_of_a_week() {
    insta::assert_snapshot!(structure(&view::html(&review(), &style())));
}

#[test]
fn a_page_of_nothing() {
    let empty = Review { from: nov(9, 0, 0, 0), to: nov(15, 0, 0, 0), ..Review::default() };
    insta::assert_snapshot!(structure(&view::html(&empty, &style())));
}

#[test]
fn a_mail_of_a_week() {
    insta::assert_snapshot!(view::weekly(&review(), &style()));
}

#[test]
fn the_draft_of_a_post_mortem() {
    insta::assert_snapshot!(view::postmortem(&about(overload()), &style()));
}

#[test]
fn a_ticket() {
    insta::assert_snapshot!(view::ticket(&dossier(), &style()));
}

#[test]
fn a_ticket_in_markdown() {
    insta::assert_snapshot!(view::ticket_markdown(&dossier(), &style()));
}

#[test]
fn the_same_review_gives_the_same_bytes() {
    let (one, other) = (review(), review());
    assert_eq!(view::html(&one, &style()), view::html(&other, &style()));
}

/// What a page must not do, whatever it holds.
#[track_caller]
pub fn assert_self_contained(page: &str) {
    let lower = page.to_ascii_lowercase();
    assert!(page.starts_with("<!DOCTYPE html>"), "{}", &page[..40]);
    for tag in
        ["<script", "<iframe", "<object", "<embed", "<link", "<base", "<img", "<form", "<input", "<a href=\"http"]
    {
        assert!(!lower.contains(tag), "{tag}");
    }
    for (at, _) in lower.match_indices("href=\"") {
        assert!(lower[at + 6..].starts_with("#incident-"), "{}", &page[at..at + 40]);
    }
    for (at, _) in lower.match_indices("url(") {
        assert!(lower[at + 4..].starts_with("#p"), "{}", &page[at..at + 20]);
    }
    for word in [" src=", "@import", "javascript:", "srcset="] {
        assert!(!within_tags(&lower, word), "{word}");
    }
    let handlers = [" onload", " onerror", " onclick", " onmouseover", " onfocus"];
    assert!(handlers.iter().all(|h| !within_tags(&lower, h)));
    assert!(lower.contains("content-security-policy"));
}

/// True when a word stands in a tag or in the style, not in text.
fn within_tags(page: &str, word: &str) -> bool {
    page.match_indices(word).any(|(at, _)| {
        let before = &page[..at];
        before.rfind('<') > before.rfind('>') || before.rfind("<style") > before.rfind("</style")
    })
}

#[test]
fn every_drawing_has_a_name_and_a_description_and_every_table_its_headings() {
    let page = view::html(&review(), &style());
    let drawings = page.matches("<svg").count();
    let hidden = page.matches("aria-hidden=\"true\"").count();
    let named = page.matches("role=\"img\"").count();
    assert_eq!(drawings, hidden + named);
    assert!(named >= 8, "{named}");
    let svg = page.split("<svg").filter(|s| s.contains("role=\"img\""));
    for s in svg {
        let labels = s.split_once("aria-labelledby=\"").and_then(|(_, s)| s.split_once('"')).expect("a label").0;
        for id in labels.split(' ') {
            assert_eq!(page.matches(&format!("id=\"{id}\"")).count(), 1, "{id}");
        }
    }
    assert_eq!(
        page.matches("<th").count(),
        page.matches("<th scope=").count()
            + page.matches("<thead").count()
            + page.matches("<th class=\"num\" scope=").count()
    );
    for id in page.split(" id=\"").skip(1).filter_map(|s| s.split_once('"')) {
        assert_eq!(page.matches(&format!(" id=\"{}\"", id.0)).count(), 1, "{} is there twice", id.0);
    }
}

/// Everything that a stranger may have chosen.
const EVIL: &str =
    "</style></svg><script>alert(1)</script><img src=x onerror=alert(1)>\"'&\u{202e}\x1b[2J](javascript:x) ```\n# h |";

pub fn evil_review(evil: &str) -> Review {
    let mut r = review();
    for i in &mut r.incidents {
        for text in [&mut i.title, &mut i.service, &mut i.in_short, &mut i.cause] {
            *text = evil.into();
        }
        (i.root, i.trigger, i.fix) = (Some(evil.into()), Some(evil.into()), Some(evil.into()));
        (i.notes, i.nodes) = (vec![evil.into()], vec![evil.into()]);
        i.harm.top_urls = vec![(evil.into(), 7)];
        i.causes.iter_mut().for_each(|c| (c.cause, c.role) = (evil.into(), evil.into()));
        i.verdicts.insert(evil.into(), 1);
        i.harm.by_impact.insert(evil.into(), 1);
        i.limits.iter_mut().for_each(|l| l.knob = evil.into());
        i.proof = vec![quote(evil, 1, evil)];
        for e in &mut i.examples {
            (e.request, e.verdict, e.own, e.origin) =
                (evil.into(), evil.into(), Some(quote(evil, 1, evil)), Some(quote(evil, 1, evil)));
        }
        for c in i.began.iter_mut().chain(&mut i.ended_by) {
            (c.kind, c.text) = (evil.into(), evil.into());
        }
        for a in &mut i.advice {
            (a.kind, a.text, a.knob, a.command, a.cost) =
                (evil.into(), evil.into(), evil.into(), evil.into(), evil.into());
        }
    }
    r.failures.iter_mut().for_each(|f| f.cause = evil.into());
    r.courses.iter_mut().flat_map(|c| &mut c.slices).for_each(|s| s.cause = evil.into());
    r.pairs.iter_mut().for_each(|p| (p.node, p.backend, p.cause) = (evil.into(), evil.into(), evil.into()));
    r.hours.iter_mut().for_each(|h| (h.node, h.backend) = (evil.into(), evil.into()));
    r.limits.iter_mut().for_each(|l| (l.backend, l.knob) = (evil.into(), evil.into()));
    r.changes.iter_mut().for_each(|c| (c.kind, c.node, c.text) = (evil.into(), evil.into(), evil.into()));
    r
}

#[test]
fn nothing_from_a_log_acts_in_a_page() {
    let page = view::html(&evil_review(EVIL), &style());
    assert_self_contained(&page);
    assert!(!page.chars().any(|c| c == '\u{202e}' || c == '\x1b'));
    assert_eq!(page.matches("</style>").count(), 1);
    // Tags are those of the same page with harmless words.
    let tags = |page: &str| page.matches('<').count();
    assert_eq!(tags(&page), tags(&view::html(&evil_review("word"), &style())));
}

#[test]
fn nothing_from_a_log_acts_in_markdown() {
    for text in [view::weekly(&evil_review(EVIL), &style()), view::postmortem(&evil_review(EVIL), &style())] {
        assert!(!text.contains('\x1b') && !text.contains('\u{202e}'));
        for line in text.lines().filter(|l| !l.starts_with("    ")) {
            // Code spans may hold anything; outside of them no tag and no link.
            let spans = line.split("````").step_by(2).collect::<String>().replace("\\]", "");
            assert!(!spans.contains("<script") && !spans.contains("<img") && !spans.contains("](java"), "{line}");
            assert!(!line.starts_with("# h"), "{line}");
        }
    }
}

#[test]
fn a_ticket_tells_no_secret_and_no_address_of_a_visitor() {
    let secrets = [
        "Cookie: sid=s3cr3t-1; PHPSESSID=s3cr3t-2",
        "GET /a?token=s3cr3t-3&api_key=s3cr3t-4&x=1 HTTP/1.1",
        "Authorization: Bearer s3cr3t-5",
        "\"Bearer s3cr3t-6\"",
        "set-cookie: s3cr3t-7",
        "http://user:s3cr3t-8@api/",
        "eyJhbGciOiJIUzI1NiJ9.s3cr3t-9.x",
        "/?password%3Ds3cr3t-10",
        "Proxy-Authorization: Basic s3cr3t-11",
        "x-api-key: s3cr3t-12",
    ];
    for secret in secrets {
        let text =
            format!("203.0.113.77 2001:db8:1:2:3::9 ::ffff:203.0.113.77 [203.0.113.77:55] 10.0.0.11:8080 {secret}");
        let mut d = dossier();
        (d.incident.in_short, d.incident.title) = (text.clone(), text.clone());
        d.incident.harm.top_urls = vec![(text.clone(), 3)];
        for b in &mut d.backends {
            b.node.clone_from(&text);
        }
        for s in &mut d.samples {
            (s.url, s.host, s.node, s.method) = (text.clone(), text.clone(), text.clone(), text.clone());
            s.own = vec![quote(&text, 1, &text)];
            (s.origin, s.origin_error) = (Some(quote(&text, 1, &text)), Some(quote(&text, 2, &text)));
        }
        d.others.backends = vec![text.clone()];
        for told in [view::ticket(&d, &style()), view::ticket_markdown(&d, &style())] {
            assert!(!told.contains("s3cr3t"), "{secret}:\n{told}");
            assert!(!told.contains("203.0.113.77") && !told.contains("2:3::9"), "{told}");
            assert!(told.contains("203.0.113.0/24") && told.contains("10.0.0.11:8080"), "{told}");
        }
    }
}

#[test]
fn the_ends_of_numbers_and_of_time_do_not_panic() {
    let mut r = review();
    for i in &mut r.incidents {
        (i.opened_at, i.closed_at, i.failures) = (Stamp(i64::MIN + 1), Stamp(i64::MAX), u64::MAX);
        i.curve = vec![(0, u64::MAX), (i64::MAX / 4, u64::MAX)];
        i.limits.iter_mut().for_each(|l| l.ms = f64::NAN);
        i.rate_per_hour = Some(f64::INFINITY);
        i.harm.share = Some(f64::NAN);
    }
    r.failures.iter_mut().for_each(|f| f.failures = u64::MAX);
    r.pairs.iter_mut().for_each(|p| (p.fetches, p.failed) = (u64::MAX, u64::MAX));
    for h in &mut r.hours {
        (h.p50_ms, h.p95_ms, h.p99_ms, h.fetches) = (Some(f64::INFINITY), Some(f64::NAN), Some(-1.0), u64::MAX);
    }
    r.served = Served { requests: u64::MAX, requests_5xx: 1, fetches: u64::MAX, failed: 1 };
    view::html(&r, &style());
    for (from, to) in [(Stamp::NONE, Stamp::NONE), (Stamp(0), Stamp(0)), (Stamp(0), Stamp(400 * 24 * HOUR))] {
        r.incidents.iter_mut().for_each(|i| (i.opened_at, i.closed_at) = (from, to));
        (r.from, r.to) = (from, to);
        view::html(&r, &style());
        view::weekly(&r, &style());
        view::postmortem(&r, &style());
    }
}

#[test]
fn reports_tell_neither_secrets_nor_addresses_of_people() {
    let planted =
        "203.0.113.77 \"GET /a?token=s3cr3t&key=eyJhbGciOiJIUzI1NiJ9.e30.s3cr3t\" Bearer s3cr3t-t0ken 10.0.0.11:8080";
    let mut r = evil_review(planted);
    // Causes, names of machines and advice are our own words.
    let ours = "word";
    r.pairs.iter_mut().for_each(|p| (p.node, p.backend, p.cause) = (ours.into(), ours.into(), ours.into()));
    r.hours.iter_mut().for_each(|h| (h.node, h.backend) = (ours.into(), ours.into()));
    r.failures.iter_mut().for_each(|f| f.cause = ours.into());
    r.courses.iter_mut().flat_map(|c| &mut c.slices).for_each(|s| s.cause = ours.into());
    r.limits.iter_mut().for_each(|l| (l.backend, l.knob) = (ours.into(), ours.into()));
    r.changes.iter_mut().for_each(|c| (c.kind, c.node) = (ours.into(), ours.into()));
    for i in &mut r.incidents {
        (i.cause, i.root, i.nodes, i.advice) = (ours.into(), None, vec![ours.into()], Vec::new());
        i.causes.iter_mut().for_each(|c| (c.cause, c.role) = (ours.into(), ours.into()));
        i.verdicts.remove(planted);
        i.harm.by_impact.remove(planted);
        i.limits.iter_mut().for_each(|l| l.knob = ours.into());
        i.examples.iter_mut().for_each(|e| e.verdict = "late_answer".into());
        i.began.iter_mut().chain(&mut i.ended_by).for_each(|c| c.kind = ours.into());
    }
    let pages = [view::html(&r, &style()), view::weekly(&r, &style()), view::postmortem(&r, &style())];
    for page in pages {
        for secret in ["s3cr3t", "203.0.113.77"] {
            let at = page.find(secret).map(|n| page[n.saturating_sub(200)..n + 20].to_string());
            assert_eq!(at, None, "{secret}");
        }
        assert!(page.contains("203.0.113.0/24") || page.contains("203\\.0\\.113"), "{page}");
        assert!(page.contains("10.0.0.11:8080"), "own machines stay");
    }
}
