//! Values for knobs, computed from what was observed. In: a knob and figures; out: a value to set and the figure it comes
//! from, or why there is none. It must not know how advice is worded.
//!
//! Times follow the rule of the timing reference: what was aborted hides how long it would have taken, so a limit is
//! computed only where at most one failure in five was.

use super::figures::{next_multiple, percentile, seconds_with_margin, words};
use super::observed::Observed;

/// Of the failures, at most one in so many may hide how long it would have taken.
const HIDDEN: usize = 5;
/// Varnish 6.0 to 8.0: default limits of all response headers together, of one line, and of their number.
const ALL_HEADERS: u64 = 32 << 10;
const ONE_HEADER: u64 = 8 << 10;

/// The value to set, and the figure that it comes from. Both are empty where nothing follows from what was observed.
pub fn value_for(knob: &str, seen: &Observed) -> (String, String) {
    let none = || (String::new(), String::new());
    match knob {
        k if is_wait(k) && seen.cause == "timeout.between_bytes" => {
            (String::new(), "nothing tells how long the pauses would have lasted, so no value follows".into())
        }
        k if is_wait(k) => wait(seen),
        "http_resp_hdr_len" => header_line(seen),
        k if k.starts_with("http_resp_size") => headers_total(seen),
        k if k.starts_with("proxy_buffer_size") => proxy_buffer(seen),
        "http_max_hdr" => header_count(seen),
        "backend_idle_timeout" => idle(seen),
        k if k.contains("max_children") || k.contains("MaxRequestWorkers") || k == ".max_connections" => workers(seen),
        k if k.contains("grace") => grace(seen),
        _ => none(),
    }
}

/// True for a limit of the time from sending a request to its answer, or of a pause in it.
fn is_wait(knob: &str) -> bool {
    const WAITS: [&str; 5] =
        ["first_byte_timeout", "between_bytes_timeout", "proxy_read_timeout", "timeout server", "ProxyTimeout"];
    WAITS.iter().any(|w| knob.contains(w)) || matches!(knob, "route timeout" | "origin response timeout")
}

fn wait(seen: &Observed) -> (String, String) {
    let hidden = seen.censored;
    let (Some(most), Some(p99)) = (seen.needed.last(), percentile(&seen.needed, 0.99)) else {
        let why =
            if hidden > 0 { "nobody knows how long the answers would have taken, so no value follows" } else { "" };
        return (String::new(), why.into());
    };
    if hidden * HIDDEN > seen.of {
        let why =
            format!("{hidden} of {} were given up before their true duration showed, so no value follows", seen.of);
        return (String::new(), why);
    }
    let value = seconds_with_margin(p99);
    let longer = (value as f64 * 1000.0 - seen.waited).max(0.0);
    let figure = format!(
        "covers 99 % of {} answers that came too late, the slowest after {}; each such fetch holds its worker up to {} \
         longer",
        seen.needed.len(),
        words(*most),
        words(longer)
    );
    (format!("{value}s"), figure)
}

fn header_line(seen: &Observed) -> (String, String) {
    match seen.header_bytes {
        Some(all) if all > ONE_HEADER => {
            let value = next_multiple(all, 4 << 10);
            let more = if value > ALL_HEADERS { "; more than http_resp_size, raise both" } else { "" };
            (format!("{value}"), format!("all headers together were at most {all} bytes, so no line was longer{more}"))
        }
        _ => (String::new(), format!("over {ONE_HEADER} bytes if this was it; the size is not logged")),
    }
}

fn headers_total(seen: &Observed) -> (String, String) {
    match seen.header_bytes {
        Some(all) if all > ONE_HEADER => {
            let value = next_multiple(all + all / 4, 4 << 10);
            (format!("{value}"), format!("the origin sent {all} bytes of headers, all together"))
        }
        _ => (String::new(), format!("over {ALL_HEADERS} bytes by default; the size is not logged")),
    }
}

fn proxy_buffer(seen: &Observed) -> (String, String) {
    match seen.header_bytes {
        Some(all) => (
            format!("{}k", next_multiple(all + all / 4, 4 << 10) >> 10),
            format!("headers of {all} bytes were seen, all together"),
        ),
        None => (String::new(), String::new()),
    }
}

fn header_count(seen: &Observed) -> (String, String) {
    match seen.header_lines {
        Some(n) => {
            (format!("{}", next_multiple(n + n / 4, 32)), format!("{n} header lines were logged before it gave up"))
        }
        None => (String::new(), "over 59 lines by default; their number is not logged".into()),
    }
}

fn idle(seen: &Observed) -> (String, String) {
    if seen.of == 0 {
        return (String::new(), String::new());
    }
    if seen.reused == 0 {
        return (String::new(), "none of them was on a kept-alive connection: it does not help here".into());
    }
    let figure = format!("{} of {} broke on a kept-alive connection", seen.reused, seen.of);
    let value = if seen.reused * 2 > seen.of { "less than the origin's keep-alive time" } else { "" };
    (value.into(), figure)
}

fn workers(seen: &Observed) -> (String, String) {
    let several = seen.open_beside.filter(|n| *n >= 4);
    let figure = |n| format!("about {n} other requests of the same kind were open when fetches began to fail");
    (String::new(), several.map(figure).unwrap_or_default())
}

fn grace(seen: &Observed) -> (String, String) {
    if seen.lasted_ms < 30_000.0 {
        return (String::new(), String::new());
    }
    let value = words((seen.lasted_ms * 1.2).max(60_000.0) + 60_000.0);
    (format!("grace {value}"), format!("it lasted {}; older pages would have bridged it", words(seen.lasted_ms)))
}
