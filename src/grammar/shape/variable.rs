//! The variables of nginx's `log_format`. In: a variable's name; out: its `Term`, or the name that was probably meant.
//! It must not know how a line is taken apart.
//!
//! Source: nginx 1.22 and 1.31, `ngx_http_log_module` and the variables of its HTTP modules.

use super::super::field::{Field, Kind};
use super::super::term::Term;

const VARIABLES: &[(&str, Field, Kind)] = {
    use Field as F;
    use Kind as K;
    &[
        ("remote_addr", F::RemoteAddr, K::Word),
        ("realip_remote_addr", F::RealPeer, K::Word),
        ("time_local", F::TimeLocal, K::TimeLocal),
        ("time_iso8601", F::TimeIso, K::TimeIso),
        ("msec", F::Msec, K::Epoch),
        ("request", F::Request, K::Text),
        ("request_method", F::Method, K::Word),
        ("request_uri", F::Uri, K::Text),
        ("uri", F::Uri, K::Text),
        ("document_uri", F::Uri, K::Text),
        ("args", F::Args, K::Text),
        ("query_string", F::Args, K::Text),
        ("status", F::Status, K::Status),
        ("body_bytes_sent", F::BodyBytes, K::Number),
        ("bytes_sent", F::BytesSent, K::Number),
        ("request_length", F::RequestLength, K::Number),
        ("request_time", F::RequestTime, K::Seconds),
        ("request_completion", F::Completion, K::Word),
        ("http_referer", F::Referer, K::Text),
        ("http_user_agent", F::Agent, K::Text),
        ("http_x_forwarded_for", F::Forwarded, K::Text),
        ("host", F::Host, K::Word),
        ("http_host", F::Host, K::Text),
        ("server_name", F::ServerName, K::Word),
        ("server_port", F::ServerPort, K::Number),
        ("connection", F::Connection, K::Number),
        ("connection_requests", F::ConnectionRequests, K::Number),
        ("http_x_varnish", F::XVarnish, K::Text),
        ("http_x_request_id", F::XRequestId, K::Text),
        ("http_cf_ray", F::CdnId, K::Text),
        ("http_x_amz_cf_id", F::CdnId, K::Text),
        ("http_x_azure_ref", F::CdnId, K::Text),
        ("http_x_amzn_trace_id", F::CdnId, K::Text),
        ("http_traceparent", F::CdnId, K::Text),
        ("request_id", F::RequestId, K::Word),
        ("req_id", F::RequestId, K::Word),
        ("sent_http_retry_after", F::RetryAfter, K::Text),
        ("upstream_http_retry_after", F::RetryAfter, K::Text),
        ("proxy_host", F::UpstreamName, K::Word),
        ("proxy_upstream_name", F::UpstreamName, K::Word),
        ("upstream_addr", F::UpstreamAddr, K::List),
        ("upstream_status", F::UpstreamStatus, K::Times),
        ("upstream_connect_time", F::UpstreamConnect, K::Times),
        ("upstream_header_time", F::UpstreamHeader, K::Times),
        ("upstream_response_time", F::UpstreamResponse, K::Times),
        ("upstream_bytes_received", F::UpstreamReceived, K::Times),
        ("upstream_response_length", F::Ignored, K::Times),
        ("upstream_bytes_sent", F::Ignored, K::Times),
        ("upstream_cache_status", F::CacheStatus, K::Word),
        ("remote_user", F::Ignored, K::Text),
        ("pipe", F::Ignored, K::Word),
        ("scheme", F::Ignored, K::Word),
        ("server_protocol", F::Ignored, K::Word),
        ("server_addr", F::Ignored, K::Word),
        ("remote_port", F::Ignored, K::Number),
        ("gzip_ratio", F::Ignored, K::Word),
        ("ssl_protocol", F::Ignored, K::Word),
        ("ssl_cipher", F::Ignored, K::Word),
        ("http_x_real_ip", F::Ignored, K::Text),
    ]
};

/// What a variable is. A name that guru does not know is read over: `map` and `set` make new ones.
pub fn of_variable(name: &str) -> Term {
    VARIABLES.iter().find(|v| v.0 == name).map_or(Term::IGNORED, |v| Term::of(v.1, v.2))
}

/// The known variable that an unknown name is probably a slip of: one letter wrong, missing, added or exchanged.
pub fn meant(name: &str) -> Option<&'static str> {
    let known = |n: &str| VARIABLES.iter().any(|v| v.0 == n);
    if known(name) || name.len() < 4 {
        return None;
    }
    VARIABLES.iter().map(|v| v.0).find(|v| v.len() > 3 && one_slip(v.as_bytes(), name.as_bytes()))
}

fn one_slip(a: &[u8], b: &[u8]) -> bool {
    let same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (x, y) = (&a[same..], &b[same..]);
    match (x, y) {
        ([_, x @ ..], [_, y @ ..]) if x == y => true,
        ([p, q, x @ ..], [r, s, y @ ..]) if p == s && q == r && x == y => true,
        ([_, x @ ..], y) if x == y => true,
        (x, [_, y @ ..]) if x == y => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_one_letter_is_recognised_and_a_name_of_ones_own_is_not() {
        assert_eq!(meant("stauts"), Some("status"));
        assert_eq!(meant("http_referrer"), Some("http_referer"));
        assert_eq!(meant("upstream_add"), Some("upstream_addr"));
        assert_eq!(meant("status"), None);
        assert_eq!(meant("my_map"), None);
        assert_eq!(meant("http_x_real_ip"), None);
    }
}
