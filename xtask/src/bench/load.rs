//! The load: wrk, h2load, curl and a program for node on the core beside the proxy's.
//!
//! wrk and h2load resume their TLS sessions (seen in nginx's `$ssl_session_reused`), so
//! full handshakes are curl's, which is told to keep none.

use std::{fs, path::Path, process::Stdio, time::Duration};

use serde::Serialize;

use crate::{
    bench::{proxies::Ground, server::Server, stats::percentile},
    clock,
    process::{Failure, output, program},
};

/// The kinds of load whose CPU time per request is measured.
pub(super) const THROUGHPUTS: [Throughput; 11] = [
    Throughput::Http1,
    Throughput::Http2,
    Throughput::Http2Single,
    Throughput::Handshake,
    Throughput::Resumed,
    Throughput::Download1M,
    Throughput::Download100M,
    Throughput::Upload1K,
    Throughput::Upload1M,
    Throughput::Upload100M,
    Throughput::Echo,
];

/// Bytes of a MiB.
const MIB: u32 = 1024 * 1024;

/// The kinds of load whose latency is measured at a fixed rate.
pub(super) const LATENCIES: [Steady; 4] = [
    Steady::Http1,
    Steady::Http2,
    Steady::Busy,
    Steady::BesideSlow,
];

/// Requests per second while latency is measured: a fifth of what the slowest peer but
/// Caddy can do on one core, so it is the proxy that is measured and not its queue.
const RATE: u32 = 4000;
/// 60 % of that.
const BUSY: u32 = 12_000;
/// How many h2loads share the connections.
const LOADS: u32 = 8;
/// Clients that hold their connections and hardly do anything.
const SLOW: u32 = 100;
/// How long they may take to be there.
const SLOW_MAX: Duration = Duration::from_secs(10);

/// Handshakes per second of a round's length, about what curl does alone on a core.
const HANDSHAKES: u32 = 700;

/// Connections that do nothing. A process here may have 20,000 files open.
pub(super) const IDLE: usize = 9_500;
/// How long they may take to be there.
const IDLE_MAX: Duration = Duration::from_secs(90);

/// What the load looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Throughput {
    /// 64 connections, kept.
    Http1,
    /// 16 connections with 32 streams each.
    Http2,
    /// 64 connections with one stream each.
    Http2Single,
    /// A new connection and a full handshake per request, 16 at a time.
    Handshake,
    /// A new connection and a resumed session per request, 64 at a time.
    Resumed,
    /// Answers of 1 MiB over HTTP/1.1.
    Download1M,
    /// Answers of 100 MiB over HTTP/1.1.
    Download100M,
    /// Many small bodies, over HTTP/1.1.
    Upload1K,
    /// Bodies of 1 MiB over HTTP/1.1.
    Upload1M,
    /// Bodies of 100 MiB over HTTP/1.1.
    Upload100M,
    /// 64 WebSockets that send 64 octets and wait for them to come back.
    Echo,
}

impl Throughput {
    /// What it is called in tables.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Http1 => "HTTP/1.1, 64 connections",
            Self::Http2 => "HTTP/2, 16 × 32 streams",
            Self::Http2Single => "HTTP/2, 64 × 1 stream",
            Self::Handshake => "handshake per request",
            Self::Resumed => "resumed session per request",
            Self::Download1M => "1 MiB down",
            Self::Download100M => "100 MiB down",
            Self::Upload1K => "1 KiB up",
            Self::Upload1M => "1 MiB up",
            Self::Upload100M => "100 MiB up",
            Self::Echo => "WebSocket echo, 64 connections",
        }
    }

    /// What a request sends, in bytes; `None` for a GET.
    const fn sends(self) -> Option<u32> {
        match self {
            Self::Upload1K => Some(1024),
            Self::Upload1M => Some(MIB),
            Self::Upload100M => Some(100 * MIB),
            _ => None,
        }
    }
}

/// So many requests a second, no more and no fewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Steady {
    /// [`RATE`] over 64 connections.
    Http1,
    /// [`RATE`] over 16 connections of HTTP/2.
    Http2,
    /// [`BUSY`] over 64 connections.
    Busy,
    /// As [`Steady::Http1`], with [`SLOW`] slow clients beside.
    BesideSlow,
}

impl Steady {
    /// What it is called in tables.
    pub(super) fn label(self) -> String {
        match self {
            Self::Http1 => format!("HTTP/1.1 at {RATE} a second"),
            Self::Http2 => format!("HTTP/2 at {RATE} a second"),
            Self::Busy => format!("HTTP/1.1 at {BUSY} a second"),
            Self::BesideSlow => format!("HTTP/1.1 at {RATE} a second, {SLOW} slow clients beside"),
        }
    }
}

/// Latency at a fixed rate, in microseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Latency {
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
}

/// One request, to see that the contestant proxies what the upstream has, and which of
/// the four headers it doesn't add.
pub(super) fn check(ground: &Ground, server: &Server) -> Result<Vec<&'static str>, Failure> {
    let mut head = String::new();
    for (flag, version) in [("--http1.1", "HTTP/1.1 200"), ("--http2", "HTTP/2 200")] {
        let answer = output(
            program("curl")
                .args(["--silent", "--show-error", "--include", flag, "--cacert"])
                .arg(ground.certificate())
                .args([
                    "--max-time",
                    "10",
                    "--connect-to",
                    &to(server),
                    &url(server),
                ]),
        )?;
        let Some((fields, body)) = answer.split_once("\r\n\r\n") else {
            return Err(Failure(format!(
                "port {}: no answer: {answer}",
                server.port
            )));
        };
        if !fields.starts_with(version) || body.len() != super::proxies::BODY {
            return Err(Failure(format!(
                "port {}: expected `{version}` and {} octets, got {}:\n{fields}",
                server.port,
                super::proxies::BODY,
                body.len()
            )));
        }
        head = fields.to_ascii_lowercase();
    }
    Ok(super::proxies::HEADERS
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !head.contains(&format!("\r\n{}:", name.to_ascii_lowercase())))
        .collect())
}

/// Loads for this long and gives requests per CPU-second of the server's processes.
pub(super) fn throughput(
    ground: &Ground,
    server: &Server,
    kind: Throughput,
    seconds: u32,
) -> Result<f64, Failure> {
    // A body of 100 MiB isn't through in a second everywhere.
    let seconds = match kind {
        Throughput::Download100M | Throughput::Upload100M => seconds.max(3),
        _ => seconds,
    };
    let before = server.cpu_seconds()?;
    let lasting = format!("-D{seconds}");
    let requests = match kind {
        Throughput::Http1 => wrk(ground, server, seconds, 64, "", &[])?,
        Throughput::Http2 => h2load(ground, server, &["-c16", "-m32", &lasting])?,
        Throughput::Http2Single => h2load(ground, server, &["-c64", "-m1", &lasting])?,
        Throughput::Handshake => handshakes(ground, server, HANDSHAKES * seconds)?,
        Throughput::Resumed => {
            let close = ["-H", "Connection: close"];
            wrk(ground, server, seconds, 64, "", &close)?
        }
        Throughput::Download1M => wrk(ground, server, seconds, 16, "1m", &[])?,
        Throughput::Download100M => wrk(ground, server, seconds, 4, "100m", &[])?,
        Throughput::Upload1K | Throughput::Upload1M | Throughput::Upload100M => {
            let script = upload(ground, kind.sends().unwrap_or(0))?;
            let connections = if kind == Throughput::Upload100M {
                4
            } else {
                16
            };
            wrk(ground, server, seconds, connections, "up", &["-s", &script])?
        }
        Throughput::Echo => echoes(ground, server, seconds)?,
    };
    let spent = server.cpu_seconds()? - before;
    if requests == 0 || spent <= 0.0 {
        return Err(Failure(format!(
            "{}: {requests} requests in {spent} CPU-seconds",
            kind.label()
        )));
    }
    Ok(f64::from(requests) / spent)
}

/// Requests at a fixed rate, spread over the connections; the first half second, which
/// holds the handshakes, isn't counted.
///
/// One h2load sends on all its connections at the same moment, as nobody's visitors do, and
/// the sooner the handshakes were over the more so: several of them, begun one after the
/// other, spread what is asked.
pub(super) fn latency(
    ground: &Ground,
    server: &Server,
    kind: Steady,
    seconds: u32,
) -> Result<Latency, Failure> {
    let (connections, version): (u32, &[&str]) = match kind {
        Steady::Http2 => (16, &[]),
        _ => (64, &["--h1"]),
    };
    let rate = if kind == Steady::Busy { BUSY } else { RATE };
    let _beside = (kind == Steady::BesideSlow)
        .then(|| slow(ground, server))
        .transpose()?;
    let mut running = Vec::new();
    for number in 0..LOADS {
        let log = ground.folder().join(format!("latency-{number}.tsv"));
        // h2load appends.
        if log.is_file() {
            fs::remove_file(&log).map_err(|error| Failure::file(&log, &error))?;
        }
        let mut load = client(ground, "h2load");
        load.args(version).args([
            format!("-c{}", connections / LOADS),
            format!("-D{seconds}"),
            format!("--rps={}", rate.div_ceil(connections)),
            format!("--log-file={}", log.display()),
            format!("--connect-to=127.0.0.1:{}", server.port),
            url(server),
        ]);
        running.push((log, Child::start(&mut load)?));
    }
    let mut times = Vec::new();
    for (log, mut load) in running {
        load.end()?;
        read_log(&log, &mut times)?;
    }
    match (percentile(&mut times, 0.5), percentile(&mut times, 0.99)) {
        (Some(p50_us), Some(p99_us)) => Ok(Latency { p50_us, p99_us }),
        _ => Err(Failure("no request was answered at a fixed rate".into())),
    }
}

/// h2load's log: start (µs since the epoch), status, time taken (µs), tabs between.
fn read_log(log: &Path, times: &mut Vec<f64>) -> Result<(), Failure> {
    let text = fs::read_to_string(log).map_err(|error| Failure::file(log, &error))?;
    let mut begin = None;
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [start, status, took] = fields[..] else {
            return Err(Failure(format!(
                "h2load's log has a line unlike others: `{line}`"
            )));
        };
        let (Ok(start), Ok(took)) = (start.parse::<u64>(), took.parse::<f64>()) else {
            return Err(Failure(format!(
                "h2load's log has a line unlike others: `{line}`"
            )));
        };
        if status != "200" {
            return Err(Failure(format!(
                "a request at a fixed rate ended with {status}"
            )));
        }
        if *begin.get_or_insert(start) + 500_000 < start {
            times.push(took);
        }
    }
    Ok(())
}

/// Loads a path by wrk for so long over so many connections; gives the number of requests.
fn wrk(
    ground: &Ground,
    server: &Server,
    seconds: u32,
    connections: u32,
    path: &str,
    more: &[&str],
) -> Result<u32, Failure> {
    let said = output(
        client(ground, "wrk")
            .args(["-t1", "--timeout", "30s"])
            .arg(format!("-c{connections}"))
            .arg(format!("-d{seconds}s"))
            .args(more)
            .arg(url(server) + path),
    )?;
    let errors = said
        .lines()
        .find(|line| line.contains("Socket errors") || line.contains("Non-2xx"));
    if let Some(errors) = errors {
        return Err(Failure(format!("wrk: {}", errors.trim())));
    }
    said.lines()
        .find_map(|line| line.trim().split_once(" requests in ")?.0.parse().ok())
        .ok_or_else(|| Failure(format!("wrk counts no requests:\n{said}")))
}

/// A script for wrk that sends a body of so many bytes.
fn upload(ground: &Ground, bytes: u32) -> Result<String, Failure> {
    let script = ground.folder().join(format!("upload-{bytes}.lua"));
    let text = format!(
        "wrk.method = \"POST\"\nwrk.body = string.rep(\"x\", {bytes})\n\
         wrk.headers[\"Content-Type\"] = \"application/octet-stream\"\n"
    );
    fs::write(&script, text).map_err(|error| Failure::file(&script, &error))?;
    Ok(script.display().to_string())
}

/// Runs h2load with these flags and gives the number of requests, all of which succeeded.
pub(super) fn h2load(ground: &Ground, server: &Server, flags: &[&str]) -> Result<u32, Failure> {
    let said = output(client(ground, "h2load").args(flags).args([
        format!("--connect-to=127.0.0.1:{}", server.port),
        url(server),
    ]))?;
    counted(&said).ok_or_else(|| Failure(format!("h2load: not every request succeeded:\n{said}")))
}

/// `requests: 9 total, 9 started, 9 done, 9 succeeded, 0 failed, 0 errored, 0 timeout`
fn counted(said: &str) -> Option<u32> {
    let counts = said
        .lines()
        .find_map(|line| line.strip_prefix("requests: "))?;
    let count = |what: &str| -> Option<u32> {
        let (number, _) = counts
            .split(", ")
            .find_map(|part| part.split_once(' ').filter(|(_, name)| *name == what))?;
        number.parse().ok()
    };
    let statuses = said
        .lines()
        .find_map(|line| line.strip_prefix("status codes: "))?;
    let good: u32 = statuses.split_once(" 2xx")?.0.parse().ok()?;
    let done = count("succeeded")?;
    // In a run of fixed length, those on their way at its end are neither.
    let clean = count("failed")? == 0 && count("errored")? == 0 && count("timeout")? == 0;
    (clean && done <= good).then_some(done)
}

/// Full handshakes, each with one request, 16 connections at a time.
pub(super) fn handshakes(ground: &Ground, server: &Server, count: u32) -> Result<u32, Failure> {
    let said = output(
        client(ground, "curl")
            .args([
                "--silent",
                "--no-progress-meter",
                "--http1.1",
                "--no-sessionid",
            ])
            .args(["--parallel", "--parallel-max", "16", "--max-time", "120"])
            .args(["--header", "Connection: close", "--output", "/dev/null"])
            .args(["--write-out", "%{http_code}\n", "--cacert"])
            .arg(ground.certificate())
            .args(["--connect-to", &to(server)])
            .arg(format!("{}[1-{count}]", url(server)))
            .stderr(Stdio::null()),
    )?;
    let good = said.lines().filter(|status| *status == "200").count();
    match u32::try_from(good) {
        Ok(good) if good == count => Ok(good),
        _ => Err(Failure(format!(
            "curl: {good} of {count} handshakes were answered with 200"
        ))),
    }
}

/// Echoes of WebSockets within so many seconds, their handshakes among them.
fn echoes(ground: &Ground, server: &Server, seconds: u32) -> Result<u32, Failure> {
    let said = output(node(ground, server, "echo").args([seconds.to_string(), "64".into()]))?;
    said.trim()
        .parse()
        .map_err(|_| Failure(format!("the WebSockets count no echoes:\n{said}")))
}

/// Clients that run beside something else; dropping them ends them.
struct Child(std::process::Child);

impl Child {
    fn start(command: &mut std::process::Command) -> Result<Self, Failure> {
        let quiet = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = quiet
            .spawn()
            .map_err(|error| Failure(format!("{command:?} doesn't start: {error}")))?;
        Ok(Self(child))
    }

    /// Waits until they have done what they were told.
    fn end(&mut self) -> Result<(), Failure> {
        match self.0.wait() {
            Ok(status) if status.success() => Ok(()),
            status => Err(Failure(format!("a load ended with {status:?}"))),
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Nothing is left to do with its status: it has ended, or was killed.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// [`SLOW`] slow clients, once all are connected.
fn slow(ground: &Ground, server: &Server) -> Result<Child, Failure> {
    let slow = Child::start(node(ground, server, "slow").arg(SLOW.to_string()))?;
    let begin = clock::now();
    while established(server.port)? < SLOW as usize {
        if SLOW_MAX < begin.elapsed() {
            return Err(Failure(format!(
                "{SLOW} slow clients weren't connected after {} s",
                SLOW_MAX.as_secs()
            )));
        }
        clock::pause(Duration::from_millis(50));
    }
    Ok(slow)
}

fn node(ground: &Ground, server: &Server, kind: &str) -> std::process::Command {
    let mut command = client(ground, "node");
    command
        .arg(ground.clients())
        .arg(kind)
        .arg(server.port.to_string())
        .arg(ground.certificate());
    command
}

/// Opens so many connections that do nothing, and gives the server's memory with them.
pub(super) fn idle(ground: &Ground, server: &Server) -> Result<u64, Failure> {
    let _load = Child::start(client(ground, "h2load").args([
        "--h1".to_owned(),
        "-D120".to_owned(),
        "--rps=0.01".to_owned(),
        format!("-c{IDLE}"),
        format!("--connect-to=127.0.0.1:{}", server.port),
        url(server),
    ]))?;
    let begin = clock::now();
    loop {
        if established(server.port)? >= IDLE {
            // What the last handshakes needed is given back.
            clock::pause(Duration::from_secs(2));
            break server.memory_kib();
        }
        if IDLE_MAX < begin.elapsed() {
            let open = established(server.port)?;
            break Err(Failure(format!(
                "{open} of {IDLE} idle connections were open after {} s",
                IDLE_MAX.as_secs()
            )));
        }
        clock::pause(Duration::from_millis(200));
    }
}

/// Connections of a port of this machine, as the server sees them.
fn established(port: u16) -> Result<usize, Failure> {
    let table = Path::new("/proc/net/tcp");
    let text = fs::read_to_string(table).map_err(|error| Failure::file(table, &error))?;
    let local = format!(":{port:04X}");
    let open = text.lines().skip(1).filter(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let (at, _, state) = (fields.next(), fields.next(), fields.next());
        at.is_some_and(|at| at.ends_with(&local)) && state == Some("01")
    });
    Ok(open.count())
}

fn client(ground: &Ground, name: &str) -> std::process::Command {
    let mut command = program("setpriv");
    let core = ground.load_core.to_string();
    command.args(["--pdeathsig", "TERM", "taskset", "--cpu-list", &core, name]);
    command
}

/// The name is `localhost`, since a proxy may refuse a host it doesn't know.
fn url(server: &Server) -> String {
    format!("https://localhost:{}/", server.port)
}

fn to(server: &Server) -> String {
    format!("localhost:{0}:127.0.0.1:{0}", server.port)
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn h2loads_summary_counts_only_when_every_request_succeeded() {
        let said = |failed: u32, good: u32| {
            format!(
                "requests: 9 total, 9 started, 9 done, 9 succeeded, {failed} failed, 0 errored, \
                 0 timeout\nstatus codes: {good} 2xx, 0 3xx, 0 4xx, 0 5xx\n"
            )
        };
        assert_eq!(counted(&said(0, 9)), Some(9));
        assert_eq!(counted(&said(1, 9)), None);
        assert_eq!(counted(&said(0, 4)), None);
        assert_eq!(counted("nothing"), None);
    }
}
