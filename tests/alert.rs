//! Calls for help, from outside: when something is told, what receivers get, what becomes of it when they fail, and the
//! commands that belong to it.

#[path = "alert/commands.rs"]
mod commands;
#[path = "alert/config.rs"]
mod config;
#[path = "alert/courier.rs"]
mod courier;
#[path = "alert/live.rs"]
mod live;
#[path = "alert/mail.rs"]
mod mail;
#[path = "alert/metrics.rs"]
mod metrics;
#[path = "alert/payloads.rs"]
mod payloads;
#[path = "support/place.rs"]
mod place;
#[path = "alert/served.rs"]
mod served;
#[path = "alert/servers.rs"]
mod servers;
#[path = "alert/sinks.rs"]
mod sinks;
#[path = "alert/unit.rs"]
mod unit;
#[path = "alert/watch.rs"]
mod watch;
#[path = "alert/watch_laws.rs"]
mod watch_laws;
