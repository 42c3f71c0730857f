//! nginx's multi-valued upstream fields. In: `127.0.0.1:1, 127.0.0.1:2 : 127.0.0.1:3`; out: its last item, how many
//! there are, and the sum of those before the last. It must not know which variable it was.
//!
//! `, ` separates attempts of one round, ` : ` separates rounds (internal redirects). The last item is what the
//! client's answer came from; an item may be empty.

use memchr::memchr2;

use super::super::unit::Unit;

/// The items of a list, first to last.
pub fn items(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(list);
    std::iter::from_fn(move || {
        let whole = rest?;
        match separator(whole) {
            Some((at, len)) => {
                rest = Some(&whole[at + len..]);
                Some(&whole[..at])
            }
            None => {
                rest = None;
                Some(whole)
            }
        }
    })
}

/// The last item.
#[inline]
pub fn last(list: &[u8]) -> &[u8] {
    if is_single(list) { list } else { items(list).last().unwrap_or(list) }
}

/// True for a list of one, which most are; those are too short for a call of memchr to pay.
#[inline]
fn is_single(list: &[u8]) -> bool {
    if list.len() <= 24 { !list.iter().any(|c| matches!(c, b',' | b' ')) } else { memchr2(b',', b' ', list).is_none() }
}

/// How many items there are; none for nothing and for `-`.
pub fn count(list: &[u8]) -> usize {
    match list {
        [] | [b'-'] => 0,
        _ if is_single(list) => 1,
        _ => items(list).count(),
    }
}

/// Microseconds of all items but the last: when the last attempt began, after the first.
pub fn before_last_us(list: &[u8], unit: Unit) -> i64 {
    if is_single(list) {
        return 0;
    }
    let all = |sum: i64, item| sum.saturating_add(unit.us(item).unwrap_or(0));
    items(list).fold(0, all).saturating_sub(unit.us(last(list)).unwrap_or(0))
}

/// Position and length of the first separator.
fn separator(b: &[u8]) -> Option<(usize, usize)> {
    let mut from = 0;
    loop {
        let at = from + memchr2(b',', b' ', &b[from..])?;
        match &b[at..] {
            [b',', b' ', ..] => return Some((at, 2)),
            [b',', ..] => return Some((at, 1)),
            [b' ', b':', b' ', ..] => return Some((at, 3)),
            _ => from = at + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_separators_are_seen() {
        let cases: [(&str, usize, &str, i64); 7] = [
            ("0.001", 1, "0.001", 0),
            ("0.100, 0.001", 2, "0.001", 100_000),
            ("0.100 : 0.001", 2, "0.001", 100_000),
            ("0.100, - : 0.200, 0.001", 4, "0.001", 300_000),
            ("-", 0, "-", 0),
            ("", 0, "", 0),
            ("0.100, ", 2, "", 100_000),
        ];
        for (list, n, end, before) in cases {
            let b = list.as_bytes();
            assert_eq!((count(b), last(b), before_last_us(b, Unit::Seconds)), (n, end.as_bytes(), before), "{list}");
        }
    }

    #[test]
    fn colons_of_addresses_separate_nothing() {
        let list = b"unix:/run/a.sock : [::1]:8080";
        assert_eq!(items(list).collect::<Vec<_>>(), [b"unix:/run/a.sock".as_slice(), b"[::1]:8080"]);
    }
}
