//! The verdict words of a format, bound to the fields that hold them. In: the words of a format file and which field
//! each log field fills; out: what the words of one line say in short. It must not know causes beyond their class.

use super::super::field::{Field, Fields};
use super::super::words::Lookup;
use super::cache::{CacheWord, CacheWords};
use super::list::last;
use crate::model::{Class, Facts, Word};

/// The words of one format; the default has none.
#[derive(Clone, Debug, Default)]
pub struct Judge {
    lookup: Lookup,
    /// The fields that hold words, in the order in which they are asked.
    pub asked: Vec<Asked>,
    cache: CacheWords,
    /// The words as written, for the cause rules.
    pub words: Vec<Word>,
}

/// A field that holds words.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The field.
    pub field: Field,
    /// The log's own name of it.
    pub name: Box<[u8]>,
    number: usize,
}

/// Word fields at most.
pub const WORDS: usize = 6;

/// The value that counts: of the attempts of a list the last.
pub fn value<'c>(asked: &Asked, fields: &Fields<'c>) -> &'c [u8] {
    let value = fields.raw(asked.field);
    if asked.field == Field::UpstreamStatus { last(value) } else { value }
}

impl Judge {
    /// Binds words to fields; `field_of` says which field a log field fills. The error names a field that the format
    /// does not read.
    pub fn new(
        words: Vec<Word>,
        cache: CacheWords,
        field_of: impl Fn(&str) -> Option<Field>,
    ) -> Result<Judge, String> {
        let lookup = Lookup::new(&words)?;
        let mut asked: Vec<Asked> = Vec::new();
        for word in &words {
            if asked.iter().any(|a| *a.name == *word.field.as_bytes()) {
                continue;
            }
            let field = field_of(&word.field)
                .ok_or_else(|| format!("[words.{}]: the format does not read that field", word.field))?;
            let number = lookup.field(&word.field).ok_or_else(|| format!("[words.{}] has no words", word.field))?;
            asked.push(Asked { field, name: word.field.as_bytes().into(), number });
        }
        if asked.len() > WORDS {
            return Err(format!("more than {WORDS} fields have words"));
        }
        // A word that is written for people says more than a number: statuses are asked last.
        asked.sort_by_key(|a| matches!(a.field, Field::Status | Field::UpstreamStatus));
        Ok(Judge { lookup, asked, cache, words })
    }

    /// True when the format has neither verdict words nor cache words.
    pub fn is_silent(&self) -> bool {
        self.asked.is_empty() && self.cache.is_empty()
    }

    /// What a field says by itself.
    #[inline]
    pub fn class(&self, asked: &Asked, fields: &Fields<'_>) -> Class {
        let value = value(asked, fields);
        if value.is_empty() { Class::Unknown } else { self.lookup.class(asked.number, value) }
    }

    /// The same, with what is known of the fetch.
    pub fn class_given(&self, asked: &Asked, fields: &Fields<'_>, facts: &Facts) -> Class {
        self.lookup.class_given(asked.number, value(asked, fields), facts)
    }

    /// What the cache says it did.
    #[inline]
    pub fn cache(&self, fields: &Fields<'_>) -> Option<CacheWord> {
        if self.cache.is_empty() { None } else { self.cache.of(fields.raw(Field::CacheStatus)) }
    }
}
