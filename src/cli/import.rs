//! `guru change import`: the records of git, package managers, cron and calendars as changes. In: files, standard input
//! or a repository; out: changes in the history, each once, and a line for each record that says what came of it. A line
//! that is not understood is told with its place and costs nothing else.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use chrono::NaiveDateTime;
use clap::{Args, ValueEnum};

use super::change::now;
use super::common::{self, Common};
use super::{Outcome, input, when};
use crate::change::{self, How, Read, Source};
use crate::error::{Error, Kind, Result};
use crate::model::Stamp;
use crate::model::stamp::SECOND;
use crate::source::{PathSpec, Trouble, head, resolve};
use crate::store::{Changed, Store};
use crate::view::{Plain, Zone};

/// So much of a record is read, decompressed.
const MOST: usize = 256 << 20;
/// A schedule is expanded over so long when nobody says otherwise.
const SCHEDULE: i64 = 7 * 86_400 * SECOND;

/// Kinds of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum From {
    /// git log: the usual output, --format=fuller, or lines of hash, date and subject
    Git,
    /// dpkg.log
    Dpkg,
    /// apt's history.log
    Apt,
    /// yum.log or dnf.rpm.log
    Yum,
    /// A crontab: its jobs are due within --since and --until
    Cron,
    /// Jobs that cron logged
    Syslog,
    /// A calendar with a header row: start[,end],title[,node]
    Csv,
}

/// Arguments of `guru change import`.
#[derive(Args, Debug)]
pub struct Import {
    /// Files, also packed ones; - for standard input
    #[arg(value_name = "FILE")]
    pub files: Vec<String>,
    /// What they are [default: recognised by what is in them]
    #[arg(long, value_enum)]
    pub from: Option<From>,
    /// Read the log of this git repository
    #[arg(long, value_name = "PATH")]
    pub repo: Option<PathBuf>,
    /// The node that the changes were on [default: what the record says, else everywhere]
    #[arg(long, value_name = "NODE", default_value = "", hide_default_value = true)]
    pub node: String,
    /// Zone of times that name none
    #[arg(long, value_name = "ZONE", default_value = "local")]
    pub log_tz: String,
    /// Only changes at or after this moment; for a crontab [default: 7 days before --until]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub since: Option<String>,
    /// Only changes at or before this moment; for a crontab [default: now]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub until: Option<String>,
    /// Only say what would be recorded
    #[arg(long)]
    pub dry_run: bool,
}

/// One record.
struct Record {
    name: String,
    text: String,
    source: Source,
    cut: bool,
}

/// Runs the command.
pub fn run(args: &Import, common: &Common) -> Outcome {
    if args.files.is_empty() && args.repo.is_none() {
        return Err(Error::new(Kind::Usage, "there is nothing to import: no file is named")
            .hint("guru change import /var/log/dpkg.log")
            .hint("guru change import --repo /srv/shop")
            .hint("git log | guru change import -"));
    }
    let (mut records, troubles) = records(args)?;
    if let Some(repo) = &args.repo {
        records.push(repository(repo, args)?);
    }
    input::tell_troubles(troubles.iter(), common);
    if records.is_empty() {
        return Err(Error::new(Kind::Nothing, "nothing could be imported")
            .hint("say what a file is with --from git|dpkg|apt|yum|cron|syslog|csv"));
    }
    let until = args.until.as_deref().map_or_else(|| Ok(now()), |t| when::parse(t, now()))?;
    let since = args.since.as_deref().map_or_else(|| Ok(until - SCHEDULE), |t| when::parse(t, now()))?;
    let zone = Zone::parse(&args.log_tz)?;
    let local = |t: NaiveDateTime| Some(moment(zone, t));
    let how = How { now: now(), zone: &local, node: &args.node, since, until };
    // Without a span only schedules have an end: a calendar tells of the future.
    let fits = |at: Stamp| (args.since.is_none() || at >= since) && (args.until.is_none() || at <= until);
    let (mut lines, mut all) = (Vec::new(), Vec::<Changed>::new());
    for record in records {
        let read = change::read(&record.text, record.source, &how);
        tell_bad(&record, &read, common);
        let before = all.len();
        let found = read.changes.into_iter().filter(|c| fits(c.at));
        all.extend(found.map(|c| (c.at, c.kind.to_string(), c.node, c.text)));
        lines.push((record, all.len() - before, read.bad_lines));
    }
    finish(args, &all, &lines, common)?;
    Ok(if troubles.is_empty() { 0 } else { Kind::Source.exit_code() })
}

/// The moment of a local time; one that clocks skipped is as far after midnight as it would have been.
fn moment(zone: Zone, local: NaiveDateTime) -> Stamp {
    let as_utc = Stamp(local.and_utc().timestamp_micros());
    let near = as_utc - zone.offset(as_utc) * SECOND;
    as_utc - zone.offset(near) * SECOND
}

/// Reads and recognises what was named.
fn records(args: &Import) -> Result<(Vec<Record>, Vec<Trouble>)> {
    let specs: Vec<PathSpec> = args.files.iter().map(|f| PathSpec { path: f.clone(), ..PathSpec::default() }).collect();
    let resolved = resolve(&specs);
    let mut troubles = resolved.troubles;
    let mut records = Vec::new();
    for found in &resolved.files {
        let content = match head(found, MOST) {
            Ok(content) => content,
            Err(trouble) => {
                troubles.push(trouble);
                continue;
            }
        };
        let text = String::from_utf8_lossy(&content.bytes).into_owned();
        match args.from.map(source).or_else(|| change::recognise(&text)) {
            Some(source) => records.push(Record { name: found.path.clone(), text, source, cut: !content.whole }),
            None => troubles.push(
                Trouble::new(&found.path, "is no record of changes that is known by its content".to_string())
                    .hint("say what it is: --from git|dpkg|apt|yum|cron|syslog|csv".to_string()),
            ),
        }
    }
    Ok((records, troubles))
}

fn source(from: From) -> Source {
    match from {
        From::Git => Source::Git,
        From::Dpkg => Source::Dpkg,
        From::Apt => Source::Apt,
        From::Yum => Source::Yum,
        From::Cron => Source::Crontab,
        From::Syslog => Source::Syslog,
        From::Csv => Source::Calendar,
    }
}

/// The log of a repository, by git itself. What a repository's own configuration could start is switched off.
fn repository(repo: &std::path::Path, args: &Import) -> Result<Record> {
    let shown = repo.display();
    let mut git = Command::new("git");
    git.args(["-c", "core.fsmonitor=false", "-c", "log.showSignature=false", "--no-pager", "-C"]).arg(repo);
    git.args(["log", "--no-color", "--format=%h %cI %s"]);
    for (option, text) in [("--since", &args.since), ("--until", &args.until)] {
        if let Some(text) = text {
            git.arg(format!("{option}={}", when::parse(text, now())?.rfc3339()));
        }
    }
    let done = git.stdin(Stdio::null()).output().map_err(|e| {
        Error::new(Kind::Nothing, format!("git cannot be started to read {shown}: {e}"))
            .hint("install git, or hand its log over: git log | guru change import -")
    })?;
    if !done.status.success() {
        let why = String::from_utf8_lossy(&done.stderr).trim().to_string();
        return Err(Error::new(Kind::Nothing, format!("git cannot read the log of {shown}: {why}"))
            .hint("name the folder of a repository with commits: --repo /srv/shop"));
    }
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    Ok(Record { name: shown.to_string(), text, source: Source::Git, cut: false })
}

/// Says on stderr which lines were not understood.
fn tell_bad(record: &Record, read: &Read, common: &Common) {
    let name = Plain::of(&record.name);
    for bad in &read.bad {
        common.say(&format!("{name}:{}: {}\n", bad.line, bad.why));
    }
    if read.bad_lines > read.bad.len() {
        common.say(&format!("{name}: {} more lines were not understood\n", read.bad_lines - read.bad.len()));
    }
    for remark in &read.remarks {
        common.say(&format!("{name}: {}\n", Plain::of(remark)));
    }
    if record.cut {
        common.say(&format!("{name}: only its first {} MiB were read\n", MOST >> 20));
    }
}

/// Records everything, and says what came of it.
fn finish(args: &Import, all: &[Changed], lines: &[(Record, usize, usize)], common: &Common) -> Result<()> {
    let mut text = String::new();
    for (record, changes, bad) in lines {
        let not = if *bad > 0 { format!(", {bad} lines not understood") } else { String::new() };
        text += &format!("{}: {changes} changes ({}){not}\n", Plain::of(&record.name), record.source.word());
    }
    if args.dry_run {
        text += "nothing was recorded: leave --dry-run away to import\n";
    } else {
        let mut store = Store::open(&common.store_path())?;
        let new = store.record_changes(all)?;
        let path = Plain::of(&store.path().display().to_string()).to_string();
        text += &format!("{new} new, {} known already, in {path}    guru change list\n", all.len() as u64 - new);
    }
    common::print(&text)
}
