//! JSON objects to fields, in one pass over the bytes. In: a line or record and the keys of a format; out: what fills
//! `Fields`, once per record where a wrapper holds an array of them. It must not build a tree, nor know what fields
//! are for.

use super::super::field::{Field, Fields, Kind};
use super::super::meaning::Meaning;
use super::json_keys::{Entry, Keys};
use super::json_text::{blank, nested_end, scalar_end, string_end};
use crate::model::LineOutcome;

/// What some editors and exporters put before the first line.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// A compiled JSON format.
#[derive(Clone, Debug)]
pub struct Json {
    /// Its keys.
    pub keys: Keys,
    /// What its values mean.
    pub meaning: Meaning,
}

/// Values found in one record.
pub struct Found<'c, 'f> {
    /// The fields.
    pub fields: &'f mut Fields<'c>,
    /// JSON that stands in a string, as written, with the level of its keys.
    pub embedded: Option<(&'c [u8], usize)>,
    needs: u64,
}

impl Json {
    /// Reads the record at the start of `b`. The error is how far it could be read.
    pub fn record<'c, 'f>(&self, b: &'c [u8], fields: &'f mut Fields<'c>) -> Result<Found<'c, 'f>, usize> {
        let mut found = Found { fields, embedded: None, needs: 0 };
        let at = blank(b, if b.starts_with(BOM) { BOM.len() } else { 0 });
        if b.get(at) != Some(&b'{') {
            return Err(at);
        }
        let end = self.object(b, at + 1, 0, &mut found)?;
        let rest = blank(b, end);
        if !matches!(b.get(rest..), Some([] | [b',' | b']', ..])) {
            return Err(rest);
        }
        if found.needs == self.keys.all_needs() { Ok(found) } else { Err(b.len()) }
    }

    /// Reads JSON that stood in a string, unescaped, into the same fields.
    pub fn inner<'c>(&self, b: &'c [u8], level: usize, fields: &mut Fields<'c>) -> Result<(), usize> {
        let at = blank(b, 0);
        if b.get(at) != Some(&b'{') {
            return Err(at);
        }
        let mut found = Found { fields, embedded: None, needs: 0 };
        self.object(b, at + 1, level, &mut found).map(|_| ())
    }

    /// The array of records that a wrapper holds; `None` when the line is itself a record.
    pub fn wrapped<'c>(&self, b: &'c [u8]) -> Option<&'c [u8]> {
        let at = blank(b, 0);
        match b.get(at)? {
            b'[' => Some(&b[at..]),
            b'{' => {
                let key = blank(b, at + 1);
                let end = key + 1 + memchr::memchr(b'"', b.get(key + 1..)?)?;
                let entry = self.keys.level(0).find(&b[key + 1..end]).filter(|e| e.records)?;
                let colon = blank(b, end + 1);
                let value = blank(b, colon + 1);
                (entry.records && b.get(colon) == Some(&b':') && b.get(value) == Some(&b'[')).then(|| &b[value..])
            }
            _ => None,
        }
    }

    /// Pushes each object of an array; false when one of them does not end.
    pub fn each<'c>(array: &'c [u8], mut push: impl FnMut(&'c [u8])) -> bool {
        let mut at = 1;
        loop {
            at = blank(array, at);
            match array.get(at) {
                Some(b'{') => {
                    let Some(end) = nested_end(array, at) else { return false };
                    push(&array[at..end]);
                    at = end;
                }
                Some(b',') => at += 1,
                // An array with one record per line ends in another one.
                end => return matches!(end, None | Some(b']')),
            }
        }
    }

    /// The members of an object whose first byte after the brace is at `at`; returns where it ends.
    fn object<'c>(&self, b: &'c [u8], at: usize, level: usize, found: &mut Found<'c, '_>) -> Result<usize, usize> {
        let mut at = blank(b, at);
        if b.get(at) == Some(&b'}') {
            return Ok(at + 1);
        }
        loop {
            if b.get(at) != Some(&b'"') {
                return Err(at);
            }
            let end = string_end(b, at + 1).ok_or(at)?;
            let entry = self.keys.level(level).find(&b[at + 1..end]);
            let colon = blank(b, end + 1);
            if b.get(colon) != Some(&b':') {
                return Err(colon);
            }
            let value = blank(b, colon + 1);
            let after = blank(b, self.value(b, value, entry, found)?);
            match b.get(after) {
                Some(b',') => at = blank(b, after + 1),
                Some(b'}') => return Ok(after + 1),
                _ => return Err(after),
            }
        }
    }

    /// One value; returns where it ends.
    #[inline]
    fn value<'c>(
        &self,
        b: &'c [u8],
        at: usize,
        entry: Option<&Entry>,
        found: &mut Found<'c, '_>,
    ) -> Result<usize, usize> {
        match b.get(at) {
            Some(b'"') => {
                let end = string_end(b, at + 1).ok_or(at)?;
                if let Some(entry) = entry {
                    self.take(&b[at + 1..end], at, entry, found)?;
                }
                Ok(end + 1)
            }
            Some(b'{') => match entry.and_then(|e| Some((e, e.child?))) {
                Some((entry, child)) => {
                    found.needs |= if entry.says.is_empty() { entry.need } else { 0 };
                    self.object(b, at + 1, child, found)
                }
                None => nested_end(b, at).ok_or(at),
            },
            // Of an array the first value counts: header lists, and agents logged as a list of one.
            Some(b'[') => {
                let end = nested_end(b, at).ok_or(at)?;
                let first = blank(b, at + 1);
                if entry.is_some() && first + 1 < end && b[first] != b'[' {
                    self.value(&b[..end], first, entry, found)?;
                }
                Ok(end)
            }
            Some(_) => {
                let end = scalar_end(b, at).ok_or(at)?;
                let value = b[at..end].trim_ascii_end();
                if let Some(entry) = entry {
                    self.take(if value == b"null" { b"" } else { value }, at, entry, found)?;
                }
                Ok(end)
            }
            None => Err(at),
        }
    }

    #[inline]
    fn take<'c>(&self, value: &'c [u8], at: usize, e: &Entry, found: &mut Found<'c, '_>) -> Result<(), usize> {
        if e.need != 0 && (e.says.is_empty() || contains(value, &e.says)) {
            found.needs |= e.need;
        }
        if e.embedded
            && let Some(child) = e.child
        {
            found.embedded = Some((value, child));
        }
        if e.field == Field::Ignored {
            return Ok(());
        }
        if !fits(e.kind, value) {
            return Err(at);
        }
        // Where several keys mean the same, the first that has a value counts.
        if found.fields.get(e.field).is_empty() {
            found.fields.set(e.field, value);
        }
        Ok(())
    }
}

/// Reads each record of an array with `one`: parsed when one of them is.
pub fn each_outcome(array: &[u8], mut one: impl FnMut(&[u8]) -> LineOutcome) -> LineOutcome {
    let mut outcome = LineOutcome::Skipped;
    let whole = Json::each(array, |record| match one(record) {
        LineOutcome::Parsed => outcome = LineOutcome::Parsed,
        LineOutcome::NotUnderstood if outcome == LineOutcome::Skipped => outcome = LineOutcome::NotUnderstood,
        _ => {}
    });
    if whole { outcome } else { LineOutcome::NotUnderstood }
}

/// As [`Kind::fits`], but nothing is always allowed: JSON leaves out what a line of text must write.
#[inline]
fn fits(kind: Kind, value: &[u8]) -> bool {
    value.is_empty() || kind.fits(value) || (kind == Kind::Word && !value.contains(&b'"'))
}

/// True when `value` contains `part`, which is in lower case, whatever the case of `value`.
fn contains(value: &[u8], part: &[u8]) -> bool {
    value.windows(part.len()).any(|w| w.eq_ignore_ascii_case(part))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::grammar::escape::Escape;

    fn json(paths: &[(&str, Field)], needs: &[&str]) -> Json {
        let mut keys = Keys::new();
        for (path, field) in paths {
            keys.entry(path).unwrap().field = *field;
        }
        for need in needs {
            keys.need(need).unwrap();
        }
        keys.entry("records").unwrap().records = true;
        Json { keys: keys.seal(), meaning: Meaning::new(Escape::Json, &[]) }
    }

    fn read(json: &Json, line: &str) -> Result<(String, String), usize> {
        let mut fields = Fields::new();
        json.record(line.as_bytes(), &mut fields)?;
        let text = |f| String::from_utf8_lossy(fields.raw(f)).into_owned();
        Ok((text(Field::Status), text(Field::Agent)))
    }

    fn pair(a: &str, b: &str) -> Result<(String, String), usize> {
        Ok((a.to_string(), b.to_string()))
    }

    #[test]
    fn keys_are_read_wherever_they_stand() {
        let j = json(&[("http.status", Field::Status), ("ua", Field::Agent)], &["ua"]);
        assert_eq!(
            read(&j, r#"{"ua":"a\"b","x":{"ua":[1,{"y":"}"}]},"http":{"z":null,"status":502}}"#),
            pair("502", "a\\\"b")
        );
        assert_eq!(
            read(&j, "{ \"http\" : { \"status\" : \"502\" } , \"ua\" : [ \"first\", \"second\" ] }\r"),
            pair("502", "first")
        );
        assert_eq!(read(&j, r#"{"ua":null,"http":{}}"#), pair("", ""));
        assert_eq!(read(&j, r#"{"http":{"status":502}}"#), Err(23), "a key that must be there is not");
        assert!(read(&j, r#"{"ua":"a","http":{"status":50"#).is_err());
        assert!(read(&j, r#"{"ua":"a"} and more"#).is_err());
    }

    #[test]
    fn careless_loggers_are_read_all_the_same() {
        let j = json(&[("status", Field::Status), ("ua", Field::Agent)], &[]);
        assert_eq!(
            read(&j, r#"{"status":009,"urt":0.000, 0.001,"uct":-,"uht":,"ua":"A "B" C"}"#),
            pair("009", "A \"B\" C")
        );
    }

    #[test]
    fn what_a_key_must_say_counts_whatever_its_case() {
        let j = json(&[("status", Field::Status)], &["category~frontdoor"]);
        assert!(read(&j, r#"{"category":"FrontDoorAccessLog","status":200}"#).is_ok());
        assert!(read(&j, r#"{"category":"Other","status":200}"#).is_err());
    }

    #[test]
    fn records_of_a_wrapper_are_found() {
        let j = json(&[("status", Field::Status)], &[]);
        for line in [r#"{"records": [ {"status":1}, {"status":2} ]}"#, r#"[{"status":1},{"status":2}]"#] {
            let mut seen = 0;
            assert!(Json::each(j.wrapped(line.as_bytes()).unwrap(), |r| {
                assert!(j.record(r, &mut Fields::new()).is_ok());
                seen += 1;
            }));
            assert_eq!(seen, 2);
        }
        assert!(j.wrapped(br#"{"status":1}"#).is_none());
        assert!(!Json::each(br#"[{"status":1},{"sta"#, |_| {}));
        assert!(Json::each(br#"[{"status":1},"#, |_| {}));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(b in "[{}\\[\\]\":,a-c\\\\ 0-9.-]{0,60}") {
            let j = json(&[("a.b", Field::Status), ("c", Field::Agent)], &["a"]);
            let _ = j.record(b.as_bytes(), &mut Fields::new());
            if let Some(array) = j.wrapped(b.as_bytes()) {
                Json::each(array, |_| {});
            }
        }
    }
}
