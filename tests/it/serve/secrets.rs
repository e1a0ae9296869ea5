//! Where secrets come from: systemd's credentials, files, environment variables; and
//! none of them is ever shown.

use std::{fs, os::unix::fs::PermissionsExt as _};

use store::testing::Postgres;
use waarborg_it::{
    gateway::{Gateway, waarborg},
    ground::Ground,
    program::finish,
    upstream::Upstream,
};

const HOST: &str = "app.example.test";

#[tokio::test]
async fn the_master_key_may_be_a_credential_of_systemd() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    Gateway::serve(&ground, &config).await.stop().await;
    // Moved to where systemd would have decrypted it to: a folder that is only read.
    let (key, folder) = (ground.path("data/master.key"), ground.path("credentials"));
    fs::create_dir(&folder).expect("a writable folder");
    let credential = folder.join("waarborg-master-key");
    fs::rename(&key, &credential).expect("both are in one folder");
    fs::set_permissions(&credential, fs::Permissions::from_mode(0o400)).expect("it is ours");

    let with = |arguments: &[&str]| {
        let mut command = waarborg(&ground, arguments);
        command.env("CREDENTIALS_DIRECTORY", &folder);
        command
    };
    let mut check = with(&["check"]);
    check.arg("--config").arg(&config);
    finish(check).await.good();
    let gateway = Gateway::started(&ground, &config, with(&["serve"])).await;
    assert_eq!(gateway.get(HOST, "/-/ledger/key").await.status, 200);
    gateway.command(&ground, &["ledger", "verify"]).await.good();
    // It isn't ours to write, so it isn't replaced, and nothing is half done.
    let rotate = gateway.command(&ground, &["key", "rotate"]).await;
    assert_eq!(rotate.code, Some(1), "{}{}", rotate.out, rotate.err);
    gateway.stop().await;
    assert!(!key.exists(), "no copy of it was made");
    let gateway = Gateway::started(&ground, &config, with(&["serve"])).await;
    gateway.command(&ground, &["ledger", "verify"]).await.good();
    gateway.stop().await;

    // Without the credential there is no key, and no new one for an old store.
    for command in ["check", "serve"] {
        let mut command = waarborg(&ground, &[command]);
        command
            .arg("--config")
            .arg(&config)
            .env_remove("CREDENTIALS_DIRECTORY");
        let done = finish(command).await;
        assert_eq!(done.code, Some(1), "{}{}", done.out, done.err);
        assert!(done.err.contains("master key"), "{}", done.err);
    }
    assert!(!key.exists());
}

#[tokio::test]
async fn the_stores_address_comes_from_a_variable_or_a_file_and_is_never_shown() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let server = Postgres::start();
    let url = server.fresh_database();
    ground.write_private("store.url", &format!("\n{url}\n"));
    for source in [
        "{ env = \"WAARBORG_STORE_URL\" }",
        "{ file = \"store.url\" }",
    ] {
        let rest = format!("[store]\npostgres = {source}\n");
        let config = ground.configure(&[(HOST, &upstream.url())], &rest);
        let mut serve = waarborg(&ground, &["serve"]);
        serve
            .env("WAARBORG_STORE_URL", &url)
            .env("WAARBORG_LOG", "debug");
        let gateway = Gateway::started(&ground, &config, serve).await;
        assert_eq!(
            gateway.get(HOST, "/-/ledger/key").await.status,
            200,
            "{source}"
        );
        let metrics = gateway.operation("/metrics").await.1;
        let said = gateway.program.said();
        assert!(!said.contains(&url) && !metrics.contains(&url), "{source}");
        gateway.stop().await;
    }
    // A variable that isn't set is a mistake with its name, before anything is made.
    let rest = "[store]\npostgres = { env = \"WAARBORG_STORE_URL\" }\n";
    let config = ground.configure(&[(HOST, &upstream.url())], rest);
    for command in ["check", "serve"] {
        let mut command = waarborg(&ground, &[command]);
        command
            .arg("--config")
            .arg(&config)
            .env_remove("WAARBORG_STORE_URL");
        let done = finish(command).await;
        assert_eq!(done.code, Some(1), "{}{}", done.out, done.err);
        assert!(done.err.contains("WAARBORG_STORE_URL"), "{}", done.err);
    }
}

#[tokio::test]
async fn a_variable_names_the_configuration_and_the_flag_goes_before_it() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    let mut check = waarborg(&ground, &["check"]);
    check.env("WAARBORG_CONFIG", &config);
    let done = finish(check).await.good();
    assert!(
        done.out.contains("waarborg.toml: no mistakes"),
        "{}",
        done.out
    );
    let mut check = waarborg(&ground, &["check"]);
    check.env("WAARBORG_CONFIG", ground.path("absent.toml"));
    check.arg("--config").arg(&config);
    finish(check).await.good();
}
