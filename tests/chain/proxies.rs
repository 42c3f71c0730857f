//! nginx in front of Varnish, nginx in front of PHP, and ids that pass through all of them.

use guru::model::{Method, Tier, Verdict};

use super::Logs;
use super::served::SECOND;
use crate::logs::{
    Access, Clock, Line, MIDNIGHT, MINUTE, Upstream, Went, access_log, sorted, traffic, trouble, varnishlog,
};

#[test]
fn a_failure_of_nginx_leads_to_the_line_of_php() {
    let mut nginx = String::new();
    let mut php = String::new();
    for n in 0..60i64 {
        let (start, took) = (MIDNIGHT + n * 3 * SECOND + n * 7_919, 20_000 + (n * 104_729) % 400_000);
        let status = if n % 9 == 4 { 500 } else { 200 };
        let url = format!("/report.php?id={n}");
        let upstream = Some(Upstream { status: status.to_string(), header: Some(took), took });
        let line =
            Line { end: start + took, took, method: "GET", host: "www.shop.example", url: &url, status, upstream };
        nginx += &line.rich(Clock::default());
        // One worker writes no log.
        if n != 22 {
            let at = super::cdn::shown(start, "%d/%b/%Y:%H:%M:%S +0000");
            php += &format!(
                "- -  {at} \"GET {url}\" {status} /srv/app/report.php {:.3} 2048 81.00%\n",
                took as f64 / 1000.0
            );
        }
    }
    let logs = Logs::new().with("web1/access.log", Tier::Origin, &nginx).with("app1/fpm-access.log", Tier::App, &php);
    let chain = logs.run();
    chain.assert_sound();
    let failed = chain.counted();
    assert_eq!(failed.len(), 7);
    for f in failed {
        assert_eq!((f.tier, f.verdict), (Tier::Origin, Verdict::OriginFailed));
        let missing = f.url.lossy().ends_with("=22");
        assert_eq!(f.link.map(|l| (l.method, l.status)), (!missing).then_some((Method::Time, 500)), "{}", f.url);
    }
}

#[test]
fn nginx_for_tls_in_front_of_varnish_counts_nothing_twice() {
    let fetches = sorted([
        traffic(MIDNIGHT, 120, SECOND),
        trouble(MIDNIGHT + MINUTE + 300_000, 12, 2 * SECOND, "/checkout", Went::Refused),
        trouble(MIDNIGHT + MINUTE + 600_000, 8, 2 * SECOND, "/cart", Went::Status(500)),
    ]);
    let tls: String = fetches
        .iter()
        .map(|f| {
            let status = match f.went {
                Went::Well => 200,
                Went::Status(s) => s,
                _ => 503,
            };
            let took = f.took + 1_000;
            let upstream = Some(Upstream { status: status.to_string(), header: Some(took), took });
            Line { end: f.at + took, took, method: "GET", host: &f.host, url: &f.url, status, upstream }
                .rich(Clock::ahead(0.7))
        })
        .collect();
    let origin = access_log(&fetches, Access::Rich, Clock::ahead(-1.3));
    let logs = Logs::new()
        .with("tls/access.log", Tier::Edge, &tls)
        .with("cache/varnish.log", Tier::Cache, &varnishlog(&fetches))
        .with("web/access.log", Tier::Origin, &origin);
    let chain = logs.run();
    chain.assert_sound();
    assert_eq!(chain.counted().len(), 20);
    assert!(chain.counted().iter().all(|f| f.tier == Tier::Edge && f.link.is_some()));
    let causes = &chain.0.report.totals.by_cause;
    assert_eq!(causes.get("connection.refused"), Some(&12), "{causes:?}");
    let v = &chain.0.report.totals.visitors;
    assert_eq!((v.requests, v.got_5xx, v.own_fetch), (140, 20, 20));
}
