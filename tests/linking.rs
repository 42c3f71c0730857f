//! Laws of linking, for made-up worlds: caches that ask one origin at any rate for URLs that are more or less alike,
//! whose clocks are hours apart, drift and are corrected in mid-log, and whose logs are coarse, late and incomplete. In
//! all of them the offset is found, hardly a link is wrong and sure, and what cannot be known is not claimed.
//!
//! Few worlds by default; `cargo test --test linking -- --ignored` tries many.

#[path = "linking/clock.rs"]
mod clock;
#[path = "linking/found.rs"]
mod found;
#[path = "linking/links.rs"]
mod links;
#[path = "linking/order.rs"]
mod order;
#[path = "linking/rows.rs"]
mod rows;
#[path = "linking/unusable.rs"]
mod unusable;
#[path = "linking/world.rs"]
mod world;

/// How many made-up worlds the ignored laws look at: `GURU_WORLDS`, a few by default.
fn many() -> u32 {
    std::env::var("GURU_WORLDS").ok().and_then(|n| n.parse().ok()).unwrap_or(40)
}
