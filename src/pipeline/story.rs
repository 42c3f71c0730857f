//! What is said of an incident beyond its figures. In: groups, failures, evidence; out: title, one sentence, examples,
//! proof, advice. All prose of causes comes from their files; this only chooses.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Job;
use super::context::Context;
use super::partial::Partial;
use super::refine::Judged;
use crate::classify::fit;
use crate::model::incident::{Advice, Example, Incident};
use crate::model::{Cause, Evidence, Fact, Failure, Group, Stamp};

/// Examples per incident.
const EXAMPLES: usize = 3;

/// Tells every group.
pub fn tell(
    groups: &mut [Group],
    failures: &[Failure],
    evidence: &HashMap<u64, Evidence>,
    judged: &Judged,
    partial: &Partial,
    context: &Context<'_>,
    job: &Job<'_>,
) {
    let by_id: HashMap<u64, &Failure> = failures.iter().map(|f| (f.id, f)).collect();
    let mut minutes: BTreeMap<Stamp, u64> = BTreeMap::new();
    let visitors = partial.traffic.iter().filter(|(id, _)| context.reading(**id).top);
    for (at, m) in visitors.flat_map(|(_, minutes)| minutes) {
        *minutes.entry(*at).or_default() += m.requests;
    }
    for g in groups {
        let members: Vec<&Failure> = g.members.iter().filter_map(|id| by_id.get(id).copied()).collect();
        let incident = &mut g.incident;
        harm(incident, &members, judged, &minutes);
        words(incident, &members, job);
        examples(incident, &members, evidence);
    }
}

fn harm(incident: &mut Incident, members: &[&Failure], judged: &Judged, minutes: &BTreeMap<Stamp, u64>) {
    let ids: std::collections::BTreeSet<u64> = members.iter().map(|f| f.id).collect();
    for (visitors, crawlers) in ids.iter().filter_map(|id| judged.harm.get(id)) {
        incident.harm.visitors_5xx += visitors;
        incident.harm.crawlers_5xx += crawlers;
    }
    let requests: u64 = minutes
        .range(incident.opened_at.minute()..)
        .take_while(|(at, _)| **at <= incident.closed_at)
        .map(|(_, n)| *n)
        .sum();
    if requests > 0 {
        incident.harm.share = Some(incident.harm.visitors_5xx as f64 / requests as f64);
    }
}

fn words(incident: &mut Incident, members: &[&Failure], job: &Job<'_>) {
    let Some(about) = job.rules.explanation(Cause::named(&incident.cause)) else { return };
    if incident.service == "scattered" {
        incident.title = "lone failures, none of them part of anything larger".into();
        let causes = if incident.causes.len() == 1 {
            format!("all of them: {}", about.brief)
        } else {
            "the causes differ".into()
        };
        incident.in_short = format!("{} failed fetches that happened alone; {causes}.", incident.failures);
        return;
    }
    incident.title = format!("{}: {}", incident.service, headline(incident, &about.brief, job));
    let programs: BTreeSet<String> =
        members.iter().filter(|f| !f.program.is_empty()).map(|f| f.program.lossy().into_owned()).collect();
    incident.in_short = about.means_to(programs.iter().map(String::as_str));
    let climbed = climbed(members, incident);
    incident.advice = safe(fit(about.advice, members, &incident.cause), climbed);
}

/// True when answer times climbed with load before some of the failures.
fn climbed(members: &[&Failure], incident: &Incident) -> bool {
    let rose = |f: &&&Failure| [Fact::Climbing, Fact::Rising].iter().any(|fact| f.facts.get(*fact) == Some(1.0));
    let climbed = members.iter().filter(rose).count();
    climbed * 5 >= members.len().max(1) || incident.causes.iter().any(|c| c.cause == "overload")
}

/// What broke, and what followed from it: "first byte timeout, then marked sick by probes".
fn headline(incident: &Incident, brief: &str, job: &Job<'_>) -> String {
    let followed = incident.causes.iter().find(|c| c.role == "consequence" && c.cause != incident.cause);
    let then = followed.and_then(|c| job.rules.explanation(Cause::named(&c.cause)));
    then.map_or_else(|| brief.to_string(), |t| format!("{brief}, then {}", t.brief))
}

/// The advice of a cause file for a stored incident with its failed fetches. Where the history does not know whether
/// answer times climbed with load (it was written by an older version), no value is given for a longer timeout.
pub fn safe_advice(advice: Vec<Advice>, incident: &Incident, members: &[Failure]) -> Vec<Advice> {
    let members: Vec<&Failure> = members.iter().collect();
    let mut fitted = fit(advice, &members, &incident.cause);
    let load_known = members.iter().any(|f| f.facts.get(Fact::Climbing).is_some());
    for a in fitted.iter_mut().filter(|a| !load_known && raises_timeout(a) && !a.value.is_empty()) {
        a.value.clear();
        a.figure = "a value needs the logs, to see whether answer times climbed with load: guru analyze".into();
    }
    safe(fitted, climbed(&members, incident))
}

fn raises_timeout(a: &Advice) -> bool {
    // A shorter idle timeout holds nobody longer.
    a.kind == "change" && a.knob.contains("timeout") && !a.knob.contains("idle") && !a.knob.contains("keepalive")
}

/// Never raise timeouts where answer times climbed with load: longer waits would hold more workers.
fn safe(advice: Vec<Advice>, climbed: bool) -> Vec<Advice> {
    let knobs: Vec<String> = advice.iter().filter(|a| raises_timeout(a)).map(|a| a.knob.clone()).collect();
    if !climbed || knobs.is_empty() {
        return advice;
    }
    let mut kept: Vec<Advice> = advice.into_iter().filter(|a| !raises_timeout(a)).collect();
    kept.push(Advice {
        kind: "NOT".into(),
        text: format!("raise {}: answer times climbed with load, longer waits would hold more workers", knobs[0]),
        knob: knobs[0].clone(),
        ..Advice::default()
    });
    kept
}

/// The most telling failures first: of the headline cause, linked, with an error message; verdicts that differ.
fn examples(incident: &mut Incident, members: &[&Failure], evidence: &HashMap<u64, Evidence>) {
    let mut ranked: Vec<&&Failure> = members.iter().filter(|f| evidence.contains_key(&f.id)).collect();
    ranked.sort_by_key(|f| {
        let head = f.ruling.cause.id() == incident.cause;
        let told = usize::from(f.link.is_some()) + usize::from(f.origin_error.is_some());
        (std::cmp::Reverse((head, told)), f.started, f.id)
    });
    let mut verdicts = Vec::new();
    for f in ranked {
        let known = verdicts.contains(&f.verdict);
        if incident.examples.len() == EXAMPLES || known {
            continue;
        }
        verdicts.push(f.verdict);
        let e = &evidence[&f.id];
        if incident.proof.is_empty()
            && let Some(q) = &e.origin_error
        {
            incident.proof.push(q.clone());
        }
        incident.examples.push(Example {
            at: f.started,
            request: format!("{} {}{}", f.method, f.host, crate::model::redact(&f.url.bytes())),
            verdict: f.verdict.word().into(),
            own: e.own.first().cloned(),
            origin: e.origin.clone(),
            origin_error: e.origin_error.clone(),
        });
    }
}
