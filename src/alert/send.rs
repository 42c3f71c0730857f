//! One notice to one sink. In: both; out: taken, or why not. It must not know when to try again.

use super::command;
use super::failure::Failure;
use super::smtp::Mail;
use super::target::{Sink, Target};
use super::webhook::Webhook;
use super::{alertmanager, pagerduty, slack};
use crate::model::alert::Notice;

impl Sink {
    /// Sends a notice; takes no longer than the sink's timeout allows for each step of it.
    ///
    /// # Errors
    /// Why it was not taken, and whether trying again may help.
    pub fn send(&self, notice: &Notice) -> Result<(), Failure> {
        let timeout = self.timeout.duration();
        match &self.target {
            Target::Webhook { web, secret_file, template, content_type } => {
                let (secret_file, template) = (secret_file.as_deref(), template.as_deref());
                Webhook { web, secret_file, template, content_type }.send(notice, timeout)
            }
            Target::Slack { web } => slack::send(web, notice, timeout),
            Target::PagerDuty { web, routing_key_file } => pagerduty::send(web, routing_key_file, notice, timeout),
            Target::Alertmanager { web, labels } => alertmanager::send(web, labels, notice, timeout),
            Target::Smtp { host, port, tls, login, from, to, ca_file } => {
                let login = login.as_ref().map(|(name, file)| (name.as_str(), file.as_path()));
                Mail { host, port: *port, tls: *tls, login, from, to, ca_file: ca_file.as_deref() }
                    .send(notice, timeout)
            }
            Target::Command { argv } => command::send(argv, notice, timeout),
        }
    }
}
