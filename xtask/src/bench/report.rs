//! What a run leaves: a page for people and the raw rounds for whoever computes again.

use std::{fmt::Write, fs};

use serde::Serialize;

use crate::{
    bench::{
        Entry,
        callgrind::Instructions,
        load::{LATENCIES, Steady, THROUGHPUTS},
        proxies::Contestant,
        sign_in::SignIn,
        stats::{Ratio, median, ratio},
    },
    process::{Failure, said},
    workspace::Workspace,
};

/// Everything of a run.
#[derive(Serialize)]
pub(super) struct Report {
    date: String,
    machine: String,
    cores: usize,
    kernel: String,
    system: String,
    commit: String,
    load: Vec<String>,
    seconds_per_load: u32,
    subject: Contestant,
    comparisons: Vec<Comparison>,
    #[serde(flatten)]
    measured: Measured,
}

/// What was measured.
#[derive(Serialize)]
pub(super) struct Measured {
    pub(super) contestants: Vec<Entry>,
    pub(super) instructions: Vec<Instructions>,
    /// What all policy takes of a request, in-process.
    pub(super) policy_ns: Option<f64>,
    pub(super) sign_in: Option<SignIn>,
}

/// The subject against one peer in one figure.
#[derive(Serialize)]
struct Comparison {
    figure: String,
    peer: Contestant,
    /// Over 1 is better for throughput, under 1 for latency.
    ratio: Option<Ratio>,
}

/// A figure: its name and how to get its series from a contestant.
type Figure = (String, Box<dyn Fn(&Entry) -> Vec<f64>>);

impl Report {
    /// Computes the ratios and asks the machine for its name.
    pub(super) fn new(
        workspace: &Workspace,
        seconds_per_load: u32,
        subject: Contestant,
        measured: Measured,
    ) -> Result<Self, Failure> {
        let comparisons = compare(&measured.contestants);
        let first = |text: String| text.lines().next().unwrap_or_default().trim().to_owned();
        let field = |file: &str, key: &str| {
            let text = fs::read_to_string(file).unwrap_or_default();
            text.lines()
                .find(|line| line.starts_with(key))
                .and_then(|line| line.split_once(['=', ':']))
                .map_or("unknown".to_owned(), |(_, value)| {
                    value.trim().replace('"', "")
                })
        };
        let root = workspace.root.display().to_string();
        let mut commit = first(said(
            "git",
            &["-C", &root, "rev-parse", "--short=12", "HEAD"],
        ));
        if commit.is_empty() || commit.contains("fatal") {
            commit = "none yet".into();
        }
        if !said("git", &["-C", &root, "status", "--porcelain"]).is_empty() {
            commit.push_str(" and changes");
        }
        Ok(Self {
            date: first(said("date", &["--utc", "+%Y-%m-%d"])),
            machine: field("/proc/cpuinfo", "model name"),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            kernel: first(said("uname", &["-r"])),
            system: field("/etc/os-release", "PRETTY_NAME"),
            commit,
            load: vec![
                first(said("wrk", &["-v"])),
                first(said("h2load", &["--version"])),
                first(said("curl", &["--version"])),
            ],
            seconds_per_load,
            subject,
            comparisons,
            measured,
        })
    }

    /// The run as Markdown.
    pub(super) fn page(&self) -> String {
        let mut page = String::new();
        self.write_page(&mut page)
            .expect("a string takes every write");
        page
    }

    fn write_page(&self, page: &mut String) -> std::fmt::Result {
        let Self {
            date,
            machine,
            cores,
            kernel,
            system,
            commit,
            ..
        } = self;
        writeln!(page, "# {date}, {machine}, {cores} cores\n")?;
        writeln!(page, "{system}, Linux {kernel}; commit {commit}.\n")?;
        if !self.measured.contestants.is_empty() {
            self.write_contestants(page)?;
            self.write_comparisons(page)?;
            self.write_goals(page)?;
        }
        if !self.measured.instructions.is_empty() {
            writeln!(
                page,
                "## Instructions per request of {} (callgrind)\n",
                self.subject
            )?;
            writeln!(page, "| | instructions |\n|---|---|")?;
            for Instructions { kind, per_request } in &self.measured.instructions {
                writeln!(page, "| {kind} | {per_request} |")?;
            }
            writeln!(page)?;
        }
        if let Some(nanoseconds) = self.measured.policy_ns {
            writeln!(
                page,
                "All policy of a request, in-process (best of 25 rounds): {nanoseconds:.0} ns; \
                 goal < 1000: {}.\n",
                yes(nanoseconds < 1000.0)
            )?;
        }
        if let Some(sign_in) = &self.measured.sign_in {
            writeln!(
                page,
                "## Sign-in\n\n| | goal | measured | reached |\n|---|---|---|---|"
            )?;
            for (name, goal, measured, reached) in sign_in.rows() {
                let reached = reached.map_or("–", yes);
                writeln!(page, "| {name} | {goal} | {measured} | {reached} |")?;
            }
            writeln!(page)?;
        }
        Ok(())
    }

    fn write_contestants(&self, page: &mut String) -> std::fmt::Result {
        let rounds = self
            .measured
            .contestants
            .first()
            .map_or(0, |entry| entry.rounds.len());
        writeln!(
            page,
            "Medians of {rounds} alternating rounds of {} s per load: requests per CPU-second of \
             the proxy's own processes (one worker, core 0; load and upstream on core 1; TLS 1.3, \
             EC P-256, 1 KiB answers, kept upstream connections); latency at fixed rates. \
             Peers log through a buffer to a file (nginx), to a ring in memory (HAProxy), \
             to a file (Caddy).\n",
            self.seconds_per_load
        )?;
        write!(page, "| |")?;
        for entry in &self.measured.contestants {
            write!(page, " {} |", entry.name)?;
        }
        write!(page, "\n|---|")?;
        for _ in &self.measured.contestants {
            write!(page, "---|")?;
        }
        writeln!(page)?;
        for (name, series) in figures() {
            write!(page, "| {name} |")?;
            for entry in &self.measured.contestants {
                write!(page, " {:.0} |", median(&series(entry)).unwrap_or(f64::NAN))?;
            }
            writeln!(page)?;
        }
        let mut row = |name: &str, value: &dyn Fn(&Entry) -> f64| {
            write!(page, "| {name} |")?;
            for entry in &self.measured.contestants {
                let value = value(entry);
                if value.is_finite() {
                    write!(page, " {value:.1} |")?;
                } else {
                    write!(page, " – |")?;
                }
            }
            writeln!(page)
        };
        row("start, ms", &|entry| entry.start_ms)?;
        row(
            "memory at rest, MiB",
            &|entry| mib(entry.memory_at_rest_kib),
        )?;
        row("memory with 9,500 idle connections, MiB", &|entry| {
            entry.memory_idle_kib.map_or(f64::NAN, mib)
        })?;
        row("memory after the load, MiB", &|entry| {
            mib(entry.memory_after_kib)
        })?;
        writeln!(page)?;
        for entry in &self.measured.contestants {
            write!(page, "- {}: {}", entry.name, entry.version)?;
            if !entry.headers_missing.is_empty() {
                write!(page, " (doesn't add {})", entry.headers_missing.join(", "))?;
            }
            writeln!(page)?;
        }
        writeln!(page, "- load: {}\n", self.load.join("; "))
    }

    fn write_comparisons(&self, page: &mut String) -> std::fmt::Result {
        writeln!(page, "## {} against its peers\n", self.subject)?;
        writeln!(
            page,
            "Ratios paired round by round, with their 95 % intervals; over 1 is better for \
             requests, under 1 for latency.\n"
        )?;
        writeln!(
            page,
            "| | peer | ratio | 95 % interval |\n|---|---|---|---|"
        )?;
        for Comparison {
            figure,
            peer,
            ratio,
        } in &self.comparisons
        {
            match ratio {
                Some(Ratio { mean, low, high }) => {
                    writeln!(
                        page,
                        "| {figure} | {peer} | {mean:.2} | {low:.2} – {high:.2} |"
                    )?;
                }
                None => writeln!(page, "| {figure} | {peer} | – | too few rounds |")?,
            }
        }
        writeln!(page)
    }

    /// The goals the project has set itself; lower bounds of the intervals count.
    fn write_goals(&self, page: &mut String) -> std::fmt::Result {
        let Some(ours) = self
            .measured
            .contestants
            .first()
            .filter(|entry| entry.name == Contestant::Ours)
        else {
            return Ok(());
        };
        let lowest = |figure: &str, only: Option<Contestant>| {
            self.comparisons
                .iter()
                .filter(|line| line.figure == figure && only.is_none_or(|peer| peer == line.peer))
                .filter_map(|line| line.ratio.map(|ratio| ratio.low))
                .min_by(f64::total_cmp)
        };
        use super::load::Throughput as T;
        let haproxy = Some(Contestant::Haproxy);
        let at_least = [
            (T::Http1, None, 1.3),
            (T::Handshake, None, 1.5),
            (T::Http2, haproxy, 1.0),
            (T::Http2Single, haproxy, 1.1),
            (T::Download1M, None, 1.0),
            (T::Download100M, None, 1.0),
            (T::Upload1M, None, 1.0),
            (T::Upload100M, None, 1.0),
        ]
        .map(|(kind, peer, goal)| {
            let whom = if peer.is_some() {
                "HAProxy"
            } else {
                "the best peer"
            };
            let name = format!("{} against {whom}", kind.label());
            (name, lowest(kind.label(), peer), goal)
        });
        writeln!(
            page,
            "## Goals\n\n| | goal | measured | reached |\n|---|---|---|---|"
        )?;
        for (name, measured, goal) in at_least {
            let Some(measured) = measured else { continue };
            let reached = yes(goal <= measured);
            writeln!(
                page,
                "| {name}, lower bound | ≥ {goal} | {measured:.2} | {reached} |"
            )?;
        }
        let busy = latencies(ours, Steady::Busy, true);
        let highest = (self.measured.contestants.iter().skip(1))
            .filter_map(|peer| ratio(&busy, &latencies(peer, Steady::Busy, true)))
            .map(|ratio| ratio.high)
            .max_by(f64::total_cmp);
        let quiet = latencies(ours, Steady::Http1, true);
        let slow = ratio(&latencies(ours, Steady::BesideSlow, true), &quiet);
        let p99 = [
            ("that of the best peer", Steady::Busy, highest, 1.0),
            (
                "without them",
                Steady::BesideSlow,
                slow.map(|slow| slow.high),
                1.2,
            ),
        ];
        for (whose, kind, measured, goal) in p99 {
            let Some(measured) = measured else { continue };
            let reached = yes(measured <= goal);
            writeln!(
                page,
                "| p99, {}, against {whose}, upper bound | ≤ {goal} | {measured:.2} | {reached} |",
                kind.label()
            )?;
        }
        let idle = |name: Contestant| {
            let mut entries = self.measured.contestants.iter();
            let entry = entries.find(|entry| entry.name == name)?;
            entry.memory_idle_kib.map(mib)
        };
        if let (Some(own), Some(nginx)) = (idle(Contestant::Ours), idle(Contestant::Nginx)) {
            let reached = yes(own <= nginx);
            writeln!(
                page,
                "| memory with 9,500 idle connections, MiB | ≤ {nginx:.1} (nginx) | {own:.1} | {reached} |"
            )?;
        }
        let memory = mib(ours.memory_at_rest_kib);
        let at_most = [
            ("start, ms", ours.start_ms, 150.0),
            ("memory at rest, MiB", memory, 40.0),
        ];
        for (name, measured, goal) in at_most {
            let reached = yes(measured < goal);
            writeln!(page, "| {name} | < {goal} | {measured:.1} | {reached} |")?;
        }
        writeln!(page)
    }

    /// Writes `bench/runs/<date>-<machine>/`; a second run of a day replaces the first.
    pub(super) fn keep(&self, workspace: &Workspace) -> Result<(), Failure> {
        let machine: String = format!("{} {} cores", self.machine, self.cores)
            .to_lowercase()
            .chars()
            .map(|letter| {
                if letter.is_ascii_alphanumeric() {
                    letter
                } else {
                    ' '
                }
            })
            .collect();
        let machine = machine.split_whitespace().collect::<Vec<_>>().join("-");
        let kind = if self.measured.contestants.is_empty() {
            "-callgrind"
        } else {
            ""
        };
        let folder = workspace
            .root
            .join(format!("bench/runs/{}-{machine}{kind}", self.date));
        fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
        let json = serde_json::to_string_pretty(self)
            .map_err(|error| Failure(format!("the results can't be written: {error}")))?;
        for (name, text) in [("README.md", self.page()), ("results.json", json + "\n")] {
            let path = folder.join(name);
            fs::write(&path, text).map_err(|error| Failure::file(&path, &error))?;
        }
        println!("kept in {}", folder.display());
        self.keep_line(workspace)
    }

    /// Appends the figures that noise doesn't touch to `bench/runs/per-commit.tsv`.
    fn keep_line(&self, workspace: &Workspace) -> Result<(), Failure> {
        let path = workspace.root.join("bench/runs/per-commit.tsv");
        let mut line = String::new();
        if !path.is_file() {
            line.push_str("date\tcommit\tmachine\tpolicy_ns");
            for counted in &self.measured.instructions {
                write!(line, "\t{}", counted.kind).expect("a string takes every write");
            }
            line.push('\n');
        }
        let policy = self
            .measured
            .policy_ns
            .map_or("-".to_owned(), |nanoseconds| format!("{nanoseconds:.0}"));
        write!(
            line,
            "{}\t{}\t{}\t{policy}",
            self.date, self.commit, self.machine
        )
        .expect("a string takes every write");
        for counted in &self.measured.instructions {
            write!(line, "\t{}", counted.per_request).expect("a string takes every write");
        }
        line.push('\n');
        fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .and_then(|mut file| std::io::Write::write_all(&mut file, line.as_bytes()))
            .map_err(|error| Failure::file(&path, &error))
    }
}

fn compare(contestants: &[Entry]) -> Vec<Comparison> {
    let Some((subject, peers)) = contestants.split_first() else {
        return Vec::new();
    };
    let mut comparisons = Vec::new();
    for (figure, series) in figures() {
        for peer in peers {
            comparisons.push(Comparison {
                figure: figure.clone(),
                peer: peer.name,
                ratio: ratio(&series(subject), &series(peer)),
            });
        }
    }
    comparisons
}

/// Every figure that is measured once a round.
fn figures() -> Vec<Figure> {
    let mut figures: Vec<Figure> = Vec::new();
    for (place, kind) in THROUGHPUTS.into_iter().enumerate() {
        figures.push((
            kind.label().to_owned(),
            Box::new(move |entry| {
                let rounds = entry.rounds.iter();
                rounds
                    .filter_map(|round| round.per_cpu_second.get(place).copied())
                    .collect()
            }),
        ));
    }
    for kind in LATENCIES {
        for (name, high) in [("p50", false), ("p99", true)] {
            figures.push((
                format!("{name}, {}, µs", kind.label()),
                Box::new(move |entry| latencies(entry, kind, high)),
            ));
        }
    }
    figures
}

/// One latency of each round: the 99th percentile, or the median.
fn latencies(entry: &Entry, kind: Steady, high: bool) -> Vec<f64> {
    let rounds = entry.rounds.iter();
    rounds
        .filter_map(|round| {
            let place = LATENCIES.into_iter().position(|other| other == kind)?;
            round.latency.get(place)
        })
        .map(|latency| if high { latency.p99_us } else { latency.p50_us })
        .collect()
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

const fn yes(reached: bool) -> &'static str {
    if reached { "yes" } else { "**no**" }
}
