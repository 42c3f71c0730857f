//! A chain of tiers is followed as far as logs reach: what a CDN logged of recorded traffic is put in front of the logs
//! of the cache and the origins that served it, and every outage must count once, at its deepest proven cause.

mod support;

#[path = "chain/cdn.rs"]
mod cdn;
#[path = "chain/direct.rs"]
mod direct;
#[path = "chain/edge_alone.rs"]
mod edge_alone;
#[path = "support/logs.rs"]
mod logs;
#[path = "chain/proxies.rs"]
mod proxies;
#[path = "chain/served.rs"]
mod served;
#[path = "chain/through_cache.rs"]
mod through_cache;

use std::collections::BTreeSet;
use std::path::PathBuf;

use guru::classify::Rules;
use guru::grammar::Library;
use guru::model::{Failure, Stamp, Tier};
use guru::pipeline::{Analysis, History, Job, run};
use support::Folder;

/// Logs to be read together, in formats that guru knows and in those given as strings.
struct Logs {
    folder: Folder,
    library: Library,
}

impl Logs {
    fn new() -> Logs {
        Logs { folder: Folder::new(), library: Library::embedded() }
    }

    /// Adds a log in a place of its own.
    fn with(mut self, name: &str, tier: Tier, text: &str) -> Logs {
        let path: PathBuf = self.folder.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        self.folder.add(name, Some(tier), text.as_bytes());
        self
    }

    fn with_format(mut self, format: &str) -> Logs {
        self.library.add_log_format("own", format).unwrap();
        self
    }

    fn run(&self) -> Chain {
        let rules = Rules::embedded().with_words(&self.library.words()).unwrap();
        let analysis = run(&Job {
            files: self.folder.files(),
            formats: Vec::new(),
            known: &self.library,
            rules: &rules,
            since: Stamp::NONE,
            until: Stamp::NONE,
            gap_us: 5 * 60_000_000,
            jobs: 2,
            chunk: 4 << 20,
            log_zones: Vec::new(),
            offsets: Vec::new(),
            progress: None,
            history: &|_| History::default(),
        });
        assert!(analysis.troubles.is_empty(), "{:?}", analysis.troubles);
        Chain(analysis)
    }
}

/// What was found in the logs of a chain.
struct Chain(Analysis);

impl Chain {
    fn of_tier(&self, tier: Tier) -> Vec<&Failure> {
        self.0.failures.iter().filter(|f| f.tier == tier).collect()
    }

    /// Failed fetches that count.
    fn counted(&self) -> Vec<&Failure> {
        self.0.failures.iter().filter(|f| f.told_in.is_none()).collect()
    }

    fn told_in<'a>(&'a self, f: &'a Failure) -> Vec<&'a Failure> {
        self.0.failures.iter().filter(|l| l.told_in == Some(f.id)).collect()
    }

    /// What must hold of every chain: totals that add up, and nothing told in what is not there or in its own tier's.
    fn assert_sound(&self) {
        self.show();
        assert_eq!(self.0.report.violated_laws(), Vec::<String>::new());
        let ids: BTreeSet<u64> = self.0.failures.iter().map(|f| f.id).collect();
        assert_eq!(ids.len(), self.0.failures.len(), "two failures have one identity");
        assert!(self.0.failures.iter().filter_map(|f| f.told_in).all(|id| ids.contains(&id)));
        assert_eq!(self.0.report.totals.failed_fetches, self.counted().len() as u64);
        let in_incidents: u64 = self.0.report.incidents.iter().map(|i| i.failures).sum();
        assert_eq!(in_incidents, self.counted().len() as u64);
    }

    /// Shown when a test fails.
    fn show(&self) {
        let r = &self.0.report;
        println!("{:?}\n{:#?}", r.totals, r.warnings);
        r.clock_offsets
            .iter()
            .for_each(|c| println!("{} -> {}: {} ± {} of {}", c.from, c.to, c.offset_ms, c.error_ms, c.pairs));
        r.incidents.iter().for_each(|i| println!("{}: {} at {:?}", i.title, i.failures, i.nodes));
        let mut lines: Vec<String> = self.0.failures.iter().map(told).collect();
        lines.sort();
        let mut counted: Vec<(usize, String)> = Vec::new();
        for line in lines {
            match counted.last_mut().filter(|(_, last)| *last == line) {
                Some((n, _)) => *n += 1,
                None => counted.push((1, line)),
            }
        }
        counted.iter().for_each(|(n, line)| println!("{n:>4} {line}"));
    }
}

fn told(f: &Failure) -> String {
    let (cause, adds) = (f.ruling.cause.id(), f.origin_cause.map(|c| c.id()));
    let link = f.link.map(|l| (l.method, l.status));
    let (told, verdict, impact) = (f.told_in.is_some(), f.verdict.word(), f.impact.word());
    format!("{:?} {} {cause} ({adds:?}) {verdict} {impact} link {link:?} told in another: {told}", f.tier, f.node)
}
