use terms::Clock;

use super::*;
use crate::{address::AddressPolicy, testing, tls::Trust, url::Scheme};

const STEP: Duration = Duration::from_secs(10);
/// 2026-11-23 and 2029-01-01; the tests' certificates live from 2026 to 2028.
const VALID: Micros = Micros(1_795_392_000_000_000);
const EXPIRED: Micros = Micros(1_861_920_000_000_000);

async fn scan(server: SocketAddr, host: &str, trust: Trust, at: Micros) -> TlsReport {
    let url = Url::root(Scheme::Https, host.parse().unwrap(), server.port());
    let entrance = Entrance {
        door: Some(Door::Tcp(AddressPolicy::Any.admit_address(server).unwrap())),
        ..Entrance::default()
    };
    let visitor = Visitor::new(Clock::manual(at), AddressPolicy::public(), trust);
    tls_scan(&visitor, &Rng::System, &url, &entrance, STEP)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_sound_server_is_reported_as_it_is() {
    let server = testing::handshaking(&["app.example", "192.0.2.7"]).await;
    let report = scan(server, "app.example", testing::trust(), VALID).await;
    for version in Version::ALL {
        let finding = report.version(version).unwrap();
        let accepted = matches!(finding, Finding::Accepted { .. });
        assert_eq!(
            accepted,
            version >= Version::Tls12,
            "{version}: {finding:?}"
        );
    }
    assert!(matches!(report.weak_suites, Finding::Refused { .. }));
    assert!(matches!(report.static_rsa, Finding::Refused { .. }));
    let certificate = report.certificate.as_ref().unwrap();
    assert_eq!(certificate.names, ["app.example", "192.0.2.7"]);
    assert!(
        certificate.issuer.contains("Test CA"),
        "{}",
        certificate.issuer
    );
    assert_eq!(
        certificate.not_before.to_string(),
        "2026-01-01T00:00:00.000000Z"
    );
    assert_eq!(
        certificate.not_after.to_string(),
        "2028-01-01T00:00:00.000000Z"
    );
    assert_eq!(certificate.chain_not_after, certificate.not_after);
    assert_eq!(
        (certificate.chain_length, certificate.problem.as_deref()),
        (2, None)
    );
    assert_eq!((report.at, report.address), (VALID, Some(server)));

    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<TlsReport>(&text).unwrap(), report);
    assert!(
        text.contains(r#""version":"tls13","finding":"accepted","cipher":"TLS13_"#),
        "{text}"
    );
}

#[tokio::test]
async fn a_certificate_that_does_not_verify_is_shown_with_the_reason() {
    let server = testing::handshaking(&["app.example"]).await;
    let check = async |host, trust, at, expected: &str| {
        let report = scan(server, host, trust, at).await;
        let problem = report.certificate.unwrap().problem.unwrap();
        assert!(problem.contains(expected), "{problem}");
    };
    check("app.example", testing::trust(), EXPIRED, "expired").await;
    check(
        "other.example",
        testing::trust(),
        VALID,
        "not valid for name",
    )
    .await;
    check("app.example", Trust::public(), VALID, "UnknownIssuer").await;
    check("app.example", Trust::nobody(), VALID, "UnknownIssuer").await;
}

#[tokio::test]
async fn an_old_server_has_its_versions_but_no_certificate_to_show() {
    let server = testing::openssl_server(&["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]).await;
    let report = scan(server.address, "localhost", Trust::public(), VALID).await;
    assert!(matches!(
        report.version(Version::Tls11),
        Some(Finding::Accepted { .. })
    ));
    assert!(matches!(
        report.version(Version::Tls12),
        Some(Finding::Refused { .. })
    ));
    assert_eq!(report.certificate, None);
    assert!(report.no_certificate.is_some());
}
