//! The schema and its versions. In: an open database; out: the same at the newest version, or untouched. Migrations
//! only go forward, are numbered by their position, and run in one transaction after a backup copy was made.
//! It must not know what the tables are for.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::fault::{fault, file_fault};
use super::open::create_private;
use crate::error::Result;

/// Marks a database as guru's (`PRAGMA application_id`): "guru" in ASCII.
pub const APPLICATION_ID: i64 = 0x6775_7275;

/// The migrations; the one at position n leads from version n to n + 1. Never change one that was released.
pub const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_history.sql"),
    include_str!("migrations/0002_tail.sql"),
    include_str!("migrations/0003_settled.sql"),
    include_str!("migrations/0004_unsettled.sql"),
    include_str!("migrations/0005_limits.sql"),
    include_str!("migrations/0006_taken.sql"),
    include_str!("migrations/0007_load.sql"),
    include_str!("migrations/0008_decisions.sql"),
    include_str!("migrations/0009_backends.sql"),
    include_str!("migrations/0010_strength.sql"),
    include_str!("migrations/0011_programs.sql"),
    include_str!("migrations/0012_answered.sql"),
    include_str!("migrations/0013_early.sql"),
];

/// The version that this guru writes.
pub fn latest() -> i64 {
    MIGRATIONS.len() as i64
}

/// What a database says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamped {
    /// `PRAGMA application_id`.
    pub application: i64,
    /// `PRAGMA user_version`.
    pub version: i64,
    /// True when it has no table yet.
    pub blank: bool,
}

/// Reads what a database says about itself; changes nothing.
pub fn stamped(db: &Connection) -> rusqlite::Result<Stamped> {
    let number = |sql: &str| db.query_row(sql, [], |r| r.get::<_, i64>(0));
    Ok(Stamped {
        application: number("PRAGMA application_id")?,
        version: number("PRAGMA user_version")?,
        blank: number("SELECT count(*) FROM sqlite_schema")? == 0,
    })
}

/// Brings the database at `path` to the version after the last of `steps`. Waits for another writer; of two that
/// start at once, one migrates and the other finds it done.
pub fn migrate(db: &mut Connection, path: &Path, steps: &[&str]) -> Result<()> {
    let failed = |e: rusqlite::Error| fault(path, "prepare", &e);
    if stamped(db).map_err(failed)?.version >= steps.len() as i64 {
        return Ok(());
    }
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let found = usize::try_from(stamped(&tx).map_err(failed)?.version).unwrap_or(0);
    if found > 0 && found < steps.len() {
        back_up(path, found)?;
    }
    for step in steps.iter().skip(found) {
        tx.execute_batch(step).map_err(failed)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
    tx.pragma_update(None, "user_version", found.max(steps.len()) as i64).map_err(failed)?;
    tx.commit().map_err(failed)
}

/// Where the copy made before migrating from `version` is.
pub fn backup_path(path: &Path, version: usize) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(format!(".v{version}.backup"));
    PathBuf::from(name)
}

/// Copies the committed content while the caller holds the write lock. A half-written copy never has the final name.
fn back_up(path: &Path, version: usize) -> Result<()> {
    let target = backup_path(path, version);
    let part = target.with_extension("part");
    if part.exists() {
        fs::remove_file(&part).map_err(|e| file_fault(&part, "replace", &e))?;
    }
    create_private(&part)?;
    let failed = |e: rusqlite::Error| fault(path, "back up", &e);
    let reader = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failed)?;
    reader.execute("VACUUM INTO ?1", [part.to_string_lossy()]).map_err(failed)?;
    fs::rename(&part, &target).map_err(|e| file_fault(&target, "write", &e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_database_is_copied_and_then_migrated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("guru.db");
        let mut db = Connection::open(&path).unwrap();
        migrate(&mut db, &path, &["CREATE TABLE a (x)"]).unwrap();
        assert!(!backup_path(&path, 0).exists(), "nothing was there to copy");
        db.execute("INSERT INTO a VALUES (7)", []).unwrap();

        migrate(&mut db, &path, &["CREATE TABLE a (x)", "ALTER TABLE a ADD COLUMN y DEFAULT 8"]).unwrap();
        let both: (i64, i64) = db.query_row("SELECT x, y FROM a", [], |r| Ok((r.get(0)?, r.get(1)?))).unwrap();
        assert_eq!(both, (7, 8));
        let copy = Connection::open(backup_path(&path, 1)).unwrap();
        assert_eq!(stamped(&copy).unwrap(), Stamped { application: APPLICATION_ID, version: 1, blank: false });
        assert_eq!(copy.query_row("SELECT x FROM a", [], |r| r.get::<_, i64>(0)).unwrap(), 7);
    }

    #[test]
    fn a_migration_that_fails_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("guru.db");
        let mut db = Connection::open(&path).unwrap();
        migrate(&mut db, &path, &["CREATE TABLE a (x)"]).unwrap();
        assert!(migrate(&mut db, &path, &["", "CREATE TABLE b (x)", "CREATE TABLE b (x)"]).is_err());
        assert_eq!(stamped(&db).unwrap().version, 1);
        let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0)).unwrap();
        assert_eq!(tables, 1);
    }
}
