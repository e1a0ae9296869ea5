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
use control::alarms::Alarm;
use terms::Clock;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::{fault, wire::Server};

/// How often the file, certificates and keys are looked at for a change.
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

/// Serves until SIGTERM or SIGINT.
pub(crate) fn run(file: &Path) -> ExitCode {
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
    let server = match Server::start(loaded, None) {
        Ok(server) => server,
        Err(error) => return fault(&error),
    };
    let signals = match Signals::listen(&server) {
        Ok(signals) => signals,
        Err(error) => return fault(&error),
    };
    for address in &server.listen {
        println!("ready https://{address}");
    }
    tracing::info!(operations = %server.operations, "serving");
    server
        .runtime()
        .block_on(until_told(signals, &server, Some(file)));
    server.stop();
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
}

/// Waits for the signal to end; reloads meanwhile where there is a file.
pub(crate) async fn until_told(mut signals: Signals, server: &Server, file: Option<&Path>) {
    let mut looks = tokio::time::interval(LOOK_EVERY);
    let mut known = file.and_then(state);
    let mut certificates = states(server);
    let mut unsettled = None;
    loop {
        let asked = tokio::select! {
            _ = signals.terminate.recv() => return,
            _ = signals.interrupt.recv() => return,
            _ = signals.hangup.recv() => true,
            _ = looks.tick() => false,
        };
        let Some(file) = file else { continue };
        let (now, found) = (state(file), states(server));
        // A file that is being replaced may be away for a moment: the next look sees it.
        let changed = now.is_some() && now != known;
        // A certificate and its key are replaced one after the other: they are taken once
        // a look finds them as the one before did.
        let settled = unsettled.as_ref() == Some(&found);
        if !asked && !changed && (found == certificates || !settled) {
            unsettled = Some(found);
            continue;
        }
        known = now;
        take(server, file).await;
        // What changes while it is taken differs from what was found before.
        certificates = states(server);
        for (path, state) in &mut certificates {
            if let Some(before) = found.get(path) {
                state.clone_from(before);
            }
        }
        unsettled = None;
    }
}

async fn take(server: &Server, file: &Path) {
    let taken = server.reload(file).await;
    let alarms = server.alarms();
    // Neither needs awaiting: it is on its way when the call returns.
    match &taken {
        Ok(_) => drop(alarms.clear(RELOAD)),
        Err(_) => drop(alarms.raise(Alarm {
            kind: RELOAD,
            subject: "the configuration was not reloaded".to_owned(),
            text: format!(
                "It or a certificate that it names was changed and can't be used. The last good one stays in force, certificates included. `waarborg check --config {}` says what is wrong.",
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

/// The certificate and key files of all sites; one that isn't there has no state.
fn states(server: &Server) -> BTreeMap<PathBuf, Option<State>> {
    let files = server.certificate_files().into_iter();
    files.map(|path| (path.clone(), state(&path))).collect()
}
