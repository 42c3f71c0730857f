//! Calls for help. In: what a tail knows, moment by moment, and the configuration; out: notices, sent to webhooks,
//! chats, pagers and mailboxes. It must not know logs, the database or the screen; what is to be sent it gets from an
//! outbox that its caller keeps.
//!
//! The way of a call: [`Watch::step`] makes notices, the caller puts them into the outbox for the sinks that
//! [`Config::sinks_for`] names, a [`Courier`] takes them from there and sends them until they are taken.

mod alertmanager;
mod command;
mod conditions;
mod config;
mod courier;
mod failure;
mod http;
mod incidents;
mod pagerduty;
mod rules;
mod schedule;
mod secret;
mod send;
mod severity;
mod silence;
mod slack;
mod smtp;
mod span;
mod target;
mod template;
mod thread;
mod watch;
mod webhook;
mod words;
mod written;

pub use config::{Config, Metrics, Tail};
pub use courier::{Courier, Letter, Outbox};
pub use failure::Failure;
pub use rules::Rules;
pub use secret::trouble as secret_trouble;
pub use severity::Severity;
pub use silence::Silence;
pub use span::Span;
pub use target::{Sink, Target, Tls};
pub use template::sample;
pub use watch::{MEMORY_US, Watch};
