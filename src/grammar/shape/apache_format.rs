//! The format strings of Apache httpd (`LogFormat`) and varnishncsa (`-F`). In: the string, or the whole directive as
//! it stands in httpd.conf; out: literals and directives in order, and what each directive means. It must not know how
//! a line is taken apart.
//!
//! Sources: Apache httpd 2.4, mod_log_config and mod_logio; varnishncsa 4.1 to 8.0. `%t` prints its own brackets.

use super::super::escape::Escape;
use super::super::field::{Field, Kind};
use super::super::term::Term;
use super::super::unit::Unit;
use super::log_format::{LogFormat, Part};

/// Takes a format apart. A directive becomes a variable whose name begins with `%`. The error says what is wrong.
pub fn parse(text: &str) -> Result<LogFormat, String> {
    let format = bare(text.trim_matches(['\n', '\r', ' ']))?;
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = format.as_str();
    while let Some(at) = rest.find('%') {
        literal.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            literal.push('%');
            rest = after;
            continue;
        }
        let (name, after) = directive(rest)?;
        rest = after;
        // The path and the query, which begins with its question mark, are one value.
        if name == "q" && literal.is_empty() && matches!(parts.last(), Some(Part::Variable(v)) if v == "%U") {
            continue;
        }
        let bracketed = name == "t";
        literal.push_str(if bracketed { "[" } else { "" });
        if !literal.is_empty() {
            parts.push(Part::Literal(std::mem::take(&mut literal)));
        }
        parts.push(Part::Variable(format!("%{name}")));
        literal.push_str(if bracketed { "]" } else { "" });
    }
    literal.push_str(rest);
    let json = format.starts_with('{');
    if !literal.is_empty() {
        parts.push(Part::Literal(literal));
    }
    Ok(LogFormat { escape: if json { Escape::Json } else { Escape::Apache }, parts: join_stamps(parts) })
}

/// `%{%d/%b/%Y:%T}t.%{msec_frac}t %{%z}t` is one stamp: date and time, fraction, zone.
fn join_stamps(parts: Vec<Part>) -> Vec<Part> {
    let is =
        |part: Option<&Part>, names: &[&str]| matches!(part, Some(Part::Variable(v)) if names.contains(&v.as_str()));
    let literal = |part: Option<&Part>, text: &str| matches!(part, Some(Part::Literal(l)) if l == text);
    let mut joined = Vec::with_capacity(parts.len());
    let mut at = 0;
    while at < parts.len() {
        let stamp =
            matches!(&parts[at], Part::Variable(v) if v.starts_with("%{") && v.ends_with("}t") && v.contains("%Y"));
        joined.push(parts[at].clone());
        at += 1;
        if stamp && literal(parts.get(at), ".") && is(parts.get(at + 1), &["%{msec_frac}t", "%{usec_frac}t"]) {
            at += 2;
        }
        if stamp && literal(parts.get(at), " ") && is(parts.get(at + 1), &["%{%z}t"]) {
            at += 2;
        }
    }
    joined
}

/// The string of a `LogFormat "…" name` directive, unquoted; a bare string as it is.
fn bare(text: &str) -> Result<String, String> {
    let Some(after) = text.strip_prefix("LogFormat").filter(|r| r.starts_with(char::is_whitespace)) else {
        return Ok(text.to_string());
    };
    let after = after.trim_start().strip_prefix('"').ok_or("after LogFormat stands no string in quotes")?;
    let mut found = String::new();
    let mut chars = after.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return Ok(found),
            '\\' => match chars.next() {
                Some('t') => found.push('\t'),
                Some('n') => found.push('\n'),
                Some(c @ ('"' | '\\')) => found.push(c),
                Some(c) => found.extend(['\\', c]),
                None => break,
            },
            c => found.push(c),
        }
    }
    Err("a \" is never closed".to_string())
}

/// The name of the directive at the start, without conditions and modifiers: `>s`, `!200{Referer}i`, `{ms}T`.
fn directive(rest: &str) -> Result<(String, &str), String> {
    let plain = rest.trim_start_matches(|c: char| matches!(c, '<' | '>' | '!' | ',') || c.is_ascii_digit());
    let (argument, after) = match plain.strip_prefix('{') {
        Some(inner) => inner.split_once('}').ok_or("a %{ is never closed")?,
        None => ("", plain),
    };
    let mut chars = after.chars();
    let letter = chars.next().filter(char::is_ascii_alphabetic).ok_or("a % is not followed by a directive")?;
    // `%^FB` and its like have two letters more; nothing else begins with a caret.
    let name = if argument.is_empty() { letter.to_string() } else { format!("{{{argument}}}{letter}") };
    Ok((name, chars.as_str()))
}

/// What a directive means, without its `%`. One that guru has no use for is read over.
pub fn of_directive(name: &str) -> Term {
    let Some(argument) = name.strip_prefix('{').and_then(|n| n.rsplit_once('}')) else { return of_letter(name) };
    let lower = argument.0.to_ascii_lowercase();
    match argument.1 {
        "i" => of_header(&lower),
        "o" if lower == "retry-after" => Term::of(Field::RetryAfter, Kind::Text),
        "t" => of_time(argument.0, &lower),
        "T" => Term { unit: Unit::parse(&lower), ..Term::of(Field::RequestTime, Kind::Duration) },
        "x" => of_extension(argument.0),
        "a" | "p" => Term::of(Field::Ignored, Kind::Word),
        _ => Term::IGNORED,
    }
}

fn of_letter(letter: &str) -> Term {
    use Field as F;
    use Kind as K;
    let (field, kind) = match letter {
        "h" | "a" => (F::RemoteAddr, K::Word),
        "t" => (F::TimeLocal, K::TimeLocal),
        "r" => (F::Request, K::Text),
        "m" => (F::Method, K::Word),
        "U" => (F::Uri, K::Text),
        "q" => (F::Args, K::Text),
        "s" => (F::Status, K::Code),
        "b" | "B" => (F::BodyBytes, K::Number),
        "O" => (F::BytesSent, K::Number),
        "I" => (F::RequestLength, K::Number),
        "v" | "V" => (F::ServerName, K::Word),
        "p" => (F::ServerPort, K::Number),
        "X" => (F::Completion, K::Word),
        "D" => return Term { unit: Some(Unit::Micros), ..Term::of(F::RequestTime, K::Duration) },
        "T" => return Term { unit: Some(Unit::Seconds), ..Term::of(F::RequestTime, K::Duration) },
        "l" | "H" | "P" | "k" | "L" | "A" | "S" => (F::Ignored, K::Word),
        _ => (F::Ignored, K::Text),
    };
    Term::of(field, kind)
}

fn of_header(name: &str) -> Term {
    use Field as F;
    let field = match name {
        "referer" => F::Referer,
        "user-agent" => F::Agent,
        "host" => F::Host,
        "x-forwarded-for" => F::Forwarded,
        "x-varnish" => F::XVarnish,
        "x-request-id" => F::XRequestId,
        "cf-ray" | "x-amz-cf-id" | "x-azure-ref" | "x-amzn-trace-id" | "traceparent" => F::CdnId,
        _ => F::Ignored,
    };
    Term::of(field, Kind::Text)
}

/// A moment: `sec`, `msec`, `usec`, or a strftime format that has date and time of day. Fractions alone are passed
/// over.
fn of_time(format: &str, lower: &str) -> Term {
    let field = match lower.split(':').next() {
        Some("begin") => Field::Start,
        Some("end") => Field::End,
        _ => Field::Time,
    };
    let format = format.trim_start_matches("begin:").trim_start_matches("end:");
    let whole = matches!(format, "sec" | "msec" | "usec" | "%s" | "%s000")
        || ((format.contains("%Y") || format.contains("%F") || format.contains("%c"))
            && (format.contains("%H") || format.contains("%T") || format.contains("%c")));
    if whole { Term::of(field, Kind::Stamp) } else { Term::IGNORED }
}

/// varnishncsa's own: `Varnish:…`, `VSL:…`.
fn of_extension(name: &str) -> Term {
    use Field as F;
    use Kind as K;
    let (field, kind) = match name {
        "Varnish:side" => (F::Side, K::Word),
        "Varnish:vxid" => (F::Vxid, K::Number),
        "Varnish:handling" | "Varnish:hitmiss" => (F::CacheStatus, K::Word),
        "Varnish:time_firstbyte" => {
            return Term { unit: Some(Unit::Seconds), ..Term::of(F::Ttfb, K::Duration) };
        }
        "VSL:FetchError" => (F::FetchError, K::Text),
        "VSL:BackendOpen" => (F::BackendOpen, K::Text),
        "VSL:BackendOpen[2]" => (F::UpstreamName, K::Word),
        _ => (F::Ignored, K::Text),
    };
    Term::of(field, kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let parts = parse(text).unwrap().parts;
        let one = |p: &Part| match p {
            Part::Literal(l) => format!("<{l}>"),
            Part::Variable(v) => v.clone(),
        };
        parts.iter().map(one).collect()
    }

    #[test]
    fn a_format_is_literals_and_directives() {
        assert_eq!(shown(r#"%h %l %u %t "%r" %>s %b"#), r#"%h< >%l< >%u< [>%t<] ">%r<" >%s< >%b"#);
        assert_eq!(shown("%{%d/%b/%Y:%T}t.%{msec_frac}t %{%z}t %s"), "%{%d/%b/%Y:%T}t< >%s");
        assert_eq!(shown("%U%q %!200,304{Referer}i%%"), "%U< >%{Referer}i<%>");
        assert_eq!(shown(r#"LogFormat "%v:%p \"%r\" %{ms}T" vhost"#), r#"%v<:>%p< ">%r<" >%{ms}T"#);
    }

    #[test]
    fn directives_mean_fields() {
        let field = |name| of_directive(name).field;
        assert_eq!(field("s"), Field::Status);
        assert_eq!(field("{User-agent}i"), Field::Agent);
        assert_eq!(field("{Varnish:vxid}x"), Field::Vxid);
        assert_eq!(field("{%Y-%m-%dT%H:%M:%S}t"), Field::Time);
        assert_eq!(field("{end:msec}t"), Field::End);
        assert_eq!(field("{begin:usec}t"), Field::Start);
        assert_eq!(field("{usec_frac}t"), Field::Ignored);
        assert_eq!(of_directive("D").unit, Some(Unit::Micros));
        assert_eq!(of_directive("{ms}T").unit, Some(Unit::Millis));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, why) in [
            ("%{X", "never closed"),
            ("% x", "not followed"),
            ("LogFormat \"%h", "never closed"),
            ("5%", "not followed"),
        ] {
            assert!(parse(text).is_err_and(|e| e.contains(why)), "{text}");
        }
    }
}
