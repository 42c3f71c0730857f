//! The recordings in the test data are recognised, too, in every disguise.

use crate::recognised::read;
use crate::support::data;
use crate::wrapped::{from_mid_record, gzipped};

const RECORDED: [(&str, &str); 11] = [
    ("groupings/varnish-raw.log", "varnishlog"),
    ("groupings/varnish-request.log", "varnishlog"),
    ("groupings/varnish-session.log", "varnishlog"),
    ("groupings/varnish-vxid.log", "varnishlog"),
    ("groupings/nginx-access.log", "nginx-rich"),
    ("groupings/nginx-access-combined.log", "nginx-combined"),
    ("groupings/nginx2-access.log", "nginx-rich"),
    ("groupings/nginx-error.log", "nginx-error"),
    ("truth/first-byte/varnish-request.log", "varnishlog"),
    ("truth/first-byte/nginx-access.log", "nginx-rich"),
    ("truth/post-retry/nginx2-access-combined.log", "nginx-combined"),
];

#[test]
fn recorded_logs_are_recognised_gzipped_renamed_and_from_mid_record() {
    let mut wrong = Vec::new();
    for (name, format) in RECORDED {
        let bytes = data(name);
        let cases = [
            ("plain", bytes.clone()),
            ("gzipped", gzipped(&bytes)),
            ("cut", from_mid_record(&bytes)),
            ("cut and gzipped", gzipped(&from_mid_record(&bytes))),
        ];
        for (how, bytes) in cases {
            let read = read("x.log", &bytes);
            if read.formats != [format] || read.not_understood > u64::from(how.starts_with("cut")) {
                wrong.push(format!("{name} {how}: {:?}, {} not understood", read.formats, read.not_understood));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
