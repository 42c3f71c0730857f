//! Screens as people see them, to be looked at when they change.

use guru::model::cause::Bucket;
use guru::model::explain::Explanation;
use guru::model::report::Stored;
use guru::view::{self, Style, Zone};

use crate::believable::{clock, healthy, maintenance, nginx_only, overload, recurring, varnish_only, week};

/// One screen in the zone of the story.
fn style() -> Style {
    Style { zone: Zone::parse("+01:00").expect("an offset"), ..Style::default() }
}

fn full() -> Style {
    Style { full: true, ..style() }
}

#[test]
fn a_week() {
    insta::assert_snapshot!(view::report(&week(), &style()));
}

#[test]
fn a_healthy_report() {
    insta::assert_snapshot!(view::report(&healthy(), &style()));
}

#[test]
fn nginx_alone() {
    insta::assert_snapshot!(view::report(&nginx_only(), &style()));
}

#[test]
fn varnish_alone_without_a_store() {
    insta::assert_snapshot!(view::report(&varnish_only(), &style()));
}

#[test]
fn everything_of_a_small_report() {
    insta::assert_snapshot!(view::report(&varnish_only(), &full()));
}

#[test]
fn a_store_that_cannot_be_written() {
    let mut report = nginx_only();
    report.store = Some(Stored {
        path: "/var/lib/guru/guru.db".into(),
        error: Some("permission denied (you are not in the group guru)".into()),
        ..Stored::default()
    });
    insta::assert_snapshot!(view::report(&report, &style()));
}

#[test]
fn clocks_that_cannot_be_trusted() {
    let mut report = nginx_only();
    let mut zone = clock("cache-1", "web2", 3_600_410.0, 20.0, 900);
    zone.zone_mistake =
        Some("web2 is one hour ahead: most likely its log is in local time; try --log-tz web2=+01:00".into());
    report.clock_offsets =
        vec![clock("cache-1", "web1", 412.0, 21.0, 900), zone, clock("cache-1", "web3", 90.0, 400.0, 7)];
    report.warnings = vec!["cache-1 holds only failures (varnishlog -q): no rates and no baseline".into()];
    insta::assert_snapshot!(view::report(&report, &style()));
}

#[test]
fn an_overload() {
    insta::assert_snapshot!(view::incident(&overload(), &style()));
}

#[test]
fn a_maintenance_page_that_is_still_on() {
    insta::assert_snapshot!(view::incident(&maintenance(), &style()));
}

#[test]
fn a_recurring_incident_with_a_fix_that_failed() {
    insta::assert_snapshot!(view::incident(&recurring(), &style()));
}

#[test]
fn everything_of_an_overload() {
    insta::assert_snapshot!(view::incident(&overload(), &full()));
}

#[test]
fn the_history() {
    let mut resolved = overload();
    resolved.fix = Some("import in batches of 500".into());
    resolved.worked = Some("yes".into());
    insta::assert_snapshot!(view::incident_list(&[maintenance(), resolved, recurring()], &style()));
}

#[test]
fn an_empty_history() {
    let style = Style { store: Some("sample.db".into()), ..style() };
    insta::assert_snapshot!(view::incident_list(&[], &style));
}

#[test]
fn an_explanation() {
    insta::assert_snapshot!(view::explanation(&first_byte(), &style()));
}

#[test]
fn several_explanations() {
    let other = Explanation { id: "timeout.connect".into(), advice: Vec::new(), confirm: Vec::new(), ..first_byte() };
    insta::assert_snapshot!(view::explanations(&[&first_byte(), &other], &style()));
}

fn first_byte() -> Explanation {
    Explanation {
        id: "timeout.first_byte".into(),
        title: "the origin did not begin to answer in time".into(),
        brief: "first byte timeout".into(),
        is_cause: true,
        bucket: Bucket::Application,
        means:
            "Varnish had sent the request and waited, but the first byte of the answer did not come before its limit."
                .into(),
        why: "The application is slow for this request, or every worker is busy and the request waits in a queue."
            .into(),
        confirm: vec![
            "varnishlog -b -q 'FetchError ~ \"first byte timeout\"'".into(),
            "nginx access log: status 499".into(),
        ],
        advice: overload().advice,
        mistaken_for: "connection.closed, which comes at once and not after a whole number of seconds".into(),
        means_of: String::new(),
    }
}
