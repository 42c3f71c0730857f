//! A review as it may be handed on: to a customer, into a mail, onto a wiki. In: a `Review` from the history; out: the
//! same, all that is chosen by visitors or written by people cleaned as a ticket is. It must not know how it is written.
//!
//! Of advice only paths and URLs are cleaned: the rest is made of our own words and of the addresses of own machines, and
//! a command with half an address would be a wrong one.

use super::clean::Clean;
use crate::model::incident::{Candidate, Example, Incident, Quote};
use crate::model::review::Review;

/// The review without secrets, and with the addresses of people truncated; those of own machines stay.
pub(super) fn handed_on(r: &Review) -> Review {
    let named = r.pairs.iter().flat_map(|p| [p.node.as_str(), p.backend.as_str()]);
    let nodes = r.incidents.iter().flat_map(|i| &i.nodes).map(String::as_str);
    let clean = Clean::of(r.addresses.iter().map(String::as_str).chain(named).chain(nodes));
    let mut out = r.clone();
    out.incidents.iter_mut().for_each(|i| incident(i, &clean));
    out.early.iter_mut().flat_map(|w| [&mut w.text, &mut w.advice]).for_each(|text| mask(text, &clean));
    out.changes.iter_mut().for_each(|c| mask(&mut c.text, &clean));
    out
}

fn mask(text: &mut String, clean: &Clean) {
    *text = clean.text(text);
}

fn incident(i: &mut Incident, clean: &Clean) {
    [&mut i.title, &mut i.service, &mut i.in_short].into_iter().for_each(|text| mask(text, clean));
    [&mut i.trigger, &mut i.fix].into_iter().flatten().chain(&mut i.notes).for_each(|text| mask(text, clean));
    i.harm.top_urls.iter_mut().for_each(|(url, _)| mask(url, clean));
    if let Some(c) = &mut i.harm.crawled {
        c.pages.iter_mut().for_each(|(page, _)| mask(page, clean));
    }
    i.began.iter_mut().chain(&mut i.ended_by).for_each(|c: &mut Candidate| mask(&mut c.text, clean));
    i.examples.iter_mut().for_each(|e| example(e, clean));
    i.advice.iter_mut().flat_map(|a| [&mut a.command, &mut a.text, &mut a.figure]).for_each(|text| paths(text, clean));
    i.proof.iter_mut().for_each(|q| quote(q, clean));
    for s in &mut i.similar {
        s.same.iter_mut().chain(&mut s.differs).chain(&mut s.fix).for_each(|text| mask(text, clean));
    }
}

/// Cleans the words of a command that are paths or URLs. A network (`192.0.2.0/24`) is none.
fn paths(command: &mut String, clean: &Clean) {
    let parts = command.split_inclusive([' ', '\'', '"', '`']).map(|part| {
        let word = part.trim_end_matches([' ', '\'', '"', '`']);
        let network = |host: &str| host.parse::<std::net::IpAddr>().is_ok();
        match word.split_once('/') {
            Some((host, _)) if !network(host) => format!("{}{}", clean.text(word), &part[word.len()..]),
            _ => part.to_string(),
        }
    });
    *command = parts.collect();
}

fn example(e: &mut Example, clean: &Clean) {
    mask(&mut e.request, clean);
    [&mut e.own, &mut e.origin, &mut e.origin_error].into_iter().flatten().for_each(|q| quote(q, clean));
}

fn quote(q: &mut Quote, clean: &Clean) {
    mask(&mut q.file, clean);
    mask(&mut q.text, clean);
}
