//! A stretch of time in a few sentences for somebody who pays for it: who noticed, how long, why, what fixed it, what is
//! still open. In: a `Review`; out: sentences of raw text, to be escaped by who writes them. It must not know the
//! document they stand in.

use crate::model::incident::{Incident, State};
use crate::model::review::Review;

use super::escape::escaped;
use super::facts::{is_open, visitors};
use super::memory::worked;
use super::style::Style;
use super::table::lasted;
use super::words::{amount, count, counted, duration, listed, share_of};

/// So many incidents are told one by one.
const TOLD: usize = 3;

/// An answer under its heading.
pub(super) struct Told {
    /// What it answers.
    pub about: &'static str,
    /// The answer: a sentence or two, or one for each incident.
    pub said: Vec<String>,
}

impl Told {
    /// The answer in Markdown.
    pub fn markdown(&self) -> String {
        match self.said.as_slice() {
            [one] => format!("**{}.** {}\n\n", self.about, escaped(one)),
            many => {
                let items: String = many.iter().map(|said| format!("- {}\n", escaped(said))).collect();
                format!("**{}.**\n\n{items}\n", self.about)
            }
        }
    }
}

/// The answers, in the order to read them.
pub(super) fn brief(r: &Review, style: &Style) -> Vec<Told> {
    let tell = |about, said: Vec<String>| Told { about, said };
    if r.incidents.is_empty() {
        let said = format!("{} No incident is recorded in this time.", all_good(r));
        return vec![tell("Who noticed", vec![said.trim().to_string()])];
    }
    let mut out =
        vec![tell("Who noticed", vec![who(r)]), tell("How long", vec![how_long(r, style)]), tell("Why", why(r))];
    out.push(tell("What fixed it", fixed(r, style)));
    out.push(tell("What is open", vec![open(r)]));
    out
}

fn all_good(r: &Review) -> String {
    match r.served.requests {
        0 => String::new(),
        n => format!("{} requests were served.", amount(n)),
    }
}

/// Those that are an incident of their own; the row of lone failures is none.
fn proper(r: &Review) -> impl Iterator<Item = &Incident> {
    r.incidents.iter().filter(|i| i.service != "scattered")
}

/// True for a trickle, also one that somebody has resolved: the time between its drops was good.
fn comes_back(i: &Incident) -> bool {
    i.state == State::Recurring || i.rate_per_hour.is_some()
}

fn who(r: &Review) -> String {
    let noticed: u64 = r.incidents.iter().map(|i| i.harm.visitors_5xx).fold(0, u64::saturating_add);
    let crawlers: u64 = r.incidents.iter().map(|i| i.harm.crawlers_5xx).fold(0, u64::saturating_add);
    let failed: u64 = r.incidents.iter().map(|i| i.failures).fold(0, u64::saturating_add);
    let fetches = format!("{} to the origin failed", counted(failed, "request"));
    if noticed == 0 {
        return format!("No visitor is known to have seen an error page. {fetches}; caching hid it.");
    }
    let part = match r.served.requests {
        // The whole of an incident's visitors may lie outside of what was counted.
        n if n >= noticed => {
            share_of(noticed, n).map(|s| format!(" ({s} of {} requests)", amount(n))).unwrap_or_default()
        }
        _ => String::new(),
    };
    let machines = if crawlers > 0 { format!(", {} of them search engines", count(crawlers)) } else { String::new() };
    format!("{} got an error page{part}{machines}. {fetches}.", visitors(noticed))
}

fn how_long(r: &Review, style: &Style) -> String {
    let mut spans: Vec<(i64, i64)> = proper(r)
        .filter(|i| !comes_back(i) && i.harm.visitors_5xx > 0 && i.opened_at.is_known())
        .map(|i| (i.opened_at.0, i.closed_at.0.max(i.opened_at.0)))
        .collect();
    spans.sort_unstable();
    let (mut whole, mut end) = (0i64, i64::MIN);
    for (from, to) in spans.iter().copied() {
        whole = whole.saturating_add(to.saturating_sub(from.max(end)).max(0));
        end = end.max(to);
    }
    let recurring = proper(r).filter(|i| comes_back(i)).count() as u64;
    let again = if recurring > 0 {
        format!(" {} came back again and again.", counted(recurring, "fault"))
    } else {
        String::new()
    };
    if spans.is_empty() {
        return format!("At no time did visitors see errors for a stretch.{again}");
    }
    let worst = proper(r).find(|i| !comes_back(i) && i.harm.visitors_5xx > 0);
    let worst = worst.map(|i| {
        let at = format!("{} {}", style.zone.weekday_and_day(i.opened_at), style.zone.minute(i.opened_at));
        match r.about {
            Some(_) => format!(", from {at} on"),
            None => format!("; the worst began {at} and lasted {}", lasted(i)),
        }
    });
    format!("Visitors saw errors for {} in all{}.{again}", duration(whole), worst.unwrap_or_default())
}

fn why(r: &Review) -> Vec<String> {
    let one = |i: &Incident| {
        let said = if i.in_short.is_empty() { String::new() } else { format!(" {}", i.in_short.trim()) };
        let hit = match i.harm.visitors_5xx {
            0 => String::new(),
            n => format!(", {}", visitors(n)),
        };
        format!("{} (incident {}{hit}).{said}", i.title, i.id)
    };
    let mut told: Vec<String> = r.incidents.iter().take(TOLD).map(one).collect();
    let more = r.incidents.len().saturating_sub(TOLD) as u64;
    if more > 0 {
        told.push(format!("{} smaller, below.", count(more)));
    }
    told
}

fn fixed(r: &Review, style: &Style) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    for i in &r.incidents {
        if let Some(fix) = &i.fix {
            said.push(format!("Incident {}: {} ({}).", i.id, fix.trim().trim_end_matches('.'), worked(i)));
        } else if let Some(c) = i.ended_by.first().filter(|_| !is_open(i)) {
            let at = style.zone.minute(c.at);
            said.push(format!("Incident {}: ended with {} at {at} (likely, unconfirmed).", i.id, c.text.trim()));
        }
    }
    let more = said.len().saturating_sub(5);
    said.truncate(5);
    if more > 0 {
        said.push(format!("{more} more, below."));
    }
    if said.is_empty() {
        said.push("No fix is recorded.".to_string());
    }
    said
}

fn open(r: &Review) -> String {
    let ids =
        |of: &dyn Fn(&&Incident) -> bool| -> Vec<String> { proper(r).filter(of).map(|i| i.id.to_string()).collect() };
    let on = ids(&|i| is_open(i));
    let unknown = ids(&|i| !is_open(i) && i.fix.is_none());
    let refuted = ids(&|i| i.fix.is_some() && i.worked.as_deref() == Some("no"));
    let mut said = Vec::new();
    if !on.is_empty() {
        said.push(format!("Not over: incident{} {}.", plural(&on), listed(&on)));
    }
    if !refuted.is_empty() {
        said.push(format!("The recorded fix did not work: {}.", listed(&refuted)));
    }
    if !unknown.is_empty() {
        said.push(format!("Over, but nobody wrote down what fixed it: {}.", listed(&unknown)));
    }
    if said.is_empty() { "Nothing.".to_string() } else { said.join(" ") }
}

fn plural<T>(of: &[T]) -> &'static str {
    if of.len() == 1 { "" } else { "s" }
}
