//! The most telling part of a log line. In: a line and the columns there are; out: what of it fits. It must not know
//! the format of the line, only where lines of most formats keep what matters.
//!
//! An access line begins with an address and a date, which the reader knows by now, and often has a URL longer than
//! the screen before the status. Cutting such a line at its end would show everything but the answer.

use super::plain::{Plain, width};

/// Shortest that the longest word of a line is cut to.
const SHORTEST_WORD: usize = 12;

/// The line in at most `columns` columns: whole, or from its request on, with its longest word shortened, then clipped.
pub(super) fn telling(text: &str, columns: usize) -> Plain {
    let text = Plain::of(text);
    if text.width() <= columns {
        return text;
    }
    let from = request_at(text.as_str());
    let shorter = Plain::of(&shorten_longest_word(&text.as_str()[from..], columns));
    shorter.clipped(columns)
}

/// Where the quoted request of an access line begins: `"GET /…`; 0 when there is none.
fn request_at(text: &str) -> usize {
    let after_quote = text.match_indices('"').map(|(at, _)| at + 1);
    let is_request = |at: &usize| {
        let word: &str = text[*at..].split(' ').next().unwrap_or("");
        (3..=10).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_uppercase())
    };
    after_quote.take(4).find(is_request).map_or(0, |at| at - 1)
}

fn shorten_longest_word(text: &str, columns: usize) -> String {
    let over = width(text).saturating_sub(columns);
    let Some(longest) = text.split(' ').max_by_key(|w| width(w)) else { return text.to_string() };
    if over == 0 || width(longest) <= SHORTEST_WORD {
        return text.to_string();
    }
    let keep = width(longest).saturating_sub(over).max(SHORTEST_WORD);
    text.replacen(longest, Plain::of(longest).clipped(keep).as_str(), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_an_access_line_is_not_cut_off() {
        let combined = "192.0.2.7 - - [10/Nov/2026:03:10:43 +0100] \"GET /catalogsearch/result/?q=red+winter+boots HTTP/1.1\" \
                        499 0 \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\"";
        assert_eq!(telling(combined, 52).as_str(), "\"GET /catalogsea… HTTP/1.1\" 499 0 \"-\" \"Mozilla/5.0…");
        let rich = "GET /catalogsearch/result/?q=boots HTTP/1.1 499 14.998";
        assert_eq!(telling(rich, 40).as_str(), "GET /catalogsearch/… HTTP/1.1 499 14.998");
    }

    #[test]
    fn short_and_shapeless_lines_stay_as_they_are() {
        assert_eq!(telling("FetchError first byte timeout", 40).as_str(), "FetchError first byte timeout");
        assert_eq!(telling("a b c d e f g h", 9).as_str(), "a b c d…");
        assert_eq!(telling(&"x".repeat(100), 20).width(), 20);
    }
}
