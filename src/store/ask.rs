//! Questions in SQL. In: one SELECT with its parameters; out: its rows, up to a limit of rows and of time. It can change
//! nothing: the file is opened for reading, and an authorizer refuses everything but reading tables of the history. It
//! must not know which questions there are.

use std::time::{Duration, Instant};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode};
use serde_json::{Number, Value};

/// How far an answer may go.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Rows at most.
    pub rows: usize,
    /// Time at most.
    pub patience: Duration,
}

/// The rows that answer a question.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Their values.
    pub rows: Vec<Vec<Value>>,
    /// There are more rows than the limit.
    pub cut: bool,
}

/// Why a question has no answer.
#[derive(Debug)]
pub enum Refused {
    /// It is no SELECT, or more than one statement.
    NotOneSelect,
    /// It reads a parameter that it was not given, by name.
    Missing(String),
    /// It took longer than it may.
    TooLong,
    /// SQLite's own words.
    Sql(String),
    /// The database cannot be read.
    Store(rusqlite::Error),
}

/// The longest text, and the largest number of bytes of a row.
const LONGEST: i32 = 16 << 20;
/// Blobs are shown up to so many bytes.
const BLOB: usize = 32;

/// Asks. `given`: parameters by name, with their colon.
pub fn ask(db: &mut Connection, sql: &str, given: &[(String, Value)], bounds: Bounds) -> Result<Rows, Refused> {
    if !is_select(sql) {
        return Err(Refused::NotOneSelect);
    }
    let store = |e: rusqlite::Error| Refused::Store(e);
    let end = Instant::now() + bounds.patience;
    db.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST).map_err(store)?;
    db.authorizer(Some(may)).map_err(store)?;
    db.progress_handler(2_000, Some(move || Instant::now() > end)).map_err(store)?;
    let rows = read(db, sql, given, bounds.rows);
    db.progress_handler(0, None::<fn() -> bool>).map_err(store)?;
    db.authorizer(None::<fn(AuthContext<'_>) -> Authorization>).map_err(store)?;
    rows
}

fn may(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => Authorization::Allow,
        AuthAction::Function { function_name } if !function_name.eq_ignore_ascii_case("load_extension") => {
            Authorization::Allow
        }
        _ => Authorization::Deny,
    }
}

/// True when the first word after comments is SELECT or WITH.
fn is_select(sql: &str) -> bool {
    let mut rest = sql.trim_start();
    loop {
        rest = match (rest.strip_prefix("--"), rest.strip_prefix("/*")) {
            (Some(comment), _) => comment.split_once('\n').map_or("", |(_, after)| after).trim_start(),
            (_, Some(comment)) => comment.split_once("*/").map_or("", |(_, after)| after).trim_start(),
            _ => break,
        };
    }
    let word = rest.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    word.eq_ignore_ascii_case("select") || word.eq_ignore_ascii_case("with")
}

fn read(db: &Connection, sql: &str, given: &[(String, Value)], most: usize) -> Result<Rows, Refused> {
    let mut statement = db.prepare(sql).map_err(refused)?;
    if !statement.readonly() || statement.column_count() == 0 {
        return Err(Refused::NotOneSelect);
    }
    for n in 1..=statement.parameter_count() {
        let name = statement.parameter_name(n).unwrap_or("?").to_string();
        let value = given.iter().find(|(k, _)| *k == name).map(|(_, v)| v).ok_or(Refused::Missing(name))?;
        statement.raw_bind_parameter(n, bound(value)).map_err(refused)?;
    }
    let columns: Vec<String> = statement.column_names().map(str::to_string).collect();
    let width = columns.len();
    let mut answer = Rows { columns, ..Rows::default() };
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(refused)? {
        if answer.rows.len() == most {
            answer.cut = true;
            break;
        }
        let cells = (0..width).map(|n| row.get_ref(n).map(cell)).collect::<rusqlite::Result<_>>();
        answer.rows.push(cells.map_err(refused)?);
    }
    Ok(answer)
}

fn refused(e: rusqlite::Error) -> Refused {
    match e.sqlite_error_code() {
        _ if matches!(e, rusqlite::Error::MultipleStatement) => Refused::NotOneSelect,
        Some(ErrorCode::OperationInterrupted) => Refused::TooLong,
        Some(ErrorCode::AuthorizationForStatementDenied) => Refused::NotOneSelect,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseCorrupt | ErrorCode::SystemIoFailure) => Refused::Store(e),
        _ => Refused::Sql(match e {
            rusqlite::Error::SqlInputError { msg, sql, offset, .. } => pointed(&msg, &sql, offset),
            e => e.to_string(),
        }),
    }
}

/// SQLite's words and where in the statement they are about.
fn pointed(words: &str, sql: &str, offset: std::ffi::c_int) -> String {
    let at = usize::try_from(offset).ok().and_then(|at| sql.get(at..));
    let near: String = at.unwrap_or_default().chars().take(40).collect();
    if near.is_empty() { words.to_string() } else { format!("{words}, at: {near}") }
}

fn bound(value: &Value) -> rusqlite::types::Value {
    use rusqlite::types::Value as Sql;
    match value {
        Value::Null => Sql::Null,
        Value::Bool(b) => Sql::Integer((*b).into()),
        Value::Number(n) => n.as_i64().map_or_else(|| Sql::Real(n.as_f64().unwrap_or_default()), Sql::Integer),
        Value::String(s) => Sql::Text(s.clone()),
        other => Sql::Text(other.to_string()),
    }
}

fn cell(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(n) => n.into(),
        ValueRef::Real(x) => Number::from_f64(x).map_or(Value::Null, Value::Number),
        ValueRef::Text(t) => String::from_utf8_lossy(t).into_owned().into(),
        ValueRef::Blob(b) => {
            let hex: String = b.iter().take(BLOB).map(|b| format!("{b:02x}")).collect();
            format!("x'{hex}'{}", if b.len() > BLOB { "\u{2026}" } else { "" }).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(sql: &str) -> Result<Rows, Refused> {
        let mut db = Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE TABLE t (x, y); INSERT INTO t VALUES (1, 'a'), (2, NULL), (3, x'ff')").unwrap();
        let bounds = Bounds { rows: 2, patience: Duration::from_millis(300) };
        let asked = ask(&mut db, sql, &[(":n".into(), 2.into())], bounds);
        let left: i64 = db.query_row("SELECT count(*) FROM t", [], |r| r.get(0)).unwrap();
        assert_eq!(left, 3, "{sql}");
        asked
    }

    #[test]
    fn rows_come_up_to_the_limit() {
        let rows = answer("-- all\n/* of it */ SELECT x, y FROM t ORDER BY x").unwrap();
        assert_eq!(rows.columns, ["x", "y"]);
        assert_eq!(rows.rows, [vec![1.into(), "a".into()], vec![2.into(), Value::Null]]);
        assert!(rows.cut);
        let rows = answer("WITH a AS (SELECT x, y FROM t WHERE x > :n) SELECT * FROM a;").unwrap();
        assert_eq!((rows.rows, rows.cut), (vec![vec![3.into(), "x'ff'".into()]], false));
    }

    #[test]
    fn nothing_but_one_select_is_run() {
        for sql in [
            "DELETE FROM t",
            "SELECT 1; DELETE FROM t",
            "WITH a AS (SELECT 1) DELETE FROM t",
            "WITH a AS (SELECT 1) INSERT INTO t SELECT 1, 2",
            "PRAGMA user_version = 3",
            "ATTACH 'x.db' AS x",
            "VACUUM INTO '/tmp/never'",
            "BEGIN",
            "",
            "-- SELECT 1",
        ] {
            assert!(matches!(answer(sql), Err(Refused::NotOneSelect)), "{sql}: {:?}", answer(sql));
        }
        assert!(matches!(answer("SELECT load_extension('x')"), Err(Refused::Sql(_))));
        assert!(matches!(answer("SELECT nothing FROM t"), Err(Refused::Sql(e)) if e.contains("nothing")));
        assert!(matches!(answer("SELECT :other"), Err(Refused::Missing(name)) if name == ":other"));
    }

    #[test]
    fn an_endless_question_is_ended() {
        let endless = "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) SELECT count(*) FROM a";
        assert!(matches!(answer(endless), Err(Refused::TooLong)));
        assert!(matches!(answer("SELECT length(zeroblob(2000000000))"), Err(Refused::Sql(_))));
    }
}
