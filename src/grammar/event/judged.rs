//! The fetch of a line that says itself what became of it: a CDN's result word, a proxy's termination state, a cache
//! word, the origin's status beside its own. In: fields, the request, and the format's words; out: a `Fetch`, or that
//! the line tells of none. It must not know causes: a word's class is all it asks.

use crate::model::{Class, Facts, Fetch, FetchOutcome, MadeBy, Mark, MarkKind, Reason, Request};

use super::super::field::{Field, Fields};
use super::super::meaning::Meaning;
use super::cache::CacheWord;
use super::compose::WordTexts;
use super::fetch;
use super::judge::Judge;

/// What a line tells.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // lives for one call; boxing would allocate per line
pub enum Told<'c> {
    /// It has nothing to do with a request of a client.
    Noise,
    /// A request that no fetch was made for.
    Served,
    /// A request and its fetch.
    Fetched(Fetch<'c>),
}

/// Reads the verdict of a line.
pub fn told<'c>(
    meaning: &Meaning,
    judge: &Judge,
    f: &Fields<'c>,
    words: &WordTexts<'c>,
    r: &mut Request<'c>,
) -> Told<'c> {
    let cache = judge.cache(f);
    let mut fetch = fetch::base(meaning, f, r);
    // Without headers the status in the next tier's field is this one's own.
    let answered = fetch.had_answer != Some(false);
    fetch.origin_status = if answered { r.upstream.status } else { 0 };
    let Said { class, field } = class(judge, f, &fetch);
    if class == Class::Noise {
        return Told::Noise;
    }
    let asked = asked(meaning, f, cache, r);
    // A status that came from the store is another request's failure.
    let cached = cache == Some(CacheWord::Hit) && field == Field::Status;
    let class = if cached { Class::Ok } else { class };
    let asked = if cached { Some(false) } else { asked };
    // A word for a failure says that a 5xx in the origin's field is this tier's own, put there in want of one.
    if class == Class::Failed && fetch.origin_status >= 500 {
        fetch.origin_status = 0;
    }
    let Some(outcome) = outcome(meaning, class, cache, asked, (r.status, fetch.origin_status)) else {
        r.made_by = if cache.is_some_and(CacheWord::stored) { MadeBy::Hit } else { MadeBy::Itself };
        return Told::Served;
    };
    r.made_by = match cache {
        _ if outcome == FetchOutcome::Unknown => MadeBy::Itself,
        Some(word) if word.stored() => MadeBy::Hit,
        _ => MadeBy::Fetch,
    };
    fetch.outcome = outcome;
    if outcome == FetchOutcome::Relayed && fetch.origin_status == 0 {
        fetch.origin_status = r.status;
    }
    // The client got something stored: the failure is hidden, as that of a background fetch is.
    if outcome == FetchOutcome::Failed && (200..400).contains(&r.status) {
        fetch.reason = Reason::Bgfetch;
    }
    fetch::settle_times(&mut fetch);
    let says_opens = f.seen(Field::UpstreamAddr) || f.seen(Field::UpstreamResponse);
    if fetch.opens == 0 && fetch.had_connection.unwrap_or(!says_opens && asked != Some(false)) {
        fetch.opens = 1;
    }
    if outcome != FetchOutcome::Good {
        marks(judge, f, words, &mut fetch);
    }
    Told::Fetched(fetch)
}

/// What a field says.
struct Said {
    class: Class,
    field: Field,
}

/// What the first field says that says more than "nothing failed".
fn class(judge: &Judge, f: &Fields<'_>, fetch: &Fetch<'_>) -> Said {
    let mut found = Said { class: Class::Unknown, field: Field::Ignored };
    for asked in &judge.asked {
        let class = match judge.class(asked, f) {
            Class::Depends => judge.class_given(asked, f, &Facts::of(fetch)),
            class => class,
        };
        match class {
            Class::Unknown | Class::Depends => {}
            class => {
                let said = Said { class, field: asked.field };
                if class != Class::Ok {
                    return said;
                }
                found = said;
            }
        }
    }
    found
}

/// Whether the origin was asked; `None` when the line does not say.
fn asked(meaning: &Meaning, f: &Fields<'_>, cache: Option<CacheWord>, r: &Request<'_>) -> Option<bool> {
    let told = meaning.has(Field::Asked).then(|| !matches!(f.get(Field::Asked), [] | [b'0'] | b"false" | b"00"));
    let names = [Field::UpstreamAddr, Field::UpstreamStatus, Field::UpstreamConnect];
    let addressed = names.iter().any(|n| f.seen(*n)).then(|| {
        let given = |n| !f.get(n).is_empty() && f.get(n) != b"-1";
        r.upstream.status > 0 || given(Field::UpstreamAddr) || given(Field::UpstreamConnect)
    });
    if told == Some(false) && r.upstream.status == 0 {
        return told;
    }
    let all = [told, cache.map(CacheWord::asked), addressed];
    if all.contains(&Some(true)) { Some(true) } else { all.into_iter().flatten().next() }
}

/// What became of the fetch; `None` when none was made.
fn outcome(
    meaning: &Meaning,
    class: Class,
    cache: Option<CacheWord>,
    asked: Option<bool>,
    (status, origin): (u16, u16),
) -> Option<FetchOutcome> {
    use FetchOutcome as O;
    let stale = cache == Some(CacheWord::Stale);
    let stored = cache.is_some_and(CacheWord::stored);
    Some(match class {
        Class::NotOrigin => O::Unknown,
        Class::Failed if (200..400).contains(&status) && !stored => O::Cut,
        Class::Failed => O::Failed,
        Class::Relayed if status >= 500 => O::Relayed,
        _ if stale => O::Failed,
        _ if origin >= 500 && status >= 500 => O::Relayed,
        _ if origin == 403 && status == 403 => O::Denied,
        _ if origin > 0 && origin < 500 && status >= 500 => O::Failed,
        _ if origin > 0 => O::Good,
        _ if status < 500 => return asked?.then_some(O::Good),
        // The edge's own answer, or an error that it had stored.
        _ if asked == Some(false) => return None,
        Class::Ok => O::Relayed,
        _ if meaning.has(Field::UpstreamStatus) || class == Class::Failed || matches!(status, 502 | 504 | 520..=599) => O::Failed,
        _ => O::Relayed,
    })
}

fn marks<'c>(judge: &Judge, f: &Fields<'c>, words: &WordTexts<'c>, fetch: &mut Fetch<'c>) {
    for n in 0..judge.asked.len() {
        let text = words.get(n);
        if !text.is_empty() {
            fetch.marks.push(Mark { kind: MarkKind::Word, text, at: fetch.at });
        }
    }
    let error = f.get(Field::FetchError);
    if !error.is_empty() {
        fetch.marks.push(Mark { kind: MarkKind::FetchError, text: error, at: fetch.at });
    }
    let status = f.get(Field::Status);
    if !status.is_empty() {
        fetch.marks.push(Mark { kind: MarkKind::Status, text: status, at: fetch.at });
    }
}
