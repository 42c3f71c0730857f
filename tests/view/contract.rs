//! The line of `--fetches`, key by key: programs depend on it.

use guru::model::mark::Marks;
use guru::model::{
    Cause, Evidence, Failure, Fetch, FetchRow, Impact, Link, Locator, Method, Ruling, SeriesId, Stamp, Text, Tier,
    Verdict,
};
use guru::view::failed_fetch;

use crate::believable::quote;

fn failure() -> Failure {
    let fetch = Fetch {
        vxid: 98_307,
        method: b"GET",
        host: b"shop.example.com",
        url: b"/a?b=1",
        backend: b"web",
        addr: b"127.0.0.1",
        port: 8080,
        started: Stamp(1_795_196_946_123_456),
        ended: Stamp(1_795_196_947_624_000),
        status: 503,
        marks: Marks::new(),
        ..Fetch::default()
    };
    let row = FetchRow::of(&fetch, SeriesId(0), FetchRow::FAILED);
    let mut f = Failure::of(&fetch, Tier::Cache, Text::from("cache-1"), row);
    f.id = 0x9f2c_41d0_7be3_a611;
    f.client_vxid = 98_306;
    f.impact = Impact::Error;
    f.verdict = Verdict::LateAnswer;
    f.ruling = Ruling {
        cause: Cause::named("timeout.first_byte"),
        confidence: 0.99,
        runner_up: Some((Cause::named("connection.closed"), 0.01)),
        decided_by: [0, u8::MAX],
    };
    f.origin_cause = Some(Cause::named("app.slow"));
    f.link = Some(Link {
        at: Locator::default(),
        status: 200,
        duration_us: Some(1_732_000),
        ended: Stamp(1_795_196_947_900_000),
        late_us: Some(230_600),
        method: Method::Time,
        confidence: 0.98,
        offset_us: -1_200_000,
    });
    f
}

fn evidence() -> Evidence {
    Evidence {
        own: vec![quote("varnish.log", 4711, "FetchError first byte timeout")],
        origin: Some(quote("nginx-access.log", 881, "not shown")),
        origin_error: Some(quote("nginx-error.log", 12, "upstream timed out")),
    }
}

#[test]
fn the_keys_are_those_of_the_contract_in_its_order() {
    let expected = concat!(
        r#"{"type":"failed_fetch","schema":1,"id":"9f2c41d07be3a611","told_in":null,"tier":"cache","node":"cache-1","#,
        r#""vxid":98307,"client_vxid":98306,"reason":"fetch","started_at":"2026-11-20T17:49:06.123456Z","#,
        r#""ended_at":"2026-11-20T17:49:07.624000Z","method":"GET","host":"shop.example.com","url":"/a?b=1","#,
        r#""backend":"web","backend_addr":"127.0.0.1:8080","status":503,"origin_status":null,"impact":"error","#,
        r#""cause":"timeout.first_byte","confidence":0.99,"#,
        r#""alternatives":[{"cause":"connection.closed","confidence":0.01}],"#,
        r#""evidence":[{"file":"varnish.log","line":4711,"text":"FetchError first byte timeout"}],"#,
        r#""verdict":"late_answer","origin_cause":"app.slow","#,
        r#""origin":{"file":"nginx-access.log","line":881,"status":200,"duration_ms":1732,"late_by_ms":231,"#,
        r#""method":"time","confidence":0.98,"clock_offset_ms":-1200},"#,
        r#""origin_error":{"file":"nginx-error.log","line":12,"text":"upstream timed out"},"incident":3}"#,
        "\n"
    );
    assert_eq!(failed_fetch(&failure(), Some(&evidence()), Some(3)), expected);
}

#[test]
fn what_is_absent_is_null() {
    let fetch = Fetch::default();
    let mut f = Failure::of(&fetch, Tier::Origin, Text::EMPTY, FetchRow::default());
    f.told_in = Some(0xab);
    f.url = Text::of(b"/\xff\x1b");
    let text = failed_fetch(&f, None, Some(0));
    let back: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    for key in ["node", "vxid", "client_vxid", "started_at", "ended_at", "method", "host", "backend", "backend_addr"] {
        assert!(back[key].is_null(), "{key}");
    }
    for key in ["status", "origin_status", "origin_cause", "origin", "origin_error", "incident"] {
        assert!(back.get(key).is_some_and(|v| v.is_null()), "{key}");
    }
    assert_eq!((&back["told_in"], &back["url"]), (&"00000000000000ab".into(), &"/\u{fffd}\u{1b}".into()));
    assert_eq!(
        (back["evidence"].as_array().map(Vec::len), back["alternatives"].as_array().map(Vec::len)),
        (Some(0), Some(0))
    );
    assert!(!text.contains('\x1b'));
}

#[test]
fn a_link_without_its_quote_is_still_told() {
    let mut f = failure();
    f.link = f.link.map(|l| Link { duration_us: None, late_us: None, ..l });
    let back: serde_json::Value = serde_json::from_str(&failed_fetch(&f, None, None)).expect("JSON");
    assert_eq!(back["origin"]["status"], 200);
    assert!(["file", "line", "duration_ms", "late_by_ms"].iter().all(|key| back["origin"][key].is_null()));
}
