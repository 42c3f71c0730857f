//! JSON objects of a log, wherever its lines end: arrays printed over many lines, objects without a newline between
//! them. In: a range of decompressed bytes and where it lies; out: the objects with their `Locator`, pushed one by one,
//! and the places where a range may be cut. It must not know any key.

use memchr::{memchr, memchr_iter, memrchr};

use super::lines::{MAX_RECORD, without_newline};
use crate::model::{FileId, Locator};

/// Where a range may be cut: after its last whole object. `None` when it has none; an object that does not end is
/// given up at a newline once it is longer than any record.
pub fn cut(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut edge) = (0, None);
    while let Some(open) = memchr(b'{', &bytes[at..]).map(|n| at + n) {
        let Some(end) = end_of(bytes, open) else { break };
        // What follows on the line is punctuation, or the next object.
        at = end;
        edge = Some(end);
    }
    match edge {
        Some(edge) => Some(edge),
        None if bytes.len() > 16 * MAX_RECORD => super::lines::cut(bytes),
        None => None,
    }
}

/// Where a range may be cut into whole lines: behind its last newline that is in no object.
pub fn cut_lines(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut edge) = (0, None);
    loop {
        let open = memchr(b'{', &bytes[at..]).map(|n| at + n);
        edge = memrchr(b'\n', &bytes[at..open.unwrap_or(bytes.len())]).map(|n| at + n + 1).or(edge);
        match open.and_then(|open| end_of(bytes, open)) {
            Some(end) => at = end,
            None if edge.is_none() && bytes.len() > 16 * MAX_RECORD => return super::lines::cut(bytes),
            None => return edge,
        }
    }
}

/// Pushes every object of `bytes`; the last argument is the number of lines that it spans beyond its first. What
/// stands between objects is brackets, commas and white space; anything else is pushed as a line of its own.
pub fn each_object<'c>(bytes: &'c [u8], file: FileId, offset: u64, mut push: impl FnMut(&'c [u8], Locator, u32)) {
    let (mut at, mut line) = (0, 0u32);
    let mut emit = |from: usize, to: usize, line: u32, further: u32| {
        let len = u32::try_from(to - from).unwrap_or(u32::MAX);
        push(&bytes[from..to], Locator { file, offset: offset + from as u64, len, line }, further);
    };
    while at < bytes.len() {
        match bytes[at] {
            b'\n' => {
                line += 1;
                at += 1;
            }
            b'{' => {
                let end = end_of(bytes, at).unwrap_or_else(|| line_end(bytes, at));
                let further = memchr_iter(b'\n', &bytes[at..end]).count() as u32;
                emit(at, end, line, further);
                line += further;
                at = end;
            }
            b'[' | b']' | b',' | b' ' | b'\t' | b'\r' => at += 1,
            _ => {
                let end = line_end(bytes, at);
                emit(at, at + without_newline(&bytes[at..end]).len(), line, 0);
                at = end;
            }
        }
    }
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |n| from + n)
}

/// Behind the brace that closes the object at `open`.
fn end_of(bytes: &[u8], open: usize) -> Option<usize> {
    let (mut depth, mut at) = (0usize, open);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at += 1;
                loop {
                    at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
                    if bytes[at] == b'"' {
                        break;
                    }
                    at += 2;
                }
            }
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(bytes: &[u8]) -> Vec<(String, u64, u32, u32)> {
        let mut found = Vec::new();
        each_object(bytes, FileId(0), 0, |o, at, further| {
            found.push((String::from_utf8_lossy(o).into_owned(), at.offset, at.line, further));
        });
        found
    }

    #[test]
    fn objects_are_found_wherever_lines_end() {
        let text = b"[\n  {\n    \"a\": \"}\"\n  },\n  {\"b\":{}}]\n{\"c\":1}{\"d\":2}\njunk\n{\"open\":";
        let objects: Vec<String> = found(text).iter().map(|f| format!("{}:{}+{}", f.0, f.2, f.3)).collect();
        assert_eq!(
            objects,
            [
                "{\n    \"a\": \"}\"\n  }:1+2",
                "{\"b\":{}}:4+0",
                "{\"c\":1}:5+0",
                "{\"d\":2}:5+0",
                "junk:6+0",
                "{\"open\"::7+0"
            ]
        );
        assert_eq!(cut(b"[\n{\"a\":1},\n{\"b\""), Some(9));
        assert_eq!(cut(b"{\"a\":"), None);
        assert_eq!(cut_lines(b"[\n{\"a\":1},\n{\"b\"\n"), Some(11));
        assert_eq!(cut_lines(b"{\n\"a\":1\n}{\n"), None);
    }

    proptest! {
        #[test]
        fn cutting_changes_no_object(parts in prop::collection::vec(
            prop::sample::select(vec!["{\"a\":\"}\\\"\"}", ",", "\n", "{\n\"b\":{}\n}", "[", "]", " "]), 0..20), at in 0usize..120) {
            let text: Vec<u8> = parts.concat().into_bytes();
            let whole: Vec<_> = found(&text).into_iter().map(|f| (f.0, f.1, f.3)).collect();
            let seen = &text[..at.min(text.len())];
            for edge in [cut(seen), cut_lines(seen)].into_iter().flatten() {
                let mut both: Vec<_> = found(&text[..edge]).into_iter().map(|f| (f.0, f.1, f.3)).collect();
                both.extend(found(&text[edge..]).into_iter().map(|f| (f.0, f.1 + edge as u64, f.3)));
                prop_assert_eq!(&both, &whole);
            }
        }

        #[test]
        fn no_bytes_make_it_panic(b in "[{}\\[\\]\",:\\\\\n a]{0,60}") {
            let _ = (found(b.as_bytes()), cut(b.as_bytes()));
        }
    }
}
