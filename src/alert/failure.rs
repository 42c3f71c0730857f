//! Why a notice did not get through. In: what a receiver answered; out: whether and when to try again, and words. It
//! must not know how often it was tried.

use std::fmt;
use std::time::Duration;

/// A try that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Trying again may help.
    pub retry: bool,
    /// The receiver asked to be left alone for so long.
    pub retry_after: Option<Duration>,
    /// What happened, and what to do about it; no secrets.
    pub why: String,
}

impl Failure {
    /// One that may pass by itself.
    pub fn passing(why: impl Into<String>) -> Failure {
        Failure { retry: true, retry_after: None, why: why.into() }
    }

    /// One that stays until somebody changes something.
    pub fn lasting(why: impl Into<String>) -> Failure {
        Failure { retry: false, retry_after: None, why: why.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}
