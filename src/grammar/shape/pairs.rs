//! Lines of `key=value` pairs in any order: CEF behind its bars, logfmt. In: a line and the keys of a format; out: what
//! fills `Fields`. It must not know what fields are for.
//!
//! A value goes on until the blank before the next key, because CEF does not quote; one that begins with a quote ends at
//! the next quote without a backslash. A key is a word of letters, digits, `_`, `.` and `-` before an equals sign.

use memchr::memchr_iter;

use super::super::field::{Field, Fields};
use super::super::meaning::Meaning;
use super::json_keys::Keys;

/// A compiled format of pairs.
#[derive(Clone, Debug)]
pub struct Pairs {
    /// Its keys; only those at the top count.
    pub keys: Keys,
    /// What its values mean.
    pub meaning: Meaning,
}

fn is_key(c: u8) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, b'_' | b'.' | b'-')
}

/// Where the key begins that ends before the equals sign at `equals`; `None` when there is none, or no blank or bar
/// before it.
fn key_begin(line: &[u8], equals: usize) -> Option<usize> {
    let key = line[..equals].iter().rev().take_while(|c| is_key(**c)).count();
    let begin = equals - key;
    let divided = begin == 0 || matches!(line[begin - 1], b' ' | b'\t' | b'|');
    (key > 0 && divided).then_some(begin)
}

impl Pairs {
    /// Fills `fields`; the error is how many bytes of the line fit.
    pub fn reach<'c>(&self, line: &'c [u8], fields: &mut Fields<'c>) -> Result<(), usize> {
        let mut needs = 0;
        let mut open: Option<(&'c [u8], usize)> = None;
        let mut quoted_until = 0;
        for equals in memchr_iter(b'=', line) {
            if equals < quoted_until {
                continue;
            }
            let Some(begin) = key_begin(line, equals) else { continue };
            if let Some((key, from)) = open.take() {
                self.take(key, &line[from..begin.max(from)], fields, &mut needs).map_err(|()| from)?;
            }
            let from = equals + 1;
            if line.get(from) == Some(&b'"') {
                let end = quote_end(line, from + 1).unwrap_or(line.len());
                self.take(&line[begin..equals], &line[from + 1..end], fields, &mut needs).map_err(|()| from)?;
                quoted_until = end;
            } else {
                open = Some((&line[begin..equals], from));
            }
        }
        if let Some((key, from)) = open {
            self.take(key, &line[from..], fields, &mut needs).map_err(|()| from)?;
        }
        if needs == self.keys.all_needs() && needs != 0 { Ok(()) } else { Err(0) }
    }

    fn take<'c>(&self, key: &[u8], value: &'c [u8], fields: &mut Fields<'c>, needs: &mut u64) -> Result<(), ()> {
        let Some(entry) = self.keys.level(0).find(key) else { return Ok(()) };
        let value = value.trim_ascii();
        if entry.says.is_empty() || value.windows(entry.says.len()).any(|w| w.eq_ignore_ascii_case(&entry.says)) {
            *needs |= entry.need;
        }
        if entry.field == Field::Ignored {
            return Ok(());
        }
        if !value.is_empty() && !entry.kind.fits(value) {
            return Err(());
        }
        if fields.get(entry.field).is_empty() {
            fields.set(entry.field, value);
        }
        Ok(())
    }
}

fn quote_end(line: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr2(b'"', b'\\', line.get(at..)?)?;
        if line[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::grammar::escape::Escape;

    fn pairs() -> Pairs {
        let mut keys = Keys::new();
        for (key, field) in [("cn1", Field::Status), ("request", Field::Uri), ("msg", Field::Text)] {
            keys.entry(key).unwrap().field = field;
        }
        keys.need("request|msg").unwrap();
        Pairs { keys: keys.seal(), meaning: Meaning::new(Escape::None, &[]) }
    }

    fn read(line: &str) -> Result<[String; 3], usize> {
        let mut f = Fields::new();
        pairs().reach(line.as_bytes(), &mut f)?;
        Ok([Field::Status, Field::Uri, Field::Text].map(|x| String::from_utf8_lossy(f.raw(x)).into_owned()))
    }

    #[test]
    fn pairs_are_read_in_any_order() {
        let expected = Ok(["502".into(), "http://a.example/x?b=1".into(), String::new()]);
        assert_eq!(read("CEF:0|Vendor|SIEM|1|act=PASSED cn1=502 request=http://a.example/x?b=1"), expected);
        assert_eq!(read("request=http://a.example/x?b=1 other=a b c cn1=502"), expected);
        assert_eq!(read(r#"msg="a \"b\" x=1" cn1=7"#), Ok(["7".into(), String::new(), r#"a \"b\" x=1"#.into()]));
        assert_eq!(read("cn1=502"), Err(0), "a key that must be there is not");
        assert_eq!(read("no pairs at all"), Err(0));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(line in "[a-c=\" |\\\\]{0,40}") {
            let _ = pairs().reach(line.as_bytes(), &mut Fields::new());
        }
    }
}
