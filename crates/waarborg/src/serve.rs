//! `waarborg serve`: the gateway.

use std::{
    collections::BTreeMap,
    fs,
    io::IsTerminal as _,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, SystemTime},
};

use config::{Config, Env};
use control::{alarms::Alarm, handover::Successor};
use terms::Clock;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
};
use tracing_subscriber::EnvFilter;

use crate::{fault, wire::Server};

/// How often the file, certificates, keys and lists of addresses are looked at for a change.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The kind of the alarm about a configuration that can't be taken.
const RELOAD: &str = "reload-refused";

/// Log lines go to standard error: `WAARBORG_LOG` filters them as `RUST_LOG` does.
pub(crate) fn log() {
    let filter = EnvFilter::try_from_env("WAARBORG_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}

/// Serves until SIGTERM or SIGINT, or until a new process does; with `upgrade` in the
/// place of the one that runs.
pub(crate) fn run(file: &Path, upgrade: bool) -> ExitCode {
    log();
    let loaded = match Config::load(file, &Env::system(Clock::System)) {
        Ok(loaded) => loaded,
        Err(mistakes) => {
            eprint!("{mistakes}");
            return ExitCode::from(1);
        }
    };
    if !loaded.warnings.items().is_empty() {
        eprint!("{}", loaded.warnings);
    }
    let started = if upgrade {
        Server::upgrade(loaded)
    } else {
        Server::start(loaded, None)
    };
    let mut server = match started {
        Ok(server) => server,
        Err(error) => return fault(&error),
    };
    let mut signals = match Signals::listen(&server) {
        Ok(signals) => signals,
        Err(error) => return fault(&error),
    };
    server.ready();
    for address in &server.listen {
        println!("ready https://{address}");
    }
    tracing::info!(operations = %server.operations, "serving");
    let runtime = server.runtime().handle().clone();
    match runtime.block_on(until_told(&mut signals, &mut server, Some(file))) {
        Told::End => server.stop(),
        Told::Replaced(successor) => server.leave(successor, signals),
    }
    ExitCode::SUCCESS
}

/// The signals that the server listens to. They are heard from here on, so this comes
/// before anyone is told that it is ready.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// Begins to listen, on the server's runtime.
    pub(crate) fn listen(server: &Server) -> std::io::Result<Self> {
        let _runtime = server.runtime().enter();
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Returns when the server is to end.
    pub(crate) async fn end(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Why a server doesn't serve any more.
pub(crate) enum Told {
    /// By a signal.
    End,
    /// A new process serves in its place.
    Replaced(Successor),
}

/// Waits for the signal to end; where there is a file, reloads meanwhile and lets new
/// processes take over.
pub(crate) async fn until_told(
    signals: &mut Signals,
    server: &mut Server,
    file: Option<&Path>,
) -> Told {
    let mut looks = tokio::time::interval(LOOK_EVERY);
    let mut known = file.and_then(state);
    let mut watched = states(server);
    let mut unsettled = None;
    let mut upgrades = server.control.upgrades().filter(|_| file.is_some());
    loop {
        let asked = tokio::select! {
            _ = signals.terminate.recv() => return Told::End,
            _ = signals.interrupt.recv() => return Told::End,
            _ = signals.hangup.recv() => true,
            _ = looks.tick() => false,
            successor = next(&mut upgrades) => {
                match server.hand_over(successor).await {
                    Ok(successor) => {
                        refuse_others(upgrades).await;
                        return Told::Replaced(successor);
                    }
                    Err(error) => {
                        tracing::error!(%error, "the upgrade failed: this server goes on");
                    }
                }
                continue;
            }
        };
        server.take_back_if_released().await;
        let Some(file) = file else { continue };
        if server.alarms().is_none() {
            // Without control nothing is taken; the next look sees it as changed.
            known = None;
            continue;
        }
        let (now, found) = (state(file), states(server));
        // A file that is being replaced may be away for a moment: the next look sees it.
        let changed = now.is_some() && now != known;
        // A certificate and its key are replaced one after the other, a list is written bit
        // by bit: they are taken once a look finds them as the one before did.
        let settled = unsettled.as_ref() == Some(&found);
        if !asked && !changed && (found == watched || !settled) {
            unsettled = Some(found);
            continue;
        }
        known = now;
        take(server, file).await;
        // What changes while it is taken differs from what was found before.
        watched = states(server);
        for (path, state) in &mut watched {
            if let Some(before) = found.get(path) {
                state.clone_from(before);
            }
        }
        unsettled = None;
    }
}

/// The next process that wants to take over; never where none may.
async fn next(upgrades: &mut Option<mpsc::Receiver<Successor>>) -> Successor {
    let asked = match upgrades {
        Some(upgrades) => upgrades.recv().await,
        None => None,
    };
    match asked {
        Some(successor) => successor,
        None => std::future::pending().await,
    }
}

/// Says no to those that asked while another took over.
async fn refuse_others(upgrades: Option<mpsc::Receiver<Successor>>) {
    let Some(mut upgrades) = upgrades else { return };
    upgrades.close();
    while let Some(late) = upgrades.recv().await {
        late.refuse("another upgrade was quicker; ask again".to_owned())
            .await;
    }
}

async fn take(server: &Server, file: &Path) {
    let taken = server.reload(file).await;
    let Some(alarms) = server.alarms() else {
        return;
    };
    // Neither needs awaiting: it is on its way when the call returns.
    match &taken {
        Ok(_) => drop(alarms.clear(RELOAD)),
        Err(_) => drop(alarms.raise(Alarm {
            kind: RELOAD,
            subject: "the configuration was not reloaded".to_owned(),
            text: format!(
                "It, or a certificate or a list of addresses that it names, was changed and can't be used. The last good one stays in force, certificates and lists included. `waarborg check --config {}` says what is wrong.",
                file.display()
            ),
        })),
    }
    match taken {
        Ok(restart) if restart.is_empty() => tracing::info!("the configuration was reloaded"),
        Ok(restart) => tracing::warn!(
            keys = restart.join(", "),
            "the configuration was reloaded, but these keys count only after a restart"
        ),
        Err(mistakes) => {
            eprint!("{mistakes}");
            tracing::error!("the configuration was not reloaded: the last good one stays");
        }
    }
}

/// What shows that a file was changed, or that it was replaced by another.
type State = (PathBuf, SystemTime, u64, u64);

fn state(file: &Path) -> Option<State> {
    let path = fs::canonicalize(file).ok()?;
    let meta = fs::metadata(&path).ok()?;
    Some((path, meta.modified().ok()?, meta.len(), meta.ino()))
}

/// The files that are watched; one that isn't there has no state.
fn states(server: &Server) -> BTreeMap<PathBuf, Option<State>> {
    let files = server.watched_files().into_iter();
    files.map(|path| (path.clone(), state(&path))).collect()
}
