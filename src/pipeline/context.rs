//! What a fold must know beside its chunk. In: the plan of the run; out: read-only tables shared by all threads. It
//! must not change while a stage is folded, so that a fold stays a pure function of its chunk.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::reach::Reach;
use crate::classify::Rules;
use crate::grammar::Grammar;
use crate::model::stamp::SECOND;
use crate::model::{FileId, FileInfo, Fineness, Series, SeriesId, Stamp, Tier};

/// So far may the clocks of two nodes be apart: a day, and any mistake about zones.
pub const APART: i64 = 26 * 3600 * SECOND;

/// Which requests of a tier are kept for the linker.
#[derive(Debug, Default)]
pub enum Wanted {
    /// None: no tier above fetches from it.
    #[default]
    Nothing,
    /// Every one.
    All,
    /// Those with one of these keys, and every `every`-th key as a sample of healthy ones.
    Keys {
        /// Keys of failed fetches and of error-log messages.
        keys: HashSet<u64>,
        /// One key in so many is kept whatever happened to it, and one second in four times as many, because keys of
        /// URLs that are rewritten on the way are other keys; 0 for none.
        every: u64,
        /// True when errors are kept whatever their key: messages of the same log, or such without a key, may tell why.
        errors: bool,
    },
}

impl Wanted {
    /// True when a row with that key is kept that ended then.
    pub fn keeps(&self, key: u64, end: Stamp, is_error: bool) -> bool {
        let sampled = |every: u64| key.is_multiple_of(every) || ((end.0 / SECOND) as u64).is_multiple_of(4 * every);
        match self {
            Wanted::Nothing => false,
            Wanted::All => true,
            Wanted::Keys { keys, every, errors } => {
                (*errors && is_error) || (*every > 0 && sampled(*every)) || keys.contains(&key)
            }
        }
    }
}

/// A series with what reads it.
#[derive(Debug)]
pub struct Reading {
    /// The series.
    pub series: Series,
    /// Its grammar.
    pub grammar: Grammar,
    /// True when it is of the uppermost tier of the run: its requests are the visitors.
    pub top: bool,
    /// True when a lower tier is in the run, so that its fetches can be linked.
    pub fetches_on: bool,
    /// True when no log of the run tells of requests: messages are all there is.
    pub alone: bool,
    /// What its access log says of its zone, seconds east of UTC.
    pub zone_offset_s: Option<i32>,
}

/// The tables.
#[derive(Debug)]
pub struct Context<'a> {
    /// Series by number.
    pub series: BTreeMap<SeriesId, Reading>,
    /// Files by number.
    pub files: BTreeMap<FileId, FileInfo>,
    /// How to get at the lines of those files whose lines are wrapped, or that hold several logs.
    pub wraps: BTreeMap<FileId, Reach>,
    /// Cause rules.
    pub rules: &'a Rules,
    /// Requests that are kept for the linker, by tier.
    pub wanted: BTreeMap<Tier, Wanted>,
    /// Only events of this span count; open ends are [`Stamp::NONE`].
    pub since: Stamp,
    /// End of the span.
    pub until: Stamp,
    /// Files that are not read because they lie outside of the span, by series and ordinal.
    pub unread: BTreeSet<(SeriesId, u32)>,
    /// How finely the pulse of every backend is taken; `None` when it is not.
    pub pulses: Option<Fineness>,
    /// True when chunks are so small that a request and its fetch often lie in different ones: then every request is
    /// kept whose fetch is not beside it.
    pub small_chunks: bool,
}

impl Context<'_> {
    /// The series of that number. Every file of the plan has one.
    pub fn reading(&self, id: SeriesId) -> &Reading {
        &self.series[&id]
    }

    /// True for one log of each file, for what is counted once per file however many logs it holds.
    pub fn counts_file(&self, file: FileId) -> bool {
        self.wraps.get(&file).is_none_or(|reach| reach.wrap.tells)
    }

    /// True when an event of that time counts. Lower tiers have clocks of their own, possibly zones apart: of them so
    /// much more is read that every line can be found, and what lies outside is left out after linking.
    pub fn in_span(&self, at: Stamp, reading: &Reading) -> bool {
        self.covers(at, self.slack(reading))
    }

    /// So much more than the span is read of a series, microseconds.
    pub fn slack(&self, reading: &Reading) -> i64 {
        if reading.top { 0 } else { APART }
    }

    /// True when a moment on the uppermost tier's clock lies in the span asked for, give or take `slack` microseconds.
    pub fn covers(&self, at: Stamp, slack: i64) -> bool {
        let (since, until) = (self.since - slack, self.until + slack);
        !at.is_known() || ((!since.is_known() || at >= since) && (!until.is_known() || at <= until))
    }
}
