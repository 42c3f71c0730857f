//! The bytes that were sent, where a log writes others: escapes undone, path and query joined, verdict words put
//! beside the name of their field. In: the values of a line and a buffer; out: the values again, some of them in the
//! buffer. It must not know what a value is for.

use super::super::field::{Field, Fields};
use super::super::meaning::Meaning;
use super::judge::{Asked, Judge, WORDS, value};
use crate::model::Class;

/// How a format writes paths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UrlForm {
    /// As sent.
    #[default]
    Plain,
    /// Without the first slash (Akamai DataStream).
    Slashless,
    /// Behind a slash and the host (Akamai Log Delivery Service).
    HostFirst,
}

/// The fields whose text is compared with other logs, and must therefore be the bytes that were sent.
const DECODED: [Field; 23] = [
    Field::Request,
    Field::Method,
    Field::Args,
    Field::Host,
    Field::Referer,
    Field::Agent,
    Field::Forwarded,
    Field::XVarnish,
    Field::XRequestId,
    Field::CdnId,
    Field::RequestId,
    Field::OwnId,
    Field::UpstreamHost,
    Field::UpstreamName,
    Field::FetchError,
    Field::Text,
    Field::UpstreamUrl,
    Field::Word1,
    Field::Word2,
    Field::Word3,
    Field::Pop,
    Field::Time,
    // Last: it is joined with the query, which then is decoded already.
    Field::Uri,
];

/// Texts of the words that say more than "nothing failed", `FIELD VALUE`; in the order in which fields are asked.
#[derive(Clone, Copy, Default)]
pub struct WordTexts<'s> {
    texts: [&'s [u8]; WORDS],
}

impl<'s> WordTexts<'s> {
    /// The text of a field's word; empty for none.
    pub fn get(&self, n: usize) -> &'s [u8] {
        self.texts.get(n).copied().unwrap_or(b"")
    }
}

/// True when a line's values are not all as sent, or have words to be told.
#[inline]
pub fn is_needed(meaning: &Meaning, form: UrlForm, judge: &Judge, line: &[u8], fields: &Fields<'_>) -> bool {
    judge.asked.iter().any(|asked| is_told(judge, asked, fields))
        || form != UrlForm::Plain
        || !fields.get(Field::Args).is_empty()
        || meaning.escape.marker().is_some_and(|marker| memchr::memchr(marker, line).is_some())
}

/// True when a field's word says more than "nothing failed".
#[inline]
fn is_told(judge: &Judge, asked: &Asked, fields: &Fields<'_>) -> bool {
    !matches!(judge.class(asked, fields), Class::Ok | Class::Unknown)
}

/// The same values as sent, and the words.
pub fn compose<'s>(
    meaning: &Meaning,
    form: UrlForm,
    judge: &Judge,
    line: &Fields<'s>,
    scratch: &'s mut Vec<u8>,
) -> (Fields<'s>, WordTexts<'s>) {
    let mut fields = *line;
    let mut ends = [0; DECODED.len()];
    let mut word_ends = [0; WORDS];
    for (asked, end) in judge.asked.iter().zip(&mut word_ends) {
        if is_told(judge, asked, &fields) {
            scratch.extend_from_slice(&asked.name);
            scratch.push(b' ');
            meaning.escape.decode(value(asked, &fields), scratch);
        }
        *end = scratch.len();
    }
    let words_end = scratch.len();
    for (field, end) in DECODED.iter().zip(&mut ends) {
        let raw = fields.raw(*field);
        if *field == Field::Uri {
            url(meaning, form, &fields, scratch);
        } else if !raw.is_empty() && meaning.escape.marker().is_some_and(|m| memchr::memchr(m, raw).is_some()) {
            meaning.escape.decode(raw, scratch);
        }
        *end = scratch.len();
    }
    let scratch = &scratch[..];
    let mut from = words_end;
    for (field, end) in DECODED.iter().zip(ends) {
        if end > from {
            fields.set(*field, &scratch[from..end]);
        }
        from = end;
    }
    if form == UrlForm::HostFirst {
        host_first(&mut fields);
    }
    let mut words = WordTexts::default();
    let mut from = 0;
    for (text, end) in words.texts.iter_mut().zip(word_ends).take(judge.asked.len()) {
        *text = &scratch[from..end];
        from = end;
    }
    (fields, words)
}

/// Appends path and query, when they are not one value already.
fn url(meaning: &Meaning, form: UrlForm, fields: &Fields<'_>, scratch: &mut Vec<u8>) {
    let (raw, query) = (fields.raw(Field::Uri), fields.get(Field::Args));
    let escaped = meaning.escape.marker().is_some_and(|m| raw.contains(&m));
    let joined = !query.is_empty() && !raw.contains(&b'?');
    let slash = form == UrlForm::Slashless && !raw.starts_with(b"/");
    if !(escaped || joined || slash) {
        return;
    }
    if slash {
        scratch.push(b'/');
    }
    meaning.escape.decode(if matches!(raw, [b'-']) && slash { b"" } else { raw }, scratch);
    if joined {
        if !query.starts_with(b"?") {
            scratch.push(b'?');
        }
        meaning.escape.decode(query, scratch);
    }
}

/// `/www.example.com/path`: the host is taken out of the path.
fn host_first(fields: &mut Fields<'_>) {
    let uri = fields.raw(Field::Uri);
    let rest = uri.strip_prefix(b"/").unwrap_or(uri);
    let end = rest.iter().position(|c| *c == b'/').unwrap_or(rest.len());
    fields.set(Field::Host, &rest[..end]);
    fields.set(Field::Uri, if end == rest.len() { b"/" } else { &rest[end..] });
}
