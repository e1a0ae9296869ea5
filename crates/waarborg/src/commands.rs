//! Commands to the running server, or to its store while it doesn't run.

use std::{path::Path, process::ExitCode};

use config::{Config, Env};
use control::socket::{self, Command, Reply, SocketError};
use store::{DataFolder, MasterKeys, Store};
use terms::{Clock, Rng};

use crate::{
    fault,
    wire::{credentials, location},
};

/// `waarborg key rotate`.
pub(crate) fn rotate(file: &Path) -> ExitCode {
    carry_out(file, &Command::KeyRotate)
}

/// `waarborg ledger verify`.
pub(crate) fn verify(file: &Path) -> ExitCode {
    carry_out(file, &Command::LedgerVerify)
}

/// `waarborg record find`.
pub(crate) fn find(file: &Path, id: String) -> ExitCode {
    carry_out(file, &Command::RecordFind { id })
}

/// `waarborg console`.
pub(crate) fn console(file: &Path) -> ExitCode {
    carry_out(file, &Command::Console)
}

fn carry_out(file: &Path, command: &Command) -> ExitCode {
    let config = match load(file) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fault(&error),
    };
    let reply = runtime.block_on(async {
        match socket::ask(&config.data, command, |what| eprintln!("{what}")).await {
            Err(SocketError::NoServer { .. }) => alone(&config, command).await,
            other => other.map_err(|error| error.to_string()),
        }
    });
    match reply {
        Ok(reply) => print(reply),
        Err(why) => fault(&why),
    }
}

/// Loads the configuration or says what is wrong with it.
pub(crate) fn load(file: &Path) -> Result<Config, ExitCode> {
    match Config::load(file, &Env::system(Clock::System)) {
        Ok(loaded) => Ok(loaded.config),
        Err(mistakes) => {
            eprint!("{mistakes}");
            Err(ExitCode::from(2))
        }
    }
}

fn print(reply: Reply) -> ExitCode {
    match reply {
        Reply::Done { what } => println!("{what}"),
        Reply::Lines { lines } if lines.is_empty() => {
            eprintln!("no record has this id: it may be older than the retention");
            return ExitCode::from(1);
        }
        Reply::Lines { lines } => lines.iter().for_each(|line| println!("{line}")),
        Reply::No { why } => {
            println!("no: {why}");
            return ExitCode::from(1);
        }
        Reply::Failed { why } => return fault(&why),
        Reply::Progress { .. } | Reply::Proved { .. } => {
            return fault(&"the server answered something else than was asked");
        }
    }
    ExitCode::SUCCESS
}

/// Without a server: works on the store itself, under the data folder's lock.
async fn alone(config: &Config, command: &Command) -> Result<Reply, String> {
    let text = |error: &dyn std::error::Error| error.to_string();
    let data = DataFolder::existing(&config.data).map_err(|error| text(&error))?;
    let data = data.ok_or_else(|| format!("there is no data folder {}", config.data.display()))?;
    let _lock = data.lock().map_err(|error| text(&error))?;
    let masters = MasterKeys::load(&data.key_file(), credentials().as_deref())
        .map_err(|error| text(&error))?;
    let location = location(config, &data);
    let store = Store::open(&location, masters, Clock::System, Rng::System)
        .await
        .map_err(|error| text(&error))?;
    let reply = control::offline(&store, data.path(), &config.track.log_dir, command).await;
    store.close().await;
    Ok(reply)
}
