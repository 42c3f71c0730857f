//! Calendars as CSV. In: a header row with `start` and `title`, perhaps `end` and `node`, and rows below it; out: a change
//! for the beginning of each, and one for its end. Fields may be quoted, and parted by commas, semicolons or tabs.

use super::stamp::iso;
use super::{Found, How, Read};

/// Names of the columns.
const COLUMNS: [(&[&str], usize); 4] = [
    (&["start", "begin", "begins", "from", "date", "at"], 0),
    (&["end", "ends", "to", "until"], 1),
    (&["title", "name", "summary", "campaign", "text", "what"], 2),
    (&["node", "where", "service"], 3),
];

/// Which field of a row is start, end, title and node.
type Places = [Option<usize>; 4];

fn delimiter(line: &str) -> char {
    let count = |d: &char| line.matches(*d).count();
    [',', ';', '\t'].into_iter().max_by_key(count).unwrap_or(',')
}

fn places(fields: &[String]) -> Places {
    let mut found = Places::default();
    for (n, field) in fields.iter().enumerate() {
        let name = field.trim().to_ascii_lowercase();
        if let Some((_, at)) = COLUMNS.iter().find(|(names, _)| names.contains(&name.as_str())) {
            found[*at] = found[*at].or(Some(n));
        }
    }
    found
}

/// True for a header row with a start and a title.
pub fn is_header(line: &str) -> bool {
    let line = line.trim_start_matches('\u{feff}');
    let places = rows(line, delimiter(line)).next().map(|(_, fields)| places(&fields)).unwrap_or_default();
    places[0].is_some() && places[2].is_some()
}

/// Rows with the numbers of the lines that they begin on. A quoted field may span lines; one that is never closed ends
/// with the text.
fn rows(text: &str, delimiter: char) -> impl Iterator<Item = (usize, Vec<String>)> {
    let mut chars = text.chars().peekable();
    let mut line = 1;
    std::iter::from_fn(move || {
        chars.peek()?;
        let (begun, mut fields, mut field, mut quoted) = (line, Vec::new(), String::new(), false);
        loop {
            match chars.next() {
                Some('"') if quoted && chars.peek() == Some(&'"') => {
                    chars.next();
                    field.push('"');
                }
                Some('"') if quoted || field.trim().is_empty() => quoted = !quoted,
                Some('\n') if !quoted => {
                    line += 1;
                    break;
                }
                None => break,
                Some(c) if c == delimiter && !quoted => fields.push(std::mem::take(&mut field)),
                Some(c) => {
                    line += usize::from(c == '\n');
                    field.push(c);
                }
            }
        }
        fields.push(field);
        Some((begun, fields))
    })
}

/// Reads rows.
pub fn read(text: &str, how: &How<'_>) -> Read {
    let mut read = Read::default();
    let header = text.lines().find(|l| !l.trim().is_empty() && !l.starts_with('#')).unwrap_or_default();
    let mut columns: Option<Places> = None;
    for (n, fields) in rows(text, delimiter(header)) {
        if fields.iter().all(|f| f.trim().is_empty()) || fields[0].starts_with('#') {
            continue;
        }
        let Some(places) = columns else {
            let found = places(&fields);
            if found[0].is_none() || found[2].is_none() {
                read.bad(n, "the first row must name the columns: start[,end],title[,node]");
                return read;
            }
            columns = Some(found);
            continue;
        };
        let get = |place: usize| places[place].and_then(|at| fields.get(at)).map_or("", |f| f.trim());
        if let Err(why) = row([get(0), get(1), get(2), get(3)], &mut read, how) {
            read.bad(n, why);
        }
    }
    read
}

fn row([start, end, title, node]: [&str; 4], read: &mut Read, how: &How<'_>) -> Result<(), &'static str> {
    let begun = iso(start, how).ok_or("the start is no ISO date or time, such as 2026-11-27 or 2026-11-27 08:00")?;
    if title.is_empty() {
        return Err("no title");
    }
    let node = if node.is_empty() { how.node } else { node };
    let mut put = |at, text: &str| read.changes.push(Found::new(at, "campaign", node, text));
    if end.is_empty() {
        put(begun, title);
        return Ok(());
    }
    let over = iso(end, how).ok_or("the end is no ISO date or time, such as 2026-11-27 or 2026-11-27 08:00")?;
    if over < begun {
        return Err("it ends before it starts");
    }
    put(begun, &format!("{title} begins"));
    put(over, &format!("{title} ends"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Source;
    use super::super::tests::told;

    #[test]
    fn rows_become_beginnings_and_ends() {
        let text = "\u{feff}Start;End;Title;Node\n2026-11-27;2026-11-28 08:00;\"Black \"\"Friday\"\"; half\nprice\";web1\n\n\
            # a remark\n2026-11-20T10:00:00+01:00;;Newsletter;\nsoon;;x;\n2026-11-20;2026-11-19;back;\n2026-11-20;;;\n";
        let all = [
            "2026-11-27T00:00:00Z campaign web1: Black \"Friday\"; half\nprice begins",
            "2026-11-28T08:00:00Z campaign web1: Black \"Friday\"; half\nprice ends",
            "2026-11-20T09:00:00Z campaign : Newsletter",
        ];
        assert_eq!(told(text, Source::Calendar), (all.map(String::from).to_vec(), 3));
        assert_eq!(told("title,start\nSale,2026-11-20\n", Source::Calendar).0.len(), 1);
    }
}
