//! Where calls for help go: one `[[alerts.sink]]`, checked. In: the table as written; out: a name, a filter and a target
//! with everything it needs, secrets as names of files. It must not know how anything is sent.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::severity::Severity;
use super::span::Span;
use super::written::Written;
use crate::model::alert::{Notice, NoticeKind};

/// How a mail server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// In the clear first, then TLS or nothing.
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// In the clear; only to this machine.
    None,
}

/// An address of the web, or the file that holds it because it is a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// As written.
    Open(String),
    /// In this file.
    Secret(PathBuf),
}

/// How an address is reached.
#[derive(Clone, Debug)]
pub struct Web {
    /// The address.
    pub address: Address,
    /// Plain HTTP to other machines is meant.
    pub allow_http: bool,
    /// Certificates (PEM) to trust instead of those of public authorities.
    pub ca_file: Option<PathBuf>,
    /// Sent as `Authorization: Bearer`.
    pub token_file: Option<PathBuf>,
}

/// What a sink is.
#[derive(Clone, Debug)]
pub enum Target {
    /// Any receiver of HTTP requests.
    Webhook {
        /// Where.
        web: Web,
        /// Key of the signature.
        secret_file: Option<PathBuf>,
        /// Template of the body; `None` for the notice as JSON.
        template: Option<String>,
        /// Type of the body.
        content_type: String,
    },
    /// Slack, Mattermost, Rocket.Chat and others that take the same JSON.
    Slack {
        /// Where.
        web: Web,
    },
    /// PagerDuty Events v2.
    PagerDuty {
        /// Where.
        web: Web,
        /// The integration key.
        routing_key_file: PathBuf,
    },
    /// Prometheus Alertmanager, API v2.
    Alertmanager {
        /// Its base address.
        web: Web,
        /// Labels beside its own.
        labels: BTreeMap<String, String>,
    },
    /// Mail.
    Smtp {
        /// Mail server.
        host: String,
        /// Its port.
        port: u16,
        /// TLS.
        tls: Tls,
        /// Name and file of the password.
        login: Option<(String, PathBuf)>,
        /// Sender.
        from: String,
        /// Receivers.
        to: Vec<String>,
        /// Certificates (PEM) to trust instead of those of public authorities.
        ca_file: Option<PathBuf>,
    },
    /// A program with its arguments.
    Command {
        /// Program, by its full path, and arguments.
        argv: Vec<String>,
    },
}

/// A sink that was checked.
#[derive(Clone, Debug)]
pub struct Sink {
    /// Its name.
    pub name: String,
    /// Its kind, as written.
    pub kind: String,
    /// Kinds of notices that it wants; empty for all.
    pub only: Vec<NoticeKind>,
    /// Mildest severity that it wants.
    pub min_severity: Severity,
    /// Longest time that sending may take.
    pub timeout: Span,
    /// Where things go.
    pub target: Target,
    /// The table as written, to show it.
    pub written: Written,
}

/// Kinds of sinks and the keys that each has beside `name`, `kind`, `only`, `min_severity` and `timeout`.
const KINDS: [(&str, &[&str]); 6] = [
    (
        "webhook",
        &[
            "url",
            "url_file",
            "allow_http",
            "ca_file",
            "token_file",
            "secret_file",
            "template",
            "template_file",
            "content_type",
        ],
    ),
    ("slack", &["url_file", "allow_http", "ca_file"]),
    ("pagerduty", &["routing_key_file", "url", "allow_http", "ca_file"]),
    ("alertmanager", &["url", "url_file", "allow_http", "ca_file", "token_file", "labels"]),
    ("smtp", &["host", "port", "tls", "username", "password_file", "from", "to", "ca_file"]),
    ("command", &["argv"]),
];

impl Sink {
    /// True when it wants the notice.
    pub fn wants(&self, notice: &Notice) -> bool {
        (self.only.is_empty() || self.only.contains(&notice.kind))
            && Severity::of(&notice.severity) >= self.min_severity
    }

    /// Every file that it needs, with the key that names it.
    pub fn files(&self) -> Vec<(&'static str, PathBuf)> {
        let w = &self.written;
        let all = [
            ("url_file", &w.url_file),
            ("secret_file", &w.secret_file),
            ("token_file", &w.token_file),
            ("routing_key_file", &w.routing_key_file),
            ("password_file", &w.password_file),
            ("ca_file", &w.ca_file),
        ];
        all.into_iter().filter_map(|(key, file)| Some((key, file.clone()?))).collect()
    }

    /// Checks a table.
    ///
    /// # Errors
    /// What is wrong with it and what to write instead.
    pub fn check(written: &Written) -> Result<Sink, String> {
        let w = written.clone();
        let known = KINDS.map(|k| k.0).join(", ");
        let Some((_, keys)) = KINDS.iter().find(|k| k.0 == w.kind) else {
            return Err(match w.kind.as_str() {
                "" => format!("a sink has no kind: write kind = \"…\", one of {known}"),
                kind => format!("\"{kind}\" is no kind of sink: write one of {known}"),
            });
        };
        if w.name.is_empty()
            || w.name == "all"
            || !w.name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        {
            return Err(format!("a sink of kind {} needs a name of letters, digits, - and _, other than all", w.kind));
        }
        for key in w.set() {
            if !keys.contains(&key.as_str()) {
                let keys = keys.join(", ");
                return Err(format!("{key} means nothing to a sink of kind {}: its keys are {keys}", w.kind));
            }
        }
        let target = w.target().map_err(|e| format!("the sink {} of kind {}: {e}", w.name, w.kind))?;
        let timeout = w.timeout.unwrap_or(Span::seconds(10));
        if !(Span::seconds(1)..=Span::seconds(300)).contains(&timeout) {
            return Err(format!("the sink {}: write a timeout from 1s to 5m", w.name));
        }
        Ok(Sink {
            name: w.name,
            kind: w.kind,
            only: w.only,
            min_severity: w.min_severity,
            timeout,
            target,
            written: written.clone(),
        })
    }
}
