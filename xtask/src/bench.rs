//! `cargo xtask bench`: this proxy against nginx, HAProxy and Caddy.
//!
//! Every contestant serves the same certificate over TLS 1.3, adds the same four headers,
//! keeps its upstream connections and has one worker, alone on core 0. Load and upstream
//! share core 1. What counts is requests per second of CPU time of the contestant's own
//! processes: it doesn't depend on whether the load could fill the core. Rounds go to and
//! fro (A B B A), so that a machine that slows down slows all of them alike; each ratio is
//! of two neighbours in one round.

mod callgrind;
mod load;
mod proxies;
mod report;
mod server;
mod sign_in;
mod stats;

use std::path::PathBuf;

use clap::Args;

use crate::{
    bench::{
        load::{LATENCIES, Latency, THROUGHPUTS},
        proxies::{Contestant, Ground},
        server::Server,
    },
    process::{Failure, cargo, output, run as run_program, step},
    tools,
    workspace::Workspace,
};

/// Defaults give the figures that are kept; `--quick` those for a look. Many short rounds
/// rather than few long ones: neighbours of a ratio are nearer to each other then.
#[derive(Args)]
pub(crate) struct Arguments {
    /// How often each contestant is measured, at least 11 times for figures that count
    #[arg(long, default_value_t = 33, value_parser = clap::value_parser!(u32).range(2..=200))]
    rounds: u32,
    /// How long each load lasts, in seconds
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=60))]
    seconds: u32,
    /// Three rounds of one second, nothing kept
    #[arg(long, conflicts_with_all = ["rounds", "seconds"])]
    quick: bool,
    /// The contestants; the first is compared with the others
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "ours,nginx,haproxy,caddy"
    )]
    only: Vec<Contestant>,
    /// Only count instructions per request of the first contestant, under valgrind
    #[arg(long)]
    callgrind: bool,
    /// Leave out what signing in costs
    #[arg(long)]
    edge: bool,
    /// Measure this program instead of building ours
    #[arg(long)]
    binary: Option<PathBuf>,
}

/// What one contestant did in one round.
#[derive(Debug, Default, serde::Serialize)]
struct Round {
    /// Requests per CPU-second, in the order of [`THROUGHPUTS`].
    per_cpu_second: Vec<f64>,
    /// In the order of [`LATENCIES`].
    latency: Vec<Latency>,
}

/// A contestant and everything measured of it.
#[derive(Debug, serde::Serialize)]
struct Entry {
    name: Contestant,
    version: String,
    /// Of the four headers, those its answer didn't carry.
    headers_missing: Vec<&'static str>,
    /// From start to its first accepted connection, or ours to its `ready`.
    start_ms: f64,
    /// Resident memory of all its processes before the first request.
    memory_at_rest_kib: u64,
    /// The same with [`load::IDLE`] connections that do nothing; not for those that need
    /// more open files per connection than a process may have here.
    memory_idle_kib: Option<u64>,
    /// The same after the last one.
    memory_after_kib: u64,
    rounds: Vec<Round>,
}

/// Measures, prints, and keeps the run unless it was a quick one.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<(), Failure> {
    step("install what the bench needs", tools::for_bench)?;
    let ours = match &arguments.binary {
        Some(binary) => binary.clone(),
        None if arguments.only.contains(&Contestant::Ours) => build(workspace)?,
        None => PathBuf::new(),
    };
    let ground = Ground::lay(ours)?;
    let Some(first) = arguments.only.first().copied() else {
        return Err(Failure("--only names nobody".into()));
    };
    let (rounds, seconds) = if arguments.quick {
        (3, 1)
    } else {
        (arguments.rounds, arguments.seconds)
    };
    let entries = if arguments.callgrind {
        Vec::new()
    } else {
        measure(&ground, &arguments.only, rounds, seconds)?
    };
    // Counted each time the figures are kept, so both stand beside each other per commit.
    // What was measured before is kept, whatever becomes of any of these.
    let counted = arguments.callgrind || (!arguments.quick && first == Contestant::Ours);
    let mut failed = None;
    let instructions = counted.then(|| {
        step("instructions per request, under valgrind", || {
            callgrind::count(&ground, first)
        })
    });
    let instructions = kept(instructions, &mut failed).unwrap_or_default();
    let policy_ns = (counted && arguments.binary.is_none())
        .then(|| step("policy alone, in-process", || policy(workspace)));
    let policy_ns = kept(policy_ns, &mut failed);
    let whole = counted && !arguments.callgrind && !arguments.edge;
    let sign_in = whole.then(|| sign_in::measure(workspace, ground.ours()));
    let sign_in = kept(sign_in, &mut failed);
    let measured = report::Measured {
        contestants: entries,
        instructions,
        policy_ns,
        sign_in,
    };
    let report = report::Report::new(workspace, seconds, first, measured)?;
    println!("\n{}", report.page());
    if arguments.quick {
        return Ok(());
    }
    report.keep(workspace)?;
    failed.map_or(Ok(()), Err)
}

/// A figure, or why there is none: the first of these is said at the end.
fn kept<T>(measured: Option<Result<T, Failure>>, failed: &mut Option<Failure>) -> Option<T> {
    match measured? {
        Ok(figure) => Some(figure),
        Err(failure) => {
            failed.get_or_insert(failure);
            None
        }
    }
}

fn build(workspace: &Workspace) -> Result<PathBuf, Failure> {
    step("build waarborg for release", || {
        run_program(cargo().current_dir(&workspace.root).args([
            "build",
            "--release",
            "--package",
            "waarborg",
        ]))
    })?;
    Ok(workspace.target.join("release/waarborg"))
}

/// Nanoseconds that all policy takes of a request: the edge's own measurement, built for
/// release.
fn policy(workspace: &Workspace) -> Result<f64, Failure> {
    let said = output(cargo().current_dir(&workspace.root).args([
        "test",
        "--quiet",
        "--release",
        "--package",
        "waarborg-edge",
        "--lib",
        "policy_per_request",
        "--",
        "--ignored",
        "--nocapture",
    ]))?;
    said.lines()
        .find_map(|line| line.strip_prefix("policy_ns_per_request ")?.parse().ok())
        .ok_or_else(|| Failure(format!("the measurement says no figure:\n{said}")))
        .inspect(|figure| println!("    {figure:.0} ns a request"))
}

fn measure(
    ground: &Ground,
    contestants: &[Contestant],
    rounds: u32,
    seconds: u32,
) -> Result<Vec<Entry>, Failure> {
    let _upstream = ground.upstream()?;
    let mut servers: Vec<Server> = Vec::new();
    let mut entries = Vec::new();
    for &name in contestants {
        let server = step(&format!("start {name}"), || ground.start(name))?;
        step(&format!("{name} comes to rest"), || server.rest())?;
        let memory_at_rest_kib = server.memory_kib()?;
        let headers_missing = load::check(ground, &server)?;
        entries.push(Entry {
            name,
            version: ground.version(name),
            headers_missing,
            start_ms: server.start.as_secs_f64() * 1e3,
            memory_at_rest_kib,
            memory_idle_kib: None,
            memory_after_kib: 0,
            rounds: Vec::new(),
        });
        servers.push(server);
    }
    step("warm up", || {
        for server in &servers {
            round(ground, server, 1)?;
        }
        Ok(())
    })?;
    for number in 0..rounds {
        step(&format!("round {} of {rounds}", number + 1), || {
            one_round(ground, &servers, &mut entries, number, seconds)
        })?;
    }
    for (entry, server) in entries.iter_mut().zip(&servers) {
        entry.memory_after_kib = server.memory_kib()?;
    }
    drop(servers);
    for entry in entries
        .iter_mut()
        .filter(|entry| matches!(entry.name, Contestant::Ours | Contestant::Nginx))
    {
        // A fresh one: memory that a load has left behind would hide what idling takes.
        let title = format!("{} idle connections at {}", load::IDLE, entry.name);
        entry.memory_idle_kib = step(&title, || {
            let server = ground.start(entry.name)?;
            server.rest()?;
            load::idle(ground, &server).map(Some)
        })?;
    }
    Ok(entries)
}

/// Every kind of load on every contestant, forwards in even rounds and backwards in odd
/// ones, kind by kind: the neighbours of a ratio are seconds apart.
fn one_round(
    ground: &Ground,
    servers: &[Server],
    entries: &mut [Entry],
    number: u32,
    seconds: u32,
) -> Result<(), Failure> {
    let mut rounds: Vec<Round> = servers.iter().map(|_| Round::default()).collect();
    let mut pairs: Vec<_> = servers.iter().zip(&mut rounds).collect();
    if number % 2 == 1 {
        pairs.reverse();
    }
    for kind in THROUGHPUTS {
        for (server, round) in &mut pairs {
            round
                .per_cpu_second
                .push(load::throughput(ground, server, kind, seconds)?);
        }
    }
    for kind in LATENCIES {
        for (server, round) in &mut pairs {
            round
                .latency
                .push(load::latency(ground, server, kind, seconds)?);
        }
    }
    drop(pairs);
    for (entry, round) in entries.iter_mut().zip(rounds) {
        entry.rounds.push(round);
    }
    Ok(())
}

/// All kinds of load on one contestant, the figures thrown away.
fn round(ground: &Ground, server: &Server, seconds: u32) -> Result<(), Failure> {
    for kind in THROUGHPUTS {
        load::throughput(ground, server, kind, seconds)?;
    }
    Ok(())
}
