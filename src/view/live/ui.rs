//! The state of the screen: which page, what is typed, what is selected, what is held still. In: keys' wishes; out:
//! what the pages need to know beside the `Live`. It must not know how anything is drawn.

use crate::model::live::{Live, LiveFailure};

use super::super::style::Style;
use super::prompt::Prompt;

/// What the screen asks its caller to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// End.
    Quit,
    /// Write a note on an incident.
    Note {
        /// Its id.
        incident: u32,
        /// The note.
        text: String,
    },
    /// Say what was done about an incident.
    Resolve {
        /// Its id.
        incident: u32,
        /// What was done.
        text: String,
    },
    /// Record that something was changed just now.
    Change {
        /// What.
        text: String,
    },
    /// Give the text of an incident for a ticket.
    Ticket {
        /// Its id.
        incident: u32,
    },
}

/// What is on the screen.
#[derive(Clone, Debug, Default)]
pub(super) enum Page {
    /// Everything at a glance.
    #[default]
    Overview,
    /// Requests, failures and times over the last hour.
    Graph,
    /// Every log that is followed.
    Sources,
    /// The keys.
    Help,
    /// One failed fetch whole, as it was when it was opened.
    Story(Box<LiveFailure>),
    /// One incident whole.
    Incident(u32),
    /// The text of an incident for a ticket.
    Ticket(String),
}

/// The state of the screen.
#[derive(Clone, Debug, Default)]
pub struct Ui {
    pub(super) style: Style,
    pub(super) ascii: bool,
    pub(super) page: Page,
    pub(super) filter: String,
    pub(super) prompt: Option<Prompt>,
    /// Id of the failure that is selected; the list follows the newest while there is none.
    pub(super) selected: Option<String>,
    /// First line shown of a page that is longer than the screen.
    pub(super) scroll: usize,
    frozen: Option<Box<Live>>,
    missed: u64,
    message: Option<String>,
    pub(super) size: (u16, u16),
}

impl Ui {
    /// The overview, in this style.
    pub fn new(style: &Style) -> Ui {
        Ui { style: style.clone(), size: (80, 24), ..Ui::default() }
    }

    /// The same with nothing but ASCII, for terminals without UTF-8.
    pub fn in_ascii(mut self, ascii: bool) -> Ui {
        self.ascii = ascii;
        self
    }

    /// Shows a line at the bottom until the next key.
    pub fn say(&mut self, message: impl Into<String>) {
        self.message = Some(message.into());
    }

    /// Shows what became of an action: a ticket as a page, everything else as a line.
    pub fn answer(&mut self, action: &Action, text: String) {
        match action {
            Action::Ticket { .. } => self.open(Page::Ticket(text)),
            _ => self.say(text),
        }
    }

    /// Tells that the `Live` was replaced by a newer one, which counts while the screen is held still.
    pub fn moved_on(&mut self) {
        if self.frozen.is_some() {
            self.missed = self.missed.saturating_add(1);
        }
    }

    /// Takes a text that was pasted: into the line that is typed. Elsewhere it is ignored, because its letters would be
    /// taken for keys.
    pub fn paste(&mut self, text: &str) {
        if let Some(prompt) = &mut self.prompt {
            prompt.paste(text);
        }
    }

    /// Tells the size of the terminal, so that keys cannot scroll beyond the end of a page.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.size = (columns, rows);
    }

    /// What is shown: the moment that was held, or the newest.
    pub(super) fn shown<'l>(&'l self, live: &'l Live) -> &'l Live {
        self.frozen.as_deref().unwrap_or(live)
    }

    /// The moment that is held and how many came after it.
    pub(super) fn paused(&self) -> Option<(&Live, u64)> {
        self.frozen.as_deref().map(|l| (l, self.missed))
    }

    /// Holds the screen still, or lets it go.
    pub(super) fn pause(&mut self, live: &Live) {
        self.frozen = if self.frozen.is_some() { None } else { Some(Box::new(live.clone())) };
        self.missed = 0;
    }

    /// The line at the bottom.
    pub(super) fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Takes the line at the bottom away.
    pub(super) fn hush(&mut self) {
        self.message = None;
    }

    /// Turns to a page, from its top.
    pub(super) fn open(&mut self, page: Page) {
        (self.page, self.scroll) = (page, 0);
    }

    /// The words that a failure must have to be shown.
    pub(super) fn words(&self) -> Vec<String> {
        let text = match &self.prompt {
            Some(prompt) if prompt.is_filter() => &prompt.text,
            _ => &self.filter,
        };
        text.split_whitespace().map(str::to_lowercase).collect()
    }
}
