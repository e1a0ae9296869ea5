//! Accounts on the command line, with a running server and without one.

mod commands;
mod import;

use std::path::{Path, PathBuf};

use serde_json::Value;
use waarborg_it::{
    gateway::{Gateway, waarborg},
    ground::Ground,
    program::{Finished, finish},
    upstream::Upstream,
};

const HOST: &str = "app.example.test";
const PORTAL: &str = "id.example.test";

/// A configuration with a portal and a site for everyone who is known, programs too.
fn configure(ground: &Ground, upstream: &Upstream) -> PathBuf {
    ground.leaf(&[PORTAL]);
    let site = ground
        .configuration(&[(HOST, &upstream.url())], "")
        .replace(
            "access = \"public\"",
            "access = \"login\"\ntokens = \"basic\"",
        );
    let text = format!(
        "portal = \"{PORTAL}\"\n{site}\
         [site.\"{PORTAL}\"]\ncertificate = \"{PORTAL}.pem\"\nkey = \"{PORTAL}.key\"\n"
    );
    ground.write("waarborg.toml", &text)
}

/// Whoever answers: a server that runs, or the store of one that has ended.
struct Desk {
    ground: Ground,
    config: PathBuf,
    _upstream: Upstream,
    gateway: Option<Gateway>,
}

impl Desk {
    async fn open(with_server: bool) -> Self {
        let (ground, upstream) = (Ground::new(), Upstream::start().await);
        let config = configure(&ground, &upstream);
        let gateway = Gateway::serve(&ground, &config).await;
        let gateway = if with_server {
            Some(gateway)
        } else {
            gateway.stop().await;
            None
        };
        Self {
            ground,
            config,
            _upstream: upstream,
            gateway,
        }
    }

    async fn ask(&self, arguments: &[&str]) -> Finished {
        ask(&self.ground, &self.config, arguments).await
    }

    /// The document of a command that ends well; without what drills make for their runs,
    /// which comes and goes.
    async fn json(&self, arguments: &[&str]) -> Value {
        let done = self.ask(&[arguments, &["--json"]].concat()).await.good();
        let mut document: Value = serde_json::from_str(&done.out).expect("one JSON document");
        if let Value::Array(rows) = &mut document {
            let of_a_drill = |row: &Value, field: &str| {
                let text = row[field].as_str();
                text.is_some_and(|text| text.starts_with("canary-"))
            };
            rows.retain(|row| !of_a_drill(row, "name") && !of_a_drill(row, "user"));
        }
        document
    }

    async fn close(self) {
        if let Some(gateway) = self.gateway {
            gateway.stop().await;
        }
    }
}

/// Runs `waarborg COMMAND… --config`.
async fn ask(ground: &Ground, config: &Path, arguments: &[&str]) -> Finished {
    let mut command = waarborg(ground, arguments);
    command.arg("--config").arg(config);
    finish(command).await
}

/// The values of a field in a list.
fn field<'a>(list: &'a Value, name: &str) -> Vec<&'a str> {
    let rows = list.as_array().expect("a list").iter();
    rows.map(|row| row[name].as_str().expect("text")).collect()
}
