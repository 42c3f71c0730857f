//! The client requests of a recorded `varnishlog -g request`, and the same log as it would be behind a CDN: with a header
//! that names each request.

use std::collections::HashMap;

/// Microseconds of a second.
pub const SECOND: i64 = 1_000_000;

/// One request of a client, as the client saw it: its restarts are part of it.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub vxid: u64,
    pub start: i64,
    pub end: i64,
    pub method: String,
    pub host: String,
    pub url: String,
    pub agent: String,
    pub status: u16,
    pub bytes: u64,
    /// The client got something that was stored.
    pub hit: bool,
    /// Place among the requests: what a CDN numbers and places it by.
    pub n: usize,
}

impl Asked {
    /// What the CDN calls it: 16 hexadecimal digits.
    pub fn ray(&self) -> String {
        format!("{:016x}", 0x9203_c5b1_0000_0000_u64 + 7919 * self.n as u64)
    }

    /// Where it was served.
    pub fn pop(&self) -> &'static str {
        if self.n.is_multiple_of(3) { "FRA" } else { "AMS" }
    }
}

/// The requests of clients, in order of the log.
pub fn asked(varnishlog: &str) -> Vec<Asked> {
    let mut out: Vec<Asked> = Vec::new();
    // Of each restart the request that it goes on with.
    let mut part_of: HashMap<u64, usize> = HashMap::new();
    let mut at: Option<usize> = None;
    for line in varnishlog.lines() {
        if let Some((_, vxid)) = line.split_once("<< Request  >>") {
            let vxid: u64 = vxid.trim().parse().unwrap();
            at = part_of.get(&vxid).copied();
            if at.is_none() && line.starts_with("*   ") {
                at = Some(out.len());
                out.push(Asked { vxid, n: out.len(), ..Asked::default() });
            }
            continue;
        }
        if line.contains("<< BeReq") || line.is_empty() {
            at = None;
        }
        let Some(n) = at else { continue };
        let record = line.trim_start_matches('-').trim_start();
        let (tag, payload) = record.split_once(char::is_whitespace).unwrap_or((record, ""));
        let payload = payload.trim();
        if let ("Link", [_, next, "restart"]) = (tag, &payload.split(' ').collect::<Vec<_>>()[..]) {
            part_of.insert(next.parse().unwrap(), n);
        }
        out[n].record(tag, payload);
    }
    out.retain(|a| a.status > 0);
    out.iter_mut().enumerate().for_each(|(n, a)| a.n = n);
    out
}

impl Asked {
    fn record(&mut self, tag: &str, payload: &str) {
        let stamp = || (payload.split(' ').nth(1).unwrap().parse::<f64>().unwrap() * 1e6).round() as i64;
        match tag {
            "Timestamp" if payload.starts_with("Start:") && self.start == 0 => self.start = stamp(),
            "Timestamp" if payload.starts_with("Resp:") => self.end = stamp(),
            "ReqMethod" if self.method.is_empty() => self.method = payload.into(),
            "ReqURL" if self.url.is_empty() => self.url = payload.into(),
            "ReqHeader" if payload.starts_with("Host:") && self.host.is_empty() => {
                self.host = payload[5..].trim().into()
            }
            "ReqHeader" if payload.starts_with("User-Agent:") && self.agent.is_empty() => {
                self.agent = payload[11..].trim().into();
            }
            "RespStatus" => self.status = payload.parse().unwrap(),
            "Hit" => self.hit = true,
            "Link" => self.hit = false,
            "ReqAcct" => self.bytes = payload.split(' ').nth(4).and_then(|n| n.parse().ok()).unwrap_or(0),
            _ => {}
        }
    }
}

/// The log with one more header on every request of a client, behind its Host.
pub fn with_header(varnishlog: &str, asked: &[Asked], header: impl Fn(&Asked) -> String) -> String {
    let by_vxid: HashMap<u64, &Asked> = asked.iter().map(|a| (a.vxid, a)).collect();
    let mut out = String::with_capacity(varnishlog.len() + asked.len() * 64);
    let mut now = None;
    for line in varnishlog.lines() {
        if let Some((_, vxid)) = line.split_once("<< Request  >>") {
            now = by_vxid.get(&vxid.trim().parse().unwrap()).copied();
        }
        out.push_str(line);
        out.push('\n');
        if let Some(a) = now.filter(|_| line.starts_with("-   ReqHeader      Host:")) {
            out.push_str(&format!("-   ReqHeader      {}\n", header(a)));
            now = None;
        }
    }
    out
}
