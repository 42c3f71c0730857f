//! A real nginx as origin, with a folder and a port of its own.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::process::{Process, in_time, program};

/// What guru likes best to read.
const RICH: &str = r#"'$remote_addr - $remote_user [$time_local] $msec "$request" $status $body_bytes_sent $request_time '
    '"$http_referer" "$http_user_agent" host="$host" server=$server_name:$server_port ua="$upstream_addr" '
    'us="$upstream_status" uct="$upstream_connect_time" uht="$upstream_header_time" urt="$upstream_response_time" '
    'rl=$request_length bs=$bytes_sent conn=$connection creq=$connection_requests xff="$http_x_forwarded_for"'"#;

/// A running nginx.
pub struct Nginx {
    pub port: u16,
    folder: PathBuf,
    process: Process,
}

impl Nginx {
    /// Starts one in this folder, with these `location` blocks.
    pub fn start(folder: &Path, locations: &str) -> Nginx {
        fs::create_dir_all(folder).expect("the folder can be made");
        let port = free_port();
        let config = folder.join("nginx.conf");
        fs::write(&config, configuration(folder, port, locations)).expect("the configuration can be written");
        let process = Process::start(command(folder).env("TZ", "UTC").stdin(Stdio::null()));
        let up = in_time(Duration::from_secs(10), || TcpStream::connect(("127.0.0.1", port)).is_ok());
        assert!(up, "nginx does not answer:\n{}", process.err.text());
        Nginx { port, folder: folder.into(), process }
    }

    pub fn access_log(&self) -> PathBuf {
        self.folder.join("access.log")
    }

    pub fn error_log(&self) -> PathBuf {
        self.folder.join("error.log")
    }

    /// Sets or removes a flag that locations ask for with `-f`.
    pub fn flag(&self, name: &str, set: bool) {
        let path = self.folder.join(name);
        if set {
            fs::write(path, "").expect("the flag can be set");
        } else {
            fs::remove_file(path).expect("the flag was set");
        }
    }

    /// Makes it open its logs again, as after a rotation.
    pub fn reopen(&self) {
        self.process.signal("USR1");
    }
}

fn command(folder: &Path) -> Command {
    let mut command = program("nginx");
    let log = folder.join("error.log");
    command.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf")).arg("-e").arg(log);
    command
}

fn configuration(folder: &Path, port: u16, locations: &str) -> String {
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    // Workers of root run as nobody, who may not enter the folder.
    let user = if is_root { "user root;" } else { "" };
    let folder = folder.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("    {kind}_temp_path {folder}/{kind};\n"))
        .collect();
    format!(
        "{user}\ndaemon off;\nworker_processes 1;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log info;\n\
         events {{ worker_connections 256; }}\nhttp {{\n{temporary}    log_format rich {RICH};\n    \
         access_log {folder}/access.log rich;\n    server {{\n        listen 127.0.0.1:{port};\n        \
         server_name web.example;\n        root {folder};\n{locations}\n    }}\n}}\n"
    )
}

/// A port that nobody listens on. It lies below those that the kernel gives to outgoing connections, so that none of
/// them takes it meanwhile.
pub fn free_port() -> u16 {
    use std::sync::atomic::{AtomicU16, Ordering};
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = 18_000 + (std::process::id() % 10_000) as u16;
    loop {
        let port = begin + NEXT.fetch_add(1, Ordering::Relaxed) % 4_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
