//! The logs that are followed, as the tables of the fold know them. In: logs whose format was recognised; out: series and
//! files added to the tables, one after the other, while the tail runs. It must not read bytes nor fold anything.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Job;
use super::super::context::{Context, Reading, Wanted};
use super::super::known::Known;
use super::super::plan::bears_requests;
use super::super::zones::{Unsaid, settle};
use crate::classify::Rules;
use crate::model::{FileId, FileInfo, Fineness, Series, SeriesId, Stamp, Text, Tier};

/// What makes a series: tier, node, name without rotation, format.
type Name = (Tier, String, String, String);

/// The tables, and who is in them.
pub struct Roll<'a> {
    /// The tables of the fold.
    pub context: Context<'a>,
    names: BTreeMap<Name, SeriesId>,
    ordinals: BTreeMap<SeriesId, u32>,
    files: u32,
}

impl<'a> Roll<'a> {
    /// Empty tables.
    pub fn new(rules: &'a Rules, since: Stamp) -> Roll<'a> {
        let context = Context {
            series: BTreeMap::new(),
            files: BTreeMap::new(),
            wraps: BTreeMap::new(),
            rules,
            wanted: BTreeMap::new(),
            since,
            until: Stamp::NONE,
            unread: BTreeSet::new(),
            pulses: Some(Fineness::MINUTES),
            small_chunks: true,
        };
        Roll { context, names: BTreeMap::new(), ordinals: BTreeMap::new(), files: 0 }
    }

    /// Adds logs that were recognised together; `apart` says for each that it does not go on where the one before it
    /// ended. Hands back the number of each one's file.
    pub fn enlist(&mut self, mut known: Vec<Known>, apart: &[bool], job: &Job<'_>) -> Vec<FileId> {
        self.tell_zones(&mut known, job);
        let ids = known.into_iter().zip(apart).map(|(k, apart)| self.add(k, *apart)).collect();
        self.settle_tiers();
        ids
    }

    fn tell_zones(&self, known: &mut [Known], job: &Job<'_>) {
        let mut before: Vec<_> = self
            .context
            .series
            .values()
            .map(|r| (r.series.node.lossy().into_owned(), r.grammar.clone(), r.zone_offset_s))
            .collect();
        let now = Stamp(chrono::Utc::now().timestamp_micros());
        let there = before.iter_mut().map(|(node, grammar, zone_s)| Unsaid {
            node: node.clone(),
            grammar,
            zone_s: *zone_s,
            modified: now,
        });
        let mut unsaid: Vec<Unsaid<'_>> = there.collect();
        unsaid.extend(known.iter_mut().map(|k| Unsaid {
            node: k.node(),
            modified: now,
            zone_s: k.zone_offset_s,
            grammar: &mut k.grammar,
        }));
        settle(&mut unsaid, job);
    }

    fn add(&mut self, k: Known, apart: bool) -> FileId {
        let tier = k.found.role.unwrap_or(k.grammar.tier);
        let name = (tier, k.node(), k.key.clone(), k.grammar.name.clone());
        let next = SeriesId(self.names.len() as u32);
        let id = *self.names.entry(name).or_insert(next);
        let series = Series {
            id,
            tier,
            node: Text::from(k.node().as_str()),
            format: Text::from(k.grammar.name.as_str()),
            family: k.grammar.family,
            local_time: k.grammar.local_time,
            resolution_us: k.grammar.resolution_us,
        };
        let zone_offset_s = k.zone_offset_s;
        let reading =
            || Reading { series, grammar: k.grammar, top: false, fetches_on: false, alone: false, zone_offset_s };
        self.context.series.entry(id).or_insert_with(reading);
        let ordinal = self.ordinals.entry(id).or_default();
        // The end of a file is the beginning of the next one; with one number between them they are apart.
        let own = *ordinal + u32::from(apart && *ordinal > 0);
        *ordinal = own + 1;
        let file = FileId(self.files);
        self.files += 1;
        let path = Text::from(k.found.path.as_str());
        self.context.files.insert(file, FileInfo { id: file, path, series: id, ordinal: own });
        self.context.wraps.extend(k.reach.map(|reach| (file, reach)));
        file
    }

    /// Which tier is the uppermost, and which requests are kept, depends on all of them.
    fn settle_tiers(&mut self) {
        let bearing = self.context.series.values().filter(|r| bears_requests(&r.grammar));
        let tiers: BTreeSet<Tier> = bearing.map(|r| r.series.tier).collect();
        let top = tiers.first().copied();
        for r in self.context.series.values_mut() {
            r.top = Some(r.series.tier) == top && bears_requests(&r.grammar);
            r.fetches_on = tiers.iter().any(|t| *t > r.series.tier);
            r.alone = tiers.is_empty();
        }
        let told = |tier: &Tier| {
            let own = self.context.series.values().filter(|r| r.series.tier == *tier);
            own.into_iter().any(|r| r.grammar.messages.is_some() || !bears_requests(&r.grammar))
        };
        // Error logs are read beside the access log, not before it: which line a message will be about is not known.
        let wanted = |tier: &Tier| if Some(*tier) != top || told(tier) { Wanted::All } else { Wanted::Nothing };
        self.context.wanted = tiers.iter().map(|tier| (*tier, wanted(tier))).collect();
    }

    /// The uppermost tier.
    pub fn top(&self) -> Option<Tier> {
        self.context.series.values().find(|r| r.top).map(|r| r.series.tier)
    }

    /// Forgets files that nothing points into any more.
    pub fn forget(&mut self, file: FileId) {
        self.context.files.remove(&file);
        self.context.wraps.remove(&file);
    }

    /// True when the tier of a series is the one whose requests are the visitors.
    pub fn is_top(&self, id: SeriesId) -> bool {
        self.context.series.get(&id).is_some_and(|r| r.top)
    }
}
