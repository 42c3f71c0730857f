//! The tiers of a request's path and the logs on it. In: nothing; out: `Tier`, `Family`, `Series`, `FileInfo`.
//! It must not know how a format is recognised, only what formats are called.

use super::locator::FileId;
use super::text::Text;

/// A position on the path, from the client to the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// A CDN.
    Edge,
    /// Varnish or another shared cache.
    Cache,
    /// The web server or load balancer behind it.
    Origin,
    /// What computes the answer (php-fpm, …).
    App,
}

impl Tier {
    /// The word used on the command line, in JSON and in the store.
    pub fn word(self) -> &'static str {
        match self {
            Tier::Edge => "edge",
            Tier::Cache => "cache",
            Tier::Origin => "origin",
            Tier::App => "app",
        }
    }

    /// The tier of a command-line word.
    pub fn parse(word: &str) -> Option<Tier> {
        [Tier::Edge, Tier::Cache, Tier::Origin, Tier::App].into_iter().find(|t| t.word() == word)
    }
}

/// The family of a log format (design: command line and JSON contract). A name, not an enum, because grammars are data.
pub type Family = Text;

/// The number of a series in this run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(transparent)]
pub struct SeriesId(pub u32);

/// One node's log in time order: a file with its rotated predecessors.
#[derive(Clone, Debug)]
pub struct Series {
    /// Its number.
    pub id: SeriesId,
    /// Its position on the path.
    pub tier: Tier,
    /// The node that wrote it.
    pub node: Text,
    /// Name of the grammar, e.g. `nginx-combined`.
    pub format: Text,
    /// Family of the grammar, e.g. `nginx-access`.
    pub family: Family,
    /// True when stamps carry no zone and were read as if they were UTC (nginx error log).
    pub local_time: bool,
    /// Granularity of its stamps, in microseconds.
    pub resolution_us: i64,
}

impl Series {
    /// The program that writes such logs: `varnish`, `nginx`, `haproxy`, `cloudflare`; empty where the format is anybody's.
    pub fn program(&self) -> Text {
        let family = self.family.bytes();
        match &*family {
            f if f.starts_with(b"varnish") => Text::of(b"varnish"),
            b"json-lines" => Text::EMPTY,
            f => Text::of(f.strip_suffix(b"-access").or(f.strip_suffix(b"-error")).unwrap_or(f)),
        }
    }
}

/// One file of a series.
#[derive(Clone, Debug)]
pub struct FileInfo {
    /// Its number.
    pub id: FileId,
    /// The path as given or found; `-` for standard input.
    pub path: Text,
    /// The series it belongs to.
    pub series: SeriesId,
    /// Its position within the series, oldest first.
    pub ordinal: u32,
}
