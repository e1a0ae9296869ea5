//! `waarborg user breached`: the filter of leaked passwords, from a list.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter},
    path::{Path, PathBuf},
    process::ExitCode,
};

use login::breached::{BuildError, Built, PRECISION, build};

use crate::{commands::called_wrongly, fault};

/// Builds it beside its place and moves it there once it is whole: a server that reads the
/// old one goes on.
pub(super) fn run(list: &Path, out: &Path) -> ExitCode {
    let list = match File::open(list) {
        Ok(file) => file,
        Err(error) => return called_wrongly(&format!("{}: {error}", list.display())),
    };
    let part = beside(out);
    let built = written(list, &part).and_then(|built| {
        fs::rename(&part, out)?;
        Ok(built)
    });
    match built {
        Ok(built) => {
            println!(
                "{} passwords in {} bytes: set `breached = \"{}\"` in `[password]`",
                built.keys,
                built.bytes,
                out.display()
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            // Perhaps it was never made.
            let _ = fs::remove_file(&part);
            match error {
                BuildError::Io(error) => called_wrongly(&format!("{}: {error}", out.display())),
                other => fault(&other),
            }
        }
    }
}

fn beside(out: &Path) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

fn written(list: File, part: &Path) -> Result<Built, BuildError> {
    let mut filter = BufWriter::new(File::create(part)?);
    let mut tell = |lines| eprintln!("{lines} lines read");
    let built = build(&mut BufReader::new(list), &mut filter, PRECISION, &mut tell)?;
    let filter = filter
        .into_inner()
        .map_err(|error| io::Error::from(error.error().kind()))?;
    filter.sync_all()?;
    Ok(built)
}
