//! A CDN in front of a recorded Varnish and its origins.

use std::collections::BTreeSet;
use std::path::Path;

use guru::model::{Method, Tier, Verdict};
use serde_json::json;

use super::cdn::{self, Cloudflare, Stamps};
use super::served::{Asked, asked, with_header};
use super::{Chain, Logs};
use crate::support::{data, read};

const SLICES: [&str; 2] = ["truth/first-byte", "truth/post-retry"];

/// A recording: the cache's log, and what its clients asked.
fn recording(slice: &str) -> (String, Vec<Asked>) {
    let log = String::from_utf8(data(&format!("{slice}/varnish-request.log"))).unwrap();
    let asked = asked(&log);
    assert!(asked.len() >= 80 && asked.iter().filter(|a| a.status >= 500).count() >= 15);
    (log, asked)
}

fn behind(cdn: &str, varnishlog: &str, slice: &str) -> Chain {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(slice);
    let mut logs = Logs::new().with("edge/cdn.log", Tier::Edge, cdn).with("cache/varnish.log", Tier::Cache, varnishlog);
    for (node, file) in [("web1", "nginx-access.log"), ("web1", "nginx-error.log"), ("web2", "nginx2-access.log")] {
        if let Some(text) = read(&from.join(file)).filter(|t| !t.is_empty()) {
            logs = logs.with(&format!("{node}/{file}"), Tier::Origin, &String::from_utf8(text).unwrap());
        }
    }
    logs.run()
}

/// What must be found whatever the CDN: each of its errors once, at the cache's request, for the cache's reason.
fn assert_followed(chain: &Chain, asked: &[Asked], method: Method) {
    chain.assert_sound();
    let errors = asked.iter().filter(|a| a.status >= 500).count();
    let edge = chain.of_tier(Tier::Edge);
    assert_eq!(edge.len(), errors);
    let cache = chain.of_tier(Tier::Cache);
    for f in &edge {
        assert_eq!((f.link.map(|l| l.method), f.verdict), (Some(method), Verdict::OriginFailed));
        assert_eq!(f.link.map(|l| l.status), Some(f.status));
        let told = chain.told_in(f);
        assert!(!told.is_empty(), "nothing of the cache is told in {} {}", f.node, f.url);
        assert!(
            told.iter().any(|l| l.ruling.cause == f.ruling.cause),
            "{} is not the cache's cause",
            f.ruling.cause.id()
        );
        assert!(!f.ruling.cause.is("origin.status"));
    }
    // What the client did not see is the cache's alone.
    let alone: Vec<_> = cache.iter().filter(|f| f.told_in.is_none()).collect();
    assert!(alone.iter().all(|f| f.impact.word() == "retried_ok"));
    assert_eq!(chain.counted().len(), errors + alone.len());
    let visitors = &chain.0.report.totals.visitors;
    assert_eq!((visitors.got_5xx, visitors.own_fetch), (errors as u64, errors as u64));
    // The chain goes on to the origins as far as their logs reach.
    let reached: Vec<_> = cache.iter().filter(|f| f.verdict != Verdict::NotSent).collect();
    assert!(reached.iter().filter(|f| f.link.is_some()).count() * 2 > reached.len());
    let harm: u64 = chain.0.report.incidents.iter().map(|i| i.harm.visitors_5xx).sum();
    assert_eq!(harm, errors as u64);
}

/// The incidents of a run by service and cause.
fn incidents(chain: &Chain) -> BTreeSet<(String, String)> {
    chain.0.report.incidents.iter().map(|i| (i.service.clone(), i.cause.clone())).collect()
}

#[test]
fn an_id_leads_from_each_error_of_the_edge_to_its_cause_in_the_cache() {
    for slice in SLICES {
        let (log, asked) = recording(slice);
        let log = with_header(&log, &asked, |a| format!("CF-Ray: {}-{}", a.ray(), a.pop()));
        for stamps in [Stamps::Rfc3339, Stamps::UnixNano] {
            let chain = behind(&Cloudflare { stamps, ahead: 0 }.log(&asked, |_, _| ()), &log, slice);
            assert_followed(&chain, &asked, Method::Id);
            let services: BTreeSet<(String, String)> = incidents(&chain);
            assert!(services.len() > 1, "several outages: {services:?}");
        }
    }
}

#[test]
fn without_an_id_key_and_time_lead_there_also_when_clocks_differ() {
    for slice in SLICES {
        let (log, asked) = recording(slice);
        for (stamps, ahead) in [(Stamps::Rfc3339, 0), (Stamps::Rfc3339, 3_400_000), (Stamps::UnixNano, 3_400_000)] {
            let unnamed = |_: &Asked, line: &mut serde_json::Value| line["RayID"] = "".into();
            let chain = behind(&Cloudflare { stamps, ahead }.log(&asked, unnamed), &log, slice);
            assert_followed(&chain, &asked, Method::Time);
            let clock = chain.0.report.clock_offsets.iter().find(|c| c.from == "edge").expect("a clock");
            let off = clock.offset_ms + ahead as f64 / 1000.0;
            assert!(off.abs() < 25.0 && clock.enough, "off by {off} ms");
        }
    }
}

#[test]
fn the_edge_in_front_changes_where_incidents_are_seen_not_what_they_are() {
    let (log, asked) = recording("truth/first-byte");
    let log = with_header(&log, &asked, |a| format!("cf-ray: {}-{}", a.ray(), a.pop()));
    let with =
        behind(&Cloudflare { stamps: Stamps::Rfc3339, ahead: 0 }.log(&asked, |_, _| ()), &log, "truth/first-byte");
    let slow: Vec<_> = with.0.report.incidents.iter().filter(|i| i.service == "api /v1/orders").collect();
    assert_eq!(slow.len(), 1);
    assert_eq!((slow[0].cause.as_str(), slow[0].failures), ("timeout.first_byte", 7));
    assert_eq!(slow[0].nodes, ["edge/AMS", "edge/FRA"]);
    let first = slow[0].examples.first().expect("an example");
    let words = first.origin_error.as_ref().map(|q| q.text.as_str()).unwrap_or_default();
    assert!(words.starts_with("FetchError"), "the cache's own words are quoted: {first:?}");
}

#[test]
fn an_outage_at_one_pop_shows_that_pop_only() {
    let (log, asked) = recording("truth/post-retry");
    let edge = Cloudflare { stamps: Stamps::UnixNano, ahead: 0 };
    // Only one place cannot connect, during half of the recording.
    let broken = |a: &Asked| a.pop() == "FRA" && a.status == 200 && a.n < 60;
    let log_of_edge = edge.log(&asked, |a, line| {
        if broken(a) {
            line["EdgeResponseStatus"] = 522.into();
            line["OriginResponseStatus"] = 0.into();
        }
    });
    let reached: Vec<Asked> = asked.iter().filter(|a| !broken(a)).cloned().collect();
    assert!(reached.len() + 10 < asked.len());
    let chain = behind(&log_of_edge, &log, "truth/post-retry");
    chain.assert_sound();
    let connect: Vec<_> = chain.0.report.incidents.iter().filter(|i| i.cause == "timeout.connect").collect();
    assert_eq!(connect.len(), 1);
    assert_eq!(connect[0].nodes, ["edge/FRA"]);
    assert_eq!(connect[0].failures as usize, asked.len() - reached.len());
    let at_pop = chain.of_tier(Tier::Edge).into_iter().filter(|f| f.ruling.cause.is("timeout.connect"));
    assert!(at_pop.into_iter().all(|f| f.verdict == Verdict::NotSent));
}

#[test]
fn azure_amazon_and_w3c_ids_lead_there_too() {
    let (log, asked) = recording("truth/post-retry");
    let azure = |a: &Asked| {
        let took = (a.end - a.start) as f64 / 1e6 + 0.02;
        let (url, at) =
            (format!("https://{}:443{}", a.host, a.url), cdn::shown(a.end + 9_000, "%Y-%m-%dT%H:%M:%S%.6fZ"));
        let info = if a.status >= 500 { "OriginError" } else { "NoError" };
        let line = json!({
            "time": at, "category": "FrontDoorAccessLog", "operationName": "Microsoft.Cdn/Profiles/AccessLog/Write",
            "properties": {
                "trackingReference": format!("20261120T181402Z-r1{}b4xcqz", a.ray()), "httpMethod": a.method,
                "requestUri": url, "hostName": a.host, "httpStatusCode": a.status.to_string(), "pop": a.pop(),
                "timeTaken": format!("{took:.3}"), "cacheStatus": "MISS", "errorInfo": info,
                "originIp": "198.51.100.20:443", "originName": "origin.example.com:443", "userAgent": a.agent,
            }
        });
        format!("{line}\n")
    };
    let marked = with_header(&log, &asked, |a| format!("X-Azure-Ref: 20261120T181402Z-r1{}b4xcqz", a.ray()));
    assert_followed(
        &behind(&asked.iter().map(azure).collect::<String>(), &marked, "truth/post-retry"),
        &asked,
        Method::Id,
    );

    let alb = |a: &Asked| {
        let shown = |us| cdn::shown(us, "%Y-%m-%dT%H:%M:%S%.6fZ");
        format!(
            "https {} app/web-lb/50dc6c495c0c9188 203.0.113.77:40016 198.51.100.21:6081 0.001 {:.3} 0.000 {s} {s} 412 {} \"{} https://{}:443{} HTTP/1.1\" \"{}\" TLS_AES_128_GCM_SHA256 TLSv1.3 arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/73e2d6bc24d8a067 \"Root=1-69b52a16-{}00112233\" \"{}\" \"-\" 0 {} \"forward\" \"-\" \"-\" \"198.51.100.21:6081\" \"{s}\" \"-\" \"-\"\n",
            shown(a.end + 1_000),
            (a.end - a.start) as f64 / 1e6,
            a.bytes,
            a.method,
            a.host,
            a.url,
            a.agent,
            a.ray(),
            a.host,
            shown(a.start - 1_000),
            s = a.status,
        )
    };
    let marked = with_header(&log, &asked, |a| {
        format!("X-Amzn-Trace-Id: Self=1-69b52a17-ffffffffffffffffffffffff;Root=1-69b52a16-{}00112233", a.ray())
    });
    assert_followed(
        &behind(&asked.iter().map(alb).collect::<String>(), &marked, "truth/post-retry"),
        &asked,
        Method::Id,
    );
}

#[test]
fn an_id_that_the_cache_passes_on_leads_to_the_origin() {
    let (log, asked) = recording("truth/first-byte");
    let trace = |a: &Asked| format!("00-4bf92f3577b34da6{}-00f067aa0ba902b7-01", a.ray());
    let by_vxid: std::collections::HashMap<u64, &Asked> = asked.iter().map(|a| (a.vxid, a)).collect();
    // A trace that somebody in front began: the cache hands it on, the origin logs it with a span of its own.
    let mut marked = String::new();
    let mut origin = String::new();
    let mut parent = None;
    let mut url = "";
    for line in log.lines() {
        marked += &format!("{line}\n");
        let record = line.trim_start_matches('-').trim_start();
        if let Some(begin) = record.strip_prefix("Begin").filter(|b| b.contains("bereq")) {
            let vxid: u64 = begin.split_whitespace().nth(1).unwrap().parse().unwrap();
            parent = by_vxid.get(&vxid).copied();
        }
        if let Some(a) = parent.filter(|_| record.starts_with("BereqHeader    Host:")) {
            marked += &format!("--  BereqHeader    traceparent: {}\n", trace(a));
        }
        url = record.strip_prefix("BereqURL").map_or(url, str::trim);
        if let Some(a) = parent.filter(|_| record.starts_with("FetchError     first byte timeout")) {
            let at = cdn::shown(a.end + 700_000, "%d/%b/%Y:%H:%M:%S +0000");
            let own_span = trace(a).replace("00f067aa0ba902b7", "1111111111111111");
            origin += &format!("10.0.0.1 [{at}] \"{} {url} HTTP/1.1\" 200 143 trace={own_span}\n", a.method);
        }
    }
    let format = r#"$remote_addr [$time_local] "$request" $status $body_bytes_sent trace=$http_traceparent"#;
    let logs = Logs::new().with_format(format).with("cache/varnish.log", Tier::Cache, &marked);
    let chain = logs.with("web1/access.log", Tier::Origin, &origin).run();
    chain.assert_sound();
    let failed = chain.of_tier(Tier::Cache);
    let late: Vec<_> = failed.iter().filter(|f| f.link.is_some_and(|l| l.method == Method::Id)).collect();
    assert_eq!(late.len(), origin.lines().count());
    assert!(late.len() >= 20 && late.iter().all(|f| f.ruling.cause.is("timeout.first_byte")));
}
