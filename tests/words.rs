//! Data test of the formats' `[words]`: what the catalogue of CDN error words says of each explicit value of a log is
//! what the shipped formats make of it; codes that only a page shows are answered by `guru explain`.

mod support;

use guru::classify::Rules;
use guru::grammar::{Library, Lookup};
use guru::model::{Class, Fact, Facts, Locator, Mark, MarkKind, Word};

use support::{Ask, Folder};

/// CDNs of the catalogue and the families of formats that have their words.
const FAMILIES: &[(&str, &[&str])] = &[
    ("fastly", &["fastly"]),
    ("cloudflare", &["cloudflare"]),
    ("cloudfront", &["cloudfront", "cloudfront-realtime"]),
    ("akamai", &["akamai"]),
    ("gcp", &["gcp-lb"]),
    ("rfc9209", &["gcp-lb"]),
    ("azure_afd", &["azure-frontdoor"]),
    ("bunny", &["bunny"]),
    ("aws_alb", &["aws-alb"]),
    ("gcore", &["gcore"]),
    ("vercel", &["vercel"]),
    ("imperva", &["imperva"]),
    ("varnishncsa", &["varnishncsa"]),
    ("haproxy", &["haproxy"]),
];

/// A row of the catalogue as a line of the log would have it.
struct Case {
    cdn: &'static str,
    /// Field and value as logged.
    field: String,
    value: String,
    facts: Facts,
    listed: &'static str,
}

/// The id for a row, where another than the listed one is better, or by the design's mapping.
fn wanted(listed: &str) -> &str {
    match listed {
        "protocol.range" | "protocol.http2" | "protocol.upgrade" => "protocol.malformed",
        "edge.code" | "edge.capacity" => "edge.internal",
        "client.request" => "client.bad_request",
        "noise.internal" => "noise",
        _ => listed,
    }
}

fn facts(of: &[(Fact, f64)]) -> Facts {
    let mut facts = Facts::default();
    for &(fact, value) in of {
        facts.set(fact, value);
    }
    facts
}

/// Rows whose value is a combination: the field, its value, and what the rest of the line tells.
fn combined(value: &'static str) -> Option<(&'static str, &'static str, Facts)> {
    use Fact::{Answered, Connected, OriginStatus, Relayed, Status};
    let elb = "elb_status_code";
    Some(match value {
        "502 - rpt=-1 tpt=-1" => (elb, "502", facts(&[(Connected, 0.0), (Answered, 0.0)])),
        "502 - rpt>=0 tpt>=0 rspt=-1" => (elb, "502", facts(&[(Connected, 1.0), (Answered, 0.0)])),
        "503 - target=-" => (elb, "503", facts(&[(Connected, 0.0), (Answered, 0.0)])),
        "504 - rpt=-1 tpt=-1" => (elb, "504", facts(&[(Connected, 0.0), (Answered, 0.0)])),
        "504 - rpt>=0 tpt=-1" | "504 - rpt>=0 tpt~60" => (elb, "504", facts(&[(Connected, 1.0), (Answered, 0.0)])),
        "5xx target=same 5xx" => (elb, "503", facts(&[(Connected, 1.0), (Answered, 1.0), (OriginStatus, 503.0)])),
        "502 connect=-" => ("upstream_status", "502", facts(&[(Connected, 0.0), (Answered, 0.0)])),
        "504 connect=-" => ("upstream_status", "504", facts(&[(Connected, 0.0), (Answered, 0.0)])),
        "502 connect>=0" => ("upstream_status", "502", facts(&[(Connected, 1.0), (Answered, 0.0)])),
        "504 connect>=0" => ("upstream_status", "504", facts(&[(Connected, 1.0), (Answered, 0.0)])),
        "5xx with header time" => ("upstream_status", "503", facts(&[(Connected, 1.0), (Answered, 1.0)])),
        "Service Unavailable" => ("response_reason", value, facts(&[(Status, 503.0), (Relayed, 1.0)])),
        _ => return None,
    })
}

fn case(line: &'static str) -> Option<Case> {
    let row: Vec<&str> = line.split('\t').collect();
    let [cdn, of, value, listed, note] = row[..] else { panic!("five fields in {line:?}") };
    // Codes of pages, and what takes a whole line to tell, are proven apart.
    if of.starts_with("1xxx") || of == "default format, backend mode" {
        return None;
    }
    // Without a grade nothing is claimed: `*(unlisted)`.
    let graded = note.starts_with('[');
    let field = match of {
        "obj.response / resp.response / response_reason" => "response_reason",
        "fastly_info.state" => "response_state",
        "EdgeResponseStatus (OriginResponseStatus=0)" => "EdgeResponseStatus",
        "ClientRequestSource / RequestSource" => "ClientRequestSource",
        "jsonPayload.statusDetails" => "statusDetails",
        "Proxy-Status error= (GCP regional proxyStatus, any proxy)" => "proxyStatus",
        "FrontDoorHealthProbeLog.result" => "result",
        "origin-errors ErrorCode" => "ErrorCode",
        "errorInfo" if value == "SSLMismatchedSNI" => "result",
        other => other,
    };
    if let Some((field, value, facts)) = combined(value) {
        let (field, value) = (field.to_string(), value.to_string());
        return Some(Case { cdn, field, value, facts, listed });
    }
    let text = match field {
        "proxyStatus" => format!("error=\"{value}\"; details=\"x\""),
        "elb_status_code/target_status_code/times" => value.to_string(),
        _ => value.replace('*', "X").replace("backend NAME", "backend web"),
    };
    let field = if field.starts_with("elb_status_code") { "elb_status_code" } else { field };
    // A status says itself what the client got; a word of failure comes with an error, one of success with none.
    let status = value.parse().ok().filter(|s| (100..=999).contains(s)).or((listed != "ok").then_some(503));
    let facts = facts(&status.map(|s: u16| (Fact::Status, s.into())).into_iter().collect::<Vec<_>>());
    graded.then(|| Case { cdn, field: field.to_string(), value: text, facts, listed })
}

fn cases() -> Vec<Case> {
    include_str!("data/causes/cdn-errors.tsv").lines().skip(1).filter_map(case).collect()
}

/// The words of each format of a CDN's families that has the field.
fn words_of(library: &Library, cdn: &str) -> Vec<(String, Vec<Word>)> {
    let families = FAMILIES.iter().find(|(name, _)| *name == cdn).expect("every CDN of the catalogue has families").1;
    let of_family = library.grammars().iter().filter(|g| families.iter().any(|f| *f.as_bytes() == *g.family.bytes()));
    of_family.map(|g| (g.name.clone(), g.words().to_vec())).collect()
}

/// The names that a field of the catalogue has in the layouts of a CDN's formats.
const NAMES: &[(&str, &[&str])] = &[
    ("response_reason", &["response_reason", "resp.response", "resp_message", "reason"]),
    ("fastly.error", &["fastly.error", "fastly_error"]),
    ("response_state", &["response_state", "fastly_info.state", "cache_status", "state"]),
];

/// Rows of which another id is better than the listed one, or no format can say it, and why.
const DEVIATIONS: &[(&str, &str, &str)] = &[
    // As in the catalogue of Varnish's fetch errors: alone it is the origin that hung up.
    ("varnishncsa", "straight insufficient bytes", "connection.closed"),
    // Its note says that refused, not answered and sick cannot be told apart, which is what this id means.
    ("varnishncsa", "%h=- and %s=503 and %b=0", "connection.failed"),
];

/// What a format makes of a value: `ok`, `noise`, or the cause that the rules name.
fn said(words: &[Word], case: &Case) -> Option<&'static str> {
    let lookup = Lookup::new(words).expect("shipped words are right");
    let own = [case.field.as_str()];
    let names = NAMES.iter().find(|(name, _)| *name == case.field).map_or(&own[..], |(_, names)| *names);
    let Some((name, field)) = names.iter().find_map(|name| Some((name, lookup.field(name)?))) else {
        // A format that gives the value as the record it is, which the cause files judge.
        let record = Mark { kind: MarkKind::FetchError, text: case.value.as_bytes(), at: Locator::default() };
        let is_record = case.field == "%{VSL:FetchError}x";
        return is_record.then(|| Rules::embedded().decide(&[record], &case.facts).cause.id());
    };
    let class = lookup.class(field, case.value.as_bytes());
    let given = lookup.class_given(field, case.value.as_bytes(), &case.facts);
    assert!(class == given || class == Class::Depends, "{} {}: {class:?} but {given:?}", case.field, case.value);
    let rules = Rules::embedded().with_words(words).expect("shipped words are right");
    let text = format!("{name} {}", case.value);
    let mark = Mark { kind: MarkKind::Word, text: text.as_bytes(), at: Locator::default() };
    Some(match given {
        Class::Ok => "ok",
        Class::Noise => "noise",
        _ => rules.decide(&[mark], &case.facts).cause.id(),
    })
}

#[test]
fn the_catalogue_of_cdn_words_maps_to_its_causes() {
    let library = Library::embedded();
    let cases = cases();
    let mut wrong = Vec::new();
    for (cdn, _) in FAMILIES {
        let formats = words_of(&library, cdn);
        assert!(!formats.is_empty(), "{cdn} has no format");
        for case in cases.iter().filter(|c| c.cdn == *cdn) {
            let told: Vec<_> = formats.iter().filter_map(|(name, words)| Some((name, said(words, case)?))).collect();
            if told.is_empty() {
                wrong.push(format!("{cdn}: no format has words for {}", case.field));
            }
            let deviates = DEVIATIONS.iter().find(|(of, value, _)| *of == *cdn && *value == case.value);
            let wanted = deviates.map_or(wanted(case.listed), |(_, _, better)| better);
            let others = told.iter().filter(|(_, said)| *said != wanted);
            wrong.extend(
                others.map(|(name, said)| format!("{name}: {} {}: {said} instead of {wanted}", case.field, case.value)),
            );
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cases.len() > 400, "{} rows", cases.len());
}

/// The default format of varnishncsa has no word for it: address, status and size together tell.
#[test]
fn the_backend_side_of_varnishncsa_tells_by_address_status_and_size() {
    let stamp = "[20/Nov/2026:17:48:45 +0000]";
    let default = |h: &str| format!(r#"{h} - - {stamp} "GET http://www.example.com/a HTTP/1.1" 503 0 "-" "-""#);
    let side = r#" side=b vxid=9 h=- us=0 ttfb=0.003429 be="25 a 198.51.100.20 80 203.0.113.5 51062 connect" err="-""#;
    let cut = default("198.51.100.20").replace("503 0", "200 3") + side;
    let rows = [
        ("varnishncsa-backend", default("-"), "%h=- and %s=503 and %b=0"),
        ("varnishncsa-backend", default("198.51.100.20"), "%h=IP and %s=503 and %b=0"),
        ("varnishncsa-custom", cut, "%D=0 and %s=200"),
    ];
    for (format, line, row) in rows {
        let catalogue = include_str!("data/causes/cdn-errors.tsv").lines().find(|l| l.contains(row)).expect(row);
        let listed = catalogue.split('\t').nth(3).expect("a cause");
        let wanted = DEVIATIONS.iter().find(|(_, value, _)| *value == row).map_or(listed, |(_, _, better)| better);
        let mut folder = Folder::new();
        folder.add("ncsa.log", None, format!("{line}\n").as_bytes());
        let analysis = Ask { format: Some(format.to_string()), ..Ask::default() }.run(folder.files());
        let causes: Vec<&str> = analysis.failures.iter().map(|f| f.ruling.cause.id()).collect();
        assert_eq!(causes, [wanted], "{row}");
    }
}

/// All words of a run stand in one lexicon: where formats share the name of a field, each value must mean there what
/// it means in the format itself.
#[test]
fn words_mean_the_same_among_those_of_all_formats() {
    let library = Library::embedded();
    let all = library.words();
    let together = Rules::embedded().with_words(&all).expect("shipped words are right");
    let mut circumstances = vec![Facts::default()];
    for (status, connected, answered) in [(200, 1, 1), (403, 1, 1), (503, 0, 0), (503, 1, 0), (503, 1, 1), (504, 1, 0)]
    {
        let known = [(Fact::Connected, connected), (Fact::Answered, answered), (Fact::Status, status)];
        circumstances.push(facts(&known.map(|(fact, value)| (fact, f64::from(value)))));
    }
    let (mut wrong, mut judged) = (Vec::new(), 0);
    for grammar in library.grammars().iter().filter(|g| !g.words().is_empty()) {
        let lookup = Lookup::new(grammar.words()).expect("shipped words are right");
        let alone = Rules::embedded().with_words(grammar.words()).expect("shipped words are right");
        let shared = |w: &&Word| lookup.field(&w.field).is_some();
        for word in all.iter().filter(shared) {
            let value = word.value.replace('*', "x");
            let field = lookup.field(&word.field).expect("it is shared");
            for facts in &circumstances {
                if matches!(lookup.class_given(field, value.as_bytes(), facts), Class::Unknown) {
                    continue;
                }
                let text = format!("{} {value}", word.field);
                let mark = [Mark { kind: MarkKind::Word, text: text.as_bytes(), at: Locator::default() }];
                let (own, common) = (alone.decide(&mark, facts), together.decide(&mark, facts));
                judged += 1;
                if (own.cause, own.confidence) != (common.cause, common.confidence) {
                    wrong.push(format!("{}: {text}: {} but {}", grammar.name, own.cause.id(), common.cause.id()));
                }
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(judged > 1000, "{judged} judged");
}

/// HAProxy's states stand in the catalogue of messages, as whole log lines.
#[test]
fn termination_states_map_to_their_causes() {
    let formats = words_of(&Library::embedded(), "haproxy");
    let state = regex::Regex::new(r" (\S+) \S+ (\d+|-1) \d+ - - (\S{4}) \d+/").expect("it is right");
    let (mut wrong, mut judged) = (Vec::new(), 0);
    let lines = include_str!("data/causes/messages.tsv").lines().filter_map(|l| l.strip_prefix("haproxy\t"));
    for (listed, line) in lines.filter_map(|l| l.split_once('\t')) {
        let Some(found) = state.captures(line) else { continue };
        let mut facts = facts(
            &found[2].parse().ok().filter(|s| *s > 0.0).map(|s| (Fact::Status, s)).into_iter().collect::<Vec<_>>(),
        );
        facts.flag(Fact::HasBackend, !found[1].ends_with("<NOSRV>"));
        let (field, value) = ("termination_state".to_string(), found[3].to_string());
        // A line of its own on which a rule refused the client is no failed fetch; to the tier above it is a firewall.
        let wanted = if listed == "firewall" { "edge.denied" } else { listed };
        let case = Case { cdn: "haproxy", field, value, facts, listed };
        judged += 1;
        for (name, words) in &formats {
            let said = said(words, &case).unwrap_or("nothing");
            if said != wanted {
                wrong.push(format!("{name}: {line}: {said} instead of {wanted}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(judged > 30, "{judged} lines");
}

#[test]
fn codes_that_only_a_page_shows_are_explained() {
    let mut wrong = Vec::new();
    let mut rows = 0;
    for line in include_str!("data/causes/cdn-errors.tsv").lines() {
        let row: Vec<&str> = line.split('\t').collect();
        if !row[1].starts_with("1xxx") {
            continue;
        }
        rows += 1;
        for text in [format!("error code: {}", row[2]), format!("Error {} Ray ID: 8f1d2c3b4a59e7d6", row[2])] {
            let found = Rules::embedded().explain(&text);
            let said = found.first().map_or("nothing", |(e, _)| e.id.as_str());
            if said != wanted(row[3]) {
                wrong.push(format!("{text}: {said} instead of {}", wanted(row[3])));
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(rows, 30);
}

#[test]
fn every_word_is_explained_with_its_field() {
    let words = Library::embedded().words();
    let rules = Rules::embedded().with_words(&words).expect("shipped words are right");
    // That an error was passed on is told last, and not at all beside four mechanisms.
    let names_one = |w: &&Word| !matches!(w.cause.as_str(), "ok" | "noise" | "unknown" | "origin.status");
    for word in words.iter().filter(names_one) {
        let text = format!("{} {}", word.field, word.value.replace('*', "x"));
        let found = rules.explain(&text);
        assert!(
            found.iter().any(|(e, _)| e.id == word.cause),
            "{text}: {:?} without {}",
            found.first().map(|(e, _)| &e.id),
            word.cause
        );
    }
}

#[test]
fn every_cause_of_every_word_exists() {
    let known = |id: &str| matches!(id, "ok" | "noise") || Rules::embedded().causes().any(|c| c.is(id));
    for word in Library::embedded().words() {
        let ids = std::iter::once(&word.cause).chain(&word.or);
        for id in ids {
            assert!(known(id), "{} {}: there is no cause {id}", word.field, word.value);
        }
    }
}
