//! What went wrong with the database, for people. In: an error of SQLite or of the file system; out: an `Error` of
//! kind `Store` that says where, why and what to do. It must not know what was being asked.

use std::path::Path;
use std::time::Duration;

use rusqlite::ErrorCode;

use super::ask::Refused;
use super::decide::{MOST_PARTS, Refusal};
use crate::error::{Error, Kind};

/// The error of `doing` (`read`, `write` …) the database at `path`.
pub fn fault(path: &Path, doing: &str, e: &rusqlite::Error) -> Error {
    let shown = path.display();
    let told = |why: &str| Error::new(Kind::Store, format!("cannot {doing} the history in {shown}: {why}"));
    match e.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => told("another guru has been writing to it all the time")
            .hint("run the command again when the other one has finished, or look for one that hangs"),
        Some(ErrorCode::NotADatabase) => not_a_database(path),
        Some(ErrorCode::DatabaseCorrupt) => damaged(path, &e.to_string()),
        Some(ErrorCode::DiskFull) => told("the disk is full").hint("free some space and run the command again: nothing was written"),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => told(&e.to_string()).hint(
            "check the permissions of the file and of its folder (both must be writable), or name another with --store PATH",
        ),
        _ => told(&e.to_string()).hint("name another history with --store PATH, or run with --no-store"),
    }
}

/// The error of a file system call on `path`.
pub fn file_fault(path: &Path, doing: &str, e: &std::io::Error) -> Error {
    Error::new(Kind::Store, format!("cannot {doing} {}: {e}", path.display()))
        .hint("name another history with --store PATH, or run with --no-store")
}

/// The file is something else.
pub fn not_a_database(path: &Path) -> Error {
    Error::new(Kind::Store, format!("this file is not an SQLite database: {}", path.display()))
        .hint("it was left as it is; name another file with --store PATH")
}

/// The file is a database that does not hold a whole history.
pub fn damaged(path: &Path, why: &str) -> Error {
    Error::new(Kind::Store, format!("the history is damaged ({why}): {}", path.display()))
        .hint(format!("save what can be saved: sqlite3 '{}' .recover | sqlite3 recovered.db", path.display()))
        .hint("then use the recovered file with --store recovered.db, or move the damaged one away and analyze again")
}

/// The file is somebody else's database.
pub fn foreign(path: &Path) -> Error {
    Error::new(Kind::Store, format!("this SQLite database belongs to another program: {}", path.display()))
        .hint("it was left as it is; name another file with --store PATH")
}

/// The file was written by a later version.
pub fn newer(path: &Path, found: i64, known: i64) -> Error {
    Error::new(
        Kind::Store,
        format!(
            "a newer guru wrote this history (its version is {found}, this guru knows {known}): {}",
            path.display()
        ),
    )
    .hint("install that newer guru, or name another file with --store PATH; this one was left as it is")
}

/// There is no history yet.
pub fn missing(path: &Path) -> Error {
    Error::new(Kind::Store, format!("there is no history yet in {}", path.display()))
        .hint("run `guru analyze LOGS` first: it creates the history")
        .hint("or name an existing one with --store PATH")
}

/// A decision about incidents cannot be carried out.
pub fn refused(path: &Path, refusal: &Refusal) -> Error {
    let shown = path.display();
    match refusal {
        Refusal::NoSuch(id) => Error::new(Kind::Usage, format!("there is no incident {id} in {shown}"))
            .hint("list them with: guru incidents"),
        Refusal::Same(id) => Error::new(Kind::Usage, format!("both ids stand for incident {id} already, in {shown}"))
            .hint(format!("see what it holds: guru show {id}")),
        Refusal::Scattered(id) => Error::new(
            Kind::Usage,
            format!("incident {id} in {shown} only collects lone failures: it can be neither merged nor split"),
        )
        .hint(format!("see them one by one: guru show {id} --full")),
        Refusal::OneValue(id, value) => Error::new(
            Kind::Usage,
            format!(
                "all failed fetches of incident {id} in {shown} have the same value, {value}: it does not come apart"
            ),
        )
        .hint(format!("split it by something else: guru split {id} --by cause|backend|host|url"))
        .hint(format!("see what differs within it: guru show {id} --full")),
        Refusal::TooMany(id, parts) => Error::new(
            Kind::Usage,
            format!("incident {id} in {shown} would come apart into {parts} incidents; {MOST_PARTS} is the most"),
        )
        .hint(format!("split it by something that has fewer values: guru split {id} --by cause|backend|host|url")),
    }
}

/// A question in SQL has no answer.
pub fn unanswered(path: &Path, patience: Duration, why: Refused) -> Error {
    let shown = path.display();
    match why {
        Refused::NotOneSelect => Error::new(
            Kind::Usage,
            "the question must be one statement that only reads: SELECT \u{2026} or WITH \u{2026} SELECT \u{2026}",
        )
        .hint("nothing can be changed this way; see guru resolve, note, merge, split and rename"),
        Refused::Missing(name) => Error::new(Kind::Usage, format!("the question needs a value for {name}"))
            .hint(format!("give it as {}=VALUE", name.trim_start_matches([':', '@', '$']))),
        Refused::TooLong => Error::new(
            Kind::Usage,
            format!("the question to {shown} was ended after {} s without an answer", patience.as_secs_f32()),
        )
        .hint("give it more time: --timeout 5m")
        .hint("or make it smaller: by incident_id and by started_at_us failed_fetches are found fast"),
        Refused::Sql(words) => Error::new(Kind::Usage, format!("the question cannot be asked of {shown}: {words}"))
            .hint("the tables: guru ask --sql \"SELECT name, sql FROM sqlite_schema\"")
            .hint("the stable views: v_incidents, v_failed_fetches"),
        Refused::Store(e) => fault(path, "read", &e),
    }
}
