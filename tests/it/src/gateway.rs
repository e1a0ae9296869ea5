//! A running `waarborg serve`, and clients of it.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use http::{HeaderValue, Method, header::USER_AGENT};
use rustix::process::Signal;
use serde_json::Value;
use terms::Clock;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::Command,
};
use visitor::{
    Url,
    address::AddressPolicy,
    http::{Duplex, Entrance, Protocol, Request, Response, Visitor},
    raw::Door,
    tls::Trust,
};

use crate::{
    PATIENCE,
    ground::Ground,
    in_time,
    program::{Finished, Program, command, finish},
    tools,
};

/// The gateway. Its drills trust the ground's authority by `SSL_CERT_FILE`, as an
/// installation with certificates of its own would have it.
#[derive(Debug)]
pub struct Gateway {
    /// The process.
    pub program: Program,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its operations listener.
    pub operations: SocketAddr,
    config: PathBuf,
    ca: PathBuf,
}

/// A command of the binary with a configuration of `ground`.
pub fn waarborg(ground: &Ground, arguments: &[&str]) -> Command {
    let mut command = command(tools::waarborg());
    command
        .args(arguments)
        .env("SSL_CERT_FILE", ground.ca())
        .env_remove("WAARBORG_CONFIG")
        .env_remove("WAARBORG_LOG");
    command
}

impl Gateway {
    /// Starts it and waits until it is ready.
    pub async fn serve(ground: &Ground, config: &Path) -> Self {
        Self::started(ground, config, waarborg(ground, &["serve"])).await
    }

    /// Starts the binary with teeth, with a control cut.
    pub async fn serve_without(control: &str, ground: &Ground, config: &Path) -> Self {
        let mut cut = command(tools::waarborg_with_teeth());
        cut.arg("serve")
            .env("SSL_CERT_FILE", ground.ca())
            .env("WAARBORG_CUT", control)
            .env_remove("WAARBORG_LOG");
        Self::started(ground, config, cut).await
    }

    /// Starts it by this command, to which `--config` is added.
    ///
    /// # Panics
    /// When it doesn't get ready.
    pub async fn started(ground: &Ground, config: &Path, mut serve: Command) -> Self {
        serve.arg("--config").arg(config);
        let program = Program::start("waarborg serve", serve);
        let ready = program.line("ready https://").await;
        let address = ready.trim_start_matches("ready https://").parse();
        // The log says where the operations listener is.
        let serving = program.line("operations=").await;
        let operations = serving
            .split("operations=")
            .nth(1)
            .and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        Self {
            program,
            address: address.expect("`ready https://ADDRESS:PORT`"),
            operations: operations.expect("`operations=ADDRESS:PORT` in the log"),
            config: config.to_owned(),
            ca: ground.ca(),
        }
    }

    /// The port it listens on.
    pub const fn port(&self) -> u16 {
        self.address.port()
    }

    /// The configuration it runs with.
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// A client that trusts the ground's authority.
    ///
    /// # Panics
    /// When its certificate can't be read.
    pub fn visitor(&self) -> Visitor {
        let trust = Trust::nobody()
            .and_file(&self.ca)
            .expect("the authority's certificate");
        Visitor::new(Clock::System, AddressPolicy::Any, trust)
    }

    fn door(at: SocketAddr) -> Door {
        let checked = AddressPolicy::Any.admit_address(at);
        Door::Tcp(checked.expect("any address is admitted"))
    }

    /// The way in for a connection made for `host`.
    ///
    /// # Panics
    /// When `host` is none.
    pub fn entrance(&self, host: &str) -> Entrance {
        Self::entrance_at(self.address, host)
    }

    fn entrance_at(at: SocketAddr, host: &str) -> Entrance {
        Entrance {
            door: Some(Self::door(at)),
            announce: None,
            server_name: Some(host.parse().expect("a host name")),
        }
    }

    /// A request to `host`, in HTTP/1.1 until told otherwise.
    ///
    /// # Panics
    /// When host or path are malformed.
    pub fn request(&self, method: Method, host: &str, path: &str) -> Request {
        self.request_at(self.address, method, host, path)
    }

    /// The same to somebody in front of it.
    ///
    /// # Panics
    /// When host or path are malformed.
    pub fn request_at(&self, at: SocketAddr, method: Method, host: &str, path: &str) -> Request {
        let url: Url = format!("https://{host}:{}{path}", at.port())
            .parse()
            .expect("host and path make a URL");
        let mut request = Request::new(method, url);
        request.protocol = Protocol::Http1;
        request.entrance = Self::entrance_at(at, host);
        request
            .headers
            .insert(USER_AGENT, HeaderValue::from_static("waarborg-it"));
        request.limits.total = PATIENCE;
        request.limits.body = 64 << 20;
        request
    }

    /// Sends a request.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn fetch(&self, request: &Request) -> Response {
        match self.visitor().fetch(request).await {
            Ok(response) => response,
            Err(error) => panic!("{} {}: {error}", request.method, request.url),
        }
    }

    /// A GET in HTTP/1.1.
    pub async fn get(&self, host: &str, path: &str) -> Response {
        self.fetch(&self.request(Method::GET, host, path)).await
    }

    /// A GET in HTTP/2.
    pub async fn get2(&self, host: &str, path: &str) -> Response {
        let mut request = self.request(Method::GET, host, path);
        request.protocol = Protocol::Http2;
        self.fetch(&request).await
    }

    /// A TLS connection for `host` that speaks HTTP/1.1.
    ///
    /// # Panics
    /// When the handshake fails.
    pub async fn tls(&self, host: &str) -> Box<dyn Duplex> {
        let url = format!("https://{host}:{}/", self.port())
            .parse()
            .expect("a URL");
        let (visitor, entrance) = (self.visitor(), self.entrance(host));
        match visitor
            .open(&url, &entrance, &[b"http/1.1"], PATIENCE)
            .await
        {
            Ok(opened) => opened.stream,
            Err(error) => panic!("{error}"),
        }
    }

    /// Writes bytes to a fresh connection for `host` and reads until it is closed.
    ///
    /// # Panics
    /// When nothing can be written.
    pub async fn say(&self, host: &str, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.tls(host).await;
        stream
            .write_all(bytes)
            .await
            .expect("the connection is open");
        let mut answer = Vec::new();
        // A cut connection ends the answer as well.
        let _ = in_time("the answer ends", stream.read_to_end(&mut answer)).await;
        answer
    }

    /// A GET on the operations listener.
    pub async fn operation(&self, path: &str) -> (u16, String) {
        self.operation_as(&self.operations.to_string(), path).await
    }

    /// The same under another host.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn operation_as(&self, host: &str, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.operations)
            .await
            .expect("it listens");
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream
            .write_all(request.as_bytes())
            .await
            .expect("it is open");
        let mut answer = String::new();
        in_time(
            "the operations listener answers",
            stream.read_to_string(&mut answer),
        )
        .await
        .expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer in HTTP");
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        (status.expect("a status"), unchunked(head, body))
    }

    /// The value of a metric; 0 where it isn't there.
    pub async fn metric(&self, name: &str) -> u64 {
        let (_, page) = self.operation("/metrics").await;
        let line = page
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0, |value| value.parse().expect("a whole number"))
    }

    /// Runs `waarborg COMMAND… --config` with this gateway's configuration.
    pub async fn command(&self, ground: &Ground, arguments: &[&str]) -> Finished {
        let mut command = waarborg(ground, arguments);
        command.arg("--config").arg(&self.config);
        finish(command).await
    }

    /// The record of a request, by the id on its answer: waits until it is written.
    ///
    /// # Panics
    /// When it isn't, or is no line of JSON.
    pub async fn record(&self, ground: &Ground, id: &str) -> Value {
        let found = async {
            loop {
                let found = self.command(ground, &["record", "find", id]).await;
                if found.code == Some(0) {
                    return found.out;
                }
            }
        };
        let line = in_time("the record is found", found).await;
        serde_json::from_str(&line).expect("a line of JSON")
    }

    /// Makes an account with a password. `more` are arguments of `user add`.
    pub async fn add_user(&self, ground: &Ground, name: &str, password: &str, more: &[&str]) {
        let file = ground.write_private("password", &format!("{password}\n"));
        let mut arguments = vec!["user", "add", name, "--password-stdin"];
        arguments.extend(more);
        let mut command = waarborg(ground, &arguments);
        command.arg("--config").arg(&self.config);
        command.stdin(fs::File::open(file).expect("it was written"));
        finish(command).await.good();
    }

    /// Puts something into the team's register, and attests it: of an empty one nothing is
    /// proven.
    pub async fn register(&self, ground: &Ground) {
        let add = [
            "team",
            "add",
            "github.com",
            "--holder",
            "ada",
            "--factor",
            "passkey",
        ];
        self.command(ground, &add).await.good();
        let attest = ["team", "attest", "github.com"];
        self.command(ground, &attest).await.good();
    }

    /// Runs the drills now, as soon as this node leads; gives the exit code and the document
    /// of `prove --json`.
    ///
    /// # Panics
    /// When there is no document.
    pub async fn prove(&self, ground: &Ground) -> (Option<i32>, Proved) {
        self.prove_only(ground, &[]).await
    }

    /// The same for some promises; none stands for all.
    ///
    /// # Panics
    /// When there is no document.
    pub async fn prove_only(&self, ground: &Ground, promises: &[&str]) -> (Option<i32>, Proved) {
        self.program.line("this node leads").await;
        let arguments = [&["prove", "--json"], promises].concat();
        let done = self.command(ground, &arguments).await;
        match serde_json::from_str(&done.out) {
            Ok(document) => (done.code, Proved(document)),
            Err(error) => panic!("`prove --json`: {error}\n{}{}", done.out, done.err),
        }
    }

    /// What the trust page says of a promise, in JSON.
    ///
    /// # Panics
    /// When it isn't there.
    pub async fn said_of(&self, host: &str, promise: &str) -> Value {
        let page = self.get(host, "/-/security.json").await;
        let page: Value = serde_json::from_slice(&page.body).expect("JSON");
        let all = page["promises"].as_array().expect("the promises");
        let said = all.iter().find(|said| said["id"] == promise).cloned();
        said.expect("every promise stands there")
    }

    /// Runs curl with the authority, and every host at this gateway.
    pub async fn curl(&self, arguments: &[&str]) -> Finished {
        let mut curl = command("curl");
        curl.args(["--silent", "--show-error", "--max-time", "60", "--cacert"]);
        curl.arg(&self.ca);
        curl.args(["--connect-to", &format!("::{}", self.address)]);
        curl.args(arguments);
        finish(curl).await
    }

    /// The last lines of the access log.
    ///
    /// # Panics
    /// When there is none.
    pub fn access_log(&self) -> Vec<Value> {
        let folder = self
            .config
            .parent()
            .expect("a configuration is in a folder");
        let text = fs::read_to_string(folder.join("data/log/access.jsonl"));
        // What has no end yet is no line: it may be read while it is written.
        text.expect("the access log")
            .split_inclusive('\n')
            .filter_map(|line| line.strip_suffix('\n'))
            .map(|line| serde_json::from_str(line).expect("a line of JSON"))
            .collect()
    }

    /// Ends it by SIGTERM; it must end well.
    ///
    /// # Panics
    /// When it doesn't.
    pub async fn stop(mut self) {
        self.program.signal(Signal::TERM);
        let status = self.program.ended().await;
        assert!(status.success(), "after SIGTERM: {status}");
    }
}

/// What `prove --json` says.
#[derive(Debug)]
pub struct Proved(pub Value);

impl Proved {
    /// The report of a promise.
    ///
    /// # Panics
    /// When there is none.
    pub fn report(&self, promise: &str) -> &Value {
        let all = self.0["promises"].as_array().expect("reports");
        let found = all.iter().find(|report| report["promise"] == promise);
        found.unwrap_or_else(|| panic!("no report of {promise}: {:#}", self.0))
    }

    /// The verdict on a promise.
    ///
    /// # Panics
    /// When there is none.
    pub fn verdict(&self, promise: &str) -> &str {
        self.report(promise)["verdict"].as_str().expect("a verdict")
    }

    /// What was found of a part of a promise.
    ///
    /// # Panics
    /// When nothing was.
    pub fn part(&self, promise: &str, part: &str) -> &Value {
        let report = self.report(promise);
        let found = report["parts"]
            .as_array()
            .and_then(|parts| parts.iter().find(|found| found["part"] == part));
        found.unwrap_or_else(|| panic!("no part {part}: {report:#}"))
    }
}

/// A body without the chunks it came in; other bodies as they are.
fn unchunked(head: &str, body: &str) -> String {
    if !head
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked")
    {
        return body.to_owned();
    }
    let (mut rest, mut whole) = (body, String::new());
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a chunk's size");
        if size == 0 {
            break;
        }
        whole.push_str(after.get(..size).expect("a whole chunk"));
        rest = after.get(size + 2..).expect("a line end after it");
    }
    whole
}

/// The body of an answer as text.
///
/// # Panics
/// When it is none.
pub fn text(body: &Bytes) -> &str {
    std::str::from_utf8(body).expect("a body in UTF-8")
}
