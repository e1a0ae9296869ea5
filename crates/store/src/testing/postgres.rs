//! A real PostgreSQL per test process: Debian's newest, in a temporary folder, on a Unix
//! socket and a port of the loopback, with fsync on.
//!
//! It starts in a tenth of a second, because `initdb` runs once per machine and server
//! version and its result is copied. A small shell stands between us and the server: it
//! reads commands from a pipe, and when the pipe ends, however our process ended, it
//! stops the server and removes the folder.

use std::{
    collections::VecDeque,
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, sync_channel},
    },
    time::Duration,
};

use rustix::fs::FlockOperation;

/// Longest wait for the server to say that it is ready.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How many lines of its log a failure shows.
const LOG_LINES: usize = 50;
/// The first database, from which others are made.
const FIRST: &str = "postgres";

/// The supervisor. `$1` is the folder, the rest the server's command.
const SUPERVISOR: &str = r#"
folder=$1; shift
start() { "$@" 2>&1 & server=$!; }
stop() { kill -"$1" "$server" 2>/dev/null; wait "$server" 2>/dev/null; }
crash() {
    children=$(cat "/proc/$server/task/$server/children")
    kill -KILL "$server" $children 2>/dev/null
    wait "$server" 2>/dev/null
    # The shared memory is free when the last of them is gone, or a zombie.
    for child in $children; do
        while grep -qs '^State:.[^Z]' "/proc/$child/status"; do :; done
    done
}
start "$@"
while read -r word; do
    case $word in
        stop) stop INT; echo 'supervisor: stopped' ;;
        kill) crash; echo 'supervisor: stopped' ;;
        start) start "$@" ;;
    esac
done
stop QUIT
rm -rf "$folder"
"#;

/// One running server. Dropped, or when this process ends in whatever way, it stops.
#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
    port: u16,
    databases: AtomicU64,
    supervisor: Mutex<Supervisor>,
}

#[derive(Debug)]
struct Supervisor {
    child: Child,
    commands: Option<ChildStdin>,
    log: Receiver<String>,
}

impl Postgres {
    /// The one of this process.
    ///
    /// # Panics
    /// When PostgreSQL isn't installed (`apt-get install postgresql`) or doesn't start: a
    /// test that can't run must not pass.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// One of its own, for tests that stop it.
    ///
    /// # Panics
    /// As [`Postgres::shared`].
    pub fn start() -> Self {
        let tools = newest_tools();
        let account = Account::find();
        let template = template(&tools, &account);
        let folder = tempfile::Builder::new()
            .prefix("waarborg-pg-")
            .tempdir()
            .expect("a temporary folder")
            .keep();
        account.own(&folder);
        let data = folder.join("data");
        succeed(account.command("cp").arg("-a").arg(&template).arg(&data));
        // A free port; the server fails loudly in the rare case that someone takes it first.
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let mut server = account.command("setpriv");
        // Even if the supervisor is killed, the server doesn't outlive it. QUIT lets it
        // clean up its shared memory.
        server
            .args(["--pdeathsig", "QUIT"])
            .arg(tools.join("postgres"));
        server
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(&folder)
            .args(["-p", &port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "fsync=on",
            "synchronous_commit=on",
            "shared_buffers=16MB",
            "max_connections=60",
            "autovacuum=off",
        ] {
            server.args(["-c", setting]);
        }
        let mut child = Command::new("sh")
            .args(["-c", SUPERVISOR, "supervisor"])
            .arg(&folder)
            .arg(server.get_program())
            .args(server.get_args())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell starts");
        let commands = child.stdin.take();
        let output = child.stdout.take().expect("its output is piped");
        let (send, log) = sync_channel(1000);
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // Nobody reads on after the start; a full queue drops lines.
                let _ = send.try_send(line);
            }
        });
        let supervisor = Mutex::new(Supervisor {
            child,
            commands,
            log,
        });
        let server = Self {
            folder,
            port,
            databases: AtomicU64::new(0),
            supervisor,
        };
        server.wait_for("ready to accept connections");
        server
    }

    /// The URL of `database`, over TCP.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://waarborg@127.0.0.1:{}/{database}", self.port)
    }

    /// The URL of `database`, over the Unix socket.
    pub fn socket_url(&self, database: &str) -> String {
        format!(
            "postgres://waarborg@localhost:{}/{database}?host={}",
            self.port,
            self.folder.display()
        )
    }

    /// Makes an empty database; returns its URL.
    ///
    /// # Panics
    /// When the server doesn't.
    pub fn fresh_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::SeqCst));
        succeed(
            Command::new(newest_tools().join("psql"))
                .arg("--no-psqlrc")
                .args(["--dbname", &self.url(FIRST)])
                .args(["--command", &format!("CREATE DATABASE {name}")]),
        );
        self.url(&name)
    }

    /// Stops it as an administrator would: connections are cut.
    pub fn stop(&self) {
        self.tell("stop");
        self.wait_for("supervisor: stopped");
    }

    /// Kills it with signal 9, as a crash of the machine would.
    pub fn kill(&self) {
        self.tell("kill");
        self.wait_for("supervisor: stopped");
    }

    /// Starts it again, on the same port, and waits until it answers.
    pub fn start_again(&self) {
        self.tell("start");
        self.wait_for("ready to accept connections");
    }

    fn tell(&self, word: &str) {
        let mut supervisor = self
            .supervisor
            .lock()
            .expect("no test panics while holding it");
        let commands = supervisor
            .commands
            .as_mut()
            .expect("it is taken only at the drop");
        writeln!(commands, "{word}").expect("the supervisor reads");
    }

    fn wait_for(&self, words: &str) {
        let supervisor = self
            .supervisor
            .lock()
            .expect("no test panics while holding it");
        let mut seen = VecDeque::new();
        loop {
            match supervisor.log.recv_timeout(START_LIMIT) {
                Ok(line) if line.contains(words) => return,
                Ok(line) => {
                    seen.push_back(line);
                    if seen.len() > LOG_LINES {
                        seen.pop_front();
                    }
                }
                Err(error) => {
                    #[expect(clippy::panic, reason = "a test that can't run must not pass")]
                    {
                        panic!("PostgreSQL didn't say `{words}` ({error}); its log: {seen:#?}")
                    }
                }
            }
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Ok(supervisor) = self.supervisor.get_mut() {
            // The end of the pipe is the command to stop and to clean up.
            drop(supervisor.commands.take());
            let _ = supervisor.child.wait();
        }
    }
}

/// Where the newest installed server's programs are.
fn newest_tools() -> PathBuf {
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("bin/initdb").exists())
        .max_by_key(|path| version(path))
        .expect("the tests need PostgreSQL: apt-get install postgresql")
        .join("bin")
}

/// Whom the server runs as: it refuses to run as root.
struct Account {
    drop_to: Option<(u32, u32)>,
}

impl Account {
    fn find() -> Self {
        if !rustix::process::geteuid().is_root() {
            return Self { drop_to: None };
        }
        let home = fs::metadata("/var/lib/postgresql").expect("Debian's package makes this folder");
        Self {
            drop_to: Some((home.uid(), home.gid())),
        }
    }

    /// A command that runs as that account.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        match self.drop_to {
            None => Command::new(program),
            Some((user, group)) => {
                let mut command = Command::new("setpriv");
                command
                    .arg(format!("--reuid={user}"))
                    .arg(format!("--regid={group}"))
                    .args(["--clear-groups", "--"])
                    .arg(program);
                command
            }
        }
    }

    fn own(&self, folder: &Path) {
        if let Some((user, group)) = self.drop_to {
            std::os::unix::fs::chown(folder, Some(user), Some(group))
                .expect("root may give it away");
        }
        fs::set_permissions(folder, PermissionsExt::from_mode(0o700)).expect("it is ours");
    }
}

/// A cluster to copy, made once per machine, account and version.
fn template(tools: &Path, account: &Account) -> PathBuf {
    let version = tools.parent().and_then(Path::file_name).unwrap_or_default();
    let user = account
        .drop_to
        .map_or(rustix::process::geteuid().as_raw(), |(user, _)| user);
    let name = format!("waarborg-pg-template-{user}-{}", version.to_string_lossy());
    let place = std::env::temp_dir().join(name);
    fs::create_dir_all(&place).expect("a temporary folder");
    let data = place.join("data");
    let lock = fs::File::open(&place).expect("it was just made");
    // Other test processes wait here for the first one.
    rustix::fs::flock(&lock, FlockOperation::LockExclusive).expect("a folder can be locked");
    let whole = place.join("whole");
    if !whole.exists() {
        let _ = fs::remove_dir_all(&data);
        account.own(&place);
        succeed(
            account
                .command(tools.join("initdb"))
                .arg("-D")
                .arg(&data)
                .args(["--username", "waarborg", "--auth", "trust", "--locale", "C"])
                .args(["--encoding", "UTF8", "--wal-segsize", "1"]),
        );
        fs::write(&whole, "").expect("the folder is writable");
    }
    data
}

fn succeed(command: &mut Command) {
    let output = command
        .stdin(Stdio::null())
        .output()
        .expect("the program is installed");
    assert!(
        output.status.success(),
        "{command:?} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, Location, Store, testing::Place};

    fn alive(port: u16) -> bool {
        std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
    }

    #[test]
    fn a_dropped_server_leaves_neither_process_nor_folder() {
        let server = Postgres::start();
        let (folder, port) = (server.folder.clone(), server.port);
        assert!(alive(port) && folder.exists());
        drop(server);
        assert!(!alive(port) && !folder.exists());
    }

    #[tokio::test]
    async fn a_store_is_unavailable_while_its_server_is_gone_and_back_with_it() {
        let server = Postgres::start();
        let place = Place::on(&server);
        let store = place.open().await;
        store.reach().await.unwrap();
        let mut open = store.tx().await.unwrap();
        open.append(0, &[]).await.unwrap();

        for gone in [Postgres::stop, Postgres::kill] {
            gone(&server);
            let begun = place.clock.moment();
            let (read, begin, open) = tokio::join!(store.reach(), store.tx(), place.try_open());
            for error in [read.err(), begin.err(), open.err()] {
                let error = error.expect("there is no server");
                assert!(error.is_unavailable(), "{error}");
            }
            assert!(place.clock.moment().since(begun) < Duration::from_secs(5));
            server.start_again();
            store.reach().await.unwrap();
        }
        let error = open.commit().await.unwrap_err();
        assert!(error.is_unavailable(), "{error}");
    }

    #[tokio::test]
    async fn the_socket_serves_too_and_a_wrong_url_is_not_repeated() {
        let server = Postgres::shared();
        server.fresh_database();
        let url = |url: &str| Location::Postgres(terms::Secret::new(url.to_owned()));
        let found = Store::inspect(&url(&server.socket_url(FIRST)))
            .await
            .unwrap();
        assert_eq!(found.schema, 0);
        let error = Store::inspect(&url("postgres://u:hunter2@[/x"))
            .await
            .unwrap_err();
        assert!(matches!(error, Error::MalformedUrl) && !error.to_string().contains("hunter2"));
        let error = Store::inspect(&url(&server.url("nowhere")))
            .await
            .unwrap_err();
        assert!(error.is_unavailable(), "{error}");
    }
}
