//! What a key does. In: the state of the screen, the `Live`, a key; out: the new state, and what the caller shall do.
//! It must not know how anything is drawn or carried out.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::model::live::{Live, LiveFailure};

use super::latest::filtered;
use super::overview::found;
use super::pages::page;
use super::prompt::{Prompt, Purpose, Typed};
use super::ui::{Action, Page, Ui};

/// Takes one key. Changes only the state of the screen; what reaches beyond it is returned.
pub fn key(ui: &mut Ui, live: &Live, key: KeyEvent) -> Option<Action> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    ui.hush();
    if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
        return Some(Action::Quit);
    }
    if let Some(prompt) = ui.prompt.take() {
        return typed(ui, live, prompt, key);
    }
    if key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) {
        return None;
    }
    match key.code {
        KeyCode::Char(c) => letter(ui, live, c),
        KeyCode::Enter => {
            open_story(ui, live);
            None
        }
        KeyCode::Esc => {
            back(ui);
            None
        }
        KeyCode::Tab if matches!(ui.page, Page::Incident(_)) => {
            next_incident(ui, live);
            None
        }
        code => {
            walk(ui, live, code);
            None
        }
    }
}

fn letter(ui: &mut Ui, live: &Live, c: char) -> Option<Action> {
    match c {
        'q' => return Some(Action::Quit),
        '?' | 'h' => ui.open(Page::Help),
        'g' => toggle(ui, Page::Graph),
        's' => toggle(ui, Page::Sources),
        'p' | ' ' => ui.pause(live),
        'j' => walk(ui, live, KeyCode::Down),
        'k' => walk(ui, live, KeyCode::Up),
        '/' => {
            let filter = ui.filter.clone();
            ui.open(Page::Overview);
            ui.prompt = Some(Prompt::new(Purpose::Filter, &filter));
        }
        'c' => ui.prompt = Some(Prompt::new(Purpose::Change, "")),
        'n' | 'r' | 'e' | 'i' => return about_incident(ui, live, c),
        _ => {}
    }
    None
}

fn toggle(ui: &mut Ui, page: Page) {
    let same = std::mem::discriminant(&ui.page) == std::mem::discriminant(&page);
    ui.open(if same { Page::Overview } else { page });
}

/// Keys that need an incident. Which one is settled now: what is typed must not land on another that opens meanwhile.
fn about_incident(ui: &mut Ui, live: &Live, c: char) -> Option<Action> {
    let Some(incident) = target(ui, live) else {
        ui.say("no incident is open; guru incidents lists earlier ones");
        return None;
    };
    match c {
        'n' => ui.prompt = Some(Prompt::new(Purpose::Note(incident), "")),
        'r' => ui.prompt = Some(Prompt::new(Purpose::Resolve(incident), "")),
        'i' => ui.open(Page::Incident(incident)),
        _ => return Some(Action::Ticket { incident }),
    }
    None
}

/// The incident on the page, of the selected failure, the worst open one, or the last one.
fn target(ui: &Ui, live: &Live) -> Option<u32> {
    let live = ui.shown(live);
    let known = |id: u32| live.incidents.iter().any(|i| i.id == id).then_some(id);
    let on_page = match &ui.page {
        Page::Incident(id) => Some(*id),
        Page::Story(f) => known(f.incident),
        _ => None,
    };
    on_page
        .or_else(|| selected(ui, live).and_then(|f| known(f.incident)))
        .or_else(|| live.open().map(|i| i.id))
        .or_else(|| live.incidents.first().map(|i| i.id))
}

fn selected<'l>(ui: &Ui, live: &'l Live) -> Option<&'l LiveFailure> {
    let id = ui.selected.as_ref()?;
    live.latest.iter().find(|f| f.id == *id)
}

fn next_incident(ui: &mut Ui, live: &Live) {
    let Page::Incident(id) = ui.page else { return };
    let ids: Vec<u32> = ui.shown(live).incidents.iter().map(|i| i.id).collect();
    let at = ids.iter().position(|i| *i == id).map_or(0, |at| at + 1);
    if let Some(next) = ids.get(at).or(ids.first()).copied() {
        ui.open(Page::Incident(next));
    }
}

fn open_story(ui: &mut Ui, live: &Live) {
    let all = filtered(ui.shown(live), ui);
    let chosen = all.iter().find(|f| Some(&f.id) == ui.selected.as_ref()).or(all.first());
    match chosen.map(|f| Box::new((*f).clone())) {
        Some(f) if !matches!(ui.page, Page::Story(_)) => {
            ui.selected = Some(f.id.clone());
            ui.open(Page::Story(f));
        }
        Some(_) => {}
        None => ui.say("no failed fetch to tell of"),
    }
}

/// One step back: from a page to the overview, then from a selection to none, then from a filter to all.
fn back(ui: &mut Ui) {
    match ui.page {
        Page::Overview if ui.selected.is_some() => ui.selected = None,
        Page::Overview => ui.filter.clear(),
        _ => ui.open(Page::Overview),
    }
}

/// Moves the selection on the overview, and scrolls elsewhere.
fn walk(ui: &mut Ui, live: &Live, code: KeyCode) {
    let rows = usize::from(ui.size.1).saturating_sub(1).max(1);
    let step: isize = match code {
        KeyCode::Up => -1,
        KeyCode::Down => 1,
        KeyCode::PageUp => -(rows as isize),
        KeyCode::PageDown => rows as isize,
        KeyCode::Home => isize::MIN,
        KeyCode::End => isize::MAX,
        _ => return,
    };
    if let Some(lines) = page(live, ui, usize::from(ui.size.0)) {
        let last = lines.len().saturating_sub(rows);
        ui.scroll = ui.scroll.min(last).saturating_add_signed(step).min(last);
        return;
    }
    let ids: Vec<String> = filtered(ui.shown(live), ui).iter().map(|f| f.id.clone()).collect();
    let at = ui.selected.as_ref().and_then(|id| ids.iter().position(|i| i == id));
    let to = match at {
        Some(at) => at.saturating_add_signed(step).min(ids.len().saturating_sub(1)),
        None if step == isize::MAX => ids.len().saturating_sub(1),
        None => 0,
    };
    ui.selected = ids.get(to).cloned();
}

/// A key while a line is typed.
fn typed(ui: &mut Ui, live: &Live, mut prompt: Prompt, key: KeyEvent) -> Option<Action> {
    match prompt.key(key) {
        Typed::More => ui.prompt = Some(prompt),
        Typed::Dropped => {}
        Typed::Done => return done(ui, live, prompt),
    }
    None
}

fn done(ui: &mut Ui, live: &Live, prompt: Prompt) -> Option<Action> {
    let text = prompt.text.trim().to_string();
    if prompt.purpose == Purpose::Filter {
        ui.filter = text;
        if !ui.filter.is_empty() {
            ui.say(format!("{} shown; / and an empty line shows all", found(ui.shown(live), ui)));
        }
        return None;
    }
    if text.is_empty() {
        ui.say("nothing was written");
        return None;
    }
    match prompt.purpose {
        Purpose::Note(incident) => Some(Action::Note { incident, text }),
        Purpose::Resolve(incident) => Some(Action::Resolve { incident, text }),
        Purpose::Change => Some(Action::Change { text }),
        Purpose::Filter => None,
    }
}
