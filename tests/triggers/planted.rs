//! What may be planted in a made-up history. In: nothing; out: the kinds. It must not know how they look in logs.

/// A trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// A deploy some minutes before.
    Deploy,
    /// The origin restarted at that moment.
    Restart,
    /// A VCL was loaded.
    Vcl,
    /// Requests jumped.
    Surge,
    /// Misses jumped: a purge.
    Purge,
    /// Answers became slower for a while before.
    Drift,
    /// The same happens by the clock.
    Periodic,
    /// One node alone.
    Node,
    /// One point of presence of a CDN alone.
    Pop,
    /// One part of the site alone.
    Part,
    /// POST alone.
    Method,
    /// Crawlers alone.
    Crawlers,
    /// The origin says so itself.
    Maintenance,
    /// Nothing: it just happened.
    Nothing,
}

/// All that are something.
pub const KINDS: [Planted; 13] = [
    Planted::Deploy,
    Planted::Restart,
    Planted::Vcl,
    Planted::Surge,
    Planted::Purge,
    Planted::Drift,
    Planted::Periodic,
    Planted::Node,
    Planted::Pop,
    Planted::Part,
    Planted::Method,
    Planted::Crawlers,
    Planted::Maintenance,
];

impl Planted {
    /// True when some fetches are hit and others of the same minutes are not.
    pub fn is_difference(self) -> bool {
        matches!(self, Planted::Node | Planted::Pop | Planted::Part | Planted::Method | Planted::Crawlers)
    }

    /// The kind word of its candidate.
    pub fn word(self) -> &'static str {
        match self {
            Planted::Deploy => "deploy",
            Planted::Restart => "restart",
            Planted::Vcl => "vcl",
            Planted::Surge => "surge",
            Planted::Purge => "misses",
            Planted::Drift => "drift",
            Planted::Periodic => "periodic",
            Planted::Node | Planted::Pop | Planted::Part | Planted::Method | Planted::Crawlers => "differs",
            Planted::Maintenance => "maintenance",
            Planted::Nothing => "",
        }
    }
}
