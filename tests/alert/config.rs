//! `guru.toml`: the documented example, mistakes and what is said of them, and where the file is.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use guru::alert::{Config, Rules, Severity, Span};
use guru::model::alert::NoticeKind;

use crate::servers::notice;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/guru.toml");

#[test]
fn the_documented_example_is_valid_and_shows_the_defaults() {
    let config = Config::read(Path::new(EXAMPLE)).unwrap();
    let kinds: Vec<&str> = config.sinks.iter().map(|s| s.kind.as_str()).collect();
    assert_eq!(kinds, ["pagerduty", "slack", "alertmanager", "smtp", "webhook", "command"]);
    let json = |r: &Rules| {
        let mut v = serde_json::to_value(r).unwrap();
        v.as_object_mut().unwrap().remove("silence");
        v
    };
    assert_eq!(json(&config.rules), json(&Rules::default()), "values in the example are the defaults");
    for key in json(&Rules::default()).as_object().unwrap().keys() {
        assert!(config.written["alerts"].get(key).is_some(), "{key} is not in the example");
    }
    assert_eq!(config.rules.silences.len(), 2);
    assert_eq!(config.metrics.listen.as_deref(), Some("9110"));
    assert_eq!((config.tail.varnish.as_deref(), config.tail.gap), (Some(""), Some(Span::seconds(300))));
    assert!(config.warnings.iter().all(|w| w.contains("cannot be read")), "{:?}", config.warnings);
}

#[test]
fn nothing_written_is_the_default() {
    let config = Config::parse("", "guru.toml".as_ref()).unwrap();
    assert!(config.sinks.is_empty() && config.sinks_for(&notice(NoticeKind::Opened)).is_empty());
    assert_eq!((config.rules.min_failures, config.tail.varnish, config.metrics.listen), (10, None, None));
}

#[test]
fn a_sink_gets_what_it_wants() {
    let text = "
        [[alerts.sink]]
        name = 'all-of-it'
        kind = 'command'
        argv = ['/bin/true']
        [[alerts.sink]]
        name = 'ends'
        kind = 'command'
        argv = ['/bin/true']
        only = ['opened', 'recovered']
        [[alerts.sink]]
        name = 'worst'
        kind = 'command'
        argv = ['/bin/true']
        min_severity = 'critical'";
    let config = Config::parse(text, "guru.toml".as_ref()).unwrap();
    assert_eq!(config.sinks_for(&notice(NoticeKind::Opened)), ["all-of-it", "ends", "worst"]);
    assert_eq!(config.sinks_for(&notice(NoticeKind::NewCause)), ["all-of-it", "worst"]);
    let mut mild = notice(NoticeKind::Recovered);
    mild.severity = Severity::Warning.word().into();
    assert_eq!(config.sinks_for(&mild), ["all-of-it", "ends"]);
}

#[test]
fn mistakes_are_told_with_their_line_and_what_to_write() {
    let mut told = String::new();
    for text in [
        "[alerts]\nmin_failure = 3",
        "[alerts]\nfor = 30",
        "[alerts]\nfor = '30'",
        "[alerts]\nmin_share = 5",
        "[alerts]\nescalation_factor = 1.0",
        "[alerts\n",
        "[tail]\nvarnish = 7",
        "[[alerts.silence]]\ndaily = '2-4'",
        "[[alerts.silence]]\nfrom = 'tomorrow'",
        "\n[[alerts.sink]]\nname = 'x'",
        "[[alerts.sink]]\nname = 'x'\nkind = 'telegram'",
        "[[alerts.sink]]\nkind = 'slack'\nurl_file = '/x'",
        "[[alerts.sink]]\nname = 'x'\nkind = 'slack'\nurl = 'https://hooks.example.com/T0/B0/secret'",
        "[[alerts.sink]]\nname = 'x'\nkind = 'slack'",
        "[[alerts.sink]]\nname = 'x'\nkind = 'pagerduty'",
        "[[alerts.sink]]\nname = 'x'\nkind = 'pagerduty'\nrouting_key = 'R0'",
        "[[alerts.sink]]\nname = 'x'\nkind = 'webhook'",
        "[[alerts.sink]]\nname = 'x'\nkind = 'webhook'\nurl = 'https://a.example/'\ntemplate = '{\"a\": \"{{ title }}\"}'",
        "[[alerts.sink]]\nname = 'x'\nkind = 'webhook'\nurl = 'https://a.example/'\ntimeout = '1h'",
        "[[alerts.sink]]\nname = 'x'\nkind = 'smtp'\nhost = 'mail.example.com'\ntls = 'none'\nfrom = 'a@b.c'\nto = ['d@e.f']",
        "[[alerts.sink]]\nname = 'x'\nkind = 'smtp'\nhost = 'mail.example.com'\nfrom = 'guru'\nto = ['d@e.f']",
        "[[alerts.sink]]\nname = 'x'\nkind = 'smtp'\nhost = 'm'\nfrom = 'a@b.c'\nto = ['d@e.f']\nusername = 'u'",
        "[[alerts.sink]]\nname = 'x'\nkind = 'command'\nargv = ['logger']",
        "[[alerts.sink]]\nname = 'x'\nkind = 'command'\nargv = ['/bin/true']\n\n[[alerts.sink]]\nname = 'x'\nkind = 'command'\nargv = ['/bin/true']",
        "[[alerts.sink]]\nname = 'x'\nkind = 'command'\nargv = ['/bin/true']\nonly = ['closed']",
    ] {
        let e = Config::parse(text, "guru.toml".as_ref()).unwrap_err();
        assert!(e.hints.iter().any(|h| h.contains("guru config show")));
        assert!(!e.message.contains("secret\""), "{}", e.message);
        told += &format!("{}\n", e.message);
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_secret_that_everybody_can_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, "R0\n").unwrap();
    let text = format!("[[alerts.sink]]\nname = 'x'\nkind = 'pagerduty'\nrouting_key_file = '{}'", file.display());
    let warnings = |mode| {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        Config::parse(&text, "guru.toml".as_ref()).unwrap().warnings
    };
    assert!(warnings(0o600).is_empty() && warnings(0o640).is_empty());
    let open = warnings(0o644);
    assert!(open.len() == 1 && open[0].contains("chmod o-rwx"), "{open:?}");
}

#[test]
fn the_file_is_found_where_it_is_named_else_where_it_belongs() {
    let found = |flag: Option<&str>, env: &[(&str, &str)], there: &[&str]| {
        let var = |name: &str| env.iter().find(|(n, _)| *n == name).map(|(_, v)| OsString::from(v));
        Config::locate(flag.map(Path::new), &var, &|p| there.contains(&p.to_str().unwrap()))
    };
    let own = "/home/ada/.config/guru/guru.toml";
    let machine = "/etc/guru/guru.toml";
    let home = ("HOME", "/home/ada");
    assert_eq!(found(Some("x.toml"), &[("GURU_CONFIG", "y.toml")], &[]), Some(PathBuf::from("x.toml")));
    assert_eq!(found(None, &[("GURU_CONFIG", "y.toml"), home], &[own]), Some(PathBuf::from("y.toml")));
    assert_eq!(found(None, &[home], &[own, machine]), Some(PathBuf::from(own)));
    assert_eq!(found(None, &[home], &[machine]), Some(PathBuf::from(machine)));
    assert_eq!(found(None, &[("XDG_CONFIG_HOME", "/c"), home], &[own]), None);
    assert_eq!(found(None, &[home], &[]), None);
}
