//! What the names of a format mean: those that the format file's `[fields]` says, else those of the server whose
//! language the format is written in. In: a name; out: its `Term`. It must not know where the name stands.

use std::collections::BTreeMap;

use super::super::term::Term;
use super::apache_format::of_directive;
use super::variable::{meant, of_variable};

/// Meanings of names.
#[derive(Clone, Copy, Debug)]
pub struct Vocabulary<'f> {
    /// What the format file says.
    pub own: &'f BTreeMap<String, Term>,
    /// Values that stand for none.
    pub absent: &'f [String],
}

impl Vocabulary<'_> {
    /// What a name of a `log_format` means; nginx's own variables are known. The error is about a likely slip.
    pub fn of(&self, name: &str) -> Result<Term, String> {
        if let Some(term) = self.own.get(name) {
            return Ok(*term);
        }
        if let Some(directive) = name.strip_prefix('%') {
            return Ok(of_directive(directive));
        }
        match meant(name) {
            Some(known) if self.own.is_empty() => {
                Err(format!("the variable ${name} is unknown; ${known} is meant, it seems"))
            }
            _ => Ok(of_variable(name)),
        }
    }

    /// What a column or key means; one that the format file does not name is read over.
    pub fn of_column(&self, name: &str) -> Term {
        self.own.get(name).copied().unwrap_or(Term::IGNORED)
    }
}
