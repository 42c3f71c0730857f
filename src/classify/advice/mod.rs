//! Advice made to fit. In: the advice of a cause file and the failed fetches it is for; out: the same with commands to
//! paste and with values computed from what was observed; what a change of a limit would have spared. All prose is in
//! the cause files; here are only figures. It must not know logs, linking or how advice is shown.

mod command;
mod figures;
mod observed;
mod shell;
mod values;
mod whatif;

use crate::model::Failure;
use crate::model::incident::Advice;

pub use command::general;
pub use whatif::{Knob, what_if};

use observed::Observed;

/// Fits advice to the failed fetches of an incident, of which `cause` is the headline.
pub fn fit(advice: Vec<Advice>, members: &[&Failure], cause: &str) -> Vec<Advice> {
    let observed = Observed::of(members, cause);
    let one = |mut a: Advice| {
        a.command = command::filled(&a.command, &observed);
        if a.kind == "change" {
            (a.value, a.figure) = values::value_for(&a.knob, &observed);
        }
        a
    };
    advice.into_iter().map(one).collect()
}
