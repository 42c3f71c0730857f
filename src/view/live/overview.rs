//! Everything at a glance. In: a `Live`, the state of the screen and its size; out: lines, and which of them is
//! selected. It must not know how one part looks inside.

use crate::model::live::{Live, Mood};

use super::super::paper::{Line, Paint};
use super::super::words::counted;
use super::graph::graph;
use super::stack::{Block, fit};
use super::ui::Ui;
use super::{calm, head, latest, matrix, sources, why};

/// From this many rows on, there is room for graphs and for whole sentences.
const TALL: usize = 40;
/// From this many rows on, advice is wrapped instead of clipped.
const ROOMY: usize = 30;
/// Fewest rows of the graph on a calm screen.
const CALM_GRAPH: usize = 9;
/// Failures that a calm screen shows before its graph grows.
const CALM_LATEST: usize = 4;
/// Lines about trouble with the reading; the page of sources has them all.
const TROUBLES: usize = 2;
/// How readily the list of failures, the nodes and the graphs give way; each is known among the blocks by it.
const LATEST: u8 = 8;
const MATRIX: u8 = 7;
const GRAPH: u8 = 10;

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
    blocks.push(Block { lines: vec![Line::default(); room], wanted: 4, least: 2, yields: LATEST });
    insert_graph(&mut blocks, live, ui, width, rows);
    lone_rules(&mut blocks);
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
        let lines = sources::list(live, width);
        return vec![Block { wanted: 4, least: 1, lines, yields: 9 }];
    }
    let mut blocks = Vec::new();
    let calm = head::pressing(live).is_none();
    if calm && live.mood != Mood::Warning {
        blocks.push(Block::of(calm::calm(live, ui), 1, 3));
    }
    blocks.push(why::causes(live, ui, width));
    blocks.extend(why::story(live, ui, width, rows >= ROOMY));
    blocks
}

/// The graphs: on a calm screen as high as there is room, in an incident only on a tall one.
fn insert_graph(blocks: &mut Vec<Block>, live: &Live, ui: &Ui, width: usize, rows: usize) {
    let calm = head::pressing(live).is_none();
    let others: usize =
        blocks.iter().map(|b| if b.yields == LATEST { b.lines.len().min(CALM_LATEST) } else { b.lines.len() }).sum();
    let graphed = match calm {
        _ if live.minutes.is_empty() => 0,
        true => rows.saturating_sub(others + 1).max(CALM_GRAPH),
        false if rows >= TALL => rows * 2 / 5,
        false => 0,
    };
    if graphed > 0 {
        // Half a graph says something false, so it stays whole or goes: it is wanted as a whole, and not needed.
        let lines = graph(live, ui.style.zone, width, graphed);
        let block = Block { wanted: lines.len(), least: 0, lines, yields: GRAPH };
        let at = blocks.iter().rposition(|b| b.yields == MATRIX).map_or(blocks.len() - 2, |at| at - 1);
        blocks.insert(at, block);
        blocks.insert(at, Block::rule(head::rule("", width)));
    }
}

/// Takes out rules that have nothing between them.
fn lone_rules(blocks: &mut Vec<Block>) {
    blocks.retain(|b| !b.lines.is_empty());
    let mut after_rule = false;
    blocks.retain(|b| {
        let rule = b.yields == u8::MAX;
        let lone = rule && after_rule;
        after_rule = rule;
        !lone
    });
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
