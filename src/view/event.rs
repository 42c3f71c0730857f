//! One event as the line of `guru events` (design: command line and JSON contract). In: an event and who logged it;
//! out: one JSON object and a newline, appended to a buffer. It must not know formats.
//!
//! The keys of every type come first and are always there, null when absent; the type's own follow, left out when
//! absent. To add a field is to add a line here. Keys are a contract: new ones yes, renamed ones no.

use crate::model::{Change, Event, Fetch, HealthChange, Locator, Logged, Message, Request, Stamp};

use super::object::Object;

/// What every event has, or might have.
#[derive(Default)]
struct Common<'c> {
    at: Locator,
    time: Stamp,
    end: Stamp,
    method: &'c [u8],
    host: &'c [u8],
    url: &'c [u8],
    status: u16,
    bytes: Option<u64>,
    duration_us: Option<i64>,
}

/// Appends an event as one line of JSON.
pub fn event(event: &Event<'_>, logged: &Logged<'_>, out: &mut Vec<u8>) {
    let mut object = Object::begin(out);
    let o = &mut object;
    match event {
        Event::Request(r) => request(r, logged, o),
        Event::Fetch(f) => fetch(f, logged, o),
        Event::Message(m) => message(m, logged, o),
        Event::Health(h) => health(h, logged, o),
        Event::Change(c) => change(c, logged, o),
    }
    o.flag("zone_unknown", logged.zone_us.is_none());
    object.end();
    out.push(b'\n');
}

fn common(kind: &str, c: &Common<'_>, logged: &Logged<'_>, o: &mut Object<'_>) {
    let (file, line) = (logged.place)(c.at);
    let zone_us = logged.zone_us.unwrap_or(0);
    o.word("type", kind);
    o.word("tier", logged.tier.word());
    o.name("node", logged.node);
    o.name("file", file);
    o.count("line", Some(line));
    o.stamp("time", c.time - zone_us, logged.resolution_us);
    o.stamp("end", c.end - zone_us, logged.resolution_us);
    o.text_or_null("method", c.method);
    o.text_or_null("host", c.host);
    o.text_or_null("url", c.url);
    o.count_or_null("status", (c.status > 0).then_some(u64::from(c.status)));
    o.count_or_null("bytes", c.bytes);
    o.milliseconds_or_null("duration_ms", c.duration_us);
}

fn request(r: &Request<'_>, logged: &Logged<'_>, o: &mut Object<'_>) {
    let known = Common {
        at: r.at,
        time: r.start.or(r.end),
        end: if r.unended { Stamp::NONE } else { r.end },
        method: r.method,
        host: r.host,
        url: r.url,
        status: r.status,
        bytes: r.body_bytes,
        duration_us: if r.unended { None } else { r.end.since(r.start) },
    };
    common("request", &known, logged, o);
    o.number("vxid", r.vxid);
    o.number("parent", r.parent);
    if r.vxid > 0 {
        o.word("reason", r.reason.word());
    }
    o.text("client", r.peer);
    o.text("forwarded_for", r.forwarded);
    o.text("agent", r.agent);
    o.text("referer", r.referer);
    o.count("sent_bytes", r.sent_bytes);
    o.count("request_bytes", r.request_length);
    o.number("port", r.port);
    o.number("connection", r.connection);
    o.number("on_connection", r.on_connection);
    o.text("id", r.travelled_id);
    o.text("own_id", r.own_id);
    o.text("pop", r.pop);
    o.text("cache", r.cache);
    o.milliseconds("ttfb_ms", r.ttfb_us);
    if let Some(word) = r.made_by.word() {
        o.word("made_by", word);
    }
    o.number("fetch", r.fetch);
    o.number("hit", r.hit);
    o.flag("waited", r.waited);
    o.flag("restarted", r.restarted);
    o.flag("incomplete", r.incomplete);
    o.flag("retry_after", r.retry_after);
    o.object("upstream", |o| {
        o.known("asked", r.upstream.asked);
        o.known("answered", r.upstream.answered);
        o.number("status", r.upstream.status);
    });
}

fn fetch(f: &Fetch<'_>, logged: &Logged<'_>, o: &mut Object<'_>) {
    let known = Common {
        at: f.at,
        time: f.started.or(f.ended),
        end: if f.unended { Stamp::NONE } else { f.ended },
        method: f.method,
        host: f.host,
        url: f.url,
        status: f.status,
        bytes: f.acct.map(|a| a.body_received),
        duration_us: if f.unended { None } else { f.ended.since(f.started) },
    };
    common("fetch", &known, logged, o);
    o.number("vxid", f.vxid);
    o.number("parent", f.parent);
    o.word("reason", f.reason.word());
    o.word("outcome", f.outcome.word());
    o.number("origin_status", f.origin_status);
    o.text("pop", f.pop);
    o.known("had_connection", f.had_connection);
    o.known("had_answer", f.had_answer);
    o.text("backend", f.backend);
    o.address("backend_addr", f.addr, f.port);
    o.number("local_port", f.local_port);
    o.number("opens", f.opens);
    o.flag("reused", f.reused);
    o.milliseconds("connect_ms", f.connected.since(f.connecting));
    let took = |from: Stamp, to: Stamp| to.since(from).filter(|us| !f.unended || *us > 0);
    // The moment of an answer or of giving up: the record says which by the status.
    o.milliseconds(if f.origin_status > 0 { "ttfb_ms" } else { "waited_ms" }, took(f.sent, f.answered));
    o.milliseconds("body_ms", took(f.answered, f.completed));
    o.flag("retried", f.retried);
    // Without a transaction id it is the hash of what the request's own_id says.
    o.number("id", if f.vxid > 0 { f.travelled_id } else { 0 });
    o.text("agent", f.agent);
    o.text("referer", f.referer);
    sizes_and_answer(f, o);
    o.list("marks", f.marks.as_slice(), |mark, o| {
        let (file, line) = (logged.place)(mark.at);
        o.word("kind", mark.kind.word());
        o.text("text", mark.text);
        o.count("line", Some(line));
        if mark.at.file != f.at.file {
            o.name("file", file);
        }
    });
}

fn sizes_and_answer(f: &Fetch<'_>, o: &mut Object<'_>) {
    if let Some(acct) = f.acct {
        o.object("acct", |o| {
            o.count("header_sent", Some(acct.header_sent));
            o.count("body_sent", Some(acct.body_sent));
            o.count("header_received", Some(acct.header_received));
            o.count("body_received", Some(acct.body_received));
        });
    }
    o.object("response", |o| {
        o.count("content_length", f.response.content_length);
        o.text("content_type", f.response.content_type);
        o.text("server", f.response.server);
        o.flag("retry_after", f.response.retry_after);
        o.flag("from_app", f.response.from_app);
        o.number("headers", f.response.headers);
    });
}

fn message(m: &Message<'_>, logged: &Logged<'_>, o: &mut Object<'_>) {
    let known = Common { at: m.at, time: m.time, method: m.method, host: m.host, url: m.url, ..Common::default() };
    common("message", &known, logged, o);
    o.text("level", m.level);
    o.text("text", m.text);
    o.number("connection", m.connection);
    o.text("client", m.client);
    o.text("upstream", m.upstream);
    o.number("port", m.port);
}

fn health(h: &HealthChange<'_>, logged: &Logged<'_>, o: &mut Object<'_>) {
    common("health", &Common { at: h.at, time: h.time, ..Common::default() }, logged, o);
    let (good, threshold, window) = h.good;
    o.text("backend", h.backend);
    o.known("healthy", Some(h.healthy));
    o.known("changed", Some(h.changed));
    o.count("good", Some(u64::from(good)));
    o.count("threshold", Some(u64::from(threshold)));
    o.count("window", Some(u64::from(window)));
    o.text("response", h.response);
}

fn change(c: &Change<'_>, logged: &Logged<'_>, o: &mut Object<'_>) {
    common("change", &Common { at: c.at, time: c.time, ..Common::default() }, logged, o);
    o.word("kind", c.kind.word());
    o.text("text", c.text);
}
