//! Access lines of an nginx that logs its upstream, written as of now: each with a URL of its own, some of a fetch that
//! failed. In: a number; out: a line. It must not know who writes it where.

#![allow(dead_code)] // every test crate uses a part

use std::io::Write;

use chrono::{DateTime, Utc};

/// Microseconds since 1970.
pub fn now_us() -> i64 {
    Utc::now().timestamp_micros()
}

/// The URL of a request, by its number and whether its fetch failed.
pub fn url(number: u64, failed: bool) -> String {
    format!("/{}/{number}", if failed { "failed" } else { "page" })
}

/// The number in the URL of a failed one.
pub fn failed_number(url: &str) -> Option<u64> {
    url.strip_prefix("/failed/")?.parse().ok()
}

/// Puts a line behind `text`. It took no time, so that it begins and ends in the same minute.
pub fn line(text: &mut Vec<u8>, at_us: i64, number: u64, failed: bool) {
    let at = DateTime::<Utc>::from_timestamp_micros(at_us).expect("a moment of our time");
    // The upstream refused, or answered at once.
    let (status, upstream) = if failed {
        (502, r#"us="502" uct="-" uht="-" urt="0.000""#)
    } else {
        (200, r#"us="200" uct="0.000" uht="0.000" urt="0.000""#)
    };
    let (second, millis) = (at_us / 1_000_000, at_us / 1_000 % 1_000);
    // Writing into memory does not fail.
    let _ = writeln!(
        text,
        "10.0.0.1 - - [{}] {second}.{millis:03} \"GET {} HTTP/1.1\" {status} 5152 0.000 \"-\" \"-\" host=\"shop.example\" \
         server=shop.example:80 ua=\"10.0.0.21:9000\" {upstream} rl=256 bs=5452 conn={} creq=1 xff=\"192.0.2.7\"",
        at.format("%d/%b/%Y:%H:%M:%S +0000"),
        url(number, failed),
        number / 10 + 1,
    );
}
