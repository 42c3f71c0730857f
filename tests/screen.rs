//! The tail as people and programs see it: the screen as snapshots, its keys, plain lines, JSON lines, and the laws of
//! every size and of hostile logs.

#[path = "screen/believable.rs"]
mod believable;
#[cfg(feature = "tui")]
#[path = "screen/hostile.rs"]
mod hostile;
#[cfg(feature = "tui")]
#[path = "screen/keys.rs"]
mod keys;
#[cfg(feature = "tui")]
#[path = "screen/pages.rs"]
mod pages;
#[path = "screen/plain.rs"]
mod plain;
#[cfg(feature = "tui")]
#[path = "screen/shown.rs"]
mod shown;
#[cfg(all(feature = "tui", unix))]
#[path = "screen/terminal.rs"]
mod terminal;
