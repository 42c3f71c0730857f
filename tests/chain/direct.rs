//! A CDN in front of nginx, without a cache between.

use guru::model::{Method, Tier, Verdict};

use super::cdn;
use super::served::{Asked, SECOND};
use super::{Chain, Logs};

const START: i64 = 1_795_132_800 * SECOND;
const FORMAT: &str = r#"$remote_addr [$time_local] "$request" $status $body_bytes_sent cf=$http_x_amz_cf_id"#;

/// Twenty requests a minute, every seventh an error of the origin, every eleventh given up by the CDN after 30 s.
fn traffic() -> Vec<Asked> {
    (0..160usize)
        .map(|n| {
            let start = START + n as i64 * 3 * SECOND + (n as i64 * 7_919_000) % 900_000;
            let gave_up = n % 11 == 3;
            Asked {
                n,
                start,
                end: start + if gave_up { 30 * SECOND } else { 40_000 + (n as i64 * 104_729) % 300_000 },
                method: "GET".into(),
                host: "www.shop.example".into(),
                url: format!("/product/{}", n % 40),
                agent: "Mozilla/5.0".into(),
                status: if gave_up {
                    504
                } else if n % 7 == 0 {
                    503
                } else {
                    200
                },
                bytes: 5152,
                ..Asked::default()
            }
        })
        .collect()
}

/// nginx's log of it: whole seconds at the end; it hangs up when the CDN does.
fn nginx(asked: &[Asked], named: bool) -> String {
    let mut all: Vec<&Asked> = asked.iter().collect();
    all.sort_by_key(|a| a.end);
    let line = |a: &&Asked| {
        let id = if named { a.ray() } else { "-".into() };
        let status = if a.status == 504 { 499 } else { a.status };
        let at = cdn::shown(a.end, "%d/%b/%Y:%H:%M:%S +0000");
        format!("203.0.113.9 [{at}] \"GET {} HTTP/1.1\" {status} 5152 cf={id}\n", a.url)
    };
    all.iter().map(line).collect()
}

fn chain(asked: &[Asked], named: bool) -> Chain {
    let mut by_end = asked.to_vec();
    by_end.sort_by_key(|a| a.end);
    let edge = cdn::cloudfront(&by_end);
    let logs = Logs::new().with_format(FORMAT);
    logs.with("cloudfront/E2X.log", Tier::Edge, &edge).with("web1/access.log", Tier::Origin, &nginx(asked, named)).run()
}

#[test]
fn cloudfront_leads_to_nginx_by_its_id() {
    let asked = traffic();
    let chain = chain(&asked, true);
    chain.assert_sound();
    let edge = chain.of_tier(Tier::Edge);
    let errors = asked.iter().filter(|a| a.status >= 500).count();
    assert_eq!((edge.len(), chain.counted().len()), (errors, errors));
    for f in &edge {
        let (link, expected) =
            (f.link.expect("a line"), if f.status == 504 { Verdict::OriginAborted } else { Verdict::OriginFailed });
        assert_eq!((link.method, f.verdict), (Method::Id, expected));
    }
}

#[test]
fn cloudfront_leads_to_nginx_by_key_and_time() {
    let asked = traffic();
    let chain = chain(&asked, false);
    chain.assert_sound();
    let edge = chain.of_tier(Tier::Edge);
    assert_eq!(chain.counted().len(), edge.len());
    let linked = edge.iter().filter(|f| f.link.is_some()).count();
    assert!(linked * 10 >= edge.len() * 9, "{linked} of {}", edge.len());
    for f in edge.iter().filter(|f| f.link.is_some()) {
        let hung_up = f.link.is_some_and(|l| l.status == 499);
        assert_eq!(hung_up, f.status == 504, "the line of another: {} {}", f.status, f.url);
    }
}

#[test]
fn a_cdn_that_logs_neither_method_nor_duration_nor_start_leads_there_too() {
    let asked = traffic();
    let mut by_end = asked.clone();
    by_end.sort_by_key(|a| a.end);
    // Bunny names an id that this origin does not log.
    let line = |a: &Asked| {
        let (cache, at) = (if a.status == 200 { "BYPASS" } else { "MISS" }, (a.end + 3_000) / 1_000);
        format!(
            "{cache}|{}|{at}|5152|390|192.0.2.0|-|https://{}{}|{}|Mozilla/5.0|{}|NL\n",
            a.status,
            a.host,
            a.url,
            a.pop(),
            a.ray()
        )
    };
    let edge: String = by_end.iter().map(line).collect();
    let logs = Logs::new().with_format(FORMAT).with("bunny/access.log", Tier::Edge, &edge);
    let chain = logs.with("web1/access.log", Tier::Origin, &nginx(&asked, false)).run();
    chain.assert_sound();
    let edge = chain.of_tier(Tier::Edge);
    let linked = edge.iter().filter(|f| f.link.is_some()).count();
    assert!(linked * 10 >= edge.len() * 9, "{linked} of {}", edge.len());
    for f in edge.iter().filter(|f| f.link.is_some()) {
        let expected = if f.status == 504 { Verdict::OriginAborted } else { Verdict::OriginFailed };
        assert_eq!(f.verdict, expected, "{} {}", f.status, f.url);
    }
}
