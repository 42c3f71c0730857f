//! What others may ask of a running `guru tail`: metrics, health, and signs of life for the service manager.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use crate::night::{LONG, Night};
use crate::process::Process;
use crate::servers::{receiver, status};

fn get(address: &str, path: &str) -> String {
    let mut c = TcpStream::connect(address).expect("it listens");
    c.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
    write!(c, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    c.read_to_string(&mut answer).expect("it answers");
    answer
}

/// The value of a sample.
fn value(metrics: &str, sample: &str) -> Option<f64> {
    metrics.lines().find_map(|l| l.strip_prefix(sample)?.trim().parse().ok())
}

#[test]
fn metrics_and_health_are_served_while_it_runs() {
    let (to, _got) = receiver(vec![status("200 OK")]);
    let mut night = Night::new(to);
    let mut tail = night.tail(&["--metrics", "0"]);
    let said = tail.err.wait(LONG, |l| l.starts_with("metrics: http://")).expect("it says where").text;
    let address = said.trim_start_matches("metrics: http://").trim_end_matches("/metrics").to_string();
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    assert!(get(&address, "/healthz").ends_with("\r\n\r\nok\n"));
    night.outage();
    let failed =
        |m: &str| m.lines().any(|l| l.starts_with("guru_") && l.contains("timeout.first_byte") && l.ends_with(" 16"));
    let metrics = night.until(LONG, || Some(get(&address, "/metrics")).filter(|m| failed(m)));
    let metrics = metrics.unwrap_or_else(|| panic!("{}", get(&address, "/metrics")));
    assert!(metrics.ends_with("# EOF\n"));
    assert_eq!(value(&metrics, "guru_open_incidents"), Some(1.0), "{metrics}");
    let ended =
        night.until(LONG, || Some(get(&address, "/metrics")).filter(|m| value(m, "guru_open_incidents") == Some(0.0)));
    assert!(ended.is_some(), "{}", get(&address, "/metrics"));
    tail.ends_well("TERM", Duration::from_secs(10));
    assert!(TcpStream::connect(&address).is_err(), "it is gone");
}

#[test]
fn the_service_manager_is_told() {
    let (to, _got) = receiver(vec![status("200 OK")]);
    let mut night = Night::new(to);
    night.good(20);
    let path = night.place.path("notify.sock");
    let manager = UnixDatagram::bind(&path).expect("a socket");
    manager.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
    let hear = || {
        let mut bytes = [0; 512];
        let n = manager.recv(&mut bytes).expect("it says something");
        String::from_utf8_lossy(&bytes[..n]).into_owned()
    };
    let mut command = night.command(&[]);
    let mut tail = Process::start(command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "1000000"));
    assert_eq!(hear(), "READY=1");
    night.outage();
    let begun = Instant::now();
    let mut heard: Vec<String> = Vec::new();
    while !(heard.iter().any(|h| h == "WATCHDOG=1") && heard.iter().any(|h| h.starts_with("STATUS=incident: "))) {
        assert!(begun.elapsed() < LONG, "{heard:?}");
        heard.push(hear());
    }
    tail.signal("TERM");
    while hear() != "STOPPING=1" {
        assert!(begun.elapsed() < LONG + Duration::from_secs(10));
    }
    tail.ends_well("CONT", Duration::from_secs(10));
}

#[test]
#[ignore = "takes half a minute"]
fn an_idle_tail_costs_less_than_a_hundredth_of_a_processor() {
    let (to, _got) = receiver(vec![status("200 OK")]);
    let mut night = Night::new(to);
    let mut tail = night.tail(&["--metrics", "0"]);
    night.outage();
    let ticks = |pid: u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
        let after = stat.rsplit_once(") ").expect("a name in brackets").1;
        let used: u64 = after.split(' ').skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
        used
    };
    std::thread::sleep(Duration::from_secs(15));
    let before = ticks(tail.pid());
    std::thread::sleep(Duration::from_secs(15));
    // A tick is a hundredth of a second.
    let used = ticks(tail.pid()) - before;
    assert!(used < 15, "{used} ticks in 15 s");
    tail.ends_well("TERM", Duration::from_secs(10));
}
