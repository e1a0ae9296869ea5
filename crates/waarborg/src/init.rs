//! `waarborg init`: a configuration to begin with, which names every key there is and what
//! it means.

use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write as _},
    path::Path,
    process::ExitCode,
};

use config::{Config, Env, Kind};
use terms::Clock;

use crate::fault;

/// Writes the file, unless one is there or what is to stand in it would be refused.
pub(crate) fn run(file: &Path, host: &str, upstream: &str, data: &str) -> ExitCode {
    let text = config::sample(data, host, upstream);
    // The certificate that it names isn't there yet.
    let mistakes = Config::parse(file, &text, &Env::system(Clock::System)).err();
    if let Some(mistakes) = mistakes.and_then(|all| all.without(Kind::Unreadable)) {
        eprint!("{mistakes}");
        return ExitCode::from(1);
    }
    let shown = file.display();
    let made = OpenOptions::new().write(true).create_new(true).open(file);
    let mut out = match made {
        Ok(out) => out,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return fault(&format!(
                "{shown} exists and is not overwritten\n  help: name another by `--config FILE`"
            ));
        }
        Err(error) => return fault(&format!("{shown} can't be written: {error}")),
    };
    let written = out.write_all(text.as_bytes()).and_then(|()| out.sync_all());
    if let Err(error) = written {
        return fault(&format!("{shown} can't be written: {error}"));
    }
    println!(
        "{shown}: {upstream} as https://{host}/\n\n\
         Next: name the certificate and its key in it, or take them away and switch [acme] on;\n\
         then `waarborg check --config {shown}`, and `waarborg serve --config {shown}`."
    );
    ExitCode::SUCCESS
}
