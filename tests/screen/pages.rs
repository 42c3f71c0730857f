//! Screens as people see them, to be looked at when they change.

use guru::model::Live;
use guru::view::{Style, Ui};

use crate::believable::{calm, outage, recovering, starting, style, with_gaps, wordy};
use crate::shown::{looks, press, text};

fn at_80x24(live: &Live) -> String {
    text(live, &Ui::new(&style()), 80, 24)
}

/// The screen after some keys.
fn after(live: &Live, keys: &str) -> String {
    let mut ui = Ui::new(&style());
    press(&mut ui, live, keys);
    text(live, &ui, 80, 24)
}

#[test]
fn an_incident() {
    insta::assert_snapshot!(at_80x24(&outage()));
}

#[test]
fn an_incident_with_long_advice() {
    insta::assert_snapshot!(at_80x24(&wordy()));
}

#[test]
fn an_incident_on_a_large_terminal() {
    let mut live = wordy();
    live.recorder = None;
    insta::assert_snapshot!(text(&live, &Ui::new(&style()), 120, 50));
}

#[test]
fn an_incident_on_a_tiny_terminal() {
    insta::assert_snapshot!(text(&outage(), &Ui::new(&style()), 60, 16));
}

#[test]
fn an_incident_without_utf8() {
    insta::assert_snapshot!(text(&outage(), &Ui::new(&style()).in_ascii(true), 80, 24));
}

#[test]
fn an_incident_in_colour() {
    insta::assert_snapshot!(looks(&outage(), &Ui::new(&Style { color: true, ..style() }), 80, 24));
}

#[test]
fn an_incident_without_colour() {
    insta::assert_snapshot!(looks(&outage(), &Ui::new(&style()), 80, 24));
}

#[test]
fn calm_seas() {
    insta::assert_snapshot!(at_80x24(&calm()));
}

#[test]
fn calm_seas_on_a_large_terminal() {
    insta::assert_snapshot!(text(&calm(), &Ui::new(&style()), 120, 50));
}

#[test]
fn the_first_seconds() {
    insta::assert_snapshot!(at_80x24(&starting()));
}

#[test]
fn an_early_warning() {
    let mut live = calm();
    live.mood = guru::model::live::Mood::Warning;
    live.since = crate::believable::night(2, 48, 10);
    live.warning = "TTFB p95 at web1 climbed to 9.7 s of 15.0 s in 4 min".into();
    insta::assert_snapshot!(at_80x24(&live));
}

#[test]
fn a_recovery() {
    insta::assert_snapshot!(at_80x24(&recovering()));
}

#[test]
fn calm_again() {
    let mut live = calm();
    live.incidents = recovering().incidents;
    live.incidents[0].state = guru::model::incident::State::Closed;
    live.incidents[0].closed_at = crate::believable::night(3, 22, 40);
    (live.at, live.wall) = (crate::believable::night(3, 30, 0), crate::believable::night(3, 30, 1));
    live.since = crate::believable::night(3, 22, 40);
    insta::assert_snapshot!(at_80x24(&live));
}

#[test]
fn a_trickle_and_no_client_log() {
    let mut live = calm();
    live.incidents = outage().incidents;
    live.incidents[0].state = guru::model::incident::State::Recurring;
    live.incidents[0].title = "shop: oversized Set-Cookie".into();
    live.minutes[20].failed.insert("oversized.header_line".into(), 2);
    live.causes = outage().causes.split_off(2);
    live.causes[0].cause = "oversized.header_line".into();
    live.rates.requests_per_s = 0.0;
    live.rates.failed_per_min = 0.3;
    insta::assert_snapshot!(at_80x24(&live));
}

#[test]
fn gaps_and_unreadable_logs() {
    insta::assert_snapshot!(at_80x24(&with_gaps()));
}

#[test]
fn the_page_of_sources() {
    insta::assert_snapshot!(after(&with_gaps(), "s"));
}

#[test]
fn the_story_of_a_failure() {
    insta::assert_snapshot!(after(&outage(), "jj\n"));
}

#[test]
fn the_story_of_an_incident() {
    insta::assert_snapshot!(after(&outage(), "i"));
}

#[test]
fn graphs() {
    insta::assert_snapshot!(after(&outage(), "g"));
}

#[test]
fn the_keys() {
    insta::assert_snapshot!(after(&outage(), "?"));
}

#[test]
fn a_note_being_typed() {
    insta::assert_snapshot!(after(&outage(), "nasked ops to stop the import"));
}

#[test]
fn a_filter() {
    insta::assert_snapshot!(after(&outage(), "/cart cache-1\nj"));
}

#[test]
fn held_still() {
    let mut ui = Ui::new(&style());
    press(&mut ui, &outage(), "p");
    let mut newer = outage();
    newer.wall = newer.wall + 42_000_000;
    newer.rates.share = 0.9;
    (0..400).for_each(|_| ui.moved_on());
    insta::assert_snapshot!(text(&newer, &ui, 80, 24));
}
