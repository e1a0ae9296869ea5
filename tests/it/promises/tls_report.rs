//! Promise `tls-report`: what our scan finds of good and of bad servers is what sslyze
//! finds, and what is published is what was found. Judges: sslyze here, testssl.sh in
//! `cargo xtask judges`.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Stdio,
    time::Duration,
};

use http::Method;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use waarborg_it::{
    gateway::{Gateway, text, waarborg},
    ground::Ground,
    in_time,
    nginx::{Bad, Nginx},
    program::{command, finish, run},
    tools,
    upstream::Upstream,
};

use super::{HOST, bites, served};

#[tokio::test]
async fn with_its_control_cut_the_drill_fails_and_uncut_it_passes() {
    bites("tls-report", &["published"]).await;
}

#[tokio::test]
async fn page_and_json_show_the_last_scan_dated_in_three_languages_and_after_a_restart() {
    let (ground, _upstream, gateway) = served().await;
    let (code, proved) = gateway.prove_only(&ground, &["tls-report"]).await;
    assert_eq!(code, Some(0), "{:#}", proved.0);
    assert_eq!(proved.verdict("tls-report"), "pass");
    let shown = async |gateway: &Gateway| {
        let json = gateway.get(HOST, "/-/security/tls.json").await;
        assert_eq!(json.status, 200);
        let json: Value = serde_json::from_slice(&json.body).expect("JSON");
        let date = json["scanned_at"].as_str().expect("a date").to_owned();
        for language in ["en", "nl", "fr"] {
            let mut request = gateway.request(Method::GET, HOST, "/-/security/tls");
            let accepted = language.parse().expect("a value");
            request.headers.insert("accept-language", accepted);
            let page = gateway.fetch(&request).await;
            assert_eq!(page.status, 200);
            assert_eq!(
                page.headers
                    .get_all("content-security-policy")
                    .iter()
                    .count(),
                1
            );
            let page = text(&page.body);
            assert!(page.contains(&format!("<html lang=\"{language}\"")));
            assert!(page.contains(&format!("datetime=\"{date}\"")), "{page}");
            assert!(
                page.contains("X25519MLKEM768") && page.contains(">A+</b>"),
                "{page}"
            );
            assert!(!page.contains("<script"));
        }
        json
    };
    let json = shown(&gateway).await;
    assert_eq!(json["state"], "green", "{json:#}");
    assert_eq!(
        (&json["guide"], &json["vantage"]),
        (&"2009r".into(), &"same-host".into())
    );
    let site = &json["sites"][0];
    assert_eq!(
        (&site["host"], &site["grade"]),
        (&HOST.into(), &"A+".into()),
        "{site:#}"
    );
    assert_eq!(site["roots"], "own");
    // The way from the trust page, and on to the evidence.
    let trust = gateway.get(HOST, "/-/security").await;
    assert!(text(&trust.body).contains("href=\"/-/security/tls\""));
    let evidence = json["evidence"].as_str().expect("an address");
    assert_eq!(gateway.get(HOST, evidence).await.status, 200);
    gateway.stop().await;

    let gateway = Gateway::serve(&ground, &ground.path("waarborg.toml")).await;
    let again = shown(&gateway).await;
    assert!(again["scanned_at"].as_str() >= json["scanned_at"].as_str());
    gateway.stop().await;
}

/// What our scan says of a server, by `waarborg prove --target`.
async fn ours(ground: &Ground, port: u16) -> Value {
    let url = format!("https://localhost:{port}");
    let ca = ground.ca();
    let ca = ca.to_string_lossy();
    let arguments = ["prove", "--target", &url, "--ca", &ca, "--json"];
    let done = finish(waarborg(ground, &arguments)).await;
    let document: Value =
        serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}: {done:?}"));
    let reports = document["promises"].as_array().expect("reports");
    let report = reports.iter().find(|it| it["promise"] == "tls-report");
    let parts = report.expect("a report")["parts"].as_array();
    let graded = parts.and_then(|parts| parts.iter().find(|part| part["part"] == "graded"));
    graded.expect("a grade")["document"]["sites"][0].clone()
}

/// What sslyze says of it.
async fn theirs(ground: &Ground, port: u16) -> Value {
    let out = ground.path("sslyze.json");
    let mut sslyze = command(tools::sslyze());
    sslyze
        .args([
            "--certinfo",
            "--sslv2",
            "--sslv3",
            "--tlsv1",
            "--tlsv1_1",
            "--tlsv1_2",
        ])
        .args(["--tlsv1_3", "--elliptic_curves", "--compression"])
        .arg("--certinfo_ca_file")
        .arg(ground.ca())
        .arg("--json_out")
        .arg(&out)
        .arg(format!("localhost:{port}"));
    let done = finish(sslyze).await;
    assert!(out.exists(), "{done:?}");
    // It writes moduli of RSA keys as numbers, which JSON's readers needn't take.
    let script = "import json, sys\n\
                  text = lambda digits: int(digits) if len(digits) < 19 else digits\n\
                  scan = json.load(open(sys.argv[1]), parse_int=text)\n\
                  print(json.dumps(scan['server_scan_results'][0]['scan_result']))\n";
    let out = out.to_string_lossy();
    let scan = run(tools::python("python"), &["-c", script, &*out]).await;
    serde_json::from_str(&scan.good().out).expect("a scan")
}

type Suites = BTreeMap<String, BTreeSet<String>>;

/// Suites by version, as sslyze has them: those it found, or all that it has asked for.
fn their_suites(scan: &Value, lists: &[&str]) -> Suites {
    let versions = [
        ("SSL 3.0", "ssl_3_0"),
        ("TLS 1.0", "tls_1_0"),
        ("TLS 1.1", "tls_1_1"),
        ("TLS 1.2", "tls_1_2"),
        ("TLS 1.3", "tls_1_3"),
    ];
    let mut found = Suites::new();
    for (version, name) in versions {
        let result = &scan[format!("{name}_cipher_suites")]["result"];
        let suites = lists.iter().filter_map(|list| result[*list].as_array());
        let names: BTreeSet<String> = suites
            .flatten()
            .filter_map(|suite| suite["cipher_suite"]["name"].as_str())
            .map(str::to_owned)
            .collect();
        if !names.is_empty() {
            found.insert(version.to_owned(), names);
        }
    }
    found
}

fn our_suites(site: &Value) -> Suites {
    let mut found = Suites::new();
    for suite in site["suites"].as_array().into_iter().flatten() {
        let text = |name: &str| suite[name].as_str().expect("a text").to_owned();
        found
            .entry(text("version"))
            .or_default()
            .insert(text("suite"));
    }
    found
}

/// Elliptic curves that both know; sslyze doesn't ask for hybrids and primes.
fn their_curves(scan: &Value) -> BTreeSet<String> {
    let curves = &scan["elliptic_curves"]["result"]["supported_curves"];
    let names = curves.as_array().into_iter().flatten();
    names
        .filter_map(|curve| curve["name"].as_str())
        .map(|name| match name {
            "X25519" => "x25519".to_owned(),
            "X448" => "x448".to_owned(),
            "prime256v1" => "secp256r1".to_owned(),
            "prime192v1" => "secp192r1".to_owned(),
            other => other.to_owned(),
        })
        .collect()
}

fn our_curves(site: &Value) -> BTreeSet<String> {
    let of = site["groups"].as_array().into_iter().flatten();
    let names = of.flat_map(|of| of["groups"].as_array().into_iter().flatten());
    names
        .filter_map(Value::as_str)
        .filter(|name| !name.contains("MLKEM") && !name.starts_with("ffdhe"))
        .map(|name| name.trim_end_matches("tls13").to_owned())
        .collect()
}

/// Both scanners on one server.
async fn compared(ground: &Ground, port: u16) -> Value {
    let (site, scan) = (ours(ground, port).await, theirs(ground, port).await);
    let found = their_suites(&scan, &["accepted_cipher_suites"]);
    // A few suites of OpenSSL sslyze has no name for: ours may find those, too.
    let asked = their_suites(&scan, &["accepted_cipher_suites", "rejected_cipher_suites"]);
    let mut ours = our_suites(&site);
    for (version, suites) in &mut ours {
        let asked = asked.get(version);
        suites.retain(|suite| asked.is_some_and(|asked| asked.contains(suite)));
    }
    assert_eq!(ours, found, "suites: {site:#}");
    assert_eq!(our_curves(&site), their_curves(&scan), "curves: {site:#}");
    let compresses = &scan["tls_compression"]["result"]["supports_compression"];
    if site["compression"] != "unknown" {
        assert_eq!(site["compression"] == "yes", *compresses == true);
    }
    let deployments = &scan["certificate_info"]["result"]["certificate_deployments"];
    let trusted = deployments
        .as_array()
        .into_iter()
        .flatten()
        .all(|deployment| {
            let stores = deployment["path_validation_results"].as_array();
            let mut stores = stores.into_iter().flatten();
            stores.any(|store| store["was_validation_successful"] == true)
        });
    let chains = site["chains"].as_array().expect("chains");
    let none = |chain: &Value| chain["problems"].as_array().is_some_and(Vec::is_empty);
    let sound = chains.iter().all(none);
    assert_eq!(sound, trusted, "trust: {chains:#?} {deployments:#}");
    site
}

#[tokio::test]
async fn our_edge_is_to_sslyze_what_it_is_to_us() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[("localhost", &upstream.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    let site = compared(&ground, gateway.port()).await;
    assert_eq!(site["grade"], "A+", "{site:#}");
    for (flag, member) in [
        ("-tls1_2", "resumption_tls12"),
        ("-tls1_3", "resumption_tls13"),
    ] {
        let resumes = openssl_resumes(&ground, gateway.port(), flag).await;
        assert_eq!(site[member] == "yes", resumes, "{member}");
    }
    gateway.stop().await;
}

/// Whether OpenSSL resumes a session there. sslyze asks for session ids, which each of
/// our workers knows its own of; everybody's tickets are good with all.
async fn openssl_resumes(ground: &Ground, port: u16, version: &str) -> bool {
    let session = ground.path(&format!("session{version}"));
    let mut said = String::new();
    for flag in ["-sess_out", "-sess_in"] {
        let mut openssl = command("openssl");
        openssl
            .args([
                "s_client",
                "-connect",
                &format!("localhost:{port}"),
                version,
                flag,
            ])
            .arg(&session)
            .args(["-servername", "localhost", "-ign_eof"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut client = openssl.spawn().expect("openssl starts");
        let mut input = client.stdin.take().expect("a pipe");
        // The answer comes behind the ticket, and its end ends the client.
        let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        input.write_all(request).await.expect("it is open");
        let done = in_time("openssl ends", client.wait_with_output()).await;
        said = String::from_utf8_lossy(&done.expect("it ran").stdout).into_owned();
    }
    said.contains("Reused, TLSv1")
}

#[tokio::test]
async fn bad_servers_are_to_sslyze_what_they_are_to_us_and_get_their_grades() {
    let ground = Ground::new();
    for bad in Bad::ALL {
        let nginx = Nginx::start(&ground, *bad).await;
        let site = compared(&ground, nginx.port).await;
        let rules: Vec<_> = site["rules"].as_array().expect("rules").iter().collect();
        assert_eq!(site["grade"], bad.grade(), "{bad:?} {rules:?}");
        for rule in bad.rules() {
            assert!(
                rules.iter().any(|it| *it == rule),
                "{bad:?}: {rule} in {rules:?}"
            );
        }
        let problems = &site["chains"][0]["problems"];
        let problems: Vec<_> = problems.as_array().expect("problems").iter().collect();
        assert_eq!(problems, bad.problems(), "{bad:?}");
    }
}

/// How long testssl.sh may take for one server.
const SCAN: Duration = Duration::from_secs(900);

/// What testssl.sh says: `(id, finding)` of each line of its JSON.
async fn testssl(ground: &Ground, port: u16) -> Vec<(String, String)> {
    let out = ground.path(&format!("testssl-{port}.json"));
    let mut testssl = command("/usr/bin/testssl");
    testssl
        .args([
            "--warnings",
            "batch",
            "--nodns",
            "none",
            "--quiet",
            "--color",
            "0",
        ])
        .args(["--ip", "127.0.0.1", "-p", "-E", "-f", "-S", "--add-ca"])
        .arg(ground.ca())
        .arg("--jsonfile")
        .arg(&out)
        .arg(format!("https://localhost:{port}"));
    testssl.stdout(Stdio::piped()).stderr(Stdio::piped());
    // Longer than anything else may take here: it asks for each suite by itself.
    let done = tokio::time::timeout(SCAN, testssl.output()).await;
    let done = done
        .expect("testssl.sh ends")
        .expect("testssl.sh can be started");
    let text = std::fs::read_to_string(&out).unwrap_or_else(|_| panic!("{done:?}"));
    let lines: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let lines = lines.as_array().expect("a list").iter();
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    lines
        .map(|line| (text(line, "id"), text(line, "finding")))
        .collect()
}

/// Versions, suites and trust by both.
async fn compared_with_testssl(ground: &Ground, port: u16) {
    let (site, lines) = (ours(ground, port).await, testssl(ground, port).await);
    let find = |id: &str| {
        let found = lines.iter().find(|(name, _)| name == id);
        found.map_or("", |(_, finding)| finding.as_str())
    };
    let versions = [
        ("SSL 3.0", "SSLv3"),
        ("TLS 1.0", "TLS1"),
        ("TLS 1.1", "TLS1_1"),
        ("TLS 1.2", "TLS1_2"),
        ("TLS 1.3", "TLS1_3"),
    ];
    for (version, id) in versions {
        let spoken = site["versions"].as_array().expect("versions").iter();
        let mut ours = spoken.filter(|it| it["version"] == version);
        let ours = ours.any(|it| it["spoken"] == "yes");
        let theirs = find(id);
        assert!(!theirs.is_empty(), "{id}: {lines:#?}");
        assert_eq!(ours, theirs.starts_with("offered"), "{version}: {theirs}");
    }
    // `cipher-tls1_2_xc02f`: … with the name of IANA's registry at the end.
    let mut theirs = Suites::new();
    for (id, finding) in &lines {
        let version = match id
            .strip_prefix("cipher-")
            .and_then(|rest| rest.split("_x").next())
        {
            Some("tls1") => "TLS 1.0",
            Some("tls1_1") => "TLS 1.1",
            Some("tls1_2") => "TLS 1.2",
            Some("tls1_3") => "TLS 1.3",
            _ => continue,
        };
        let name = finding.split_whitespace().last().unwrap_or_default();
        let suites = theirs.entry(version.to_owned()).or_default();
        suites.insert(name.to_owned());
    }
    assert_eq!(our_suites(&site), theirs, "{lines:#?}");
    let trusted = find("cert_chain_of_trust");
    let problems = site["chains"][0]["problems"].as_array().expect("problems");
    let named = problems.iter().any(|problem| problem == "other-name");
    let sound = problems.is_empty() || (problems.len() == 1 && named);
    assert_eq!(
        sound,
        trusted.starts_with("passed"),
        "{problems:?} {trusted}"
    );
    assert_eq!(
        problems.iter().any(|problem| problem == "expired"),
        find("cert_expirationStatus").contains("expired"),
        "{lines:#?}"
    );
}

#[tokio::test]
#[ignore = "testssl.sh takes most of a minute: cargo xtask judges"]
async fn testssl_finds_of_our_edge_what_we_find() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[("localhost", &upstream.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    compared_with_testssl(&ground, gateway.port()).await;
    gateway.stop().await;
}

#[tokio::test]
#[ignore = "testssl.sh takes most of a minute for each: cargo xtask judges"]
async fn testssl_finds_of_bad_servers_what_we_find() {
    let ground = Ground::new();
    for bad in Bad::ALL {
        let nginx = Nginx::start(&ground, *bad).await;
        compared_with_testssl(&ground, nginx.port).await;
    }
}
