//! A server under measurement: started on one core, watched through `/proc`, and gone
//! with everything it started when its owner drops it or this program dies.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use crate::{
    clock,
    process::{Failure, program, said},
};

/// How long a server may take to start: callgrind slows it fifty times.
const START_MAX: Duration = Duration::from_secs(60);
/// How long it may take to stop before it is killed.
const STOP_MAX: Duration = Duration::from_secs(20);
/// How long a server does nothing before it is said to rest, and how long it may take
/// until it does.
const REST: Duration = Duration::from_secs(3);
const REST_MAX: Duration = Duration::from_secs(300);
/// Between two looks at a server that says nothing of itself.
const LOOK: Duration = Duration::from_millis(1);

/// How one sees that a server serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ready {
    /// A connection to its port is accepted.
    Accepts,
    /// It writes a line that begins with `ready`.
    Says,
}

/// A running server. Dropping it ends it and all its children.
pub(super) struct Server {
    child: Child,
    pub(super) port: u16,
    /// From start to ready.
    pub(super) start: Duration,
    ticks_per_second: f64,
}

impl Server {
    /// Starts the program on one core, as the leader of a process group of its own, and
    /// waits until it is ready. Its errors go to the file `log`.
    pub(super) fn start(
        core: u32,
        command: &[String],
        settings: &[(&str, String)],
        port: u16,
        ready: Ready,
        log: &Path,
    ) -> Result<Self, Failure> {
        let errors = File::create(log).map_err(|error| Failure::file(log, &error))?;
        let ticks_per_second = said("getconf", &["CLK_TCK"])
            .trim()
            .parse()
            .unwrap_or(100.0);
        let begin = clock::now();
        // setpriv: the server ends when this program is killed and can't drop it.
        let mut child = program("setpriv")
            .args([
                "--pdeathsig",
                "TERM",
                "taskset",
                "--cpu-list",
                &core.to_string(),
            ])
            .args(command)
            .envs(settings.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .process_group(0)
            .spawn()
            .map_err(|error| Failure(format!("{command:?} doesn't start: {error}")))?;
        let said = child.stdout.take().map(listen);
        let mut server = Self {
            child,
            port,
            start: Duration::ZERO,
            ticks_per_second,
        };
        loop {
            let is_ready = match (ready, &said) {
                (Ready::Accepts, _) | (_, None) => TcpStream::connect(address(port)).is_ok(),
                (Ready::Says, Some(said)) => said.recv_timeout(LOOK).is_ok(),
            };
            if is_ready {
                server.start = begin.elapsed();
                break;
            }
            let ended = server.child.try_wait().ok().flatten();
            if ended.is_some() || START_MAX < begin.elapsed() {
                return Err(Failure(format!(
                    "{command:?} isn't ready ({})\n{}",
                    ended.map_or("it runs and waits".into(), |status| status.to_string()),
                    fs::read_to_string(log).unwrap_or_default()
                )));
            }
            clock::pause(LOOK);
        }
        Ok(server)
    }

    /// Waits until what it does by itself after its start is over (ours attacks itself):
    /// for three seconds the same processes, which hardly use the CPU.
    pub(super) fn rest(&self) -> Result<(), Failure> {
        let begin = clock::now();
        let (mut since, mut before) = (begin, (0, 0));
        while REST > since.elapsed() {
            if REST_MAX < begin.elapsed() {
                return Err(Failure(format!(
                    "a server isn't at rest {} s after its start",
                    REST_MAX.as_secs()
                )));
            }
            let (processes, ticks) = (self.group()?.len(), self.ticks()?);
            if processes != before.0 || before.1 + 2 < ticks {
                (since, before) = (clock::now(), (processes, ticks));
            }
            clock::pause(REST / 30);
        }
        Ok(())
    }

    /// CPU time of all its processes and threads so far, in seconds. The kernel keeps it
    /// in nanoseconds and shows it in ticks, mostly of 10 ms: an error below one part in
    /// a hundred over a second, and it doesn't add up over rounds.
    pub(super) fn cpu_seconds(&self) -> Result<f64, Failure> {
        Ok(self.ticks()? as f64 / self.ticks_per_second)
    }

    fn ticks(&self) -> Result<u64, Failure> {
        let of = |stat: &Vec<String>| {
            let user: u64 = stat.get(11)?.parse().ok()?;
            let system: u64 = stat.get(12)?.parse().ok()?;
            Some(user + system)
        };
        Ok(self.group()?.iter().filter_map(of).sum())
    }

    /// Resident memory of all its processes, pages they share counted in each.
    pub(super) fn memory_kib(&self) -> Result<u64, Failure> {
        let page_kib = said("getconf", &["PAGESIZE"])
            .trim()
            .parse::<u64>()
            .unwrap_or(4096)
            / 1024;
        let pages: u64 = self
            .group()?
            .iter()
            .filter_map(|stat| stat.get(21)?.parse::<u64>().ok())
            .sum();
        Ok(pages * page_kib)
    }

    /// Asks it to end and waits until it has.
    pub(super) fn stop(&mut self) {
        signal("TERM", self.child.id());
        let begin = clock::now();
        while begin.elapsed() < STOP_MAX {
            if !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            clock::pause(LOOK);
        }
    }

    /// `/proc/PID/stat` of each process of its group, from the third field (state) on.
    fn group(&self) -> Result<Vec<Vec<String>>, Failure> {
        let group = self.child.id().to_string();
        let processes =
            fs::read_dir("/proc").map_err(|error| Failure::file(Path::new("/proc"), &error))?;
        let mut found = Vec::new();
        for process in processes.flatten() {
            // A process may end between the two looks; it isn't counted then.
            let Ok(stat) = fs::read_to_string(process.path().join("stat")) else {
                continue;
            };
            // The second field, in parentheses, may hold spaces.
            let Some((_, fields)) = stat.rsplit_once(") ") else {
                continue;
            };
            let fields: Vec<String> = fields.split_whitespace().map(str::to_owned).collect();
            if fields.get(2) == Some(&group) {
                found.push(fields);
            }
        }
        Ok(found)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.stop();
        }
        signal("KILL", self.child.id());
        // Nothing is left to do with its status: it was killed.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A free port of the loopback address. Somebody else may take it before its server
/// does; then the server doesn't start, and says so.
pub(super) fn free_port() -> Result<u16, Failure> {
    TcpListener::bind(address(0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| Failure(format!("no free port on 127.0.0.1: {error}")))
}

fn address(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// Reads a server's output to its end, so that it never blocks on a full pipe, and
/// sends word at the first line that begins with `ready`.
fn listen(output: impl Read + Send + 'static) -> mpsc::Receiver<()> {
    let (send, receive) = mpsc::sync_channel(1);
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if line.starts_with("ready") {
                // Full or closed: word has been sent already.
                send.try_send(()).ok();
            }
        }
    });
    receive
}

/// Signals a whole process group. It may be gone already, which is what we want.
fn signal(name: &str, group: u32) {
    // The form that dash understands as well.
    let script = format!("kill -s {name} -- -{group}");
    Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .ok();
}

#[cfg(test)]
mod tests {
    use super::{Ready, Server, free_port};

    fn shell(script: &str) -> Result<Server, crate::process::Failure> {
        let log = std::env::temp_dir().join(format!("xtask-server-{}.log", std::process::id()));
        let command = ["sh", "-c", script].map(str::to_owned);
        Server::start(0, &command, &[], free_port()?, Ready::Says, &log)
    }

    #[test]
    fn a_server_ends_with_its_children_when_it_is_dropped() {
        let server = shell("sleep 300 & echo ready; wait").expect("it says ready");
        assert!(2 <= server.group().expect("/proc is there").len());
        let group = server.child.id();
        drop(server);
        let left = std::fs::read_dir("/proc")
            .expect("/proc is there")
            .flatten()
            .filter_map(|process| std::fs::read_to_string(process.path().join("stat")).ok())
            .filter_map(|stat| stat.rsplit_once(") ").map(|(_, fields)| fields.to_owned()))
            // A killed child is a zombie until its new parent has looked at it.
            .filter(|fields| !fields.starts_with('Z'))
            .filter(|fields| fields.split(' ').nth(2) == Some(&group.to_string()))
            .count();
        assert_eq!(left, 0);
    }

    #[test]
    fn a_server_that_ends_before_it_is_ready_is_a_failure() {
        let failure = shell("echo no luck >&2; exit 3")
            .err()
            .expect("it never says ready");
        assert!(failure.0.contains("no luck"), "{failure}");
    }
}
