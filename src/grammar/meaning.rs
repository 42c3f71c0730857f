//! What the values of a layout mean beyond their field: which fields it has, their units, how they are escaped. In: the
//! terms of a layout; out: `Meaning`, asked by whoever makes events of the values. It must not know the line's shape.

use super::escape::Escape;
use super::field::{FIELDS, Field, Fields};
use super::term::Term;
use super::unit::Unit;

/// What values mean.
#[derive(Clone, Debug)]
pub struct Meaning {
    has: u64,
    /// How values are escaped.
    pub escape: Escape,
    /// By field, so that asking is no search.
    units: [Unit; FIELDS],
    nonzero: Vec<Field>,
    absent: Box<[Box<[u8]>]>,
}

impl Meaning {
    /// One of values that are escaped so; `absent` are values that stand for none, beside `-`.
    pub fn new(escape: Escape, absent: &[String]) -> Meaning {
        let absent = absent.iter().map(|a| a.as_bytes().into()).collect();
        Meaning { has: 0, escape, units: [Unit::Seconds; FIELDS], nonzero: Vec::new(), absent }
    }

    /// Adds a term. False when the field is there already: the first that has a value will count.
    pub fn add(&mut self, term: Term) -> bool {
        if term.field == Field::Ignored {
            return true;
        }
        let new = !self.has(term.field);
        self.has |= 1 << term.field as u8;
        if term.nonzero && !self.nonzero.contains(&term.field) {
            self.nonzero.push(term.field);
        }
        if let Some(unit) = term.unit {
            self.units[term.field as usize] = unit;
        }
        new
    }

    /// True when lines of this layout have the field.
    #[inline]
    pub fn has(&self, field: Field) -> bool {
        self.has & (1 << field as u8) != 0
    }

    /// True when they have one of these.
    pub fn has_any(&self, fields: &[Field]) -> bool {
        fields.iter().any(|f| self.has(*f))
    }

    /// The unit of a duration.
    #[inline]
    pub fn unit(&self, field: Field) -> Unit {
        self.units[field as usize]
    }

    /// A duration in microseconds.
    #[inline]
    pub fn us(&self, field: Field, value: &[u8]) -> Option<i64> {
        self.unit(field).us(value)
    }

    /// Empties the values that stand for none.
    #[inline]
    pub fn blank(&self, fields: &mut Fields<'_>) {
        if !self.absent.is_empty() {
            fields.blank(|value| self.absent.iter().any(|a| **a == *value));
        }
        for field in &self.nonzero {
            if !fields.raw(*field).iter().any(|c| matches!(c, b'1'..=b'9')) {
                fields.forget(*field);
            }
        }
    }

    /// What a line must have to tell of a request; the error says what is missing.
    pub fn check_request(&self) -> Result<(), String> {
        use Field as F;
        if !self.has_any(&[F::Msec, F::TimeLocal, F::TimeIso, F::Time, F::Start, F::End]) && !self.has(F::TimeOfDay) {
            return Err("it has no time: $time_local, $time_iso8601 or $msec".to_string());
        }
        if !self.has_any(&[F::Request, F::Uri]) {
            return Err("it has no request: $request, $request_uri or $uri".to_string());
        }
        if !self.has(F::Status) {
            return Err("it has no $status".to_string());
        }
        Ok(())
    }

    /// What a line must have to tell of a message.
    pub fn check_message(&self) -> Result<(), String> {
        if self.has(Field::Text) { Ok(()) } else { Err("it has no text: a field of [fields] must be text".to_string()) }
    }
}
