//! A chain of tiers is followed as far as logs reach: what a CDN logged of recorded traffic is put in front of the logs
//! of the cache and the origins that served it, and every outage must count once, at its deepest proven cause.

mod support;

#[path = "chain/cdn.rs"]
mod cdn;
#[path = "chain/served.rs"]
mod served;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cdn::{Cloudflare, Stamps};
use guru::model::{Failure, Method, Tier, Verdict};
use guru::pipeline::Analysis;
use served::{Asked, asked, with_header};
use support::{Folder, data};

const SLICES: [&str; 2] = ["truth/first-byte", "truth/post-retry"];

/// A recording: the cache's log, and what its clients asked.
fn recording(slice: &str) -> (String, Vec<Asked>) {
    let log = String::from_utf8(data(&format!("{slice}/varnish-request.log"))).unwrap();
    let asked = asked(&log);
    (log, asked)
}

fn behind(cdn: &str, varnishlog: &str, slice: &str) -> Folder {
    let mut folder = Folder::new();
    folder.add("edge.log", Some(Tier::Edge), cdn.as_bytes());
    folder.add("varnish.log", Some(Tier::Cache), varnishlog.as_bytes());
    folder.add_origins(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(slice), "rich");
    folder
}

fn of_tier(analysis: &Analysis, tier: Tier) -> Vec<&Failure> {
    analysis.failures.iter().filter(|f| f.tier == tier).collect()
}

/// What must hold of every chain.
fn assert_sound(analysis: &Analysis) {
    assert_eq!(analysis.report.violated_laws(), Vec::<String>::new());
    let ids: BTreeSet<u64> = analysis.failures.iter().map(|f| f.id).collect();
    assert!(analysis.failures.iter().filter_map(|f| f.told_in).all(|id| ids.contains(&id)));
    let counted = analysis.failures.iter().filter(|f| f.told_in.is_none()).count() as u64;
    assert_eq!(analysis.report.totals.failed_fetches, counted);
}

#[test]
fn debug_print() {
    for slice in SLICES {
        let (log, asked) = recording(slice);
        let log = with_header(&log, &asked, |a| format!("CF-Ray: {}-{}", a.ray(), a.pop()));
        for (stamps, ahead) in [(Stamps::Rfc3339, 0), (Stamps::UnixNano, 0), (Stamps::Rfc3339, 3_400_000), (Stamps::UnixNano, 3_400_000)] {
          for id in [true, false] {
            let edge = Cloudflare { stamps, ahead };
            let cdn = edge.log(&asked, |_, line| if !id { line["RayID"] = "".into(); });
            let a = behind(&cdn, &log, slice).run();
            assert_sound(&a);
            println!("== {slice} {stamps:?} {ahead} id {id}");
            let errors = asked.iter().filter(|a| a.status >= 500).count();
            println!("asked {} errors {errors} totals {:?}", asked.len(), a.report.totals);
            println!("warnings {:?}", a.report.warnings);
            for c in &a.report.clock_offsets { println!("{c:?}"); }
            for i in &a.report.incidents { println!("{} {} nodes {:?} cause {} n {} harm {}", i.id, i.title, i.nodes, i.cause, i.failures, i.harm.visitors_5xx); }
            for t in [Tier::Edge, Tier::Cache, Tier::Origin] {
                let mut how: BTreeMap<String, u32> = BTreeMap::new();
                for f in of_tier(&a, t) {
                    *how.entry(format!("{:?} link {:?} told {} cause {}/{:?} cand {}", f.verdict, f.link.map(|l| l.method), f.told_in.is_some(), f.ruling.cause.id(), f.origin_cause.map(|c| c.id()), f.candidates > 0)).or_default() += 1;
                }
                println!("{t:?} {how:#?}");
            }
          }
        }
    }
    let _ = (Method::Id, Verdict::NotSent);
}
