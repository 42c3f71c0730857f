//! The forms in which rows are written. In: a choice of the command line and rows; out: text. It must not know what the
//! rows are about.

use clap::ValueEnum;

use super::common::Common;
use crate::error::Result;
use crate::view::Grid;

/// How rows are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// A table for people
    #[default]
    Table,
    /// A JSON array of objects
    Json,
    /// One JSON object per line
    Ndjson,
    /// Comma-separated values
    Csv,
    /// A Markdown table
    Markdown,
}

impl Form {
    /// Rows in this form. Only the table knows the screen.
    pub fn write(self, grid: Grid<'_>, common: &Common) -> Result<String> {
        Ok(match self {
            Form::Table => grid.table(&common.style()?),
            Form::Json => grid.json(),
            Form::Ndjson => grid.ndjson(),
            Form::Csv => grid.csv(),
            Form::Markdown => grid.markdown(),
        })
    }
}
