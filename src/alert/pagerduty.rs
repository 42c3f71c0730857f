//! PagerDuty, Events API v2. In: a notice; out: one event. The group is the `dedup_key`: an incident is one page from
//! its opening to its end.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::failure::Failure;
use super::target::Web;
use super::{http, secret};
use crate::model::alert::{Notice, NoticeKind};

/// Sends a notice.
pub fn send(web: &Web, routing_key_file: &Path, notice: &Notice, timeout: Duration) -> Result<(), Failure> {
    let key = secret::read(routing_key_file).map_err(Failure::passing)?;
    let headers = [("Content-Type", "application/json".to_string())];
    http::post(web, "", &headers, payload(notice, &key).to_string().as_bytes(), timeout)
}

/// The event.
pub fn payload(notice: &Notice, routing_key: &str) -> Value {
    let action = if notice.kind == NoticeKind::Recovered { "resolve" } else { "trigger" };
    json!({
        "routing_key": routing_key,
        "event_action": action,
        "dedup_key": cut(&notice.group, 255),
        "client": "guru",
        "payload": {
            "summary": cut(&notice.title, 1024),
            "source": if notice.service.is_empty() { "guru" } else { &notice.service },
            "severity": notice.severity,
            "timestamp": notice.at().rfc3339(),
            "component": notice.service,
            "class": notice.cause,
            "custom_details": {
                "kind": notice.kind.word(),
                "key": notice.key,
                "text": notice.text,
                "incident": notice.incident,
                "failed_fetches": notice.failures,
                "share_5xx": notice.share,
            },
        },
    })
}

/// The first `most` characters.
fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
