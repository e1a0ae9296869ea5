//! The register of what the team uses, without a browser: `waarborg team`.

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum, builder::NonEmptyStringValueParser};
use control::{
    socket::{Command, Reply},
    team::{self, AssetRow, TeamReply},
};

use crate::{
    ConfigArg,
    accounts::print::{Print, minute},
    commands::Desk,
    fault,
};

/// `waarborg team …`.
#[derive(Debug, Subcommand)]
pub(crate) enum TeamCommand {
    /// Lists the register: how each entry stands, and until when it is attested.
    List {
        /// An array of JSON objects in place of the table.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        config: ConfigArg,
    },
    /// Puts a service or device into the register. It counts once it is attested.
    ///
    /// waarborg team add github.com --holder ada --factor passkey
    Add(AddArgs),
    /// Attests that something is signed in to with a second factor.
    ///
    /// Whoever attests has seen it for themselves: that second factor, and a password of its
    /// own that is kept in a password manager, if there is one at all. The audit trail keeps
    /// who it was.
    Attest {
        #[command(flatten)]
        of: EntryArg,
        /// With which second factor; as it stands in the register unless given.
        #[arg(long)]
        factor: Option<Factor>,
        /// For how many days; as many as `attest_for` in `[team]` says unless given, and no
        /// more.
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..=365))]
        days: Option<u16>,
    },
    /// Takes something out of the register.
    Remove(EntryArg),
}

/// Which entry.
#[derive(Debug, Args)]
pub(crate) struct EntryArg {
    /// Its name, or its id as `--json` shows it.
    #[arg(value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    name: String,
    #[command(flatten)]
    config: ConfigArg,
}

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// What everybody calls it.
    #[arg(value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    name: String,
    /// What it is.
    #[arg(long, default_value = "service")]
    kind: Kind,
    /// Where it is found.
    #[arg(long, value_name = "ADDRESS", default_value = "")]
    address: String,
    /// Who has it: a user, or the name of somebody who has no account.
    #[arg(long, value_name = "WHO")]
    holder: String,
    /// With which second factor it is signed in to.
    #[arg(long)]
    factor: Factor,
    #[command(flatten)]
    config: ConfigArg,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// Something that is signed in to elsewhere.
    Service,
    /// A machine of the team.
    Device,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Factor {
    /// A passkey.
    Passkey,
    /// A key that is plugged in or held to it.
    SecurityKey,
    /// An authenticator app.
    App,
    /// A PIN, finger or face that is bound to the machine.
    Platform,
    /// That of another entry, through which it is signed in to.
    SingleSignOn,
    /// A code by text message or telephone.
    Sms,
    /// None: it never counts.
    None,
}

/// The word of a choice, as it is typed.
fn word(choice: &impl ValueEnum) -> String {
    let value = choice.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

pub(crate) fn run(command: TeamCommand) -> ExitCode {
    use team::TeamCommand as C;
    let (what, json, config) = match command {
        TeamCommand::List { json, config } => (C::List, json, config),
        TeamCommand::Add(args) => {
            let what = C::Add {
                kind: word(&args.kind),
                name: args.name,
                address: args.address,
                holder: args.holder,
                factor: word(&args.factor),
            };
            (what, false, args.config)
        }
        TeamCommand::Attest { of, factor, days } => {
            let what = C::Attest {
                name: of.name,
                factor: factor.as_ref().map(word),
                days,
            };
            (what, false, of.config)
        }
        TeamCommand::Remove(of) => (C::Remove { name: of.name }, false, of.config),
    };
    Desk::with(&config.config, async |desk| {
        match desk.ask(&Command::Team { what }).await {
            Ok(Reply::Team { what }) => {
                let TeamReply::Register { entries } = *what;
                Print { json }.register(&entries);
                ExitCode::SUCCESS
            }
            Ok(Reply::Done { what }) => {
                println!("{what}");
                ExitCode::SUCCESS
            }
            Ok(Reply::No { why }) => {
                eprintln!("no: {why}");
                ExitCode::from(1)
            }
            Ok(Reply::Failed { why }) => fault(&why),
            Ok(_) => fault(&"the server answered something else than was asked"),
            Err(why) => fault(&why),
        }
    })
}

impl Print {
    /// The team's register.
    fn register(&self, entries: &[AssetRow]) {
        let row = |entry: &AssetRow| {
            vec![
                entry.name.clone(),
                entry.kind.clone(),
                entry.holder.clone(),
                entry.factor.clone(),
                entry.standing.clone(),
                minute(entry.until.as_deref()),
            ]
        };
        let head = [
            "NAME",
            "KIND",
            "HOLDER",
            "FACTOR",
            "STANDING",
            "UNTIL (UTC)",
        ];
        let none = "nothing is registered; `waarborg team add` does it";
        self.list(entries, &head, row, none);
    }
}
