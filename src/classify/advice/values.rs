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
/// Varnish 7.0 to 8.0: default of workspace_backend.
const WORKSPACE: u64 = 96 << 10;

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
        k if k.starts_with("proxy_buffer_size") || k == "tune.bufsize" => {
            (String::new(), "its log does not say how large they were; start with twice the default".into())
        }
        "workspace_backend" => workspace(seen),
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

fn workspace(seen: &Observed) -> (String, String) {
    let Some(all) = seen.header_bytes else { return (String::new(), String::new()) };
    // What VCL and the request take of it is not logged: as much again as the answer's headers, and the default above.
    let value = next_multiple(WORKSPACE.max(ALL_HEADERS) + 2 * all, 32 << 10) >> 10;
    (format!("{value}k"), format!("the origin sent {all} bytes of headers, all together"))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What `value_for` says of a knob.
    fn told(knob: &str, seen: &Observed) -> (String, String) {
        value_for(knob, seen)
    }

    #[test]
    fn header_limits_hold_what_was_seen() {
        let seen = Observed { header_bytes: Some(38_293), header_lines: Some(59), of: 10, ..Observed::default() };
        let number = |knob: &str| told(knob, &seen).0.parse::<u64>().expect("a number");
        assert!(number("http_resp_size, workspace_backend") > 38_293 && number("http_resp_hdr_len") > 38_293);
        assert!(told("http_resp_hdr_len", &seen).1.contains("raise both"), "longer than all headers may be by default");
        assert!((59 + 5..=128).contains(&number("http_max_hdr")));
        assert_eq!(told("workspace_backend", &seen).0, "192k");
        // Nothing was logged, or less than the default limit: no value can follow.
        for seen in [Observed::default(), Observed { header_bytes: Some(900), ..Observed::default() }] {
            for knob in ["http_resp_size, workspace_backend", "http_resp_hdr_len", "proxy_buffer_size"] {
                let (value, figure) = told(knob, &seen);
                assert!(value.is_empty() && !figure.is_empty(), "{knob}: {value} {figure}");
            }
        }
    }

    #[test]
    fn waits_cover_what_was_needed_unless_it_is_hidden() {
        let needed: Vec<f64> = (0..100).map(|n| 2_000.0 + 10.0 * f64::from(n)).collect();
        let seen = Observed { needed, of: 110, censored: 10, waited: 1_500.0, ..Observed::default() };
        for knob in ["bereq.first_byte_timeout", "proxy_read_timeout, fastcgi_read_timeout", "timeout server"] {
            assert_eq!(told(knob, &seen).0, "4s", "{knob}");
        }
        let hidden = Observed { censored: 60, ..seen };
        assert_eq!(told("bereq.first_byte_timeout", &hidden).0, "");
        let paused = Observed { cause: "timeout.between_bytes".into(), ..hidden };
        assert!(told("proxy_read_timeout", &paused).1.contains("pauses"));
    }

    #[test]
    fn grace_outlasts_the_outage_and_reuse_is_told_only_where_it_was() {
        let seen = Observed { lasted_ms: 600_000.0, of: 10, reused: 6, ..Observed::default() };
        let (value, _) = told("beresp.grace", &seen);
        let minutes: f64 = value.trim_start_matches("grace ").trim_end_matches(" min").parse().expect("minutes");
        assert!(minutes > 10.0, "{value}");
        assert!(told("backend_idle_timeout", &seen).0.contains("keep-alive"));
        assert_eq!(told("backend_idle_timeout", &Observed { reused: 0, ..seen }).0, "");
        let busy = Observed { open_beside: Some(45), ..Observed::default() };
        assert!(told("pm.max_children; MaxRequestWorkers", &busy).1.contains("45"));
    }
}
