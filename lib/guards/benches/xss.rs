//! What it costs to read a page for markup of its request:
//! `taskset -c 1 cargo bench -p waarborg-guards [-- ROUNDS]`.
//!
//! The page is 1 MiB like a wiki's: a tag in every 30 bytes or so. "One tag" is what most
//! requests with markup carry; "quotes and code" looks at every quote, and follows where
//! scripts begin and end. "A look" is what every other request costs.

// The only clock in this crate: a bench has nobody to take one from.
#![allow(clippy::disallowed_methods)]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use waarborg_guards::xss::{Needles, Scanner, is_suspect};

/// Pieces that a page comes in.
const PIECE: usize = 32 * 1024;
const LOOKS: u32 = 1 << 20;

fn main() {
    let rounds = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let rounds: u32 = rounds.unwrap_or(15);
    let line = "<li class=\"item\"><a href=\"/wiki/Page_%s\" title=\"Page\">A page</a> is about \
                something that people know, or <em>would like</em> to know.</li>\n<script>var a = \
                {\"b\": \"c\"};</script>\n";
    let page = line.repeat((1 << 20) / line.len());
    for (what, query) in [
        ("one tag", "q=%3Cscript%3Ealert(1)%3C/script%3E"),
        (
            "one tag of markup",
            "q=%3Cli+class=%22other%22%3E%3Cb%3Enot+there",
        ),
        (
            "quotes and code",
            "q=%22;alert(1)//&r=%22+onfocus=alert(1)+x=%22",
        ),
        (
            "four of each",
            "a=%3Cimg+onerror=a(1)%3E&b=%3Csvg+onload=a(2)%3E&c=%22;a(3)//&d=';a(4)//&e=%22+onfocus=a(5)&f=javascript:a(6)&g=%3Cb%3Ehello%3C/b%3E&h=$%7Ba(7)%7D",
        ),
    ] {
        let mut needles = Needles::default();
        needles.target(b"/", Some(query.as_bytes()));
        assert!(!needles.is_empty(), "{query}");
        let mut took = Vec::new();
        for _ in 0..rounds {
            let mut scanner = Scanner::new(needles.clone());
            let begin = Instant::now();
            for piece in page.as_bytes().chunks(PIECE) {
                scanner.scan(black_box(piece), |data| {
                    black_box(data);
                });
            }
            took.push(begin.elapsed());
            assert!(!scanner.has_found(), "{what}");
        }
        print(what, "GB/s", took, |took| {
            page.len() as f64 / took.as_secs_f64() / 1e9
        });
    }
    let target = "/wiki/Main_Page?action=history&limit=50&offset=20261201&lang=nl&sort=-date";
    let took = (0..rounds).map(|_| {
        let begin = Instant::now();
        for _ in 0..LOOKS {
            black_box(is_suspect(black_box(target.as_bytes())));
        }
        begin.elapsed()
    });
    let what = format!("a look at {} bytes", target.len());
    print(&what, "ns", took.collect(), |took| {
        took.as_secs_f64() * 1e9 / f64::from(LOOKS)
    });
}

/// The best and the median of some rounds.
fn print(what: &str, unit: &str, mut rounds: Vec<Duration>, share: impl Fn(&Duration) -> f64) {
    rounds.sort();
    let of = |took: Option<&Duration>| took.map_or(f64::NAN, &share);
    let (best, median) = (rounds.first(), rounds.get(rounds.len() / 2));
    println!(
        "{what}, {unit}: best {:.2}, median {:.2}",
        of(best),
        of(median)
    );
}
