//! A real mail server for tests: aiosmtpd (`tests-support/smtp.py`) as a child process.

use std::{path::PathBuf, process::Stdio};

use config::SmtpSecurity;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

const SCRIPT: &str = include_str!("../../tests-support/smtp.py");

/// A mail as the server got it, read by Python's parser.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Received {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) encrypted: bool,
    pub(crate) user: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) bare_ends: u64,
    pub(crate) longest_line: u64,
    /// What the server answered to it.
    pub(crate) answer: String,
}

impl Received {
    /// The value of a field that stands there once.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut found = self
            .headers
            .iter()
            .filter(|(field, _)| field.eq_ignore_ascii_case(name));
        let value = found
            .next()
            .unwrap_or_else(|| panic!("no {name}: {self:?}"));
        assert!(found.next().is_none(), "{name} twice: {self:?}");
        &value.1
    }

    pub(crate) fn taken(&self) -> bool {
        self.answer.starts_with('2')
    }
}

pub(crate) struct SmtpServer {
    pub(crate) port: u16,
    lines: Lines<BufReader<ChildStdout>>,
    /// Ends with this.
    _child: Child,
}

/// Python with aiosmtpd: a named one, that of `cargo xtask test`, or one in the cache.
fn python() -> PathBuf {
    if let Some(named) = std::env::var_os("WAARBORG_AIOSMTPD_PYTHON") {
        return named.into();
    }
    let cache =
        PathBuf::from(std::env::var_os("HOME").expect("HOME is set")).join(".cache/waarborg/venv");
    let own = cache.join("aiosmtpd/bin/python");
    if own.exists() {
        own
    } else {
        cache.join("bin/python")
    }
}

impl SmtpServer {
    /// Starts it by an order as the script describes.
    ///
    /// # Panics
    /// When aiosmtpd isn't there: a test that can't run must not pass.
    pub(crate) async fn start(order: Value) -> Self {
        let mut child = Command::new(python())
            .args(["-c", SCRIPT, &order.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("these tests need aiosmtpd: `cargo xtask test` installs it");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next_line().await.unwrap();
        let first = first.expect("these tests need aiosmtpd: `cargo xtask test` installs it");
        let said: Value = serde_json::from_str(&first).unwrap();
        let port = u16::try_from(said["port"].as_u64().unwrap()).unwrap();
        Self {
            port,
            lines,
            _child: child,
        }
    }

    pub(crate) async fn plain() -> Self {
        Self::start(json!({})).await
    }

    /// The next mail, whatever it was answered.
    pub(crate) async fn next(&mut self) -> Received {
        let line = self.lines.next_line().await.unwrap();
        serde_json::from_str(&line.expect("the server runs")).unwrap()
    }

    /// `[mail]` for this server.
    pub(crate) fn config(&self) -> config::Mail {
        plain_config(self.port)
    }
}

/// `[mail]` for an unencrypted server on this machine.
pub(crate) fn plain_config(port: u16) -> config::Mail {
    config::Mail {
        host: "127.0.0.1".to_owned(),
        port,
        security: SmtpSecurity::Plain,
        from: "waarborg@example.com".to_owned(),
        to: vec!["ops@example.com".to_owned()],
        sign_in: None,
        ca: None,
    }
}
