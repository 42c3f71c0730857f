//! `guru events`: logs to normalised JSON lines. In: paths and options; out: one object per event on stdout, in the
//! order of the logs; on stderr what each source was taken for, and how much of it was understood.

use std::io::{self, BufWriter, IsTerminal, Write};

use clap::ValueEnum;

use super::Outcome;
use super::bar::Bar;
use super::common::Common;
use super::input::{self, Input};
use crate::classify::Rules;
use crate::error::{Error, Kind};
use crate::model::{Event, Logged};
use crate::pipeline::{self, History, Job, Plan, Stream};
use crate::source::{Progress, Trouble};
use crate::view;

/// Bytes per chunk: small enough that what is under way stays small on many processors.
const CHUNK: usize = 1 << 20;

const KEYS: &str = "\
Every line has the keys type, tier, node, file, line, time, end, method, host,
url, status, bytes and duration_ms, null where the log does not tell. time is
when it began (where a log tells only when it ended, that), in UTC, with the
decimals that are known; bytes are those of the body. What only one type has
follows, and is left out where the log does not tell:

  request  vxid parent reason client forwarded_for agent referer sent_bytes
           request_bytes port connection on_connection id own_id pop cache
           ttfb_ms made_by fetch hit waited restarted incomplete retry_after
           upstream
  fetch    vxid parent reason outcome origin_status pop had_connection
           had_answer backend backend_addr local_port opens reused connect_ms ttfb_ms waited_ms body_ms
           retried id agent referer acct response marks
  message  level text connection client upstream port
  health   backend healthy changed good threshold window response
  change   kind text

ttfb_ms is from the request sent to the headers of the answer; waited_ms stands
instead where none came. zone_unknown is there, and true, where the stamps name
no zone: give it with --log-tz. Values of headers and query parameters that look
secret are masked with their length; bytes that are no UTF-8 become U+FFFD. A
transaction of Varnish stands where it ended; one whose beginning or end is not
in the log, at the end of its log. The logs of a file that holds several come one
after the other, those nearer to the client first; lines count as in the file.";

/// Types of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Type {
    /// A request, as the tier that served it logged it
    Request,
    /// A fetch from the next tier
    Fetch,
    /// A line of an error log
    Message,
    /// The result of a probe
    Health,
    /// A restart, a reload, a new VCL
    Change,
}

impl Type {
    fn of(event: &Event<'_>) -> Type {
        match event {
            Event::Request(_) => Type::Request,
            Event::Fetch(_) => Type::Fetch,
            Event::Message(_) => Type::Message,
            Event::Health(_) => Type::Health,
            Event::Change(_) => Type::Change,
        }
    }
}

/// Arguments of `guru events`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = KEYS)]
pub struct Args {
    /// What to read, and how.
    #[command(flatten)]
    pub input: Input,
    /// Only events of these types, of request, fetch, message, health and change: request,fetch
    #[arg(long = "type", value_name = "TYPE", value_enum, value_delimiter = ',', hide_possible_values = true)]
    pub types: Vec<Type>,
}

/// Runs the command.
pub fn run(args: &Args, common: &Common) -> Outcome {
    let library = args.input.library(common)?;
    let resolved = args.input.find("events")?;
    let progress = Progress::new();
    let job = args
        .input
        .job(resolved.files.clone(), &library, Rules::embedded(), progress.clone(), &|_| History::default())?;
    let job = Job { chunk: CHUNK, ..job };
    // A bar among lines of data would only be noise.
    let quiet = common.quiet || io::stdout().is_terminal();
    let bar = Bar::start(progress, resolved.files.iter().map(|f| f.size).sum(), quiet);
    let mut unrecognised: Vec<Trouble> = Vec::new();
    let told = |plan: &Plan<'_>| {
        input::tell_taken(&taken(plan), &plan.empty, common);
        plan.repeated.iter().for_each(|r| common.say(&format!("{}\n", view::Plain::of(r).as_str())));
        input::tell_troubles(resolved.troubles.iter().chain(&plan.troubles), common);
        unrecognised.clone_from(&plan.troubles);
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let encode = |event: &Event<'_>, logged: &Logged<'_>, bytes: &mut Vec<u8>| {
        if args.types.is_empty() || args.types.contains(&Type::of(event)) {
            view::event(event, logged, bytes);
        }
    };
    let streamed = pipeline::stream(&job, told, &encode, &mut out);
    bar.finish();
    let stream = match streamed.and_then(|s| out.flush().map(|()| s)) {
        Ok(stream) => stream,
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => return Ok(0),
        Err(e) => return Err(Error::new(Kind::Source, format!("Standard output cannot be written: {e}"))),
    };
    if stream.sources.is_empty() {
        input::nothing_read("events", "show", &resolved, unrecognised.len() + stream.troubles.len())?;
    }
    tell_read(&stream, common)?;
    let read = |path: &str| stream.sources.iter().any(|s| s.file == path);
    unrecognised.extend(stream.troubles.iter().cloned());
    Ok(args.input.exit_code(&unrecognised, &resolved, read))
}

/// What each source was taken for.
pub(super) fn taken(plan: &Plan<'_>) -> Vec<view::Recognition> {
    let one = |r: &pipeline::Recognised| {
        let series = &plan.context.reading(r.series).series;
        view::Recognition {
            node: series.node.lossy().into_owned(),
            format: series.format.lossy().into_owned(),
            tier: series.tier.word().into(),
            file: plan.context.files[&r.file].path.lossy().into_owned(),
            files: 1,
            confidence: r.confidence,
            why: r.why.clone(),
        }
    };
    plan.recognised.iter().map(one).collect()
}

/// How much of each source was understood, and what could not be read.
fn tell_read(stream: &Stream, common: &Common) -> crate::error::Result<()> {
    let tally = |s: &pipeline::Streamed| view::Tally {
        file: s.file.clone(),
        lines: s.lines,
        events: s.events,
        rejects: s.rejects.iter().map(|(n, text)| (*n, text.bytes().to_vec())).collect(),
    };
    let all: Vec<view::Tally> = stream.sources.iter().map(tally).collect();
    common.say(&view::tally(&all, &common.talk_style()));
    input::tell_troubles(stream.troubles.iter(), common);
    match all.iter().find(|t| !t.lines.add_up()) {
        None => Ok(()),
        Some(t) => Err(Error::new(Kind::Bug, format!("The lines of {} do not add up", t.file))
            .hint("this is a bug: please report it with the command and this message")),
    }
}
