//! Everything at a glance. In: a `Live`, the state of the screen and its size; out: lines, and which of them is
//! selected. It must not know how one part looks inside.

use crate::model::live::{Live, Mood};

use super::super::paper::{Line, Paint};
use super::super::words::counted;
use super::graph::graph;
use super::stack::{Block, fit};
use super::ui::Ui;
use super::{head, latest, matrix, why};

/// From this many rows on, there is room for graphs and for whole sentences.
const TALL: usize = 40;
/// From this many rows on, advice is wrapped instead of clipped.
const ROOMY: usize = 30;
/// Rows of the graph on a calm screen.
const CALM_GRAPH: usize = 9;
/// Lines about trouble with the reading; the page of sources has them all.
const TROUBLES: usize = 2;
/// Place of the list of failures among the blocks is found by this mark of its `yields`.
const LATEST: u8 = 8;

/// The overview in at most `rows` lines, without the line of keys.
pub(super) fn overview(newest: &Live, ui: &Ui, width: usize, rows: usize) -> (Vec<Line>, Option<usize>) {
    let live = ui.shown(newest);
    let mut blocks = vec![
        Block::of(vec![head::title(live, ui, newest, width)], 1, 0),
        Block::of(vec![head::visitors(live, width)], 1, 1),
        Block::of(vec![head::sources(live, width)], 0, 4),
        Block::of(troubles(live, ui, width), 1, 2),
        Block::rule(head::rule("", width)),
    ];
    blocks.extend(middle(live, ui, width, rows));
    if !live.nodes.is_empty() {
        blocks.push(Block::rule(head::rule("", width)));
        blocks.push(matrix::matrix(live, width, rows));
    }
    blocks.push(Block::rule(latest::heading(live, ui, width)));
    let room = latest::filtered(live, ui).len().clamp(1, rows.max(1));
    let placeholder = Block { lines: vec![Line::default(); room], wanted: 4, least: 2, yields: LATEST };
    blocks.push(placeholder);
    fit(&mut blocks, rows);
    let mut lines = Vec::new();
    let mut selected = None;
    for block in blocks {
        if block.yields == LATEST {
            let (list, at) = latest::list(live, ui, width, block.lines.len());
            selected = at.map(|at| lines.len() + at);
            lines.extend(list);
        } else {
            lines.extend(block.lines);
        }
    }
    (lines, selected)
}

/// Between the head and the nodes: the story of an incident, or that all is well.
fn middle(live: &Live, ui: &Ui, width: usize, rows: usize) -> Vec<Block> {
    if live.mood == Mood::Starting && live.minutes.is_empty() {
        return Vec::new();
    }
    let mut blocks = Vec::new();
    let calm = live.open().is_none();
    if calm && live.mood != Mood::Warning {
        blocks.push(Block::of(head::all_well(live), 1, 3));
    }
    blocks.push(why::causes(live, ui, width));
    blocks.extend(why::story(live, ui, width, rows >= ROOMY));
    let graphed = match (calm, rows >= TALL) {
        (true, false) => CALM_GRAPH,
        (_, true) => rows * 2 / 5,
        (false, false) => 0,
    };
    if graphed > 0 {
        blocks.push(Block::rule(head::rule("", width)));
        // Half a graph says something false, so it stays whole or goes.
        let lines = graph(live, ui.style.zone, width, graphed);
        blocks.push(Block { wanted: lines.len(), least: 0, lines, yields: 10 });
    }
    blocks
}

fn troubles(live: &Live, ui: &Ui, width: usize) -> Vec<Line> {
    let mut all = head::troubles(live, ui);
    let more = all.len().saturating_sub(TROUBLES);
    all.truncate(TROUBLES);
    if let Some(last) = all.pop() {
        let note = if more > 0 { format!("  +{more} (s)") } else { String::new() };
        let room = width.saturating_sub(note.len());
        all.push(last.clipped(room).and(&note, Paint::Strong));
    }
    all
}

/// How many failures the filter lets through, for people who ask.
pub(super) fn found(live: &Live, ui: &Ui) -> String {
    counted(latest::filtered(live, ui).len() as u64, "failure")
}
