//! A real browser gets a page into which somebody has put scripts: one in the page itself,
//! one of another origin. Under the policy that the target has just sent neither may run.
//! The twin is the same page without a policy, where both must run, else the browser runs
//! no scripts at all and nothing is proven; and where the policy allows the page's own
//! origin, a script of that must run.
//!
//! The page is this drill's own, on loopback, so that the target serves nothing that is
//! made to be attacked; only the header is the target's. Every other way of the browser
//! ends nowhere.

use std::{io, net::Ipv4Addr, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use visitor::http::Protocol;

use super::{
    BROWSER,
    drill::HEADER,
    enforced,
    policy::{holds, loads_nothing, read},
};
use crate::{
    approach::{Approach, unheard_of},
    browser::{Browser, Profile, serve},
    census::ask,
    entry::{Finding, Seen, Step},
    ground::Ground,
};

/// Sites whose applications are tried in one run.
const SITES_MAX: usize = 3;

/// Bytes of a request of the browser.
const MAX_REQUEST: u64 = 16 << 10;

/// Tries what was seen.
pub(super) async fn inject(ground: &Ground, approach: &Approach<'_>) -> Finding {
    let reading = approach.reading();
    let Some(program) = &reading.browser else {
        return Finding::inconclusive(BROWSER, "no-browser");
    };
    let mut seen = Seen::default();
    if let Some(host) = approach.sites.first() {
        let path = format!("{}security", reading.prefix);
        match policies(approach, host, &path).await {
            Ok(values) => {
                let own = Try {
                    name: "own-page",
                    host,
                    values,
                    own_origin: false,
                };
                seen.add(own.carry_out(ground, program).await);
            }
            Err(why) => seen.untried = Some(why),
        }
    }
    for site in enforced(reading).filter(|site| site.strict).take(SITES_MAX) {
        let Some(host) = approach.sites.iter().find(|host| **host == site.host) else {
            continue;
        };
        match policies(approach, host, "/").await {
            Ok(values) => {
                let stated = read(&values);
                if loads_nothing(&stated) && holds(&stated, &site.policy, site.nonce).is_err() {
                    // Nothing of the application: what has to be signed in to is no
                    // failure of its header.
                    continue;
                }
                let scripts = ["script-src", "default-src"];
                let list = scripts
                    .iter()
                    .find_map(|name| site.policy.iter().find(|(known, _)| known == name));
                let has = |word: &str| {
                    list.is_some_and(|(_, sources)| sources.iter().any(|source| source == word))
                };
                let application = Try {
                    name: "application",
                    host,
                    // A second policy may allow less, which is the application's business.
                    own_origin: stated.len() == 1 && has("'self'") && !has("'strict-dynamic'"),
                    values,
                };
                seen.add(application.carry_out(ground, program).await);
            }
            Err(why) => seen.untried = Some(why),
        }
    }
    seen.finding(BROWSER)
}

/// The header's values on one page.
async fn policies(
    approach: &Approach<'_>,
    host: &str,
    path: &str,
) -> Result<Vec<Vec<u8>>, &'static str> {
    let url = approach.url(host, path).map_err(|_| "unusable-name")?;
    let request = approach.get(url, Protocol::Http1);
    let (_, values) = ask(approach, request, "GET", HEADER).await?;
    Ok(values)
}

/// A policy that is tried.
struct Try<'a> {
    name: &'static str,
    host: &'a str,
    values: Vec<Vec<u8>>,
    /// Whether scripts of the page's own origin must run.
    own_origin: bool,
}

/// Which scripts have run in a page.
#[derive(Debug, Clone, Copy)]
struct Ran {
    inline: bool,
    foreign: bool,
    own: bool,
}

impl Try<'_> {
    async fn carry_out(&self, ground: &Ground, program: &str) -> Seen {
        let mut seen = Seen::default();
        let without = load(ground, program, &[]).await;
        let with = match &without {
            Ok(_) => load(ground, program, &self.values).await,
            Err(why) => Err(*why),
        };
        let (without, with) = match (without, with) {
            (Ok(without), Ok(with)) => (without, with),
            (Err(why), _) | (_, Err(why)) => {
                seen.untried = Some(why);
                return seen;
            }
        };
        if !(without.inline && without.foreign && without.own) {
            seen.untried = Some("scripts-run-nowhere");
            return seen;
        }
        let step = |what: &str, good| {
            Step::new(format!("{}-{what}", self.name), good).saw("site", self.host)
        };
        seen.steps.push(step("without-policy", true).twin());
        seen.steps
            .push(step("inline-script", !with.inline).saw("ran", with.inline));
        seen.steps
            .push(step("foreign-script", !with.foreign).saw("ran", with.foreign));
        if self.own_origin {
            let own = step("own-script", with.own).saw("ran", with.own);
            seen.steps.push(own.twin());
        }
        seen
    }
}

/// Loads the page with the scripts in it, under these policies.
async fn load(ground: &Ground, program: &str, policies: &[Vec<u8>]) -> Result<Ran, &'static str> {
    let word = unheard_of(ground);
    let stage = Stage::open(&word, policies).await;
    let stage = stage.map_err(|_| "no-listener")?;
    let profile = Profile::new(&word).map_err(|_| "no-profile-folder")?;
    let browser = Browser {
        program,
        profile: profile.path(),
        // Nothing leaves.
        rules: "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1".to_owned(),
        trusted: None,
    };
    let page = browser.visit(&stage.address).await?;
    let page = String::from_utf8_lossy(&page);
    if !page.contains(&word) {
        return Err("page-not-shown");
    }
    let ran = |script: &str| page.contains(&format!("data-{script}=\"{word}\""));
    Ok(Ran {
        inline: ran("inline"),
        foreign: ran("foreign"),
        own: ran("own"),
    })
}

/// Two origins on loopback, until dropped: the page's, and another.
struct Stage {
    address: String,
    _tasks: JoinSet<()>,
}

impl Stage {
    async fn open(word: &str, policies: &[Vec<u8>]) -> io::Result<Self> {
        let here = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let elsewhere = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = format!("http://{}/", here.local_addr()?);
        let foreign = format!("http://{}/foreign.js", elsewhere.local_addr()?);
        // What marks that it ran.
        let mark = |script: &str| {
            format!("document.documentElement.setAttribute('data-{script}', '{word}');")
        };
        let html = format!(
            "<!doctype html><html lang=\"en\"><title>drill</title><body><p id=\"{word}\"></p>\
             <script>{}</script><script src=\"{foreign}\"></script>\
             <script src=\"{address}own.js\"></script>",
            mark("inline")
        );
        let page = Arc::new(answer("text/html; charset=utf-8", policies, &html));
        let own = Arc::new(answer("text/javascript", &[], &mark("own")));
        let script = Arc::new(answer("text/javascript", &[], &mark("foreign")));
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(here, move |stream| {
            let (page, own) = (page.clone(), own.clone());
            say(stream, move |path| {
                if path == "/own.js" {
                    own.clone()
                } else {
                    page.clone()
                }
            })
        }));
        tasks.spawn(serve(elsewhere, move |stream| {
            let script = script.clone();
            say(stream, move |_| script.clone())
        }));
        Ok(Self {
            address,
            _tasks: tasks,
        })
    }
}

/// An answer with these policies, as they came.
fn answer(kind: &str, policies: &[Vec<u8>], body: &str) -> Vec<u8> {
    let mut bytes = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nConnection: close\r\n",
        body.len()
    )
    .into_bytes();
    for policy in policies {
        bytes.extend_from_slice(b"Content-Security-Policy: ");
        bytes.extend_from_slice(policy);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body.as_bytes());
    bytes
}

/// Answers one request.
async fn say(mut stream: TcpStream, what: impl Fn(&str) -> Arc<Vec<u8>>) {
    let mut head = Vec::new();
    let mut limited = (&mut stream).take(MAX_REQUEST);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if !matches!(limited.read_buf(&mut head).await, Ok(count) if count > 0) {
            return; // opened in advance and not used
        }
    }
    let text = String::from_utf8_lossy(&head);
    let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
    let answer = what(&path);
    // A browser that left misses nothing.
    let _ = stream.write_all(&answer).await;
    let _ = stream.shutdown().await;
}
