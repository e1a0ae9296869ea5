//! `waarborg prober`: runs drills for control, in a process that knows only what stands
//! on its standard input.

use std::{
    collections::HashMap,
    io::{BufRead as _, Read as _, Write as _},
    process::ExitCode,
    sync::Arc,
};

use control::prober::{FromProber, LINE_MAX, ToProber, hex, line, unhex};
use ledger::SigningKey;
use promises::{
    Ground,
    ground::{Asked, Evidence},
};
use terms::{Clock, Rng};
use tokio::sync::{Mutex, mpsc, oneshot};
use zeroize::Zeroizing;

use crate::fault;

/// Questions that may wait for their answer.
const OPEN: usize = 16;

/// Runs one order.
pub(crate) fn run() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fault(&error),
    };
    match runtime.block_on(work()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => fault(&why),
    }
}

/// Writes a line. The pipe's other end reads all the time, so blocking is short.
fn say(message: &FromProber) -> Result<(), String> {
    let mut output = std::io::stdout().lock();
    output
        .write_all(line(message).as_bytes())
        .and_then(|()| output.flush())
        .map_err(|error| error.to_string())
}

/// Reads control's lines on a thread of its own until they end.
fn hear() -> mpsc::Receiver<Result<ToProber, String>> {
    let (heard, lines) = mpsc::channel(OPEN);
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        loop {
            let mut text = Vec::new();
            let limit = u64::try_from(LINE_MAX).unwrap_or(u64::MAX);
            let told = match (&mut input).take(limit).read_until(b'\n', &mut text) {
                Ok(0) => return,
                Ok(_) => serde_json::from_slice(&text).map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            if heard.blocking_send(told).is_err() {
                return;
            }
        }
    });
    lines
}

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Evidence>>>>;

async fn work() -> Result<(), String> {
    let mut input = hear();
    let Some(Ok(ToProber::Begin { order, seed })) = input.recv().await else {
        return Err("expected an order on standard input; control gives it".to_owned());
    };
    let seed = Zeroizing::new(seed);
    let seed = unhex(&seed).and_then(|seed| <[u8; 32]>::try_from(seed).ok());
    let seed = Zeroizing::new(seed.ok_or("the seed isn't 64 hex digits")?);
    let key = SigningKey::from_seed("prober", &seed).map_err(|error| error.to_string())?;

    let waiting = Waiting::default();
    let (questions, asked) = mpsc::channel(OPEN);
    let (progress, steps) = mpsc::channel(64);
    let promises = order.promises.clone();
    let mut ground = Ground::new(*order, Clock::System, Rng::System);
    ground.control = Some(questions);
    ground.progress = Some(progress);
    tokio::spawn(answers(input, waiting.clone()));
    let drills = async {
        for id in promises {
            let Some(entry) = promises::entry(id) else {
                continue;
            };
            ground.say(format!("{id} …"));
            let report = promises::run(entry, &ground).await;
            let text = serde_json::to_string(&report).map_err(|error| error.to_string())?;
            let signature = hex(&key.sign(text.as_bytes()));
            say(&FromProber::Report { text, signature })?;
        }
        Ok::<(), String>(())
    };
    tokio::select! {
        done = drills => done?,
        broke = relay(asked, steps, waiting) => broke?,
    }
    say(&FromProber::End)
}

/// Passes questions and progress on, as they come.
async fn relay(
    mut asked: mpsc::Receiver<Asked>,
    mut steps: mpsc::Receiver<String>,
    waiting: Waiting,
) -> Result<(), String> {
    let mut number = 0;
    loop {
        tokio::select! {
            Some((question, answer)) = asked.recv() => {
                number += 1;
                waiting.lock().await.insert(number, answer);
                say(&FromProber::Ask { number, question })?;
            }
            Some(what) = steps.recv() => say(&FromProber::Progress { what })?,
            else => std::future::pending::<()>().await,
        }
    }
}

/// Hands control's answers to whoever asked. When control is gone, nobody is answered
/// any more, and the drills notice.
async fn answers(mut input: mpsc::Receiver<Result<ToProber, String>>, waiting: Waiting) {
    while let Some(Ok(ToProber::Evidence { number, evidence })) = input.recv().await {
        if let Some(answer) = waiting.lock().await.remove(&number) {
            // Who asked may have given up waiting.
            let _ = answer.send(evidence);
        }
    }
    waiting.lock().await.clear();
}
