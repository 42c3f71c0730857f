//! `[[alerts.sink]]` as somebody wrote it. In: a table; out: a target with everything that its kind needs, or what is
//! missing or wrong and what to write instead. It must not know names and filters, which all kinds share.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::severity::Severity;
use super::span::Span;
use super::target::{Address, Target, Tls, Web};
use super::{http, smtp, template};
use crate::model::alert::NoticeKind;

/// Where PagerDuty takes events.
const PAGERDUTY: &str = "https://events.pagerduty.com/v2/enqueue";

/// `[[alerts.sink]]` as written. Which keys may be there depends on `kind`: see [`super::target::Sink::check`].
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Written {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) only: Vec<NoticeKind>,
    pub(super) min_severity: Severity,
    pub(super) timeout: Option<Span>,
    pub(super) url: Option<String>,
    pub(super) url_file: Option<PathBuf>,
    pub(super) allow_http: Option<bool>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) secret_file: Option<PathBuf>,
    pub(super) token_file: Option<PathBuf>,
    pub(super) template: Option<String>,
    pub(super) template_file: Option<PathBuf>,
    pub(super) content_type: Option<String>,
    pub(super) routing_key_file: Option<PathBuf>,
    pub(super) labels: Option<BTreeMap<String, String>>,
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) tls: Option<Tls>,
    pub(super) username: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) from: Option<String>,
    pub(super) to: Option<Vec<String>>,
    pub(super) argv: Option<Vec<String>>,
}

impl Written {
    /// The keys of the target that are there.
    pub(super) fn set(&self) -> Vec<String> {
        let common = ["name", "kind", "only", "min_severity", "timeout"];
        let all = serde_json::to_value(self).unwrap_or_default();
        let keys = all.as_object().into_iter().flatten();
        keys.filter(|(k, v)| !v.is_null() && !common.contains(&k.as_str())).map(|(k, _)| k.clone()).collect()
    }

    pub(super) fn target(&self) -> Result<Target, String> {
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
            http::check(url, allow_http)?;
        }
        Ok(Web { address, allow_http, ca_file: self.ca_file.clone(), token_file: self.token_file.clone() })
    }

    fn smtp(&self) -> Result<Target, String> {
        let host = self.host.clone().ok_or("host is missing: the name of the mail server")?;
        let tls = self.tls.unwrap_or(Tls::Starttls);
        let loopback = http::is_loopback(&host);
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
        smtp::check(&from, &to)?;
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
        template::check(&text, json)?;
        Ok(Some(text))
    }
}
