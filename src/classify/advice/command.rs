//! Commands to paste. In: templates of the cause files and what was observed; out: commands with the real host, path and
//! backend address, or with words in capitals where there is none. It must not know causes.

use super::observed::Observed;
use super::shell::fill;

/// Names that a template may hold, with what stands for them where nothing was observed.
const NAMES: [(&str, &str); 8] = [
    ("name", "NAME"),
    ("host", "HOST"),
    ("url", "/URL"),
    ("address", "ADDRESS"),
    ("port", "PORT"),
    ("scheme", "http"),
    ("backend", "BACKEND"),
    ("server", "ADDRESS:PORT"),
];

/// A template for an incident; empty when something that it needs was not observed.
pub fn filled(template: &str, observed: &Observed) -> String {
    let value = |name: &str| {
        Some(match name {
            "name" => observed.name.clone(),
            "host" => observed.host.clone(),
            "url" => observed.url.clone(),
            "address" => observed.address.clone(),
            "port" => observed.port.clone(),
            "scheme" => observed.scheme.clone(),
            "backend" => observed.backend.clone(),
            "server" => observed.server.clone(),
            _ => return None,
        })
    };
    fill(template, &value).unwrap_or_default()
}

/// A template for nobody in particular.
pub fn general(template: &str) -> String {
    let value = |name: &str| NAMES.iter().find(|(known, _)| *known == name).map(|(_, word)| (*word).to_string());
    fill(template, &value).unwrap_or_else(|| template.to_string())
}
