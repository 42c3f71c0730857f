//! Formats whose lines may be the same text, so that only hints, file names or habit can tell them apart.

/// Combined and common log lines of several products, and JSON of loggers that all use the same few keys.
const ALIKE: &[&[&str]] = &[
    &["nginx-combined", "nginx-combined-more", "nginx-timed", "apache-combined", "apache-timed", "php-fpm-access"],
    &["nginx-combined-more", "apache-timed", "fastly-clf", "traefik-clf", "ingress-nginx", "nginx-main", "nginx-rich"],
    &["apache-common", "nginx-combined"],
    &["varnishncsa", "varnishncsa-backend", "nginx-combined-more"],
    &["json-lines", "nginx-json", "nginx-json-request", "json-ecs", "varnishncsa-json"],
];

/// True when lines of one may be taken for the other with reason.
pub fn alike(one: &str, other: &str) -> bool {
    one == other || ALIKE.iter().any(|group| group.contains(&one) && group.contains(&other))
}
