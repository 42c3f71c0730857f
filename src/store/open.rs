//! Opens the database file. In: a path; out: a connection to a checked, prepared database, or an error that leaves the
//! file as it is. What a file is gets looked at before SQLite may write to it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::fault::{damaged, fault, file_fault, foreign, missing, newer, not_a_database};
use super::migrate::{APPLICATION_ID, MIGRATIONS, Stamped, latest, migrate, stamped};
use crate::error::{Error, Kind, Result};

/// How long a writer waits for another one.
const PATIENCE: Duration = Duration::from_secs(60);

/// First bytes of every SQLite 3 database (SQLite file format, "The Database Header").
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// What is at a path, as far as the file system tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Nothing,
    Empty,
    Database,
}

fn look(path: &Path) -> Result<Found> {
    let there = match fs::metadata(path) {
        Ok(m) => m,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(e) => return Err(file_fault(path, "open the history in", &e)),
    };
    if !there.is_file() {
        let what = if there.is_dir() { "a folder" } else { "no regular file" };
        return Err(Error::new(
            Kind::Store,
            format!("the history must be a file, but this is {what}: {}", path.display()),
        )
        .hint(format!("name a file, such as --store {}", path.join("guru.db").display())));
    }
    if there.len() == 0 {
        return Ok(Found::Empty);
    }
    let mut head = Vec::with_capacity(MAGIC.len());
    let read = File::open(path).and_then(|f| f.take(MAGIC.len() as u64).read_to_end(&mut head));
    read.map_err(|e| file_fault(path, "read the history in", &e))?;
    if head == MAGIC { Ok(Found::Database) } else { Err(not_a_database(path)) }
}

/// Looks inside through a connection that cannot write. `Ok(None)`: a database without any table.
fn check(path: &Path) -> Result<Option<Stamped>> {
    let db = reader(path)?;
    let s = stamped(&db).map_err(|e| fault(path, "read", &e))?;
    match s {
        Stamped { application: 0, version: 0, blank: true } => Ok(None),
        Stamped { application, .. } if application != APPLICATION_ID => Err(foreign(path)),
        Stamped { version, .. } if version > latest() => Err(newer(path, version, latest())),
        Stamped { blank: true, .. } => Err(damaged(path, "it has no tables")),
        _ => Ok(Some(s)),
    }
}

fn reader(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let failed = |e: rusqlite::Error| fault(path, "read", &e);
    let db = Connection::open_with_flags(path, flags).map_err(failed)?;
    db.busy_timeout(PATIENCE).map_err(failed)?;
    match stamped(&db) {
        // A reader of a WAL database needs its -shm file. Where it may not create one and nobody is writing (there is
        // no -wal), the main file alone is the whole content.
        Err(e)
            if matches!(e.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)) && no_log(path) =>
        {
            Connection::open_with_flags(frozen(path), flags | OpenFlags::SQLITE_OPEN_URI).map_err(failed)
        }
        _ => Ok(db),
    }
}

fn no_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_os_string();
    log.push("-wal");
    fs::metadata(log).map_or(true, |m| m.len() == 0)
}

/// The URI of a database that nobody changes; characters with a meaning in URIs are escaped.
fn frozen(path: &Path) -> String {
    let mut uri = String::from("file:");
    for c in path.to_string_lossy().chars() {
        match c {
            '%' => uri.push_str("%25"),
            '?' => uri.push_str("%3f"),
            '#' => uri.push_str("%23"),
            c => uri.push(c),
        }
    }
    uri + "?immutable=1"
}

/// Opens for asking.
pub fn read_only(path: &Path) -> Result<Connection> {
    if look(path)? != Found::Database {
        return Err(missing(path));
    }
    match check(path)? {
        None => Err(missing(path)),
        Some(s) if s.version < latest() => Err(Error::new(
            Kind::Store,
            format!("an older guru wrote this history (its version is {}): {}", s.version, path.display()),
        )
        .hint("run `guru analyze` once as somebody who may write it: it is then brought up to date, after a backup")),
        Some(_) => reader(path),
    }
}

/// Opens for writing what is already there.
pub fn existing(path: &Path) -> Result<Connection> {
    if look(path)? != Found::Database || check(path)?.is_none() {
        return Err(missing(path));
    }
    writer(path)
}

/// Opens for writing, creating folder (0700) and file (0600) when they are not there.
pub fn create(path: &Path) -> Result<Connection> {
    match look(path)? {
        Found::Nothing => {
            create_folder(path)?;
            create_private(path)?;
        }
        Found::Empty => {}
        Found::Database => {
            check(path)?;
        }
    }
    writer(path)
}

fn create_folder(path: &Path) -> Result<()> {
    let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) else { return Ok(()) };
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    builder.mode(0o700);
    builder.create(folder).map_err(|e| file_fault(folder, "create the folder", &e))
}

/// Creates an empty file for its owner only, or for the group in a folder that hands its group down (the packaged one).
/// A file that is already there stays as it is.
pub fn create_private(path: &Path) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    options.mode(0o600);
    match options.open(path) {
        Ok(file) => share_with_group(path, &file),
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(e) => Err(file_fault(path, "create the history in", &e)),
    }
}

#[cfg(unix)]
fn share_with_group(path: &Path, file: &File) -> Result<()> {
    let shared = path.parent().and_then(|p| fs::metadata(p).ok()).is_some_and(|m| m.mode() & 0o2070 == 0o2070);
    if shared {
        let mode = fs::Permissions::from_mode(0o660);
        file.set_permissions(mode).map_err(|e| file_fault(path, "share", &e))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn share_with_group(_: &Path, _: &File) -> Result<()> {
    Ok(())
}

fn writer(path: &Path) -> Result<Connection> {
    let failed = |e: rusqlite::Error| fault(path, "write", &e);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = Connection::open_with_flags(path, flags).map_err(failed)?;
    db.busy_timeout(PATIENCE).map_err(failed)?;
    write_ahead(&db).map_err(failed)?;
    db.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536;")
        .map_err(failed)?;
    db.set_prepared_statement_cache_capacity(64);
    migrate(&mut db, path, MIGRATIONS)?;
    Ok(db)
}

/// Switches to WAL. SQLite does not call the busy handler for that, so that waiting is done here.
fn write_ahead(db: &Connection) -> rusqlite::Result<()> {
    let begun = Instant::now();
    loop {
        match db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())) {
            Err(e) if e.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && begun.elapsed() < PATIENCE => {
                sleep(Duration::from_millis(10));
            }
            other => return other,
        }
    }
}
