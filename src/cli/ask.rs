//! `guru ask`: questions to the history. In: the name of a saved question and its values, or SQL; out: rows. The history
//! cannot be changed this way.

use std::time::Duration;

use serde_json::Value;

use super::common::{self, Common};
use super::form::Form;
use super::questions::{self, Saved};
use super::{Outcome, change, when};
use crate::error::{Error, Kind, Result};
use crate::store::{Bounds, Rows, Store};
use crate::view::{Grid, Plain};

const ABOUT: &str = "\
Without a question the saved ones are listed. Values are given in order, or by
name: guru ask recurring-services times=3. Questions of your own are files of
SQL in $XDG_CONFIG_HOME/guru/questions: the first comment line is the title, and
each line \"-- :name = default   what it is\" a parameter. The views v_incidents
and v_failed_fetches keep their columns; tables may change with the version.";

/// Arguments of `guru ask`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = ABOUT)]
pub struct Args {
    /// Name of a saved question
    #[arg(value_name = "QUESTION", conflicts_with = "sql")]
    question: Option<String>,
    /// Values of its parameters, in order or as NAME=VALUE
    #[arg(value_name = "VALUE", conflicts_with = "sql")]
    values: Vec<String>,
    /// One SELECT of your own
    #[arg(long, value_name = "SQL")]
    sql: Option<String>,
    /// Only print the SQL of the question
    #[arg(long, conflicts_with = "sql", requires = "question")]
    show: bool,
    /// Rows at most
    #[arg(long, value_name = "N", default_value_t = 1000)]
    limit: usize,
    /// Time at most
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    timeout: String,
    /// How to write the rows
    #[arg(long, value_enum, default_value_t)]
    output: Form,
}

/// Runs the command.
pub fn run(args: &Args, common: &Common) -> Outcome {
    let patience = Duration::from_micros(when::duration(&args.timeout)?.unsigned_abs());
    let bounds = Bounds { rows: args.limit, patience };
    let (sql, given) = match (&args.question, &args.sql) {
        (_, Some(sql)) => (sql.clone(), Vec::new()),
        (None, None) => return list(args, common),
        (Some(name), None) => {
            let saved = find(name)?;
            if args.show {
                common::print(&saved.sql.lines().map(|l| format!("{}\n", Plain::of(l))).collect::<String>())?;
                return Ok(0);
            }
            let given = saved.bind(&args.values, change::now())?;
            (saved.sql, given)
        }
    };
    let answer = Store::open_read_only(&common.store_path())?.ask(&sql, &given, bounds)?;
    common::print(&told(&answer, args, common)?)?;
    if answer.cut {
        common.say(&format!("only the first {} rows are shown: --limit N for more\n", answer.rows.len()));
    }
    Ok(0)
}

fn told(answer: &Rows, args: &Args, common: &Common) -> Result<String> {
    if args.output == Form::Table && answer.rows.is_empty() {
        return Ok("No row answers that.\n".into());
    }
    args.output.write(Grid { columns: &answer.columns, rows: &answer.rows }, common)
}

/// Lists the saved questions.
fn list(args: &Args, common: &Common) -> Outcome {
    let columns = ["question", "asks", "values"].map(String::from);
    let value = |p: &questions::Parameter| match &p.default {
        Some(default) => format!("{}={default}", p.name),
        None => p.name.clone(),
    };
    let row = |q: &Saved| -> Vec<Value> {
        let values: Vec<String> = q.parameters.iter().map(value).collect();
        vec![q.name.clone().into(), q.title.clone().into(), values.join(" ").into()]
    };
    let rows: Vec<Vec<Value>> = questions::all()?.iter().map(row).collect();
    let mut text = args.output.write(Grid { columns: &columns, rows: &rows }, common)?;
    if args.output == Form::Table {
        text += "\nguru ask QUESTION [VALUE]…    guru ask QUESTION --show    guru ask --sql 'SELECT …'\n";
    }
    common::print(&text)?;
    Ok(0)
}

/// The question of that name.
fn find(name: &str) -> Result<Saved> {
    let all = questions::all()?;
    let near: Vec<String> = all.iter().filter(|q| alike(&q.name, name)).map(|q| q.name.clone()).collect();
    all.into_iter().find(|q| q.name == name).ok_or_else(|| {
        let e = Error::new(Kind::Usage, format!("there is no saved question \"{name}\""));
        let e = if near.is_empty() { e } else { e.hint(format!("did you mean {}?", near.join(", "))) };
        e.hint("list them: guru ask").hint("or ask in SQL: guru ask --sql 'SELECT * FROM v_incidents'")
    })
}

/// True when the names share a word, or a beginning.
fn alike(name: &str, asked: &str) -> bool {
    let words = |s: &str| s.to_ascii_lowercase().split(['-', '_', ' ']).map(str::to_string).collect::<Vec<_>>();
    let asked = words(asked);
    words(name)
        .iter()
        .any(|w| w.len() > 2 && asked.iter().any(|a| a == w || (a.len() > 3 && w.starts_with(a.get(..4).unwrap_or(a)))))
}
