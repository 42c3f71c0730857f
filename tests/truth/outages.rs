//! Are the incidents those that truly happened? Over the slices under `tests/data`, and over a folder of whole recordings
//! when there is one, with a gap of a second, because recorded outages overlap and follow each other within seconds. (Of
//! the slices every second fetch or so was left out: there it is three.)
//!
//! `GURU_CORPORA=FOLDER cargo test --test truth outages -- --ignored --nocapture`

use std::collections::BTreeMap;

use guru::model::stamp::SECOND;
use guru::model::{Group, Stamp};
use serde_json::Value;

use crate::recording::Recording;
use crate::score;

/// Outages of fewer failed fetches fold into the row of lone failures.
const ENOUGH: usize = 6;
/// Such a share of an outage's failed fetches is in one incident; a silence of more than the gap may cut it.
const WHOLE: f64 = 0.6;
/// Beginning and end are those of the failed fetches.
const OFF: i64 = SECOND;

/// An outage of the truth.
struct Outage<'t> {
    id: i64,
    cause: &'t str,
    rows: Vec<(u64, &'t Value)>,
}

fn outages(recording: &Recording) -> Vec<Outage<'_>> {
    let mut of: BTreeMap<i64, Outage<'_>> = BTreeMap::new();
    for (vxid, t) in recording.failed() {
        let Some(id) = t["incident"].as_i64() else { continue };
        let cause = recording.incident_cause(id);
        of.entry(id).or_insert(Outage { id, cause, rows: Vec::new() }).rows.push((vxid, t));
    }
    of.into_values().filter(|o| o.rows.len() >= ENOUGH).collect()
}

/// Holds every outage of a recording against guru's incidents; how many there were.
fn judge(recording: &Recording, gap_us: i64) -> usize {
    let analysis = recording.analysis_with_gap("rich", gap_us);
    let by_vxid = score::found(&analysis);
    let outages = outages(recording);
    for outage in &outages {
        let ids: Vec<u64> = outage.rows.iter().filter_map(|(vxid, _)| by_vxid.get(vxid)).map(|f| f.id).collect();
        let inside = |g: &&Group| ids.iter().filter(|id| g.members.contains(id)).count();
        let group = analysis.groups.iter().max_by_key(inside).expect("an incident");
        let name = format!("{} {} ({})", recording.name(), outage.id, outage.cause);
        assert!(inside(&group) as f64 >= WHOLE * ids.len() as f64, "{name} is in pieces");
        let causes = &group.incident.causes;
        println!("{name}: {} of {} in {}", inside(&group), ids.len(), group.incident.title);
        // What a packet filter does shows as what it breaks.
        if outage.cause != "firewall" {
            assert_eq!(
                group.incident.root.as_deref().unwrap_or(&group.incident.cause),
                outage.cause,
                "{name}: {causes:?}"
            );
        }
        let rows = outage.rows.iter().filter(|(v, _)| by_vxid.get(v).is_some_and(|f| group.members.contains(&f.id)));
        let (from, to) =
            rows.fold((i64::MAX, i64::MIN), |(from, to), (_, t)| (from.min(us(t, "start")), to.max(us(t, "end"))));
        let i = &group.incident;
        assert!(near(i.opened_at, from) && near(i.closed_at, to), "{name}: {} to {}", i.opened_at, i.closed_at);
    }
    outages.len()
}

fn us(t: &Value, name: &str) -> i64 {
    (t[name].as_f64().expect("a moment") * 1e6) as i64
}

fn near(at: Stamp, truly: i64) -> bool {
    (at.0 - truly).abs() <= OFF
}

#[test]
fn outages_are_found_with_cause_and_boundaries() {
    let all: usize = Recording::slices().iter().map(|r| judge(r, 3 * SECOND)).sum();
    assert!(all >= 1, "no slice holds an outage");
}

#[test]
#[ignore = "needs a folder of recordings, named by GURU_CORPORA"]
fn outages_of_corpora_are_found_with_cause_and_boundaries() {
    let Some(recordings) = Recording::whole() else { return };
    let all: usize = recordings.iter().map(|r| judge(r, SECOND)).sum();
    assert!(all >= 20, "{all} outages");
}
