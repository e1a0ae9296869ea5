use std::collections::HashMap;

use seam::{
    prebuilt::Prebuilt,
    record::{self, Outcome, Record, Texts, Version},
    snapshot::{Certificates, Limits, Snapshot},
};
use terms::{AddressKeeping, RequestId};

use super::*;

fn snapshot() -> Arc<SnapshotCell> {
    Arc::new(SnapshotCell::new(Snapshot {
        generation: 0,
        sites: Box::default(),
        hosts: HashMap::new(),
        prefix: "/-/".into(),
        certificates: Certificates::default(),
        upstream_tls: None,
        prebuilt: Arc::new(Prebuilt::default()),
        limits: Limits::default(),
        hsts: Default::default(),
        trusted_proxies: Default::default(),
        admin_networks: None,
        block: Default::default(),
        throttle: Default::default(),
        csrf: Default::default(),
        weakness_pages: 0,
        addresses: AddressKeeping::Whole,
        public_port: 443,
        portal: None,
    }))
}

fn track(folder: &std::path::Path) -> Track {
    Track {
        access_log: AccessLog::File,
        log_dir: folder.to_owned(),
        rotate_bytes: 1024,
        retention: Duration::from_secs(86_400),
        addresses: AddressKeeping::Whole,
    }
}

fn record(n: u8) -> Record {
    let mut record = Record::new(
        Micros(1),
        RequestId([n; 16]),
        [n ^ 0x80; 16],
        Version::Http2,
    );
    record.status = 200;
    record.outcome = Outcome::Served;
    record
}

#[tokio::test]
async fn a_recorded_request_is_found_by_id_and_by_trace() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Micros(0));
    let (_track, seen) = watch::channel(track(folder.path()));
    let (recent, tallies) = (Arc::default(), Arc::default());
    let writer = Writer::open(
        seen,
        recent,
        snapshot(),
        tallies,
        Arc::default(),
        clock,
        Company::None,
    )
    .unwrap();
    let (mut recorder, records) = record::channel();
    let texts = Texts {
        method: "GET",
        host: "app.example",
        path: "/a\"b\n\"id\":\"02020202020202020202020202020202\"",
        agent: b"agent \xff",
        rule: b"",
    };
    assert!(recorder.record(record(1), texts));
    recorder.flush();
    drop(recorder);
    writer.run(vec![records], mpsc::channel(1).1).await;
    for wanted in [[1; 16], [0x81; 16]] {
        let lines = find(folder.path(), RequestId(wanted), 10).unwrap();
        assert_eq!(lines.len(), 1);
        let line: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(line["status"], 200);
        assert_eq!(line["path"], texts.path);
    }
    assert!(
        find(folder.path(), RequestId([2; 16]), 10)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn files_rotate_by_size_and_by_day_and_old_ones_go() {
    let folder = tempfile::tempdir().unwrap();
    let now = Clock::System.now();
    let mut files = LogFiles::open(
        folder.path().to_owned(),
        100,
        Duration::from_secs(3600),
        now,
        Company::None,
    )
    .unwrap();
    let line = [b'x'; 99].into_iter().chain([b'\n']).collect::<Vec<_>>();
    files.append(&line, now).unwrap();
    files
        .append(&line, now.after(Duration::from_secs(1)))
        .unwrap();
    assert_eq!(files::closed(folder.path()).len(), 1, "by size");
    files
        .append(b"y\n", now.after(Duration::from_secs(86_400)))
        .unwrap();
    assert_eq!(
        files::closed(folder.path()).len(),
        0,
        "the retention of an hour has passed for both"
    );
    assert_eq!(
        std::fs::read(folder.path().join("access.jsonl")).unwrap(),
        b"y\n"
    );
}

#[test]
fn a_line_that_a_crash_cut_off_does_not_swallow_the_next() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("access.jsonl"), b"{\"half").unwrap();
    let now = Clock::System.now();
    let mut files = LogFiles::open(
        folder.path().to_owned(),
        1 << 20,
        Duration::from_secs(3600),
        now,
        Company::None,
    )
    .unwrap();
    files.append(b"{}\n", now).unwrap();
    assert_eq!(
        std::fs::read(folder.path().join("access.jsonl")).unwrap(),
        b"{\"half\n{}\n"
    );
}

#[test]
fn the_journal_gets_one_entry_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listening = UnixDatagram::bind(&path).unwrap();
    let socket = journal(path.to_str().unwrap()).unwrap();
    send(&socket, b"{\"a\":1}\n{\"b\":2}\n").unwrap();
    let mut entry = [0; 256];
    let count = listening.recv(&mut entry).unwrap();
    assert_eq!(
        &entry[..count],
        b"SYSLOG_IDENTIFIER=waarborg\nPRIORITY=6\nMESSAGE={\"a\":1}\n"
    );
}

#[test]
fn two_processes_lose_no_line_while_one_of_them_rotates() {
    let folder = tempfile::tempdir().unwrap();
    let mut now = Clock::System.now();
    let open = |company| {
        let (path, hour) = (folder.path().to_owned(), Duration::from_secs(3600));
        LogFiles::open(path, 64, hour, now, company).unwrap()
    };
    let mut old = open(Company::None);
    old.append(b"0\n", now).unwrap();
    old.share(true).unwrap();
    let mut new = open(Company::Predecessor);
    for line in 1..200 {
        now = now.after(Duration::from_secs(1));
        let files = if line % 2 == 0 { &mut old } else { &mut new };
        files.append(format!("{line}\n").as_bytes(), now).unwrap();
    }
    assert!(files::closed(folder.path()).len() > 3, "it was rotated");
    let mut lines = Vec::new();
    for file in files::newest_first(folder.path()) {
        let text = std::fs::read_to_string(file).unwrap();
        lines.extend(text.lines().map(|line| line.parse::<u32>().unwrap()));
    }
    lines.sort_unstable();
    assert_eq!(lines, (0..200).collect::<Vec<_>>());

    // Should the new one fail, the old one rotates again.
    drop(new);
    old.share(false).unwrap();
    let before = files::closed(folder.path()).len();
    for second in 0..64 {
        old.append(b"y\n", now.after(Duration::from_secs(second)))
            .unwrap();
    }
    assert!(files::closed(folder.path()).len() > before);
}

#[test]
fn a_line_that_another_process_is_writing_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let current = folder.path().join("access.jsonl");
    std::fs::write(&current, b"{\"half").unwrap();
    let (path, hour) = (folder.path().to_owned(), Duration::from_secs(3600));
    let now = Clock::System.now();
    LogFiles::open(path, 1 << 20, hour, now, Company::Predecessor).unwrap();
    assert_eq!(std::fs::read(current).unwrap(), b"{\"half");
}
