//! A few numbers as a row of bars. In: numbers, oldest first; out: one sign for each. It must not know what is counted.

/// Signs for nothing, and from few to many; each has its ASCII twin in `draw`.
pub(super) const SIGNS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// One sign for each of the last `columns` numbers, right-aligned; few is never shown as none.
pub(super) fn trend(numbers: &[u64], columns: usize) -> String {
    let last = &numbers[numbers.len().saturating_sub(columns)..];
    let most = u128::from(last.iter().copied().max().unwrap_or(0).max(1));
    let steps = SIGNS.len() as u128 - 1;
    let sign = |n: &u64| SIGNS[(u128::from(*n) * steps).div_ceil(most) as usize];
    let signs: String = last.iter().map(sign).collect();
    format!("{}{signs}", " ".repeat(columns - last.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_is_never_shown_as_none_and_the_most_fills_its_cell() {
        assert_eq!(trend(&[0, 1, 50, 100], 4), " ▁▄█");
        assert_eq!(trend(&[0, u64::MAX], 4), "   █");
        assert_eq!(trend(&[1, 2, 3], 2), "▆█");
        assert_eq!(trend(&[], 3), "   ");
    }
}
