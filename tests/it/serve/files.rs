//! Files that can't be used: a clear message at `check` and at start, exit 1, nothing
//! touched.

use std::{fs, path::Path};

use waarborg_it::{
    gateway::{Gateway, waarborg},
    ground::Ground,
    program::{Finished, finish, run},
    tools,
    upstream::Upstream,
};

const HOST: &str = "app.example.test";
const UPSTREAM: &str = "http://127.0.0.1:9";

/// Makes a file unusable.
type Spoil = fn(&Ground);

async fn carry_out(ground: &Ground, command: &str, config: &Path) -> Finished {
    let mut command = waarborg(ground, &[command]);
    command.arg("--config").arg(config);
    finish(command).await
}

/// Both `check` and `serve` must refuse it, with all of these words, and make nothing.
async fn both_refuse(ground: &Ground, config: &Path, words: &[&str]) {
    for command in ["check", "serve"] {
        let done = carry_out(ground, command, config).await;
        assert_eq!(done.code, Some(1), "{command}: {}{}", done.out, done.err);
        for word in words {
            assert!(
                done.err.contains(word),
                "{command} doesn't say `{word}`:\n{}",
                done.err
            );
        }
        assert!(!done.out.contains("ready"), "{command}: {}", done.out);
    }
}

#[tokio::test]
async fn every_wrong_sample_is_refused_and_a_right_file_is_not() {
    let samples = tools::repository().join("crates/config/tests/wrong");
    let mut tried = 0;
    for sample in fs::read_dir(samples).expect("the samples") {
        let sample = sample.expect("a sample").path();
        if sample.extension().is_none_or(|kind| kind != "toml") {
            continue;
        }
        let ground = Ground::new();
        let done = carry_out(&ground, "check", &sample).await;
        let shown = sample.display();
        assert_eq!(done.code, Some(1), "{shown}: {}{}", done.out, done.err);
        assert!(done.err.contains("error"), "{shown}: {}", done.err);
        tried += 1;
    }
    assert!(tried > 40, "only {tried} samples");
    let ground = Ground::new();
    let config = ground.configure(&[(HOST, UPSTREAM)], "");
    carry_out(&ground, "check", &config).await.good();
    assert!(!ground.path("data").exists(), "`check` makes nothing");
}

#[tokio::test]
async fn init_writes_a_configuration_that_check_takes_and_never_overwrites_one() {
    let ground = Ground::new();
    let right = ground.configure(&[(HOST, UPSTREAM)], "");
    let (file, data) = (ground.path("begin.toml"), ground.path("data"));
    let init = async |host: &str, upstream: &str, file: &Path| {
        let mut command = waarborg(&ground, &["init", host, upstream, "--data"]);
        command.arg(&data).arg("--config").arg(file);
        finish(command).await
    };
    for (host, upstream, word) in [
        (HOST, "ftp://127.0.0.1", "upstream"),
        ("no host", UPSTREAM, "no host"),
    ] {
        let done = init(host, upstream, &file).await;
        assert_eq!(done.code, Some(1), "{}{}", done.out, done.err);
        assert!(done.err.contains(word), "{}", done.err);
        assert!(!file.exists());
    }
    init(HOST, UPSTREAM, &file).await.good();
    let text = fs::read_to_string(&file).expect("it was written");
    let certificate = |name: &str| format!("\n{name}\n");
    let named = text
        .replace(
            &certificate("certificate = \"app.pem\""),
            &certificate(&format!("certificate = \"{HOST}.pem\"")),
        )
        .replace(
            &certificate("key = \"app.key\""),
            &certificate(&format!("key = \"{HOST}.key\"")),
        );
    assert_ne!(text, named, "{text}");
    fs::write(&file, &named).expect("it can be written");
    carry_out(&ground, "check", &file).await.good();
    for there in [&file, &right] {
        let before = fs::read(there).expect("it is there");
        let done = init(HOST, UPSTREAM, there).await;
        assert_eq!(done.code, Some(1), "{}{}", done.out, done.err);
        assert!(done.err.contains("is not overwritten"), "{}", done.err);
        assert_eq!(fs::read(there).expect("it is there"), before);
    }
}

#[tokio::test]
async fn certificates_and_keys_that_cannot_be_used_are_named_and_nothing_is_touched() {
    let cases: [(&str, Spoil); 5] = [
        ("app.example.test.pem", |ground| {
            fs::remove_file(ground.path("app.example.test.pem")).expect("it was there");
        }),
        ("app.example.test.key", |ground| {
            fs::remove_file(ground.path("app.example.test.key")).expect("it was there");
        }),
        ("app.example.test.pem", |ground| {
            ground.write(
                "app.example.test.pem",
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            );
        }),
        ("app.example.test.key", |ground| {
            ground.write_private("app.example.test.key", "nothing");
        }),
        ("app.example.test.key", |ground| {
            ground.leaf(&["elsewhere.example.test"]);
            fs::copy(
                ground.path("elsewhere.example.test.key"),
                ground.path("app.example.test.key"),
            )
            .expect("a writable folder");
        }),
    ];
    for (named, spoil) in cases {
        let ground = Ground::new();
        let config = ground.configure(&[(HOST, UPSTREAM)], "");
        spoil(&ground);
        both_refuse(&ground, &config, &["waarborg.toml", named]).await;
        assert!(!ground.path("data").exists(), "{named}: nothing is made");
    }
}

#[tokio::test]
async fn a_configuration_that_is_not_there_is_named() {
    let ground = Ground::new();
    both_refuse(&ground, &ground.path("absent.toml"), &["absent.toml"]).await;
}

#[tokio::test]
async fn a_data_folder_that_is_a_file_is_refused() {
    let ground = Ground::new();
    let config = ground.configure(&[(HOST, UPSTREAM)], "");
    let file = ground.write("data", "precious");
    both_refuse(&ground, &config, &["data"]).await;
    assert_eq!(
        fs::read_to_string(file).expect("it is still there"),
        "precious"
    );
}

#[tokio::test]
async fn a_data_folder_of_another_process_is_said_to_be_in_use() {
    let ground = Ground::new();
    let config = ground.configure(&[(HOST, UPSTREAM)], "");
    let gateway = Gateway::serve(&ground, &config).await;
    let second = carry_out(&ground, "serve", &config).await;
    assert_eq!(second.code, Some(1), "{}{}", second.out, second.err);
    assert!(second.err.contains("in use"), "{}", second.err);
    let owner = gateway.program.id().to_string();
    assert!(
        second.err.contains(&owner),
        "who has it is named: {}",
        second.err
    );
    // The first isn't disturbed: it answers its own pages and its commands.
    assert_eq!(gateway.get(HOST, "/-/security").await.status, 200);
    gateway.command(&ground, &["ledger", "verify"]).await.good();
    gateway.stop().await;
    // After it, the folder is free again.
    Gateway::serve(&ground, &config).await.stop().await;
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_refused_and_left_as_it_is() {
    let ground = Ground::new();
    let config = ground.configure(&[(HOST, UPSTREAM)], "");
    Gateway::serve(&ground, &config).await.stop().await;
    let store = ground.path("data/store.sqlite");
    let newer = "import sqlite3, sys\n\
                 store = sqlite3.connect(sys.argv[1])\n\
                 store.execute(\"INSERT INTO schema_step SELECT max(version) + 1, 'later', 0 FROM schema_step\")\n\
                 store.commit()\n\
                 store.close()\n";
    let store_name = store.to_string_lossy().into_owned();
    run(tools::python("python"), &["-c", newer, &store_name])
        .await
        .good();
    let before = fs::read(&store).expect("the store");
    both_refuse(&ground, &config, &["newer"]).await;
    assert!(
        fs::read(&store).expect("the store") == before,
        "the store was touched"
    );
}

#[tokio::test]
async fn a_master_key_that_is_gone_or_exposed_is_refused_before_the_store_is_touched() {
    use std::os::unix::fs::PermissionsExt as _;
    let ground = Ground::new();
    let config = ground.configure(&[(HOST, UPSTREAM)], "");
    Gateway::serve(&ground, &config).await.stop().await;
    let key = ground.path("data/master.key");
    let kept = fs::read_to_string(&key).expect("the key");
    let store = fs::read(ground.path("data/store.sqlite")).expect("the store");

    fs::remove_file(&key).expect("it was there");
    both_refuse(&ground, &config, &["master key"]).await;
    assert!(!key.exists(), "no new key for an old store");

    fs::write(&key, &kept).expect("a writable folder");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("it is ours");
    both_refuse(&ground, &config, &["chmod 600"]).await;

    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("it is ours");
    let now = fs::read(ground.path("data/store.sqlite")).expect("the store");
    assert!(now == store, "the store was touched");
    Gateway::serve(&ground, &config).await.stop().await;
}

#[tokio::test]
async fn a_ledger_key_that_is_gone_damaged_or_exposed_is_refused_and_never_made_anew() {
    use std::os::unix::fs::PermissionsExt as _;
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    gateway.prove_only(&ground, &["hsts"]).await;
    gateway.stop().await;
    let key = ground.path("data/ledger.key");
    let kept = fs::read_to_string(&key).expect("the key");
    let refused = async |word: &str| {
        let done = carry_out(&ground, "serve", &config).await;
        assert_eq!(done.code, Some(1), "{}{}", done.out, done.err);
        for word in ["ledger.key", word] {
            assert!(done.err.contains(word), "`{word}`: {}", done.err);
        }
    };
    fs::remove_file(&key).expect("it was there");
    refused("missing").await;
    assert!(!key.exists(), "no new key for an old ledger");

    ground.write_private("data/ledger.key", "nothing");
    refused("expected two lines").await;
    let (origin, _) = kept.split_once('\n').expect("two lines");
    ground.write_private(
        "data/ledger.key",
        &format!("{origin}\n{}\n", "g".repeat(64)),
    );
    refused("hex").await;
    ground.write_private("data/ledger.key", &kept);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).expect("it is ours");
    refused("chmod 600").await;

    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("it is ours");
    let gateway = Gateway::serve(&ground, &config).await;
    gateway.command(&ground, &["ledger", "verify"]).await.good();
    gateway.stop().await;
    assert_eq!(fs::read_to_string(&key).expect("the key"), kept);
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, UPSTREAM)], "");
    let text = ground.configuration(&[(HOST, UPSTREAM)], "");
    let taken = upstream.address.to_string();
    ground.replace(&config, &text.replacen("127.0.0.1:0", &taken, 1));
    let done = carry_out(&ground, "serve", &config).await;
    assert_eq!(done.code, Some(1), "{}{}", done.out, done.err);
    assert!(done.err.contains(&taken), "{}", done.err);
}

#[tokio::test]
async fn every_command_explains_itself() {
    let ground = Ground::new();
    let top = finish(waarborg(&ground, &["--help"])).await.good();
    let commands: Vec<&str> = top
        .out
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| !line.trim().is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next())
        .filter(|word| *word != "help")
        .collect();
    assert!(
        commands.contains(&"serve") && commands.contains(&"demo"),
        "{}",
        top.out
    );
    for command in commands {
        let help = finish(waarborg(&ground, &[command, "--help"])).await.good();
        assert!(help.out.contains("Usage:"), "{command}: {}", help.out);
    }
    let wrong = finish(waarborg(&ground, &["sevre"])).await;
    assert_eq!(wrong.code, Some(2), "a wrong call: {}", wrong.err);
    assert!(
        wrong.err.contains("serve"),
        "the nearest right name: {}",
        wrong.err
    );
}
