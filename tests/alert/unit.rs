//! The systemd unit, and what guru says to the service manager.

use std::ffi::OsStr;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

use guru::cli::notify::Manager;

fn heard(socket: &UnixDatagram) -> String {
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut bytes = [0; 512];
    let n = socket.recv(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes[..n]).into_owned()
}

#[test]
fn the_service_manager_hears_what_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let mut manager = Manager::at(Some(path.as_os_str()), Some(Duration::from_secs(60)));
    assert_eq!(manager.watchdog(), Some(Duration::from_secs(30)));
    manager.ready();
    manager.alive();
    manager.status("calm\nREADY=1");
    manager.status("calm\nREADY=1");
    manager.stopping();
    let all: Vec<String> = (0..4).map(|_| heard(&socket)).collect();
    assert_eq!(all, ["READY=1", "WATCHDOG=1", "STATUS=calm READY=1", "STOPPING=1"]);
}

#[test]
#[cfg(target_os = "linux")]
fn an_abstract_socket_is_reached() {
    use std::os::linux::net::SocketAddrExt;
    let name = format!("guru-test-{}", std::process::id());
    let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
    let socket = UnixDatagram::bind_addr(&address).unwrap();
    Manager::at(Some(OsStr::new(&format!("@{name}"))), None).ready();
    assert_eq!(heard(&socket), "READY=1");
}

#[test]
fn without_a_manager_nothing_is_said() {
    for socket in [None, Some(OsStr::new("/nowhere/at/all"))] {
        let manager = Manager::at(socket, None);
        manager.ready();
        assert_eq!(manager.watchdog(), None);
    }
}

fn unit() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/guru.service")).unwrap()
}

#[test]
fn the_unit_says_what_the_documentation_promises() {
    let unit = unit();
    for line in [
        "Type=notify",
        "User=guru",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "StateDirectory=guru",
        "Environment=GURU_STORE=/var/lib/guru/guru.db",
    ] {
        assert!(unit.lines().any(|l| l == line), "no {line} in the unit");
    }
}

#[test]
#[ignore = "needs systemd-analyze, and /usr/bin/guru as a package installs it"]
fn systemd_understands_the_unit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guru.service");
    std::fs::write(&path, unit().replace("/usr/bin/guru", "/bin/true")).unwrap();
    let run = Command::new("systemd-analyze").arg("verify").arg(&path).output().expect("systemd-analyze is installed");
    let said = String::from_utf8_lossy(&run.stderr);
    let about: Vec<&str> = said.lines().filter(|l| l.contains("guru.service")).collect();
    assert!(run.status.success() && about.is_empty(), "{said}");
}
