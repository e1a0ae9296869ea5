//! What a head costs: `cargo run --release -p waarborg-h1 --example cost`.

// The only clock in this crate: an example that measures has nobody to take one from.
#![allow(clippy::disallowed_methods)]

use std::{hint::black_box, time::Instant};

use waarborg_h1::{AnswerHead, Asked, Limits, RequestHead, write};

/// 5 million messages each, in runs too short to be interrupted often.
const RUNS: u32 = 1_000;
const ROUNDS: u32 = 5_000;

const REQUEST: &[u8] = b"GET /articles/2026/november?page=2&sort=date HTTP/1.1\r\n\
Host: www.example.com\r\n\
User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0\r\n\
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
Accept-Language: en-GB,en;q=0.5\r\n\
Accept-Encoding: gzip, deflate, br, zstd\r\n\
Cookie: session=3f9a7c1e5b2d4860; theme=dark\r\n\
Connection: keep-alive\r\n\
Sec-Fetch-Site: same-origin\r\n\
Sec-Fetch-Mode: navigate\r\n\
X-Private: 1\r\n\r\n";

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\n\
Server: gunicorn\r\n\
Date: Mon, 23 Nov 2026 11:27:15 GMT\r\n\
Content-Type: text/html; charset=utf-8\r\n\
Content-Length: 1024\r\n\
Cache-Control: private, max-age=0, must-revalidate\r\n\
Content-Security-Policy: default-src 'self'; object-src 'none'\r\n\
Set-Cookie: session=3f9a7c1e5b2d4860; Path=/; HttpOnly; Secure\r\n\
ETag: \"5f3759df\"\r\n\
Vary: Accept-Encoding, Cookie\r\n\
X-Powered-By: coffee\r\n\r\n";

/// The best of many short runs: whatever else the machine does only adds.
fn measure(what: &str, mut work: impl FnMut()) {
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            work();
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS));
    }
    println!("{what:<32} {best:6.1} ns");
}

fn main() {
    let limits = Limits::default();
    println!(
        "request {} bytes, answer {} bytes",
        REQUEST.len(),
        ANSWER.len()
    );
    let mut request = RequestHead::new();
    measure("request: parse", || {
        request.clear();
        let _ = black_box(request.parse(black_box(REQUEST), &limits));
    });
    measure("request: view", || {
        black_box(request.view(black_box(REQUEST)));
    });
    measure("request: httparse, parse only", || {
        let mut storage = [httparse::EMPTY_HEADER; 32];
        let mut head = httparse::Request::new(&mut storage);
        let _ = black_box(head.parse(black_box(REQUEST)));
        black_box(&head);
    });
    let mut answer = AnswerHead::new();
    measure("answer: parse", || {
        answer.clear();
        let _ = black_box(answer.parse(black_box(ANSWER), &limits, Asked::default()));
    });
    measure("answer: view", || {
        black_box(answer.view(black_box(ANSWER)));
    });
    let mut out = Vec::with_capacity(4096);
    measure("request: forward", || {
        out.clear();
        let view = request.view(REQUEST);
        write::request_line(&mut out, view.method, "/articles");
        write::fields(&mut out, view.fields, |field| !field.hop);
        write::end_of_head(&mut out);
        black_box(&out);
    });
    measure("answer: forward", || {
        out.clear();
        let view = answer.view(ANSWER);
        write::status_line(&mut out, view.status);
        write::fields(&mut out, view.fields, |field| !field.hop);
        write::end_of_head(&mut out);
        black_box(&out);
    });
}
