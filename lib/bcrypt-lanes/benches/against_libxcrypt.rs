//! Hashes a second of this crate, of libxcrypt and of the `bcrypt` crate, in rounds that
//! alternate: `taskset -c 1 cargo bench -p waarborg-bcrypt-lanes [-- COST [ROUNDS]]`.
//!
//! libxcrypt is asked through Python's `crypt`, in one child process that takes the time
//! itself, so neither a start nor a pipe is part of it; what Python adds is microseconds
//! to tens of milliseconds. Pinned by `taskset`, all three have the same core.

// The only clock in this crate: a bench has nobody to take one from.
#![allow(clippy::disallowed_methods)]

use std::{
    hint::black_box,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Instant,
};

use waarborg_bcrypt_lanes::{Cost, Input, LANES, Password, Salt, digests};

/// Reads a cost and a count, answers the seconds that so many hashes took.
const PYTHON: &str = "
import crypt, sys, time
for line in sys.stdin:
    cost, count = map(int, line.split())
    setting = '$2b$%02d$' % cost + 'a' * 22
    begin = time.perf_counter()
    for _ in range(count):
        crypt.crypt('correct horse battery', setting)
    print(time.perf_counter() - begin, flush=True)
";

const PASSWORD: &[u8] = b"correct horse battery";

fn main() {
    let mut numbers = std::env::args()
        .skip(1)
        .filter_map(|word| word.parse::<u8>().ok());
    let cost = Cost::new(numbers.next().unwrap_or(12)).expect("a cost of bcrypt's");
    let rounds = numbers.next().unwrap_or(9);
    let Some(mut judge) = Judge::start() else {
        println!("skipped: no python3 with a crypt that knows bcrypt");
        return;
    };
    // The crate first, then one lane, two lanes and so on.
    let mut contenders = vec![Contender::new("crate bcrypt", cost, crate_rate)];
    for lanes in 1..=LANES {
        let rate = move |cost| lanes_rate(cost, lanes);
        contenders.push(Contender::new(&format!("{lanes} lanes"), cost, rate));
    }
    let mut best = 0_f64;
    for _ in 0..rounds {
        for contender in &mut contenders {
            // Beside each, so that both have the same share of a machine that others use.
            let libxcrypt = judge.rate(cost, 2);
            best = best.max(libxcrypt);
            contender.run(libxcrypt);
        }
    }
    println!(
        "cost {}, {rounds} rounds; libxcrypt at best {best:.2} a second",
        cost.get()
    );
    for contender in contenders {
        contender.print(best);
    }
}

/// One way to compute hashes, and how it did beside libxcrypt.
struct Contender {
    name: String,
    cost: Cost,
    rate: Box<dyn Fn(Cost) -> f64>,
    ratios: Vec<f64>,
    best: f64,
}

impl Contender {
    fn new(name: &str, cost: Cost, rate: impl Fn(Cost) -> f64 + 'static) -> Self {
        let (ratios, best) = (Vec::new(), 0.0);
        let (name, rate) = (name.to_owned(), Box::new(rate));
        Self {
            name,
            cost,
            rate,
            ratios,
            best,
        }
    }

    fn run(&mut self, libxcrypt: f64) {
        let rate = (self.rate)(self.cost);
        self.best = self.best.max(rate);
        self.ratios.push(rate / libxcrypt);
    }

    fn print(mut self, best: f64) {
        self.ratios.sort_by(f64::total_cmp);
        let at = |part: usize| self.ratios.get(part * self.ratios.len() / 4).copied();
        if let (Some(lower), Some(median), Some(upper)) = (at(1), at(2), at(3)) {
            println!(
                "{}: {median:.2} times libxcrypt (quartiles {lower:.2} and {upper:.2}); \
                 best against best {:.2}; at best {:.2} a second",
                self.name,
                self.best / best,
                self.best
            );
        }
    }
}

fn crate_rate(cost: Cost) -> f64 {
    let begin = Instant::now();
    let salt = black_box([7; 16]);
    black_box(bcrypt::hash_with_salt(
        PASSWORD,
        u32::from(cost.get()),
        salt,
    ))
    .expect("a hash");
    1.0 / begin.elapsed().as_secs_f64()
}

fn lanes_rate(cost: Cost, lanes: usize) -> f64 {
    let inputs: Vec<Input<'_>> = (0..lanes)
        .map(|at| Input {
            password: Password::whole(PASSWORD).expect("a password"),
            salt: Salt([u8::try_from(at).expect("few lanes"); 16]),
        })
        .collect();
    let begin = Instant::now();
    let turns = 1;
    for _ in 0..turns {
        black_box(digests(cost, black_box(&inputs)));
    }
    let hashes = f64::from(turns) * f64::from(u16::try_from(lanes).expect("few lanes"));
    hashes / begin.elapsed().as_secs_f64()
}

struct Judge {
    child: Child,
    ask: ChildStdin,
    answer: BufReader<ChildStdout>,
}

impl Judge {
    fn start() -> Option<Self> {
        let mut child = Command::new("/usr/bin/python3")
            .args(["-W", "ignore", "-c", PYTHON])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let ask = child.stdin.take()?;
        let answer = BufReader::new(child.stdout.take()?);
        let mut judge = Self { child, ask, answer };
        judge.ask(4, 1).is_some().then_some(judge)
    }

    fn ask(&mut self, cost: u8, count: u16) -> Option<f64> {
        writeln!(self.ask, "{cost} {count}").ok()?;
        let mut line = String::new();
        self.answer.read_line(&mut line).ok()?;
        line.trim().parse().ok()
    }

    fn rate(&mut self, cost: Cost, count: u16) -> f64 {
        let took = self.ask(cost.get(), count).expect("libxcrypt answers");
        f64::from(count) / took
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
