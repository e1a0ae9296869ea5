//! The access log through its life: rotated, moved, reloaded, restarted, too old; to
//! files, standard output and the journal. Nothing may be lost, so ids are counted.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    os::unix::net::UnixDatagram,
    path::Path,
    time::{Duration, UNIX_EPOCH},
};

use rustix::process::Signal;
use serde_json::Value;
use terms::Clock;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::Command,
};
use waarborg_it::{
    gateway::{Gateway, waarborg},
    ground::Ground,
    in_time,
    program::{command, finish, run},
    tools,
    upstream::Upstream,
};

const HOST: &str = "app.example.test";
const DAY: Duration = Duration::from_secs(86_400);
/// The least `rotate_size`.
const SIZE: usize = 1024 * 1024;

/// Asks so often over one connection, with all that a line can hold; gives the ids.
async fn ask(gateway: &Gateway, count: usize) -> Vec<String> {
    let (path, agent) = ("p".repeat(1000), "a".repeat(200));
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {HOST}\r\nUser-Agent: {agent}\r\n\r\n");
    let mut stream = gateway.tls(HOST).await;
    let (mut ids, mut bytes) = (Vec::new(), Vec::new());
    for _ in 0..count {
        stream
            .write_all(request.as_bytes())
            .await
            .expect("it is open");
        let (head, whole) = loop {
            if let Some(found) = head_and_length(&bytes)
                && found.1 <= bytes.len()
            {
                break found;
            }
            let read = in_time("the answer comes", stream.read_buf(&mut bytes)).await;
            assert!(read.is_ok_and(|count| count > 0), "it is whole");
        };
        bytes.drain(..whole);
        ids.push(field(&head, "x-request-id").expect("an id"));
    }
    ids
}

/// The head at the beginning, and how long head and body are together.
fn head_and_length(bytes: &[u8]) -> Option<(String, usize)> {
    let end = bytes.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(bytes.get(..end)?).into_owned();
    let length: usize = field(&head, "content-length")?.parse().ok()?;
    Some((head, end + length))
}

fn field(head: &str, wanted: &str) -> Option<String> {
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case(wanted)
            .then(|| value.trim().to_owned())
    })
}

/// How often each id stands in lines of the log.
fn count<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for line in lines {
        let line: Value = serde_json::from_str(line).expect("a whole line of JSON");
        let id = line["id"].as_str().expect("an id").to_owned();
        *found.entry(id).or_default() += 1;
    }
    found
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the log's folder");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

/// The text of all files.
fn text(folder: &Path) -> String {
    let read = |name: String| fs::read_to_string(folder.join(name)).expect("a log file");
    files(folder).into_iter().map(read).collect()
}

fn all_once(found: &BTreeMap<String, usize>, asked: &[String]) {
    for id in asked {
        assert_eq!(found.get(id), Some(&1), "{id}, one of {}", asked.len());
    }
}

/// Replaces the file and waits until it is in force.
async fn reload(ground: &Ground, gateway: &Gateway, text: &str) {
    let before = gateway.program.lines();
    ground.replace(gateway.config(), text);
    gateway.program.signal(Signal::HUP);
    let line = "the configuration was reloaded";
    gateway.program.line_after(before, line).await;
}

/// No drill of the server's own comes in between.
fn track(keys: &str) -> String {
    format!("[track]\n{keys}\n[prover]\nperiod = \"7d\"\n")
}

#[tokio::test]
async fn no_record_is_lost_over_rotation_reload_and_restart() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let sites = [(HOST, upstream.url())];
    let sites = sites.each_ref().map(|(host, url)| (*host, url.as_str()));
    let config = ground.configure(&sites, &track("rotate_size = \"1MiB\""));
    let gateway = Gateway::serve(&ground, &config).await;
    let mut asked = ask(&gateway, 500).await;
    // Reloads while requests are under way, one of which moves the log and back.
    let reloads = async {
        let moved = "rotate_size = \"1MiB\"\nlog_dir = \"elsewhere\"";
        for keys in ["rotate_size = \"2MiB\"", moved, "rotate_size = \"1MiB\""] {
            reload(
                &ground,
                &gateway,
                &ground.configuration(&sites, &track(keys)),
            )
            .await;
        }
    };
    let (under_way, ()) = tokio::join!(ask(&gateway, 500), reloads);
    asked.extend(under_way);
    asked.extend(ask(&gateway, 500).await);
    gateway.stop().await;
    let mut gateway = Gateway::serve(&ground, &config).await;
    asked.extend(ask(&gateway, 500).await);
    // Killed it has kept what it was told to write; what it held in memory may be gone,
    // so the last ones are awaited.
    let folder = ground.path("data/log");
    let written = async {
        while !asked.last().is_some_and(|id| text(&folder).contains(id)) {
            tokio::task::yield_now().await;
        }
    };
    in_time("the last line is written", written).await;
    gateway.program.signal(Signal::KILL);
    // Its locks go with it.
    let _ = gateway.program.ended().await;
    let gateway = Gateway::serve(&ground, &config).await;
    asked.extend(ask(&gateway, 100).await);
    gateway.stop().await;

    let whole = text(&folder) + &text(&ground.path("elsewhere"));
    all_once(&count(whole.lines()), &asked);
    let names = files(&folder);
    assert!(names.len() > 2, "it was rotated: {names:?}");
    for name in names {
        let length = fs::metadata(folder.join(&name)).expect("it is there").len();
        // A file is closed before the next batch, so one batch may go beyond.
        assert!(length <= 2 * SIZE as u64, "{name} has {length} bytes");
    }
}

/// A log file of so many days ago, with one record.
fn old(folder: &Path, name: &str, days: u32, id: &str) {
    fs::create_dir_all(folder).expect("a writable folder");
    let path = folder.join(name);
    fs::write(&path, format!("{{\"id\":\"{id}\",\"trace\":\"{id}\"}}\n"))
        .expect("a writable folder");
    let now = UNIX_EPOCH + Duration::from_micros(Clock::System.now().0.unsigned_abs());
    let file = File::options()
        .append(true)
        .open(path)
        .expect("it is there");
    file.set_modified(now - DAY * days).expect("it is ours");
}

#[tokio::test]
async fn what_is_past_its_retention_goes_at_start_and_at_a_reload_and_yesterday_is_closed() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let folder = ground.path("data/log");
    let ids = ["1", "2", "3", "4"].map(|digit| digit.repeat(32));
    old(&folder, "access-20200101T000000000000Z.jsonl", 40, &ids[0]);
    old(&folder, "access-20200102T000000000000Z.jsonl", 20, &ids[1]);
    old(&folder, "access-20200103T000000000000Z.jsonl", 3, &ids[2]);
    old(&folder, "access.jsonl", 2, &ids[3]);
    let sites = [(HOST, upstream.url())];
    let sites = sites.each_ref().map(|(host, url)| (*host, url.as_str()));
    let config = ground.configure(&sites, &track(""));
    let gateway = Gateway::serve(&ground, &config).await;
    let found = async |id: &str| {
        let done = gateway.command(&ground, &["record", "find", id]).await;
        done.code == Some(0) && done.out.contains(id)
    };
    let mut there = Vec::new();
    for id in &ids {
        there.push(found(id).await);
    }
    assert_eq!(there, [false, true, true, true], "30 days by default");
    let current = fs::read_to_string(folder.join("access.jsonl")).expect("the log");
    assert!(
        !current.contains(&ids[3]),
        "the file of that day is closed: {current}"
    );

    // A shorter one counts at once, and takes whole files only.
    let shorter = ground.configuration(&sites, &track("retention = \"5d\""));
    reload(&ground, &gateway, &shorter).await;
    let gone = async { while found(&ids[1]).await {} };
    in_time("what is too old goes", gone).await;
    assert!(found(&ids[2]).await && found(&ids[3]).await);
    // And so does one that stands in no file yet: the current one, after two days of silence.
    gateway.stop().await;
    fs::remove_file(folder.join("access.jsonl")).expect("it is there");
    old(&folder, "access.jsonl", 6, &ids[0]);
    let gateway = Gateway::serve(&ground, &config).await;
    assert!(!text(&folder).contains(&ids[0]), "{:?}", files(&folder));
    gateway.stop().await;
}

#[tokio::test]
async fn lines_go_to_standard_output_and_the_drill_finds_what_was_handed_over() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let sites = [(HOST, upstream.url())];
    let sites = sites.each_ref().map(|(host, url)| (*host, url.as_str()));
    let stdout = "[track]\naccess_log = \"stdout\"\n";
    let config = ground.configure(&sites, stdout);
    let gateway = Gateway::serve(&ground, &config).await;
    let mut asked = ask(&gateway, 20).await;
    for id in &asked {
        let line = gateway.program.line(&format!("\"id\":\"{id}\"")).await;
        assert!(line.starts_with("{\"time\":\""), "{line}");
    }
    let found = gateway
        .command(&ground, &["record", "find", &asked[0]])
        .await;
    assert!(found.good().out.contains(&asked[0]));
    let unknown = gateway
        .command(&ground, &["record", "find", &"a".repeat(32)])
        .await;
    assert_eq!(unknown.code, Some(1), "{}", unknown.out);

    let (_, proved) = gateway.prove_only(&ground, &["track"]).await;
    assert_eq!(
        proved.verdict("track"),
        "pass",
        "{:#}",
        proved.report("track")
    );
    let said = gateway.said_of(HOST, "track").await;
    assert_eq!(said["state"], "green", "{said:#}");
    let sentence = said["sentence"].as_str().expect("a sentence");
    // No more than was shown: where the lines end up, and for how long, isn't known here.
    assert!(
        sentence.contains("written to the program’s output"),
        "{sentence}"
    );
    assert!(!sentence.contains("found its own trace"), "{sentence}");
    assert!(!sentence.contains("kept for"), "{sentence}");

    // To files and back, while requests are under way.
    let reloads = async {
        for keys in ["[track]\n", stdout] {
            reload(&ground, &gateway, &ground.configuration(&sites, keys)).await;
        }
    };
    let (under_way, ()) = tokio::join!(ask(&gateway, 400), reloads);
    asked.extend(under_way);
    let last = asked.last().expect("some were asked").clone();
    let folder = ground.path("data/log");
    let everywhere = || gateway.program.said() + "\n" + &text(&folder);
    let written = async {
        while !everywhere().contains(&last) {
            tokio::task::yield_now().await;
        }
    };
    in_time("the last line is written", written).await;
    let whole = everywhere();
    all_once(
        &count(whole.lines().filter(|line| line.starts_with("{\"time\""))),
        &asked,
    );
    gateway.stop().await;
}

/// The binary in a mount namespace of its own, which neither the machine nor another
/// test notices, after `mounts`: a shell's commands about `folder`, which is `$1`.
fn apart(ground: &Ground, mounts: &str, folder: &Path, arguments: &[&str]) -> Command {
    let mut inner = command("unshare");
    inner
        .args(["--mount", "--map-root-user", "sh", "-ec"])
        .arg(format!("{mounts}; shift; exec \"$@\""))
        .arg("sh")
        .arg(folder)
        .arg(tools::waarborg())
        .args(arguments)
        .env("SSL_CERT_FILE", ground.ca())
        .env_remove("WAARBORG_LOG");
    inner
}

/// Where `/run/systemd/journal` is a folder of the test.
fn with_journal(ground: &Ground, folder: &Path, arguments: &[&str]) -> Command {
    let mounts = "mount -t tmpfs none /run; mkdir -p /run/systemd/journal; \
                  mount --bind \"$1\" /run/systemd/journal";
    apart(ground, mounts, folder, arguments)
}

#[tokio::test]
async fn a_disk_that_is_full_loses_counted_lines_and_none_after_it_has_room_again() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let folder = ground.path("small");
    fs::create_dir(&folder).expect("a writable folder");
    let config = ground.configure(&[(HOST, &upstream.url())], &track("log_dir = \"small\""));
    // 512 KiB, of which a file that can go leaves 32: the drills write there, too.
    let mounts =
        "mount -t tmpfs -o size=512k none \"$1\"; head -c 491520 /dev/zero > \"$1/filler\"";
    let serve = apart(&ground, mounts, &folder, &["serve"]);
    let gateway = Gateway::started(&ground, &config, serve).await;
    let inside = Path::new("/proc").join(gateway.program.id().to_string());
    let inside = inside
        .join("root")
        .join(folder.strip_prefix("/").expect("an absolute path"));
    ask(&gateway, 60).await;
    gateway.program.line("access log lines were lost").await;
    fs::remove_file(inside.join("filler")).expect("it was there");
    let asked = ask(&gateway, 10).await;
    let read = || fs::read_to_string(inside.join("access.jsonl")).expect("the log");
    let written = async {
        while !asked.last().is_some_and(|id| read().contains(id)) {
            tokio::task::yield_now().await;
        }
    };
    in_time("the last line is written", written).await;
    // Lines that had no room may be there in half; none is once there was room.
    let whole = read();
    let torn = whole.lines().rev().position(|line| !line.ends_with('}'));
    let first = asked.first().expect("they were asked");
    let since = whole.lines().rev().position(|line| line.contains(first));
    assert!(torn.is_none_or(|torn| Some(torn) > since), "{whole}");
    let lines = whole.lines().filter(|line| line.ends_with('}'));
    all_once(&count(lines), &asked);
    gateway.stop().await;
}

#[tokio::test]
async fn lines_go_to_the_journal_one_entry_each() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let folder = ground.path("journal");
    fs::create_dir(&folder).expect("a writable folder");
    let config = ground.configure(
        &[(HOST, &upstream.url())],
        "[track]\naccess_log = \"journald\"\n",
    );
    // Without a journal it says so and doesn't start.
    let mut serve = with_journal(&ground, &folder, &["serve"]);
    serve.arg("--config").arg(&config);
    let refused = finish(serve).await;
    assert_eq!(refused.code, Some(1), "{}{}", refused.out, refused.err);
    assert!(refused.err.contains("journal"), "{}", refused.err);

    let journal = UnixDatagram::bind(folder.join("socket")).expect("a socket");
    journal
        .set_read_timeout(Some(waarborg_it::PATIENCE))
        .expect("a timeout");
    let (sender, mut entries) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let mut entry = vec![0; 1 << 16];
        while let Ok(length) = journal.recv(&mut entry) {
            let text =
                String::from_utf8_lossy(entry.get(..length).unwrap_or_default()).into_owned();
            if sender.send(text).is_err() {
                return;
            }
        }
    });
    let serve = with_journal(&ground, &folder, &["serve"]);
    let gateway = Gateway::started(&ground, &config, serve).await;
    let asked = ask(&gateway, 50).await;
    let mut lines = Vec::new();
    while !lines
        .last()
        .is_some_and(|line: &String| asked.last().is_some_and(|id| line.contains(id)))
    {
        let entry = in_time("an entry comes", entries.recv())
            .await
            .expect("it listens");
        let fields: Vec<&str> = entry.lines().collect();
        let ["SYSLOG_IDENTIFIER=waarborg", "PRIORITY=6", message] = fields[..] else {
            panic!("{entry}")
        };
        lines.push(
            message
                .strip_prefix("MESSAGE=")
                .expect("a message")
                .to_owned(),
        );
    }
    all_once(&count(lines.iter().map(String::as_str)), &asked);
    let (_, proved) = gateway.prove_only(&ground, &["track"]).await;
    assert_eq!(
        proved.verdict("track"),
        "pass",
        "{:#}",
        proved.report("track")
    );
    let said = gateway.said_of(HOST, "track").await;
    let sentence = said["sentence"].as_str().expect("a sentence");
    assert!(
        sentence.contains("handed to the system journal"),
        "{sentence}"
    );
    gateway.stop().await;
}

#[tokio::test]
async fn an_anonymous_route_leaves_no_address_anywhere_served_or_refused() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let text = ground.configuration(&[(HOST, &upstream.url())], "");
    let route = format!("\n[[site.\"{HOST}\".routes]]\npath = \"/quiet\"\nanonymous = true\n");
    let config = ground.write("waarborg.toml", &(text + &route));
    let mut serve = waarborg(&ground, &["serve"]);
    serve.env("WAARBORG_LOG", "debug");
    let gateway = Gateway::started(&ground, &config, serve).await;
    let from = async |address: &str, path: &str| {
        let url = format!("https://{HOST}{path}");
        for more in [
            &["--http1.1"][..],
            &["--http2"],
            &["--http1.1", "-X", "TRACE"],
        ] {
            let asked = ["--interface", address, "-o", "/dev/null", &url];
            gateway.curl(&[&asked, more].concat()).await.good();
        }
    };
    from("127.0.0.77", "/quiet").await;
    from("127.0.0.77", "/quiet/below?x=1").await;
    from("127.0.0.78", "/loud").await;
    let (code, proved) = gateway.prove(&ground).await;
    assert_eq!(code, Some(0), "{:#}", proved.0);
    let metrics = gateway.operation("/metrics").await.1;
    let said = gateway.program.said();
    let trust = gateway.get(HOST, "/-/security.json").await.body;
    gateway.stop().await;
    let mut places = vec![
        ("metrics".to_owned(), metrics.into_bytes()),
        ("output".to_owned(), said.into_bytes()),
        ("trust page".to_owned(), trust.to_vec()),
    ];
    let mut folders = vec![ground.path("data")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                let bytes = fs::read(&path).expect("a file");
                places.push((path.display().to_string(), bytes));
            }
        }
    }
    let holds = |address: &[u8]| -> Vec<&str> {
        let holding = places
            .iter()
            .filter(|(_, bytes)| bytes.windows(address.len()).any(|part| part == address));
        holding.map(|(name, _)| name.as_str()).collect()
    };
    assert_eq!(holds(b"127.0.0.77"), [""; 0]);
    let loud = holds(b"127.0.0.78");
    assert!(
        loud.iter().any(|name| name.ends_with("access.jsonl")),
        "{loud:?}"
    );
}

#[tokio::test]
async fn rows_of_the_store_go_after_400_days_and_the_ledger_still_verifies() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    gateway.prove_only(&ground, &["hsts"]).await;
    gateway.prove_only(&ground, &["hsts"]).await;
    gateway.stop().await;
    let sqlite = async |sql: &str| {
        let script = "import sqlite3, sys\n\
                      store = sqlite3.connect(sys.argv[1])\n\
                      print(store.execute(sys.argv[2]).fetchall())\n\
                      store.commit()\n\
                      store.close()\n";
        let file = ground
            .path("data/store.sqlite")
            .to_string_lossy()
            .into_owned();
        run(tools::python("python"), &["-c", script, &file, sql])
            .await
            .good()
            .out
    };
    let days = Clock::System.now().0 - 401 * 86_400 * 1_000_000;
    let aged = format!(
        "UPDATE drill_run SET at = {days} WHERE run = (SELECT run FROM drill_run WHERE promise = 'hsts' ORDER BY at LIMIT 1) RETURNING run"
    );
    let aged = sqlite(&aged).await;
    assert!(aged.len() > 4, "some rows are old now: {aged}");
    let count = "SELECT count(*) FROM drill_run WHERE at < 1700000000000000 OR at = ";
    let count = format!("{count}{days}");
    assert_ne!(sqlite(&count).await.trim(), "[(0,)]");

    let gateway = Gateway::serve(&ground, &config).await;
    gateway
        .program
        .line("rows that were too old were removed")
        .await;
    gateway.command(&ground, &["ledger", "verify"]).await.good();
    gateway.stop().await;
    assert_eq!(sqlite(&count).await.trim(), "[(0,)]");
    let audited = sqlite("SELECT actor FROM audit WHERE actor LIKE '%retention%'").await;
    assert!(
        audited.contains("retention"),
        "its going is in the audit trail: {audited}"
    );
}
