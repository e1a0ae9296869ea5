//! What sign-in costs: figures that tests of ours print, built for release, as lines
//! `figure NAME VALUE…`. Nobody else has them, so they are compared with goals and with
//! quiet times of the same run.

use std::path::Path;

use serde::Serialize;

use crate::{
    bench::stats::{Ratio, ratio},
    process::{Failure, cargo, output, step},
    workspace::Workspace,
};

/// Every figure, with its goal in [`SignIn::rows`].
#[derive(Debug, Serialize)]
pub(super) struct SignIn {
    /// Median of how many times libxcrypt's hashes a second the lanes reach at cost 12.
    lanes: f64,
    /// Finding one session of a million, in nanoseconds.
    lookup_ns: f64,
    /// Memory of a session.
    session_bytes: f64,
    /// The p99 of proxied requests under a flood of sign-ins, against quiet.
    flood: Option<Ratio>,
    /// An owner's slowest sign-in during 10,000 guesses.
    owner_ms: f64,
    /// How well one threshold of time tells known, unknown and locked names apart.
    told_apart: f64,
}

/// Measures all of it against this binary.
pub(super) fn measure(workspace: &Workspace, binary: &Path) -> Result<SignIn, Failure> {
    let lanes = step("bcrypt in lanes, against libxcrypt", || {
        let mut bench = crate::process::program("taskset");
        bench.args(["--cpu-list", "1", "cargo", "bench", "--quiet"]);
        bench.args(["--package", "waarborg-bcrypt-lanes", "--", "12", "11"]);
        let said = output(bench.current_dir(&workspace.root))?;
        said.lines()
            .find_map(|line| {
                line.strip_prefix("6 lanes: ")?
                    .split(' ')
                    .next()?
                    .parse()
                    .ok()
            })
            .ok_or_else(|| Failure(format!("the bench of lanes says no figure:\n{said}")))
            .inspect(|figure| println!("    {figure} times libxcrypt"))
    })?;
    let lookup = step("a session among a million, in-process", || {
        printed(workspace, "waarborg-edge", "--lib", "session_lookup", None)
    })?;
    let attacked = step("sign-in under attack", || {
        printed(
            workspace,
            "waarborg-it",
            "--test=it",
            "measures::",
            Some(binary),
        )
    })?;
    let one = |said: &[Figure], name: &str| {
        let found = said.iter().find(|figure| figure.0 == name);
        found
            .and_then(|figure| figure.1.first().copied())
            .ok_or_else(|| Failure(format!("no test has printed `{name}`")))
    };
    let flood = attacked
        .iter()
        .filter(|figure| figure.0 == "login_flood_p99_us");
    let (flooded, quiet): (Vec<f64>, Vec<f64>) = flood
        .filter_map(|figure| Some((*figure.1.first()?, *figure.1.get(1)?)))
        .unzip();
    Ok(SignIn {
        lanes,
        lookup_ns: one(&lookup, "session_lookup_ns")?,
        session_bytes: one(&lookup, "session_bytes")?,
        flood: ratio(&flooded, &quiet),
        owner_ms: one(&attacked, "owner_slowest_ms")?,
        told_apart: one(&attacked, "names_told_apart")?,
    })
}

/// A name and its values.
type Figure = (String, Vec<f64>);

/// What the ignored tests of a name print.
fn printed(
    workspace: &Workspace,
    package: &str,
    target: &str,
    filter: &str,
    binary: Option<&Path>,
) -> Result<Vec<Figure>, Failure> {
    let mut test = cargo();
    test.current_dir(&workspace.root)
        .args(["test", "--quiet", "--release", "--package", package, target])
        .args([filter, "--", "--ignored", "--nocapture", "--test-threads=1"]);
    if let Some(binary) = binary {
        test.env("WAARBORG_BIN", binary);
    }
    let said = output(&mut test)?;
    let figure = |line: &str| {
        // The runner's own dots and names stand before it.
        let (_, figure) = line.split_once("figure ")?;
        println!("    {figure}");
        let mut words = figure.split(' ');
        let name = words.next()?.to_owned();
        Some((name, words.filter_map(|word| word.parse().ok()).collect()))
    };
    Ok(said.lines().filter_map(figure).collect())
}

impl SignIn {
    /// Name, goal, what was measured, and whether that is enough.
    pub(super) fn rows(&self) -> [(&'static str, &'static str, String, Option<bool>); 6] {
        let flood = self.flood.map_or("too few rounds".to_owned(), |it| {
            format!("{:.2} ({:.2} – {:.2})", it.mean, it.low, it.high)
        });
        [
            (
                "bcrypt at cost 12 in six lanes, times libxcrypt",
                "≥ 3.5",
                format!("{:.2}", self.lanes),
                Some(3.5 <= self.lanes),
            ),
            (
                "finding a session of 1,000,000, ns",
                "≤ 300",
                format!("{:.0}", self.lookup_ns),
                Some(self.lookup_ns <= 300.0),
            ),
            (
                "memory of a session with its assertion, bytes",
                "–",
                format!("{:.0}", self.session_bytes),
                None,
            ),
            (
                "p99 of proxied requests under a flood of sign-ins, against quiet",
                "≤ 1.2",
                flood,
                Some(self.flood.is_some_and(|it| it.mean <= 1.2)),
            ),
            (
                "an owner's slowest sign-in during 10,000 guesses, ms",
                "≤ 1000",
                format!("{:.0}", self.owner_ms),
                Some(self.owner_ms <= 1000.0),
            ),
            (
                "known, unknown and locked names told apart by time",
                "≤ 0.55",
                format!("{:.3}", self.told_apart),
                Some(self.told_apart <= 0.55),
            ),
        ]
    }
}
