//! A running `waarborg demo`.

use std::{net::SocketAddr, path::PathBuf};

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    program::{Finished, Program, command, finish},
    tools,
};

/// The demo, on a free port, with a data folder that goes with it.
#[derive(Debug)]
pub struct Demo {
    /// The process.
    pub program: Program,
    /// What its line of JSON said.
    pub told: Value,
    /// Where the sample application is.
    pub url: String,
    /// Where it keeps everything.
    pub folder: TempDir,
}

impl Demo {
    /// Starts it and waits until it is ready.
    ///
    /// # Panics
    /// When it doesn't become ready, or says something else than it should.
    pub async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("waarborg-demo-").tempdir();
        Self::start_in(folder.expect("a temporary folder")).await
    }

    /// The same in a folder where one may have been before.
    ///
    /// # Panics
    /// As [`Demo::start`].
    pub async fn start_in(folder: TempDir) -> Self {
        let mut demo = command(tools::waarborg());
        demo.args(["demo", "--json", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder.path())
            .env_remove("WAARBORG_LOG");
        let program = Program::start("waarborg demo", demo);
        let line = program.line("{\"").await;
        program.line("ready https://").await;
        let told: Value = serde_json::from_str(&line).expect("a line of JSON");
        let url = told["url"].as_str().expect("`url`").to_owned();
        Self {
            program,
            told,
            url,
            folder,
        }
    }

    /// The certificate of its authority.
    ///
    /// # Panics
    /// When it named none.
    pub fn ca(&self) -> PathBuf {
        PathBuf::from(self.told["ca"].as_str().expect("`ca`"))
    }

    /// Where its operations listener is.
    ///
    /// # Panics
    /// When it named none.
    pub fn operations(&self) -> SocketAddr {
        let url = self.told["operations"].as_str().expect("`operations`");
        let address = url.trim_start_matches("http://").parse();
        address.expect("an address and a port")
    }

    /// Runs curl with its authority.
    pub async fn curl(&self, arguments: &[&str]) -> Finished {
        let mut curl = command("curl");
        curl.args(["--silent", "--show-error", "--max-time", "60", "--cacert"])
            .arg(self.ca())
            .args(arguments);
        finish(curl).await
    }

    /// Ends it by SIGTERM; it must end well. Gives the folder back.
    ///
    /// # Panics
    /// When it doesn't.
    pub async fn stop(mut self) -> TempDir {
        self.program.signal(Signal::TERM);
        let status = self.program.ended().await;
        assert!(status.success(), "after SIGTERM: {status}");
        self.folder
    }
}
