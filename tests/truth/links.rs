//! Does a link's confidence say how often it is right, and does guru keep silent where a line is missing? Over the
//! slices under `tests/data`, and over a folder of whole recordings when there is one; with the origins' logs as they
//! are, with every tenth line lost, and with the lines of each second in any order.
//!
//! `GURU_CORPORA=FOLDER cargo test --test truth links -- --ignored --nocapture`

use guru::model::Verdict;
use guru::pipeline::Analysis;
use serde_json::Value;

use crate::damage::Damage;
use crate::recording::Recording;
use crate::score;

/// In a tenth of the scale that holds so many links …
const ENOUGH: usize = 50;
/// … the mean confidence and the share of right links are this near.
const NEAR: f64 = 0.05;

/// Such a share of a backend's healthy fetches must have their lines for a missing one to prove anything.
const COVERS: f64 = 0.95;

/// A link that guru gave.
#[derive(Clone, Copy)]
struct Given {
    confidence: f32,
    right: bool,
}

/// What guru said of the failed fetches of one or more recordings.
#[derive(Default)]
struct Said {
    links: Vec<Given>,
    /// Fetches with a line that got none.
    missed: u64,
    /// Fetches whose lines are all lost, and those of them that were given another's.
    lost: u64,
    misled: u64,
    /// Fetches that did reach the origin and are said never to have arrived, although so many lines are lost that
    /// nothing may be concluded.
    denied: u64,
}

impl Said {
    fn of(recording: &Recording, origin: &str) -> Said {
        let analysis = recording.analysis(origin, true);
        let kept = Kept::of(recording, origin);
        let found = score::found(&analysis);
        let mut said = Said::default();
        for (vxid, t) in recording.failed() {
            let Some(failure) = found.get(&vxid) else { continue };
            let line = kept.line_of(&analysis, failure);
            let has_line = kept.has_line(t);
            let was_lost = !has_line && t["origin_logged"] == true;
            if let Some((name, number)) = line {
                let confidence = failure.link.map_or(0.0, |l| l.confidence);
                let right = score::owns(t, name, number);
                said.links.push(Given { confidence, right });
                if was_lost {
                    said.misled += 1;
                    println!("  {} {vxid}: its line is lost, given {name}:{number} at {confidence}", recording.name());
                }
            }
            said.missed += u64::from(has_line && line.is_none());
            said.lost += u64::from(was_lost);
            if failure.verdict == Verdict::NeverArrived && t["origin_saw"] == true && !kept.covers(recording, t) {
                said.denied += 1;
                println!("  {} {vxid}: {} is said never to have arrived", recording.name(), t["url"]);
            }
        }
        said
    }

    fn add(&mut self, other: Said) {
        self.links.extend(other.links);
        self.missed += other.missed;
        self.lost += other.lost;
        self.misled += other.misled;
        self.denied += other.denied;
    }

    fn right(&self) -> usize {
        self.links.iter().filter(|l| l.right).count()
    }

    fn precision(&self) -> f64 {
        self.right() as f64 / self.links.len().max(1) as f64
    }

    fn recall(&self) -> f64 {
        let wrong_with_line = self.links.len() - self.right() - self.misled as usize;
        self.right() as f64 / (self.right() + wrong_with_line + self.missed as usize).max(1) as f64
    }
}

/// Which lines of a recording's access logs guru got to read, by their old numbers.
struct Kept(Vec<(String, Vec<u64>)>);

impl Kept {
    fn of(recording: &Recording, origin: &str) -> Kept {
        let kind = if origin == "rich" { "-access.log" } else { "-access-combined.log" };
        let names = ["nginx", "nginx2"].map(|server| format!("{server}{kind}"));
        Kept(names.into_iter().map(|name| (name.clone(), recording.order(&name))).collect())
    }

    fn line_of<'a>(&self, analysis: &'a Analysis, failure: &guru::model::Failure) -> Option<(&'a str, u64)> {
        let (name, line) = score::line_of(analysis, failure)?;
        let order = self.0.iter().find(|(n, _)| n == name).map(|(_, order)| order);
        Some((name, order.map_or(line, |order| order[line as usize - 1])))
    }

    /// Whether the backend of a fetch lost so few lines that a missing one means something. Slices do not say which line
    /// belongs to which healthy fetch: there it may be.
    fn covers(&self, recording: &Recording, t: &Value) -> bool {
        let healthy = |o: &&Value| o["backend"] == t["backend"] && o["failed"] == false && o["origin_rows"].is_array();
        let healthy: Vec<&Value> = recording.truth.values().filter(healthy).collect();
        let kept = healthy.iter().filter(|o| self.has_line(o)).count();
        kept as f64 >= COVERS * healthy.len() as f64
    }

    fn has_line(&self, t: &Value) -> bool {
        let is_kept = |row: &Value, file: &str, line: &str| {
            let order = self.0.iter().find(|(name, _)| row[file] == *name).map(|(_, order)| order);
            order.is_some_and(|order| row[line].as_u64().is_some_and(|n| order.contains(&n)))
        };
        let mut rows = t["origin_rows"].as_array().expect("rows").iter();
        rows.any(|r| is_kept(r, "file", "line") || is_kept(r, "file_combined", "line_combined"))
    }
}

/// Prints the table of confidences; the tenths in which confidence and truth are too far apart.
fn far_tenths(said: &Said) -> Vec<String> {
    let mut far = Vec::new();
    println!("  confidence  links  mean   right");
    for tenth in 0..10 {
        let is_in = |l: &&Given| ((l.confidence * 10.0) as usize).min(9) == tenth;
        let links: Vec<&Given> = said.links.iter().filter(is_in).collect();
        if links.is_empty() {
            continue;
        }
        let mean = links.iter().map(|l| f64::from(l.confidence)).sum::<f64>() / links.len() as f64;
        let right = links.iter().filter(|l| l.right).count() as f64 / links.len() as f64;
        println!(
            "  {:.1} to {:.1}  {:5}  {mean:.3}  {right:.3}",
            tenth as f64 / 10.0,
            (tenth + 1) as f64 / 10.0,
            links.len()
        );
        if links.len() >= ENOUGH && (mean - right).abs() > NEAR {
            far.push(format!("{} links of confidence {mean:.3}, of which {right:.3} are right", links.len()));
        }
    }
    far
}

/// What guru says of the recordings with such logs and such damage.
fn said(mut recordings: Vec<Recording>, origin: &str, damage: Damage) -> Said {
    let mut all = Said::default();
    for recording in &mut recordings {
        recording.damage = damage;
        all.add(Said::of(recording, origin));
    }
    println!(
        "{origin} {}: {} links, precision {:.4}, recall {:.4}; {} of {} lost lines replaced by another's; {} wrongly \
         said never to have arrived",
        damage.word(),
        all.links.len(),
        all.precision(),
        all.recall(),
        all.misled,
        all.lost,
        all.denied
    );
    all
}

/// Asserts what holds of any recordings: confidence is honest, nothing is put in a lost line's place, and a line that
/// may have been lost proves nothing.
fn judge(recordings: impl Fn() -> Vec<Recording>) {
    let (mut all, mut faults) = (Said::default(), Vec::new());
    for origin in ["rich", "combined"] {
        for damage in Damage::ALL {
            let said = said(recordings(), origin, damage);
            let mut found = far_tenths(&said);
            let (precision, recall) = floors(origin, damage);
            if said.precision() < precision || said.recall() < recall {
                found.push(format!("precision {}, recall {}", said.precision(), said.recall()));
            }
            if said.misled + said.denied > 0 {
                found.push(format!("{} misled, {} denied", said.misled, said.denied));
            }
            faults.extend(found.into_iter().map(|fault| format!("{origin} {}: {fault}", damage.word())));
            all.add(said);
        }
    }
    println!("ALL");
    faults.extend(far_tenths(&all));
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Precision and recall of links that must be reached.
fn floors(origin: &str, damage: Damage) -> (f64, f64) {
    match (origin, damage) {
        ("rich", Damage::None) => (0.999, 0.998),
        ("rich", Damage::Drop10) => (0.998, 0.99),
        ("rich", Damage::Shuffle) => (0.999, 0.98),
        (_, Damage::None) => (0.995, 0.994),
        (_, Damage::Drop10) => (0.99, 0.9),
        (_, Damage::Shuffle) => (0.98, 0.65),
    }
}

#[test]
fn links_are_as_right_as_they_say_and_none_replaces_a_lost_line() {
    judge(Recording::slices);
}

#[test]
#[ignore = "needs the recorded corpora: set GURU_CORPORA"]
fn links_of_corpora_are_as_right_as_they_say_and_none_replaces_a_lost_line() {
    if Recording::whole().is_some() {
        judge(|| Recording::whole().expect("they were there a moment ago"));
    }
}
