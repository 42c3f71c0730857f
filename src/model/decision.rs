//! What people decided about incidents: that two are one, that one is several. In: decisions as the store keeps them;
//! out: answers to "may these two become one?" and "where does this failure belong?". Grouping and saving ask the same
//! questions here, so that no run undoes a decision. It must not know SQL or command lines.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::failure::Failure;
use super::row::group_of;

/// What an incident is split by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SplitBy {
    /// The cause of the failed fetch.
    Cause,
    /// The backend, by name or else by address.
    Backend,
    /// The host that was asked for.
    Host,
    /// The part of the site: the first two segments of the path.
    Url,
}

impl SplitBy {
    /// Every one.
    pub const ALL: [SplitBy; 4] = [SplitBy::Cause, SplitBy::Backend, SplitBy::Host, SplitBy::Url];

    /// The word on the command line and in the store.
    pub fn word(self) -> &'static str {
        match self {
            SplitBy::Cause => "cause",
            SplitBy::Backend => "backend",
            SplitBy::Host => "host",
            SplitBy::Url => "url",
        }
    }

    /// The value of such a word.
    pub fn parse(word: &str) -> Option<SplitBy> {
        SplitBy::ALL.into_iter().find(|s| s.word() == word)
    }

    /// What a failed fetch has of it; `-` for none.
    pub fn value(self, f: &Failure) -> String {
        let value = match self {
            SplitBy::Cause => f.ruling.cause.id().to_string(),
            SplitBy::Backend if f.backend.is_empty() => f.backend_addr.lossy().into_owned(),
            SplitBy::Backend => f.backend.lossy().into_owned(),
            SplitBy::Host => f.host.lossy().into_owned(),
            SplitBy::Url => String::from_utf8_lossy(group_of(&f.url.bytes())).into_owned(),
        };
        // As the store keeps it, so that a fresh failure and a stored one compare.
        let value: String =
            value.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect();
        if value.is_empty() { "-".into() } else { value }
    }
}

/// One part of a split: an incident that holds the failures with that value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Number of the split.
    pub split: i64,
    /// What it was split by.
    pub by: SplitBy,
    /// The value.
    pub value: String,
    /// The incident.
    pub incident: u32,
}

/// What was decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisions {
    /// Incidents that others were merged into by hand: they stay one, however far apart their failures are.
    pub united: BTreeSet<u32>,
    /// Parts of splits.
    pub parts: Vec<Part>,
}

/// Where a failure that is not stored yet belongs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Home {
    /// To this incident.
    Of(u32),
    /// To a new part of that split, with this value.
    New(i64, String),
}

impl Decisions {
    /// True when nothing was decided.
    pub fn is_empty(&self) -> bool {
        self.united.is_empty() && self.parts.is_empty()
    }

    /// True when some of these incidents must never become one.
    pub fn keep_apart(&self, incidents: &BTreeSet<u32>) -> bool {
        let mut seen: BTreeMap<i64, u32> = BTreeMap::new();
        let mut of = self.parts.iter().filter(|p| incidents.contains(&p.incident));
        of.any(|p| *seen.entry(p.split).or_insert(p.incident) != p.incident)
    }

    /// True when one of these incidents is a part of a split.
    pub fn is_split(&self, incidents: &BTreeSet<u32>) -> bool {
        self.parts.iter().any(|p| incidents.contains(&p.incident))
    }

    /// Where a failure belongs that was grouped with these incidents: to the part that fits it in most splits, else to a
    /// new part of the first split. `None` when none of the incidents is a part of a split.
    pub fn home(&self, f: &Failure, beside: &BTreeSet<u32>) -> Option<Home> {
        let splits: BTreeMap<i64, SplitBy> =
            self.parts.iter().filter(|p| beside.contains(&p.incident)).map(|p| (p.split, p.by)).collect();
        let values: BTreeMap<i64, String> = splits.iter().map(|(split, by)| (*split, by.value(f))).collect();
        let mut fits: BTreeMap<u32, BTreeSet<i64>> = BTreeMap::new();
        for p in self.parts.iter().filter(|p| values.get(&p.split) == Some(&p.value)) {
            fits.entry(p.incident).or_default().insert(p.split);
        }
        let best = fits.iter().max_by_key(|(id, s)| (s.len(), Reverse(s.first().copied()), Reverse(**id)));
        match best {
            Some((id, _)) => Some(Home::Of(*id)),
            None => values.into_iter().next().map(|(split, value)| Home::New(split, value)),
        }
    }

    /// Notes that one incident became part of another.
    pub fn merge(&mut self, from: u32, into: u32) {
        if self.united.remove(&from) {
            self.united.insert(into);
        }
        for p in self.parts.iter_mut().filter(|p| p.incident == from) {
            p.incident = into;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Cause, Text};

    fn part(split: i64, by: SplitBy, value: &str, incident: u32) -> Part {
        Part { split, by, value: value.into(), incident }
    }

    fn failure(cause: &str, url: &str) -> Failure {
        let mut f = Failure::of(&Default::default(), crate::model::Tier::Cache, Text::EMPTY, Default::default());
        f.ruling.cause = Cause::named(cause);
        f.url = Text::from(url);
        f
    }

    fn nested() -> Decisions {
        let by = SplitBy::Cause;
        let parts = vec![
            part(1, by, "dns", 4),
            part(1, by, "tls", 5),
            part(1, by, "tls", 6),
            part(2, SplitBy::Url, "/a", 5),
            part(2, SplitBy::Url, "/b", 6),
        ];
        Decisions { parts, ..Decisions::default() }
    }

    #[test]
    fn parts_of_one_split_stay_apart_and_others_do_not() {
        let d = nested();
        assert!(d.keep_apart(&[4, 6, 9].into()) && d.keep_apart(&[5, 6].into()));
        assert!(!d.keep_apart(&[4, 9].into()) && d.is_split(&[4, 9].into()) && !d.is_split(&[9].into()));
    }

    #[test]
    fn a_failure_goes_to_the_part_that_fits_it_best() {
        let d = nested();
        let beside = [4, 5, 6].into();
        let home = |cause: &str, url: &str| d.home(&failure(cause, url), &beside);
        assert_eq!(home("dns", "/a/1"), Some(Home::Of(4)), "the first split counts most");
        assert_eq!(home("tls", "/a/1"), Some(Home::Of(5)));
        assert_eq!(home("tls", "/b/1"), Some(Home::Of(6)));
        assert_eq!(home("app.error", "/c/1"), Some(Home::New(1, "app.error".into())));
        assert_eq!(d.home(&failure("dns", "/a"), &[9].into()), None);
    }

    #[test]
    fn what_was_merged_takes_its_parts_along() {
        let mut d = nested();
        d.united.insert(6);
        d.merge(6, 4);
        assert!(d.keep_apart(&[4, 5].into()) && d.united.contains(&4) && !d.united.contains(&6));
    }
}
