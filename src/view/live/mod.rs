//! What a tail knows, shown while it happens. In: a `Live`; out: the screen, plain lines, or one JSON object per line.
//! It must not know how anything was read, judged or stored; it only orders and words what the model says.
//!
//! Everything but [`run`] and [`guard`] is a pure function of a `Live` and of the state of the screen, so that what an
//! operator sees at three in the morning can be looked at in tests. A page is a list of lines made of `Plain` text;
//! only [`draw`] turns lines into cells, in colour or not, in UTF-8 or ASCII.

mod facts;
mod lines;
mod objects;

#[cfg(feature = "tui")]
mod calm;
#[cfg(feature = "tui")]
mod canvas;
#[cfg(feature = "tui")]
mod draw;
#[cfg(feature = "tui")]
mod graph;
#[cfg(feature = "tui")]
mod guard;
#[cfg(feature = "tui")]
mod head;
#[cfg(feature = "tui")]
mod keys;
#[cfg(feature = "tui")]
mod latest;
#[cfg(feature = "tui")]
mod matrix;
#[cfg(feature = "tui")]
mod overview;
#[cfg(feature = "tui")]
mod pages;
#[cfg(feature = "tui")]
mod prompt;
#[cfg(feature = "tui")]
mod run;
#[cfg(feature = "tui")]
mod signals;
#[cfg(feature = "tui")]
mod sources;
#[cfg(feature = "tui")]
mod stack;
#[cfg(feature = "tui")]
mod story;
#[cfg(feature = "tui")]
mod trend;
#[cfg(feature = "tui")]
mod ui;
#[cfg(feature = "tui")]
mod why;

pub use lines::PlainLines;
pub use objects::live_ndjson;

#[cfg(feature = "tui")]
pub use draw::draw;
#[cfg(feature = "tui")]
pub use keys::key;
#[cfg(feature = "tui")]
pub use run::run_screen;
#[cfg(feature = "tui")]
pub use ui::{Action, Ui};
