//! CDN logs alone: what is the origin's fault, what is hidden from visitors, and what is the edge's own.

use guru::model::{Impact, Tier};
use serde_json::json;

use super::cdn::{Cloudflare, Stamps};
use super::served::{Asked, SECOND};
use super::{Chain, Logs};
use crate::support::data;

const MARCH: i64 = 1_773_480_361 * SECOND;

fn asked(n: usize, status: u16) -> Asked {
    Asked {
        n,
        start: MARCH + n as i64 * SECOND,
        end: MARCH + n as i64 * SECOND + 40_000,
        method: "GET".into(),
        host: "www.example.com".into(),
        url: format!("/page/{n}"),
        agent: "Mozilla/5.0".into(),
        status,
        bytes: 900,
        ..Asked::default()
    }
}

fn cloudflare(lines: &[(Asked, serde_json::Value)]) -> Chain {
    let edge = Cloudflare { stamps: Stamps::Rfc3339, ahead: 0 };
    let text: String = lines
        .iter()
        .map(|(a, change)| {
            let mut line = edge.line(a);
            change.as_object().into_iter().flatten().for_each(|(k, v)| line[k] = v.clone());
            format!("{line}\n")
        })
        .collect();
    Logs::new().with("cf/logpush.log", Tier::Edge, &text).run()
}

#[test]
fn a_stale_copy_hides_a_failed_fetch_from_visitors() {
    let stale = json!({"CacheCacheStatus": "stale", "OriginResponseStatus": 522});
    let chain = cloudflare(&[(asked(1, 200), json!({})), (asked(2, 200), stale)]);
    chain.assert_sound();
    let [f] = chain.counted()[..] else { panic!("one failure") };
    assert_eq!((f.impact, f.ruling.cause.id()), (Impact::Stale, "timeout.connect"));
    assert_eq!(chain.0.report.totals.visitors.got_5xx, 0);

    let line = |id: &str, more: &str| {
        format!(
            "{{\"version\":\"1\",\"streamId\":\"12345\",\"cp\":\"123456\",\"reqId\":\"{id}\",\"reqTimeSec\":\"1773480366.600\",\"bytes\":\"18231\",\"cliIP\":\"192.0.2.28\",\"statusCode\":\"200\",\"reqHost\":\"www.example.com\",\"reqMethod\":\"GET\",\"reqPath\":\"{id}.html\",\"turnAroundTimeMSec\":\"10020\",\"edgeIP\":\"203.0.113.62\",{more}}}\n"
        )
    };
    let stale = line("1d129f2b", "\"cacheStatus\":\"1\",\"errorCode\":\"ERR_CONNECT_TIMEOUT\"");
    let text = line("1d129f2a", "\"cacheStatus\":\"0\"") + &stale;
    let chain = Logs::new().with("akamai/ds2.log", Tier::Edge, &text).run();
    chain.assert_sound();
    let [f] = chain.counted()[..] else { panic!("one failure") };
    assert_eq!((f.impact, f.ruling.cause.id()), (Impact::Stale, "timeout.connect"));
    assert_eq!(chain.0.report.totals.visitors.got_5xx, 0);
}

#[test]
fn an_error_that_the_edge_had_stored_is_no_fetch() {
    let stored = json!({"CacheCacheStatus": "hit", "OriginResponseStatus": 0, "OriginIP": "", "EdgeServerIP": ""});
    let chain = cloudflare(&[(asked(1, 503), json!({})), (asked(2, 503), stored)]);
    chain.assert_sound();
    assert_eq!(chain.counted().len(), 1);
    let visitors = &chain.0.report.totals.visitors;
    assert_eq!((visitors.got_5xx, visitors.own_fetch, visitors.shared), (2, 1, 1));
}

#[test]
fn what_the_client_or_the_edge_did_is_counted_apart() {
    let nobody = |security: &str| json!({"OriginResponseStatus": 0, "OriginIP": "", "EdgeServerIP": "", "SecurityAction": security});
    let chain = cloudflare(&[
        (asked(1, 499), json!({"OriginResponseStatus": 0})),
        (asked(2, 403), nobody("block")),
        (asked(3, 503), nobody("managed_challenge")),
        (asked(4, 500), nobody("")),
        (asked(5, 502), json!({})),
        (asked(6, 200), json!({})),
    ]);
    chain.assert_sound();
    let totals = &chain.0.report.totals;
    assert_eq!(chain.counted().len(), 1);
    let apart: Vec<(&str, u64)> = totals.not_origin.iter().map(|(c, n)| (c.as_str(), *n)).collect();
    assert_eq!(apart, [("client.abort", 1), ("edge.denied", 2), ("edge.internal", 1)]);
    let v = &totals.visitors;
    assert_eq!((v.requests, v.got_5xx, v.own_fetch, v.edge, v.unexplained), (6, 3, 1, 2, 0));
}

#[test]
fn the_ledger_of_every_cdn_adds_up() {
    let samples = [
        "akamai-ds2-json",
        "akamai-ds2-structured",
        "akamai-lds-w3c",
        "aws-alb",
        "azure-afd",
        "bunny",
        "cdn77",
        "cloudflare-logpush",
        "cloudflare-logpush-unixnano",
        "cloudfront-standard-v1",
        "cloudfront-standard-v2-json",
        "fastly-json",
        "gcore",
        "gcp-lb",
        "keycdn",
        "vercel-drain",
    ];
    for name in samples {
        println!("{name}");
        let text = String::from_utf8(data(&format!("logs/{name}.log"))).unwrap();
        let chain = Logs::new().with(&format!("edge/{name}.log"), Tier::Edge, &text).run();
        chain.assert_sound();
        assert!(chain.counted().iter().all(|f| f.tier == Tier::Edge));
    }
}

#[test]
fn a_hop_from_a_pop_to_its_shield_is_no_visitor() {
    let line = |edge: bool, server: &str, status: u16| {
        let line = json!({
            "timestamp": "2026-03-14T09:26:01+0000", "client_ip": "192.0.2.10", "host": "www.example.com",
            "url": "/report", "request_method": "GET", "request_user_agent": "Mozilla/5.0", "response_state": "MISS",
            "response_status": status, "response_reason": if status == 200 { "OK" } else { "first byte timeout" },
            "response_body_size": 450, "fastly_server": server, "fastly_is_edge": edge, "time_elapsed": 15_000_000,
        });
        format!("{line}\n")
    };
    let text = line(false, "cache-iad001-IAD", 503)
        + &line(true, "cache-ams001-AMS", 503)
        + &line(true, "cache-ams001-AMS", 200);
    let chain = Logs::new().with("fastly/fastly.log", Tier::Edge, &text).run();
    chain.assert_sound();
    let v = &chain.0.report.totals.visitors;
    assert_eq!((v.requests, v.got_5xx), (2, 1));
    assert_eq!(chain.counted().len(), 1, "the shield's failure and its relay are one");
}

#[test]
fn a_feed_of_errors_beside_the_access_log_tells_the_same_failures() {
    let access = |status: u16, at: i64, path: &str, id: &str| {
        format!("MISS|{status}|{at}|290|390|192.0.2.0|-|https://shop.b-cdn.example.com{path}|NL|Mozilla/5.0|{id}|NL\n")
    };
    let error = |code: &str, status: u16, at: i64, path: &str| {
        let log = json!({"RequestUrl": path, "PullZoneId": 390, "ErrorCode": code, "StatusCode": status}).to_string();
        let labels = json!({"ErrorCode": code, "StatusCode": status.to_string(), "ServerZone": "NL"});
        let line = json!({"logId": format!("a6-{at}"), "timestamp": at, "log": log, "labels": labels});
        format!("{line}\n")
    };
    let at = MARCH / 1000;
    let log = access(200, at, "/", "01") + &access(502, at + 100, "/a", "02") + &access(504, at + 900, "/b", "03");
    let feed = error("dns_lookup", 502, at + 98, "/a") + &error("http_timeout", 504, at + 899, "/b");
    let chain =
        Logs::new().with("bunny/access.log", Tier::Edge, &log).with("bunny/origin-errors.log", Tier::Edge, &feed).run();
    chain.assert_sound();
    let mut causes: Vec<&str> = chain.counted().iter().map(|f| f.ruling.cause.id()).collect();
    causes.sort_unstable();
    assert_eq!(causes, ["dns", "timeout.first_byte"]);
    let v = &chain.0.report.totals.visitors;
    assert_eq!((v.requests, v.got_5xx), (3, 2));
}
