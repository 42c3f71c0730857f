//! Formats whose lines may be the same text.

#![allow(dead_code)] // every test crate uses a part

/// Formats whose lines others read as well: common and combined log lines with something before or behind them, JSON
/// of loggers that use the same few keys, and the layout of squid, which Traffic Server offers too.
const SAME_TEXT: [&[&str]; 3] = [
    &[
        "apache-combined",
        "apache-common",
        "apache-timed",
        "fastly-clf",
        "haproxy-clf",
        "ingress-nginx",
        "nginx-combined",
        "nginx-combined-more",
        "nginx-main",
        "nginx-timed",
        "traefik-clf",
        "varnishncsa",
        "varnishncsa-backend",
        "varnishncsa-custom",
    ],
    &["json-lines", "nginx-json", "nginx-json-request", "varnishncsa-json"],
    &["squid", "trafficserver"],
];

/// Of these, formats between which only hints, the file's name or habit decide.
const EVEN: [&[&str]; 6] = [
    &["apache-combined", "nginx-combined"],
    &["apache-timed", "nginx-combined-more"],
    // One line with a quote escaped as Apache escapes it is one of Apache's.
    &["apache-combined", "nginx-combined-more"],
    &["varnishncsa", "varnishncsa-backend"],
    // One request whose target is a whole URL.
    &["nginx-combined", "varnishncsa"],
    &["squid", "trafficserver"],
];

fn together(groups: &[&[&str]], one: &str, other: &str) -> bool {
    one == other || groups.iter().any(|group| group.contains(&one) && group.contains(&other))
}

/// True when both may read a log, and rightly.
pub fn same_text(one: &str, other: &str) -> bool {
    together(&SAME_TEXT, one, other)
}

/// True when a few lines of one may be taken for the other.
pub fn even(one: &str, other: &str) -> bool {
    together(&EVEN, one, other)
}
