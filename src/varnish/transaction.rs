//! One transaction to its event. In: its id, what is known of it and its records; out: a request, a fetch, or nothing.
//! It must not know how the records were gathered.

use super::fetch::fetch;
use super::kept::{Kept, Standing};
use super::request::request;
use crate::model::{Event, Tag, TransactionKind};

/// True when nothing is missing: it begins and ends, or it is a group of a log whose `Begin` and `End` were filtered
/// out (`varnishlog -g request -i …`), where a header stands for both.
pub(super) fn is_whole(standing: &Standing) -> bool {
    (standing.begun && standing.ended) || (standing.headed && !standing.begun)
}

/// Emits what the records tell. Sessions tell nothing, nor does a piece whose records do not say what it is.
pub(super) fn tell<'c>(
    vxid: u64,
    standing: &Standing,
    records: impl Iterator<Item = Kept<'c>>,
    emit: &mut dyn FnMut(Event<'_>),
) {
    let whole = is_whole(standing);
    let mut says_something = false;
    let records = records.inspect(|r| says_something |= !matches!(r.tag, Tag::End | Tag::Vsl));
    // A last End alone, or a filtered group without records, is nothing to tell of.
    match standing.kind {
        TransactionKind::Request => {
            let told = request(vxid, standing, whole, records);
            if says_something {
                emit(Event::Request(told));
            }
        }
        TransactionKind::BeReq => {
            let told = fetch(vxid, standing, whole, records);
            if says_something {
                emit(Event::Fetch(told));
            }
        }
        TransactionKind::Session | TransactionKind::Unknown => {}
    }
}
