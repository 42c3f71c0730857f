//! Votes for a clock: pairs of fetches and requests that could be one and the same. In: rows; out: for each pair of
//! series, by how much the two clocks would differ if each pair were a true one. It must not decide: most votes are
//! wrong, but only the true offset is voted for again and again.

use std::collections::{BTreeMap, HashMap};

use crate::model::row::NOT_LOGGED;
use crate::model::{FetchRow, RequestRow, SeriesId};

/// Pairs of look-alikes that vote at most. (Without a bound 10,000 fetches of one URL took 12 s, not 0.14.)
pub const VOTES: usize = 2_000_000;
/// Look-alikes with more pairs than this are told apart by the size of the answer before any is left out.
const CROWD: usize = 10_000;

/// A fetch and a request with equal keys.
#[derive(Clone, Copy)]
pub struct Vote {
    /// When, on the fetching node's clock.
    pub at: i64,
    /// Their clock minus ours, if this pair is a true one; microseconds.
    pub apart: i64,
    /// It may be less by so much: the line ended some time while the answer came in; microseconds.
    pub less: u32,
    /// One over the size of the crowd.
    pub weight: f32,
    /// Which fetch and which request: a crowd casts many votes for each.
    pub fetch: u32,
    pub line: u32,
}

/// Fetches and requests that look alike, by index.
type Alike = (Vec<u32>, Vec<u32>);

/// All votes. `apart` says of a pair when it was, how far the clocks would be apart and by how much less that may be, or
/// that it cannot be one.
pub fn votes(
    fetches: &[FetchRow],
    requests: &[RequestRow],
    apart: impl Fn(&FetchRow, &RequestRow) -> Option<(i64, i64, u32)>,
) -> BTreeMap<(SeriesId, SeriesId), Vec<Vote>> {
    let mut out: BTreeMap<(SeriesId, SeriesId), Vec<Vote>> = BTreeMap::new();
    let mut left = VOTES;
    for alike in look_alikes(fetches, requests) {
        // Rare ones come first: they say most, and the bound cuts only the crowds.
        let every = size(&alike).div_ceil(left.max(1)).max(1);
        let (mut fs, rs) = alike;
        if every > 1 {
            fs.sort_unstable_by_key(|i| (fetches[*i as usize].sent_at, fetches[*i as usize].vxid));
        }
        let weight = 1.0 / fs.len().max(rs.len()) as f32;
        for (fetch, f) in fs.iter().step_by(every).map(|i| (*i, &fetches[*i as usize])) {
            for (line, r) in rs.iter().map(|i| (*i, &requests[*i as usize])) {
                if let Some((at, apart, less)) = apart(f, r) {
                    let vote = Vote { at, apart, less, weight, fetch, line };
                    out.entry((f.series, r.series)).or_default().push(vote);
                }
            }
        }
        left = left.saturating_sub(fs.len().div_ceil(every) * rs.len());
        if left == 0 {
            break;
        }
    }
    out
}

fn size((fetches, requests): &Alike) -> usize {
    fetches.len() * requests.len()
}

/// Fetches with the requests of equal keys, those with fewest pairs first.
fn look_alikes(fetches: &[FetchRow], requests: &[RequestRow]) -> Vec<Alike> {
    let mut keys: HashMap<u64, Alike> = HashMap::new();
    for (i, f) in fetches.iter().enumerate() {
        keys.entry(f.key).or_default().0.push(i as u32);
    }
    for (i, r) in requests.iter().enumerate() {
        if let Some(k) = keys.get_mut(&r.key) {
            k.1.push(i as u32);
        }
    }
    let mut all: Vec<Alike> = keys.into_values().filter(|alike| size(alike) > 0).collect();
    if all.iter().map(size).sum::<usize>() > VOTES {
        all = all.into_iter().flat_map(|alike| of_one_size(alike, fetches, requests)).collect();
    }
    // By what the rows say, not by their place: that depends on which thread came first.
    let row = |alike: &Alike| alike.0.first().map(|i| (fetches[*i as usize].key, fetches[*i as usize].body));
    all.sort_unstable_by_key(|alike| (size(alike), row(alike)));
    all
}

/// A crowd by the size of the answer, where both ends logged one; the whole crowd when no sizes agree.
fn of_one_size(crowd: Alike, fetches: &[FetchRow], requests: &[RequestRow]) -> Vec<Alike> {
    if size(&crowd) <= CROWD {
        return vec![crowd];
    }
    let mut sizes: HashMap<u32, Alike> = HashMap::new();
    for i in &crowd.0 {
        sizes.entry(fetches[*i as usize].body).or_default().0.push(*i);
    }
    for i in &crowd.1 {
        if let Some(alike) = sizes.get_mut(&requests[*i as usize].body) {
            alike.1.push(*i);
        }
    }
    sizes.remove(&NOT_LOGGED);
    let parts: Vec<Alike> = sizes.into_values().filter(|alike| size(alike) > 0).collect();
    if parts.is_empty() { vec![crowd] } else { parts }
}
