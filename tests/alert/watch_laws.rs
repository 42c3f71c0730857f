//! What holds whatever happens: no notice twice, no end without a beginning, a restart changes nothing, no flood.

use std::collections::{BTreeMap, BTreeSet};

use guru::alert::Watch;
use guru::model::Stamp;
use guru::model::alert::{Notice, NoticeKind};
use guru::model::incident::{CauseShare, Incident, State};
use proptest::prelude::*;

use crate::live::{at, incident, live, rules};

/// One incident of a random history.
#[derive(Clone, Debug)]
struct Plan {
    service: usize,
    begin: i64,
    lasts: i64,
    per_min: u64,
    worse_after: i64,
    share: f64,
    second_cause_after: i64,
}

fn plan() -> impl Strategy<Value = Plan> {
    (0usize..3, 0i64..7000, 0i64..3000, 0u64..200, 0i64..2000, 0.0f64..0.4, 0i64..4000).prop_map(
        |(service, begin, lasts, per_min, worse_after, share, second_cause_after)| Plan {
            service,
            begin,
            lasts,
            per_min,
            worse_after,
            share,
            second_cause_after,
        },
    )
}

impl Plan {
    /// The incident at a second; `None` before it began and an hour after it ended.
    fn now(&self, s: i64) -> Option<Incident> {
        let age = s - self.begin;
        if age < 0 || age > self.lasts + 3600 {
            return None;
        }
        let (to, worse) = (self.begin + age.min(self.lasts), age > self.worse_after);
        let failures = 1 + (to - self.begin) as u64 * self.per_min / 60;
        let mut i = incident(["shop", "api", "img"][self.service], self.begin, to, failures);
        i.id = self.begin as u32 * 3 + self.service as u32 + 1;
        i.harm.share = Some(if worse { (self.share * 2.5).min(1.0) } else { self.share });
        if age > self.second_cause_after {
            i.causes.push(CauseShare {
                cause: "connect.refused".into(),
                failures: failures / 3,
                first_at: at(self.begin + self.second_cause_after),
                role: String::new(),
            });
        }
        if age > self.lasts + 300 {
            i.state = State::Closed;
        }
        Some(i)
    }
}

fn history(plans: &[Plan], restarts: &BTreeSet<i64>, catching_up: i64) -> Vec<(i64, Notice)> {
    let rules = rules("repeat_interval = '20m'");
    let mut watch = Watch::new(rules.clone(), &[]);
    let mut told: Vec<(i64, Notice)> = Vec::new();
    for s in (0..14_000).step_by(10) {
        if restarts.contains(&(s / 10)) {
            let kept: Vec<(Notice, Stamp)> = told.iter().map(|(s, n)| (n.clone(), at(*s))).collect();
            watch = Watch::new(rules.clone(), &kept);
        }
        let mut l = live(s, plans.iter().filter_map(|p| p.now(s)).collect());
        l.caught_up = s >= catching_up;
        told.extend(watch.step(&l, at(s)).into_iter().map(|n| (s, n)));
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_told_twice_and_no_end_comes_without_its_beginning(
        plans in proptest::collection::vec(plan(), 0..6),
        restarts in proptest::collection::btree_set(0i64..1400, 0..5),
        catching_up in 0i64..2000,
    ) {
        let told = history(&plans, &restarts, catching_up);
        let mut keys = BTreeSet::new();
        let mut open: BTreeMap<&str, bool> = BTreeMap::new();
        for (s, n) in &told {
            prop_assert!(*s >= catching_up);
            prop_assert!(keys.insert(&n.key), "twice: {}", n.key);
            prop_assert!(n.key.starts_with(&n.group));
            let is_open = open.entry(&n.group).or_default();
            match n.kind {
                NoticeKind::Opened => *is_open = true,
                NoticeKind::Recovered => {
                    prop_assert!(*is_open, "an end without a beginning: {}", n.key);
                    *is_open = false;
                }
                _ => prop_assert!(*is_open, "told before it was opened: {}", n.key),
            }
        }
        // Everything ended an hour before the history did.
        prop_assert!(open.values().all(|o| !o));
    }

    #[test]
    fn a_restart_neither_adds_nor_loses_a_notice(
        plans in proptest::collection::vec(plan(), 1..4),
        restart in 0i64..1400,
    ) {
        let keys = |told: &[(i64, Notice)]| told.iter().map(|t| t.1.key.clone()).collect::<BTreeSet<_>>();
        let (whole, cut) = (history(&plans, &BTreeSet::new(), 0), history(&plans, &BTreeSet::from([restart]), 0));
        // A wait that began before the restart begins anew; what fell into it may be told later or, when it was over
        // by then, not at all. Nothing else may differ.
        let near = |n: &&(i64, Notice)| (n.0 - restart * 10).abs() > 400;
        let (all, some) = (keys(&whole), keys(&cut));
        for n in cut.iter().filter(near) {
            prop_assert!(all.contains(&n.1.key) || whole.iter().any(|w| w.1.group == n.1.group), "new: {}", n.1.key);
        }
        for n in whole.iter().filter(near).filter(|n| n.1.kind == NoticeKind::Opened && n.0 < restart * 10) {
            prop_assert!(some.contains(&n.1.key), "lost: {}", n.1.key);
        }
    }

    #[test]
    fn one_service_is_never_told_as_new_more_than_three_times_an_hour(
        plans in proptest::collection::vec(plan(), 0..12),
        restarts in proptest::collection::btree_set(0i64..1400, 0..3),
    ) {
        let told = history(&plans, &restarts, 0);
        let mut opened: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        let mut last: BTreeMap<&str, i64> = BTreeMap::new();
        for (s, n) in &told {
            if n.key.ends_with("/opened") {
                opened.entry(&n.service).or_default().push(*s);
            }
            if n.key.contains("/still/") {
                prop_assert!(s - last[n.group.as_str()] >= 1200, "repeated too soon: {}", n.key);
            }
            last.insert(&n.group, *s);
        }
        for times in opened.values() {
            prop_assert!(times.windows(4).all(|w| w[3] - w[0] >= 3600), "{times:?}");
        }
    }
}
