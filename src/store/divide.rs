//! Takes a stored incident apart. In: an incident and what to split it by; out: its failures in one incident per value,
//! each with counts, span, examples and visitors of its own. What people wrote stays with the one that keeps the id.
//! It must not know why.
//!
//! Visitors were counted for the whole, several of them may share one failure, and which is not stored. They are shared
//! out in proportion, so that the sum stays the same: by the failures of each part that are known to have given a client
//! an error page; only where none is known to, by those of which nothing is known. Crawlers by those of them that a
//! crawler asked for. The figures of parts are therefore estimates; that of the whole is not.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Transaction, params};

use super::decide::Share;
use super::harm::{self, Stretch};
use super::incidents::{self, News};
use super::tally::{Counted, Tally};
use super::text::{count, kept, masked, plain, signed, us};
use super::{decided, known, read};
use crate::model::decision::SplitBy;
use crate::model::failure::Failure;
use crate::model::incident::{CauseShare, Example, Harm, Incident, State};
use crate::model::row::FetchRow;
use crate::model::stamp::{MINUTE, Stamp};
use crate::model::verdict::Impact;

/// The brief title of a cause and what it means.
pub type Words<'w> = &'w dyn Fn(&str) -> (String, String);

/// Failures with one value.
pub struct Portion {
    /// The value.
    pub value: String,
    /// Those that count, in order of time.
    pub failures: Vec<Failure>,
}

impl Portion {
    fn from(&self) -> Stamp {
        self.failures.iter().map(|f| f.started).min().unwrap_or_default()
    }

    fn to(&self) -> Stamp {
        self.failures.iter().map(|f| f.ended.or(f.started)).max().unwrap_or_default()
    }

    fn having(&self, is_one: impl Fn(&Failure) -> bool) -> i64 {
        count(self.failures.iter().filter(|f| is_one(f)).count() as u64)
    }
}

/// By what visitors and crawlers are shared out: a number for each portion, by the best that is known of any.
fn weights(parts: &[Portion]) -> [Vec<i64>; 2] {
    let error = |f: &Failure| f.impact == Impact::Error;
    let crawler = |f: &Failure| error(f) && f.row.flags & FetchRow::CRAWLER != 0;
    let unknown = |f: &Failure| f.impact == Impact::Unknown;
    let by = |is_one: &dyn Fn(&Failure) -> bool| -> Vec<i64> { parts.iter().map(|p| p.having(is_one)).collect() };
    let best = |ways: &[&dyn Fn(&Failure) -> bool]| {
        let all = ways.iter().map(|way| by(*way));
        all.into_iter().find(|w| w.iter().sum::<i64>() > 0).unwrap_or_else(|| by(&|_| true))
    };
    [best(&[&error, &unknown]), best(&[&crawler, &error, &unknown])]
}

/// The failures of an incident by value, the largest portion first.
pub fn parts(tx: &Transaction<'_>, id: u32, by: SplitBy) -> rusqlite::Result<Vec<Portion>> {
    let members = known::among(tx, "incident_id = ?1 AND told_in IS NULL", params![id])?;
    let mut values: BTreeMap<String, Vec<Failure>> = BTreeMap::new();
    for f in members {
        values.entry(by.value(&f)).or_default().push(f);
    }
    let mut parts: Vec<Portion> = values.into_iter().map(|(value, failures)| Portion { value, failures }).collect();
    parts.sort_by_key(|p| (std::cmp::Reverse(p.failures.len()), p.from()));
    Ok(parts)
}

/// Makes the portions incidents; the first keeps the id.
pub fn divide(
    tx: &Transaction<'_>,
    id: u32,
    by: SplitBy,
    parts: &[Portion],
    split: i64,
    words: Words<'_>,
    now: Stamp,
) -> rusqlite::Result<Vec<Share>> {
    let Some(whole) = read::incident(tx, id)? else { return Ok(Vec::new()) };
    let (mut tally, mut shares) = (Tally::default(), Vec::new());
    let mut stories: Vec<(u32, Incident)> = Vec::new();
    for (n, part) in parts.iter().enumerate() {
        let story = tell(tx, &whole, part, by, words)?;
        let mut at = id;
        if n > 0 {
            at = incidents::next_id(tx)?;
            incidents::create(tx, at, &story, false)?;
            decided::inherit(tx, id, at)?;
            relocate(tx, part, id, at, &mut tally)?;
            tx.execute(
                "INSERT INTO notes (incident_id, written_at_us, text) VALUES (?1, ?2, ?3)",
                params![at, us(now), format!("Split off incident {id} by {}: {}", by.word(), plain(&part.value))],
            )?;
        }
        shares.push(Share { id: at, value: part.value.clone(), failures: part.failures.len() as u64 });
        stories.push((at, story));
    }
    // Only now: a part that comes later would inherit it.
    shares.iter().try_for_each(|s| decided::part(tx, split, &s.value, s.id))?;
    follow_tellers(tx, id)?;
    tally.apply(tx)?;
    share_out(tx, id, &whole, parts, &shares)?;
    for (at, story) in &stories {
        let news = News { created: *at != id, members: true, followed: true, merged: false };
        incidents::retell(tx, *at, story, news)?;
    }
    Ok(shares)
}

/// Moves the failures of a portion.
fn relocate(tx: &Transaction<'_>, part: &Portion, from: u32, to: u32, tally: &mut Tally) -> rusqlite::Result<()> {
    let mut place = tx.prepare_cached("UPDATE failed_fetches SET incident_id = ?2 WHERE identity = ?1")?;
    for f in &part.failures {
        place.execute(params![signed(f.id), to])?;
        tally.count(from, &Counted::of(f), -1);
        tally.count(to, &Counted::of(f), 1);
    }
    Ok(())
}

/// What is told in a failure goes where that one went.
fn follow_tellers(tx: &Transaction<'_>, id: u32) -> rusqlite::Result<()> {
    tx.execute(
        "UPDATE failed_fetches SET incident_id = teller.incident_id FROM failed_fetches AS teller
         WHERE failed_fetches.incident_id = ?1 AND failed_fetches.told_in IS NOT NULL
           AND teller.identity = failed_fetches.told_in AND teller.incident_id IS NOT NULL",
        [id],
    )
    .map(|_| ())
}

/// Shares the visitors of the whole out.
fn share_out(
    tx: &Transaction<'_>,
    id: u32,
    whole: &Incident,
    parts: &[Portion],
    shares: &[Share],
) -> rusqlite::Result<()> {
    let all = [count(whole.harm.visitors_5xx), count(whole.harm.crawlers_5xx)];
    if all == [0, 0] {
        return Ok(());
    }
    let weights = weights(parts);
    let sums = [0, 1].map(|n| weights[n].iter().sum::<i64>().max(1));
    harm::clear(tx, id)?;
    let mut left = all;
    for (at, (part, share)) in parts.iter().zip(shares).enumerate().rev() {
        // The first, which keeps the id, takes what rounding leaves.
        let of = |n: usize| (i128::from(all[n]) * i128::from(weights[n][at]) / i128::from(sums[n])) as i64;
        let mine = if share.id == id { left } else { [of(0), of(1)] };
        left = [left[0] - mine[0], left[1] - mine[1]];
        if mine != [0, 0] {
            let (first, last) = (part.from().0, part.to().max(part.from()).0);
            harm::add(tx, share.id, Stretch { first, last, visitors: mine[0], crawlers: mine[1] })?;
        }
    }
    Ok(())
}

/// What is to be said of a portion, from what is said of the whole.
fn tell(
    tx: &Transaction<'_>,
    whole: &Incident,
    part: &Portion,
    by: SplitBy,
    words: Words<'_>,
) -> rusqlite::Result<Incident> {
    let causes = causes(part);
    let cause = match causes.iter().find(|c| c.cause == whole.cause) {
        Some(same) => same.cause.clone(),
        None => causes.first().map_or_else(|| "unknown".into(), |c| c.cause.clone()),
    };
    let unit = whole.service.split(' ').next().unwrap_or_default();
    let service = match by {
        SplitBy::Cause => whole.service.clone(),
        SplitBy::Backend => part.value.clone(),
        SplitBy::Host | SplitBy::Url => format!("{unit} {}", part.value),
    };
    let examples = examples(tx, part)?;
    let proof = examples.iter().find_map(|e| e.origin_error.clone()).into_iter().collect();
    let (brief, means) = words(&cause);
    let (opened, closed) = (part.from(), part.to());
    let over = closed != whole.closed_at && whole.state != State::Recurring;
    let share = part.failures.len() as f64 / whole.failures.max(1) as f64;
    let near = |at: Stamp, of: Stamp| at.since(of).is_some_and(|us| us.abs() <= 15 * MINUTE);
    Ok(Incident {
        title: format!("{service}: {brief}"),
        in_short: means,
        root: whole.root.clone().filter(|_| cause == whole.cause),
        began: whole.began.iter().filter(|c| near(c.at, opened)).cloned().collect(),
        ended_by: whole.ended_by.iter().filter(|c| near(c.at, closed)).cloned().collect(),
        state: if over { State::Closed } else { whole.state },
        rate_per_hour: whole.rate_per_hour.map(|r| r * share),
        proof: if cause == whole.cause { whole.proof.clone() } else { proof },
        examples,
        harm: Harm { share: whole.harm.share.map(|s| s * share), ..whole.harm.clone() },
        opened_at: opened,
        closed_at: closed,
        service,
        cause,
        causes,
        ..whole.clone()
    })
}

fn causes(part: &Portion) -> Vec<CauseShare> {
    let mut counts: BTreeMap<&str, (u64, Stamp)> = BTreeMap::new();
    for f in &part.failures {
        let seen = counts.entry(f.ruling.cause.id()).or_insert((0, f.started));
        *seen = (seen.0 + 1, seen.1.min(f.started));
    }
    let share = |(cause, (failures, first_at)): (&str, (u64, Stamp))| CauseShare {
        cause: cause.into(),
        failures,
        first_at,
        role: String::new(),
    };
    let mut shares: Vec<CauseShare> = counts.into_iter().map(share).collect();
    shares.sort_by_key(|c| (std::cmp::Reverse(c.failures), c.first_at));
    shares
}

/// One example for each verdict, three at most, quoted from what is stored.
fn examples(tx: &Transaction<'_>, part: &Portion) -> rusqlite::Result<Vec<Example>> {
    let mut verdicts = BTreeSet::new();
    let first: Vec<&Failure> = part.failures.iter().filter(|f| verdicts.insert(f.verdict.word())).take(3).collect();
    let ids: Vec<u64> = first.iter().map(|f| f.id).collect();
    let mut evidence = known::evidence(tx, &ids)?;
    let told = |f: &Failure| {
        let e = evidence.remove(&f.id).unwrap_or_default();
        let url = kept(f.url).unwrap_or_default();
        Example {
            at: f.started,
            request: format!("{} {}{}", f.method, f.host, masked(&url)),
            verdict: f.verdict.word().into(),
            own: e.own.into_iter().next(),
            origin: e.origin,
            origin_error: e.origin_error,
        }
    };
    Ok(first.into_iter().map(told).collect())
}
