//! What sign-in costs under attack, and what an attack on it costs everybody else.
//!
//! `cargo xtask bench` runs these against the release binary, alone on core 0, and keeps
//! what they print: lines `figure NAME VALUE…`. The tests don't run them, since no test
//! depends on speed.

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderName, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use terms::Clock;
use tokio::task::JoinSet;
use waarborg_it::{
    browsing::{Browser, Form, encoded},
    gateway::{Gateway, waarborg},
    ground::{Ground, PORTAL},
    nginx::Nginx,
    program::{command, finish},
    tools,
};

const HOST: &str = "app.example.test";
const PASSWORD: &str = "vier gele fietsen in het bos";

/// A gateway on core 0 before nginx, and what a browser has got of its form to sign in.
struct Target {
    ground: Ground,
    gateway: Gateway,
    _nginx: Nginx,
    browser: Browser,
    form: Form,
}

impl Target {
    /// `rest` is more of the configuration.
    async fn start(rest: &str) -> Self {
        let ground = Ground::new();
        let nginx = Nginx::plain(&ground, "location / { return 200 'of the application'; }").await;
        let upstream = format!("http://127.0.0.1:{}", nginx.port);
        ground.leaf(&[PORTAL]);
        let paces = "[throttle]\npages = \"10000000/s\"\npages_burst = 100000\n\
                     sign_in = \"10000000/s\"\nsign_in_burst = 100000\n";
        let text = ground.configuration(&[(HOST, &upstream)], paces);
        let text = text.replace("workers = 2\n", "workers = 1\n");
        // Its clients say themselves where they come from.
        let text = format!(
            "portal = \"{PORTAL}\"\ntrusted_proxies = \"127.0.0.1\"\n{text}\
             [site.\"{PORTAL}\"]\ncertificate = \"{PORTAL}.pem\"\nkey = \"{PORTAL}.key\"\n{rest}"
        );
        let config = ground.write("waarborg.toml", &text);
        let mut serve = command("taskset");
        serve.args(["--cpu-list", "0"]);
        serve.arg(tools::waarborg()).arg("serve");
        serve.env("SSL_CERT_FILE", ground.ca());
        let gateway = Gateway::started(&ground, &config, serve).await;
        let mut browser = Browser::default();
        let page = browser.open(&gateway, PORTAL, "/-/login").await;
        let form = page.form("login");
        Self {
            ground,
            gateway,
            _nginx: nginx,
            browser,
            form,
        }
    }

    async fn add(&self, name: &str) {
        let (ground, gateway) = (&self.ground, &self.gateway);
        gateway.add_user(ground, name, PASSWORD, &[]).await;
    }

    async fn client(&self) -> Client {
        let stream = self.gateway.tls(PORTAL).await;
        let (send, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
        tokio::spawn(connection);
        Client {
            send,
            origin: format!("https://{PORTAL}:{}", self.gateway.port()),
            cookies: self.browser.cookies(PORTAL),
            form: self.form.clone(),
        }
    }
}

/// A kept connection to the portal.
struct Client {
    send: SendRequest<Full<Bytes>>,
    origin: String,
    cookies: String,
    form: Form,
}

impl Client {
    /// Tries to sign in as somebody at this address; gives the status and how long it took.
    async fn sign_in(&mut self, at: Ipv4Addr, name: &str, password: &str) -> (StatusCode, f64) {
        let form = self.form.clone();
        let form = form.with("name", name).with("password", password);
        let mut request = Request::builder().method(Method::POST).uri("/-/login");
        for (field, value) in [
            (header::HOST, self.origin.trim_start_matches("https://")),
            (header::ORIGIN, &self.origin),
            (header::COOKIE, &self.cookies),
            (header::CONTENT_TYPE, "application/x-www-form-urlencoded"),
            (HeaderName::from_static("x-forwarded-for"), &at.to_string()),
        ] {
            request = request.header(field, value);
        }
        let request = request.body(Full::new(encoded(&form.fields).into()));
        let began = Clock::System.moment();
        self.send.ready().await.expect("the connection is kept");
        let answer = self.send.send_request(request.expect("a request")).await;
        let (head, body) = answer.expect("an answer").into_parts();
        body.collect().await.expect("a whole answer");
        let took = Clock::System.moment().since(began);
        (head.status, took.as_secs_f64())
    }
}

/// An address of its own for each number.
fn address(number: u32) -> Ipv4Addr {
    Ipv4Addr::from(0x0a00_0000 + number)
}

/// The p99 of proxied requests at a fixed rate, in microseconds. None may fail.
async fn p99(target: &Target) -> f64 {
    let log = target.ground.path("latency.tsv");
    if log.exists() {
        std::fs::remove_file(&log).expect("it is ours");
    }
    let mut load = command("taskset");
    load.stdin(std::process::Stdio::null());
    load.args(["--cpu-list", "1", "h2load", "--h1", "-c32", "-D4"]);
    load.args(["--rps=31", &format!("--log-file={}", log.display())]);
    load.arg(format!("--connect-to={}", target.gateway.address));
    load.args(["--header", "x-forwarded-for: 192.0.2.1"]);
    load.arg(format!("https://{HOST}/"));
    finish(load).await.good();
    let text = std::fs::read_to_string(&log).expect("h2load has written it");
    let mut times = Vec::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        assert_eq!(fields[1], "200", "a proxied request was refused");
        times.push(fields[2].parse::<f64>().expect("microseconds"));
    }
    times.sort_by(f64::total_cmp);
    // The first, which hold the handshakes, are a hundredth already.
    let times = &times[32.min(times.len())..];
    times[times.len() * 99 / 100]
}

#[tokio::test]
#[ignore = "a measurement: cargo xtask bench"]
async fn a_flood_of_sign_ins_beside_proxied_requests() {
    let target = Target::start("").await;
    p99(&target).await;
    for pair in 0..11 {
        let quiet = async || p99(&target).await;
        let flooded = async || {
            let full = Arc::new(AtomicU32::new(0));
            let mut flood = JoinSet::new();
            for number in 0..1200 {
                let mut client = target.client().await;
                let full = full.clone();
                flood.spawn(async move {
                    for guess in 0_u32.. {
                        let name = format!("nobody-{number}-{guess}");
                        let (status, _) = client.sign_in(address(number), &name, PASSWORD).await;
                        if status == StatusCode::SERVICE_UNAVAILABLE {
                            full.fetch_add(1, Ordering::Relaxed);
                            tokio::time::sleep(Duration::from_secs(1)).await;
                        }
                    }
                });
            }
            while full.load(Ordering::Relaxed) == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let p99 = p99(&target).await;
            assert!(!flood.is_empty());
            flood.abort_all();
            while flood.join_next().await.is_some() {}
            p99
        };
        let (quiet, flooded) = if pair % 2 == 0 {
            let quiet = quiet().await;
            (quiet, flooded().await)
        } else {
            let flooded = flooded().await;
            (quiet().await, flooded)
        };
        println!("figure login_flood_p99_us {flooded:.0} {quiet:.0}");
    }
}

#[tokio::test]
#[ignore = "a measurement: cargo xtask bench"]
async fn an_owner_signs_in_during_ten_thousand_guesses() {
    let target = Target::start("").await;
    target.add("ada").await;
    // The device becomes known.
    let mut owner = target.client().await;
    let mut browser = target.browser.clone();
    let page = browser.open(&target.gateway, PORTAL, "/-/login").await;
    let form = page.form("login").with("name", "ada");
    let form = form.with("password", PASSWORD);
    browser.submit(&target.gateway, &page, &form).await;
    browser
        .jar
        .entry(PORTAL.to_owned())
        .or_default()
        .remove("__Host-Http-waarborg");
    owner.cookies = browser.cookies(PORTAL);
    let asked = Arc::new(AtomicU32::new(0));
    let mut guessers = JoinSet::new();
    for _ in 0..100 {
        let (mut client, asked) = (target.client().await, asked.clone());
        guessers.spawn(async move {
            loop {
                let number = asked.fetch_add(1, Ordering::Relaxed);
                if number >= 10_000 {
                    return;
                }
                let guess = format!("{PASSWORD}{number}");
                let (status, _) = client.sign_in(address(number), "ada", &guess).await;
                assert_ne!(status, StatusCode::SEE_OTHER);
            }
        });
    }
    let mut slowest = 0.0_f64;
    let mut times = 0;
    while asked.load(Ordering::Relaxed) < 10_000 {
        let (status, took) = owner.sign_in(address(77_777), "ada", PASSWORD).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "the owner is let in");
        slowest = slowest.max(took);
        times += 1;
    }
    while let Some(ended) = guessers.join_next().await {
        ended.expect("no guess is right");
    }
    println!("figure owner_slowest_ms {:.0} {times}", slowest * 1e3);
}

/// How well one threshold tells two kinds of name apart: the share of right answers.
fn told_apart(one: &[f64], other: &[f64]) -> f64 {
    let all = (one.len() + other.len()) as f64;
    one.iter().chain(other).fold(0.5, |best, threshold| {
        let under = |all: &[f64]| all.iter().filter(|it| *it <= threshold).count();
        let right = under(one) + other.len() - under(other);
        let share = right as f64 / all;
        best.max(share).max(1.0 - share)
    })
}

#[tokio::test]
#[ignore = "a measurement: cargo xtask bench"]
async fn known_unknown_and_locked_names_take_alike() {
    const NAMES: u32 = 1000;
    const TRIES: u32 = 5;
    let target = Target::start("[password]\ncost = 10\n[lockout]\nguesses = 6\n").await;
    // One hash for all: nobody signs in.
    let mut htpasswd = command("htpasswd");
    htpasswd.args(["-nbB", "-C", "10", "x", PASSWORD]);
    let made = finish(htpasswd).await.good().out;
    let hash = made.trim().trim_start_matches("x:").to_owned();
    let lines: String = ["known", "locked"]
        .iter()
        .flat_map(|kind| (0..NAMES).map(move |number| (kind, number)))
        .map(|(kind, number)| format!("{kind}-{number}:{hash}\n"))
        .collect();
    let file = target.ground.write_private("htpasswd", &lines);
    let mut import = waarborg(&target.ground, &["user", "import"]);
    import
        .arg(file)
        .arg("--config")
        .arg(target.gateway.config());
    finish(import).await.good();

    let lock = (0..NAMES * 6).map(|it| ("locked", it % NAMES));
    ask_all(&target, lock.collect()).await;
    let mut asked = Vec::new();
    for number in 0..TRIES * NAMES {
        for kind in ["known", "unknown", "locked"] {
            asked.push((kind, number % NAMES));
        }
    }
    let took = ask_all(&target, asked).await;
    let medians = |wanted: &str| -> Vec<f64> {
        let of = took.iter().filter(|((kind, _), _)| *kind == wanted);
        of.map(|(_, times)| {
            let mut times = times.clone();
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        })
        .collect()
    };
    let kinds = ["known", "unknown", "locked"].map(medians);
    let worst = [(0, 1), (0, 2), (1, 2)]
        .map(|(one, other)| told_apart(&kinds[one], &kinds[other]))
        .into_iter()
        .fold(0.0, f64::max);
    println!("figure names_told_apart {worst:.3}");
}

type Asked = (&'static str, u32);

/// Tries a wrong password at each of these names, twelve at a time, from addresses of
/// their own; gives the times.
async fn ask_all(target: &Target, asked: Vec<Asked>) -> BTreeMap<Asked, Vec<f64>> {
    let asked = Arc::new(Mutex::new(asked.into_iter().enumerate()));
    let took = Arc::new(Mutex::new(BTreeMap::<Asked, Vec<f64>>::new()));
    let mut clients = JoinSet::new();
    for _ in 0..12 {
        let (mut client, asked, took) = (target.client().await, asked.clone(), took.clone());
        clients.spawn(async move {
            loop {
                let next = asked.lock().expect("nobody panics").next();
                let Some((number, name)) = next else {
                    return;
                };
                let number = u32::try_from(number).expect("few");
                let text = format!("{}-{}", name.0, name.1);
                let (status, seconds) = client.sign_in(address(number), &text, "wrong").await;
                assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
                let mut took = took.lock().expect("nobody panics");
                took.entry(name).or_default().push(seconds);
            }
        });
    }
    while let Some(ended) = clients.join_next().await {
        ended.expect("every guess is answered alike");
    }
    Arc::into_inner(took)
        .expect("all have ended")
        .into_inner()
        .expect("nobody panics")
}
