//! What may leave the house. In: text of a log, and the addresses of own machines; out: the text without secrets and
//! with the addresses of people truncated. It masks too much rather than too little: it must not know what is said.

use std::net::IpAddr;

use super::plain::Plain;
use crate::model::{redact, truncate_addresses};

/// Words that introduce a credential without a sign between.
const SCHEMES: [&str; 5] = ["bearer", "basic", "digest", "negotiate", "apikey"];
/// How tokens of three parts in base 64 begin.
const TOKEN: &str = "eyJ";

/// Cleans texts.
pub(super) struct Clean {
    keep: Vec<IpAddr>,
}

impl Clean {
    /// Lets the addresses of these backends pass, given with or without port.
    pub fn of<'a>(backends: impl Iterator<Item = &'a str>) -> Clean {
        let address = |text: &str| {
            let host = text.rsplit_once(':').map(|(host, _)| host.trim_matches(['[', ']']));
            text.parse().ok().or_else(|| host?.parse().ok())
        };
        Clean { keep: backends.filter_map(address).collect() }
    }

    /// The text as it may be sent.
    pub fn text(&self, raw: &str) -> String {
        // Escapes first: what is written as %0a or as a control character may hide the end of a name.
        let plain = Plain::of(&redact(raw.as_bytes())).to_string();
        truncate_addresses(&without_credentials(&plain), &self.keep)
    }
}

fn without_credentials(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut introduced = false;
    for piece in text.split_inclusive([' ', '"', '\'', ',', ';', '=', ':', '&', '+', '%']) {
        let word = piece.trim_end_matches([' ', '"', '\'', ',', ';', '=', ':', '&', '+', '%']);
        let rest = &piece[word.len()..];
        let credential = word.len() > 7 || word.bytes().any(|b| b.is_ascii_digit());
        let secret = introduced && credential && !word.starts_with('<') || word.contains(TOKEN) && word.len() > 15;
        if secret {
            out.push_str(&format!("<redacted {} bytes>", word.len()));
        } else {
            out.push_str(word);
        }
        out.push_str(rest);
        // `Bearer%20x`: the digits of the escape stand between.
        let bare = word.trim_start_matches("20").trim_start_matches("3A").to_ascii_lowercase();
        introduced = SCHEMES.contains(&bare.as_str()) || introduced && word.is_empty();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_addresses_of_people_do_not_leave() {
        let clean = Clean::of(["10.0.0.11:8080", "[fd00::1]:80"].into_iter());
        for (raw, sent) in [
            ("GET /a?token=s3cret&b=1 200", "GET /a?token=<redacted 6 bytes>&b=1 200"),
            ("Cookie: a=s3cret; b=2", "Cookie: <redacted 13 bytes>"),
            ("Authorization: Basic czNjcmV0", "Authorization: <redacted 14 bytes>"),
            ("\"Bearer s3cret-token\" 200", "\"Bearer <redacted 12 bytes>\" 200"),
            ("/x?a=eyJhbGciOiJIUzI1NiJ9.e30.s3cret", "/x?a=<redacted 31 bytes>"),
            ("192.0.2.7 to 10.0.0.11:8080", "192.0.2.0/24 to 10.0.0.11:8080"),
            ("fd00::1 and 2001:db8::7", "fd00::1 and 2001:db8::/48"),
            ("a basic sort of thing\u{1b}[2J", "a basic sort of thing\\x1b[2J"),
        ] {
            let told = clean.text(raw);
            assert_eq!(told, sent);
            assert!(!told.contains("s3cret") && !told.contains("czNj") && !told.contains('\u{1b}'), "{told}");
        }
    }
}
