//! Lines of columns between delimiters: W3C extended logs, CSV, bars, tabs. In: names of columns and what they mean;
//! out: what fills `Fields` from a line. It must not know where the names came from.

use memchr::{memchr, memchr_iter};

use super::super::field::{Field, Fields, Kind};
use super::super::meaning::Meaning;

/// How columns are divided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Division {
    /// The byte between two columns; `None`: a tab where the line has one, else a blank.
    pub delimiter: Option<u8>,
    /// A column that begins with a quote ends at the next single one; two are one.
    pub quoted: bool,
    /// The column that may contain the delimiter: it takes what there is too much of.
    pub loose: Option<String>,
}

/// A compiled list of columns.
#[derive(Clone, Debug)]
pub struct Columns {
    delimiter: Option<u8>,
    quoted: bool,
    /// A backslash before a quote makes it part of the value.
    guarded: bool,
    loose: Option<usize>,
    slots: Box<[(Field, Kind)]>,
    /// How many columns a line must have: up to the last one that is read.
    least: usize,
    /// What its values mean.
    pub meaning: Meaning,
}

impl Columns {
    /// Columns of these fields.
    pub fn new(slots: Vec<(Field, Kind)>, loose: Option<usize>, division: &Division, meaning: Meaning) -> Columns {
        let least = slots.iter().rposition(|s| s.0 != Field::Ignored).map_or(0, |at| at + 1);
        let Division { delimiter, quoted, .. } = *division;
        let guarded = meaning.escape.guards_quotes();
        Columns { delimiter, quoted, guarded, loose, slots: slots.into(), least, meaning }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Fills `fields`; the error is how many bytes of the line fit. Columns beyond the known ones are no fault: field
    /// lists grow at their end.
    #[inline]
    pub fn reach<'c>(&self, line: &'c [u8], fields: &mut Fields<'c>) -> Result<(), usize> {
        let delimiter = self.delimiter.unwrap_or_else(|| if memchr(b'\t', line).is_some() { b'\t' } else { b' ' });
        let mut surplus = match self.loose {
            Some(_) => (memchr_iter(delimiter, line).count() + 1).saturating_sub(self.slots.len()),
            None => 0,
        };
        let mut from = 0;
        for (n, (field, kind)) in self.slots.iter().enumerate() {
            if from > line.len() {
                return if n >= self.least { Ok(()) } else { Err(line.len()) };
            }
            let rest = &line[from..];
            let (value, mut end) = self.one(rest, delimiter);
            let mut value = value;
            while surplus > 0 && self.loose == Some(n) {
                end = memchr(delimiter, &rest[(end + 1).min(rest.len())..]).map_or(rest.len(), |at| end + 1 + at);
                value = &rest[..end];
                surplus -= 1;
            }
            if !kind.fits(value) {
                return Err(from);
            }
            // The first of several columns of one meaning that has a value counts.
            if *field != Field::Ignored && fields.get(*field).is_empty() {
                fields.set(*field, value);
            }
            from += end + 1;
        }
        Ok(())
    }

    /// The column at the start, without quotes, and where it ends.
    #[inline]
    fn one<'c>(&self, rest: &'c [u8], delimiter: u8) -> (&'c [u8], usize) {
        if self.quoted && rest.first() == Some(&b'"') {
            let mut at = 1;
            while let Some(quote) = memchr(b'"', rest.get(at..).unwrap_or_default()).map(|q| at + q) {
                if self.guarded && rest[..quote].iter().rev().take_while(|c| **c == b'\\').count() % 2 == 1 {
                    at = quote + 1;
                    continue;
                }
                match rest.get(quote + 1) {
                    None => return (&rest[1..quote], rest.len()),
                    Some(c) if *c == delimiter => return (&rest[1..quote], quote + 1),
                    Some(b'"') => at = quote + 2,
                    Some(_) => at = quote + 1,
                }
            }
        }
        let end = memchr(delimiter, rest).unwrap_or(rest.len());
        (&rest[..end], end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::escape::Escape;

    fn read(columns: &Columns, line: &str) -> Option<(String, String, String)> {
        let mut f = Fields::new();
        columns.reach(line.as_bytes(), &mut f).ok()?;
        let text = |field| String::from_utf8_lossy(f.get(field)).into_owned();
        Some((text(Field::Status), text(Field::Agent), text(Field::Referer)))
    }

    fn columns(delimiter: Option<u8>, quoted: bool, loose: bool) -> Columns {
        let slots = vec![(Field::Status, Kind::Code), (Field::Agent, Kind::Text), (Field::Referer, Kind::Text)];
        let division = Division { delimiter, quoted, loose: None };
        Columns::new(slots, loose.then_some(1), &division, Meaning::new(Escape::None, &[]))
    }

    fn some(a: &str, b: &str, c: &str) -> Option<(String, String, String)> {
        Some((a.to_string(), b.to_string(), c.to_string()))
    }

    #[test]
    fn a_loose_column_takes_what_is_too_much() {
        let c = columns(Some(b'|'), false, true);
        assert_eq!(read(&c, "200|a|r"), some("200", "a", "r"));
        assert_eq!(read(&c, "200|a|b|c|r"), some("200", "a|b|c", "r"));
        assert_eq!(read(&c, "200|a"), None);
        assert_eq!(read(&c, "x|a|r"), None);
    }

    #[test]
    fn quotes_hold_delimiters_and_doubled_quotes() {
        let c = columns(Some(b','), true, false);
        assert_eq!(read(&c, r#"200,"a, ""b""",r"#), some("200", r#"a, ""b"""#, "r"));
        assert_eq!(read(&c, r#"200,"open,r"#), some("200", "\"open", "r"));
        assert_eq!(read(&c, r#"200,"a",r,more,and more"#), some("200", "a", "r"));
    }

    #[test]
    fn tabs_win_over_blanks() {
        let c = columns(None, true, false);
        assert_eq!(read(&c, "200\ta b\tr"), some("200", "a b", "r"));
        assert_eq!(read(&c, "200 a -"), some("200", "a", ""));
    }
}
