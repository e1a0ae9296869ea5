//! Promise `block`: whoever comes from a listed address is refused, whoever comes from
//! the next one is served. Judge: curl, from several addresses of this machine.

use std::fs;

use rustix::process::Signal;
use serde_json::Value;
use waarborg_it::{
    gateway::{Gateway, waarborg},
    ground::Ground,
    in_time,
    nginx::Nginx,
    program::finish,
    upstream::Upstream,
};

use super::{HOST, bites};

#[tokio::test]
async fn with_its_control_cut_the_drill_fails_and_uncut_it_passes() {
    bites("block", &["listed"]).await;
}

/// The status that curl gets from an address of this machine, and the body; no status
/// where there is no answer.
async fn curl(gateway: &Gateway, from: &str, path: &str, more: &[&str]) -> (String, String) {
    let url = format!("https://{HOST}{path}");
    let mut arguments = vec!["--interface", from, "-w", "\n%{http_code}"];
    arguments.extend(more);
    arguments.push(&url);
    let done = gateway.curl(&arguments).await;
    let (body, status) = done.out.rsplit_once('\n').unwrap_or(("", "000"));
    (status.to_owned(), body.to_owned())
}

async fn status(gateway: &Gateway, from: &str) -> String {
    curl(gateway, from, "/", &[]).await.0
}

#[tokio::test]
async fn curl_is_refused_from_a_listed_address_with_an_id_that_leads_to_the_rule() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let list = "[block]\nallow = \"127.0.0.24\"\ndeny = [\"127.0.0.21\", \"127.0.0.24/30\"]\n";
    let config = ground.configure(&[(HOST, &upstream.url())], list);
    let gateway = Gateway::serve(&ground, &config).await;
    for version in ["--http1.1", "--http2"] {
        for path in ["/", "/-/security", "/-/nothing"] {
            let (code, body) = curl(&gateway, "127.0.0.21", path, &[version]).await;
            assert_eq!(code, "403", "{version} {path}");
            let told: Value = serde_json::from_str(&body).expect("JSON");
            assert_eq!(told["type"], "urn:waarborg:refusal:blocked");
        }
        for good in ["127.0.0.22", "127.0.0.24"] {
            let (code, _) = curl(&gateway, good, "/", &[version]).await;
            assert_eq!(code, "200", "{version} {good}");
        }
    }
    // For people, in their language; the id leads to the rule.
    for (language, words) in [
        ("en", "Your network address has no access"),
        ("nl", "Uw netwerkadres heeft geen toegang"),
        ("fr", "Votre adresse réseau n’a pas accès"),
    ] {
        let spoken = format!("Accept-Language: {language}");
        let fields = ["-H", "Accept: text/html", "-H", &spoken];
        let (code, page) = curl(&gateway, "127.0.0.25", "/x", &fields).await;
        assert_eq!(code, "403");
        assert!(page.contains(words), "{page}");
    }
    let (_, body) = curl(&gateway, "127.0.0.25", "/found", &[]).await;
    let told: Value = serde_json::from_str(&body).expect("JSON");
    let id = told["id"].as_str().expect("an id");
    let line = gateway.record(&ground, id).await;
    assert_eq!(line["reason"], "block-deny", "{line}");
    assert_eq!(line["rule"], "deny:2", "{line}");
    // The command agrees with what curl has met.
    for (address, code, expected) in [
        ("127.0.0.21", 1, "by 127.0.0.21 (rule deny:1)"),
        ("::ffff:127.0.0.21", 1, "127.0.0.21 is refused"),
        ("127.0.0.22", 0, "no list has it"),
        (
            "127.0.0.24",
            0,
            "otherwise refused by 127.0.0.24/30 (rule deny:2)",
        ),
        ("fe80::1%lo", 2, ""),
    ] {
        let told = gateway.command(&ground, &["block", "test", address]).await;
        assert_eq!(told.code, Some(code), "{address}: {}{}", told.out, told.err);
        assert!(told.out.contains(expected), "{address}: {}", told.out);
    }
    let json = gateway
        .command(&ground, &["block", "test", "--json", "127.0.0.25"])
        .await;
    let json: Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!(json["verdict"], "refused");
    assert_eq!(json["rule"]["id"], "deny:2");
    let lists = gateway.command(&ground, &["block", "list", "--json"]).await;
    let lists: Value = serde_json::from_str(&lists.out).expect("JSON");
    assert_eq!(lists["lists"][1]["entries"], 2, "{lists}");
    let refused = gateway
        .metric("waarborg_blocked_total{action=\"refused\"}")
        .await;
    assert!(refused >= 10, "{refused}");
    gateway.stop().await;
    // Without a server the configuration answers.
    let mut alone = waarborg(&ground, &["block", "test", "127.0.0.21", "--config"]);
    alone.arg(&config);
    let alone = finish(alone).await;
    assert_eq!(alone.code, Some(1), "{}{}", alone.out, alone.err);
    assert!(alone.out.contains("rule deny:1"), "{}", alone.out);
}

#[tokio::test]
async fn dropped_addresses_get_no_handshake_and_the_drill_agrees() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let list = "[block]\ndeny = \"127.0.0.21\"\naction = \"drop\"\nunknown = true\n";
    let config = ground.configure(&[(HOST, &upstream.url())], list);
    let gateway = Gateway::serve(&ground, &config).await;
    assert_eq!(status(&gateway, "127.0.0.21").await, "000");
    assert_eq!(status(&gateway, "127.0.0.22").await, "200");
    assert_eq!(
        gateway
            .metric("waarborg_blocked_total{action=\"dropped\"}")
            .await,
        1
    );
    let (_, proved) = gateway.prove_only(&ground, &["block"]).await;
    assert_eq!(
        proved.verdict("block"),
        "pass",
        "{:#}",
        proved.report("block")
    );
    let said = gateway.said_of(HOST, "block").await;
    let sentence = said["sentence"].as_str().expect("a sentence");
    assert!(sentence.contains("1 entry at the moment"), "{sentence}");
    assert!(sentence.contains("over the Internet"), "{sentence}");
    // What the drill put on the list is off it again.
    let lists = gateway.command(&ground, &["block", "list", "--json"]).await;
    let lists: Value = serde_json::from_str(&lists.out).expect("JSON");
    assert_eq!(lists["temporary"], Value::Array(Vec::new()), "{lists}");
    gateway.stop().await;
}

/// Asks from an address until the status is this one.
async fn until(gateway: &Gateway, from: &str, expected: &str) {
    let waited = async {
        while status(gateway, from).await != expected {
            tokio::task::yield_now().await;
        }
    };
    in_time(&format!("{from} gets {expected}"), waited).await;
}

#[tokio::test]
async fn a_list_is_taken_by_itself_and_one_that_is_broken_leaves_the_last_good_one() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    // Files never refuse local addresses, so the client is named by a trusted proxy.
    let list = ground.write("drop.json", "{\"cidr\":\"198.51.100.7/32\"}\n");
    let sites = [(HOST, &*upstream.url())];
    let text = ground.configuration(&sites, "[block]\nfiles = \"drop.json\"\n");
    let config = ground.write(
        "waarborg.toml",
        &format!("trusted_proxies = \"127.0.0.1\"\n{text}"),
    );
    let gateway = Gateway::serve(&ground, &config).await;
    let ask = async |client: &str| {
        let field = format!("X-Forwarded-For: {client}");
        curl(&gateway, "127.0.0.1", "/", &["-H", &field]).await.0
    };
    assert_eq!(ask("198.51.100.7").await, "403");
    assert_eq!(ask("198.51.100.8").await, "200");
    ground.replace(&list, "# another form\n198.51.100.8\n");
    let taken = async { while ask("198.51.100.8").await != "403" {} };
    in_time("the changed list is taken", taken).await;
    assert_eq!(ask("198.51.100.7").await, "200");
    for broken in [
        "",
        "198.51.100.9\n203.0.113.1",
        "0.0.0.0/0\n",
        "<html>\n",
        "198.51.100.9\nnonsense\n",
    ] {
        ground.replace(&list, broken);
        gateway
            .program
            .line("the configuration was not reloaded")
            .await;
        assert_eq!(ask("198.51.100.8").await, "403", "{broken:?}");
        assert_eq!(ask("198.51.100.9").await, "200", "{broken:?}");
    }
    let huge = fs::File::create(&list).expect("a file of ours");
    huge.set_len(2 << 30).expect("a sparse file");
    gateway
        .program
        .line("the configuration was not reloaded")
        .await;
    assert_eq!(ask("198.51.100.8").await, "403");
    gateway.stop().await;
}

#[tokio::test]
async fn an_administrator_who_has_shut_himself_out_is_back_at_once() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let sites = [(HOST, &*upstream.url())];
    let config = ground.configure(&sites, "[block]\ndeny = \"127.0.0.0/8\"\n");
    let gateway = Gateway::serve(&ground, &config).await;
    assert_eq!(status(&gateway, "127.0.0.31").await, "403");
    // The operations listener isn't touched.
    assert_eq!(gateway.operation("/healthz").await.0, 200);
    let back = "[block]\nallow = \"127.0.0.31\"\ndeny = \"127.0.0.0/8\"\n";
    ground.replace(&config, &ground.configuration(&sites, back));
    gateway.program.signal(Signal::HUP);
    until(&gateway, "127.0.0.31", "200").await;
    assert_eq!(status(&gateway, "127.0.0.32").await, "403");
    ground.replace(&config, &ground.configuration(&sites, ""));
    gateway.program.signal(Signal::HUP);
    until(&gateway, "127.0.0.32", "200").await;
    gateway.stop().await;
}

#[tokio::test]
async fn an_address_is_refused_for_a_while_by_one_command_and_let_in_by_another() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    let command = async |arguments: &[&str]| {
        let arguments = [&["block"], arguments].concat();
        gateway.command(&ground, &arguments).await
    };
    // Not for this machine as a whole: its drills would be refused.
    for (addresses, word) in [
        ("127.0.0.1", "loopback"),
        ("0.0.0.0/0", "too many"),
        ("nobody", "expected an address"),
    ] {
        let refused = command(&["add", addresses]).await;
        assert_eq!(refused.code, Some(1), "{}", refused.out);
        assert!(refused.err.contains(word), "{}", refused.err);
    }
    assert_eq!(
        command(&["add", "192.0.2.7", "--for", "2w"]).await.code,
        Some(2)
    );
    let text = ground.configuration(&[(HOST, &*upstream.url())], "");
    let text = format!("trusted_proxies = \"127.0.0.1\"\n{text}");
    ground.replace(&config, &text);
    gateway.program.line("the configuration was reloaded").await;
    let ask = async |client: &str| {
        let field = format!("X-Forwarded-For: {client}");
        curl(&gateway, "127.0.0.1", "/", &["-H", &field]).await
    };
    let reason = ["--for", "30m", "--reason", "it tries passwords"];
    command(&[&["add", "192.0.2.0/25"], &reason[..]].concat())
        .await
        .good();
    // At once, and no more than that.
    let (code, body) = ask("192.0.2.7").await;
    assert_eq!(code, "403", "{body}");
    assert_eq!(ask("192.0.2.128").await.0, "200");
    let told: Value = serde_json::from_str(&body).expect("JSON");
    let id = told["id"].as_str().expect("an id");
    let line = gateway.record(&ground, id).await;
    assert_eq!(told["type"], "urn:waarborg:refusal:banned");
    assert!(
        told["until"]
            .as_str()
            .is_some_and(|until| until.len() == 20),
        "{told}"
    );
    assert_eq!(line["reason"], "block-temporary", "{line}");
    assert_eq!(line["rule"], "temporary:1", "{line}");
    let listed = command(&["list"]).await.good();
    let entry = listed
        .out
        .lines()
        .find(|line| line.contains("192.0.2.0/25"));
    let entry = entry.expect("it is listed");
    assert!(
        entry.contains("it tries passwords") && entry.contains("by command:"),
        "{entry}"
    );
    // It outlives the process.
    gateway.stop().await;
    let gateway = Gateway::serve(&ground, &config).await;
    let field = ["-H", "X-Forwarded-For: 192.0.2.7"];
    assert_eq!(curl(&gateway, "127.0.0.1", "/", &field).await.0, "403");
    let command = async |arguments: &[&str]| {
        let arguments = [&["block"], arguments].concat();
        gateway.command(&ground, &arguments).await
    };
    command(&["remove", "192.0.2.0/25"]).await.good();
    assert_eq!(curl(&gateway, "127.0.0.1", "/", &field).await.0, "200");
    let again = command(&["remove", "192.0.2.0/25"]).await;
    assert_eq!(again.code, Some(1), "{}", again.out);
    gateway.stop().await;
    // Without a server nobody is refused for a while.
    let mut alone = waarborg(&ground, &["block", "add", "192.0.2.7", "--config"]);
    alone.arg(&config);
    let alone = finish(alone).await;
    assert_eq!(alone.code, Some(1), "{}", alone.out);
    assert!(alone.err.contains("only a running server"), "{}", alone.err);
}

/// Asks as the client that a trusted proxy names.
async fn as_client(gateway: &Gateway, client: &str, path: &str) -> (String, String) {
    let field = format!("X-Forwarded-For: {client}");
    curl(gateway, "127.0.0.1", path, &["-H", &field]).await
}

#[tokio::test]
async fn a_scanner_is_banned_with_evidence_and_its_neighbour_and_drills_never_are() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let text = ground.configuration(
        &[(HOST, &*upstream.url())],
        "[block]\nallow = \"198.18.0.9\"\n",
    );
    let text = format!("trusted_proxies = \"127.0.0.1\"\n{text}");
    let config = ground.write("waarborg.toml", &text);
    let gateway = Gateway::serve(&ground, &config).await;
    let ask = async |client: &str, path: &str| as_client(&gateway, client, path).await;
    let sought = [
        "/.env",
        "/.git/config",
        "/wp-login.php",
        "/xmlrpc.php",
        "/pma/",
    ];
    // One page again and again, or four different ones, are no scan.
    for _ in 0..8 {
        assert_eq!(ask("198.18.0.8", "/.env?missing").await.0, "404");
    }
    for client in ["198.18.0.9", "198.51.100.9", "10.0.0.9", "198.18.0.7"] {
        for path in sought {
            let (code, _) = ask(client, &format!("{path}?missing")).await;
            assert_eq!(code, "404", "{client} {path}");
        }
    }
    let banned = async { while ask("198.18.0.7", "/").await.0 != "403" {} };
    in_time("the scanner is banned", banned).await;
    let (_, body) = ask("198.18.0.7", "/").await;
    let told: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(told["type"], "urn:waarborg:refusal:banned");
    let line = gateway
        .record(&ground, told["id"].as_str().expect("an id"))
        .await;
    assert_eq!(
        (&line["reason"], &line["rule"]),
        (&"block-ban".into(), &"ban:1".into())
    );
    for twin in ["198.18.0.8", "198.18.0.9", "198.51.100.9", "10.0.0.9"] {
        assert_eq!(ask(twin, "/").await.0, "200", "{twin}");
    }
    let lists = gateway.command(&ground, &["block", "list", "--json"]).await;
    let lists: Value = serde_json::from_str(&lists.out).expect("JSON");
    let [entry] = &lists["temporary"].as_array().expect("entries")[..] else {
        panic!("one is banned: {lists}");
    };
    assert_eq!(entry["range"], "198.18.0.7");
    assert_eq!(entry["evidence"]["cause"], "scan", "{entry}");
    assert_eq!(entry["evidence"]["strikes"], 5, "{entry}");
    // The request that it rests on is in the access log.
    let request = entry["evidence"]["request"].as_str().expect("an id");
    assert_eq!(gateway.record(&ground, request).await["status"], 404);
    assert_eq!(
        gateway.metric("waarborg_bans_total{cause=\"scan\"}").await,
        1
    );
    // It outlives the process, and a person ends it.
    gateway.stop().await;
    let gateway = Gateway::serve(&ground, &config).await;
    assert_eq!(as_client(&gateway, "198.18.0.7", "/").await.0, "403");
    gateway
        .command(&ground, &["block", "remove", "198.18.0.7"])
        .await
        .good();
    assert_eq!(as_client(&gateway, "198.18.0.7", "/").await.0, "200");
    gateway.stop().await;
}

#[tokio::test]
async fn whoever_goes_on_after_429_is_banned_and_with_bans_off_nobody_is() {
    for (bans, expected) in [("true", "403"), ("false", "429")] {
        let (ground, upstream) = (Ground::new(), Upstream::start().await);
        let more =
            format!("[block]\nbans = {bans}\n[throttle]\npages = \"1/h\"\npages_burst = 1\n");
        let text = ground.configuration(&[(HOST, &*upstream.url())], &more);
        let text = format!("trusted_proxies = \"127.0.0.1\"\n{text}");
        let config = ground.write("waarborg.toml", &text);
        let gateway = Gateway::serve(&ground, &config).await;
        let url = format!("https://{HOST}/[1-520]");
        let field = "X-Forwarded-For: 198.18.0.7";
        let flood = ["-o", "/dev/null", "--http2", "-H", field, &url];
        gateway.curl(&flood).await;
        let status = async || as_client(&gateway, "198.18.0.7", "/").await.0;
        if expected == "403" {
            let banned = async { while status().await != expected {} };
            in_time("whoever goes on is banned", banned).await;
        } else {
            // What was recorded before is counted before.
            assert_eq!(status().await, expected);
            let (_, body) = as_client(&gateway, "198.18.0.7", "/").await;
            let told: Value = serde_json::from_str(&body).expect("JSON");
            gateway
                .record(&ground, told["id"].as_str().expect("an id"))
                .await;
            assert_eq!(status().await, expected);
        }
        assert_eq!(as_client(&gateway, "198.18.0.8", "/").await.0, "200");
        gateway.stop().await;
    }
}

#[tokio::test]
async fn a_feed_is_fetched_over_https_and_a_bad_one_leaves_the_last_good_one_over_a_restart() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let list = ground.write("drop.txt", "198.18.0.7\n198.18.1.0/24\n");
    let root = ground.path("").display().to_string();
    let files = format!("location = /drop.txt {{ root {root}; }}");
    let server = Nginx::application(&ground, &files).await;
    let feed = format!(
        "[block.feed.\"drop\"]\nurl = \"https://localhost:{}/drop.txt\"\n\
         action = \"refuse\"\nca = \"{}\"\n",
        server.port,
        ground.ca().display()
    );
    let text = ground.configuration(&[(HOST, &*upstream.url())], &feed);
    let text = format!("trusted_proxies = \"127.0.0.1\"\n{text}");
    let config = ground.write("waarborg.toml", &text);
    let gateway = Gateway::serve(&ground, &config).await;
    gateway.program.line("a feed is taken feed=\"drop\"").await;
    let (code, body) = as_client(&gateway, "198.18.1.9", "/").await;
    assert_eq!(code, "403", "{body}");
    assert_eq!(as_client(&gateway, "198.18.0.8", "/").await.0, "200");
    let told: Value = serde_json::from_str(&body).expect("JSON");
    let line = gateway
        .record(&ground, told["id"].as_str().expect("an id"))
        .await;
    assert_eq!(line["rule"], "feed-drop:2", "{line}");

    // A reload asks anew.
    for broken in [
        "",
        "0.0.0.0/0\n",
        "<!doctype html><p>blocked</p>\n",
        "198.18.0.8\n198.18.0",
    ] {
        ground.replace(&list, broken);
        let before = gateway.program.lines();
        gateway.program.signal(Signal::HUP);
        gateway
            .program
            .line_after(before, "a feed is not taken feed=\"drop\"")
            .await;
        assert_eq!(
            as_client(&gateway, "198.18.0.7", "/").await.0,
            "403",
            "{broken:?}"
        );
        assert_eq!(
            as_client(&gateway, "198.18.0.8", "/").await.0,
            "200",
            "{broken:?}"
        );
    }
    let said = gateway.program.said();
    assert!(said.contains("kind=\"feed-refused\""), "{said}");
    ground.replace(&list, "198.18.0.8\n");
    let before = gateway.program.lines();
    gateway.program.signal(Signal::HUP);
    let over = "the alarm is over kind=\"feed-refused\"";
    gateway.program.line_after(before, over).await;
    assert_eq!(as_client(&gateway, "198.18.0.7", "/").await.0, "200");
    gateway.stop().await;

    // Its server is gone, and the process has begun anew.
    drop(server);
    let gateway = Gateway::serve(&ground, &config).await;
    assert_eq!(as_client(&gateway, "198.18.0.8", "/").await.0, "403");
    assert_eq!(as_client(&gateway, "198.18.0.7", "/").await.0, "200");
    gateway.stop().await;
}
