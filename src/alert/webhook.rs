//! The generic webhook. In: a notice; out: a POST with the notice as JSON or in a template's shape, signed when a secret
//! is there. It must not know who receives it.
//!
//! The signature is `X-Guru-Signature: sha256=HEX`, HMAC-SHA256 over the value of `X-Guru-Timestamp` (seconds since
//! 1970), a dot, and the body. Receivers compare it in constant time and refuse old timestamps.

use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::failure::Failure;
use super::target::Web;
use super::{http, secret, template};
use crate::model::alert::Notice;

/// What a webhook is made of.
pub struct Webhook<'a> {
    /// Where.
    pub web: &'a Web,
    /// Key of the signature.
    pub secret_file: Option<&'a Path>,
    /// Template of the body.
    pub template: Option<&'a str>,
    /// Type of the body.
    pub content_type: &'a str,
}

impl Webhook<'_> {
    /// Sends a notice.
    pub fn send(&self, notice: &Notice, timeout: Duration) -> Result<(), Failure> {
        let json = self.content_type.contains("json");
        let body = match self.template {
            Some(t) => template::fill(t, json, notice).map_err(Failure::lasting)?,
            None => template::plain(notice),
        };
        let mut headers = vec![
            ("Content-Type", self.content_type.to_string()),
            ("X-Guru-Event", notice.kind.word().to_string()),
            ("Idempotency-Key", header_value(&notice.key)),
        ];
        if let Some(file) = self.secret_file {
            let key = secret::read(file).map_err(Failure::passing)?;
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs()).to_string();
            headers.push(("X-Guru-Signature", signature(key.as_bytes(), &now, body.as_bytes())));
            headers.push(("X-Guru-Timestamp", now));
        }
        http::post(self.web, "", &headers, body.as_bytes(), timeout)
    }
}

/// `sha256=` and the HMAC in hexadecimal over timestamp, dot and body.
pub fn signature(key: &[u8], timestamp: &str, body: &[u8]) -> String {
    let mut text = String::from("sha256=");
    // HMAC takes keys of any length, so that this is always there.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) {
        mac.update(timestamp.as_bytes());
        mac.update(b".");
        mac.update(body);
        for byte in mac.finalize().into_bytes() {
            let _ = write!(text, "{byte:02x}");
        }
    }
    text
}

/// A text as the value of a header: printable ASCII, the rest as `?`.
fn header_value(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_a_known_vector() {
        // Made with another program: printf '%s' '1795196946.{"a":1}' | openssl dgst -sha256 -hmac Jefe
        assert_eq!(
            signature(b"Jefe", "1795196946", b"{\"a\":1}"),
            "sha256=65fc83006f97c9e6bdb62accaea2bbe5b9ff22d46b17afd50ac9dc3ce4e9b879"
        );
    }
}
