//! What several commands share: how output looks and where it goes. In: options; out: a `Style`, writes to stdout and
//! stderr. A closed pipe ends a command quietly.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::alert::Config;
use crate::error::{Error, Kind, Result};
use crate::view;

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
pub struct Common {
    /// The history to use [default: GURU_STORE, else the machine's or your own]
    #[arg(long, global = true, value_name = "PATH")]
    pub store: Option<String>,
    /// The configuration to use [default: GURU_CONFIG, else your own or /etc/guru/guru.toml]
    #[arg(long, global = true, value_name = "PATH")]
    pub config: Option<PathBuf>,
    /// Zone to show times in: local, UTC, +02:00 or a name such as Europe/Berlin
    #[arg(long, global = true, default_value = "local", value_name = "ZONE")]
    pub tz: String,
    /// A folder with log formats of your own (*.toml), beside $XDG_CONFIG_HOME/guru/grammars
    #[arg(long, global = true, value_name = "DIR")]
    pub grammars: Vec<PathBuf>,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t)]
    pub color: Color,
    /// Show everything instead of one screen
    #[arg(long, global = true)]
    pub full: bool,
    /// Say nothing on stderr but errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more on stderr
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

impl Common {
    /// How stdout is to look.
    pub fn style(&self) -> Result<view::Style> {
        Ok(view::Style {
            color: self.colored(io::stdout().is_terminal()),
            zone: view::Zone::parse(&self.tz)?,
            full: self.full,
            store: self.store.clone(),
            ..view::Style::default()
        })
    }

    /// Where the history is: see [`crate::store::locate`].
    pub fn store_path(&self) -> PathBuf {
        let flag = self.store.as_deref().map(Path::new);
        crate::store::locate(flag, &|name| std::env::var_os(name), &|path| path.exists())
    }

    /// The configuration; the default one, which calls nobody, where there is no file.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn config(&self) -> Result<Config> {
        let path = Config::locate(self.config.as_deref(), &|name| std::env::var_os(name), &|path| path.exists());
        path.map_or_else(|| Ok(Config::default()), |path| Config::read(&path))
    }

    /// How stderr is to look.
    pub fn talk_style(&self) -> view::Style {
        view::Style { color: self.colored(io::stderr().is_terminal()), full: self.verbose, ..view::Style::default() }
    }

    fn colored(&self, terminal: bool) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
        }
    }

    /// Says something on stderr, unless told to be quiet.
    pub fn say(&self, text: &str) {
        if !self.quiet && !text.is_empty() {
            let _ = io::stderr().write_all(text.as_bytes());
        }
    }
}

/// Writes data to stdout. A reader that has gone away ends the process quietly, as `head` expects.
pub fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(e) => Err(Error::new(Kind::Source, format!("Standard output cannot be written: {e}"))),
    }
}

/// Shows an error.
pub fn complain(e: &Error, common: &Common) {
    let _ = io::stderr().write_all(view::error(e, &common.talk_style()).as_bytes());
}
