//! Blocks of lines over each other on a screen of a given height. In: blocks that say how much of them must stay; out:
//! how many lines of each are shown. It must not know what stands in them.
//!
//! A screen that is too small takes lines in three rounds: first what is more than a block wanted, then what is more
//! than it needs, then the rest; in each round from the block that gives way most readily.

use super::super::paper::Line;

/// Lines that belong together.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// The lines; the last ones are lost first.
    pub(super) lines: Vec<Line>,
    /// How many of them a screen of 24 lines should have.
    pub(super) wanted: usize,
    /// How many of them stay as long as anything else can go.
    pub(super) least: usize,
    /// How readily it gives way: the highest first.
    pub(super) yields: u8,
}

impl Block {
    /// Lines of which all are wanted and `least` are needed.
    pub(super) fn of(lines: Vec<Line>, least: usize, yields: u8) -> Block {
        Block { wanted: lines.len(), least, lines, yields }
    }

    /// A rule: the first to go once anything has to.
    pub(super) fn rule(line: Line) -> Block {
        Block { lines: vec![line], wanted: 1, least: 0, yields: u8::MAX }
    }
}

/// Takes lines from the blocks until they fit into `height`.
pub(super) fn fit(blocks: &mut [Block], height: usize) {
    let mut over = blocks.iter().map(|b| b.lines.len()).sum::<usize>().saturating_sub(height);
    let mut order: Vec<usize> = (0..blocks.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(blocks[*i].yields));
    for round in 0..3 {
        for at in &order {
            let block = &mut blocks[*at];
            let floor = [block.wanted.max(block.least), block.least, 0][round];
            let gone = block.lines.len().saturating_sub(floor).min(over);
            block.lines.truncate(block.lines.len() - gone);
            over -= gone;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::paper::Paint;

    fn heights(blocks: &[Block], height: usize) -> Vec<usize> {
        let mut blocks = blocks.to_vec();
        fit(&mut blocks, height);
        blocks.iter().map(|b| b.lines.len()).collect()
    }

    #[test]
    fn lines_go_in_three_rounds() {
        let lines = |n| vec![Line::of("x", Paint::Bare); n];
        let long = Block { lines: lines(10), wanted: 4, least: 2, yields: 5 };
        let blocks = [Block::of(lines(1), 1, 0), Block::rule(Line::default()), long, Block::of(lines(3), 1, 9)];
        assert_eq!(heights(&blocks, 99), [1, 1, 10, 3]);
        assert_eq!(heights(&blocks, 10), [1, 1, 5, 3]);
        assert_eq!(heights(&blocks, 8), [1, 0, 4, 3]);
        assert_eq!(heights(&blocks, 5), [1, 0, 3, 1]);
        assert_eq!(heights(&blocks, 2), [1, 0, 1, 0]);
        assert_eq!(heights(&blocks, 0), [0, 0, 0, 0]);
    }
}
