//! What keys do.

use guru::model::incident::State;
use guru::view::{Action, Ui, key};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::believable::{calm, outage, style};
use crate::shown::{buffer, press, text};

fn ui() -> Ui {
    Ui::new(&style())
}

#[test]
fn quitting() {
    for press in [(KeyCode::Char('q'), KeyModifiers::NONE), (KeyCode::Char('c'), KeyModifiers::CONTROL)] {
        assert_eq!(key(&mut ui(), &calm(), KeyEvent::new(press.0, press.1)), Some(Action::Quit));
    }
    let mut typing = ui();
    assert_eq!(press(&mut typing, &outage(), "nq"), None, "a letter of a note");
    let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(key(&mut typing, &outage(), control_c), Some(Action::Quit), "also while typing");
}

#[test]
fn what_is_typed_becomes_an_action() {
    let said = |keys: &str| press(&mut ui(), &outage(), keys);
    let text = |t: &str| t.to_string();
    assert_eq!(said("nasked opx\x08s\n"), Some(Action::Note { incident: 41, text: text("asked ops") }));
    assert_eq!(said("rbatches of 500 \n"), Some(Action::Resolve { incident: 41, text: text("batches of 500") }));
    assert_eq!(said("cqueue stopped\n"), Some(Action::Change { text: text("queue stopped") }));
    assert_eq!(said("e"), Some(Action::Ticket { incident: 41 }));
    assert_eq!(said("n  \n"), None, "nothing was written");
    assert_eq!(said("nno\x1b"), None, "Esc drops it");
    assert_eq!(press(&mut ui(), &calm(), "cdeploy 7\n"), Some(Action::Change { text: text("deploy 7") }));
}

#[test]
fn a_note_stays_with_the_incident_it_was_begun_for() {
    let (mut ui, mut live) = (ui(), outage());
    press(&mut ui, &live, "nfor this one");
    let mut worse = live.incidents[0].clone();
    worse.id = 42;
    live.incidents.insert(0, worse);
    assert_eq!(press(&mut ui, &live, "\n"), Some(Action::Note { incident: 41, text: "for this one".into() }));
}

#[test]
fn without_an_incident_there_is_nothing_to_write_on() {
    let mut ui = ui();
    assert_eq!(press(&mut ui, &calm(), "n"), None);
    assert!(text(&calm(), &ui, 80, 24).contains("no incident is open"));
    press(&mut ui, &calm(), "j");
    assert!(!text(&calm(), &ui, 80, 24).contains("no incident is open; guru"), "a key takes the message away");
}

#[test]
fn the_selected_failure_says_which_incident_is_meant() {
    let (mut ui, mut live) = (ui(), outage());
    let mut other = live.incidents[0].clone();
    (other.id, other.state) = (40, State::Closed);
    live.incidents.push(other);
    live.latest[1].incident = 40;
    assert_eq!(press(&mut ui, &live, "jje"), Some(Action::Ticket { incident: 40 }));
    press(&mut ui, &live, "i");
    assert!(text(&live, &ui, 80, 24).starts_with("40  shop"));
    key(&mut ui, &live, KeyEvent::new(KeyCode::Tab, KeyModifiers::NONE));
    assert!(text(&live, &ui, 80, 24).starts_with("41  shop"));
}

#[test]
fn a_selection_stays_with_its_failure_while_others_come() {
    let (mut ui, mut live) = (ui(), outage());
    press(&mut ui, &live, "jjj");
    let chosen = live.latest[2].clone();
    let newer = guru::model::live::LiveFailure { id: "ff".into(), url: "/new".into(), ..live.latest[0].clone() };
    live.latest.insert(0, newer);
    press(&mut ui, &live, "\n");
    assert!(text(&live, &ui, 80, 24).contains(&chosen.id));
    live.latest.clear();
    assert!(text(&live, &ui, 80, 24).contains(&chosen.id), "it is kept while it is looked at");
}

#[test]
fn the_selected_line_is_shown_however_far_down_it_is() {
    let (mut ui, mut live) = (ui(), outage());
    live.latest[30].url = "/far/down".into();
    press(&mut ui, &live, &"j".repeat(31));
    let row = text(&live, &ui, 80, 24).lines().position(|l| l.contains("/far/down")).expect("the line");
    let cells = buffer(&live, &ui, 80, 24);
    let reversed = |y: usize| cells[(40, y as u16)].modifier.contains(ratatui::style::Modifier::REVERSED);
    assert_eq!((0..24).filter(|y| reversed(*y)).collect::<Vec<_>>(), [row]);
    press(&mut ui, &live, &"k".repeat(99));
    assert!(text(&live, &ui, 80, 24).contains("03:10:29 cache-2 /checkout/cart/"));
}

#[test]
fn a_pause_holds_what_is_shown() {
    let (mut ui, mut live) = (ui(), outage());
    let before = text(&live, &ui, 80, 24);
    press(&mut ui, &live, " ");
    live.latest.clear();
    live.rates.share = 0.9;
    ui.moved_on();
    let held = text(&live, &ui, 80, 24);
    assert_eq!(held.lines().skip(1).collect::<Vec<_>>(), before.lines().skip(1).collect::<Vec<_>>());
    assert!(held.lines().next().is_some_and(|l| l.ends_with("PAUSED, 0 s and 1 update behind")), "{held}");
    press(&mut ui, &live, "p");
    assert!(text(&live, &ui, 80, 24).contains("503 90 %"));
}

#[test]
fn esc_goes_back_step_by_step() {
    let (mut ui, live) = (ui(), outage());
    let overview = text(&live, &ui, 80, 24);
    press(&mut ui, &live, "/stock\nj\n");
    assert!(text(&live, &ui, 80, 24).contains("FAILED FETCH"));
    press(&mut ui, &live, "\x1b\x1b\x1b");
    assert_eq!(text(&live, &ui, 80, 24), overview);
    for page in ["g", "s", "?", "i"] {
        press(&mut ui, &live, page);
        assert_ne!(text(&live, &ui, 80, 24), overview, "{page}");
        press(&mut ui, &live, "\x1b");
        assert_eq!(text(&live, &ui, 80, 24), overview, "{page}");
    }
}

#[test]
fn a_filter_needs_all_its_words_and_works_while_it_is_typed() {
    let (mut ui, live) = (ui(), outage());
    press(&mut ui, &live, "/STOCK cache-3");
    assert!(text(&live, &ui, 80, 24).contains("1 of 39 match \"stock cache-3\""));
    press(&mut ui, &live, " cache-1\n");
    assert!(text(&live, &ui, 80, 24).contains("no failed fetch matches the filter"));
    press(&mut ui, &live, "\x1b");
    assert!(!text(&live, &ui, 80, 24).contains("match"));
}

#[test]
fn long_pages_scroll_to_their_end_and_no_further() {
    let (mut ui, live) = (ui(), outage());
    ui.resize(40, 10);
    ui.answer(&Action::Ticket { incident: 41 }, (1..=50).map(|n| format!("line {n}\n")).collect());
    assert!(text(&live, &ui, 40, 10).starts_with("line 1\n"));
    key(&mut ui, &live, KeyEvent::new(KeyCode::End, KeyModifiers::NONE));
    press(&mut ui, &live, "jjjj");
    assert!(text(&live, &ui, 40, 10).starts_with("line 42\n"));
    press(&mut ui, &live, "k");
    assert!(text(&live, &ui, 40, 10).starts_with("line 41\n"));
}

#[test]
fn what_is_pasted_goes_into_the_line_and_nowhere_else() {
    let mut ui = ui();
    ui.paste("q");
    press(&mut ui, &outage(), "n");
    ui.paste("two\nlines");
    assert_eq!(press(&mut ui, &outage(), "\n"), Some(Action::Note { incident: 41, text: "two lines".into() }));
}

#[test]
fn a_window_of_one_line_shows_the_state() {
    assert!(text(&outage(), &ui(), 80, 1).starts_with("INCIDENT 41 shop"));
}

#[test]
fn an_answer_is_said_at_the_bottom() {
    let mut ui = ui();
    ui.answer(&Action::Change { text: "x".into() }, "recorded: x".into());
    assert!(text(&calm(), &ui, 80, 24).ends_with("\nrecorded: x\n"));
}
