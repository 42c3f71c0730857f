//! The rate of an incident over time as a row of signs. In: failures per minute; out: one line. It must not know what
//! failed.

use crate::model::incident::Incident;
use crate::model::stamp::MINUTE;
use crate::model::{Stamp, stamp::SECOND};

use super::paper::{Line, labelled};
use super::style::Style;
use super::words::count;

/// Signs for nothing, and from few to many.
const SIGNS: [char; 6] = [' ', '.', ':', '=', '%', '#'];
/// Columns of the row.
const COLUMNS: usize = 32;

/// The timeline: nothing for a single minute, which has no course.
pub(super) fn timeline(incident: &Incident, style: &Style) -> Vec<Line> {
    let known = || incident.curve.iter().filter(|(_, n)| *n > 0).map(|(minute, _)| Stamp(*minute));
    let (Some(first), Some(last)) = (known().min(), known().max()) else { return Vec::new() };
    if first == last {
        return Vec::new();
    }
    let Some((peak_at, peak)) = incident.curve.iter().max_by_key(|(minute, n)| (*n, std::cmp::Reverse(*minute))) else {
        return Vec::new();
    };
    let zone = style.zone;
    let days = last.since(first).is_some_and(|us| us > 86_400 * SECOND);
    let day = |at| if days { format!("{} ", zone.weekday(at)) } else { String::new() };
    let clock = |at| format!("{}{}", day(at), zone.minute(at));
    let row = signs(&buckets(&incident.curve, first, last));
    let peak =
        if *peak > 1 { format!(", most {}/min at {}", count(*peak), clock(Stamp(*peak_at))) } else { String::new() };
    labelled("Timeline", &format!("{} [{row}] {}{peak}", clock(first), clock(last)), style)
}

/// Sums of equal parts of the time from `first` to `last`, both included.
fn buckets(curve: &[(i64, u64)], first: Stamp, last: Stamp) -> Vec<u64> {
    let minutes = (i128::from(last.0) - i128::from(first.0)) / i128::from(MINUTE) + 1;
    let columns = minutes.clamp(1, COLUMNS as i128);
    let mut sums = vec![0u64; columns as usize];
    for (minute, n) in curve {
        let at = (i128::from(*minute) - i128::from(first.0)) / i128::from(MINUTE);
        let column = (at * columns / minutes).clamp(0, columns - 1) as usize;
        sums[column] = sums[column].saturating_add(*n);
    }
    sums
}

fn signs(sums: &[u64]) -> String {
    let most = sums.iter().copied().max().unwrap_or(0).max(1);
    let steps = SIGNS.len() as u128 - 1;
    let sign = |n: &u64| SIGNS[(u128::from(*n) * steps).div_ceil(u128::from(most)) as usize];
    // A space would be lost where lines are wrapped, and an empty stretch is worth seeing.
    sums.iter().map(sign).map(|c| if c == ' ' { '_' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_is_in_some_bucket() {
        let curve: Vec<(i64, u64)> = (0..1000).map(|m| (m * MINUTE, 3)).collect();
        let sums = buckets(&curve, Stamp(0), Stamp(999 * MINUTE));
        assert_eq!((sums.len(), sums.iter().sum::<u64>()), (COLUMNS, 3000));
        assert_eq!(buckets(&[(0, 1), (MINUTE, 2)], Stamp(0), Stamp(MINUTE)), [1, 2]);
    }

    #[test]
    fn the_ends_of_time_and_the_largest_counts_do_not_overflow() {
        let curve = [(i64::MIN, u64::MAX), (0, 1), (i64::MAX, u64::MAX)];
        assert_eq!(signs(&buckets(&curve, Stamp(i64::MIN), Stamp(i64::MAX))).len(), COLUMNS);
    }

    #[test]
    fn few_is_never_shown_as_none() {
        assert_eq!(signs(&[0, 1, 50, 100]), "_.=#");
    }
}
