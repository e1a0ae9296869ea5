//! The CA against three judges: webpki (through rustls), OpenSSL and curl.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::IpAddr,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Stdio},
};

use rcgen::SanType;
use tempfile::TempDir;

use super::*;

/// 2026-11-23T00:00:00Z.
const NOW: Micros = Micros(1_795_392_000_000_000);

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn open(dir: &TempDir, clock: &Clock) -> Result<Ca, CaError> {
    Ca::open_or_create(dir.path(), clock, &Rng::counted())
}

fn fresh(dir: &TempDir) -> Ca {
    open(dir, &Clock::System).expect("a new CA")
}

fn refused(dir: &TempDir, clock: &Clock) -> CaError {
    open(dir, clock).map(|_| ()).expect_err("refused")
}

/// A leaf that the product would never issue, signed by the same CA.
fn foreign_leaf(ca: &Ca, san: SanType) -> CertificateDer<'static> {
    let mut params = CertificateParams::default();
    params.distinguished_name = named("whoever");
    params.subject_alt_names = vec![san];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let now = ca.clock.now();
    set_span(&mut params, now, now.after(DAY));
    let key = new_key().unwrap();
    params.signed_by(&key, &ca.issuer).unwrap().into()
}

fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

fn leaf_der(files: &LeafFiles) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(&files.certificate).unwrap()
}

#[test]
fn a_leaf_for_localhost_verifies_and_one_for_another_host_does_not() {
    let dir = folder();
    let ca = fresh(&dir);
    for name in ["localhost", "portal.localhost"] {
        let leaf = leaf_der(&ca.leaf(&[name]).unwrap());
        ca.verify(&leaf, &[name], ca.clock.now()).unwrap();
        ca.verify(&leaf, &["other.localhost"], ca.clock.now())
            .expect_err("another name");
    }
    let twin = foreign_leaf(&ca, dns("localhost"));
    ca.verify(&twin, &["localhost"], ca.clock.now()).unwrap();
    for name in ["example.com", "localhost.example.com", "notlocalhost"] {
        let leaf = foreign_leaf(&ca, dns(name));
        let error = ca.verify(&leaf, &[name], ca.clock.now()).unwrap_err();
        assert!(
            format!("{error:?}").contains("NameConstraintViolation"),
            "{name}: {error:?}"
        );
    }
}

#[test]
fn a_leaf_for_an_address_does_not_verify() {
    let dir = folder();
    let ca = fresh(&dir);
    for address in ["127.0.0.1", "192.0.2.7", "::1", "2001:db8::7"] {
        let san = SanType::IpAddress(address.parse::<IpAddr>().unwrap());
        let leaf = foreign_leaf(&ca, san);
        let error = ca.verify(&leaf, &[address], ca.clock.now()).unwrap_err();
        assert!(
            format!("{error:?}").contains("NameConstraintViolation"),
            "{address}: {error:?}"
        );
    }
}

#[test]
fn openssl_agrees_on_names_and_addresses() {
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("skipped: openssl isn't installed");
        return;
    }
    let dir = folder();
    let ca = fresh(&dir);
    let verify = |leaf: &Path| {
        let output = Command::new("openssl")
            .args(["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile"])
            .arg(ca.certificate())
            .arg(leaf)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), text)
    };
    for name in ["localhost", "portal.localhost"] {
        let (accepted, why) = verify(&ca.leaf(&[name]).unwrap().certificate);
        assert!(accepted, "{name}: {why}");
    }
    let path = dir.path().join("foreign.pem");
    let foreign = [
        (dns("example.com"), "permitted subtree violation"),
        (
            SanType::IpAddress("127.0.0.1".parse().unwrap()),
            "excluded subtree violation",
        ),
        (
            SanType::IpAddress("2001:db8::7".parse().unwrap()),
            "excluded subtree violation",
        ),
    ];
    for (san, expected) in foreign {
        let leaf = foreign_leaf(&ca, san);
        let der = dir.path().join("foreign.der");
        fs::write(&der, &leaf).unwrap();
        let converted = Command::new("openssl")
            .args(["x509", "-inform", "DER", "-in"])
            .arg(&der)
            .arg("-out")
            .arg(&path)
            .status()
            .unwrap();
        assert!(converted.success());
        let (accepted, why) = verify(&path);
        assert!(!accepted, "{expected}");
        assert!(why.contains(expected), "{why}");
    }
}

#[test]
fn curl_accepts_the_leaf_and_refuses_it_under_another_name() {
    let absent = |tool: &str| Command::new(tool).arg("--version").output().is_err();
    if absent("openssl") || absent("curl") {
        eprintln!("skipped: openssl or curl isn't installed");
        return;
    }
    let dir = folder();
    let ca = fresh(&dir);
    let files = ca.leaf(&["localhost"]).unwrap();
    let mut server = Command::new("openssl")
        .args(["s_server", "-www", "-accept", "127.0.0.1:0", "-cert"])
        .arg(&files.certificate)
        .arg("-key")
        .arg(&files.key)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let port = lines
        .find_map(|line| {
            let line = line.ok()?;
            let address = line.strip_prefix("ACCEPT ")?;
            address.rsplit(':').next().map(str::to_owned)
        })
        .expect("s_server says where it listens");
    let curl = |host: &str| {
        Command::new("curl")
            .args(["--silent", "--max-time", "10", "--output", "/dev/null"])
            .args(["--noproxy", "*", "--resolve"])
            .arg(format!("{host}:{port}:127.0.0.1"))
            .arg("--cacert")
            .arg(ca.certificate())
            .arg(format!("https://{host}:{port}/"))
            .status()
            .unwrap()
    };
    let (honest, foreign) = (curl("localhost"), curl("portal.localhost"));
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(honest.success(), "{honest}");
    assert_eq!(foreign.code(), Some(60), "certificate not accepted");
}

#[test]
fn files_are_for_the_owner_only_and_no_temporary_file_stays() {
    let dir = folder();
    fresh(&dir).leaf(&["localhost"]).unwrap();
    let mut names: Vec<String> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{:?}", entry.path());
            entry.file_name().into_string().unwrap()
        })
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["ca.key", "ca.pem", "localhost.key", "localhost.pem"]
    );
}

#[test]
fn opening_again_keeps_the_ca_and_its_leaf() {
    let dir = folder();
    let clock = Clock::manual(NOW);
    let first = open(&dir, &clock).unwrap().leaf(&["localhost"]).unwrap();
    let before = (
        fs::read(dir.path().join("ca.pem")).unwrap(),
        fs::read(&first.certificate).unwrap(),
    );
    clock.advance(DAY * 59);
    let second = open(&dir, &clock).unwrap().leaf(&["localhost"]).unwrap();
    let after = (
        fs::read(dir.path().join("ca.pem")).unwrap(),
        fs::read(&second.certificate).unwrap(),
    );
    assert_eq!(before, after);
}

#[test]
fn a_leaf_with_less_than_thirty_days_left_is_replaced() {
    let dir = folder();
    let clock = Clock::manual(NOW);
    let ca = open(&dir, &clock).unwrap();
    let old = leaf_der(&ca.leaf(&["localhost"]).unwrap());
    clock.advance(DAY * 61);
    let new = leaf_der(&ca.leaf(&["localhost"]).unwrap());
    assert_ne!(old, new);
    let later = clock.now().after(DAY * 89);
    ca.verify(&new, &["localhost"], later).unwrap();
}

#[test]
fn a_leaf_that_does_not_serve_is_replaced() {
    let dir = folder();
    let ca = fresh(&dir);
    let files = ca.leaf(&["localhost"]).unwrap();
    let check = |what: &str| {
        let again = ca.leaf(&["localhost"]).unwrap();
        let leaf = leaf_der(&again);
        let key = parse_key(&again.key, &fs::read_to_string(&again.key).unwrap()).unwrap();
        assert!(belong_together(&leaf, &key), "{what}");
    };
    fs::write(&files.certificate, "not a certificate").unwrap();
    check("a garbled certificate");
    fs::write(&files.key, new_key().unwrap().serialize_pem()).unwrap();
    check("another key");
    fs::remove_file(&files.key).unwrap();
    check("a lost key");
    let other = ca.leaf(&["portal.localhost"]).unwrap();
    fs::copy(&other.certificate, &files.certificate).unwrap();
    fs::copy(&other.key, &files.key).unwrap();
    check("another name");
    assert!(
        ca.verify(&leaf_der(&files), &["localhost"], ca.clock.now())
            .is_ok()
    );
}

#[test]
fn a_leaf_never_outlives_its_ca() {
    let dir = folder();
    let clock = Clock::manual(NOW);
    open(&dir, &clock).unwrap();
    clock.advance(DAY * 720);
    let ca = open(&dir, &clock).unwrap();
    let leaf = leaf_der(&ca.leaf(&["localhost"]).unwrap());
    ca.verify(&leaf, &["localhost"], clock.now().after(DAY * 9))
        .unwrap();
    ca.verify(&leaf, &["localhost"], clock.now().after(DAY * 11))
        .expect_err("beyond the CA's end");
}

#[test]
fn a_garbled_ca_file_is_reported_and_left_as_it_is() {
    for file in ["ca.pem", "ca.key"] {
        for garbage in [&b""[..], b"garbage", b"\xff\xfe\x00", &[b'A'; 100_000]] {
            let dir = folder();
            fresh(&dir);
            let path = dir.path().join(file);
            fs::write(&path, garbage).unwrap();
            let error = refused(&dir, &Clock::System);
            assert!(
                matches!(&error, CaError::Garbled { path: named, .. } if *named == path),
                "{error}"
            );
            assert_eq!(fs::read(&path).unwrap(), garbage);
        }
    }
}

#[test]
fn a_ca_without_its_key_or_with_another_is_refused() {
    let dir = folder();
    fresh(&dir);
    let key = dir.path().join("ca.key");
    fs::write(&key, new_key().unwrap().serialize_pem()).unwrap();
    assert!(matches!(
        refused(&dir, &Clock::System),
        CaError::OtherKey { .. }
    ));
    fs::remove_file(&key).unwrap();
    assert!(matches!(
        refused(&dir, &Clock::System),
        CaError::KeyMissing { .. }
    ));
    assert!(!key.exists(), "nothing was made");
}

#[test]
fn a_key_whose_certificate_was_never_written_gets_one() {
    let dir = folder();
    fresh(&dir);
    let key = fs::read(dir.path().join("ca.key")).unwrap();
    fs::remove_file(dir.path().join("ca.pem")).unwrap();
    fresh(&dir).leaf(&["localhost"]).unwrap();
    assert_eq!(fs::read(dir.path().join("ca.key")).unwrap(), key);
}

#[test]
fn a_ca_that_vouches_for_more_than_localhost_is_refused() {
    let dir = folder();
    fresh(&dir);
    let pem = fs::read_to_string(dir.path().join("ca.key")).unwrap();
    let key = KeyPair::from_pem(&pem).unwrap();
    let mut params = ca_params(Clock::System.now(), &Rng::counted());
    params.name_constraints = None;
    let wide = params.self_signed(&key).unwrap().pem();
    fs::write(dir.path().join("ca.pem"), &wide).unwrap();
    assert!(matches!(
        refused(&dir, &Clock::System),
        CaError::Garbled { .. }
    ));
    assert_eq!(fs::read_to_string(dir.path().join("ca.pem")).unwrap(), wide);
}

#[test]
fn a_ca_outside_of_its_time_is_refused() {
    let dir = folder();
    let clock = Clock::manual(NOW);
    open(&dir, &clock).unwrap();
    let before = fs::read(dir.path().join("ca.pem")).unwrap();
    let early = Clock::manual(Micros(NOW.0 - 7_200_000_000));
    assert!(matches!(refused(&dir, &early), CaError::NotYetValid { .. }));
    clock.advance(CA_LIFE);
    assert!(matches!(refused(&dir, &clock), CaError::Expired { .. }));
    assert_eq!(fs::read(dir.path().join("ca.pem")).unwrap(), before);
}

#[test]
fn only_names_at_or_below_localhost_get_a_leaf() {
    let dir = folder();
    let ca = fresh(&dir);
    for name in ["localhost", "portal.localhost", "a.b-1.localhost"] {
        assert!(ca.leaf(&[name]).is_ok(), "{name}");
    }
    let foreign = [
        "",
        "example.com",
        "notlocalhost",
        ".localhost",
        "*.localhost",
        "../localhost",
        "a/b.localhost",
        "Portal.localhost",
        "-a.localhost",
        "localhost.",
        "127.0.0.1",
    ];
    for name in foreign {
        assert!(
            matches!(
                ca.leaf(&["localhost", name]),
                Err(CaError::ForeignName { .. })
            ),
            "{name}"
        );
    }
    assert!(matches!(ca.leaf(&[]), Err(CaError::NoNames)));
    assert!(matches!(
        ca.leaf(&["localhost"; 9]),
        Err(CaError::TooManyNames { count: 9 })
    ));
}
