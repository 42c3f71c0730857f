//! Calls for help while a tail runs. In: moments; out: notices in the outbox, sent by threads of their own. Who does not
//! record does not call: the recorder does.

use std::path::PathBuf;
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
    /// Since this process records.
    on: Option<(Watch, Option<Courier>)>,
    /// What could not be put into the outbox yet.
    unwritten: Vec<(Notice, Vec<String>)>,
}

impl Alarm {
    /// Starts with what was told before. Without a store there is no outbox, and nobody is called.
    ///
    /// # Errors
    /// When the outbox cannot be opened.
    pub fn start(config: &Config, keeper: &Keeper, common: &Common) -> Result<Alarm> {
        let mut alarm = Alarm { config: config.clone(), on: None, unwritten: Vec::new() };
        if keeper.path().is_none() {
            if !config.sinks.is_empty() {
                common.say("nobody is called: without a store nobody knows what was told already\n");
            }
        } else if keeper.other().is_none() {
            alarm.on = Some(alarm.watch(keeper)?);
        }
        Ok(alarm)
    }

    fn watch(&self, keeper: &Keeper) -> Result<(Watch, Option<Courier>)> {
        let told = keeper.with(|store| store.told_notices(now() - MEMORY_US))?;
        let watch = Watch::new(self.config.rules.clone(), &told);
        let Some(path) = keeper.path().filter(|_| !self.config.sinks.is_empty()) else { return Ok((watch, None)) };
        let outbox = Kept::open(&PathBuf::from(path))?;
        Ok((watch, Some(Courier::start(Box::new(outbox), self.config.sinks.clone()))))
    }

    /// Looks at a moment, and puts what is worth a call into the outbox.
    pub fn look(&mut self, live: &Live, keeper: &Keeper) {
        if live.recorder.is_some() {
            self.stop();
            return;
        }
        if self.on.is_none() && keeper.path().is_some() {
            // The place of the recorder was taken just now. A store that is busy is asked again at the next moment.
            self.on = self.watch(keeper).ok();
        }
        let Some((watch, courier)) = &mut self.on else { return };
        let notices = watch.step(live, live.wall).into_iter();
        self.unwritten.extend(notices.map(|n| (n.clone(), self.config.sinks_for(&n))));
        if self.unwritten.is_empty() {
            return;
        }
        // A store that is busy for a moment gets it with the next one; after a crash it is made again under the same name.
        if keeper.with(|store| store.put_notices(&self.unwritten, live.wall)).is_ok() {
            self.unwritten.clear();
            if let Some(courier) = courier {
                courier.wake();
            }
        }
    }

    /// Who cannot be reached, for the screen.
    pub fn troubles(&self) -> Vec<(String, String)> {
        self.on.iter().filter_map(|(_, courier)| courier.as_ref()).flat_map(Courier::troubles).collect()
    }

    /// Ends the threads; what is left in the outbox is sent by the next run.
    pub fn stop(&mut self) {
        if let Some((_, Some(courier))) = self.on.take() {
            courier.stop(PATIENCE);
        }
    }
}
