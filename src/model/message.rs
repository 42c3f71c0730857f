//! What else logs tell: error-log messages, probe results, changes. In: fields borrowed from a chunk; out: the nouns
//! `Message`, `HealthChange`, `Change`, and `Note`, the number that is kept of a message.

use super::cause::Cause;
use super::locator::Locator;
use super::stamp::Stamp;
use super::text::Text;

/// An error-log line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Message<'c> {
    /// Its first physical line.
    pub at: Locator,
    /// When it was written; local time read as UTC when the series says so.
    pub time: Stamp,
    /// Severity word as logged.
    pub level: &'c [u8],
    /// The message without prefix and tail.
    pub text: &'c [u8],
    /// Number of the client connection (nginx `*cid`); 0 when it has none.
    pub connection: u64,
    /// Peer that sent the request.
    pub client: &'c [u8],
    /// Method of the request it is about.
    pub method: &'c [u8],
    /// Path and query of that request.
    pub url: &'c [u8],
    /// Host of that request.
    pub host: &'c [u8],
    /// Upstream as logged (`http://127.0.0.1:8080/path`).
    pub upstream: &'c [u8],
    /// Local port of the listener, where the tail shows an address; 0 otherwise.
    pub port: u16,
}

/// What is kept of a message that a cause rule recognised.
#[derive(Clone, Copy, Debug)]
pub struct Note {
    /// Its first physical line.
    pub at: Locator,
    /// When it was written, as in [`Message::time`].
    pub time: Stamp,
    /// Key of the request it is about (see [`super::row::key_of`]); 0 when it names none.
    pub key: u64,
    /// Number of the client connection; 0 when it has none.
    pub connection: u64,
    /// Hash of the address of the peer that sent the request, without port; 0 for none.
    pub client: u32,
    /// Hash of the host, 0 for none.
    pub host: u32,
    /// The cause that its text proves.
    pub cause: Cause,
    /// How sure that is.
    pub confidence: f32,
    /// The message, interned; a view bounds and redacts it.
    pub text: Text,
}

/// One probe result (VSL `Backend_health`).
#[derive(Clone, Copy, Debug)]
pub struct HealthChange<'c> {
    /// Its line.
    pub at: Locator,
    /// Best estimate: VSL writes no stamp beside it, so that of the nearest record before it.
    pub time: Stamp,
    /// Backend name.
    pub backend: &'c [u8],
    /// True when the probe's verdict is healthy.
    pub healthy: bool,
    /// True when this probe changed the verdict (`Went`, `Back`).
    pub changed: bool,
    /// Good probes in the window, threshold, window.
    pub good: (u16, u16, u16),
    /// The probe's answer or error, without quotes.
    pub response: &'c [u8],
}

/// What kind of change it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// A VCL was loaded or made active.
    Vcl,
    /// A parameter or a backend's state was set by hand.
    Setting,
    /// A service started, stopped or restarted.
    Restart,
    /// A service reloaded its configuration.
    Reload,
    /// Somebody said that something was changed.
    Told,
}

impl ChangeKind {
    /// The word in JSON and in the store.
    pub fn word(self) -> &'static str {
        match self {
            ChangeKind::Vcl => "vcl",
            ChangeKind::Setting => "setting",
            ChangeKind::Restart => "restart",
            ChangeKind::Reload => "reload",
            ChangeKind::Told => "change",
        }
    }
}

/// Something that was changed: a candidate for a trigger or a fix.
#[derive(Clone, Copy, Debug)]
pub struct Change<'c> {
    /// Its line.
    pub at: Locator,
    /// When; as in [`HealthChange::time`] where the log has no stamp.
    pub time: Stamp,
    /// What kind of change.
    pub kind: ChangeKind,
    /// The line's own words.
    pub text: &'c [u8],
}
