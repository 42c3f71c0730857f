//! What another limit would have spared. In: an incident and counts; out: text. It must not know how they were found.

use crate::model::Incident;
use crate::model::whatif::WhatIf;

use super::paper::{Line, Paint, Paper, Section, flowing, labelled};
use super::plain::Plain;
use super::style::Style;

/// Renders the answers for the limits that were asked about.
pub fn what_if(incident: &Incident, all: &[WhatIf], style: &Style) -> String {
    let mut paper = Paper::default();
    let title = Plain::of(&format!("Incident {}: {}", incident.id, incident.title));
    let title = title.wrapped(style.columns());
    paper.add(Section::firm(title.iter().map(|t| Line::of(t.as_str(), Paint::Strong)).collect()));
    for one in all {
        paper.gap();
        paper.add(Section::firm(answer(one, style)));
    }
    paper.gap();
    let more = [style.command(&format!("guru show {} --full", incident.id))];
    paper.add(Section::firm(flowing("Next", &more, "   ", style)));
    paper.print(style)
}

fn answer(w: &WhatIf, style: &Style) -> Vec<Line> {
    let now = w.now.as_ref().map(|now| format!(" (now about {now})")).unwrap_or_default();
    let mut lines = labelled("If", &format!("{}={}{now}", w.knob, w.value), style);
    if w.failures == 0 {
        lines.extend(labelled("", "no failed fetch of this incident was broken by this limit", style));
        return lines;
    }
    lines.extend(labelled(
        "Spared",
        &format!("{} of {} failed fetches would not have happened", w.spared, w.failures),
        style,
    ));
    lines.extend(labelled("Still", &format!("{} would have failed all the same", w.still), style));
    if w.unknown > 0 {
        let share = 100.0 * w.unknown as f64 / w.failures as f64;
        let text = format!("{} ({share:.0} %): given up before it showed", w.unknown);
        lines.extend(labelled("Unknown", &text, style));
    }
    if let Some(held) = w.held_s.filter(|held| *held > 0.0) {
        let text = format!("workers and cache threads would have been held {held:.0} s longer, all together");
        lines.extend(labelled("Cost", &text, style));
    }
    lines.extend(labelled("Assumes", &w.assumes, style));
    lines
}
