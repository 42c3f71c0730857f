//! What log shippers make of a log.

/// Wraps one line.
pub type Wrapper = fn(&str) -> String;

/// The shippers that most logs pass through, by name.
pub const WRAPPERS: [(&str, Wrapper); 3] = [
    ("journald", |line| format!("2026-11-20T17:49:06+0000 host app[123]: {line}\n")),
    ("docker", |line| {
        let text = serde_json::to_string(&format!("{line}\n")).expect("text is JSON");
        format!("{{\"log\":{text},\"stream\":\"stdout\",\"time\":\"2026-11-20T17:58:24.123456789Z\"}}\n")
    }),
    ("CRI", |line| format!("2026-11-20T17:58:24.123456789Z stdout F {line}\n")),
];

/// The log as a shipper writes it.
pub fn wrapped(log: &[u8], wrapper: Wrapper) -> Vec<u8> {
    let text = std::str::from_utf8(log).expect("sample logs are UTF-8");
    text.lines().map(wrapper).collect::<String>().into_bytes()
}

/// The log packed as rotation packs it.
pub fn gzipped(log: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(log).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// The log from the middle of its first line on; headers at its top stay.
pub fn from_mid_record(log: &[u8]) -> Vec<u8> {
    let headers: usize = log.split_inclusive(|b| *b == b'\n').take_while(|l| l[0] == b'#').map(<[u8]>::len).sum();
    let (headers, rest) = log.split_at(headers);
    let middle = rest.iter().position(|b| *b == b'\n').expect("it has lines") / 2;
    [headers, &rest[middle..]].concat()
}
