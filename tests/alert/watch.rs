//! When something is told: table tests on a virtual clock.

use guru::alert::{Rules, Watch};
use guru::model::Stamp;
use guru::model::alert::{Notice, NoticeKind};
use guru::model::incident::{CauseShare, Incident, State};

use crate::live::{at, incident, keys, lines, live, rules, run, slow};

fn watch() -> Watch {
    Watch::new(Rules::default(), &[])
}

/// An incident that fails from second 0 to `end`, `per_s` fetches each second, and is closed 5 minutes later.
fn lasting(s: i64, end: i64, per_s: u64) -> Incident {
    let to = s.min(end);
    let mut i = incident("shop", 0, to, 1 + to as u64 * per_s);
    if s > end + 300 {
        i.state = State::Closed;
    } else if s > end + 150 {
        i.state = State::Recovering;
    }
    i
}

fn kinds(told: &[(i64, Notice)]) -> Vec<(i64, NoticeKind)> {
    told.iter().map(|(s, n)| (*s, n.kind)).collect()
}

#[test]
fn an_incident_is_told_once_when_it_opens_and_once_when_it_is_over() {
    let told = run(&mut watch(), (0, 3000, 1), &|s| live(s, vec![lasting(s, 600, 1)]));
    insta::assert_snapshot!(lines(&told), @"
 20 opened            critical shop: first byte timeout, 10 % of visitors get 5xx
961 recovered         critical over: shop: first byte timeout, after 10 min and 601 failed fetches
");
    insta::assert_snapshot!(told[0].1.text, @"
The origin took longer to answer than the cache waits.
since 2026-11-20 17:49:06Z, 21 failed fetches
nodes: cache-1
the origin: 21 late_answer
");
    insta::assert_snapshot!(told[1].1.text, @"
last failure 2026-11-20 17:59:06Z
write down what helped: guru resolve 3 'WHAT YOU DID'
");
    insta::assert_snapshot!(keys(&told).join("\n"), @"
shop@2026-11-20T17:49:06.000000Z/1/opened
shop@2026-11-20T17:49:06.000000Z/1/recovered
");
    assert_eq!(told[0].1.group, told[1].1.group);
}

#[test]
fn few_failures_short_ones_and_small_shares_are_not_told() {
    let nothing = |rules: &str, failures: u64, lasts: i64| {
        let mut w = Watch::new(crate::live::rules(rules), &[]);
        run(&mut w, (0, 200, 1), &|s| live(s, vec![incident("shop", 0, lasts.min(s), failures)])).is_empty()
    };
    assert!(nothing("", 9, 100) && !nothing("", 10, 100));
    assert!(nothing("", 50, 9) && !nothing("", 50, 10));
    assert!(nothing("min_share = 0.11", 50, 100) && !nothing("min_share = 0.1", 50, 100));
    assert!(nothing("for = '3m'", 50, 100));
}

#[test]
fn hidden_failures_are_a_warning_and_only_told_without_a_least_share() {
    let hidden = |s: i64| {
        let mut i = incident("shop", 0, s, 50);
        i.harm.visitors_5xx = 0;
        i.harm.share = None;
        live(s, vec![i])
    };
    let told = run(&mut watch(), (0, 60, 1), &hidden);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].1.severity, "warning");
    assert!(told[0].1.title.contains("none seen by visitors"), "{}", told[0].1.title);
    assert!(run(&mut Watch::new(rules("min_share = 0.01"), &[]), (0, 60, 1), &hidden).is_empty());
}

#[test]
fn the_wait_lets_an_incident_be_told_whole() {
    let mut w = Watch::new(rules("grouping_wait = '45s'"), &[]);
    let told = run(&mut w, (0, 100, 1), &|s| live(s, vec![lasting(s, 600, 1)]));
    assert_eq!(kinds(&told), [(55, NoticeKind::Opened)]);
    // One that is over before the wait is never told.
    let mut w = Watch::new(rules("grouping_wait = '10m'"), &[]);
    assert!(run(&mut w, (0, 3000, 1), &|s| live(s, vec![lasting(s, 100, 1)])).is_empty());
}

#[test]
fn it_is_told_again_when_it_becomes_much_worse() {
    let grows = |s: i64| {
        let mut i = lasting(s, 5000, 1);
        i.harm.share = Some(if s < 300 {
            0.1
        } else if s < 600 {
            0.29
        } else if s < 900 {
            0.31
        } else {
            0.95
        });
        live(s, vec![i])
    };
    let told = run(&mut watch(), (0, 1200, 1), &grows);
    insta::assert_snapshot!(lines(&told), @"
 20 opened            critical shop: first byte timeout, 10 % of visitors get 5xx
600 escalated         critical worse: shop: first byte timeout, 31 % of visitors get 5xx
900 escalated         critical worse: shop: first byte timeout, 95 % of visitors get 5xx
");
    insta::assert_snapshot!(keys(&told).join("\n"), @"
shop@2026-11-20T17:49:06.000000Z/1/opened
shop@2026-11-20T17:49:06.000000Z/1/escalated/1/60-per-min
shop@2026-11-20T17:49:06.000000Z/1/escalated/2/60-per-min
");
}

#[test]
fn without_shares_the_rate_of_failures_tells_that_it_became_worse() {
    let grows = |s: i64| {
        let mut i = incident("shop", 0, s, 10 + s as u64);
        (i.harm.share, i.harm.visitors_5xx) = (None, 0);
        let minutes = 0..=s / 60;
        i.curve = minutes.map(|m| (at(m * 60).minute().0, if m >= 20 { 400 } else { 60 })).collect();
        live(s, vec![i])
    };
    let told = run(&mut watch(), (0, 3000, 10), &grows);
    assert_eq!(kinds(&told), [(20, NoticeKind::Opened), (1200, NoticeKind::Escalated)], "{}", lines(&told));
}

#[test]
fn a_cause_that_joins_is_told_once_but_not_what_follows_from_the_first() {
    let joined = |s: i64| {
        let mut i = lasting(s, 5000, 1);
        let share = |cause: &str, role: &str, failures| CauseShare {
            cause: cause.into(),
            failures,
            first_at: at(200),
            role: role.into(),
        };
        if s > 200 {
            i.causes.push(share("health.sick", "consequence", 100));
            i.causes.push(share("connect.refused", "", (s as u64 - 200) / 10));
        }
        live(s, vec![i])
    };
    let told = run(&mut watch(), (0, 1000, 1), &joined);
    insta::assert_snapshot!(lines(&told), @"
 20 opened            critical shop: first byte timeout, 10 % of visitors get 5xx
300 new_cause         critical new cause connect.refused (10 failed fetches) in shop: first byte timeout, 10 % of visitors get 5xx
");
}

#[test]
fn an_open_incident_is_repeated_only_after_the_interval() {
    let mut w = Watch::new(rules("repeat_interval = '30m'"), &[]);
    let told = run(&mut w, (0, 7000, 10), &|s| live(s, vec![lasting(s, 100_000, 1)]));
    assert_eq!(told.iter().map(|t| t.0).collect::<Vec<_>>(), [20, 1820, 3620, 5420]);
    assert!(told[1].1.title.starts_with("still open: "));
    let unique: std::collections::HashSet<_> = keys(&told).into_iter().collect();
    assert_eq!(unique.len(), 4);
}

#[test]
fn what_was_over_before_the_start_is_never_told_but_what_is_open_then_is() {
    let mut w = watch();
    let mut old = incident("old", -5000, -4000, 500);
    old.state = State::Closed;
    let open = |s: i64| incident("shop", -1000, s, 500);
    let told = run(&mut w, (0, 200, 1), &|s| {
        let mut l = live(s, vec![open(s), old.clone()]);
        l.caught_up = s >= 100;
        l
    });
    assert_eq!(kinds(&told), [(110, NoticeKind::Opened)]);
    assert_eq!(told[0].1.service, "shop");
}

#[test]
fn a_process_that_only_watches_tells_nothing() {
    let told = run(&mut watch(), (0, 200, 1), &|s| {
        let mut l = live(s, vec![lasting(s, 1000, 1)]);
        l.recorder = Some("guru on web-1".into());
        l
    });
    assert!(told.is_empty());
}

#[test]
fn a_restarted_process_tells_what_is_new_and_nothing_twice() {
    let now = |s: i64| live(s, vec![lasting(s, 600, 1)]);
    let mut first = watch();
    let before = run(&mut first, (0, 400, 1), &now);
    let told: Vec<(Notice, Stamp)> = before.iter().map(|(s, n)| (n.clone(), at(*s))).collect();
    // Killed at 400; back at 500 with the notices of the outbox.
    let mut second = Watch::new(Rules::default(), &told);
    let after = run(&mut second, (500, 3000, 1), &now);
    assert_eq!(kinds(&after), [(961, NoticeKind::Recovered)]);
    assert_eq!(after[0].1.group, before[0].1.group);
    // Without the outbox the same notices come with the same keys, so that receivers can tell.
    let again = run(&mut watch(), (500, 3000, 1), &now);
    assert_eq!(keys(&again), [keys(&before), keys(&after)].concat());
}

#[test]
fn its_number_and_its_beginning_may_change() {
    let told = run(&mut watch(), (0, 3000, 1), &|s| {
        let mut i = lasting(s, 600, 1);
        i.id = if s > 100 { 1 } else { 7 };
        if s > 200 {
            i.opened_at = at(-70); // an older log came late
        }
        live(s, vec![i])
    });
    assert_eq!(kinds(&told), [(20, NoticeKind::Opened), (961, NoticeKind::Recovered)]);
}

#[test]
fn one_that_comes_back_after_its_end_was_told_is_told_again_under_other_keys() {
    let comes_back = |s: i64| {
        let mut i = if s < 1500 { lasting(s, 600, 1) } else { incident("shop", 0, s.min(2000), s as u64) };
        if s > 2300 {
            i.state = State::Closed;
        }
        live(s, vec![i])
    };
    let told = run(&mut watch(), (0, 4000, 1), &comes_back);
    use NoticeKind::{Opened, Recovered};
    assert_eq!(kinds(&told), [(20, Opened), (961, Recovered), (1510, Opened), (2361, Recovered)], "{}", lines(&told));
    assert!(told.iter().all(|t| t.1.group == told[0].1.group));
    // The same with a restart between: the rounds are known from the outbox.
    let before: Vec<(Notice, Stamp)> = told[..2].iter().map(|(s, n)| (n.clone(), at(*s))).collect();
    let mut second = Watch::new(Rules::default(), &before);
    assert_eq!(keys(&run(&mut second, (1400, 4000, 1), &comes_back)), keys(&told[2..]));
}

#[test]
fn one_that_became_part_of_another_ends() {
    let told = run(&mut watch(), (0, 2000, 1), &|s| {
        let two = vec![incident("shop", 0, s, 500), incident("api", 0, s, 500)];
        live(s, if s < 300 { two } else { vec![incident("shop", 0, s, 900)] })
    });
    insta::assert_snapshot!(lines(&told), @"
 20 opened            critical shop: first byte timeout, 10 % of visitors get 5xx
 20 opened            critical api: first byte timeout, 10 % of visitors get 5xx
600 recovered         critical over: api: first byte timeout
");
}

#[test]
fn flapping_is_told_a_few_times_an_hour() {
    // Fails for a minute of every eight; each time is an incident of its own.
    let flaps = |s: i64| {
        let begin = s - s % 480;
        let mut i = incident("shop", begin, s.min(begin + 60), 100);
        if s > begin + 360 {
            i.state = State::Closed;
        }
        live(s, vec![i])
    };
    let told = run(&mut watch(), (0, 4 * 3600, 1), &flaps);
    let opened: Vec<i64> = told.iter().filter(|t| t.1.kind == NoticeKind::Opened).map(|t| t.0).collect();
    for window in opened.windows(4) {
        assert!(window[3] - window[0] >= 3600, "more than three within an hour: {opened:?}");
    }
    assert!(opened.len() >= 9, "it is still told: {opened:?}");
    let recovered = told.iter().filter(|t| t.1.kind == NoticeKind::Recovered).count();
    assert!(recovered <= opened.len());
}

#[test]
fn a_silence_hides_until_it_ends_and_never_hides_an_end() {
    let rules = rules("[[alerts.silence]]\nservice = 'sh*'\nuntil = '2026-11-20T17:54:06Z'"); // second 300
    let told = run(&mut Watch::new(rules, &[]), (0, 3000, 1), &|s| live(s, vec![lasting(s, 600, 1)]));
    assert_eq!(kinds(&told), [(310, NoticeKind::Opened), (961, NoticeKind::Recovered)]);
    let rules = crate::live::rules("[[alerts.silence]]\nservice = 'sh*'\nfrom = '2026-11-20T17:54:06Z'");
    let told = run(&mut Watch::new(rules, &[]), (0, 3000, 1), &|s| live(s, vec![lasting(s, 600, 1)]));
    assert_eq!(kinds(&told), [(20, NoticeKind::Opened), (961, NoticeKind::Recovered)]);
}

#[test]
fn answer_times_near_the_limit_are_an_early_warning() {
    let told = run(&mut watch(), (0, 2000, 1), &|s| {
        slow(live(s, Vec::new()), "shop", if (100..900).contains(&s) { 12_500.0 } else { 400.0 })
    });
    insta::assert_snapshot!(lines(&told), @"
110 early_warning     warning  shop: first bytes take up to 12.5 s, the limit is 15.0 s
960 recovered         warning  over: shop: first bytes take up to 12.5 s, the limit is 15.0 s
");
    // Not while it fails anyway.
    let told = run(&mut watch(), (0, 200, 1), &|s| slow(live(s, vec![incident("shop", 0, s, 50)]), "shop", 14_000.0));
    assert_eq!(kinds(&told), [(20, NoticeKind::Opened)]);
    // Before any failure has shown the limit it is that of the configuration.
    let unknown = |s: i64| {
        let mut l = slow(live(s, Vec::new()), "shop", 50_000.0);
        l.nodes[0].cells[0].limit_ms = None;
        l
    };
    let told = run(&mut watch(), (0, 60, 1), &unknown);
    assert_eq!(kinds(&told), [(10, NoticeKind::EarlyWarning)]);
    assert!(told[0].1.title.ends_with("the limit is 60.0 s") && told[0].1.text.contains("ttfb_limit"), "{told:?}");
    let learnt = rules("ttfb_limit = '0s'");
    assert!(run(&mut Watch::new(learnt, &[]), (0, 60, 1), &unknown).is_empty());
    let off = rules("early_warning = 0.0");
    assert!(run(&mut Watch::new(off, &[]), (0, 200, 1), &|s| slow(live(s, Vec::new()), "shop", 14_000.0)).is_empty());
}

#[test]
fn grace_that_runs_out_is_told() {
    let of = |failures: u64| {
        move |s: i64| {
            let mut l = live(s, vec![incident("shop", 0, s.min(1500), failures)]);
            l.grace_left_s = (s < 1500).then_some(1400.0 - s as f64);
            l
        }
    };
    let mut told = run(&mut watch(), (0, 3000, 1), &of(50));
    told.retain(|(_, n)| n.group.contains("/grace_running_out@"));
    insta::assert_snapshot!(lines(&told), @"
    810 grace_running_out warning  shop: stale objects that hide failures run out of grace in 9 minutes
   1560 recovered         warning  over: shop: stale objects that hide failures run out of grace in 9 minutes
    ");
    assert!(run(&mut watch(), (0, 3000, 1), &of(3)).is_empty(), "a few background fetches fail on good days too");
}
