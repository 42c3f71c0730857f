//! What the next tier saw, in the order of the design. In: a failed fetch, its link, the coverage of its backend; out:
//! a verdict. It must not know causes.

use std::collections::BTreeMap;

use super::Finding;
use crate::model::stamp::MINUTE;
use crate::model::{Failure, FetchOutcome, FetchRow, Link, RequestRow, SeriesId, Verdict};

/// Around the failure so much of the log says whether its backend's fetches find their lines.
const AROUND: i64 = 5 * MINUTE;
/// So many healthy fetches at least …
const AT_LEAST: usize = 5;
/// … and such a share of them must have found their line.
const SHARE: f64 = 0.95;

/// A larger sample is no chance.
const LARGE: usize = 1_000;
/// A sample this improbable, were the log as incomplete here as it is on the whole, shows that it is not.
const IMPROBABLE: f64 = 0.01;

/// The fetching series and the backend.
type Asked = (u32, u32);

/// What became of a healthy fetch's line: it is in that series, it is one of several, there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Line {
    None,
    OneOfSeveral,
    In(SeriesId),
}

/// Healthy fetches by series and backend, in order of time, and whether they found their line.
#[derive(Debug, Default)]
pub struct Coverage {
    near: BTreeMap<Asked, Vec<(i64, bool)>>,
    /// How many of them met which fate.
    fates: BTreeMap<Asked, BTreeMap<Line, u64>>,
}

impl Coverage {
    /// Takes stock of the healthy fetches.
    pub fn of(fetches: &[FetchRow], requests: &[RequestRow], findings: &[Finding]) -> Coverage {
        let mut out = Coverage::default();
        for (f, finding) in fetches.iter().zip(findings) {
            if f.flags & FetchRow::WHOLE != 0 && f.flags & FetchRow::FAILED == 0 {
                let line = match finding.found {
                    Some(m) => Line::In(requests[m.request].series),
                    None if finding.candidates > 0 => Line::OneOfSeveral,
                    None => Line::None,
                };
                let asked = (f.series.0, f.backend);
                out.near.entry(asked).or_default().push((f.sent_at, line != Line::None));
                *out.fates.entry(asked).or_default().entry(line).or_default() += 1;
            }
        }
        out.near.values_mut().for_each(|v| v.sort_unstable());
        out
    }

    /// Adds what another partition knows.
    pub fn absorb(&mut self, other: Coverage) {
        for (key, mut seen) in other.near {
            let mine = self.near.entry(key).or_default();
            mine.append(&mut seen);
            mine.sort_unstable();
        }
        for (key, fates) in other.fates {
            let mine = self.fates.entry(key).or_default();
            fates.into_iter().for_each(|(line, n)| *mine.entry(line).or_default() += n);
        }
    }

    /// True when the log of the next tier demonstrably covers this backend at that moment.
    ///
    /// Five of five prove little where the log is known to lose a tenth of its lines: then so many must be there that
    /// chance does not explain it.
    pub fn proves(&self, row: &FetchRow) -> bool {
        let asked = (row.series.0, row.backend);
        let Some(all) = self.near.get(&asked).filter(|_| row.is_timed()) else { return false };
        let from = all.partition_point(|h| h.0 < row.sent_at - AROUND);
        let to = all.partition_point(|h| h.0 <= row.sent_at + AROUND);
        let near = &all[from..to];
        let found = near.iter().filter(|h| h.1).count();
        if near.len() < AT_LEAST || (found as f64) < SHARE * near.len() as f64 {
            return false;
        }
        let whole = self.found_on_the_whole(asked);
        whole >= SHARE || near.len() > LARGE || at_least(found, near.len(), whole) <= IMPROBABLE
    }

    /// The share of lines found of all fetches whose backends keep the log that this one keeps.
    fn found_on_the_whole(&self, asked: Asked) -> f64 {
        let Some(own) = self.fates.get(&asked).and_then(log_of) else { return 1.0 };
        let alike = self.fates.values().filter(|fates| log_of(fates) == Some(own));
        let (mut found, mut all) = (0, 0);
        for (line, n) in alike.flatten() {
            all += n;
            found += if *line == Line::None { 0 } else { *n };
        }
        found as f64 / all.max(1) as f64
    }
}

/// The log that holds most of these lines.
fn log_of(fates: &BTreeMap<Line, u64>) -> Option<Line> {
    fates.iter().filter(|(line, _)| matches!(line, Line::In(_))).max_by_key(|(_, n)| **n).map(|(line, _)| *line)
}

/// The chance that at least `found` of `of` are there when each is with the chance `p`.
fn at_least(found: usize, of: usize, p: f64) -> f64 {
    let lost = of - found;
    // One term of the binomial after the other, from none lost on.
    let (mut term, mut sum) = (p.powi(of as i32), 0.0);
    for k in 0..=lost {
        sum += term;
        term *= (of - k) as f64 / (k + 1) as f64 * (1.0 - p) / p.max(f64::MIN_POSITIVE);
    }
    sum
}

/// The verdict on a failure. `answered` says that an answer came although no status could be read from it (headers
/// too large, not HTTP); `covered` that its absence from the log proves something.
pub fn verdict(f: &Failure, link: Option<&Link>, candidates: u32, answered: bool, covered: bool) -> Verdict {
    if f.row.flags & FetchRow::OPENED == 0 {
        return Verdict::NotSent;
    }
    if f.origin_status >= 500 || f.outcome == FetchOutcome::Denied {
        return Verdict::OriginFailed;
    }
    if f.origin_status > 0 || answered {
        return Verdict::AnswerRefused;
    }
    match link {
        Some(l) if matches!(l.status, 499 | 460) => Verdict::OriginAborted,
        Some(l) if l.late_us.is_some_and(|us| us > 0) => Verdict::LateAnswer,
        Some(_) => Verdict::OriginFailed,
        None if candidates > 0 => Verdict::Ambiguous,
        None if covered => Verdict::NeverArrived,
        None => Verdict::NoOriginLog,
    }
}
