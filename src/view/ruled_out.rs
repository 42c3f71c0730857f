//! What an incident was not, and what is to be asked of whoever runs the origin. In: a `Dossier`; out: sentences that
//! follow from verdicts, causes and counts, and from nothing else. It must not know who reads them.

use crate::model::Verdict;
use crate::model::dossier::Dossier;
use crate::model::incident::Incident;

use super::words::{count, counted, listed};

fn verdict(i: &Incident, v: Verdict) -> u64 {
    i.verdicts.get(v.word()).copied().unwrap_or(0)
}

fn arrived(i: &Incident) -> u64 {
    [Verdict::OriginAborted, Verdict::LateAnswer, Verdict::OriginFailed, Verdict::AnswerRefused]
        .iter()
        .map(|v| verdict(i, *v))
        .fold(0, u64::saturating_add)
}

fn of_cause(i: &Incident, family: &str) -> u64 {
    let fits = |cause: &str| cause == family || cause.strip_prefix(family).is_some_and(|rest| rest.starts_with('.'));
    i.causes.iter().filter(|c| fits(&c.cause)).map(|c| c.failures).fold(0, u64::saturating_add)
}

/// What it was not.
pub(super) fn ruled_out(d: &Dossier) -> Vec<String> {
    let (i, mut out) = (&d.incident, Vec::new());
    let all = i.failures.max(d.sent);
    if d.sent > 0 {
        let rest = if d.sent == all { "all".to_string() } else { format!("{} of {}", count(d.sent), count(all)) };
        out.push(format!(
            "The connection stood in {rest} cases: the request had been sent, so route, port and listener were there."
        ));
    }
    if d.opened > 0 {
        out.push("DNS resolved, or was not needed: the fetches went to the addresses given above.".to_string());
    }
    let arrived = arrived(i);
    if arrived > 0 {
        out.push(format!(
            "Not lost on the way: {} reached the server, which logged or answered them.",
            counted(arrived, "request")
        ));
    }
    if of_cause(i, "client") == 0 {
        out.push("Not visitors who went away: requests that a visitor gave up are not among these.".to_string());
    }
    if d.others.fetches > 0 && d.others.failed == 0 {
        out.push(format!(
            "No failure on other backends at that time: {} from {} in the same hours, so the fetching side and its network were well.",
            fetches(d.others.fetches),
            listed(&shortened(&d.others.backends))
        ));
    }
    if of_cause(i, "tls") == 0 && d.sent > 0 {
        out.push("No TLS error was logged.".to_string());
    }
    out
}

fn fetches(n: u64) -> String {
    format!("{} {}", count(n), if n == 1 { "fetch" } else { "fetches" })
}

/// A few names, and how many more there are.
fn shortened(names: &[String]) -> Vec<String> {
    let mut out: Vec<String> = names.iter().take(5).cloned().collect();
    if names.len() > out.len() {
        out.push(format!("{} more", names.len() - out.len()));
    }
    out
}

/// What is to be asked.
pub(super) fn questions(d: &Dossier) -> Vec<String> {
    let i = &d.incident;
    let mut out = Vec::new();
    if d.others.failed > 0 {
        out.push(format!(
            "{} from other backends failed in the same time: do these machines share a host, a network or a database?",
            fetches(d.others.failed)
        ));
    }
    let refused = of_cause(i, "connection.refused");
    if refused > 0 {
        out.push(format!(
            "{} refused: was the service stopped, restarted or moved at that time?",
            connections(refused)
        ));
    }
    let closed = of_cause(i, "connection.reset").saturating_add(of_cause(i, "connection.closed"));
    if closed > 0 {
        out.push(format!(
            "{} closed without an answer: did a process end, or is its keep-alive shorter than ours?",
            connections(closed)
        ));
    }
    let slow = verdict(i, Verdict::OriginAborted).saturating_add(verdict(i, Verdict::LateAnswer));
    if slow > 0 {
        out.push(format!(
            "{} took longer than we wait: what kept the application busy (free workers, database, remote calls)?",
            counted(slow, "request")
        ));
    }
    if verdict(i, Verdict::OriginFailed) > 0 {
        out.push("What does the application's own error log say at these moments?".to_string());
    }
    let never = verdict(i, Verdict::NeverArrived);
    if never > 0 {
        out.push(format!(
            "{} sent but not in the server's log, which has others of that time: what stands in front of it (firewall, load balancer, full backlog)?",
            counted(never, "request")
        ));
    }
    let blind = verdict(i, Verdict::NoOriginLog).saturating_add(verdict(i, Verdict::Ambiguous));
    if blind > 0 {
        out.push(format!(
            "We have no log of the server for {}: do your logs show them, with which status and duration?",
            counted(blind, "request")
        ));
    }
    if out.is_empty() {
        out.push("What happened on these machines at these moments?".to_string());
    }
    out
}

fn connections(n: u64) -> String {
    format!("{} {}", counted(n, "connection"), if n == 1 { "was" } else { "were" })
}
