//! The shapes of a line: layouts of literals and values, columns, JSON, pairs. In: format strings and tables of names; out:
//! what fills `Fields` from a line, or says that the line is of another shape. It must not know what fields are for.

pub mod apache_format;
pub mod columns;
pub mod json;
pub mod json_keys;
pub mod json_text;
pub mod layout;
pub mod log_format;
pub mod pairs;
mod scan;
pub mod variable;
pub mod vocabulary;

use super::field::Fields;
use super::meaning::Meaning;
use columns::Columns;
use json::Json;
use layout::Layout;
use pairs::Pairs;

/// One shape of a line.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // a handful per format
pub enum Shape {
    /// Literals and values.
    Layout(Layout),
    /// Columns.
    Columns(Columns),
    /// A JSON object.
    Json(Json),
    /// Keys and values with equals signs.
    Pairs(Pairs),
}

impl Shape {
    /// Fills `fields` from a line; false when it is of another shape. JSON that stands in a string of it goes into
    /// `embedded`, with the level of its keys.
    #[inline]
    pub fn read<'c>(
        &self,
        line: &'c [u8],
        fields: &mut Fields<'c>,
        embedded: &mut Option<(&'c [u8], usize)>,
    ) -> bool {
        match self {
            Shape::Layout(layout) => layout.read(line, fields),
            Shape::Columns(columns) => columns.reach(line, fields).is_ok(),
            Shape::Pairs(pairs) => pairs.reach(line, fields).is_ok(),
            Shape::Json(json) => match json.record(line, fields) {
                Ok(found) => {
                    *embedded = found.embedded;
                    true
                }
                Err(_) => false,
            },
        }
    }

    /// The same for people to see: the error is how many bytes of the line fit.
    pub fn reach(&self, line: &[u8]) -> Result<(), usize> {
        let mut fields = Fields::new();
        match self {
            Shape::Layout(layout) => layout.reach(line, &mut fields),
            Shape::Columns(columns) => columns.reach(line, &mut fields),
            Shape::Pairs(pairs) => pairs.reach(line, &mut fields),
            Shape::Json(json) => json.record(line, &mut fields).map(|_| ()),
        }
    }

    /// What its values mean.
    #[inline]
    pub fn meaning(&self) -> &Meaning {
        match self {
            Shape::Layout(layout) => &layout.meaning,
            Shape::Columns(columns) => &columns.meaning,
            Shape::Json(json) => &json.meaning,
            Shape::Pairs(pairs) => &pairs.meaning,
        }
    }
}
