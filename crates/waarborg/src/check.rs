//! `waarborg check`: every mistake of a configuration, and whether what it names can be
//! used. Touches nothing.

use std::{path::Path, process::ExitCode};

use config::{Config, Env, Loaded};
use store::{DataFolder, KeyError, MasterKeys, Store};
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
    let Some(folder) = DataFolder::existing(&config.data).map_err(|error| error.to_string())?
    else {
        return Ok(());
    };
    let location = location(config, &folder);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let found = runtime
        .block_on(Store::inspect(&location))
        .map_err(|error| error.to_string())?;
    match MasterKeys::load(&folder.key_file(), credentials().as_deref()) {
        Ok(keys) => found.opens_with(&keys).map_err(|error| error.to_string()),
        Err(KeyError::Missing { .. }) if found.schema == 0 => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}
