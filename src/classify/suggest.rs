//! "Did you mean": the nearest known words to an unknown one. In: a word and the known ones; out: at most three.

/// The known words that are at most a third of their length away, nearest first. A known word is also compared by its
/// part after the dot, so that `refusd` finds `connection.refused`.
pub fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Vec<&'k str> {
    let word = word.trim().to_ascii_lowercase();
    if word.is_empty() || word.len() > 60 {
        return Vec::new();
    }
    let mut found: Vec<(usize, &str)> = known
        .filter_map(|k| {
            let last = k.rsplit('.').next().unwrap_or(k);
            let (far, len) = [k, last].map(|t| (distance(word.as_bytes(), t.as_bytes()), t.len())).into_iter().min()?;
            (far <= len.max(3) / 3).then_some((far, k))
        })
        .collect();
    found.sort();
    found.into_iter().take(3).map(|(_, k)| k).collect()
}

/// Edits (insert, delete, replace) from one word to the other.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_find_their_cause() {
        let known = ["connection.refused", "timeout.first_byte", "tls", "dns"];
        let near = |w| nearest(w, known.into_iter());
        assert_eq!(near("refusd"), ["connection.refused"]);
        assert_eq!(near("timeout.firstbyte"), ["timeout.first_byte"]);
        assert_eq!(near("tsl"), Vec::<&str>::new());
        assert_eq!(near("dnss"), ["dns"]);
        assert!(near("").is_empty() && near("something else altogether").is_empty());
    }

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance(b"reset", b"reset"), 0);
        assert_eq!(distance(b"reset", b"rest"), 1);
        assert_eq!(distance(b"", b"abc"), 3);
    }
}
