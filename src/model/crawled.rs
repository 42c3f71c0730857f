//! What search engines got of an incident. In: failed fetches; out: how many errors they were served, on which pages, for
//! how long, and whether the pages asked them to come back. It must not know how a crawler is told.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::stamp::{MINUTE, Stamp};

/// Pages that are listed.
const PAGES: usize = 5;

/// Errors that crawlers were served because of failed fetches of their own.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Crawled {
    /// Failed fetches that crawlers asked for and got an error page of.
    pub errors: u64,
    /// Pages (path without query), most first.
    pub pages: Vec<(String, u64)>,
    /// The longest run of minutes in each of which a crawler got an error, minutes.
    pub longest_run_min: u64,
}

impl Crawled {
    /// Of failed fetches that crawlers asked for: when, and the path. `None` of none.
    pub fn of(errors: impl Iterator<Item = (Stamp, String)>) -> Option<Crawled> {
        let mut pages: BTreeMap<String, u64> = BTreeMap::new();
        let mut minutes: BTreeSet<Stamp> = BTreeSet::new();
        for (at, path) in errors {
            *pages.entry(path).or_default() += 1;
            minutes.insert(at.minute());
        }
        let mut listed: Vec<(String, u64)> = pages.iter().map(|(p, n)| (p.clone(), *n)).collect();
        listed.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        listed.truncate(PAGES);
        let errors: u64 = pages.values().sum();
        (errors > 0).then(|| Crawled { errors, pages: listed, longest_run_min: longest_run(&minutes) })
    }
}

fn longest_run(minutes: &BTreeSet<Stamp>) -> u64 {
    let (mut longest, mut run, mut before) = (0, 0, Stamp::NONE);
    for at in minutes {
        run = if at.since(before) == Some(MINUTE) { run + 1 } else { 1 };
        longest = longest.max(run);
        before = *at;
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_run_has_no_minute_without_an_error() {
        let at = |m: i64| Stamp(m * MINUTE + 5);
        let errors = [0, 0, 1, 2, 5, 6].map(|m| (at(m), if m < 2 { "/a" } else { "/b" }.to_string()));
        let c = Crawled::of(errors.into_iter()).unwrap();
        assert_eq!((c.errors, c.longest_run_min), (6, 3));
        assert_eq!(c.pages, [("/a".to_string(), 3), ("/b".to_string(), 3)]);
        assert_eq!(Crawled::of(std::iter::empty()), None);
    }
}
