//! The shapes of a format, compiled. In: the part of a format file that says how its lines look; out: `Shape`s, what
//! their names mean, and the messages' values within their text. It must not know the rest of the file.

use std::collections::BTreeMap;

use memchr::memmem::Finder;

use crate::model::{ChangeKind, Stamp};

use super::escape::Escape;
use super::event::message::{Messages, Within};
use super::field::{Field, Kind};
use super::file::Body;
use super::heading::ColumnNames;
use super::meaning::Meaning;
use super::shape::columns::Division;
use super::shape::json::Json;
use super::shape::json_keys::Keys;
use super::shape::layout::Layout;
use super::shape::pairs::Pairs;
use super::shape::vocabulary::Vocabulary;
use super::shape::{Shape, apache_format, log_format};
use super::term::Term;

/// A compiled body.
pub struct Compiled {
    /// Its shapes; none when only a header line can name the columns.
    pub shapes: Vec<Shape>,
    /// What makes columns of a header line.
    pub names: ColumnNames,
    /// Names that a header must have.
    pub needs: Vec<String>,
    /// How much a line must have in common with it.
    pub specificity: usize,
}

/// Compiles a body. `words` are log fields that hold verdict words: those that `[fields]` does not name are read too.
pub fn compile(body: &Body, words: &[&str]) -> Result<Compiled, String> {
    let own = terms(body, words)?;
    let escape = match &body.escape {
        Some(word) => Some(Escape::parse(word).ok_or_else(|| {
            format!("escape = {word:?} is not default, json, apache, percent, plus, hash or none")
        })?),
        None => None,
    };
    let vocabulary = Vocabulary { own: &own, absent: &body.absent };
    let (mut shapes, mut specificity) = (Vec::new(), Vec::new());
    for layout in layouts(body, escape, &vocabulary)? {
        specificity.push(layout.specificity);
        shapes.push(Shape::Layout(layout));
    }
    if body.json {
        shapes.push(Shape::Json(json(body, escape.unwrap_or(Escape::Json), &vocabulary)?));
        specificity.push(20 + 10 * body.needs.len() + own.len());
    }
    if body.pairs {
        if body.needs.is_empty() {
            return Err("pairs need needs: keys that every line has".to_string());
        }
        let Json { keys, meaning } = json(body, escape.unwrap_or(Escape::None), &vocabulary)?;
        shapes.push(Shape::Pairs(Pairs { keys, meaning }));
        specificity.push(20 + 10 * body.needs.len() + own.len());
    }
    let division = division(body)?;
    let names = ColumnNames {
        own: own.clone(),
        division,
        escape: escape.unwrap_or(Escape::None),
        absent: body.absent.clone(),
    };
    if let Some(columns) = &body.columns {
        specificity.push(4 * columns.len());
        shapes.push(Shape::Columns(names.columns(columns.iter().map(String::as_str))));
    }
    Ok(Compiled { shapes, names, needs: body.needs.clone(), specificity: specificity.into_iter().min().unwrap_or(60) })
}

/// `[fields]`, and a field for every log field that holds words and is not in it.
fn terms(body: &Body, words: &[&str]) -> Result<BTreeMap<String, Term>, String> {
    let mut own = BTreeMap::new();
    for (name, text) in &body.fields {
        own.insert(name.clone(), Term::parse(text).map_err(|e| format!("[fields] {name} = {e}"))?);
    }
    for word in words {
        if field_of(&own, word).is_some() {
            continue;
        }
        let free = [Field::Word1, Field::Word2, Field::Word3]
            .into_iter()
            .find(|f| own.values().all(|t| t.field != *f))
            .ok_or("more than three fields hold nothing but words")?;
        own.insert((*word).to_string(), Term::of(free, Kind::Text));
    }
    Ok(own)
}

/// The field that a log field fills: `[words]` names it as in `[fields]`, or by the last part of its path.
pub fn field_of(own: &BTreeMap<String, Term>, name: &str) -> Option<Field> {
    let plain = |path: &str| path.replace("\\.", "\u{0}").replace('\u{0}', ".") == name;
    let last = |path: &str| path.rsplit('.').next() == Some(name) || plain(path);
    own.get(name).or_else(|| own.iter().find(|(path, _)| last(path)).map(|(_, t)| t)).map(|t| t.field)
}

fn layouts(body: &Body, escape: Option<Escape>, words: &Vocabulary<'_>) -> Result<Vec<Layout>, String> {
    let mut found = Vec::new();
    let texts = |of: &Option<super::file::OneOrMore>| match of {
        Some(super::file::OneOrMore::One(text)) => Ok(vec![text.clone()]),
        Some(super::file::OneOrMore::More(texts)) if texts.is_empty() => Err("log_format is an empty list"),
        Some(super::file::OneOrMore::More(texts)) => Ok(texts.clone()),
        None => Ok(Vec::new()),
    };
    for text in texts(&body.log_format)? {
        let mut format = log_format::parse(&text)?;
        format.escape = escape.unwrap_or(format.escape);
        found.push(Layout::compile(&format, words)?);
    }
    for text in texts(&body.apache_format)? {
        let mut format = apache_format::parse(&text)?;
        format.escape = escape.unwrap_or(format.escape);
        found.push(Layout::compile(&format, words)?);
    }
    Ok(found)
}

fn json(body: &Body, escape: Escape, words: &Vocabulary<'_>) -> Result<Json, String> {
    let mut keys = Keys::new();
    let mut meaning = Meaning::new(escape, &body.absent);
    for (path, term) in words.own {
        meaning.add(*term);
        let entry = keys.entry(path)?;
        (entry.field, entry.kind) = (term.field, term.kind);
    }
    for need in &body.needs {
        keys.need(need)?;
    }
    for path in &body.records {
        keys.entry(path)?.records = true;
    }
    for path in &body.embedded {
        keys.entry(path)?.embedded = true;
    }
    Ok(Json { keys: keys.seal(), meaning })
}

fn division(body: &Body) -> Result<Division, String> {
    let delimiter = match body.delimiter.as_deref() {
        None => None,
        Some(text) if text.len() == 1 => text.bytes().next(),
        Some(text) => return Err(format!("delimiter = {text:?} is not one byte")),
    };
    if let (Some(loose), Some(columns)) = (&body.loose, &body.columns)
        && !columns.contains(loose)
    {
        return Err(format!("loose = {loose:?} is none of the columns"));
    }
    Ok(Division { delimiter, quoted: body.quoted, loose: body.loose.clone() })
}

/// The messages of a body.
pub fn messages(body: &Body) -> Result<(Messages, usize), String> {
    let compiled = compile(body, &[])?;
    for shape in &compiled.shapes {
        shape.meaning().check_message()?;
    }
    if compiled.shapes.is_empty() {
        return Err("messages need log_format, apache_format, json, pairs or columns".to_string());
    }
    let mut within = Vec::with_capacity(body.within.len());
    for w in &body.within {
        if w.after.is_empty() {
            return Err(format!("[[within]] {}: after is empty", w.field));
        }
        within.push(Within {
            field: Term::parse(&w.field).map_err(|e| format!("[[within]] {e}"))?.field,
            after: Finder::new(w.after.as_bytes()).into_owned(),
            before: Finder::new(w.before.as_bytes()).into_owned(),
        });
    }
    let mut changes = Vec::new();
    for (kind, texts) in &body.changes {
        let kind = [ChangeKind::Vcl, ChangeKind::Setting, ChangeKind::Restart, ChangeKind::Reload]
            .into_iter()
            .find(|k| k.word() == kind)
            .ok_or_else(|| format!("[changes] {kind} is not restart, reload, setting or vcl"))?;
        changes.extend(texts.iter().map(|t| (kind, t.as_bytes().into())));
    }
    Ok((Messages { shapes: compiled.shapes, within, changes, shift_us: 0, latest: Stamp::NONE }, compiled.specificity))
}
