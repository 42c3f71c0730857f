//! Histories that were made up, each with a planted trigger among decoys: is the planted one named first? And of quiet
//! data: is nothing claimed?

#[path = "triggers/history.rs"]
mod history;
#[path = "triggers/planted.rs"]
mod planted;

use history::Outage;
use planted::{KINDS, Planted};

/// Outages of each kind.
const EACH: u64 = 25;
/// Outages that nothing set off.
const QUIET: u64 = 150;

fn outages(planted: Planted) -> Vec<Outage> {
    (0..EACH).map(|n| Outage::new(planted, n * 7919 + planted as u64 * 104_729)).collect()
}

#[test]
fn the_planted_trigger_is_ranked_first() {
    let (mut right, mut all) = (0, 0);
    for planted in KINDS {
        let mut first = 0;
        for outage in outages(planted) {
            let found = outage.candidates();
            let is_it = found.first().is_some_and(|c| outage.is_planted(c));
            if !is_it {
                println!("{planted:?} {}: {:?}", outage.seed, found.iter().map(told).collect::<Vec<_>>());
            }
            first += u64::from(is_it);
        }
        println!("{planted:?}: {first} of {EACH} first");
        right += first;
        all += EACH;
    }
    assert!(all >= 200, "{all} outages are too few to tell");
    assert!(right * 100 >= all * 90, "{right} of {all}");
}

#[test]
fn a_planted_difference_is_ranked_first() {
    let all: Vec<Outage> = KINDS.into_iter().filter(|k| k.is_difference()).flat_map(outages).collect();
    let named = |o: &&Outage| {
        let first = o.candidates().into_iter().find(|c| c.kind == "differs");
        first.is_some_and(|c| o.is_planted(&c))
    };
    let right = all.iter().filter(named).count();
    assert!(all.len() >= 100 && right * 100 >= all.len() * 95, "{right} of {}", all.len());
}

#[test]
fn a_planted_period_is_found_with_its_length() {
    let mut right = 0;
    let mut all = 0;
    for seed in 0..120 {
        let (openings, every_min) = history::periodic(seed);
        let found = guru::trigger::period(&openings);
        let is_it = found.is_some_and(|p| p.every_us == every_min * 60_000_000);
        if !is_it {
            println!("{seed}: every {every_min} min, found {found:?}");
        }
        right += u64::from(is_it);
        all += 1;
    }
    assert!(right * 100 >= all * 95, "{right} of {all}");
}

#[test]
fn quiet_data_claim_nothing() {
    let claimed: Vec<Outage> = (0..QUIET)
        .map(|n| Outage::new(Planted::Nothing, n * 31 + 5))
        .filter(|o| o.candidates().iter().any(|c| c.strength >= guru::trigger::CLAIMS))
        .collect();
    for o in &claimed {
        println!("{}: {:?}", o.seed, o.candidates().iter().map(told).collect::<Vec<_>>());
    }
    assert!(claimed.len() as u64 * 100 <= QUIET * 2, "{} of {QUIET}", claimed.len());
    let by_chance = (0..QUIET).filter(|n| guru::trigger::period(&history::at_random(*n)).is_some()).count();
    assert!(by_chance as u64 * 100 <= QUIET * 2, "{by_chance} of {QUIET} random histories have a period");
}

fn told(c: &guru::model::incident::Candidate) -> String {
    format!("{:.2} {} {}", c.strength, c.kind, c.text)
}
