//! `waarborg prove`: drills now, and what they have shown as a table or JSON.

use std::{
    io::{IsTerminal as _, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use config::Reading;
use control::socket::{self, Command, Reply};
use promises::{Ground, Report, target};
use serde_json::json;
use terms::{Clock, Language, PromiseId, Rng, Verdict};
use tokio::sync::mpsc;
use visitor::{Url, VisitError};

use crate::{ProveArgs, commands, fault};

/// Drills of the running server.
pub(crate) fn own(args: &ProveArgs) -> ExitCode {
    let config = match commands::load(&args.config.config) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fault(&error),
    };
    let command = Command::Prove {
        promises: args.promises.clone(),
    };
    let mut progress = Progress::new();
    let reply = runtime.block_on(socket::ask(&config.data, &command, |what| {
        progress.say(what);
    }));
    progress.end();
    match reply {
        Ok(Reply::Proved { reports, reading }) => tell(&reports, &reading, args),
        Ok(Reply::Failed { why } | Reply::No { why }) => fault(&why),
        Ok(_) => fault(&"the server answered something else than was asked"),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Drills that any visitor may run, against any site.
pub(crate) fn foreign(url: &str, args: &ProveArgs) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fault(&error),
    };
    let url = match url.parse::<Url>() {
        Ok(url) => url,
        Err(error) => {
            eprintln!("error: {url}: {error}");
            return ExitCode::from(2);
        }
    };
    let outside = target::PROMISES;
    if let Some(id) = args.promises.iter().find(|id| !outside.contains(id)) {
        let words = outside.map(PromiseId::word).join(", ");
        return fault(&format!("{id} can't be proven from outside; {words} can"));
    }
    let roots = args.ca.clone().or_else(visitor::tls::ssl_cert_file);
    let visited = runtime.block_on(visit(&url, roots, args));
    match visited {
        Ok((reports, reading)) => tell(&reports, &reading, args),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

async fn visit(
    url: &Url,
    roots: Option<PathBuf>,
    args: &ProveArgs,
) -> Result<(Vec<Report>, Reading), VisitError> {
    let rng = Rng::System;
    let (run, nonce) = (target::token(&rng), target::token(&rng));
    let order = target::order(url, run, nonce, roots).await?;
    let reading = order.reading.clone();
    let promises = if args.promises.is_empty() {
        order.promises.clone()
    } else {
        args.promises.clone()
    };
    let mut ground = Ground::new(order, Clock::System, rng.clone());
    match &args.token {
        Some(token) if target::consented(&ground, token).await => ground.order.active = true,
        Some(_) => eprintln!(
            "{} doesn't serve this token: attacks are left out.\n",
            target::CONSENT_PATH
        ),
        None => eprintln!(
            "Attacks are left out. To have them tried, let the site serve this token at\n\
             {} and run again with --token {}\n",
            target::CONSENT_PATH,
            target::token(&rng)
        ),
    }
    let (sender, mut steps) = mpsc::channel(64);
    ground.progress = Some(sender);
    let work = async {
        let mut reports = Vec::new();
        for id in promises {
            if let Some(entry) = promises::entry(id) {
                reports.push(promises::run(entry, &ground).await);
            }
        }
        reports
    };
    tokio::pin!(work);
    let mut progress = Progress::new();
    let reports = loop {
        tokio::select! {
            Some(what) = steps.recv() => progress.say(&what),
            reports = &mut work => break reports,
        }
    };
    progress.end();
    Ok((reports, reading))
}

/// One line that is written over while it goes on; plain lines where nobody watches.
struct Progress {
    terminal: bool,
}

impl Progress {
    fn new() -> Self {
        Self {
            terminal: std::io::stderr().is_terminal(),
        }
    }

    fn say(&mut self, what: &str) {
        let plain: String = what.chars().filter(|letter| !letter.is_control()).collect();
        if self.terminal {
            eprint!("\r\x1b[2K{plain}");
            // A terminal that went away shows nothing more.
            let _ = std::io::stderr().flush();
        } else {
            eprintln!("{plain}");
        }
    }

    fn end(&self) {
        if self.terminal {
            eprint!("\r\x1b[2K");
        }
    }
}

fn tell(reports: &[Report], reading: &Reading, args: &ProveArgs) -> ExitCode {
    let mut worst = Verdict::Pass;
    let mut rows = Vec::new();
    for report in reports {
        let parts = promises::entry(report.promise)
            .map(|entry| (entry.parts)(reading))
            .unwrap_or_default();
        let verdict = report.verdict(&parts);
        worst = worst.and(verdict);
        rows.push((report, verdict, parts));
    }
    if args.json {
        let document: Vec<_> = rows
            .iter()
            .map(|(report, verdict, _)| {
                json!({
                    "promise": report.promise,
                    "verdict": verdict,
                    "vantage": report.vantage,
                    "at": report.at.to_string(),
                    "parts": report.findings,
                })
            })
            .collect();
        println!("{}", json!({ "verdict": worst, "promises": document }));
    } else {
        let texts = pages::Texts::load();
        for (report, verdict, parts) in &rows {
            println!("{:<12} {}", report.promise, verdict.word().to_uppercase());
            for finding in &report.findings {
                let said = parts
                    .iter()
                    .find(|part| part.name == finding.part)
                    .map(|part| texts.clause(Language::En, &part.said(&finding.figures)));
                println!(
                    "  {:<14} {:<13} {}",
                    finding.part,
                    finding.verdict,
                    match finding.verdict {
                        Verdict::Pass => said.unwrap_or_default(),
                        _ => why(finding),
                    }
                );
            }
        }
    }
    match worst {
        Verdict::Fail => ExitCode::from(1),
        Verdict::Inconclusive if args.strict => ExitCode::from(1),
        Verdict::Inconclusive | Verdict::Pass => ExitCode::SUCCESS,
    }
}

/// What went otherwise, in the words of the transcript.
fn why(finding: &promises::Finding) -> String {
    let telling = finding
        .steps
        .iter()
        .filter(|step| !step.good || finding.verdict == Verdict::Inconclusive);
    let words: Vec<_> = telling
        .take(3)
        .map(|step| {
            let seen: Vec<_> = step
                .seen
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            format!("{} ({})", step.step, seen.join(", "))
        })
        .collect();
    words.join("; ")
}
