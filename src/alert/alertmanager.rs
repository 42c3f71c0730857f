//! Prometheus Alertmanager, API v2. In: a notice; out: one alert under labels that stay the same from an incident's
//! opening to its end. What changes (severity, cause, counts) is in annotations: as a label it would be another alert.
//!
//! Alertmanager forgets an alert that is not sent again. guru speaks only when something changes, so it says when the
//! alert ends: a day from now, longer than the repeat interval, and now when it is over.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::failure::Failure;
use super::http;
use super::target::Web;
use super::thread::opened_at;
use crate::model::alert::{Notice, NoticeKind};
use crate::model::stamp::{SECOND, Stamp};

/// How long an alert is good for, microseconds: a day.
const GOOD_US: i64 = 24 * 3600 * SECOND;

/// Sends a notice.
pub fn send(web: &Web, labels: &BTreeMap<String, String>, notice: &Notice, timeout: Duration) -> Result<(), Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|d| i64::try_from(d.as_micros()).ok());
    let body = payload(notice, labels, Stamp(now.unwrap_or(notice.at_us))).to_string();
    let headers = [("Content-Type", "application/json".to_string())];
    http::post(web, "/api/v2/alerts", &headers, body.as_bytes(), timeout)
}

/// The alert, as of `now`.
pub fn payload(notice: &Notice, labels: &BTreeMap<String, String>, now: Stamp) -> Value {
    let mut all: BTreeMap<&str, &str> = labels.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    all.insert("alertname", "Guru");
    all.insert("service", &notice.service);
    all.insert("guru_group", &notice.group);
    all.retain(|_, value| !value.is_empty());
    let over = notice.kind == NoticeKind::Recovered;
    let starts = opened_at(&notice.group).unwrap_or(notice.at());
    json!([{
        "labels": all,
        "annotations": {
            "summary": notice.title,
            "description": notice.text,
            "severity": notice.severity,
            "cause": notice.cause,
            "kind": notice.kind.word(),
            "key": notice.key,
        },
        "startsAt": starts.min(now).rfc3339(),
        "endsAt": (if over { now } else { now + GOOD_US }).rfc3339(),
    }])
}
