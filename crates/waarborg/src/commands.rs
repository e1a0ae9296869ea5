//! Commands to the running server, or to its store while it doesn't run.

use std::{net::IpAddr, path::Path, process::ExitCode};

use config::{Config, Env};
use control::{
    Offline,
    access_log::Doings,
    socket::{self, Command, Reply, SocketError},
};
use store::{DataFolder, DataLock, MasterKeys, Store};
use terms::{Clock, Rng};

use crate::{
    block::print_json,
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

/// `waarborg record client`.
pub(crate) fn client(file: &Path, address: IpAddr, seconds: u64, json: bool) -> ExitCode {
    Desk::with(file, async |desk| {
        match desk.ask(&Command::RecordClient { address, seconds }).await {
            Ok(Reply::Client { what }) if json => print_json(&what),
            Ok(Reply::Client { what }) => print_doings(&what),
            Ok(reply) => return print(reply),
            Err(why) => return fault(&why),
        }
        ExitCode::SUCCESS
    })
}

fn print_doings(doings: &Doings) {
    println!("{} requests", doings.total);
    for (class, count) in &doings.classes {
        println!("{count:>9}  with status {class}xx");
    }
    for (reason, count) in &doings.refused {
        println!("{count:>9}  refused: {reason}");
    }
    for deed in &doings.newest {
        let site = deed.site.as_deref().unwrap_or("-");
        let reason = deed.reason.as_ref().map(|reason| format!("  {reason}"));
        println!(
            "{}  {}  {}  {site}  {} {}{}",
            deed.time,
            deed.id,
            deed.status,
            deed.method,
            deed.path,
            reason.unwrap_or_default()
        );
    }
}

/// `waarborg console`.
pub(crate) fn console(file: &Path) -> ExitCode {
    carry_out(file, &Command::Console)
}

fn carry_out(file: &Path, command: &Command) -> ExitCode {
    Desk::with(file, async |desk| match desk.ask(command).await {
        Ok(reply) => print(reply),
        Err(why) => fault(&why),
    })
}

/// Says what was wrong with a call, and gives the exit code for it.
pub(crate) fn called_wrongly(error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::from(2)
}

/// Who answers commands: the running server; without one the store itself, which is then
/// kept open, and its folder locked, until the last command.
pub(crate) struct Desk {
    config: Config,
    alone: Option<(Offline, DataLock)>,
}

impl Desk {
    /// Runs `work` with it, for the configuration in `file`.
    pub(crate) fn with(file: &Path, work: impl AsyncFnOnce(&mut Self) -> ExitCode) -> ExitCode {
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
        runtime.block_on(async {
            let mut desk = Self {
                config,
                alone: None,
            };
            let code = work(&mut desk).await;
            if let Some((offline, _lock)) = desk.alone {
                offline.close().await;
            }
            code
        })
    }

    /// Has a command carried out.
    pub(crate) async fn ask(&mut self, command: &Command) -> Result<Reply, String> {
        if self.alone.is_none() {
            match socket::ask(&self.config.data, command, |what| eprintln!("{what}")).await {
                Err(SocketError::NoServer { .. }) => {}
                other => return other.map_err(|error| error.to_string()),
            }
        }
        let (offline, _lock) = match &mut self.alone {
            Some(alone) => alone,
            none => none.insert(alone(&self.config).await?),
        };
        Ok(offline.carry_out(command).await)
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
        Reply::Progress { .. }
        | Reply::Proved { .. }
        | Reply::Accounts { .. }
        | Reply::Block { .. }
        | Reply::Client { .. }
        | Reply::Team { .. }
        | Reply::Weaknesses { .. } => {
            return fault(&"the server answered something else than was asked");
        }
    }
    ExitCode::SUCCESS
}

/// Without a server: opens the store itself, under the data folder's lock.
async fn alone(config: &Config) -> Result<(Offline, DataLock), String> {
    let text = |error: &dyn std::error::Error| error.to_string();
    let data = DataFolder::existing(&config.data).map_err(|error| text(&error))?;
    let data = data.ok_or_else(|| format!("there is no data folder {}", config.data.display()))?;
    let lock = data.lock().map_err(|error| text(&error))?;
    let masters = MasterKeys::load(&data.key_file(), credentials().as_deref())
        .map_err(|error| text(&error))?;
    let location = location(config, &data);
    let (clock, rng) = (Clock::System, Rng::System);
    let store = Store::open(&location, masters, clock.clone(), rng.clone())
        .await
        .map_err(|error| text(&error))?;
    let offline = Offline::new(store, config.clone(), data.path().to_owned(), clock, rng);
    Ok((offline, lock))
}
