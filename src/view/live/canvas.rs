//! A rectangle of painted signs. In: signs at places; out: lines. It must not know what is drawn.

use super::super::paper::{Line, Paint};

/// Signs in rows and columns.
#[derive(Debug)]
pub(super) struct Canvas {
    columns: usize,
    cells: Vec<(char, Paint)>,
}

impl Canvas {
    /// An empty one.
    pub(super) fn new(columns: usize, rows: usize) -> Canvas {
        Canvas { columns, cells: vec![(' ', Paint::Bare); columns * rows] }
    }

    /// Rows.
    pub(super) fn rows(&self) -> usize {
        self.cells.len() / self.columns.max(1)
    }

    /// Puts a sign; outside it does nothing.
    pub(super) fn put(&mut self, column: usize, row: usize, sign: char, paint: Paint) {
        if column < self.columns
            && let Some(cell) = self.cells.get_mut(row * self.columns + column)
        {
            *cell = (sign, paint);
        }
    }

    /// The rows as lines.
    pub(super) fn lines(&self) -> Vec<Line> {
        self.cells.chunks(self.columns.max(1)).map(row).collect()
    }
}

fn row(cells: &[(char, Paint)]) -> Line {
    let mut line = Line::default();
    for run in cells.chunk_by(|a, b| a.1 == b.1) {
        let text: String = run.iter().map(|c| c.0).collect();
        line = line.and(&text, run[0].1);
    }
    line
}
