//! The contestants and the ground they stand on: one folder, one certificate, one
//! upstream, one configuration each.
//!
//! Each writes an access log in the way it recommends for speed: nginx through a buffer
//! to a file, HAProxy to a ring in memory, Caddy to a file. Ours keeps its records as always.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use clap::ValueEnum;
use serde::Serialize;

use crate::{
    bench::server::{Ready, Server, free_port},
    process::{Failure, program, run, said},
};

/// Octets in the upstream's answer.
pub(super) const BODY: usize = 1024;

/// What every contestant adds to every answer.
pub(super) const HEADERS: [(&str, &str); 4] = [
    (
        "Strict-Transport-Security",
        "max-age=63072000; includeSubDomains",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    (
        "Content-Security-Policy",
        "default-src 'self'; frame-ancestors 'none'",
    ),
];

/// The program whose clients and echoes wrk, h2load and curl don't have.
const CLIENTS: &str = "clients.mjs";

/// The core of whoever is measured.
const PROXY_CORE: u32 = 0;

/// Who can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Contestant {
    /// This project's proxy.
    Ours,
    /// Debian's nginx.
    Nginx,
    /// Debian's HAProxy.
    Haproxy,
    /// Debian's Caddy.
    Caddy,
}

impl fmt::Display for Contestant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ours => "ours",
            Self::Nginx => "nginx",
            Self::Haproxy => "haproxy",
            Self::Caddy => "caddy",
        })
    }
}

/// The folder, the certificate and the upstream's port. Dropping it removes the folder.
pub(super) struct Ground {
    folder: PathBuf,
    ours: PathBuf,
    upstream_port: u16,
    echo_port: u16,
    /// The core of load and upstream.
    pub(super) load_core: u32,
}

impl Ground {
    /// The binary under test.
    pub(super) fn ours(&self) -> &Path {
        &self.ours
    }

    /// Makes the folder and the certificate.
    pub(super) fn lay(ours: PathBuf) -> Result<Self, Failure> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        if cores < 2 {
            return Err(Failure(
                "the bench needs two cores: one for the proxy, one for load and upstream".into(),
            ));
        }
        let folder = std::env::temp_dir().join(format!("waarborg-bench-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
        let ground = Self {
            folder,
            ours,
            upstream_port: free_port()?,
            echo_port: free_port()?,
            load_core: 1,
        };
        ground.make_certificate()?;
        ground.write(CLIENTS, include_str!("clients.mjs"))?;
        Ok(ground)
    }

    /// Where configurations and logs are.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The certificate all of them serve, which is its own authority.
    pub(super) fn certificate(&self) -> PathBuf {
        self.folder.join("certificate.pem")
    }

    /// The program for node of clients and echoes.
    pub(super) fn clients(&self) -> PathBuf {
        self.folder.join(CLIENTS)
    }

    fn key(&self) -> PathBuf {
        self.folder.join("key.pem")
    }

    fn make_certificate(&self) -> Result<(), Failure> {
        run(program("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt"])
            .args(["ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"])
            .args([
                "-subj",
                "/CN=localhost",
                "-addext",
                "subjectAltName=DNS:localhost",
            ])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .arg("-keyout")
            .arg(self.key())
            .arg("-out")
            .arg(self.certificate())
            .stderr(Stdio::null()))?;
        // HAProxy wants both in one file.
        let mut both = self.read(&self.certificate())?;
        both.push_str(&self.read(&self.key())?);
        self.write("both.pem", &both)?;
        Ok(())
    }

    /// A second nginx on the load's core that answers 1 KiB from memory, 1 and 100 MiB
    /// from files, and reads what is sent to `/up` before it answers; behind its `/echo`
    /// a server of WebSockets.
    pub(super) fn upstream(&self) -> Result<[Server; 2], Failure> {
        let body = "x".repeat(BODY);
        for (name, mib) in [("1m", 1), ("100m", 100)] {
            let path = self.folder.join(name);
            fs::write(&path, vec![b'x'; mib * 1024 * 1024])
                .map_err(|error| Failure::file(&path, &error))?;
        }
        let text = format!(
            "daemon off; pid {folder}/upstream.pid; error_log stderr;\n\
             worker_processes 1; events {{ worker_connections 4096; }}\n\
             http {{\n  access_log off; keepalive_requests 1000000000; sendfile on;\n  \
             client_max_body_size 0; client_body_temp_path {folder}/upstream-bodies;\n  \
             server {{\n    listen 127.0.0.1:{port} backlog=4096; root {folder};\n    \
             default_type application/octet-stream;\n    \
             location = /1m {{ }}\n    location = /100m {{ }}\n    \
             location = /up {{ client_body_buffer_size 101m; \
             proxy_pass_request_body off; proxy_set_header Content-Length \"\"; \
             proxy_pass http://127.0.0.1:{port}/swallowed; }}\n    \
             location = /swallowed {{ return 200; }}\n\
             {echo}    \
             location / {{ default_type text/plain; return 200 \"{body}\"; }}\n  }}\n}}\n",
            folder = self.folder.display(),
            port = self.upstream_port,
            echo = upgrades(&format!("127.0.0.1:{}", self.echo_port)),
        );
        let file = self.write("upstream.conf", &text)?;
        let clients = self.clients().display().to_string();
        let upstream = |command: &[&str], port, name| {
            self.spawn(self.load_core, command, port, Ready::Accepts, name)
        };
        let echo_port = self.echo_port.to_string();
        Ok([
            upstream(
                &["nginx", "-e", "stderr", "-c", &file],
                self.upstream_port,
                "upstream",
            )?,
            upstream(
                &["node", &clients, "echo-server", &echo_port],
                self.echo_port,
                "echo",
            )?,
        ])
    }

    /// Starts a contestant on the proxy's core.
    pub(super) fn start(&self, name: Contestant) -> Result<Server, Failure> {
        self.start_under(name, &[])
    }

    /// The same with another program before its name, as valgrind.
    pub(super) fn start_under(&self, name: Contestant, before: &[&str]) -> Result<Server, Failure> {
        let port = free_port()?;
        let ours = self.ours.display().to_string();
        let file = self.configure(name, port)?;
        let command: &[&str] = match name {
            Contestant::Ours => &[&ours, "serve", "--config", &file],
            Contestant::Nginx => &["nginx", "-e", "stderr", "-c", &file],
            Contestant::Haproxy => &["haproxy", "-db", "-f", &file],
            Contestant::Caddy => &["caddy", "run", "--adapter", "caddyfile", "--config", &file],
        };
        let ready = if name == Contestant::Ours {
            Ready::Says
        } else {
            Ready::Accepts
        };
        let whole = [before, command].concat();
        self.spawn(PROXY_CORE, &whole, port, ready, &name.to_string())
    }

    fn spawn(
        &self,
        core: u32,
        command: &[&str],
        port: u16,
        ready: Ready,
        name: &str,
    ) -> Result<Server, Failure> {
        let command: Vec<String> = command.iter().map(|part| (*part).to_owned()).collect();
        let home = self.folder.display().to_string();
        // Caddy is Go: one thread runs, and its state stays in the folder.
        let settings = [
            ("GOMAXPROCS", "1".to_owned()),
            ("HOME", home.clone()),
            ("XDG_DATA_HOME", home),
        ];
        let log = self.folder.join(format!("{name}.log"));
        Server::start(core, &command, &settings, port, ready, &log)
    }

    fn configure(&self, name: Contestant, port: u16) -> Result<String, Failure> {
        match name {
            Contestant::Ours => self.write("waarborg.toml", &self.waarborg(port)?),
            Contestant::Nginx => self.write("nginx.conf", &self.nginx(port)),
            Contestant::Haproxy => self.write("haproxy.cfg", &self.haproxy(port)),
            Contestant::Caddy => self.write("Caddyfile", &self.caddy(port)),
        }
    }

    fn waarborg(&self, port: u16) -> Result<String, Failure> {
        let folder = self.folder.display();
        Ok(format!(
            "data = \"{folder}/data\"\nlisten = \"127.0.0.1:{port}\"\n\
             operations = \"127.0.0.1:{operations}\"\nworkers = 1\n\n[site.\"localhost\"]\n\
             upstream = \"http://127.0.0.1:{upstream}\"\naccess = \"public\"\n\
             certificate = \"{folder}/certificate.pem\"\nkey = \"{folder}/key.pem\"\n\
             [throttle]\npages = \"10000000/s\"\npages_burst = 100000\n",
            operations = free_port()?,
            upstream = self.upstream_port,
        ))
    }

    fn nginx(&self, port: u16) -> String {
        let headers = lines(|name, value| format!("    add_header {name} \"{value}\" always;\n"));
        format!(
            "daemon off; pid {folder}/nginx.pid; error_log stderr;\n\
             worker_processes 1; worker_rlimit_nofile 20000;\n\
             events {{ worker_connections 16384; }}\n\
             http {{\n  access_log {folder}/nginx.access combined buffer=64k flush=1s;\n  \
             client_max_body_size 0; client_body_temp_path {folder}/nginx-bodies;\n  \
             proxy_temp_path {folder}/nginx-answers; proxy_request_buffering off;\n  \
             keepalive_requests 1000000000;\n  \
             upstream application {{\n    server 127.0.0.1:{upstream};\n    keepalive 512;\n    \
             keepalive_requests 1000000000;\n  }}\n  \
             server {{\n    listen 127.0.0.1:{port} ssl http2 backlog=4096;\n    \
             server_name localhost;\n    ssl_protocols TLSv1.3;\n    \
             ssl_certificate {folder}/certificate.pem;\n    ssl_certificate_key {folder}/key.pem;\n\
             {headers}{echo}    location / {{\n      proxy_pass http://application;\n      \
             proxy_http_version 1.1;\n      proxy_set_header Connection \"\";\n      \
             proxy_set_header Host $host;\n    }}\n  }}\n}}\n",
            folder = self.folder.display(),
            upstream = self.upstream_port,
            echo = upgrades("application"),
        )
    }

    fn haproxy(&self, port: u16) -> String {
        let headers =
            lines(|name, value| format!("  http-response set-header {name} \"{value}\"\n"));
        format!(
            "global\n  nbthread 1\n  maxconn 8192\n  log ring@access format raw local0\n\
             ring access\n  format raw\n  maxlen 1200\n  size 65536\n\
             defaults\n  mode http\n  log global\n  option httplog\n  http-reuse always\n  \
             timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n\
             frontend edge\n  bind 127.0.0.1:{port} ssl crt {folder}/both.pem \
             alpn h2,http/1.1 ssl-min-ver TLSv1.3\n{headers}  default_backend application\n\
             backend application\n  server one 127.0.0.1:{upstream} pool-max-conn 512\n",
            folder = self.folder.display(),
            upstream = self.upstream_port,
        )
    }

    fn caddy(&self, port: u16) -> String {
        let headers = lines(|name, value| format!("    {name} \"{value}\"\n"));
        format!(
            "{{\n  admin off\n  auto_https off\n  \
             servers {{\n    protocols h1 h2\n  }}\n}}\n\
             https://localhost:{port} {{\n  bind 127.0.0.1\n  \
             tls {folder}/certificate.pem {folder}/key.pem {{\n    protocols tls1.3\n  }}\n  \
             header {{\n{headers}  }}\n  log {{\n    output file {folder}/caddy.access\n  }}\n  \
             reverse_proxy 127.0.0.1:{upstream} {{\n    transport http {{\n      \
             keepalive_idle_conns 512\n      keepalive_idle_conns_per_host 512\n      \
             compression off\n    }}\n  }}\n}}\n",
            folder = self.folder.display(),
            upstream = self.upstream_port,
        )
    }

    /// What a contestant says of its version, in one line.
    pub(super) fn version(&self, name: Contestant) -> String {
        let ours = self.ours.display().to_string();
        let text = match name {
            Contestant::Ours => said(&ours, &["--version"]),
            Contestant::Nginx => said("nginx", &["-v"]),
            Contestant::Haproxy => said("haproxy", &["-v"]),
            Contestant::Caddy => format!("Caddy {}", said("caddy", &["version"])),
        };
        text.lines().next().unwrap_or("unknown").trim().to_owned()
    }

    fn read(&self, path: &Path) -> Result<String, Failure> {
        fs::read_to_string(path).map_err(|error| Failure::file(path, &error))
    }

    fn write(&self, name: &str, text: &str) -> Result<String, Failure> {
        let path = self.folder.join(name);
        fs::write(&path, text).map_err(|error| Failure::file(&path, &error))?;
        Ok(path.display().to_string())
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        // It lies in the system's folder for such things, which is emptied anyway.
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// nginx's way of passing WebSockets on.
fn upgrades(to: &str) -> String {
    format!(
        "    location = /echo {{\n      proxy_pass http://{to};\n      \
         proxy_http_version 1.1;\n      proxy_set_header Upgrade $http_upgrade;\n      \
         proxy_set_header Connection \"upgrade\";\n      proxy_set_header Host $http_host;\n    }}\n"
    )
}

fn lines(line: impl Fn(&str, &str) -> String) -> String {
    HEADERS
        .iter()
        .map(|(name, value)| line(name, value))
        .collect()
}
