//! No input panics, and whatever was read, the report's own figures add up.

use guru::model::Tier;
use guru::pipeline::Analysis;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::{Index, select};

use crate::support::{Ask, Folder, LIBRARY, data};

/// One thing that happens to a log.
#[derive(Clone, Debug)]
enum Harm {
    /// A byte is another.
    Flip(Index, u8),
    /// Bytes are missing.
    Lose(Index, u8),
    /// A line is missing.
    Delete(Index),
    /// A line is there twice.
    Double(Index),
    /// Two lines have changed places.
    Swap(Index, Index),
    /// The log ends within a line.
    End(Index),
}

fn harm() -> impl Strategy<Value = Harm> {
    let at = any::<Index>;
    prop_oneof![
        6 => (at(), any::<u8>()).prop_map(|(i, b)| Harm::Flip(i, b)),
        2 => (at(), any::<u8>()).prop_map(|(i, n)| Harm::Lose(i, n)),
        4 => at().prop_map(Harm::Delete),
        4 => at().prop_map(Harm::Double),
        4 => (at(), at()).prop_map(|(a, b)| Harm::Swap(a, b)),
        1 => at().prop_map(Harm::End),
    ]
}

/// What the harms leave of a log.
fn damaged(log: &[u8], harms: &[Harm]) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = log.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    for harm in harms {
        if lines.is_empty() {
            break;
        }
        let count = lines.len();
        match harm {
            Harm::Flip(at, byte) => {
                let line = &mut lines[at.index(count)];
                let len = line.len().max(1);
                if let Some(b) = line.get_mut(usize::from(*byte) % len) {
                    *b ^= byte.rotate_left(3) | 1;
                }
            }
            Harm::Lose(at, n) => {
                let line = &mut lines[at.index(count)];
                let keep = usize::from(*n) % line.len().max(1);
                line.drain(keep..(keep + 5).min(line.len()));
            }
            Harm::Delete(at) => drop(lines.remove(at.index(count))),
            Harm::Double(at) => lines.insert(at.index(count), lines[at.index(count)].clone()),
            Harm::Swap(a, b) => lines.swap(a.index(count), b.index(count)),
            Harm::End(at) => {
                let last = at.index(count);
                lines.truncate(last + 1);
                let half = lines[last].len() / 2;
                lines[last].truncate(half);
            }
        }
    }
    lines.concat()
}

/// A stretch of a recorded log.
fn recorded() -> impl Strategy<Value = Vec<u8>> {
    let names = ["varnish-raw", "varnish-vxid", "varnish-request", "varnish-session", "nginx-access", "nginx-error"];
    (select(names.to_vec()), any::<Index>()).prop_map(|(name, at)| {
        let log = data(&format!("groupings/{name}.log"));
        let from = at.index(log.len());
        log[from..log.len().min(from + 30_000)].to_vec()
    })
}

fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![vec(any::<u8>(), 0..200), Just(b"*   << BeReq    >> 5\n".to_vec()), Just(b"\n".to_vec())];
    vec(line, 0..40).prop_map(|lines| lines.concat())
}

fn format() -> impl Strategy<Value = Option<String>> {
    option::of(select(LIBRARY.names().map(str::to_string).collect::<Vec<_>>()))
}

/// Reads it as two tiers of which one is whole, so that every stage has something to do.
fn read(bytes: &[u8], format: Option<String>, chunk: usize, role: Tier) -> Analysis {
    let mut folder = Folder::new();
    folder.add("a.log", Some(role), bytes);
    if format.is_none() {
        folder.add("nginx-access.log", Some(Tier::Origin), &data("groupings/nginx-access.log"));
    }
    Ask { chunk, jobs: 1, format }.run(folder.files())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_damage_makes_it_panic_or_miscount(
        log in recorded(), harms in vec(harm(), 0..60), format in format(), chunk in 1usize..60_000,
        role in select(vec![Tier::Cache, Tier::Origin]),
    ) {
        let analysis = read(&damaged(&log, &harms), format, chunk, role);
        prop_assert_eq!(analysis.report.violated_laws(), Vec::<String>::new());
    }

    #[test]
    fn no_bytes_make_it_panic_or_miscount(bytes in any_bytes(), format in format(), chunk in 1usize..4_000) {
        let analysis = read(&bytes, format, chunk, Tier::Cache);
        prop_assert_eq!(analysis.report.violated_laws(), Vec::<String>::new());
    }
}
