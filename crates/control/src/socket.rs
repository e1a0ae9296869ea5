//! `data/control.sock`: commands to the running server. One JSON line asks, JSON lines
//! answer; the last is the result. Only the server's own user and root may ask.

pub mod accounts;

use std::{
    fs, io,
    net::IpAddr,
    os::unix::{fs::PermissionsExt as _, net::UnixListener as StdListener},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use config::AccessLog;
use promises::Report;
use serde::{Deserialize, Serialize};
use store::{Actor, Store};
use terms::{PromiseId, RequestId};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream},
    sync::mpsc,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use zeroize::Zeroizing;

use self::accounts::{AccountCommand, AccountReply};
use crate::{
    access_log::{self, Doings},
    accounts::{Accounts, carry_out as carry_out_on_accounts},
    bans,
    block::{self, BlockCommand, BlockReply},
    keeper,
    prober::line,
    proof::Prover,
    state::State,
    team::{self, TeamCommand, TeamReply},
    weaknesses::WeaknessRow,
};

/// The socket's name in the data folder.
pub const SOCKET: &str = "control.sock";
/// The door of drills in the data folder: the edge listens there.
pub const DOOR: &str = "proxy.sock";
/// Longest line either way, in bytes.
const LINE_MAX: u64 = 4 * 1024 * 1024;
/// Lines of one request that are given back.
const LINES: usize = 16;

/// What a command asks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "command")]
pub enum Command {
    /// Run drills now.
    Prove {
        /// Which; all where empty.
        promises: Vec<PromiseId>,
    },
    /// Replace the master key.
    KeyRotate,
    /// Verify ledger and audit trail.
    LedgerVerify,
    /// Find a request's lines in the access log.
    RecordFind {
        /// 32 hex digits: the request's id or its trace.
        id: String,
    },
    /// What a client has asked lately.
    RecordClient {
        /// Its address; of IPv6 the /64 counts.
        address: IpAddr,
        /// For how many seconds back.
        seconds: u64,
    },
    /// See or change accounts.
    Accounts {
        /// What.
        what: AccountCommand,
    },
    /// Who is refused by address.
    Block {
        /// What is asked.
        what: BlockCommand,
    },
    /// The register of what the team uses.
    Team {
        /// What is asked.
        what: TeamCommand,
    },
    /// What applications have shown of their weaknesses.
    Weaknesses,
    /// Make a one-use link to the console.
    Console,
}

/// What the server answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "answer")]
pub enum Reply {
    /// It goes on.
    Progress {
        /// A few words.
        what: String,
    },
    /// Reports of a run.
    Proved {
        /// One per promise.
        reports: Vec<Report>,
        /// The sentences of the configuration in force, to judge the reports by.
        reading: Box<config::Reading>,
    },
    /// Done, with a sentence.
    Done {
        /// For people.
        what: String,
    },
    /// Lines of the access log.
    Lines {
        /// As they stand there.
        lines: Vec<String>,
    },
    /// What a client has asked.
    Client {
        /// It.
        what: Box<Doings>,
    },
    /// The answer is no, with what doesn't agree.
    No {
        /// For people.
        why: String,
    },
    /// It couldn't be done.
    Failed {
        /// For people.
        why: String,
    },
    /// What was asked about addresses.
    Block {
        /// It.
        what: Box<BlockReply>,
    },
    /// Weaknesses of applications.
    Weaknesses {
        /// Since the process began, the worst kinds first.
        rows: Vec<WeaknessRow>,
    },
    /// What was asked about the team.
    Team {
        /// It.
        what: Box<TeamReply>,
    },
    /// What was asked about accounts.
    Accounts {
        /// It.
        what: Box<AccountReply>,
    },
}

/// The socket can't be had, or talked to.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// No server answers there.
    #[error(
        "no server answers at {path}: {source}; start it with `waarborg serve`, or name its configuration with `--config`"
    )]
    NoServer {
        /// The socket.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It broke off.
    #[error("the server broke off: {0}")]
    Broke(#[from] io::Error),
    /// It said what this version doesn't know.
    #[error("the server's answer can't be read: {0}; is it another version?")]
    Unreadable(#[from] serde_json::Error),
}

/// Commands under way may take so long to end after the stop; then they are broken off.
const STOP_LIMIT: Duration = Duration::from_secs(3);

/// Opens the door of drills: the edge is to serve it.
///
/// # Errors
/// When it can't be bound.
pub fn open_door(data: &Path) -> io::Result<StdListener> {
    bind(data, DOOR)
}

/// Opens a socket in the data folder. One that a killed server left is replaced: the
/// folder's lock says that nobody else is here.
pub(crate) fn bind(data: &Path, name: &str) -> io::Result<StdListener> {
    let path = data.join(name);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = StdListener::bind(&path)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers commands until `stop`, each as one of `tasks`.
pub(crate) async fn serve(
    listener: UnixListener,
    prover: Arc<Prover>,
    tasks: TaskTracker,
    stop: CancellationToken,
) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let (prover, stop) = (prover.clone(), stop.clone());
                tasks.spawn(async move {
                    let late = async {
                        stop.cancelled().await;
                        tokio::time::sleep(STOP_LIMIT).await;
                    };
                    let answered = tokio::select! {
                        answered = answer(stream, &prover, &stop) => answered,
                        () = late => Err(io::ErrorKind::TimedOut.into()),
                    };
                    if let Err(error) = answered {
                        tracing::warn!(%error, "a command broke off");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a command could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn answer(
    mut stream: UnixStream,
    prover: &Prover,
    stop: &CancellationToken,
) -> io::Result<()> {
    let uid = stream.peer_cred()?.uid();
    let ours = rustix::process::geteuid().as_raw();
    if uid != ours && uid != 0 {
        let why = format!("user {uid} may not command this server; run it as user {ours}");
        return stream
            .write_all(line(&Reply::Failed { why }).as_bytes())
            .await;
    }
    let (read, mut write) = stream.split();
    let mut text = Zeroizing::new(Vec::new());
    BufReader::new(read.take(LINE_MAX))
        .read_until(b'\n', &mut text)
        .await?;
    let reply = match serde_json::from_slice(&text) {
        Ok(command) => {
            let (progress, mut steps) = mpsc::channel(64);
            let work = carry_out(command, uid, prover, progress, stop);
            tokio::pin!(work);
            loop {
                tokio::select! {
                    Some(what) = steps.recv() => {
                        write.write_all(line(&Reply::Progress { what }).as_bytes()).await?;
                    }
                    reply = &mut work => break reply,
                }
            }
        }
        Err(error) => Reply::Failed {
            why: format!("this command is unknown here: {error}"),
        },
    };
    write.write_all(line(&reply).as_bytes()).await
}

async fn carry_out(
    command: Command,
    uid: u32,
    prover: &Prover,
    progress: mpsc::Sender<String>,
    stop: &CancellationToken,
) -> Reply {
    match (command, prover.state.kept()) {
        (Command::Block { what }, _) => about_block(&prover.state, what, uid).await,
        (Command::Weaknesses, _) => Reply::Weaknesses {
            rows: prover.state.weaknesses.listed(),
        },
        (_, None) => Reply::Failed {
            why: "the store can't be reached".to_owned(),
        },
        (Command::Prove { mut promises }, Some(_)) => {
            if promises.is_empty() {
                promises = promises::PROMISES.iter().map(|entry| entry.id).collect();
            }
            let ran = tokio::select! {
                ran = prover.run(promises, Some(&progress)) => ran,
                // Drills take longer than anybody waits for an end.
                () = stop.cancelled() => {
                    return Reply::Failed {
                        why: "the server ends or is upgraded; ask again".to_owned(),
                    };
                }
            };
            match ran {
                Ok(reports) => Reply::Proved {
                    reports,
                    reading: Box::new(prover.state.publisher.reading()),
                },
                Err(error) => Reply::Failed {
                    why: error.to_string(),
                },
            }
        }
        (Command::KeyRotate, Some(kept)) => rotate(&kept.store, uid).await,
        (Command::LedgerVerify, Some(kept)) => {
            let verifier = kept.keeper.lock().await.verifier().clone();
            verify(&kept.store, &verifier).await
        }
        (Command::RecordFind { id }, Some(_)) => {
            let track = prover.state.publisher.config().track.clone();
            let id = match parsed(&id) {
                Ok(id) => id,
                Err(failed) => return failed,
            };
            if track.access_log == AccessLog::File {
                return find(track.log_dir, id).await;
            }
            let now = prover.state.clock.now();
            let sought = prover.state.recent.find(id, LINES, now);
            Reply::Lines {
                lines: sought.lines,
            }
        }
        (Command::RecordClient { address, seconds }, Some(_)) => {
            let since = Duration::from_secs(seconds);
            match access_log::doings(&prover.state, address, since).await {
                Ok(doings) => Reply::Client {
                    what: Box::new(doings),
                },
                Err(why) => Reply::Failed { why },
            }
        }
        (Command::Console, Some(_)) => {
            let prefix = prover.state.publisher.config().prefix.clone();
            match prover.state.door.link(&prefix, Actor::command(uid)) {
                Some(link) => Reply::Done {
                    what: link.expose().clone(),
                },
                None => Reply::Failed {
                    why: "the console answers on loopback only: set `operations` to an address \
                          such as 127.0.0.1:9443"
                        .to_owned(),
                },
            }
        }
        (Command::Accounts { what }, Some(_)) => {
            carry_out_on_accounts(&prover.state.accounts, what, &Actor::command(uid)).await
        }
        (Command::Team { what }, Some(_)) => {
            team::carry_out(&prover.state.accounts, what, &Actor::command(uid)).await
        }
    }
}

/// Answers what is asked about addresses; most of it without a store.
async fn about_block(state: &State, what: BlockCommand, uid: u32) -> Reply {
    let answer = bans::carry_out(state, what, &Actor::command(uid)).await;
    Reply::Block {
        what: Box::new(answer),
    }
}

/// Carries a command out without a server.
pub(crate) async fn offline(
    store: &Store,
    data: &Path,
    log: &Path,
    accounts: &Accounts,
    command: &Command,
) -> Reply {
    match command {
        Command::Block { what } => {
            let publisher = &accounts.publisher;
            let (set, config) = (publisher.block(), publisher.config());
            let known = (publisher.feed_views(), publisher.temporary());
            let answer = block::answer(what, &config, &set, known);
            Reply::Block {
                what: Box::new(answer),
            }
        }
        Command::Prove { .. } => Reply::Failed {
            why: "drills attack the running server: start it with `waarborg serve`".to_owned(),
        },
        Command::KeyRotate => rotate(store, rustix::process::geteuid().as_raw()).await,
        Command::LedgerVerify => match keeper::read_key(data) {
            Ok(Some(key)) => verify(store, key.verifier()).await,
            Ok(None) => Reply::Failed {
                why: "there is no ledger yet".to_owned(),
            },
            Err(error) => Reply::Failed {
                why: error.to_string(),
            },
        },
        Command::RecordFind { id } => match parsed(id) {
            Ok(id) => find(log.to_owned(), id).await,
            Err(failed) => failed,
        },
        Command::RecordClient { .. } => Reply::Failed {
            why: "start the server with `waarborg serve`: it knows where its records are"
                .to_owned(),
        },
        Command::Accounts { what } => {
            let actor = Actor::command(rustix::process::geteuid().as_raw());
            carry_out_on_accounts(accounts, what.clone(), &actor).await
        }
        Command::Team { what } => {
            let actor = Actor::command(rustix::process::geteuid().as_raw());
            team::carry_out(accounts, what.clone(), &actor).await
        }
        Command::Weaknesses => Reply::Failed {
            why: "only the running server knows them: start it with `waarborg serve`".to_owned(),
        },
        Command::Console => Reply::Failed {
            why: "the console is part of the running server: start it with `waarborg serve`"
                .to_owned(),
        },
    }
}

async fn rotate(store: &Store, uid: u32) -> Reply {
    match store.rotate(&Actor::command(uid)).await {
        Ok(_) => Reply::Done {
            what: "the master key was replaced and every data key wrapped anew".to_owned(),
        },
        Err(error) => Reply::Failed {
            why: error.to_string(),
        },
    }
}

fn parsed(id: &str) -> Result<RequestId, Reply> {
    id.parse().map_err(|_| Reply::Failed {
        why: format!("`{id}` is no id: expected 32 hex digits"),
    })
}

async fn find(folder: PathBuf, id: RequestId) -> Reply {
    let found = tokio::task::spawn_blocking(move || access_log::find(&folder, id, LINES)).await;
    match found {
        Ok(Ok(lines)) => Reply::Lines { lines },
        Ok(Err(error)) => Reply::Failed {
            why: format!("the access log: {error}"),
        },
        Err(error) => Reply::Failed {
            why: error.to_string(),
        },
    }
}

/// Verifies ledger and audit trail of a store.
pub(crate) async fn verify(store: &Store, key: &ledger::VerifierKey) -> Reply {
    let leaves = match keeper::verify(store, key).await {
        Ok(leaves) => leaves,
        Err(keeper::KeeperError::Broken(why)) => {
            return Reply::No {
                why: format!("the ledger: {why}"),
            };
        }
        Err(error) => {
            return Reply::Failed {
                why: error.to_string(),
            };
        }
    };
    match store.audit_verify().await {
        Ok(store::Chain::Whole { .. }) => Reply::Done {
            what: format!(
                "{leaves} leaves agree with the signed checkpoint, the audit trail is whole"
            ),
        },
        Ok(broken) => Reply::No {
            why: format!("the audit trail: {broken:?}"),
        },
        Err(error) => Reply::Failed {
            why: error.to_string(),
        },
    }
}

/// Asks a running server; `each` hears its progress.
///
/// # Errors
/// [`SocketError`].
pub async fn ask(
    data: &Path,
    command: &Command,
    mut each: impl FnMut(&str),
) -> Result<Reply, SocketError> {
    let path = data.join(SOCKET);
    let mut stream = UnixStream::connect(&path)
        .await
        .map_err(|source| SocketError::NoServer { path, source })?;
    // It may hold a password.
    let asked = Zeroizing::new(line(command));
    stream.write_all(asked.as_bytes()).await?;
    let mut lines = BufReader::new(stream);
    loop {
        let mut text = Vec::new();
        (&mut lines)
            .take(LINE_MAX)
            .read_until(b'\n', &mut text)
            .await?;
        if text.is_empty() {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        match serde_json::from_slice(&text)? {
            Reply::Progress { what } => each(&what),
            reply => return Ok(reply),
        }
    }
}
