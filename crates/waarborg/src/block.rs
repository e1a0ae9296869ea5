//! Who is refused by address, without a browser: `block test`, `list`, `add` and `remove`.
//!
//! The running server is asked, since it alone knows of entries that end by themselves;
//! without one the configuration says what it would do.

use std::{net::IpAddr, process::ExitCode};

use clap::Subcommand;
use config::Config;
use control::{
    block::{self, BlockReply, Judged, ListsView, RuleView, Verdict},
    socket::{self, Command, Reply, SocketError},
};

use crate::{ConfigArg, commands::load, fault};

/// `waarborg block …`.
#[derive(Debug, Subcommand)]
pub(crate) enum BlockCommand {
    /// Says which rule of which list decides about an address. Exit code 1 where it is
    /// refused.
    Test {
        /// An IPv4 or IPv6 address.
        address: IpAddr,
        /// One line of JSON in place of the prose.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        config: ConfigArg,
    },
    /// Has an address or a range refused for a while, on every node, from now on.
    Add {
        /// Such as 203.0.113.7, 203.0.113.0/24 or 2001:db8:7::/48.
        addresses: String,
        /// For how long: seconds, minutes, hours or days.
        #[arg(long = "for", value_name = "TIME", default_value = "24h", value_parser = seconds)]
        time: u64,
        /// A few words that the list, the console and the audit trail show.
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
        #[command(flatten)]
        config: ConfigArg,
    },
    /// Lets in again what `add` or a ban refuses. Exit code 1 where there is no such entry.
    Remove {
        /// As `waarborg block list` shows it.
        addresses: String,
        #[command(flatten)]
        config: ConfigArg,
    },
    /// Lists with how many entries each has, and entries that end by themselves.
    List {
        /// One line of JSON in place of the table.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        config: ConfigArg,
    },
}

pub(crate) fn run(command: BlockCommand) -> ExitCode {
    let (asked, json, file) = match command {
        BlockCommand::Test {
            address,
            json,
            config,
        } => (block::BlockCommand::Test { address }, json, config),
        BlockCommand::List { json, config } => (block::BlockCommand::List, json, config),
        BlockCommand::Add {
            addresses,
            time,
            reason,
            config,
        } => {
            let add = block::BlockCommand::Add {
                addresses,
                seconds: time,
                reason,
            };
            (add, false, config)
        }
        BlockCommand::Remove { addresses, config } => {
            (block::BlockCommand::Remove { addresses }, false, config)
        }
    };
    let config = match load(&file.config) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let reply = match answered(&config, &asked) {
        Ok(reply) => reply,
        Err(why) => return fault(&why),
    };
    match &reply {
        BlockReply::Said(judged) => {
            if json {
                print_json(judged);
            } else {
                print_judged(judged, &config);
            }
            let refused = matches!(judged.verdict, Verdict::Refused | Verdict::Dropped);
            ExitCode::from(u8::from(refused))
        }
        BlockReply::Done(Ok(done)) => {
            println!("{done}");
            ExitCode::SUCCESS
        }
        BlockReply::Done(Err(why)) => fault(why),
        BlockReply::Lists(lists) => {
            if json {
                print_json(lists);
            } else {
                print_lists(lists);
            }
            ExitCode::SUCCESS
        }
    }
}

/// `90s`, `30m`, `24h`, `7d`.
pub(crate) fn seconds(text: &str) -> Result<u64, String> {
    let expected = || "expected a time such as 90s, 30m, 24h or 7d".to_owned();
    let (digits, unit) = text
        .split_at_checked(text.len().saturating_sub(1))
        .ok_or_else(expected)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(expected()),
    };
    let count: u64 = digits.parse().map_err(|_| expected())?;
    count.checked_mul(unit).ok_or_else(expected)
}

/// By the running server, or without one by the configuration.
fn answered(config: &Config, what: &block::BlockCommand) -> Result<BlockReply, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let command = Command::Block { what: what.clone() };
    let asked = runtime.block_on(socket::ask(&config.data, &command, |_| {}));
    match asked {
        Ok(Reply::Block { what }) => Ok(*what),
        Ok(Reply::Failed { why }) => Err(why),
        Ok(_) => Err("the server answered something else than was asked".to_owned()),
        Err(SocketError::NoServer { .. }) => {
            let asks = matches!(
                what,
                block::BlockCommand::Test { .. } | block::BlockCommand::List
            );
            if asks {
                eprintln!("no server runs: this is what the configuration says");
            }
            let set = config.block_set();
            Ok(block::answer(what, config, &set, Default::default()))
        }
        Err(error) => Err(error.to_string()),
    }
}

pub(crate) fn print_json(what: &impl serde::Serialize) {
    match serde_json::to_string(what) {
        Ok(text) => println!("{text}"),
        Err(error) => eprintln!("error: {error}"),
    }
}

/// Where a rule stands, in words.
fn place(rule: &RuleView) -> String {
    let about = rule.about.as_ref().map(|about| format!(", {about}"));
    let about = about.unwrap_or_default();
    match rule.list.as_str() {
        "file" => format!("{} (line {} of {})", rule.range, rule.number, rule.source),
        _ => format!("{}{about} (rule {})", rule.range, rule.id),
    }
}

fn print_judged(judged: &Judged, config: &Config) {
    let address = judged.address;
    match judged.verdict {
        Verdict::Refused => println!("{address} is refused"),
        Verdict::Dropped => println!("{address} is refused: its connections are closed"),
        Verdict::Observed => println!("{address} would be refused, but `observe` is on"),
        Verdict::LetIn => println!("{address} is let in"),
    }
    match &judged.rule {
        Some(rule) => println!("by {}", place(rule)),
        None => println!("no list has it"),
    }
    if let Some(instead) = &judged.instead {
        println!("otherwise refused by {}", place(instead));
    }
    if judged.trusted_proxy {
        println!("it is a trusted proxy's: the clients behind it are judged, it never is");
    }
    if matches!(judged.verdict, Verdict::Refused | Verdict::Dropped)
        && judged.rule.as_ref().is_some_and(|rule| rule.list != "deny")
        && config.block.lists.refusing() > 0
    {
        println!("to let it in: add it to `allow` in `[block]`");
    }
}

fn print_lists(lists: &ListsView) {
    let action = if lists.drop { "drop" } else { "refuse" };
    let observe = if lists.observe { ", observe only" } else { "" };
    println!("action: {action}{observe}");
    if lists.lists.is_empty() && lists.temporary.is_empty() && lists.feeds.is_empty() {
        println!("no list has an entry");
    }
    for list in &lists.lists {
        let source = if list.list == "file" {
            &list.source
        } else {
            ""
        };
        println!("{:<10} {:>9}  {source}", list.list, list.entries);
    }
    for feed in &lists.feeds {
        let good = feed.good_at.map(|at| format!("good at {at}"));
        let good = good.unwrap_or_else(|| "not fetched yet".to_owned());
        let trouble = feed.trouble.as_ref().map(|why| format!("; {why}"));
        println!(
            "{:<10} {:>9}  {} ({}), {good}{}",
            "feed",
            feed.entries,
            feed.name,
            feed.action,
            trouble.unwrap_or_default()
        );
    }
    for entry in &lists.temporary {
        println!(
            "{:<10} {}  until {}  by {}{}",
            if entry.evidence.is_some() {
                "ban"
            } else {
                "temporary"
            },
            entry.range,
            entry.until,
            entry.made_by,
            match (&entry.evidence, entry.reason.as_str()) {
                (Some(it), _) => format!(
                    ": {} ({} from {} to {}, last request {})",
                    it.cause, it.strikes, it.first, it.last, it.request
                ),
                (None, "") => String::new(),
                (None, reason) => format!(": {reason}"),
            }
        );
    }
}
