//! Mail. In: a notice; out: one message handed to a mail server, with TLS unless the server is this machine. The
//! message's id and its `References` come from key and group, so that readers thread an incident.

use std::path::Path;
use std::time::Duration;

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls as Secured, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{SmtpTransport, Transport};

use super::failure::Failure;
use super::http::brief;
use super::secret;
use super::target::Tls;
use crate::model::alert::Notice;

/// What mail is made of.
pub struct Mail<'a> {
    /// Mail server.
    pub host: &'a str,
    /// Its port.
    pub port: u16,
    /// TLS.
    pub tls: Tls,
    /// Name and file of the password.
    pub login: Option<(&'a str, &'a Path)>,
    /// Sender.
    pub from: &'a str,
    /// Receivers.
    pub to: &'a [String],
    /// Certificates to trust.
    pub ca_file: Option<&'a Path>,
}

/// Checks addresses.
///
/// # Errors
/// Which one is none.
pub fn check(from: &str, to: &[String]) -> Result<(), String> {
    for address in std::iter::once(from).chain(to.iter().map(String::as_str)) {
        let parsed: Result<Mailbox, _> = address.parse();
        parsed.map_err(|e| format!("\"{address}\" is no mail address: {e}"))?;
    }
    Ok(())
}

impl Mail<'_> {
    /// Sends a notice.
    pub fn send(&self, notice: &Notice, timeout: Duration) -> Result<(), Failure> {
        let message = self.message(notice).map_err(Failure::lasting)?;
        match self.transport(timeout)?.send(&message) {
            Ok(_) => Ok(()),
            // 5xx of the server, and what lettre cannot do with it (no STARTTLS, no known way to log in).
            Err(e) if e.is_permanent() || e.is_client() => Err(Failure::lasting(brief(&e.to_string()))),
            Err(e) => Err(Failure::passing(brief(&e.to_string()))),
        }
    }

    /// The message.
    pub fn message(&self, notice: &Notice) -> Result<Message, String> {
        let told = |e: &dyn std::fmt::Display| format!("the mail cannot be written: {e}");
        let mailbox = |a: &str| a.parse::<Mailbox>().map_err(|e| told(&e));
        let from = mailbox(self.from)?;
        let domain = from.email.domain().to_string();
        let mut builder = Message::builder()
            .from(from)
            .subject(brief(&format!("[guru {}] {}", notice.severity, notice.title)))
            .message_id(Some(format!("<{}@{domain}>", token(&notice.key))))
            .references(format!("<{}@{domain}>", token(&notice.group)))
            .header(ContentType::TEXT_PLAIN)
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".into()));
        for to in self.to {
            builder = builder.to(mailbox(to)?);
        }
        builder.body(body(notice)).map_err(|e| told(&e))
    }

    fn transport(&self, timeout: Duration) -> Result<SmtpTransport, Failure> {
        let secured = match self.tls {
            Tls::Starttls => Secured::Required(self.tls_parameters()?),
            Tls::Tls => Secured::Wrapper(self.tls_parameters()?),
            Tls::None => Secured::None,
        };
        let mut builder = SmtpTransport::builder_dangerous(self.host)
            .port(self.port)
            .tls(secured)
            .hello_name(ClientId::default())
            .timeout(Some(timeout));
        if let Some((name, file)) = self.login {
            let password = secret::read(file).map_err(Failure::passing)?;
            builder = builder.credentials(Credentials::new(name.to_string(), password));
        }
        Ok(builder.build())
    }

    fn tls_parameters(&self) -> Result<TlsParameters, Failure> {
        let wrong = |e: &dyn std::fmt::Display| Failure::lasting(format!("TLS cannot be set up: {e}"));
        let mut builder = TlsParameters::builder(self.host.to_string());
        if let Some(file) = self.ca_file {
            let pem = std::fs::read(file).map_err(|e| wrong(&format!("{}: {e}", file.display())))?;
            let certificate = Certificate::from_pem(&pem).map_err(|e| wrong(&e))?;
            builder = builder.certificate_store(CertificateStore::None).add_root_certificate(certificate);
        }
        builder.build().map_err(|e| wrong(&e))
    }
}

fn body(notice: &Notice) -> String {
    let mut text = format!("{}\n\n{}\n\n", notice.title, notice.text);
    text += &format!("service: {}\ncause: {}\nfailed fetches: {}\n", notice.service, notice.cause, notice.failures);
    if notice.incident > 0 {
        text += &format!("\nall of it: guru show {}\n", notice.incident);
    }
    text
}

/// A text as part of a message id.
fn token(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || "-.".contains(c) { c } else { '_' }).take(200).collect()
}
