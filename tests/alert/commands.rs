//! `guru config show` and `guru alert test`, end to end.

use crate::place::Place;
use crate::servers::{receiver, status};

#[test]
fn the_configuration_is_shown_with_its_file_and_defaults_but_without_secrets() {
    let place = Place::new();
    place.guru(&["config", "show"]).code(0).shows(&["there is no configuration file", "min_failures = 10  # default"]);
    place.write("key", "R0UT1NGKEY\n");
    let key = place.path("key").display().to_string();
    place.write(
        "guru/guru.toml",
        format!(
            "[alerts]\nmin_failures = 5\n[[alerts.silence]]\nservice = 'x*'\n[tail]\ngap = '2m'\n
             [[alerts.sink]]\nname = 'pager'\nkind = 'pagerduty'\nrouting_key_file = '{key}'
             [[alerts.sink]]\nname = 'chat'\nkind = 'slack'\nurl_file = '/nowhere/url'"
        ),
    );
    let run = place.guru(&["config", "show"]).code(0);
    insta::assert_snapshot!(run.out.replace(place.path("").to_str().unwrap(), "HOME/"));
    assert!(!run.out.contains("R0UT1NGKEY"));
    let json = place.guru(&["config", "show", "--output", "json"]).code(0);
    assert!(!json.out.contains("R0UT1NGKEY"));
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["values"]["alerts"]["min_failures"], 5);
    let defaults = json["defaults"].as_array().unwrap();
    assert!(defaults.contains(&"alerts.min_share".into()) && !defaults.contains(&"alerts.min_failures".into()));
    assert!(json["sinks"][1]["files"]["url_file"].as_str().unwrap().contains("cannot be read"));
    // What --full explains can be put into a file as it is.
    let full = place.guru(&["config", "show", "--full"]).code(0).out;
    let (_, example) = full.split_once("what it does:\n\n").unwrap();
    place.write("example.toml", example);
    place.guru(&["config", "show", "--config", "example.toml"]).code(0);
}

#[test]
fn a_configuration_that_is_wrong_or_missing_is_a_usage_error() {
    let place = Place::new();
    place.write("bad.toml", "[alerts]\nmin_failure = 5\n");
    place.guru(&["config", "show", "--config", "bad.toml"]).code(2).says(&["bad.toml:2: ", "min_failure"]);
    place.guru(&["config", "show", "--config", "none.toml"]).code(2).says(&["none.toml", "--config"]);
    place.guru(&["alert", "test", "all"]).code(2).says(&["there is no guru.toml", "[[alerts.sink]]"]);
    place.write("empty.toml", "");
    place.guru(&["alert", "test", "all", "--config", "empty.toml"]).code(2).says(&["no sink is configured"]);
}

#[test]
fn sinks_are_tried_out() {
    let place = Place::new();
    let (to, got) = receiver(vec![status("200 OK")]);
    let (bad, _) = receiver(vec![status("403 Forbidden")]);
    place.write(
        "guru/guru.toml",
        format!(
            "[[alerts.sink]]\nname = 'good'\nkind = 'webhook'\nurl = 'http://{to}/'
             [[alerts.sink]]\nname = 'bad'\nkind = 'webhook'\nurl = 'http://{bad}/'"
        ),
    );
    place.guru(&["alert", "test", "good"]).code(0).shows(&["good (webhook), opened: taken after "]);
    let sent = got.recv().unwrap().json();
    assert_eq!((sent["kind"].as_str(), sent["group"].as_str()), (Some("opened"), Some("guru-test")));
    assert!(sent["title"].as_str().unwrap().contains("nothing is wrong"));
    place.guru(&["alert", "test", "good", "--recover"]).code(0).shows(&["recovered: taken"]);
    let kinds: Vec<String> = (0..2).map(|_| got.recv().unwrap().json()["kind"].as_str().unwrap().into()).collect();
    assert_eq!(kinds, ["opened", "recovered"]);
    place
        .guru(&["alert", "test", "all"])
        .code(1)
        .shows(&["good (webhook), opened: taken", "bad (webhook), opened: not taken: answered 403"]);
    place.guru(&["alert", "test", "nobody"]).code(2).says(&["no sink \"nobody\"", "good, bad, and all"]);
    assert!(!place.store().exists(), "nothing is stored");
}
