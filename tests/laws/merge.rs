//! Merge: `empty` is neutral, pieces may be merged in any order and any shape, files may be given in any order.

use guru::model::{FetchRow, Minute, RequestRow, Tier};
use guru::pipeline::{self, Context, Partial, fold, plan};
use guru::source::{Chunk, Found, Settings};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert_eq, proptest};

use crate::support::{Ask, Folder, differences, failed_fetches, report};

/// Everything that a partial adds up to, in an order of its own. Kept requests are left out: of those that may matter
/// to another chunk more are kept the more chunks there are.
fn content(partial: Partial) -> Vec<String> {
    let mut p = partial;
    let (fetches, requests): (Vec<FetchRow>, Vec<RequestRow>) =
        (p.fetches.load(0, 1, |_| true), p.requests.load(0, 1, |_| true));
    let mut all: Vec<String> = p.failures.iter().map(|f| format!("{f:?}")).collect();
    all.extend(fetches.iter().map(|r| format!("{r:?}")));
    all.extend(requests.iter().map(|r| format!("{r:?}")));
    all.extend(p.files.iter().map(|(id, f)| format!("{id:?} {f:?}")));
    let minutes = p.traffic.iter().flat_map(|(id, m)| m.iter().map(move |(at, n): (_, &Minute)| (id, at, n)));
    all.extend(minutes.map(|m| format!("{m:?}")));
    all.extend(p.retries.iter().map(|r| format!("{r:?}")));
    all.extend(p.notes.iter().map(|n| format!("{n:?}")));
    all.extend(p.not_origin.iter().map(|n| format!("{n:?}")));
    all.extend(p.incomplete.iter().map(|n| format!("{n:?}")));
    all.extend(p.changes.iter().map(|c| format!("{c:?}")));
    all.push(format!("{} open", p.open.len()));
    all.sort();
    all
}

/// All chunks of a few files.
fn chunks(found: &std::collections::BTreeMap<guru::model::FileId, Found>, context: &Context<'_>) -> Vec<Chunk> {
    let settings = Settings { chunk: 24 << 10, ..Settings::default() };
    let mut all = Vec::new();
    for (id, file) in found {
        let pieces = pipeline::chunks(file, *id, context, &settings).expect("the file opens");
        all.extend(pieces.map(|c| c.expect("the file is read")));
    }
    all
}

/// Merges pieces pairwise, as `picks` says, until one is left.
fn merge(mut pieces: Vec<Partial>, picks: &[usize], context: &Context<'_>) -> Partial {
    for n in picks.iter().cycle() {
        if pieces.len() < 2 {
            break;
        }
        let a = pieces.swap_remove(n % pieces.len());
        let b = pieces.swap_remove((n / 7) % pieces.len());
        pieces.push(a.merge(b, context));
    }
    pieces.pop().unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pieces_merge_in_any_order_and_shape(
        picks in proptest::collection::vec(any::<u32>().prop_map(|n| n as usize), 1..40), empties in 0usize..3
    ) {
        let folder = Folder::recorded("groupings", "raw", "rich");
        Ask::default().with_job(folder.files(), |job| {
            let mut plan = plan(job);
            for tier in [Tier::Cache, Tier::Origin] {
                plan.context.wanted.insert(tier, guru::pipeline::Wanted::All);
            }
            let context = &plan.context;
            let pieces = chunks(&plan.files, context);
            let fold_all = || pieces.iter().map(|c| fold(c, context)).collect::<Vec<_>>();
            let in_order = fold_all().into_iter().fold(Partial::empty(), |a, b| a.merge(b, context));
            let mut shuffled = fold_all();
            shuffled.extend((0..empties).map(|_| Partial::empty()));
            let shuffled = merge(shuffled, &picks, context);
            let one = content(in_order.settle(context));
            prop_assert_eq!(one, content(shuffled.settle(context)));
            Ok(())
        })?;
    }

    #[test]
    fn files_may_be_given_in_any_order(order in Just((0..4usize).collect::<Vec<_>>()).prop_shuffle()) {
        let folder = Folder::recorded("groupings", "vxid", "combined");
        let files = folder.files();
        let shuffled: Vec<Found> = order.iter().map(|n| files[*n].clone()).collect();
        let (one, other) = (folder.run(), Ask::default().run(shuffled));
        prop_assert_eq!(failed_fetches(&one), failed_fetches(&other));
        prop_assert_eq!(differences(&report(&one), &report(&other)), Vec::<String>::new());
    }
}
