//! Format files. In: the text of one; out: a checked `Grammar`, or an error that says what is wrong and what to do.
//! It must not know where the text came from, beyond the name to put into the error.

use crate::error::{Error, Kind, Result};
use crate::model::{Family, Tier};

use super::body::{Compiled, compile, field_of, messages};
use super::event::access::{Access, Tells};
use super::event::cache::CacheWords;
use super::event::compose::UrlForm;
use super::event::judge::Judge;
use super::field::Field;
use super::file::{Body, File, OneOrMore};
use super::format::{Framing, Grammar, Guess, Program, Stamped};
use super::heading::{Heading, HeadingKind};
use super::mask::Mask;
use super::sample::faults;
use super::words::words;

type Checked<T> = std::result::Result<T, String>;

/// Reads a format file. `path` goes into the error, `name` becomes the grammar's. Samples are not run: see [`proven`].
pub fn grammar(path: &str, name: &str, text: &str) -> Result<Grammar> {
    let file: File = toml::from_str(text).map_err(|e| {
        Error::new(Kind::Usage, format!("The format file {path} cannot be read: {}", e.to_string().trim_end()))
            .hint("grammars/README.md lists the keys of a format file")
    })?;
    build(name, file).map_err(|why| {
        Error::new(Kind::Usage, format!("The format file {path} cannot be used: {why}"))
            .hint(format!("correct {path} and try: guru formats check {path}"))
    })
}

/// The same, and every sample must be read as it says: for files that no test of ours has seen.
pub fn proven(path: &str, name: &str, text: &str) -> Result<Grammar> {
    let grammar = grammar(path, name, text)?;
    let wrong = faults(&grammar);
    if wrong.is_empty() {
        return Ok(grammar);
    }
    Err(Error::new(Kind::Usage, format!("The format file {path} does not read its own samples: {}", wrong.join("\n")))
        .hint("a [[sample]] has a line and the fields that it must give; grammars/README.md shows how"))
}

/// The grammar of a format string: nginx `log_format`, Apache `LogFormat` or varnishncsa `-F`, bare or as a directive.
pub fn from_format_string(name: &str, text: &str) -> Result<Grammar> {
    let apache = is_apache(text);
    let one = Some(OneOrMore::One(text.to_string()));
    let body = Body {
        log_format: if apache { None } else { one },
        apache_format: if apache { Some(OneOrMore::One(text.to_string())) } else { None },
        ..Body::default()
    };
    let stamped = if apache { Stamped::Start } else { Stamped::End };
    let built = compile(&body, &[]).and_then(|c| access(c, stamped, Tells::Requests, UrlForm::Plain, Judge::default()));
    let (access, specificity) = built.map_err(|why| {
        let why = if apache {
            why.replace(NGINX_TIME, "%t").replace(NGINX_REQUEST, "%r").replace("$status", "%s")
        } else {
            why
        };
        Error::new(Kind::Usage, format!("The log format {name} cannot be used: {why}")).hint(if apache {
            "give the string as it stands behind LogFormat in httpd.conf, or behind -F of varnishncsa"
        } else {
            "give the string as it stands in nginx.conf: nginx -T | grep -A5 log_format"
        })
    })?;
    let (tier, by_side) =
        (if apache && text.contains("Varnish:") { Tier::Cache } else { Tier::Origin }, text.contains("Varnish:side"));
    let access = Access { tells: if by_side { Tells::BySide } else { Tells::Requests }, ..access };
    Ok(Grammar {
        name: name.to_string(),
        title: "access log, format of the user".to_string(),
        family: Family::from(match (apache, tier) {
            (true, Tier::Cache) => "varnishncsa",
            (true, _) => "apache-access",
            _ => "nginx-access",
        }),
        tier,
        framing: Framing::Lines,
        local_time: false,
        resolution_us: resolution_us(&access),
        measure_resolution: apache,
        stamped: access.stamped,
        file_names: vec!["access".to_string()],
        hints: Vec::new(),
        few_peers: false,
        against: Vec::new(),
        guess: None,
        specificity,
        program: Program::Access(access),
        messages: None,
        heading: None,
        names: None,
        record_start: None,
        samples: Vec::new(),
    })
}

/// What a layout in nginx's language is told that it lacks.
const NGINX_TIME: &str = "$time_local, $time_iso8601 or $msec";
/// See [`NGINX_TIME`].
const NGINX_REQUEST: &str = "$request, $request_uri or $uri";

/// True for the language of Apache and varnishncsa: directives with `%`, no variables with `$`.
fn is_apache(text: &str) -> bool {
    let directive =
        |at: usize| text[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '{' | '>' | '<'));
    !text.contains('$') && text.match_indices('%').any(|(at, _)| directive(at))
}

fn build(name: &str, mut file: File) -> Checked<Grammar> {
    let stamped = stamped(file.stamped.as_deref())?;
    let framing = framing(file.framing.as_deref())?;
    let record_start = file.record_start.as_deref().and_then(Mask::new);
    if (framing == Framing::Records) != record_start.is_some() {
        return Err("framing = \"records\" and record_start go together".to_string());
    }
    let tier =
        Tier::parse(&file.tier).ok_or_else(|| format!("tier = {:?} is not edge, cache, origin or app", file.tier))?;
    let among = match &file.messages {
        Some(body) => Some(messages(body).map_err(|e| format!("[messages] {e}"))?.0),
        None => None,
    };
    let body = file.body();
    let heading = heading(&file, &body)?;
    let (program, specificity) = program(&file, &body, heading.is_some(), stamped)?;
    let of_columns = heading.is_some() || body.columns.is_some();
    let Compiled { names, needs, .. } = compile(&body, &word_fields(&file)?)?;
    let heading = heading.map(|kind| Heading { kind, needs, names: names.clone() });
    let (resolution_us, measured) = resolution(&file, &program)?;
    Ok(Grammar {
        name: name.to_string(),
        family: Family::from(file.family.as_str()),
        tier,
        framing,
        local_time: local(file.zone.as_deref())? || matches!(program, Program::NginxError),
        resolution_us,
        measure_resolution: measured,
        stamped,
        title: file.title,
        file_names: file.file_names,
        hints: file.hints,
        few_peers: file.few_peers,
        against: file.against,
        guess: file.guess.map(guess).transpose()?,
        program,
        messages: among,
        heading,
        names: of_columns.then_some(names),
        specificity: file.weight.unwrap_or(specificity),
        record_start,
        samples: file.sample,
    })
}

fn program(file: &File, body: &Body, headed: bool, stamped: Stamped) -> Checked<(Program, usize)> {
    let shaped = headed
        || body.log_format.is_some()
        || body.apache_format.is_some()
        || body.json
        || body.pairs
        || body.columns.is_some();
    match (shaped, file.reader.as_deref()) {
        (true, Some(_)) => return Err("log_format and reader exclude each other".to_string()),
        (false, None) => return Err("it has neither log_format nor reader".to_string()),
        (false, Some("nginx-error")) => return Ok((Program::NginxError, 40)),
        (false, Some("varnishlog")) => return Ok((Program::Vsl, 40)),
        (false, Some("varnishlog-3")) => return Ok((Program::Vsl3, 40)),
        (false, Some("varnish-vsl")) => return Ok((Program::VslBinary, 40)),
        (false, Some(other)) => {
            return Err(format!("reader = {other:?} is not nginx-error, varnishlog, varnishlog-3 or varnish-vsl"));
        }
        (true, None) => {}
    }
    let tells = match file.tells.as_deref() {
        Some("messages") => return messages(body).map(|(m, specificity)| (Program::Messages(m), specificity)),
        None | Some("requests") => Tells::Requests,
        Some("fetches") => Tells::Fetches,
        Some("side") => Tells::BySide,
        Some(other) => return Err(format!("tells = {other:?} is not requests, fetches, side or messages")),
    };
    let url = match file.url.as_deref() {
        None => UrlForm::Plain,
        Some("slashless") => UrlForm::Slashless,
        Some("host-first") => UrlForm::HostFirst,
        Some(other) => return Err(format!("url = {other:?} is not slashless or host-first")),
    };
    let compiled = compile(body, &word_fields(file)?)?;
    let own = &compiled.names.own;
    let judge = Judge::new(file_words(file)?, CacheWords::new(&file.cache)?, |name| {
        field_of(own, name).or_else(|| builtin(name))
    })?;
    access(compiled, stamped, tells, url, judge).map(|(a, specificity)| (Program::Access(a), specificity))
}

/// The field of one of nginx's own variables.
fn builtin(name: &str) -> Option<Field> {
    let term = super::shape::variable::of_variable(name);
    (term.field != Field::Ignored).then_some(term.field)
}

fn file_words(file: &File) -> Checked<Vec<crate::model::Word>> {
    file.words.as_ref().map_or(Ok(Vec::new()), words)
}

/// The log fields that hold words.
fn word_fields(file: &File) -> Checked<Vec<&str>> {
    let named = file.words.iter().flat_map(toml::Table::keys).map(String::as_str);
    Ok(named.filter(|name| builtin(name).is_none()).collect())
}

fn access(compiled: Compiled, stamped: Stamped, tells: Tells, url: UrlForm, judge: Judge) -> Checked<(Access, usize)> {
    for shape in &compiled.shapes {
        shape.meaning().check_request()?;
    }
    Ok((Access { shapes: compiled.shapes, stamped, tells, url, judge, shift_us: 0 }, compiled.specificity))
}

/// The coarsest stamp of all layouts: `$msec` has milliseconds, the others seconds.
fn resolution_us(access: &Access) -> i64 {
    if access.shapes.iter().all(|s| s.meaning().has(Field::Msec)) { 1000 } else { 1_000_000 }
}

/// The granularity of stamps, and whether it is to be read off them.
fn resolution(file: &File, program: &Program) -> Checked<(i64, bool)> {
    Ok(match (file.resolution.as_deref(), program) {
        (Some("s"), _) => (1_000_000, false),
        (Some("ms"), _) => (1_000, false),
        (Some("us"), _) => (1, false),
        (Some("auto"), _) => (1_000_000, true),
        (Some(other), _) => return Err(format!("resolution = {other:?} is not s, ms, us or auto")),
        (None, Program::Access(a)) if !a.shapes.is_empty() => (resolution_us(a), false),
        (None, Program::Vsl | Program::Vsl3 | Program::VslBinary) => (1, false),
        (None, _) => (1_000_000, false),
    })
}

fn guess(g: super::file::Guess) -> Checked<Guess> {
    let looks = regex::bytes::Regex::new(&g.looks).map_err(|e| format!("[guess] looks: {e}"))?;
    Ok(Guess { looks, remedy: g.remedy })
}

fn heading(file: &File, body: &Body) -> Checked<Option<HeadingKind>> {
    match file.header.as_deref() {
        None => Ok(None),
        Some(_) if body.fields.is_empty() => Err("header needs [fields], which say what its names mean".to_string()),
        Some("w3c") => Ok(Some(HeadingKind::W3c)),
        Some("csv") => Ok(Some(HeadingKind::Csv)),
        Some(other) => Err(format!("header = {other:?} is not w3c or csv")),
    }
}

fn local(word: Option<&str>) -> Checked<bool> {
    match word {
        None | Some("utc") => Ok(false),
        Some("local") => Ok(true),
        Some(other) => Err(format!("zone = {other:?} is not local or utc")),
    }
}

fn framing(word: Option<&str>) -> Checked<Framing> {
    match word {
        None | Some("lines") => Ok(Framing::Lines),
        Some("records") => Ok(Framing::Records),
        Some("objects") => Ok(Framing::Objects),
        Some("vsl") => Ok(Framing::Vsl),
        Some("vsl3") => Ok(Framing::Vsl3),
        Some("vsl-binary") => Ok(Framing::VslBinary),
        Some(other) => Err(format!("framing = {other:?} is not lines, records, objects, vsl, vsl3 or vsl-binary")),
    }
}

fn stamped(word: Option<&str>) -> Checked<Stamped> {
    match word {
        None | Some("end") => Ok(Stamped::End),
        Some("start") => Ok(Stamped::Start),
        Some(other) => Err(format!("stamped = {other:?} is not end or start")),
    }
}
