//! What a tail that goes on is given of the history.

use guru::model::{Failure, Stamp};

use super::support::{Run, T0, failure, new_store};

fn stored(range: std::ops::Range<u64>, settled: impl Fn(u64) -> bool) -> Run {
    let one = |n: u64| Failure { settled: settled(n), ..failure(n) };
    Run::of(range.map(one).collect())
}

#[test]
fn a_long_incident_comes_back_in_part_and_a_short_one_whole() {
    let (_folder, mut store) = new_store();
    stored(0..1_000, |n| n != 5).save(&mut store);
    stored(5_000..5_010, |_| true).save(&mut store);
    let found = store.recent(Stamp(T0)).unwrap();
    let mut ids: Vec<u64> = found.iter().map(|f| f.vxid - 1000).collect();
    assert!(found.is_sorted_by_key(|f| f.started));
    let short = ids.split_off(ids.len() - 10);
    assert_eq!(short, (5_000..5_010).collect::<Vec<_>>());
    assert_eq!(ids.remove(0), 5, "what is not settled is needed however old it is");
    assert_eq!(ids, (700..1_000).collect::<Vec<_>>(), "the newest ones");
    assert_eq!(store.recent(failure(5_005).started).unwrap().len(), 5);
}

#[test]
fn many_incidents_come_back_up_to_a_limit() {
    let (_folder, mut store) = new_store();
    for n in 0..20 {
        stored(n * 1_000..n * 1_000 + 280, |_| true).save(&mut store);
    }
    let found = store.recent(Stamp(T0)).unwrap();
    assert_eq!(found.len(), 4_000);
    assert_eq!(found.last().map(|f| f.vxid), Some(1000 + 19_279));
}
