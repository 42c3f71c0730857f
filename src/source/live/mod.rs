//! A running Varnish, through the varnishlog that is installed beside it. In: which instance; out: its log as
//! generations that are followed, or once as a file that is read. It must not know what the lines say.
//!
//! Why not the shared memory itself? Its layout changed in 5.2 and 7.3 and is no interface; varnishlog of the same
//! package always fits.

mod backoff;
mod command;
mod generations;
mod message;
mod once;
mod process;
mod seam;
mod varnish;

pub use command::VarnishCommand;
pub use once::{RingOnce, ring_once};
pub(in crate::source) use varnish::VarnishLog;
