//! `waarborg check`: every mistake of a configuration, and whether what it names can be
//! used. Touches nothing.

use std::{path::Path, process::ExitCode};

use config::{Config, Env, Loaded, Store as StoreKey};
use store::{DataFolder, KeyError, Location, MasterKeys, Store};
use terms::Clock;

use crate::{
    fault,
    wire::{credentials, location},
};

/// Exit 1 where `serve` would not start.
pub(crate) fn run(file: &Path) -> ExitCode {
    let Loaded {
        config, warnings, ..
    } = match Config::load(file, &Env::system(Clock::System)) {
        Ok(loaded) => loaded,
        Err(mistakes) => {
            eprint!("{mistakes}");
            return ExitCode::from(1);
        }
    };
    eprint!("{warnings}");
    match data(&config) {
        Ok(()) => {
            println!("{}: no mistakes", file.display());
            ExitCode::SUCCESS
        }
        Err(error) => fault(&error),
    }
}

/// Looks at the data folder, the key and the store, where they are there already.
fn data(config: &Config) -> Result<(), String> {
    let folder = DataFolder::existing(&config.data).map_err(|error| error.to_string())?;
    let location = match (&folder, &config.store) {
        (Some(folder), _) => location(config, folder),
        (None, StoreKey::Postgres(url)) => Location::Postgres(url.clone()),
        (None, StoreKey::Sqlite) => return Ok(()),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let found = match runtime.block_on(Store::inspect(&location)) {
        // `serve` starts without it, and opens it once it is there.
        Err(error) if error.is_unavailable() => {
            eprintln!("warning: {error}");
            return Ok(());
        }
        other => other.map_err(|error| error.to_string())?,
    };
    let Some(folder) = folder else {
        return Ok(());
    };
    match MasterKeys::load(&folder.key_file(), credentials().as_deref()) {
        Ok(keys) => found.opens_with(&keys).map_err(|error| error.to_string()),
        Err(KeyError::Missing { .. }) if found.schema == 0 => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}
