//! The laws of the screen: any size, any `Live`, any keys; and nothing from a log acts on the terminal.

use guru::model::Live;
use guru::model::Stamp;
use guru::model::evidence::Evidence;
use guru::model::incident::{Advice, Candidate, Incident, Quote};
use guru::model::live::{Gap, Mood, Seen};
use guru::view::{Action, PlainLines, Style, Ui, key, live_ndjson};
use proptest::prelude::*;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::believable::{calm, outage, starting, style, with_gaps};
use crate::shown::{buffer, press, text};

/// Escapes, a newline that forges a line, a direction override, C1, invisible and wide signs, what invalid UTF-8 becomes.
const EVIL: &str = "\x1b[2J\x07\x1b]0;pwned\x07a\nCALM since\r\u{202e}gnp\u{9b}31m\u{200b}\u{7f}\u{2028}漢字\u{0}\u{fffd}e\u{301}\u{301}";

fn evil() -> String {
    EVIL.to_string()
}

fn is_unsafe(c: char) -> bool {
    c.is_control() || "\u{200b}\u{202e}\u{2028}\u{2066}\u{feff}".contains(c)
}

fn evil_quote() -> Quote {
    Quote { file: evil(), line: 1, offset: None, text: evil() }
}

fn evil_incident(i: &mut Incident) {
    for text in [&mut i.title, &mut i.service, &mut i.cause, &mut i.in_short] {
        *text = evil();
    }
    (i.root, i.fix, i.trigger) = (Some(evil()), Some(evil()), Some(evil()));
    (i.nodes, i.notes) = (vec![evil()], vec![evil()]);
    i.proof = vec![evil_quote()];
    i.causes.iter_mut().for_each(|c| (c.cause, c.role) = (evil(), evil()));
    let advice = |kind: &str| Advice {
        kind: kind.into(),
        text: evil(),
        knob: evil(),
        default: evil(),
        cost: evil(),
        command: evil(),
        value: evil(),
        figure: evil(),
        ..Advice::default()
    };
    i.advice = vec![advice("look"), advice("NOT"), advice(EVIL)];
    let candidate = Candidate { kind: evil(), at: Stamp(5), text: evil(), strength: 0.9 };
    (i.began, i.ended_by) = (vec![candidate.clone()], vec![candidate]);
}

/// Every text of a `Live` hostile.
fn evil_live() -> Live {
    let mut live = outage();
    live.incidents.iter_mut().for_each(evil_incident);
    (live.warning, live.store_error, live.recorder, live.store) = (evil(), evil(), Some(evil()), Some(evil()));
    live.gaps = vec![Gap { wall: live.wall, path: evil(), bytes: Some(u64::MAX), why: evil() }];
    for s in &mut live.sources {
        (s.path, s.format, s.tier, s.node, s.trouble) = (evil(), evil(), evil(), evil(), evil());
    }
    for c in &mut live.clocks {
        (c.from, c.to, c.zone_mistake) = (evil(), evil(), Some(evil()));
    }
    live.causes.iter_mut().for_each(|c| (c.cause, c.role, c.advice) = (evil(), evil(), evil()));
    for m in &mut live.minutes {
        m.changes = vec![evil()];
        m.failed.insert(evil(), 7);
    }
    for n in &mut live.nodes {
        (n.node, n.tier) = (evil(), evil());
        n.cells.iter_mut().for_each(|c| (c.backend, c.health, c.probe) = (evil(), evil(), evil()));
    }
    for f in &mut live.latest {
        for text in [&mut f.id, &mut f.tier, &mut f.node, &mut f.backend, &mut f.method, &mut f.host, &mut f.url] {
            *text = evil();
        }
        (f.cause, f.verdict, f.impact, f.told) = (evil(), evil(), evil(), evil());
        f.evidence = Evidence { own: vec![evil_quote()], origin: Some(evil_quote()), origin_error: Some(evil_quote()) };
    }
    live.seen = vec![Seen { same: evil(), fix: evil(), worked: evil(), ..Seen::default() }];
    live
}

/// The screen after each of these; the last one is a ticket with a hostile text, and a prompt into which one is typed.
fn every_page(live: &Live, ascii: bool) -> Vec<Ui> {
    let new = || Ui::new(&Style { color: true, ..style() }).in_ascii(ascii);
    let mut all: Vec<Ui> = ["", "g", "s", "?", "j\n", "i", "n", "jjj", "p", "/a"]
        .iter()
        .map(|keys| {
            let mut ui = new();
            press(&mut ui, live, keys);
            ui
        })
        .collect();
    let (mut ticket, mut typed, mut said) = (new(), new(), new());
    ticket.answer(&Action::Ticket { incident: 1 }, evil());
    press(&mut typed, live, "c");
    EVIL.chars().filter(|c| *c != '\n' && *c != '\x1b').for_each(|c| {
        key(&mut typed, live, KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
    });
    said.say(EVIL);
    all.extend([ticket, typed, said]);
    all
}

#[test]
fn nothing_from_a_log_reaches_the_terminal_as_it_is() {
    let live = evil_live();
    for ascii in [false, true] {
        for ui in every_page(&live, ascii) {
            for (width, height) in [(80, 24), (120, 50), (200, 70), (60, 16)] {
                for cell in &buffer(&live, &ui, width, height).content {
                    assert!(!cell.symbol().contains(is_unsafe), "{:?} in {ui:?}", cell.symbol());
                    assert!(!ascii || cell.symbol().is_ascii(), "{:?} in {ui:?}", cell.symbol());
                    assert!(cell.symbol().chars().count() <= 2, "{:?}", cell.symbol());
                }
            }
        }
    }
}

#[test]
fn nothing_from_a_log_reaches_a_line_as_it_is() {
    let live = evil_live();
    let mut calmer = evil_live();
    calmer.mood = Mood::Warning;
    calmer.wall = calmer.wall + 60_000_000;
    calmer.incidents[0].state = guru::model::incident::State::Resolved;
    let mut lines = PlainLines::new(&style());
    let mut told = lines.step(&live);
    told.extend(lines.step(&calmer));
    told.extend(live_ndjson(&live, None));
    told.extend(live_ndjson(&calmer, Some(&live)));
    assert!(told.len() > 10);
    for line in told {
        assert!(!line.contains(is_unsafe), "{line:?}");
        assert!(!line.is_empty());
    }
}

#[test]
fn wide_signs_are_measured() {
    let mut live = outage();
    live.latest.iter_mut().for_each(|f| f.url = "/漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字".into());
    let shown = text(&live, &Ui::new(&style()), 80, 24);
    let line = shown.lines().find(|l| l.contains("03:10:28")).expect("the line");
    // Each wide sign has an empty cell after it here, which a terminal does not print.
    assert!(line.ends_with("503  we hung up at 15.0 s (nginx 499)"), "{line}");
}

#[test]
fn colour_is_never_needed() {
    let (bare, painted) = (Ui::new(&style()), Ui::new(&Style { color: true, ..style() }));
    for live in [outage(), calm(), starting(), with_gaps()] {
        assert_eq!(text(&live, &bare, 80, 24), text(&live, &painted, 80, 24));
        for cell in &buffer(&live, &bare, 80, 24).content {
            assert_eq!((cell.fg, cell.bg), (ratatui::style::Color::Reset, ratatui::style::Color::Reset));
        }
    }
}

/// A `Live` with parts taken away and figures at their ends.
fn any_live() -> impl Strategy<Value = Live> {
    let number = prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(-1.0), Just(0.0), any::<f64>()];
    let stamp = prop_oneof![Just(Stamp::NONE), Just(Stamp(i64::MAX)), Just(Stamp(i64::MIN + 1)), Just(Stamp(0))];
    let parts = (0usize..8, 0usize..4, 0usize..4, 0usize..5, any::<u64>(), 0usize..61);
    (parts, number, stamp, 0u8..6, any::<bool>()).prop_map(|((a, b, c, d, n, minutes), x, at, mood, evil)| {
        let mut live = if evil { evil_live() } else { with_gaps() };
        live.mood =
            [Mood::Starting, Mood::Calm, Mood::Warning, Mood::Recovering, Mood::Incident][usize::from(mood % 5)];
        live.latest.truncate(a);
        live.nodes.truncate(b);
        live.causes.truncate(c);
        live.sources.truncate(d);
        live.minutes.truncate(minutes);
        live.minutes.iter_mut().for_each(|m| (m.requests, m.ttfb_ms) = (n, Some([x; 3])));
        live.causes.iter_mut().for_each(|c| (c.failed, c.trend) = (n, vec![n; a]));
        live.sources.iter_mut().for_each(|s| (s.backlog, s.behind_s) = (n, Some(x)));
        live.nodes
            .iter_mut()
            .for_each(|node| (node.errors_per_min, node.limit_ms, node.ttfb_p95_ms) = (n, Some(x), Some(x)));
        (live.rates.share, live.rates.requests_per_s, live.rates.hidden_per_min) = (x, x, x);
        (live.since, live.grace_left_s, live.confidence) = (at, Some(x), Some(x));
        if d == 0 {
            (live.at, live.wall) = (at, at);
            live.incidents.clear();
        }
        live
    })
}

fn any_key() -> impl Strategy<Value = KeyEvent> {
    let codes = [
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::Tab,
        KeyCode::Backspace,
        KeyCode::Delete,
        KeyCode::Left,
        KeyCode::Right,
    ];
    let letter =
        prop_oneof!["[qgsphjkncrei?/ ]", "\\PC"].prop_map(|s: String| KeyCode::Char(s.chars().next().unwrap_or('x')));
    let code = prop_oneof![prop::sample::select(codes.to_vec()), letter];
    let held = prop_oneof![4 => Just(KeyModifiers::NONE), 1 => Just(KeyModifiers::CONTROL)];
    (code, held).prop_map(|(code, held)| KeyEvent::new(code, held))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_screen_of_any_size_after_any_keys(
        live in any_live(), next in any_live(), width in 1u16..150, height in 1u16..60,
        keys in prop::collection::vec(any_key(), 0..20), ascii in any::<bool>(),
    ) {
        let mut ui = Ui::new(&style()).in_ascii(ascii);
        ui.resize(width, height);
        for (n, k) in keys.into_iter().enumerate() {
            let live = if n % 2 == 0 { &live } else { &next };
            key(&mut ui, live, k);
            ui.moved_on();
            for cell in &buffer(live, &ui, width, height).content {
                prop_assert!(!cell.symbol().contains(is_unsafe));
            }
        }
        let mut lines = PlainLines::new(&style());
        for live in [&live, &next] {
            for line in lines.step(live) {
                prop_assert!(!line.contains(is_unsafe));
            }
        }
        for line in live_ndjson(&next, Some(&live)) {
            prop_assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok());
        }
    }

    #[test]
    fn a_page_of_any_size(live in any_live(), width in 1u16..130, height in 1u16..60, at in 0usize..13) {
        let ui = every_page(&live, false).swap_remove(at);
        buffer(&live, &ui, width, height);
    }
}
