//! Archives end to end: every packing by content, damage, containers that are refused, rotated series, copies, and files
//! that `--since/--until` leave out.

#[path = "archives/copies.rs"]
mod copies;
#[path = "archives/damage.rs"]
mod damage;
#[path = "support/logs.rs"]
mod logs;
#[path = "archives/outside.rs"]
mod outside;
#[path = "archives/packed.rs"]
mod packed;
#[path = "support/place.rs"]
mod place;
#[path = "archives/series.rs"]
mod series;
mod support;
