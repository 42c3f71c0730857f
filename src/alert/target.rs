//! Where calls for help go: one `[[alerts.sink]]`, checked. In: the table as written; out: a name, a filter and a target
//! with everything it needs, secrets as names of files. It must not know how anything is sent.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::severity::Severity;
use super::span::Span;
use crate::model::alert::{Notice, NoticeKind};

/// `[[alerts.sink]]` as written. Which keys may be there depends on `kind`: see [`Sink::check`].
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Written {
    name: String,
    kind: String,
    only: Vec<NoticeKind>,
    min_severity: Severity,
    timeout: Option<Span>,
    url: Option<String>,
    url_file: Option<PathBuf>,
    allow_http: Option<bool>,
    ca_file: Option<PathBuf>,
    secret_file: Option<PathBuf>,
    token_file: Option<PathBuf>,
    template: Option<String>,
    template_file: Option<PathBuf>,
    content_type: Option<String>,
    routing_key_file: Option<PathBuf>,
    labels: Option<BTreeMap<String, String>>,
    host: Option<String>,
    port: Option<u16>,
    tls: Option<Tls>,
    username: Option<String>,
    password_file: Option<PathBuf>,
    from: Option<String>,
    to: Option<Vec<String>>,
    argv: Option<Vec<String>>,
}

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

/// Where PagerDuty takes events.
const PAGERDUTY: &str = "https://events.pagerduty.com/v2/enqueue";

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

impl Written {
    /// The keys of the target that are there.
    fn set(&self) -> Vec<String> {
        let common = ["name", "kind", "only", "min_severity", "timeout"];
        let all = serde_json::to_value(self).unwrap_or_default();
        let keys = all.as_object().into_iter().flatten();
        keys.filter(|(k, v)| !v.is_null() && !common.contains(&k.as_str())).map(|(k, _)| k.clone()).collect()
    }

    fn target(&self) -> Result<Target, String> {
        let need = |file: &Option<PathBuf>, key: &str| {
            file.clone().ok_or_else(|| format!("{key} is missing: secrets stand in files of their own"))
        };
        Ok(match self.kind.as_str() {
            "webhook" => Target::Webhook {
                web: self.web(None)?,
                secret_file: self.secret_file.clone(),
                template: self.template_text()?,
                content_type: self.content_type.clone().unwrap_or_else(|| "application/json".into()),
            },
            "slack" => Target::Slack { web: self.web(None)? },
            "pagerduty" => Target::PagerDuty {
                web: self.web(Some(PAGERDUTY))?,
                routing_key_file: need(&self.routing_key_file, "routing_key_file")?,
            },
            "alertmanager" => {
                Target::Alertmanager { web: self.web(None)?, labels: self.labels.clone().unwrap_or_default() }
            }
            "smtp" => self.smtp()?,
            _ => match self.argv.clone().unwrap_or_default() {
                argv if argv.first().is_some_and(|p| p.starts_with('/')) => Target::Command { argv },
                _ => {
                    return Err("argv must begin with the full path of a program, such as [\"/usr/bin/logger\"]".into());
                }
            },
        })
    }

    fn web(&self, usual: Option<&str>) -> Result<Web, String> {
        let address = match (&self.url, &self.url_file) {
            (Some(_), Some(_)) => return Err("write url or url_file, not both".into()),
            (Some(url), None) => Address::Open(url.clone()),
            (None, Some(file)) => Address::Secret(file.clone()),
            (None, None) if self.kind == "slack" => {
                return Err("url_file is missing: the address of a chat's webhook is a secret".into());
            }
            (None, None) => {
                Address::Open(usual.ok_or("url (or url_file, when it is a secret) is missing")?.to_string())
            }
        };
        let allow_http = self.allow_http.unwrap_or(false);
        if let Address::Open(url) = &address {
            super::http::check(url, allow_http)?;
        }
        Ok(Web { address, allow_http, ca_file: self.ca_file.clone(), token_file: self.token_file.clone() })
    }

    fn smtp(&self) -> Result<Target, String> {
        let host = self.host.clone().ok_or("host is missing: the name of the mail server")?;
        let tls = self.tls.unwrap_or(Tls::Starttls);
        let loopback = super::http::is_loopback(&host);
        if tls == Tls::None && !loopback {
            return Err(format!("tls = \"none\" is only for a mail server on this machine, not for {host}"));
        }
        let usual = match tls {
            Tls::Starttls => 587,
            Tls::Tls => 465,
            Tls::None => 25,
        };
        let login = match (&self.username, &self.password_file) {
            (Some(name), Some(file)) => Some((name.clone(), file.clone())),
            (None, None) => None,
            _ => return Err("username and password_file go together".into()),
        };
        let to = self.to.clone().unwrap_or_default();
        if to.is_empty() {
            return Err("to is missing: whom to write to, such as [\"ops@example.com\"]".into());
        }
        let from = self.from.clone().ok_or("from is missing: the sender, such as \"guru@example.com\"")?;
        super::smtp::check(&from, &to)?;
        let port = self.port.unwrap_or(usual);
        Ok(Target::Smtp { host, port, tls, login, from, to, ca_file: self.ca_file.clone() })
    }

    fn template_text(&self) -> Result<Option<String>, String> {
        let text = match (&self.template, &self.template_file) {
            (Some(_), Some(_)) => return Err("write template or template_file, not both".into()),
            (Some(text), None) => text.clone(),
            (None, Some(file)) => std::fs::read_to_string(file)
                .map_err(|e| format!("the template {} cannot be read: {e}", file.display()))?,
            (None, None) => return Ok(None),
        };
        let json = self.content_type.as_deref().is_none_or(|t| t.contains("json"));
        super::template::check(&text, json)?;
        Ok(Some(text))
    }
}
