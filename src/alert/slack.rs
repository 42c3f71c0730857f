//! Chats: Slack's incoming webhooks and all that take the same JSON (Mattermost, Rocket.Chat, Zulip). In: a notice; out:
//! one message with a coloured bar. Attachments and not blocks, because the others do not know blocks.

use std::time::Duration;

use serde_json::{Value, json};

use super::failure::Failure;
use super::http;
use super::severity::Severity;
use super::target::Web;
use crate::model::alert::{Notice, NoticeKind};

/// Sends a notice.
pub fn send(web: &Web, notice: &Notice, timeout: Duration) -> Result<(), Failure> {
    let headers = [("Content-Type", "application/json".to_string())];
    http::post(web, "", &headers, payload(notice).to_string().as_bytes(), timeout)
}

/// The message.
pub fn payload(notice: &Notice) -> Value {
    let color = match (notice.kind, Severity::of(&notice.severity)) {
        (NoticeKind::Recovered, _) => "#2eb886",
        (_, Severity::Critical) => "#d00000",
        (_, Severity::Warning) => "#daa038",
        (_, Severity::Info) => "#808080",
    };
    let field = |title: &str, value: String| json!({"title": title, "value": escaped(&value), "short": true});
    let mut fields = vec![field("Service", notice.service.clone())];
    if !notice.cause.is_empty() {
        fields.push(field("Cause", notice.cause.clone()));
    }
    if notice.failures > 0 {
        fields.push(field("Failed fetches", notice.failures.to_string()));
    }
    if notice.incident > 0 {
        fields.push(field("Incident", format!("guru show {}", notice.incident)));
    }
    json!({
        "text": escaped(&notice.title),
        "attachments": [{
            "fallback": escaped(&notice.title),
            "color": color,
            "text": escaped(&notice.text),
            "fields": fields,
            "footer": "guru",
            "ts": notice.at().seconds().max(0),
        }],
    })
}

/// Slack's three escapes: without them a log could write links and call `<!channel>`.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
