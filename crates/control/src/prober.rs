//! The prober: drills run in a child process that knows only what it is told on its
//! standard input, and answers with signed lines.

use std::{path::PathBuf, process::Stdio, time::Duration};

use ledger::{SigningKey, VerifierKey};
use promises::{
    Order, Report,
    ground::{Evidence, Question},
};
use serde::{Deserialize, Serialize};
use terms::{Rng, Secret};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, ChildStdin, Command},
};
use zeroize::Zeroizing;

/// Longest line either way, in bytes.
pub const LINE_MAX: usize = 4 * 1024 * 1024;
/// A run that takes longer is ended and counts as not made.
const RUN_MAX: Duration = Duration::from_secs(600);

/// What control tells the prober, one JSON line each.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "tell")]
pub enum ToProber {
    /// First: what to do, and the seed of the key that signs the answers.
    Begin {
        /// What to do.
        order: Box<Order>,
        /// 64 hex digits.
        seed: String,
    },
    /// The answer to a question.
    Evidence {
        /// The question's number.
        number: u64,
        /// The answer.
        evidence: Evidence,
    },
}

/// What the prober answers, one JSON line each.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "say")]
pub enum FromProber {
    /// What is being done.
    Progress {
        /// A few words.
        what: String,
    },
    /// Evidence is needed.
    Ask {
        /// Counts up.
        number: u64,
        /// What is asked.
        question: Question,
    },
    /// A report; the signature is over its exact text.
    Report {
        /// JSON of a [`Report`].
        text: String,
        /// Ed25519, hex.
        signature: String,
    },
    /// All reports were sent.
    End,
}

/// A run failed as a whole: no verdict.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The child process can't be started.
    #[error("the prober {program} can't be started: {source}")]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Reading from or writing to it failed.
    #[error("the prober broke off: {0}")]
    Broke(#[from] std::io::Error),
    /// It said something that isn't a line of ours.
    #[error("the prober's answer can't be read: {0}")]
    Unreadable(String),
    /// A report isn't signed by this run's key.
    #[error("a report of the prober isn't signed by this run's key")]
    Forged,
    /// It took longer than it may.
    #[error("the prober took longer than {} s", RUN_MAX.as_secs())]
    Late,
}

/// What a run's owner does while it goes on.
pub(crate) trait Host {
    /// Finds evidence.
    fn evidence(&self, question: Question) -> impl Future<Output = Evidence> + Send;
    /// Hears what is being done.
    fn progress(&self, what: &str);
}

/// Runs an order to its end.
pub(crate) async fn run(
    program: &PathBuf,
    order: Order,
    rng: &Rng,
    host: &impl Host,
) -> Result<Vec<Report>, ProbeError> {
    let seed = Zeroizing::new(rng.bytes::<32>());
    let key = SigningKey::from_seed("prober", &seed)
        .map_err(|error| ProbeError::Unreadable(error.to_string()))?;
    let begin = Secret::new(line(&ToProber::Begin {
        order: Box::new(order),
        seed: hex(&*seed),
    }));
    let mut child = Command::new(program)
        .arg("prober")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .map_err(|source| ProbeError::Start {
            program: program.clone(),
            source,
        })?;
    let talked = tokio::time::timeout(
        RUN_MAX,
        talk(&mut child, begin.expose(), key.verifier(), host),
    );
    talked.await.unwrap_or(Err(ProbeError::Late))
}

async fn talk(
    child: &mut Child,
    begin: &str,
    key: &VerifierKey,
    host: &impl Host,
) -> Result<Vec<Report>, ProbeError> {
    let gone = || std::io::Error::from(std::io::ErrorKind::BrokenPipe);
    let mut input = child.stdin.take().ok_or_else(gone)?;
    let mut output = BufReader::new(child.stdout.take().ok_or_else(gone)?);
    input.write_all(begin.as_bytes()).await?;
    let mut reports = Vec::new();
    let mut text = Vec::new();
    loop {
        text.clear();
        let limit = u64::try_from(LINE_MAX).unwrap_or(u64::MAX);
        (&mut output)
            .take(limit)
            .read_until(b'\n', &mut text)
            .await?;
        if text.is_empty() {
            return Err(ProbeError::Unreadable(
                "it ended before its last line".to_owned(),
            ));
        }
        let said = serde_json::from_slice(&text)
            .map_err(|error| ProbeError::Unreadable(error.to_string()))?;
        match said {
            FromProber::Progress { what } => host.progress(&what),
            FromProber::Ask { number, question } => {
                let evidence = host.evidence(question).await;
                tell(&mut input, &ToProber::Evidence { number, evidence }).await?;
            }
            FromProber::Report { text, signature } => {
                let signature = unhex(&signature).ok_or(ProbeError::Forged)?;
                if !key.verifies(text.as_bytes(), &signature) {
                    return Err(ProbeError::Forged);
                }
                let report = serde_json::from_str(&text)
                    .map_err(|error| ProbeError::Unreadable(error.to_string()))?;
                reports.push(report);
            }
            FromProber::End => return Ok(reports),
        }
    }
}

async fn tell(input: &mut ChildStdin, what: &ToProber) -> std::io::Result<()> {
    input.write_all(line(what).as_bytes()).await
}

/// A message as a line.
///
/// # Panics
/// Never: these types have only strings as keys.
pub fn line(message: &impl Serialize) -> String {
    let mut text = serde_json::to_string(message).expect("plain data becomes JSON");
    text.push('\n');
    text
}

/// Bytes as lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            let written = write!(text, "{byte:02x}");
            debug_assert!(written.is_ok(), "writing to memory can't fail");
            text
        })
}

/// Lower-case hex as bytes.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| {
        char::from(*byte)
            .to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
    };
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| Some(digit(pair.first()?)? << 4 | digit(pair.last()?)?))
        .collect()
}
