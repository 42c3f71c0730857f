//! What a proxy's own access line says of the upstream it asked. In: nothing; out: `Upstream`, four optional facts.
//! It must not know the log's field names.

/// What is known of the upstream behind a served request; the default knows nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Upstream {
    /// Status of the last attempt as logged; 0 when none is. A proxy writes its own 502 or 504 here too: only with
    /// `answered` is it the upstream's.
    pub status: u16,
    /// Whether the last upstream sent response headers; `None` when the format does not say.
    pub answered: Option<bool>,
    /// Whether the connection to the last upstream stood, with TLS where it speaks TLS; `None` when the format does not
    /// say.
    pub connected: Option<bool>,
    /// Whether any upstream was asked; `None` when the format does not say.
    pub asked: Option<bool>,
}
