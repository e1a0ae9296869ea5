//! `waarborg user import`: judges a whole file before anything of it is written.
//!
//! The file is read here; the server, or the store without one, judges and takes its lines
//! in pieces of one transaction each. All are judged first, so that a file with a mistake
//! leaves nothing behind. What breaks off in the middle says how far it got.

mod file;

use std::{
    collections::HashSet,
    fs::File,
    io::{self, IsTerminal as _, Write as _},
    path::Path,
    process::ExitCode,
};

use clap::ValueEnum;
use control::socket::accounts::{
    AccountCommand, AccountReply, BadLine, IMPORT_BYTES, IMPORT_ROWS, ImportRow, NewUser, Spoken,
};
use terms::Secret;

use self::file::{Content, FILE_MAX, Form, Line};
use super::{Stopped, arguments::ImportArgs, ask, bounded, misunderstood};
use crate::commands::{Desk, called_wrongly};

/// Progress is told from so many lines on.
const TOLD_FROM: usize = 2 * IMPORT_ROWS;

/// What a file is, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Values separated by commas, with a header line.
    Csv,
    /// `name:hash` in each line.
    Htpasswd,
}

/// Runs it.
pub(super) fn run(args: &ImportArgs) -> ExitCode {
    let shown = args.file.display();
    let bytes = match contents(&args.file) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => {
            return called_wrongly(&format!(
                "{shown}: more than {FILE_MAX} bytes; split it, each part with its header line"
            ));
        }
        Err(error) => return called_wrongly(&format!("{shown}: {error}")),
    };
    let form = args.format.map(|format| match format {
        Format::Csv => Form::Csv,
        Format::Htpasswd => Form::Htpasswd,
    });
    match file::read(&bytes, form) {
        Ok(content) => Desk::with(&args.config.config, async |desk| {
            match take(desk, content, args).await {
                Ok(code) | Err(Stopped(code)) => code,
            }
        }),
        Err(error) => {
            eprintln!("no: {shown}: {error}");
            ExitCode::from(1)
        }
    }
}

fn contents(path: &Path) -> io::Result<Option<zeroize::Zeroizing<Vec<u8>>>> {
    let bytes = if path == Path::new("-") {
        bounded(io::stdin().lock(), FILE_MAX)?
    } else {
        bounded(File::open(path)?, FILE_MAX)?
    };
    Ok(bytes.map(zeroize::Zeroizing::new))
}

/// What has come of some pieces.
#[derive(Default)]
struct Outcome {
    taken: usize,
    resets: Vec<usize>,
    bad: Vec<BadLine>,
}

async fn take(desk: &mut Desk, content: Content, args: &ImportArgs) -> Result<ExitCode, Stopped> {
    let mut rows: Vec<_> = content.lines.into_iter().map(row).collect();
    let mut bad: Vec<_> = content
        .mistakes
        .into_iter()
        .map(|mistake| BadLine {
            line: mistake.number,
            why: mistake.why,
        })
        .collect();
    let (judged, stopped) = send(desk, rows.clone(), true, "judged").await;
    if let Some(stopped) = stopped {
        return Err(stopped);
    }
    bad.extend(judged.bad);
    bad.sort();
    for bad in &bad {
        eprintln!("line {}: {}", bad.line, bad.why);
    }
    for line in &judged.resets {
        eprintln!(
            "line {line}: a faulty library made the hash (`$2x$`): the account comes without a \
             password and needs a reset, `waarborg user password`"
        );
    }
    let lines = mistaken(&bad);
    let verdict = if bad.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    };
    let good = judged.taken;
    if args.dry_run {
        println!("accounts that would be made: {good}; bad lines: {lines}; nothing was written");
        return Ok(verdict);
    }
    if !bad.is_empty() && !args.skip_bad {
        println!(
            "no: bad lines: {lines}; nothing was written. Mend them, or take the good ones \
             ({good}) with `--skip-bad`"
        );
        return Ok(verdict);
    }
    let left_out: HashSet<_> = bad.iter().map(|bad| bad.line).collect();
    rows.retain(|row| !left_out.contains(&row.line));
    let all = rows.len();
    let (written, stopped) = send(desk, rows, false, "taken").await;
    if stopped.is_some() || !written.bad.is_empty() {
        for bad in &written.bad {
            eprintln!("line {}: {}", bad.line, bad.why);
        }
        eprintln!(
            "it broke off: of {all} accounts {} were made, in the order of the file; run it again \
             with `--skip-bad` for the others",
            written.taken
        );
        return Ok(stopped.map_or(ExitCode::from(1), |stopped| stopped.0));
    }
    println!("accounts made: {}; lines left out: {lines}", written.taken);
    // What was asked is done, bad lines and all.
    Ok(ExitCode::SUCCESS)
}

/// How many lines these mistakes are in.
fn mistaken(bad: &[BadLine]) -> usize {
    let mut lines: Vec<_> = bad.iter().map(|bad| bad.line).collect();
    lines.dedup();
    lines.len()
}

fn row(line: Line) -> ImportRow {
    let some = |text: String| (!text.is_empty()).then(|| Spoken(Secret::new(text)));
    ImportRow {
        line: line.number,
        user: NewUser {
            name: line.name,
            display: line.display,
            email: some(line.email),
            groups: line.groups,
        },
        hash: Some(line.hash)
            .filter(|hash| !hash.expose().is_empty())
            .map(Spoken),
    }
}

/// Sends all rows, piece by piece; stops at a piece that wasn't written.
async fn send(
    desk: &mut Desk,
    rows: Vec<ImportRow>,
    dry_run: bool,
    word: &str,
) -> (Outcome, Option<Stopped>) {
    let all = rows.len();
    let progress = Progress::of(all, word);
    let (mut outcome, mut sent) = (Outcome::default(), 0);
    for rows in pieces(rows) {
        sent += rows.len();
        match ask(desk, AccountCommand::UserImport { rows, dry_run }).await {
            Ok(AccountReply::Imported { taken, resets, bad }) => {
                let refused = !dry_run && !bad.is_empty();
                outcome.bad.extend(bad);
                if refused {
                    return (outcome, None);
                }
                outcome.taken += taken;
                outcome.resets.extend(resets);
            }
            Ok(_) => return (outcome, Some(misunderstood())),
            Err(stopped) => return (outcome, Some(stopped)),
        }
        progress.say(sent);
    }
    (outcome, None)
}

/// Cuts rows into pieces of one transaction and one line of the socket each.
fn pieces(rows: Vec<ImportRow>) -> Vec<Vec<ImportRow>> {
    let mut pieces = Vec::new();
    let (mut piece, mut bytes) = (Vec::new(), 0);
    for row in rows {
        let size = size(&row);
        if piece.len() == IMPORT_ROWS || (bytes + size > IMPORT_BYTES && !piece.is_empty()) {
            pieces.push(std::mem::take(&mut piece));
            bytes = 0;
        }
        bytes += size;
        piece.push(row);
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

fn size(row: &ImportRow) -> usize {
    let secret = |text: &Option<Spoken>| text.as_ref().map_or(0, |it| it.0.expose().len());
    let groups: usize = row.user.groups.iter().map(|group| group.len() + 3).sum();
    let user = row.user.name.len() + row.user.display.len() + secret(&row.user.email);
    100 + user + groups + secret(&row.hash)
}

/// How far it is, for whoever waits at a terminal.
struct Progress<'a> {
    all: usize,
    word: &'a str,
    terminal: bool,
}

impl<'a> Progress<'a> {
    fn of(all: usize, word: &'a str) -> Self {
        Self {
            all,
            word,
            terminal: io::stderr().is_terminal(),
        }
    }

    fn say(&self, sent: usize) {
        let Self { all, word, .. } = self;
        if *all < TOLD_FROM {
            return;
        }
        if self.terminal {
            let end = if sent == *all { "\n" } else { "" };
            eprint!("\r\x1b[2K{sent} of {all} lines {word}{end}");
            // A terminal that went away shows nothing more.
            let _ = io::stderr().flush();
        } else {
            eprintln!("{sent} of {all} lines {word}");
        }
    }
}

#[cfg(test)]
mod tests;
