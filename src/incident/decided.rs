//! What people decided about incidents, applied to runs. In: runs whose failures know the incident that they are stored
//! in, and the decisions; out: the same failures in runs that are divided where a split says so, and joined where a
//! merge does. It must not know why anything was decided.

use std::collections::{BTreeMap, BTreeSet};

use super::count::Shape;
use super::runs::Run;
use super::service::key;
use crate::model::{Decisions, Failure, Home};

/// Divides and joins.
pub fn apply<'a>(runs: Vec<(Run<'a>, Shape)>, decisions: &Decisions) -> Vec<(Run<'a>, Shape)> {
    let divided = runs.into_iter().flat_map(|(run, shape)| divide(run, shape, decisions)).collect();
    join(divided, decisions)
}

/// The incidents that failures are stored in.
fn homes(failures: &[&Failure]) -> BTreeSet<u32> {
    failures.iter().map(|f| f.incident).filter(|id| *id > 0).collect()
}

/// One run per part of a split.
fn divide<'a>(run: Run<'a>, shape: Shape, decisions: &Decisions) -> Vec<(Run<'a>, Shape)> {
    let beside = homes(&run.failures);
    if shape == Shape::Scattered || !decisions.is_split(&beside) {
        return vec![(run, shape)];
    }
    let mut parts: BTreeMap<Option<Home>, Vec<&Failure>> = BTreeMap::new();
    for &f in &run.failures {
        // What is stored in a part stays there, whatever its value has become since.
        let stays = f.incident > 0 && decisions.is_split(&BTreeSet::from([f.incident]));
        let home = if stays { Some(Home::Of(f.incident)) } else { decisions.home(f, &beside) };
        parts.entry(home).or_default().push(f);
    }
    parts.into_values().map(|failures| (Run { key: run.key, failures }, shape)).collect()
}

/// One run of all those that have failures of one united incident, lone ones among them.
fn join<'a>(runs: Vec<(Run<'a>, Shape)>, decisions: &Decisions) -> Vec<(Run<'a>, Shape)> {
    let united = |f: &Failure| Some(f.incident).filter(|id| decisions.united.contains(id));
    let mut joined: BTreeMap<u32, (Run<'a>, Shape, usize)> = BTreeMap::new();
    let mut out = Vec::new();
    for (mut run, shape) in runs {
        if shape == Shape::Scattered {
            let (of_one, lone): (Vec<_>, Vec<_>) = run.failures.into_iter().partition(|f| united(f).is_some());
            run.failures = lone;
            for f in of_one {
                let alone = Run { key: key(f, None), failures: vec![f] };
                add(&mut joined, f.incident, alone, Shape::Recurring);
            }
            out.push((run, shape));
            continue;
        }
        match run.failures.iter().find_map(|f| united(f)) {
            Some(id) => add(&mut joined, id, run, shape),
            None => out.push((run, shape)),
        }
    }
    out.extend(joined.into_values().map(|(mut run, shape, _)| {
        run.failures.sort_by_key(|f| (f.started, f.id));
        (run, shape)
    }));
    out
}

/// Adds a run to its incident. The largest gives it its name, an outage its shape.
fn add<'a>(joined: &mut BTreeMap<u32, (Run<'a>, Shape, usize)>, id: u32, run: Run<'a>, shape: Shape) {
    let size = run.failures.len();
    match joined.get_mut(&id) {
        None => _ = joined.insert(id, (run, shape, size)),
        Some((all, all_shape, largest)) => {
            if size > *largest {
                (all.key, *largest) = (run.key, size);
            }
            if shape == Shape::Outage {
                *all_shape = shape;
            }
            all.failures.extend(run.failures);
        }
    }
}
