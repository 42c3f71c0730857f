//! The sample logs of CDNs and of varnishncsa, as a user has them: recognised in every disguise, read to the last
//! line, told as they are, claimed by nothing else; and what is refused is refused with what to do about it.

mod support;

#[path = "support/alike.rs"]
mod alike;
#[path = "logs/claimed.rs"]
mod claimed;
#[path = "logs/corpora.rs"]
mod corpora;
#[path = "support/place.rs"]
mod place;
#[path = "logs/recognised.rs"]
mod recognised;
#[path = "logs/recorded.rs"]
mod recorded;
#[path = "logs/refused.rs"]
mod refused;
#[path = "logs/told.rs"]
mod told;
#[path = "logs/wrapped.rs"]
mod wrapped;

/// The sample logs and their formats.
const LOGS: [(&str, &str); 22] = [
    ("akamai-ds2-json", "akamai-ds2"),
    ("akamai-ds2-structured", "akamai-ds2-text"),
    ("akamai-lds-w3c", "akamai-lds"),
    ("aws-alb", "aws-alb"),
    ("azure-afd", "azure-frontdoor"),
    ("bunny", "bunny"),
    ("bunny-origin-errors", "bunny-errors"),
    ("cdn77", "cdn77"),
    ("cloudflare-logpush", "cloudflare"),
    ("cloudflare-logpush-unixnano", "cloudflare"),
    ("cloudfront-realtime", "cloudfront-realtime"),
    ("cloudfront-standard-v1", "cloudfront"),
    ("cloudfront-standard-v2-json", "cloudfront-v2"),
    // Its lines have quotes escaped as Apache escapes them.
    ("combined", "apache-timed"),
    ("fastly-json", "fastly"),
    ("fastly-syslog-clf", "fastly-clf"),
    ("gcore", "gcore"),
    ("gcp-lb", "gcp-lb"),
    ("keycdn", "keycdn"),
    ("varnishncsa-backend-default", "varnishncsa-backend"),
    ("varnishncsa-both-sides", "varnishncsa-custom"),
    ("vercel-drain", "vercel"),
];

/// The bytes of a sample log.
fn log(name: &str) -> Vec<u8> {
    support::data(&format!("logs/{name}.log"))
}

#[test]
fn every_sample_log_is_in_the_table() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/logs");
    let name =
        |e: std::io::Result<std::fs::DirEntry>| e.expect("it is readable").file_name().into_string().expect("UTF-8");
    let mut found: Vec<String> = std::fs::read_dir(folder).expect("it is there").map(name).collect();
    found.sort();
    let mut known: Vec<String> = LOGS.iter().map(|(name, _)| format!("{name}.log")).collect();
    known.sort();
    assert_eq!(found, known);
}
