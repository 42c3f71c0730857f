//! What a report says before anything fails. In: early warnings; out: sentences. It must not know how they are laid out.

use super::style::Style;
use crate::model::EarlyWarning;

/// Whom it is about, and when it was seen: `cache-1 to web, Fri 20 Nov 02:00`.
pub(super) fn place(w: &EarlyWarning, style: &Style) -> String {
    let to = if w.backend.is_empty() { String::new() } else { format!(" to {}", w.backend) };
    format!("{}{to}, {} {}", w.node, style.zone.weekday_and_day(w.at), style.zone.minute(w.at))
}

/// The text with a full stop at its end.
pub(super) fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) { text.to_string() } else { format!("{text}.") }
}
