//! One thing that a log shipper puts around a line. In: a line; out: what is inside, who sent it, and whether it goes
//! on in the next line of that sender. It must not know what is logged.
//!
//! Shapes of docker's json-file, containerd (CRI), `docker compose logs`, `docker service logs`, `kubectl logs`,
//! journalctl, Fluent Bit and Filebeat as they were written in 2026; syslog has a file of its own.

use memchr::memchr;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::json::{decode, members, quoted};
use super::syslog;

/// A kind of wrapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layer {
    /// `{"log":"…\n","stream":"stdout","time":"…"}`.
    Docker,
    /// `journalctl -o json`.
    Journal,
    /// Any other JSON object with the line in `log` or `message`.
    Json,
    /// `2026-11-20T17:58:24.123Z stdout F …`.
    Cri,
    /// `[pod/NAME/CONTAINER] …`.
    Kubectl,
    /// `varnish-1  | …`.
    Compose,
    /// Syslog of RFC 5424.
    SyslogModern,
    /// Every other syslog, and journalctl's short outputs.
    Syslog,
    /// A stamp and a blank.
    Stamped,
}

/// Who wrote a line; what is not said is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sender<'t> {
    /// Machine or pod.
    pub host: &'t [u8],
    /// Program, container or compose service.
    pub service: &'t [u8],
    /// `stdout` or `stderr`.
    pub stream: &'t [u8],
}

/// What is inside.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inside<'t> {
    pub text: &'t [u8],
    /// The next line of the same sender goes on where this one ends.
    pub partial: bool,
}

impl<'t> Sender<'t> {
    /// A number that differs between senders.
    pub fn key(&self) -> u64 {
        [self.host, self.service, self.stream].iter().fold(0, |key, part| xxh3_64_with_seed(part, key))
    }

    /// The outermost layer that tells the host is right: the others stand in a container.
    pub(super) fn host(&mut self, host: &'t [u8]) {
        if self.host.is_empty() {
            self.host = host;
        }
    }

    pub(super) fn service(&mut self, service: &'t [u8]) {
        if self.service.is_empty() {
            self.service = service;
        }
    }

    fn stream(&mut self, stream: &'t [u8]) {
        if self.stream.is_empty() {
            self.stream = stream;
        }
    }
}

impl Layer {
    /// Every kind; one that says more comes before those that would fit its lines too.
    pub const ALL: [Layer; 9] = [
        Layer::Docker,
        Layer::Journal,
        Layer::Json,
        Layer::Cri,
        Layer::Kubectl,
        Layer::Compose,
        Layer::SyslogModern,
        Layer::Syslog,
        Layer::Stamped,
    ];

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Layer::Docker => "docker json-file",
            Layer::Journal => "journald JSON",
            Layer::Json => "JSON of a log shipper",
            Layer::Cri => "CRI",
            Layer::Kubectl => "kubectl logs --prefix",
            Layer::Compose => "docker compose logs",
            Layer::SyslogModern => "syslog (RFC 5424)",
            Layer::Syslog => "syslog",
            Layer::Stamped => "lines with a stamp before them",
        }
    }

    /// True when nothing but this shipper writes such lines, so that what they look like as a whole says nothing.
    pub fn is_certain(self) -> bool {
        !matches!(self, Layer::Json | Layer::Syslog | Layer::Stamped)
    }

    /// True when it stands before a text, which a format may read along.
    pub fn is_text(self) -> bool {
        !matches!(self, Layer::Docker | Layer::Journal | Layer::Json)
    }

    /// True when it may divide a line into several.
    pub(super) fn divides(self) -> bool {
        matches!(self, Layer::Docker | Layer::Json | Layer::Cri)
    }

    /// True when it may write characters as numbers, or divide a line within a word.
    pub(super) fn decodes(self) -> bool {
        self.divides() || self == Layer::Journal
    }

    /// Takes it off. `buffer` is for text that must be decoded. `None` when the line is not wrapped so.
    #[inline]
    pub(super) fn strip<'t>(
        self,
        line: &'t [u8],
        buffer: &'t mut Vec<u8>,
        sender: &mut Sender<'t>,
    ) -> Option<Inside<'t>> {
        let text = match self {
            Layer::Docker | Layer::Journal | Layer::Json => return self.json(line, buffer, sender),
            Layer::Cri => return cri(line, sender),
            Layer::Kubectl => kubectl(line, sender)?,
            Layer::Compose => compose(line, sender)?,
            Layer::Stamped => syslog::after_iso(line)?,
            Layer::SyslogModern => unescaped(syslog::modern(line, sender)?, buffer),
            Layer::Syslog => unescaped(syslog::classic(line, sender)?, buffer),
        };
        Some(Inside { text, partial: false })
    }

    fn json<'t>(self, line: &'t [u8], buffer: &'t mut Vec<u8>, sender: &mut Sender<'t>) -> Option<Inside<'t>> {
        let (mut log, mut time, mut flag) = (None, false, &b""[..]);
        let keys: &[&[u8]] = match self {
            Layer::Docker => &[b"log"],
            Layer::Journal => &[b"MESSAGE"],
            _ => &[b"log", b"message"],
        };
        members(line, |key, value| {
            let text = quoted(value).unwrap_or_default();
            match key {
                _ if keys.contains(&key) && log.is_none() => log = Some(value),
                b"time" => time = true,
                b"stream" | b"source" if matches!(text, b"stdout" | b"stderr") => sender.stream(text),
                b"_HOSTNAME" | b"hostname" | b"pod_name" => sender.host(text),
                b"SYSLOG_IDENTIFIER" | b"container_name" => sender.service(text.strip_prefix(b"/").unwrap_or(text)),
                b"logtag" | b"_p" => flag = text,
                b"kubernetes" | b"host" if value.starts_with(b"{") => nested(value, sender),
                _ => {}
            }
        })?;
        decode(log?, buffer)?;
        let ends = buffer.ends_with(b"\n");
        if ends {
            buffer.pop();
        }
        match self {
            Layer::Docker if !time || sender.stream.is_empty() => None,
            Layer::Docker => Some(Inside { text: buffer, partial: !ends }),
            _ => Some(Inside { text: buffer, partial: flag == b"P" }),
        }
    }
}

/// Members of `kubernetes` (Fluent Bit's filter) and of `host` (Filebeat).
fn nested<'t>(value: &'t [u8], sender: &mut Sender<'t>) {
    members(value, |key, value| match key {
        b"pod_name" | b"name" => sender.host(quoted(value).unwrap_or_default()),
        b"container_name" => sender.service(quoted(value).unwrap_or_default()),
        _ => {}
    });
}

/// Text of rsyslog with its escapes made bytes again.
fn unescaped<'t>(text: &'t [u8], buffer: &'t mut Vec<u8>) -> &'t [u8] {
    if !syslog::is_escaped(text) {
        return text;
    }
    buffer.clear();
    syslog::unescape(text, buffer);
    buffer.strip_suffix(b"\n").unwrap_or(buffer)
}

fn cri<'t>(line: &'t [u8], sender: &mut Sender<'t>) -> Option<Inside<'t>> {
    let rest = syslog::after_iso(line)?;
    let (stream, rest) = match rest.strip_prefix(b"stdout ") {
        Some(rest) => (&b"stdout"[..], rest),
        None => (&b"stderr"[..], rest.strip_prefix(b"stderr ")?),
    };
    let end = memchr(b' ', rest).unwrap_or(rest.len());
    // Further tags may follow the first after a colon.
    let partial = match rest[..end].split(|b| *b == b':').next()? {
        b"F" => false,
        b"P" => true,
        _ => return None,
    };
    sender.stream(stream);
    Some(Inside { text: rest.get(end + 1..).unwrap_or_default(), partial })
}

fn kubectl<'t>(line: &'t [u8], sender: &mut Sender<'t>) -> Option<&'t [u8]> {
    let rest = line.strip_prefix(b"[pod/")?;
    let end = memchr(b']', rest)?;
    let slash = memchr(b'/', &rest[..end])?;
    sender.host(&rest[..slash]);
    sender.service(&rest[slash + 1..end]);
    let text = &rest[end + 1..];
    if text.is_empty() { Some(text) } else { text.strip_prefix(b" ") }
}

/// `name  | text`, with or without colours.
fn compose<'t>(line: &'t [u8], sender: &mut Sender<'t>) -> Option<&'t [u8]> {
    let rest = colour(line);
    let allowed = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'@');
    let end = rest.iter().position(|b| !allowed(b)).filter(|n| *n > 0)?;
    let blanks = rest[end..].iter().take_while(|b| **b == b' ').count();
    let after = colour(&rest[end + blanks..]).strip_prefix(b"|").filter(|_| blanks > 0)?;
    let after = colour(after);
    if after.is_empty() {
        sender.service(&rest[..end]);
        return Some(after);
    }
    let text = after.strip_prefix(b" ")?;
    sender.service(&rest[..end]);
    Some(colour(text))
}

/// The text without an ANSI colour at its start.
fn colour(text: &[u8]) -> &[u8] {
    let Some(rest) = text.strip_prefix(b"\x1b[") else { return text };
    let len = rest.iter().take(16).take_while(|b| b.is_ascii_digit() || **b == b';').count();
    if rest.get(len) == Some(&b'm') { &rest[len + 1..] } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strip(layer: Layer, line: &str) -> Option<(String, [String; 3], bool)> {
        let (mut buffer, mut sender) = (Vec::new(), Sender::default());
        let inside = layer.strip(line.as_bytes(), &mut buffer, &mut sender)?;
        let word = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        Some((word(inside.text), [sender.host, sender.service, sender.stream].map(word), inside.partial))
    }

    #[test]
    fn every_layer_is_taken_off_and_tells_its_sender() {
        for (layer, line, text, sender, partial) in [
            (
                Layer::Docker,
                r#"{"log":"a \"b\"\n","stream":"stdout","time":"t"}"#,
                "a \"b\"",
                ["", "", "stdout"],
                false,
            ),
            (Layer::Docker, r#"{"log":"a ","stream":"stderr","time":"t"}"#, "a ", ["", "", "stderr"], true),
            (
                Layer::Json,
                r#"{"kubernetes":{"pod_name":"p","container_name":"c"},"stream":"stdout","_p":"F","log":"a"}"#,
                "a",
                ["p", "c", "stdout"],
                false,
            ),
            (Layer::Json, r#"{"message":"a","host":{"name":"web1"}}"#, "a", ["web1", "", ""], false),
            (
                Layer::Journal,
                r#"{"_HOSTNAME":"h","SYSLOG_IDENTIFIER":"nginx","MESSAGE":[97,255]}"#,
                "a\u{fffd}",
                ["h", "nginx", ""],
                false,
            ),
            (Layer::Cri, "2026-11-20T17:49:06.123456789Z stdout F a", "a", ["", "", "stdout"], false),
            (Layer::Cri, "2026-11-20T17:49:06+01:00 stderr P:x  a", " a", ["", "", "stderr"], true),
            (Layer::Cri, "2026-11-20T17:49:06Z stdout F", "", ["", "", "stdout"], false),
            (Layer::Kubectl, "[pod/web-5/nginx] a", "a", ["web-5", "nginx", ""], false),
            (Layer::Compose, "varnish-1  | -   End", "-   End", ["", "varnish-1", ""], false),
            (Layer::Compose, "\x1b[36mvarnish-1  | \x1b[0ma", "a", ["", "varnish-1", ""], false),
            (Layer::Compose, "\x1b[33;1mvarnish_1  |\x1b[0m a", "a", ["", "varnish_1", ""], false),
            (Layer::Compose, "web.1.x7@node1    |", "", ["", "web.1.x7@node1", ""], false),
            (Layer::Stamped, "2026-11-20T17:49:06.1Z a b", "a b", ["", "", ""], false),
            (Layer::Syslog, "Nov 20 17:58:24 h nginx: a#011b#012", "a\tb", ["h", "nginx", ""], false),
        ] {
            assert_eq!(strip(layer, line), Some((text.into(), sender.map(String::from), partial)), "{line}");
        }
    }

    #[test]
    fn other_lines_are_left_alone() {
        for line in [
            "",
            "127.0.0.1 - - [20/Nov/2026:17:48:34 +0000] \"GET / HTTP/1.1\" 200 1",
            "-   ReqURL         /a",
            "2026/11/20 17:58:24 [error] 1#1: *5 message",
            r#"{"log":3}"#,
            r#"{"log":"cut"#,
            "[pod/x] a",
            "a|b | c",
            " | c",
            "2026-11-20T17:49:06Za",
            "2026-11-20",
        ] {
            for layer in Layer::ALL {
                assert_eq!(strip(layer, line), None, "{layer:?} {line}");
            }
        }
    }
}
