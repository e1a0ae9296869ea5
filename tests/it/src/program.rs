//! A running program: its output by lines, its end, and its end with the test.

use std::{
    ffi::OsStr,
    io::{BufRead as _, BufReader},
    os::fd::OwnedFd,
    path::Path,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::{
    process::{Child, Command},
    sync::watch,
};

use crate::in_time;

/// Of a program's output so many lines are shown when a test fails.
const SHOWN: usize = 120;
/// So many lines are kept.
const KEPT: usize = 200_000;

#[derive(Debug, Default)]
struct Said {
    lines: Vec<String>,
    /// Of standard output and standard error, how many have ended.
    ended: u8,
}

#[derive(Debug)]
struct Log {
    said: Mutex<Said>,
    changed: watch::Sender<()>,
}

impl Log {
    fn with<T>(&self, see: impl FnOnce(&mut Said) -> T) -> T {
        see(&mut self.said.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn hear(self: &Arc<Self>, pipe: OwnedFd, mark: &'static str) {
        let log = self.clone();
        // A thread, so that output is read even while a failing test unwinds.
        std::thread::spawn(move || {
            let mut pipe = BufReader::new(std::fs::File::from(pipe));
            let mut bytes = Vec::new();
            while matches!(pipe.read_until(b'\n', &mut bytes), Ok(count) if count > 0) {
                let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
                log.with(|said| {
                    if said.lines.len() < KEPT {
                        said.lines.push(format!("{mark}{line}"));
                    }
                });
                log.changed.send_replace(());
                bytes.clear();
            }
            log.with(|said| said.ended += 1);
            log.changed.send_replace(());
        });
    }
}

/// A program that runs until it is dropped. It and everything it has started are then
/// killed; if the test failed, its last lines are shown.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    group: Option<Pid>,
    log: Arc<Log>,
}

/// A command whose process doesn't outlive this one, even if this one is killed.
pub fn command(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]);
    command.arg(program.as_ref());
    command
        .stdin(Stdio::null())
        .env("NO_COLOR", "1")
        .kill_on_drop(true);
    command
}

impl Program {
    /// Starts a [`command`] in a process group of its own.
    ///
    /// # Panics
    /// When it can't be started.
    pub fn start(name: &str, mut command: Command) -> Self {
        command
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program can be started");
        let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let log = Arc::new(Log {
            said: Mutex::default(),
            changed: watch::Sender::new(()),
        });
        if let Some(Ok(out)) = child.stdout.take().map(|pipe| pipe.into_owned_fd()) {
            log.hear(out, "");
        }
        if let Some(Ok(err)) = child.stderr.take().map(|pipe| pipe.into_owned_fd()) {
            log.hear(err, "! ");
        }
        Self {
            name: name.to_owned(),
            child,
            group,
            log,
        }
    }

    /// Waits for a line that contains `what` (lines of standard error begin with `! `)
    /// and gives it back. Lines said before count.
    ///
    /// # Panics
    /// When the program ends without it, or it doesn't come in time.
    pub async fn line(&self, what: &str) -> String {
        self.line_after(0, what).await
    }

    /// The same, counting lines from `first` only: see [`Program::lines`].
    ///
    /// # Panics
    /// As [`Program::line`].
    pub async fn line_after(&self, first: usize, what: &str) -> String {
        let mut changes = self.log.changed.subscribe();
        let found = async {
            loop {
                changes.mark_unchanged();
                let (line, ended) = self.log.with(|said| {
                    let mut lines = said.lines.iter().skip(first);
                    (
                        lines.find(|line| line.contains(what)).cloned(),
                        said.ended == 2,
                    )
                });
                if line.is_some() || ended {
                    return line;
                }
                if changes.changed().await.is_err() {
                    return None;
                }
            }
        };
        let waiting = format!("{} says `{what}`", self.name);
        match in_time(&waiting, found).await {
            Some(line) => line,
            None => panic!("{} ended and never said `{what}`", self.name),
        }
    }

    /// How many lines there were so far.
    pub fn lines(&self) -> usize {
        self.log.with(|said| said.lines.len())
    }

    /// Everything it said so far.
    pub fn said(&self) -> String {
        self.log.with(|said| said.lines.join("\n"))
    }

    /// Its process id.
    ///
    /// # Panics
    /// When it has ended.
    pub fn id(&self) -> u32 {
        self.child.id().expect("the program still runs")
    }

    /// Sends it a signal, and only it.
    ///
    /// # Panics
    /// When it has ended.
    pub fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(self.id().cast_signed()).expect("no process has the number 0");
        kill_process(id, signal).expect("the program still runs");
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it doesn't end in time.
    pub async fn ended(&mut self) -> ExitStatus {
        let waiting = format!("{} ends", self.name);
        in_time(&waiting, self.child.wait())
            .await
            .expect("a child can be waited for")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // What has ended can't be killed, which is as well.
            let _ = kill_process_group(group, Signal::KILL);
        }
        if std::thread::panicking() {
            let lines = self.log.with(|said| said.lines.clone());
            let first = lines.len().saturating_sub(SHOWN);
            eprintln!("--- {} said ({} lines in all):", self.name, lines.len());
            for line in lines.iter().skip(first) {
                eprintln!("{line}");
            }
            eprintln!("---");
        }
    }
}

/// How a program ended, and what it said.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code; `None` after a signal.
    pub code: Option<i32>,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Finished {
    /// The same where it must have ended with 0.
    ///
    /// # Panics
    /// When it didn't.
    pub fn good(self) -> Self {
        assert_eq!(
            self.code,
            Some(0),
            "stdout:\n{}\nstderr:\n{}",
            self.out,
            self.err
        );
        self
    }
}

/// Runs a [`command`] to its end.
///
/// # Panics
/// When it can't be started or doesn't end in time.
pub async fn finish(mut command: Command) -> Finished {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let name = format!("{:?}", command.as_std());
    let output = in_time(&name, command.output())
        .await
        .expect("the program can be started");
    Finished {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Runs a program of the path to its end.
///
/// # Panics
/// As [`finish`].
pub async fn run<S: AsRef<OsStr>>(program: impl AsRef<Path>, arguments: &[S]) -> Finished {
    let mut command = command(program);
    command.args(arguments);
    finish(command).await
}
