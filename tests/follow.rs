//! Following logs: what a follower gives of files that are written, rotated, copied, removed and compressed under its
//! hands, and of a varnishlog that fails.

#[path = "follow/catching_up.rs"]
mod catching_up;
#[path = "follow/law.rs"]
mod law;
#[path = "follow/race.rs"]
mod race;
#[path = "follow/reader.rs"]
mod reader;
#[path = "follow/rotation.rs"]
mod rotation;
#[path = "follow/start.rs"]
mod start;
#[path = "follow/varnish.rs"]
mod varnish;
#[path = "follow/writer.rs"]
mod writer;
