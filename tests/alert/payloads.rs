//! What each kind of receiver gets, byte for byte.

use std::time::Duration;

use guru::model::alert::NoticeKind;
use serde_json::{Value, json};

use crate::servers::{Deed, Request, notice, receiver, sink, status};

fn file(folder: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// What a sink sends for an opening and an end.
fn both(lines: &dyn Fn(&str) -> String) -> [Request; 2] {
    let (to, got) = receiver(vec![status("202 Accepted")]);
    let sink = sink(&lines(&format!("http://{to}")));
    [NoticeKind::Opened, NoticeKind::Recovered].map(|kind| {
        sink.send(&notice(kind)).unwrap();
        got.recv().unwrap()
    })
}

fn shown(requests: &[Request; 2]) -> String {
    let one = |r: &Request| format!("{}\n{}\n", r.line, serde_json::to_string_pretty(&r.json()).unwrap());
    requests.iter().map(one).collect()
}

#[test]
fn slack_gets_a_message() {
    let folder = tempfile::tempdir().unwrap();
    let requests = both(&|url| {
        let url = file(&folder, "chat.url", &format!("{url}/services/T0/B0/secret\n"));
        format!("kind = 'slack'\nurl_file = '{url}'")
    });
    insta::assert_snapshot!(shown(&requests));
}

#[test]
fn pagerduty_gets_an_event() {
    let folder = tempfile::tempdir().unwrap();
    let requests = both(&|url| {
        let key = file(&folder, "key", "R0UT1NGKEY\n");
        format!("kind = 'pagerduty'\nurl = '{url}/v2/enqueue'\nrouting_key_file = '{key}'")
    });
    insta::assert_snapshot!(shown(&requests));
}

#[test]
fn alertmanager_gets_an_alert_under_labels_that_stay() {
    let mut requests = both(&|url| format!("kind = 'alertmanager'\nurl = '{url}/'\nlabels = {{ team = 'web' }}"));
    let [opened, over] = [requests[0].json(), requests[1].json()];
    assert_eq!(opened[0]["labels"], over[0]["labels"]);
    assert_eq!(opened[0]["startsAt"], over[0]["startsAt"]);
    for request in &mut requests {
        // Ends are moments of the wall clock.
        let mut json = request.json();
        let tomorrow = &opened[0]["endsAt"].as_str().unwrap()[..10];
        let later = json[0]["endsAt"].as_str().unwrap() > tomorrow;
        json[0]["endsAt"] = json!(if later { "later" } else { "now" });
        request.body = json.to_string();
    }
    insta::assert_snapshot!(shown(&requests));
}

#[test]
fn a_webhook_gets_the_notice_or_what_its_template_makes_of_it() {
    let requests = both(&|url| format!("kind = 'webhook'\nurl = '{url}/hook?a=b'"));
    insta::assert_snapshot!(shown(&requests));
    assert_eq!(requests[0].header("content-type"), "application/json");
    assert_eq!(requests[0].header("idempotency-key"), notice(NoticeKind::Opened).key);
    assert_eq!(requests[0].header("x-guru-signature"), "", "there is no secret");

    let template = "{\"what\": {{ title }}, \"more\": [{{ text }}, {{ failures }}], \"over\": {{ resolved }}}";
    let [one, two] = both(&|url| format!("kind = 'webhook'\nurl = '{url}'\ntemplate = '{template}'"));
    let expected = notice(NoticeKind::Opened);
    assert_eq!(one.json(), json!({"what": expected.title, "more": [expected.text, 412], "over": false}));
    assert_eq!(two.json()["over"], Value::Bool(true));

    let lines = "content_type = 'text/plain'\ntemplate = '{{ severity|upper }}: {{ title }}'";
    let [one, _] = both(&|url| format!("kind = 'webhook'\nurl = '{url}'\n{lines}"));
    assert_eq!(one.body, "CRITICAL: shop: first byte timeout, 31 % of visitors get 5xx");
}

#[test]
fn a_webhook_is_signed_over_its_timestamp_and_body() {
    let folder = tempfile::tempdir().unwrap();
    let secret = file(&folder, "secret", "key\n");
    let token = file(&folder, "token", "t0ken");
    let [request, _] = both(&|url| {
        format!("kind = 'webhook'\nurl = '{url}'\nsecret_file = '{secret}'\ntoken_file = '{token}'\ntemplate = '[1]'")
    });
    assert_eq!(request.header("authorization"), "Bearer t0ken");
    let signed = format!("{}.{}", request.header("x-guru-timestamp"), request.body);
    let signature = request.header("x-guru-signature").strip_prefix("sha256=").unwrap();
    let mut mac = <hmac::Hmac<sha2::Sha256> as hmac::KeyInit>::new_from_slice(b"key").unwrap();
    hmac::Mac::update(&mut mac, signed.as_bytes());
    let hex: String = hmac::Mac::finalize(mac).into_bytes().iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(signature, hex);
}

#[test]
fn each_receiver_that_fails_hangs_or_is_busy_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let key = file(&folder, "key", "R0UT1NGKEY\n");
    let busy = || Deed::Answer("429 Too Many Requests", "Retry-After: 7\r\n".into(), "");
    for kind in ["pagerduty", "slack", "alertmanager", "webhook"] {
        for (deed, after) in [(busy(), Some(7)), (status("500 Oh"), None), (Deed::Hang, None), (Deed::Close, None)] {
            let (to, got) = receiver(vec![deed.clone()]);
            let lines = match kind {
                "pagerduty" => format!("url = 'http://{to}/v2/enqueue'\nrouting_key_file = '{key}'"),
                "slack" => {
                    let url = file(&folder, "chat.url", &format!("http://{to}/services/T0/B0/secret\n"));
                    format!("url_file = '{url}'")
                }
                _ => format!("url = 'http://{to}/'"),
            };
            let sink = sink(&format!("kind = '{kind}'\ntimeout = '1s'\n{lines}"));
            let f = sink.send(&notice(NoticeKind::Opened)).unwrap_err();
            assert!(f.retry, "{kind} {deed:?}: {f}");
            assert_eq!(f.retry_after.map(|d| d.as_secs()), after, "{kind} {deed:?}");
            assert!(!f.why.contains("secret") && !f.why.contains("R0UT1NGKEY"), "{kind}: {f}");
            assert!(got.recv_timeout(Duration::from_secs(1)).is_ok(), "{kind}: it was asked");
        }
    }
}
