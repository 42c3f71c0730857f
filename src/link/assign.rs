//! The best one-to-one assignment of lines to attempts. In: edges with evidence; out: the chosen ones, each with the
//! margin over the best other way. It must not know what an edge means.
//!
//! Edges fall apart into small islands that share no attempt and no request. An island is solved exactly (shortest
//! augmenting paths, cubic); one too large for that keeps order in time instead: the heaviest set of edges that never
//! cross, n log n, which is what the exact solution comes to where evidence is convex in time.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::attempt::Attempt;
use super::edges::Edge;
use super::order::Spans;

/// Attempts or requests in an island up to which it is solved exactly.
const EXACT: usize = 128;
/// Rounds of settling what is obvious; each makes more of the rest obvious.
const ROUNDS: usize = 6;
/// Margins below this are a toss-up.
const TOSS_UP: f64 = 0.35;
/// What order in time adds to a margin at most.
const ORDER: f64 = 4.0;

/// A chosen edge.
#[derive(Clone, Copy, Debug)]
pub struct Chosen {
    /// Index of the attempt.
    pub attempt: usize,
    /// Index of the request.
    pub request: usize,
    /// How sure, 0 to 1.
    pub confidence: f32,
    /// True when another way is as good.
    pub ambiguous: bool,
    /// How many requests were nearly as good, this one included.
    pub candidates: u32,
}

/// Assigns.
pub fn assign(graph: &[Edge], attempts: &[Attempt], spans: &Spans) -> Vec<Chosen> {
    let mut out = Vec::new();
    let open = settle_obvious(graph.to_vec(), &mut out);
    for island in islands(&open) {
        let edges: Vec<Edge> = island.into_iter().map(|e| open[e as usize]).collect();
        let chosen = if edges.len() == 1 { vec![0] } else { solve(&edges, spans) };
        judge(&edges, &chosen, attempts, spans, &mut out);
    }
    out.sort_unstable_by_key(|c| c.attempt);
    out
}

/// The best and second-best weight at each end of the edges.
fn best_two(edges: &[Edge], end: impl Fn(&Edge) -> u32) -> HashMap<u32, (f64, f64)> {
    let mut out: HashMap<u32, (f64, f64)> = HashMap::with_capacity(edges.len());
    for e in edges {
        let (best, second) = out.entry(end(e)).or_insert((0.0, 0.0));
        if e.weight > *best {
            (*best, *second) = (e.weight, *best);
        } else if e.weight > *second {
            *second = e.weight;
        }
    }
    out
}

/// Settles the edges that any best assignment contains, because both ends together could gain no more elsewhere; what
/// is left falls into much smaller islands. Returns the edges that are still open.
fn settle_obvious(mut edges: Vec<Edge>, out: &mut Vec<Chosen>) -> Vec<Edge> {
    for _ in 0..ROUNDS {
        let left = best_two(&edges, |e| e.attempt);
        let right = best_two(&edges, |e| e.request);
        let (mut settled_left, mut settled_right) = (HashSet::new(), HashSet::new());
        for e in &edges {
            let ((a, a2), (r, r2)) = (left[&e.attempt], right[&e.request]);
            if e.weight < a || e.weight < r || a2 + r2 > e.weight || a2 >= a || r2 >= r {
                continue;
            }
            settled_left.insert(e.attempt);
            settled_right.insert(e.request);
            out.push(Chosen {
                attempt: e.attempt as usize,
                request: e.request as usize,
                confidence: confidence(e.weight - a2.max(r2)),
                ambiguous: false,
                candidates: 1,
            });
        }
        if settled_left.is_empty() {
            break;
        }
        edges.retain(|e| !settled_left.contains(&e.attempt) && !settled_right.contains(&e.request));
    }
    edges
}

/// How sure a margin of evidence is. Calibrated on recorded and on made-up traffic: of the links just above a toss-up
/// about one in twenty is wrong, and the more evidence the fewer.
fn confidence(margin: f64) -> f32 {
    (1.0 - 0.06 * (TOSS_UP - margin.max(0.0)).exp()) as f32
}

fn root(parents: &mut [u32], mut n: u32) -> u32 {
    while parents[n as usize] != n {
        parents[n as usize] = parents[parents[n as usize] as usize];
        n = parents[n as usize];
    }
    n
}

/// Indices of edges, by island.
fn islands(graph: &[Edge]) -> Vec<Vec<u32>> {
    let attempts = graph.iter().map(|e| e.attempt + 1).max().unwrap_or(0);
    let all = attempts + graph.iter().map(|e| e.request + 1).max().unwrap_or(0);
    let mut parents: Vec<u32> = (0..all).collect();
    for e in graph {
        let (a, b) = (root(&mut parents, e.attempt), root(&mut parents, attempts + e.request));
        parents[b as usize] = a;
    }
    let mut by_root: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (i, e) in graph.iter().enumerate() {
        by_root.entry(root(&mut parents, e.attempt)).or_default().push(i as u32);
    }
    by_root.into_values().collect()
}

/// Numbers the distinct values from 0, in ascending order of `place`, those of one place as they first came.
fn numbered(values: impl Iterator<Item = u32>, place: impl Fn(u32) -> i64) -> (Vec<u32>, HashMap<u32, usize>) {
    let mut seen = HashSet::new();
    let mut all: Vec<u32> = values.filter(|v| seen.insert(*v)).collect();
    all.sort_by_key(|v| place(*v));
    let numbers = all.iter().enumerate().map(|(n, v)| (*v, n)).collect();
    (all, numbers)
}

/// Indices of the chosen edges of an island.
fn solve(edges: &[Edge], spans: &Spans) -> Vec<usize> {
    let expected: HashMap<u32, i64> = edges.iter().map(|e| (e.attempt, e.expected)).collect();
    let (left, rows) = numbered(edges.iter().map(|e| e.attempt), |a| expected[&a]);
    let (right, columns) = numbered(edges.iter().map(|e| e.request), |r| spans.point[r as usize]);
    if left.len() > EXACT || right.len() > EXACT {
        return in_order(edges, &rows, &columns);
    }
    // Equal weights are common among look-alikes; a touch of convex cost in time makes their best sum keep order.
    let (n, m) = (left.len(), right.len() + left.len());
    let mut cost = vec![0.0f64; n * m];
    let mut at = HashMap::with_capacity(edges.len());
    for (i, e) in edges.iter().enumerate() {
        let (row, column) = (rows[&e.attempt], columns[&e.request]);
        let apart = (e.expected - spans.point[e.request as usize]) as f64 / 1e6;
        cost[row * m + column] = -e.weight + 1e-4 * (apart * apart).min(1e3);
        at.insert((row, column), i);
    }
    let matched = cheapest(&cost, n, m);
    let mut chosen: Vec<usize> =
        matched.iter().enumerate().filter_map(|(row, column)| at.get(&(row, *column)).copied()).collect();
    chosen.sort_unstable();
    chosen
}

/// For each of `n` rows the column of the cheapest full assignment; `m >= n` columns, row-major costs.
/// Shortest augmenting paths with potentials (Jonker and Volgenant), n² m steps.
fn cheapest(cost: &[f64], n: usize, m: usize) -> Vec<usize> {
    let (mut u, mut v) = (vec![0.0; n + 1], vec![0.0; m + 1]);
    let (mut owner, mut way) = (vec![0usize; m + 1], vec![0usize; m + 1]);
    for row in 1..=n {
        owner[0] = row;
        let mut column = 0;
        let mut least = vec![f64::INFINITY; m + 1];
        let mut used = vec![false; m + 1];
        while owner[column] != 0 {
            used[column] = true;
            let (from, mut delta, mut next) = (owner[column], f64::INFINITY, 0);
            for j in 1..=m {
                if used[j] {
                    continue;
                }
                let reduced = cost[(from - 1) * m + j - 1] - u[from] - v[j];
                if reduced < least[j] {
                    least[j] = reduced;
                    way[j] = column;
                }
                if least[j] < delta {
                    delta = least[j];
                    next = j;
                }
            }
            for j in 0..=m {
                if used[j] {
                    u[owner[j]] += delta;
                    v[j] -= delta;
                } else {
                    least[j] -= delta;
                }
            }
            column = next;
        }
        while column != 0 {
            owner[column] = owner[way[column]];
            column = way[column];
        }
    }
    let mut out = vec![usize::MAX; n];
    for column in 1..=m {
        if owner[column] > 0 {
            out[owner[column] - 1] = column - 1;
        }
    }
    out
}

/// The heaviest set of edges that never cross: longest increasing run by weight, with a tree of prefix maxima.
fn in_order(edges: &[Edge], rows: &HashMap<u32, usize>, columns: &HashMap<u32, usize>) -> Vec<usize> {
    let mut order: Vec<(usize, usize, usize)> =
        edges.iter().enumerate().map(|(i, e)| (rows[&e.attempt], columns[&e.request], i)).collect();
    // Same row: later columns first, so that a row is never used twice.
    order.sort_unstable_by_key(|(row, column, _)| (*row, std::cmp::Reverse(*column)));
    let mut tree: Vec<(f64, usize)> = vec![(0.0, usize::MAX); columns.len() + 1];
    let (mut sums, mut before) = (vec![0.0; edges.len()], vec![usize::MAX; edges.len()]);
    for (_, column, i) in order {
        let (mut best, mut n) = ((0.0, usize::MAX), column);
        while n > 0 {
            if tree[n].0 > best.0 {
                best = tree[n];
            }
            n &= n - 1;
        }
        sums[i] = best.0 + edges[i].weight;
        before[i] = best.1;
        let mut n = column + 1;
        while n < tree.len() {
            if sums[i] > tree[n].0 {
                tree[n] = (sums[i], i);
            }
            n += n & n.wrapping_neg();
        }
    }
    let mut at = (0..edges.len()).max_by(|a, b| sums[*a].total_cmp(&sums[*b])).unwrap_or(usize::MAX);
    let mut chosen = Vec::new();
    while at != usize::MAX {
        chosen.push(at);
        at = before[at];
    }
    chosen.sort_unstable();
    chosen
}

/// Measures each chosen edge against the best other way: another free line, a swap with whoever has that line, the line
/// for somebody else who likes it as much and has none or a worse one, none.
fn judge(edges: &[Edge], chosen: &[usize], attempts: &[Attempt], spans: &Spans, out: &mut Vec<Chosen>) {
    let mut weights: HashMap<(u32, u32), f64> = HashMap::with_capacity(edges.len());
    let (mut of_attempt, mut of_request): (HashMap<u32, Vec<usize>>, HashMap<u32, Vec<usize>>) = Default::default();
    for (i, e) in edges.iter().enumerate() {
        weights.insert((e.attempt, e.request), e.weight);
        of_attempt.entry(e.attempt).or_default().push(i);
        of_request.entry(e.request).or_default().push(i);
    }
    let owner: HashMap<u32, usize> = chosen.iter().map(|i| (edges[*i].request, *i)).collect();
    let has: HashMap<u32, f64> = chosen.iter().map(|i| (edges[*i].attempt, edges[*i].weight)).collect();
    for &i in chosen {
        let own = edges[i];
        let (mut margin, mut near) = (own.weight, 1);
        for other in of_attempt[&own.attempt].iter().map(|n| edges[*n]).filter(|e| e.request != own.request) {
            let mut lost = own.weight - other.weight;
            if let Some(theirs) = owner.get(&other.request).map(|n| edges[*n]) {
                if same_fetch(&own, &theirs, attempts) {
                    continue;
                }
                lost += theirs.weight - weights.get(&(theirs.attempt, own.request)).copied().unwrap_or(0.0);
                lost += kept_order(&own, &theirs, spans);
            }
            margin = margin.min(lost);
            near += u32::from(lost < 2.0);
        }
        // Where lines were lost, this one may be that of another fetch and the own one gone.
        for rival in of_request[&own.request].iter().map(|n| edges[*n]).filter(|e| !same_fetch(&own, e, attempts)) {
            margin = margin.min(own.weight - rival.weight + has.get(&rival.attempt).copied().unwrap_or(0.0));
        }
        out.push(Chosen {
            attempt: own.attempt as usize,
            request: own.request as usize,
            confidence: confidence(margin),
            ambiguous: margin < TOSS_UP,
            candidates: near,
        });
    }
}

/// Two attempts of one fetch may swap their lines: both are its own.
fn same_fetch(a: &Edge, b: &Edge, attempts: &[Attempt]) -> bool {
    attempts[a.attempt as usize].fetch == attempts[b.attempt as usize].fetch
}

/// What it adds that two look-alikes stand in the file in the order in which they ended, in units of how much that
/// file is out of order; 0 where it is in none, or where nobody knows when they ended.
fn kept_order(a: &Edge, b: &Edge, spans: &Spans) -> f64 {
    let (x, y) = (spans.point[a.request as usize], spans.point[b.request as usize]);
    let Some(unit) = spans.disorder_of(a.request as usize, b.request as usize) else { return 0.0 };
    if (x < y) != (a.expected < b.expected) {
        return 0.0;
    }
    ((a.expected - b.expected).abs() as f64 / unit as f64).min(ORDER)
}
