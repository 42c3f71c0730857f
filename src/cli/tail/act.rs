//! What an operator does on the screen of a tail. In: actions; out: the store changed, and a line that says so.

use super::super::common::Common;
use super::feed::Feed;
use super::keep::Keeper;
use crate::error::Result;
use crate::view::{self, Action};

/// Carries an action out and says what came of it.
pub fn act(action: &Action, keeper: &Keeper, feed: &Feed, common: &Common) -> String {
    carry_out(action, keeper, feed, common).unwrap_or_else(|e| {
        let hint = e.hints.first().map(|h| format!(" ({h})")).unwrap_or_default();
        format!("{}{hint}", e.message)
    })
}

fn carry_out(action: &Action, keeper: &Keeper, feed: &Feed, common: &Common) -> Result<String> {
    Ok(match action {
        Action::Quit => String::new(),
        Action::Note { incident, text } => {
            let id = keeper.with(|store| store.note(*incident, text))?;
            format!("noted on incident {id}")
        }
        Action::Resolve { incident, text } => {
            let id = keeper.with(|store| store.resolve(*incident, text, None, None))?;
            format!("incident {id} resolved; say whether it worked: guru resolve {id} --worked yes|no")
        }
        Action::Change { text } => {
            keeper.with(|store| store.change(text))?;
            feed.say_changed(text);
            "change recorded".into()
        }
        Action::Ticket { incident } => ticket(*incident, keeper, feed, common)?,
    })
}

/// The incident as text: as the store knows it, else as it is seen now.
fn ticket(id: u32, keeper: &Keeper, feed: &Feed, common: &Common) -> Result<String> {
    let style = view::Style { color: false, full: true, ..common.style()? };
    let live = feed.newest();
    let now = live.incidents.iter().find(|i| i.id == id).cloned();
    let stored = || keeper.with(|store| store.incident(id));
    let incident = now.map_or_else(stored, Ok)?;
    Ok(view::incident(&incident, &style))
}
