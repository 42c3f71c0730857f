//! Advice made to fit. In: the advice of a cause file and the failed fetches it is for; out: the same with commands to
//! paste and with values computed from what was observed; what a change of a limit would have spared. All prose is in
//! the cause files; here are only figures. It must not know logs, linking or how advice is shown.

mod command;
mod figures;
mod limit;
mod observed;
mod shell;
mod values;
mod whatif;

use std::collections::BTreeSet;

use crate::model::Failure;
use crate::model::incident::Advice;

pub use command::general;
pub use limit::Limit;
pub use whatif::what_if;

use observed::Observed;

/// Fits advice to the failed fetches of an incident, of which `cause` is the headline.
pub fn fit(advice: Vec<Advice>, members: &[&Failure], cause: &str) -> Vec<Advice> {
    let observed = Observed::of(members, cause);
    let elsewhere = !observed.broke_at.is_empty() && observed.broke_at.is_disjoint(&observed.made_by);
    let one = |mut a: Advice| {
        a.command = command::filled(&a.command, &observed);
        if elsewhere && ["openssl ", "ss "].iter().any(|c| a.command.starts_with(c)) {
            // The backend's address is not where it broke, and where that is, nobody said.
            a.command.clear();
        }
        if a.kind == "change" {
            (a.value, a.figure) = values::value_for(&a.knob, &observed);
        }
        a
    };
    let helps = |a: &Advice| !a.figure.ends_with("it does not help here");
    advice.into_iter().filter(|a| is_for(a, &observed)).map(one).filter(helps).collect()
}

/// True for advice that fits the programs of an incident: nginx's own limit is of no use where Varnish gave up.
fn is_for(a: &Advice, seen: &Observed) -> bool {
    let fits = |wanted: &[String], known: &BTreeSet<String>| {
        wanted.is_empty() || known.is_empty() || wanted.iter().any(|p| known.contains(p))
    };
    fits(&a.broke_at, &seen.broke_at) && fits(&a.made_by, &seen.made_by)
}
