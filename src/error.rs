//! Errors that a user reads: what failed, where, why, and what to do next. In: the parts; out: one type with a kind
//! that decides the exit code. It must not know how it is shown.

use std::fmt;

/// What kind of failure it is; each has its exit code (design: command line).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The command line or a file that the user wrote is wrong.
    Usage,
    /// Nothing could be read or recognised.
    Nothing,
    /// Some source could not be read, others could.
    Source,
    /// The store could not be read or written.
    Store,
    /// A law was violated: a bug.
    Bug,
}

impl Kind {
    /// The exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Usage => 2,
            Kind::Nothing => 3,
            Kind::Source => 4,
            Kind::Store => 5,
            Kind::Bug => 70,
        }
    }
}

/// An error with its hints.
#[derive(Clone, Debug)]
pub struct Error {
    /// Its kind.
    pub kind: Kind,
    /// What failed, where and why: a full sentence without a period after a path.
    pub message: String,
    /// What to do next, one command or sentence each.
    pub hints: Vec<String>,
}

impl Error {
    /// An error of that kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Error {
        Error { kind, message: message.into(), hints: Vec::new() }
    }

    /// The same error with one more hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for h in &self.hints {
            write!(f, "\nhint: {h}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// The result type of the rooms.
pub type Result<T> = std::result::Result<T, Error>;
