//! nginx's `log_format` mini-language. In: the format string, or the whole directive as it stands in nginx.conf; out:
//! literals and variables in order, and how values are escaped. It must not know what a variable means.
//!
//! Source: nginx 1.22 and 1.31, `ngx_http_log_module`. There is no escape for a dollar sign; `\"` is quoting of the
//! configuration file only, so a bare format string is taken as it is.

use super::super::escape::Escape;

/// A piece of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Bytes that stand in every line.
    Literal(String),
    /// A variable, without `$` and braces.
    Variable(String),
}

/// A format string, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFormat {
    /// How values are escaped.
    pub escape: Escape,
    /// Its pieces.
    pub parts: Vec<Part>,
}

/// Takes a format apart. The error says what is wrong, without saying in which file.
pub fn parse(text: &str) -> Result<LogFormat, String> {
    let trimmed = text.trim();
    let is_directive = trimmed.strip_prefix("log_format").is_some_and(|r| r.starts_with(char::is_whitespace));
    if !is_directive && !trimmed.starts_with('\'') && !trimmed.starts_with("escape=") {
        return Ok(LogFormat { escape: Escape::Default, parts: parts(text.trim_end_matches(['\n', '\r']))? });
    }
    let mut escape = Escape::Default;
    let mut format = String::new();
    for (i, word) in words(trimmed)?.into_iter().enumerate() {
        match word.strip_prefix("escape=") {
            _ if is_directive && i < 2 => {}
            Some(mode) => {
                escape = Escape::parse(mode).ok_or_else(|| format!("escape={mode} is not default, json or none"))?;
            }
            None => format.push_str(&word),
        }
    }
    Ok(LogFormat { escape, parts: parts(&format)? })
}

/// The words of a directive, unquoted as nginx does, up to its semicolon.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(&c) = chars.peek() {
        match c {
            ';' => break,
            '\'' | '"' => {
                chars.next();
                found.push(quoted(c, &mut chars)?);
            }
            c if c.is_whitespace() => {
                chars.next();
            }
            _ => {
                let mut word = String::new();
                while let Some(c) = chars.next_if(|c| !c.is_whitespace() && !matches!(c, ';' | '\'' | '"')) {
                    word.push(c);
                }
                found.push(word);
            }
        }
    }
    Ok(found)
}

fn quoted(quote: char, chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<String, String> {
    let mut word = String::new();
    while let Some(c) = chars.next() {
        match c {
            c if c == quote => return Ok(word),
            '\\' => match chars.next() {
                Some(q @ ('\'' | '"' | '\\')) => word.push(q),
                Some('t') => word.push('\t'),
                Some(other) => word.extend(['\\', other]),
                None => break,
            },
            c => word.push(c),
        }
    }
    Err(format!("a {quote} is never closed"))
}

fn parts(format: &str) -> Result<Vec<Part>, String> {
    let mut found = Vec::new();
    let mut literal = String::new();
    let mut rest = format;
    while let Some(at) = rest.find('$') {
        literal.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let (name, after) = match rest.strip_prefix('{') {
            Some(inner) => inner.split_once('}').ok_or("a ${ is never closed")?,
            None => rest.split_at(rest.find(|c| !is_name(c)).unwrap_or(rest.len())),
        };
        if name.is_empty() || !name.chars().all(is_name) {
            return Err("a $ is not followed by the name of a variable".to_string());
        }
        if !literal.is_empty() {
            found.push(Part::Literal(std::mem::take(&mut literal)));
        }
        found.push(Part::Variable(name.to_string()));
        rest = after;
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        found.push(Part::Literal(literal));
    }
    Ok(join_uri(found))
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// `$uri$is_args$args` is one path and query, as `$request_uri` is.
fn join_uri(parts: Vec<Part>) -> Vec<Part> {
    let mut joined: Vec<Part> = Vec::with_capacity(parts.len());
    for part in parts {
        let glued = match (&part, joined.last()) {
            (Part::Variable(v), Some(Part::Variable(before))) => {
                matches!(before.as_str(), "uri" | "request_uri" | "document_uri")
                    && matches!(v.as_str(), "is_args" | "args" | "query_string")
            }
            _ => false,
        };
        if !glued {
            joined.push(part);
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lit(s: &str) -> Part {
        Part::Literal(s.to_string())
    }

    fn var(s: &str) -> Part {
        Part::Variable(s.to_string())
    }

    #[test]
    fn a_bare_string_is_literals_and_variables() {
        let f = parse(r#"$remote_addr - [${time_local}] "$request"x"#).unwrap();
        let expected = [var("remote_addr"), lit(" - ["), var("time_local"), lit(r#"] ""#), var("request"), lit("\"x")];
        assert_eq!(f, LogFormat { escape: Escape::Default, parts: expected.to_vec() });
    }

    #[test]
    fn a_whole_directive_is_unquoted_and_joined() {
        let f = parse("log_format  main escape=json\n  '{\"s\":$status,'\n  \"\\\"u\\\":\\\"$uri$is_args$args\\\"}\";")
            .unwrap();
        let expected = [lit("{\"s\":"), var("status"), lit(",\"u\":\""), var("uri"), lit("\"}")];
        assert_eq!(f, LogFormat { escape: Escape::Json, parts: expected.to_vec() });
        assert_eq!(parse("'$status ' '$request'").unwrap().parts, [var("status"), lit(" "), var("request")]);
    }

    #[test]
    fn mistakes_are_named() {
        assert!(parse("$status ${x").unwrap_err().contains("never closed"));
        assert!(parse("costs $ 5").unwrap_err().contains("name of a variable"));
        assert!(parse("log_format m 'abc").unwrap_err().contains("never closed"));
        assert!(parse("log_format m escape=xml '$status';").unwrap_err().contains("escape=xml"));
    }
}
