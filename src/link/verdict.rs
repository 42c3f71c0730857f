//! What the next tier saw, in the order of the design. In: a failed fetch, its link, the coverage of its backend; out:
//! a verdict. It must not know causes.

use std::collections::BTreeMap;

use super::Finding;
use crate::model::stamp::MINUTE;
use crate::model::{Failure, FetchOutcome, FetchRow, Link, Verdict};

/// Around the failure so much of the log says whether its backend's fetches find their lines.
const AROUND: i64 = 5 * MINUTE;
/// So many healthy fetches at least …
const AT_LEAST: usize = 5;
/// … and such a share of them must have found their line.
const SHARE: f64 = 0.95;

/// Healthy fetches by series and backend, in order of time, and whether they found their line.
#[derive(Debug, Default)]
pub struct Coverage(BTreeMap<(u32, u32), Vec<(i64, bool)>>);

impl Coverage {
    /// Takes stock of the healthy fetches.
    pub fn of(fetches: &[FetchRow], findings: &[Finding]) -> Coverage {
        let mut out: BTreeMap<(u32, u32), Vec<(i64, bool)>> = BTreeMap::new();
        for (f, finding) in fetches.iter().zip(findings) {
            if f.flags & FetchRow::WHOLE != 0 && f.flags & FetchRow::FAILED == 0 {
                let found = finding.found.is_some() || finding.candidates > 0;
                out.entry((f.series.0, f.backend)).or_default().push((f.sent_at, found));
            }
        }
        out.values_mut().for_each(|v| v.sort_unstable());
        Coverage(out)
    }

    /// Adds what another partition knows.
    pub fn absorb(&mut self, other: Coverage) {
        for (key, mut seen) in other.0 {
            let mine = self.0.entry(key).or_default();
            mine.append(&mut seen);
            mine.sort_unstable();
        }
    }

    /// True when the log of the next tier demonstrably covers this backend at that moment.
    pub fn proves(&self, row: &FetchRow) -> bool {
        let Some(all) = self.0.get(&(row.series.0, row.backend)).filter(|_| row.is_timed()) else { return false };
        let from = all.partition_point(|h| h.0 < row.sent_at - AROUND);
        let to = all.partition_point(|h| h.0 <= row.sent_at + AROUND);
        let near = &all[from..to];
        let found = near.iter().filter(|h| h.1).count();
        near.len() >= AT_LEAST && found as f64 >= SHARE * near.len() as f64
    }
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
