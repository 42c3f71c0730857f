//! Signs of life for the service manager (systemd's `Type=notify`). In: what to say; out: one datagram to the socket
//! that `NOTIFY_SOCKET` names; nothing when there is none. See sd_notify(3).

use std::ffi::OsStr;
use std::io;
use std::time::Duration;

#[cfg(unix)]
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The way to the service manager, if there is one.
#[derive(Debug, Default)]
pub struct Manager {
    #[cfg(unix)]
    way: Option<(UnixDatagram, SocketAddr)>,
    /// What was said last of how things stand.
    status: String,
    watchdog: Option<Duration>,
}

impl Manager {
    /// Looks for the service manager in the environment.
    pub fn from_env() -> Manager {
        let pid = std::env::var("WATCHDOG_PID").ok();
        let ours = pid.is_none_or(|p| p == std::process::id().to_string());
        let us = std::env::var("WATCHDOG_USEC").ok().filter(|_| ours).and_then(|n| n.parse().ok());
        Manager::at(std::env::var_os("NOTIFY_SOCKET").as_deref(), us.map(Duration::from_micros))
    }

    /// The manager behind a socket: a path, or `@` and an abstract name. Without one, or when it cannot be reached,
    /// nothing is ever said.
    #[cfg(unix)]
    pub fn at(socket: Option<&OsStr>, watchdog: Option<Duration>) -> Manager {
        let way = socket.and_then(|s| Some((UnixDatagram::unbound().ok()?, name(s).ok()?)));
        let watchdog = watchdog.filter(|d| way.is_some() && !d.is_zero());
        Manager { way, status: String::new(), watchdog }
    }

    /// There is none here.
    #[cfg(not(unix))]
    pub fn at(_: Option<&OsStr>, _: Option<Duration>) -> Manager {
        Manager::default()
    }

    /// How often to say that the process is alive: half of the time after which it would be ended. `None` for never.
    pub fn watchdog(&self) -> Option<Duration> {
        self.watchdog.map(|d| d / 2)
    }

    /// The service works.
    pub fn ready(&self) {
        self.say("READY=1");
    }

    /// The service is alive.
    pub fn alive(&self) {
        self.say("WATCHDOG=1");
    }

    /// The service ends.
    pub fn stopping(&self) {
        self.say("STOPPING=1");
    }

    /// What `systemctl status` shows; one line, said when it is another one.
    pub fn status(&mut self, words: &str) {
        let line: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        if line != self.status {
            self.say(&format!("STATUS={line}"));
            self.status = line;
        }
    }

    #[cfg(unix)]
    fn say(&self, words: &str) {
        if let Some((socket, to)) = &self.way {
            // A manager that does not listen is no reason to stop.
            let _: io::Result<usize> = socket.send_to_addr(words.as_bytes(), to);
        }
    }

    #[cfg(not(unix))]
    fn say(&self, _: &str) {}
}

#[cfg(unix)]
fn name(socket: &OsStr) -> io::Result<SocketAddr> {
    use std::os::unix::ffi::OsStrExt;
    match socket.as_bytes() {
        #[cfg(target_os = "linux")]
        [b'@', rest @ ..] => {
            use std::os::linux::net::SocketAddrExt;
            SocketAddr::from_abstract_name(rest)
        }
        _ => SocketAddr::from_pathname(socket),
    }
}
