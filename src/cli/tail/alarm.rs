//! Calls for help while a tail runs. In: moments; out: notices in the outbox, sent by threads of their own. Who does not
//! record does not call: the recorder does.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::common::Common;
use super::super::outbox::Kept;
use super::keep::{Keeper, now};
use crate::alert::{Config, Courier, MEMORY_US, Watch};
use crate::error::Result;
use crate::model::{Live, Notice};

/// So long may the last calls take when the tail ends.
const PATIENCE: Duration = Duration::from_secs(3);

/// Watches, and has calls carried out.
pub struct Alarm {
    config: Config,
    watch: Option<Watch>,
    courier: Option<Courier>,
}

impl Alarm {
    /// Starts with what was told before. Without a store there is no outbox, and nobody is called.
    ///
    /// # Errors
    /// When the outbox cannot be opened.
    pub fn start(config: &Config, keeper: &Keeper, common: &Common) -> Result<Alarm> {
        let mut alarm = Alarm { config: config.clone(), watch: None, courier: None };
        let Some(path) = keeper.path().map(PathBuf::from) else {
            if !config.sinks.is_empty() {
                common.say("nobody is called: without a store nobody knows what was told already\n");
            }
            return Ok(alarm);
        };
        let told = keeper.with(|store| store.told_notices(now() - MEMORY_US))?;
        alarm.watch = Some(Watch::new(config.rules.clone(), &told));
        if keeper.other().is_none() {
            alarm.send(&path)?;
        }
        Ok(alarm)
    }

    /// Has what is in the outbox sent from now on.
    fn send(&mut self, path: &Path) -> Result<()> {
        if !self.config.sinks.is_empty() && self.courier.is_none() {
            self.courier = Some(Courier::start(Box::new(Kept::open(path)?), self.config.sinks.clone()));
        }
        Ok(())
    }

    /// The recorder is gone: this process calls now. An outbox that cannot be opened is tried again at the next notice.
    pub fn take_over(&mut self, keeper: &Keeper) {
        if let Some(path) = keeper.path() {
            let _ = self.send(Path::new(&path));
        }
    }

    /// Looks at a moment, and puts what is worth a call into the outbox.
    pub fn look(&mut self, live: &Live, keeper: &Keeper) {
        if live.recorder.is_some() {
            return;
        }
        let Some(watch) = &mut self.watch else { return };
        let notices = watch.step(live, live.wall);
        if notices.is_empty() {
            return;
        }
        let with_sinks: Vec<(Notice, Vec<String>)> =
            notices.into_iter().map(|n| (n.clone(), self.config.sinks_for(&n))).collect();
        self.take_over(keeper);
        // What cannot be written now is made again after a restart, under the same name.
        if keeper.with(|store| store.put_notices(&with_sinks, live.wall)).is_ok()
            && let Some(courier) = &self.courier
        {
            courier.wake();
        }
    }

    /// Who cannot be reached, for the screen.
    pub fn troubles(&self) -> Vec<(String, String)> {
        self.courier.as_ref().map(Courier::troubles).unwrap_or_default()
    }

    /// Ends the threads; what is left in the outbox is sent by the next run.
    pub fn stop(&mut self) {
        if let Some(courier) = self.courier.take() {
            courier.stop(PATIENCE);
        }
    }
}
