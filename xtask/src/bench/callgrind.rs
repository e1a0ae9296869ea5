//! Instructions per request: the process under valgrind's callgrind with N requests and
//! with 2 N, the difference divided by N. What start and stop cost falls out, and so
//! does the machine's noise, so that a change of one per cent shows.

use std::{fs, path::Path};

use serde::Serialize;

use crate::{
    bench::{
        load::{Throughput, h2load, handshakes},
        proxies::{Contestant, Ground},
    },
    process::Failure,
};

/// What one kind of request costs.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Instructions {
    /// As in the table of throughputs, but one connection.
    pub(super) kind: &'static str,
    pub(super) per_request: u64,
}

/// Counts for each kind of load, with so many requests that what the server does by itself
/// meanwhile is little beside them. One connection makes the order of events, and with it
/// the count, nearly the same each time; HTTP/2 carries eight streams.
pub(super) fn count(ground: &Ground, name: Contestant) -> Result<Vec<Instructions>, Failure> {
    let _upstream = ground.upstream()?;
    let kinds = [
        (Throughput::Http1, "HTTP/1.1, 1 connection", 10_000),
        (Throughput::Http2, "HTTP/2, 1 × 8 streams", 10_000),
        (Throughput::Handshake, "handshake per request", 200),
    ];
    let mut counted = Vec::new();
    for (load, kind, requests) in kinds {
        let once = total(ground, name, load, requests)?;
        let twice = total(ground, name, load, 2 * requests)?;
        let per_request = twice.saturating_sub(once) / u64::from(requests);
        println!("    {kind}: {per_request} instructions");
        counted.push(Instructions { kind, per_request });
    }
    Ok(counted)
}

/// All instructions of a process from start to stop around this many requests.
fn total(
    ground: &Ground,
    name: Contestant,
    load: Throughput,
    requests: u32,
) -> Result<u64, Failure> {
    let pattern = ground.folder().join("callgrind.%p");
    let out = format!("--callgrind-out-file={}", pattern.display());
    let valgrind = ["valgrind", "--tool=callgrind", "--trace-children=no", &out];
    let mut server = ground.start_under(name, &valgrind)?;
    // What it does by itself after its start isn't what requests cost.
    server.rest()?;
    let count = format!("-n{requests}");
    match load {
        Throughput::Http1 => h2load(ground, &server, &["--h1", "-c1", &count])?,
        Throughput::Http2 => h2load(ground, &server, &["-c1", "-m8", &count])?,
        _ => handshakes(ground, &server, requests)?,
    };
    // It writes its counts when it ends.
    server.stop();
    drop(server);
    sum(ground.folder())
}

/// Adds up and removes the files that valgrind left, one per process it watched.
fn sum(folder: &Path) -> Result<u64, Failure> {
    let entries = fs::read_dir(folder).map_err(|error| Failure::file(folder, &error))?;
    let mut sum = None;
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !name.starts_with("callgrind.") {
            continue;
        }
        let text = fs::read_to_string(&path).map_err(|error| Failure::file(&path, &error))?;
        fs::remove_file(&path).map_err(|error| Failure::file(&path, &error))?;
        let part: u64 = text
            .lines()
            .find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok())
            .ok_or_else(|| Failure(format!("{}: no line `totals:`", path.display())))?;
        sum = Some(sum.unwrap_or(0) + part);
    }
    sum.ok_or_else(|| Failure("callgrind wrote no counts: the process didn't end by itself".into()))
}
