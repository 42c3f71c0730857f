//! What the commands that read logs share: which files, as what, and what is said of them. In: options; out: found
//! files, a `Job`, words on stderr. It must not know what is done with the logs.

use std::sync::Arc;

use super::common::Common;
use super::when;
use crate::classify::Rules;
use crate::error::{Error, Kind, Result};
use crate::grammar::Library;
use crate::model::Stamp;
use crate::pipeline::{AskHistory, Forced, Job};
use crate::source::{Found, PathSpec, Progress, Resolved, Trouble, resolve};
use crate::view;

/// Options of commands that read logs.
#[derive(Debug, clap::Args)]
pub struct Input {
    /// Files, folders, quoted globs or - ; a role may stand before: cache=varnish.log origin=nginx/
    #[arg(value_name = "[ROLE=]PATH")]
    pub paths: Vec<String>,
    /// Name the node that wrote a path: --node web1=logs/a.log
    #[arg(long, value_name = "NAME=PATH")]
    pub node: Vec<String>,
    /// Only events from here on: 2h ago, 2026-11-20 17:49, @1795196946
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// Only events up to here
    #[arg(long, value_name = "WHEN")]
    pub until: Option<String>,
    /// Read files as this format, all or those whose path matches: nginx-combined, nginx-main=*shop*
    #[arg(long, value_name = "NAME[=GLOB]")]
    pub format: Vec<String>,
    /// A format string as it stands in nginx.conf (log_format), httpd.conf (LogFormat) or behind varnishncsa -F
    #[arg(long, value_name = "STRING", allow_hyphen_values = true)]
    pub log_format: Vec<String>,
    /// Names of the columns, in order, of a log that does not name them: 'timestamp c-ip sc-status cs-uri-stem'
    #[arg(long, value_name = "NAMES")]
    pub columns: Option<String>,
    /// Zone of logs that do not name theirs: +02:00, Europe/Berlin, web1=UTC
    #[arg(long, value_name = "[NODE=]ZONE", allow_hyphen_values = true)]
    pub log_tz: Vec<String>,
    /// Threads [default: one per processor]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub jobs: usize,
}

impl Input {
    /// Known formats, with those of the command line.
    pub fn library(&self, common: &Common) -> Result<Library> {
        super::known::with_columns(common, &self.log_format, &self.format, self.columns.as_deref())
    }

    /// What the paths and nodes of the command line say.
    pub fn specs(&self) -> Result<Vec<PathSpec>> {
        let mut specs: Vec<PathSpec> = self.paths.iter().map(|p| PathSpec::parse(p)).collect();
        for node in &self.node {
            let spec = PathSpec::parse_node(node).ok_or_else(|| {
                Error::new(Kind::Usage, format!("--node {node} names no node and path")).hint("write --node web1=PATH")
            })?;
            specs.push(spec);
        }
        Ok(specs)
    }

    /// The files that were named; a usage error when none was.
    pub fn find(&self, command: &str) -> Result<Resolved> {
        let specs = self.specs()?;
        if specs.is_empty() {
            return Err(Error::new(Kind::Usage, "No log is named")
                .hint(format!("name files or folders: guru {command} /path/to/logs"))
                .hint(format!("or read standard input: varnishlog -d -g request | guru {command} -")));
        }
        Ok(resolve(&specs))
    }

    /// The first and the last moment that were asked for, each known only when it was named.
    pub fn span(&self, now: Stamp) -> Result<(Stamp, Stamp)> {
        let moment = |w: &Option<String>| w.as_ref().map_or(Ok(Stamp::NONE), |w| when::parse(w, now));
        let (since, until) = (moment(&self.since)?, moment(&self.until)?);
        if since.is_known() && until.is_known() && since > until {
            return Err(Error::new(Kind::Usage, "--since is later than --until: no moment lies between them")
                .hint("give the earlier moment to --since"));
        }
        Ok((since, until))
    }

    /// The job of reading these files; what is not said here has its neutral value.
    pub fn job<'a>(
        &self,
        files: Vec<Found>,
        library: &'a Library,
        rules: &'a Rules,
        progress: Arc<Progress>,
        history: &'a AskHistory<'a>,
    ) -> Result<Job<'a>> {
        let (since, until) = self.span(Stamp(chrono::Utc::now().timestamp_micros()))?;
        Ok(Job {
            files,
            formats: self.format.iter().map(|f| forced(f, library)).collect::<Result<_>>()?,
            known: library,
            rules,
            since,
            until,
            gap_us: 0,
            jobs: self.jobs,
            chunk: 4 << 20,
            log_zones: self.log_tz.iter().map(|z| log_zone(z)).collect::<Result<_>>()?,
            offsets: Vec::new(),
            progress: Some(progress),
            history,
        })
    }

    /// The exit code for what could not be read: damage and unreadable sources count; files of a folder that are no
    /// logs do not. `read` says whether a path is among the sources.
    pub fn exit_code(&self, troubles: &[Trouble], resolved: &Resolved, read: impl Fn(&str) -> bool) -> u8 {
        let named = |path: &str| self.paths.iter().any(|p| PathSpec::parse(p).path == path);
        let damaged = troubles.iter().any(|t| read(&t.path) || named(&t.path));
        if damaged || !resolved.troubles.is_empty() { Kind::Source.exit_code() } else { 0 }
    }
}

fn forced(text: &str, library: &Library) -> Result<Forced> {
    let (name, glob) = text.split_once('=').map_or((text, None), |(n, g)| (n, Some(g)));
    library.named(name)?;
    let paths = glob.map(glob::Pattern::new).transpose().map_err(|e| {
        Error::new(Kind::Usage, format!("--format {text}: {e}")).hint("write --format nginx-main='*shop*'")
    })?;
    Ok(Forced { name: name.into(), paths })
}

fn log_zone(text: &str) -> Result<(Option<String>, i32)> {
    let (node, zone) = text.split_once('=').map_or((None, text), |(n, z)| (Some(n.to_string()), z));
    let now = Stamp(chrono::Utc::now().timestamp_micros());
    Ok((node, view::Zone::parse(zone)?.offset(now) as i32))
}

/// Says what each source was taken for, and which files are empty.
pub fn tell_taken(taken: &[view::Recognition], empty: &[String], common: &Common) {
    common.say(&view::recognition(taken, &common.talk_style()));
    const SHOWN: usize = 8;
    for path in empty.iter().take(SHOWN) {
        common.say(&format!("{}  empty\n", view::Plain::of(path).as_str()));
    }
    if empty.len() > SHOWN {
        common.say(&format!("… and {} more empty files\n", empty.len() - SHOWN));
    }
}

/// Says what could not be read.
pub fn tell_troubles<'t>(troubles: impl Iterator<Item = &'t Trouble>, common: &Common) {
    for t in troubles {
        let mut e = Error::new(Kind::Source, format!("{} {}", t.path, t.why));
        e.hints.extend(t.hint.clone());
        common.say(&view::error(&e, &common.talk_style()));
    }
}

/// The error of a run of `command` that has no source, and so nothing to do; none when all files are merely empty.
pub fn nothing_read(command: &str, to_do: &str, resolved: &Resolved, troubles: usize) -> Result<()> {
    if resolved.files.is_empty() {
        return Err(Error::new(Kind::Nothing, format!("No file was found: there is nothing to {to_do}"))
            .hint(format!("name files or folders: guru {command} /path/to/logs")));
    }
    if troubles + resolved.troubles.len() == 0 {
        return Ok(());
    }
    Err(Error::new(Kind::Nothing, format!("No file was recognised: there is nothing to {to_do}"))
        .hint("see which formats are known: guru formats list")
        .hint(format!("name the format of a file: guru {command} --format nginx-combined PATH"))
        .hint("give a format of your own as it stands in nginx.conf: --log-format '$remote_addr …'"))
}
