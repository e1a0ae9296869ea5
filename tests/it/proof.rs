//! Proof on the running deployment: `waarborg prove`, the trust page after it, and the
//! ledger by our verifier and by others'.

use std::fs;

use ct_merkle::{InclusionProof, RootHash, digest::Output};
use ledger::{Checkpoint, Hash, Tile, VerifierKey};
use rustix::process::Signal;
use serde_json::Value;
use sha2::Sha256;
use terms::PromiseId;
use waarborg_it::{
    gateway::{Gateway, text, waarborg},
    ground::Ground,
    program::{Program, finish, run},
    tools,
    upstream::Upstream,
};

const HOST: &str = "app.example.test";

async fn proven() -> (Ground, Upstream, Gateway) {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure_with_portal(&[(HOST, &upstream.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    gateway.register(&ground).await;
    let (code, proved) = gateway.prove(&ground).await;
    assert_eq!(code, Some(0), "{:#}", proved.0);
    (ground, upstream, gateway)
}

#[tokio::test]
async fn the_drills_pass_and_the_trust_page_turns_green() {
    let (ground, _upstream, gateway) = proven().await;
    let (_, proved) = gateway.prove(&ground).await;
    assert_eq!(proved.0["verdict"], "pass", "{:#}", proved.0);
    for entry in promises::PROMISES {
        let id = entry.id.to_string();
        assert_eq!(proved.verdict(&id), "pass", "{:#}", proved.report(&id));
        let said = gateway.said_of(HOST, &id).await;
        assert_eq!(said["state"], "green", "{said:#}");
        assert_ne!(said["sentence"], "");
        assert_eq!(said["last"]["verdict"], "pass");
        assert_eq!(said["last"]["vantage"], "same-host");
        // Nothing is said whose proof is missing.
        for clause in said["clauses"].as_array().expect("clauses") {
            let spoken = said["sentence"].as_str().is_some_and(|sentence| {
                clause["text"]
                    .as_str()
                    .is_some_and(|text| sentence.contains(text))
            });
            let may = clause["standing"] == "proven" || clause["standing"] == "limit";
            assert_eq!(spoken, may, "{clause:#}");
        }
        let evidence = said["last"]["evidence"].as_str().expect("an address");
        let page = gateway.get(HOST, evidence).await;
        assert_eq!(page.status, 200);
        assert!(text(&page.body).contains("<h1"), "evidence is a page");
    }
    let landed = promises::PROMISES.len();
    let metric = gateway
        .metric("waarborg_drills_total{promise=\"hsts\",verdict=\"pass\"}")
        .await;
    assert!(metric >= 2, "{metric}");
    assert_eq!(PromiseId::ALL.len() - landed, 9);
    gateway.stop().await;
}

#[tokio::test]
async fn whoever_proves_right_after_the_start_gets_verdicts() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    for _ in 0..2 {
        let gateway = Gateway::serve(&ground, &config).await;
        gateway.command(&ground, &["prove"]).await.good();
        gateway.stop().await;
    }
}

#[tokio::test]
async fn a_run_that_a_reload_overtakes_is_made_again_and_fails_nothing() {
    let (ground, _upstream, gateway) = proven().await;
    let text = fs::read_to_string(gateway.config()).expect("the configuration");
    for (days, begun) in [(1, "tls"), (2, "hsts"), (3, "track")] {
        let mut prove = waarborg(&ground, &["prove", "--json"]);
        prove.arg("--config").arg(gateway.config());
        let mut prove = Program::start("waarborg prove", prove);
        prove.line(&format!("! {begun}")).await;
        let hsts = format!("[hsts]\nmax_age = \"{days}d\"\n");
        let before = gateway.program.lines();
        ground.replace(gateway.config(), &(text.clone() + &hsts));
        gateway.program.signal(Signal::HUP);
        let line = "the configuration was reloaded";
        gateway.program.line_after(before, line).await;
        let ended = prove.ended().await;
        assert!(ended.success(), "{begun}: {}", prove.said());
    }
    let (code, proved) = gateway.prove(&ground).await;
    assert_eq!(code, Some(0), "{:#}", proved.0);
    let said = gateway.program.said();
    // The first run may come before anything is registered.
    let of_team = "did not pass promise=team verdict=inconclusive";
    let failed = |line: &&str| line.contains("a drill did not pass") && !line.contains(of_team);
    assert_eq!(said.lines().find(failed), None, "{said}");
    let said = gateway.said_of(HOST, "hsts").await;
    let sentence = said["sentence"].as_str().expect("a sentence");
    assert_eq!(said["state"], "green", "{said:#}");
    assert!(sentence.contains("for 3 days"), "{sentence}");
    gateway.stop().await;
}

#[tokio::test]
async fn proof_stays_over_a_restart() {
    let (ground, _upstream, gateway) = proven().await;
    let before = gateway.said_of(HOST, "tls").await["last"]["drill"].clone();
    let config = gateway.config().to_owned();
    gateway.stop().await;
    let gateway = Gateway::serve(&ground, &config).await;
    let said = gateway.said_of(HOST, "tls").await;
    assert_eq!(said["state"], "green", "{said:#}");
    assert!(said["last"]["drill"] == before || said["last"]["at"].is_string());
}

#[tokio::test]
async fn the_table_for_people_names_every_promise_and_its_verdict() {
    let (ground, _upstream, gateway) = proven().await;
    let table = gateway.command(&ground, &["prove"]).await.good();
    for entry in promises::PROMISES {
        let line = table
            .out
            .lines()
            .find(|line| line.starts_with(&entry.id.to_string()));
        assert!(
            line.is_some_and(|line| line.contains("PASS")),
            "{}",
            table.out
        );
    }
}

#[tokio::test]
async fn any_visitor_may_prove_what_is_to_be_seen_from_outside() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    // A name that every client takes as loopback.
    let config = ground.configure(&[("localhost", &upstream.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    let url = format!("https://localhost:{}", gateway.port());
    let ca = ground.ca().to_string_lossy().into_owned();
    let done = finish(waarborg(
        &ground,
        &["prove", "--target", &url, "--ca", &ca, "--json"],
    ))
    .await;
    let document: Value = serde_json::from_str(&done.out).expect("a document");
    assert_eq!(done.code, Some(0), "{document:#}\n{}", done.err);
    let verdict = |promise: &str| {
        let all = document["promises"].as_array().expect("reports");
        all.iter()
            .find(|report| report["promise"] == promise)
            .map(|report| report["verdict"].clone())
    };
    assert_eq!(verdict("hsts"), Some("pass".into()), "{document:#}");
    assert!(
        done.err.contains("/.well-known/waarborg-prove"),
        "the token is offered: {}",
        done.err
    );
    // Without the authority nothing can be said, and nothing is.
    let mut stranger = waarborg(&ground, &["prove", "--target", &url, "--json", "--strict"]);
    stranger.env_remove("SSL_CERT_FILE");
    let done = finish(stranger).await;
    assert_ne!(done.code, Some(0), "{}", done.out);
}

#[tokio::test]
async fn without_a_server_there_is_nothing_to_prove_and_that_is_said() {
    let ground = Ground::new();
    let config = ground.configure(&[(HOST, "http://127.0.0.1:9")], "");
    let mut prove = waarborg(&ground, &["prove"]);
    prove.arg("--config").arg(config);
    let done = finish(prove).await;
    assert_eq!(done.code, Some(2), "{}{}", done.out, done.err);
    assert!(
        done.err.contains("waarborg serve"),
        "what to do: {}",
        done.err
    );
}

/// Changes the store as somebody with a database client would.
async fn tamper(ground: &Ground, sql: &str) {
    let script = "import sqlite3, sys\n\
                  store = sqlite3.connect(sys.argv[1])\n\
                  changed = store.execute(sys.argv[2]).rowcount\n\
                  store.commit()\n\
                  store.close()\n\
                  sys.exit(0 if changed == 1 else 3)\n";
    let store = ground
        .path("data/store.sqlite")
        .to_string_lossy()
        .into_owned();
    run(tools::python("python"), &["-c", script, &store, sql])
        .await
        .good();
}

#[tokio::test]
async fn a_changed_leaf_record_or_audit_row_is_found_and_named() {
    let cases = [
        (
            "UPDATE leaf SET record = replace(record, 'pass', 'fail') WHERE position = 0",
            "leaf 0",
        ),
        (
            "UPDATE leaf SET hash = randomblob(32), record = NULL, salt = NULL WHERE position = 2",
            "leaf",
        ),
        ("DELETE FROM leaf WHERE position = 0", "leaf 0"),
        ("UPDATE audit SET action = 'nothing' WHERE seq = 1", "audit"),
    ];
    for (sql, named) in cases {
        let (ground, _upstream, gateway) = proven().await;
        gateway.command(&ground, &["key", "rotate"]).await.good();
        let config = gateway.config().to_owned();
        gateway.stop().await;
        let verify = async || {
            let mut verify = waarborg(&ground, &["ledger", "verify"]);
            verify.arg("--config").arg(&config);
            finish(verify).await
        };
        verify().await.good();
        tamper(&ground, sql).await;
        let done = verify().await;
        assert_eq!(done.code, Some(1), "{sql}: {}{}", done.out, done.err);
        let said = done.out + &done.err;
        assert!(said.contains(named), "{sql}: `{named}` isn't named: {said}");
    }
}

#[tokio::test]
async fn the_checkpoint_covers_the_leaves_by_our_verifier_and_by_ct_merkle() {
    let (_ground, _upstream, gateway) = proven().await;
    let fetch = async |path: &str| {
        let page = gateway.get(HOST, &format!("/-/ledger/{path}")).await;
        assert_eq!(page.status, 200, "{path}");
        page
    };
    let key = fetch("key").await;
    let key: VerifierKey = text(&key.body)
        .trim()
        .parse()
        .expect("a key of C2SP signed-note");
    let note = fetch("checkpoint").await;
    let known = [key];
    let signed =
        Checkpoint::open(&note.body, known[0].name(), &known).expect("a signed checkpoint");
    assert!(signed.size > 0);

    // All entries, by bundles of 256 as C2SP tlog-tiles has them.
    let mut entries: Vec<Hash> = Vec::new();
    for index in 0..signed.size.div_ceil(256) {
        let width = u16::try_from((signed.size - index * 256).min(256)).expect("at most 256");
        let tile = Tile {
            level: 0,
            index,
            width,
        };
        let bundle = fetch(&tile.entries_path()).await.body;
        let mut rest = &bundle[..];
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            let (entry, after) = after.split_at(usize::from(u16::from_be_bytes(*length)));
            entries.push(entry.try_into().expect("a commitment of 32 bytes"));
            rest = after;
        }
        let hashes = fetch(&tile.path()).await.body;
        let first = usize::try_from(index * 256).expect("small");
        let expected: Vec<u8> = entries[first..]
            .iter()
            .flat_map(|entry| ledger::leaf_hash(entry))
            .collect();
        assert!(
            hashes == expected,
            "tile {index} has the hashes of its entries"
        );
    }
    assert_eq!(u64::try_from(entries.len()).expect("small"), signed.size);
    let leaves: Vec<Hash> = entries
        .iter()
        .map(|entry| ledger::leaf_hash(entry))
        .collect();
    assert_eq!(ledger::root(&leaves), signed.root);
    let root = RootHash::<Sha256>::new(Output::<Sha256>::from(signed.root), signed.size);
    for (index, entry) in (0..).zip(&entries) {
        let path = ledger::inclusion_proof(&leaves, index, signed.size).expect("it is in it");
        ledger::verify_inclusion(
            &leaves[usize::try_from(index).expect("small")],
            index,
            signed.size,
            &path,
            &signed.root,
        )
        .expect("our verifier agrees");
        let path = InclusionProof::<Sha256>::try_from_bytes(path.concat()).expect("hashes");
        root.verify_inclusion(&entry.to_vec(), index, &path)
            .expect("ct-merkle agrees");
    }
    for path in [
        "tile/0/999",
        "tile/99/000",
        "tile/0/000.p/0",
        "tile/../key",
        "nothing",
    ] {
        assert_eq!(
            gateway.get(HOST, &format!("/-/ledger/{path}")).await.status,
            404,
            "{path}"
        );
    }
}

#[tokio::test]
async fn evidence_leads_to_the_leaf_of_its_own_report() {
    let (ground, _upstream, gateway) = proven().await;
    let mut places = Vec::new();
    for entry in promises::PROMISES {
        let said = gateway.said_of(HOST, &entry.id.to_string()).await;
        let page = gateway
            .get(HOST, said["last"]["evidence"].as_str().expect("an address"))
            .await;
        places.push(text(&page.body).to_owned());
    }
    let config = gateway.config().to_owned();
    gateway.stop().await;
    let script = "import json, sqlite3, sys\n\
                  store = sqlite3.connect(sys.argv[1])\n\
                  rows = store.execute('SELECT r.promise, l.record FROM drill_run r JOIN leaf l ON l.position = r.leaf_position').fetchall()\n\
                  print(json.dumps([[p, json.loads(record)['report']['promise']] for p, record in rows]))\n";
    let store = config
        .with_file_name("data/store.sqlite")
        .to_string_lossy()
        .into_owned();
    let rows = run(tools::python("python"), &["-c", script, &store])
        .await
        .good();
    let rows: Vec<(String, String)> = serde_json::from_str(&rows.out).expect("pairs");
    assert!(rows.len() >= promises::PROMISES.len());
    for (row, report) in rows {
        assert_eq!(
            row, report,
            "a run of {row} points at the report of {report}"
        );
    }
    assert!(fs::metadata(ground.path("data/ledger.key")).is_ok());
}
