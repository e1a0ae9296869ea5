//! The `waarborg` command: put a web application behind it, and its security page's
//! promises are enforced, watched and proven.

mod accounts;
mod block;
mod check;
mod commands;
mod demo;
mod init;
mod notify;
mod prober;
mod prove;
mod serve;
mod team;
mod upgrade;
mod weaknesses;
mod wire;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use terms::PromiseId;

use crate::{
    accounts::{GroupCommand, SessionCommand, TokenCommand, UserCommand},
    block::BlockCommand,
    team::TeamCommand,
};

/// Fewer page faults and less locking than the system's under many small lives.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Put a web application behind it: each promise of its security page is enforced,
/// watched and proven on the running deployment.
#[derive(Debug, Parser)]
#[command(
    name = "waarborg",
    version,
    after_help = "To see it at once: waarborg demo\nExit codes: 0 good, 1 the answer is no, 2 the call was wrong."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Everything at once on https://localhost:8443: a sample application behind the
    /// gateway, with its own local certificate authority. Loopback only.
    Demo(DemoArgs),
    /// A configuration to begin with: one site, and every key with its meaning. Writes a
    /// new file only.
    Init(InitArgs),
    /// The gateway. Prints `ready …` once it serves; SIGHUP or a changed file reloads,
    /// SIGTERM lets requests under way end, `--upgrade` takes over from one that runs.
    Serve(ServeArgs),
    /// Every mistake of a configuration, with its place and what was expected.
    Check(ConfigArg),
    /// Runs the drills now and prints a verdict per promise.
    Prove(ProveArgs),
    /// The master key that seals personal data in the store.
    #[command(subcommand)]
    Key(KeyCommand),
    /// The ledger of what the drills have shown.
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// The records of requests.
    #[command(subcommand)]
    Record(RecordCommand),
    /// Accounts: who may sign in.
    #[command(subcommand)]
    User(UserCommand),
    /// Groups, by which sites and routes say who may ask.
    #[command(subcommand)]
    Group(GroupCommand),
    /// Who is signed in.
    #[command(subcommand)]
    Session(SessionCommand),
    /// Bearer tokens of programs, and app passwords.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Who is refused by address: which rule decides, which lists there are.
    #[command(subcommand)]
    Block(BlockCommand),
    /// The services and devices that the team uses, with which second factor, and whose
    /// word that is.
    #[command(subcommand)]
    Team(TeamCommand),
    /// Lists what the applications' answers have shown of their weaknesses, since the server
    /// began: cookies, handlers, forms, assets, charsets.
    Weaknesses {
        /// An array of JSON objects in place of the table.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        config: ConfigArg,
    },
    /// Prints a link to the console: users, groups, sessions, tokens and the audit trail.
    /// It opens once, within a minute, in a browser on this machine.
    Console(ConfigArg),
    /// The drills' own process: control starts it.
    #[command(hide = true)]
    Prober,
}

#[derive(Debug, Clone, Args)]
struct ConfigArg {
    /// The configuration file.
    #[arg(
        long,
        value_name = "FILE",
        env = "WAARBORG_CONFIG",
        default_value = "waarborg.toml"
    )]
    config: PathBuf,
}

#[derive(Debug, Args)]
struct InitArgs {
    /// The name that browsers know the application by, such as app.example.com.
    host: String,
    /// Where the application listens, such as http://127.0.0.1:3000.
    upstream: String,
    /// The folder of all that is kept.
    #[arg(long, value_name = "DIR", default_value = "/var/lib/waarborg")]
    data: String,
    #[command(flatten)]
    config: ConfigArg,
}

#[derive(Debug, Args)]
struct ServeArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Takes over from the server that runs with the same data folder.
    ///
    /// For a new version, or keys that need a restart. The running server hands over its
    /// sockets, so no connection is refused or cut: it answers what was asked of it, and
    /// ends with its last WebSocket or stream, at the latest after `limits.drain`. If
    /// this one doesn't get ready, the other goes on as before and this one exits with 1;
    /// so it does where none runs.
    #[arg(long)]
    upgrade: bool,
}

#[derive(Debug, Args)]
struct DemoArgs {
    /// Where to listen; a loopback address. Port 0 is any free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    /// Where to keep certificates and data.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// One line of JSON in place of the prose.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct ProveArgs {
    /// The promises to prove, by their ids; all where none is named. With `--target` those
    /// that can be seen from outside.
    #[arg(value_name = "PROMISE", value_parser = landed)]
    promises: Vec<PromiseId>,
    #[command(flatten)]
    config: ConfigArg,
    /// Any site, with what any visitor may check. Attacks are tried only where it serves
    /// the printed token at /.well-known/waarborg-prove.
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    /// Certificate authorities to trust beside the public ones (PEM), for `--target`.
    #[arg(long, value_name = "FILE", requires = "target")]
    ca: Option<PathBuf>,
    /// The token that the target serves, from an earlier run.
    #[arg(long, value_name = "TOKEN", requires = "target")]
    token: Option<String>,
    /// One JSON document in place of the table.
    #[arg(long)]
    json: bool,
    /// Exit 1 also when a verdict is inconclusive.
    #[arg(long)]
    strict: bool,
}

/// A promise that has a drill.
fn landed(word: &str) -> Result<PromiseId, String> {
    let landed = || promises::PROMISES.iter().map(|entry| entry.id);
    match landed().find(|id| id.word() == word) {
        Some(id) => Ok(id),
        None => {
            let known: Vec<_> = landed().map(PromiseId::word).collect();
            Err(format!(
                "no drill; there are drills of {}",
                known.join(", ")
            ))
        }
    }
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Replaces the master key and wraps every data key anew.
    Rotate(ConfigArg),
}

#[derive(Debug, Subcommand)]
enum LedgerCommand {
    /// Holds every record against its leaf, every leaf against the signed checkpoint, and
    /// walks the audit trail.
    Verify(ConfigArg),
}

#[derive(Debug, Subcommand)]
enum RecordCommand {
    /// Prints the lines of a request, by the id on a page or by a trace id.
    Find {
        /// 32 hex digits.
        id: String,
        #[command(flatten)]
        config: ConfigArg,
    },
    /// Says what a client has asked lately: an IPv4 address, or the /64 of an IPv6 address.
    Client {
        /// Its address.
        address: std::net::IpAddr,
        /// How far back: seconds, minutes, hours or days.
        #[arg(long, value_name = "TIME", default_value = "1h", value_parser = block::seconds)]
        since: u64,
        /// One line of JSON in place of the prose.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        config: ConfigArg,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        Command::Demo(args) => demo::run(args.listen, args.data, args.json),
        Command::Init(args) => {
            init::run(&args.config.config, &args.host, &args.upstream, &args.data)
        }
        Command::Serve(args) => serve::run(&args.config.config, args.upgrade),
        Command::Check(ConfigArg { config }) => check::run(&config),
        Command::Prove(args) => match &args.target {
            Some(target) => prove::foreign(target, &args),
            None => prove::own(&args),
        },
        Command::Key(KeyCommand::Rotate(ConfigArg { config })) => commands::rotate(&config),
        Command::Ledger(LedgerCommand::Verify(ConfigArg { config })) => commands::verify(&config),
        Command::Record(RecordCommand::Find { id, config }) => commands::find(&config.config, id),
        Command::Record(RecordCommand::Client {
            address,
            since,
            json,
            config,
        }) => commands::client(&config.config, address, since, json),
        Command::User(command) => accounts::user(command),
        Command::Group(command) => accounts::group(command),
        Command::Session(command) => accounts::session(command),
        Command::Token(command) => accounts::token(command),
        Command::Block(command) => block::run(command),
        Command::Team(command) => team::run(command),
        Command::Weaknesses { json, config } => weaknesses::run(&config.config, json),
        Command::Console(ConfigArg { config }) => commands::console(&config),
        Command::Prober => prober::run(),
    }
}

/// Prints a fault as every command does, and gives the exit code for it.
fn fault(error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::from(1)
}
