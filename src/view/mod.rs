//! From what was found to what people and programs read. In: a `Report`, an `Incident`, a `Failure`, an `Event`, an
//! `Explanation`, an `Error`, a `Live`; out: text, JSON, CSV, Markdown, the screen. Pure functions, but for the loop of
//! the screen, which owns the terminal; nothing is decided here that the model does not say. It must not know how
//! anything was read, judged or stored.
//!
//! Everything that is written as text passes through [`Plain`], because log content is chosen by strangers.

mod brief;
mod clean;
mod deed;
mod escape;
mod event;
mod explanation;
mod facts;
mod failed_fetch;
mod grid;
mod ground;
mod handed_on;
mod html;
mod incident;
mod json;
mod list;
mod live;
mod lookup;
mod lookup_json;
mod memory;
mod metrics;
mod object;
mod paper;
mod plain;
mod postmortem;
mod report;
mod ruled_out;
mod spark;
mod steps;
mod style;
mod sums;
mod table;
mod talk;
mod tally;
mod telling;
mod ticket;
mod watch;
mod weekly;
mod whatif;
mod words;
mod zone;

pub use event::event;
pub use explanation::{explanation, explanations};
pub use failed_fetch::failed_fetch;
pub use grid::Grid;
pub use html::html;
pub use incident::incident;
pub use json::{incident_json, incidents_json, incidents_ndjson, json, ndjson};
pub use list::{csv, incident_list, markdown};
#[cfg(feature = "tui")]
pub use live::{Action, Ui, draw, key, run_screen};
pub use live::{PlainLines, live_ndjson};
pub use lookup::lookup;
pub use lookup_json::lookup_json;
pub use metrics::{OPENMETRICS, metrics};
pub use plain::Plain;
pub use postmortem::postmortem;
pub use report::report;
pub use style::Style;
pub use talk::{Recognition, error, recognition};
pub use tally::{Tally, tally};
pub use ticket::{ticket, ticket_markdown};
pub use weekly::weekly;
pub use whatif::what_if;
pub use zone::Zone;
