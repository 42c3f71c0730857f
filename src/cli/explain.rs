//! `guru explain`: what a cause or a pasted message means. In: words; out: prose from the cause files.

use super::Outcome;
use super::common::{self, Common};
use crate::classify::general;
use crate::error::{Error, Kind};
use crate::model::Explanation;
use crate::view;

/// Explanations that are shown for one message.
const SHOWN: usize = 3;
/// An explanation much less likely than the first is not shown.
const FAR: f32 = 0.5;

/// Arguments of `guru explain`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A cause (timeout.first_byte), a family of causes (timeout), or a message as it was logged or shown
    // Apart from the further words, because a pasted line may begin with a dash but options may follow it.
    #[arg(value_name = "CAUSE|'MESSAGE'", allow_hyphen_values = true)]
    text: String,
    /// More words of the message, where it is not quoted
    #[arg(value_name = "WORD")]
    more: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &Args, common: &Common) -> Outcome {
    let text = [std::slice::from_ref(&args.text), args.more.as_slice()].concat().join(" ");
    let rules = super::known::rules(&super::known::library(common, &[])?)?;
    let mut found = rules.explain(&text);
    let advice = found.iter_mut().flat_map(|(e, _)| &mut e.advice);
    advice.for_each(|a| a.command = general(&a.command));
    let best = found.first().map_or(0.0, |f| f.1);
    let limit = if common.full { found.len() } else { SHOWN };
    let near: Vec<&Explanation> = found.iter().filter(|f| f.1 >= best * FAR).take(limit).map(|f| &f.0).collect();
    if near.is_empty() {
        let mut e = Error::new(Kind::Usage, format!("guru knows no cause or message like \"{text}\""));
        for word in rules.suggestions(&text).into_iter().take(3) {
            e = e.hint(format!("did you mean: guru explain {word}"));
        }
        return Err(e
            .hint("paste the line as it stands in the log, in quotes")
            .hint("or let guru find it: guru analyze LOGS"));
    }
    if args.json {
        common::print(&(serde_json::to_string_pretty(&near).unwrap_or_default() + "\n"))?;
    } else {
        common::print(&view::explanations(&near, &common.style()?))?;
    }
    Ok(0)
}
