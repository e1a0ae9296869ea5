//! The project's own tools, `cargo xtask COMMAND`: a file per command.
//!
//! They build first on a fresh machine and install what the rest needs, so they use
//! the standard library, clap and serde only.

mod bench;
mod clock;
mod deny;
mod docs;
mod judges;
mod layers;
mod process;
mod promise;
mod test;
mod tidy;
mod tools;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{process::Failure, workspace::Workspace};

#[derive(Parser)]
#[command(name = "cargo xtask", about, version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what the tests need, then run every test and check
    Test(test::Arguments),
    /// Compare who imports whom with the walls of STYLE.md
    Layers,
    /// Check what rustfmt and clippy don't: file heads, sizes, forgotten files
    Tidy,
    /// Check licences, banned crates and sources against deny.toml
    Deny,
    /// Compare or write docs/config.md, which is made from the configuration's types
    Docs(docs::Arguments),
    /// Print every place of a promise, in the order of a request
    Promise(promise::Arguments),
    /// Ask the judges that take longer: fuzzing
    Judges(judges::Arguments),
    /// Measure against nginx, HAProxy and Caddy
    Bench(bench::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    let workspace = Workspace::read()?;
    match command {
        Command::Test(arguments) => test::run(&workspace, &arguments),
        Command::Layers => layers::run(&workspace),
        Command::Tidy => tidy::run(&workspace),
        Command::Deny => deny::run(&workspace),
        Command::Docs(arguments) => docs::run(&workspace, &arguments),
        Command::Promise(arguments) => promise::run(&workspace, &arguments),
        Command::Judges(arguments) => judges::run(&workspace, &arguments),
        Command::Bench(arguments) => bench::run(&workspace, &arguments),
    }
}
