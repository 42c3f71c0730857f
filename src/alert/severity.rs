//! How bad something is. In: a word; out: an order. It must not know who decides.

use serde::{Deserialize, Serialize};

/// Severity, mildest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    #[default]
    Info,
    /// Somebody should look.
    Warning,
    /// Somebody should get up.
    Critical,
}

impl Severity {
    /// The word in notices and in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }

    /// The severity of a word; unknown words are taken as the mildest.
    pub fn of(word: &str) -> Severity {
        match word {
            "critical" => Severity::Critical,
            "warning" => Severity::Warning,
            _ => Severity::Info,
        }
    }
}
