use std::{fs, path::Path};

use config::SmtpSecurity;
use proptest::prelude::*;
use serde_json::json;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::{
    testing::{SmtpServer, plain_config},
    *,
};

fn message() -> Message {
    Message {
        to: Secret::new("ann@example.com".to_owned()),
        subject: "Größe der Platte: 97 % voll".to_owned(),
        text: Secret::new("Grüße\n.\nund Schluss".to_owned()),
        message_id: "<ab12@example.com>".to_owned(),
        in_reply_to: None,
        date: Micros(1_795_392_000_000_000),
    }
}

fn mailer(mail: &config::Mail) -> Mailer {
    Mailer::new(mail, Clock::System).unwrap()
}

struct Certificate {
    folder: tempfile::TempDir,
    pem: Vec<u8>,
}

/// A self-signed certificate for `name`, with its key, as files.
fn certificate(name: &str) -> Certificate {
    let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let pem = made.cert.pem();
    fs::write(folder.path().join("certificate.pem"), &pem).unwrap();
    let key = made.signing_key.serialize_pem();
    fs::write(folder.path().join("key.pem"), key).unwrap();
    Certificate {
        folder,
        pem: pem.into_bytes(),
    }
}

impl Certificate {
    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn server(&self, how: &str) -> SmtpServer {
        SmtpServer::start(json!({
            "tls": how,
            "certificate": self.file("certificate.pem"),
            "key": self.file("key.pem"),
        }))
        .await
    }

    fn trusted(&self) -> Option<(PathBuf, Vec<u8>)> {
        Some((self.file("certificate.pem"), self.pem.clone()))
    }
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_meant() {
    let mut server = SmtpServer::plain().await;
    let mut sent = message();
    sent.in_reply_to = Some("<cd34@example.com>".to_owned());
    mailer(&server.config()).send(&sent).await.unwrap();
    let got = server.next().await;
    assert_eq!(got.from, "waarborg@example.com");
    assert_eq!(got.to, ["ann@example.com"]);
    for (name, value) in [
        ("From", "waarborg@example.com"),
        ("To", "ann@example.com"),
        ("Subject", "Größe der Platte: 97 % voll"),
        ("Message-ID", "<ab12@example.com>"),
        ("In-Reply-To", "<cd34@example.com>"),
        ("References", "<cd34@example.com>"),
        ("Auto-Submitted", "auto-generated"),
        ("Date", "Mon, 23 Nov 2026 00:00:00 +0000"),
        ("MIME-Version", "1.0"),
        ("Content-Type", "text/plain; charset=\"utf-8\""),
    ] {
        assert_eq!(got.header(name), value);
    }
    assert_eq!(
        got.text.trim_end().replace("\r\n", "\n"),
        sent.text.expose().as_str()
    );
    assert!(!got.encrypted && got.bare_ends == 0 && got.longest_line < 998);
}

#[tokio::test]
async fn nothing_in_a_mail_becomes_a_field_a_recipient_or_a_command() {
    let mut server = SmtpServer::plain().await;
    let mailer = mailer(&server.config());
    for evil in [
        "\r\nBcc: eve@example.com",
        "\nBcc: eve@example.com",
        "\r\n.\r\nRCPT TO:<eve@example.com>\r\n",
        "=?utf-8?q?=0D=0ABcc:_eve@example.com?=",
    ] {
        let mut sent = message();
        sent.subject = format!("a{evil}");
        sent.text = Secret::new(format!("a{evil}\r.\r{evil}"));
        mailer.send(&sent).await.unwrap();
        let got = server.next().await;
        assert_eq!(got.to, ["ann@example.com"]);
        assert!(got.headers.iter().all(|(name, _)| name != "Bcc"), "{got:?}");
        assert!(!got.header("Subject").contains(['\r', '\n']));
        assert_eq!(got.bare_ends, 0);

        let mut sent = message();
        sent.to = Secret::new(format!("ann@example.com{evil}"));
        assert_eq!(
            mailer.send(&sent).await,
            Err(SendError::Unwritable("recipient"))
        );
        let mut sent = message();
        sent.message_id = format!("<a@b{evil}>");
        assert_eq!(
            mailer.send(&sent).await,
            Err(SendError::Unwritable("Message-ID"))
        );
    }
    mailer.send(&message()).await.unwrap();
    assert_eq!(
        server.next().await.header("Message-ID"),
        "<ab12@example.com>"
    );
}

#[tokio::test]
async fn answers_tell_whether_to_try_again() {
    let answers = [
        "451 4.7.1 ann@example.com comes too often",
        "550 5.1.1 <ann@example.com>: Ann unknown",
    ];
    let mut server = SmtpServer::start(json!({ "answers": answers })).await;
    let mailer = mailer(&server.config());
    let later = mailer.send(&message()).await.unwrap_err();
    assert!(
        matches!(later, SendError::Later { .. }) && !later.is_permanent(),
        "{later}"
    );
    let refused = mailer.send(&message()).await.unwrap_err();
    assert!(
        matches!(refused, SendError::Refused { .. }) && refused.is_permanent(),
        "{refused}"
    );
    for error in [later, refused] {
        let told = error.to_string();
        assert!(told.contains("451") || told.contains("550"), "{told}");
        assert!(
            !told.to_lowercase().contains("ann@") && !told.contains("Ann"),
            "{told}"
        );
        assert!(!error.is_unreachable());
    }
    mailer.send(&message()).await.unwrap();
    let ids: Vec<_> = [
        server.next().await,
        server.next().await,
        server.next().await,
    ]
    .iter()
    .map(|got| got.header("Message-ID").to_owned())
    .collect();
    assert_eq!(ids, ["<ab12@example.com>"; 3]);
}

#[tokio::test]
async fn encrypted_mail_goes_to_the_server_whose_certificate_is_trusted_and_to_no_other() {
    let ours = certificate("localhost");
    for (how, security) in [
        ("implicit", SmtpSecurity::Tls),
        ("starttls", SmtpSecurity::StartTls),
    ] {
        let mut server = ours.server(how).await;
        let mut mail = server.config();
        mail.host = "localhost".to_owned();
        mail.security = security;
        mail.ca = ours.trusted();
        mailer(&mail).reach().await.unwrap();
        mailer(&mail).send(&message()).await.unwrap();
        assert!(server.next().await.encrypted);

        let mut other_name = mail.clone();
        other_name.host = "127.0.0.1".to_owned();
        let mut public = mail.clone();
        public.ca = None;
        let mut stranger = mail.clone();
        stranger.ca = certificate("localhost").trusted();
        for wrong in [other_name, public, stranger] {
            let error = mailer(&wrong).send(&message()).await.unwrap_err();
            assert!(
                matches!(
                    error,
                    SendError::Unreachable {
                        doing: "the TLS handshake",
                        ..
                    }
                ),
                "{error}"
            );
        }
    }
}

#[tokio::test]
async fn without_encryption_mail_leaves_to_this_machine_only() {
    let server = SmtpServer::plain().await;
    for host in ["127.0.0.1", "localhost"] {
        let mut mail = server.config();
        mail.host = host.to_owned();
        mailer(&mail).reach().await.unwrap();
        // The same server without STARTTLS isn't taken for one with it.
        mail.security = SmtpSecurity::StartTls;
        let error = mailer(&mail).send(&message()).await.unwrap_err();
        assert!(
            error.is_unreachable() && error.to_string().contains("STARTTLS"),
            "{error}"
        );
    }
    for host in [
        "192.0.2.1",
        "mail.example.com",
        "10.0.0.1",
        "::",
        "localhost.example",
    ] {
        let mut mail = server.config();
        mail.host = host.to_owned();
        let error = Mailer::new(&mail, Clock::System).unwrap_err();
        assert!(matches!(error, MailerError::Unencrypted { .. }), "{error}");
    }
}

#[test]
fn a_configuration_that_cannot_work_is_refused_with_its_reason() {
    let mut mail = plain_config(25);
    mail.from = "nobody".to_owned();
    assert!(matches!(
        Mailer::new(&mail, Clock::System),
        Err(MailerError::From)
    ));
    let mut mail = plain_config(25);
    mail.security = SmtpSecurity::Tls;
    mail.ca = Some((Path::new("ca.pem").to_owned(), b"no certificate".to_vec()));
    assert!(matches!(
        Mailer::new(&mail, Clock::System),
        Err(MailerError::Roots { .. })
    ));
}

#[tokio::test]
async fn what_an_attacker_appends_before_tls_is_not_taken_for_the_servers_word() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut mail = plain_config(listener.local_addr().unwrap().port());
    mail.host = "localhost".to_owned();
    mail.security = SmtpSecurity::StartTls;
    mail.ca = certificate("localhost").trusted();
    let attacker = tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        tcp.write_all(b"220 hello\r\n").await.unwrap();
        tcp.read_until("\r\n").await;
        tcp.write_all(b"250-hello\r\n250 STARTTLS\r\n")
            .await
            .unwrap();
        tcp.read_until("STARTTLS\r\n").await;
        tcp.write_all(b"220 go\r\n250 taken\r\n250 taken\r\n250 taken\r\n250 taken\r\n")
            .await
            .unwrap();
        tcp.read_until("nothing more").await
    });
    let error = mailer(&mail).send(&message()).await.unwrap_err();
    assert!(
        matches!(
            error,
            SendError::Unreachable {
                doing: "the TLS handshake",
                ..
            }
        ),
        "{error}"
    );
    let heard = attacker.await.unwrap();
    assert!(!heard.contains("MAIL"), "{heard}");
}

trait Hear {
    /// Reads until `end` or the end.
    async fn read_until(&mut self, end: &str) -> String;
}

impl Hear for TcpStream {
    async fn read_until(&mut self, end: &str) -> String {
        let mut heard = Vec::new();
        while let Ok(byte) = self.read_u8().await {
            heard.push(byte);
            if heard.ends_with(end.as_bytes()) {
                break;
            }
        }
        String::from_utf8_lossy(&heard).into_owned()
    }
}

#[tokio::test]
async fn a_sign_in_works_with_the_right_password_and_tells_nothing_of_a_wrong_one() {
    let mut server = SmtpServer::start(json!({ "user": "waarborg", "password": "hunter2" })).await;
    let mut mail = server.config();
    mail.sign_in = Some(("waarborg".to_owned(), Secret::new("hunter2".to_owned())));
    mailer(&mail).send(&message()).await.unwrap();
    assert_eq!(server.next().await.user.as_deref(), Some("waarborg"));
    mail.sign_in = Some(("waarborg".to_owned(), Secret::new("hunter3".to_owned())));
    let wrong = mailer(&mail);
    let error = wrong.send(&message()).await.unwrap_err();
    assert!(
        matches!(
            error,
            SendError::Unreachable {
                doing: "signing in",
                ..
            }
        ),
        "{error}"
    );
    assert!(!format!("{error:?} {wrong:?}").contains("hunter"));
}

#[tokio::test]
async fn a_server_that_is_gone_silent_or_endless_is_given_up_in_time() {
    let limit = Duration::from_millis(300);
    // Bound and not listening for us any more: nobody else gets the port meanwhile.
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = gone.local_addr().unwrap().port();
    drop(gone);
    let error = mailer(&plain_config(port))
        .send(&message())
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            SendError::Unreachable {
                doing: "connecting",
                ..
            }
        ),
        "{error}"
    );

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mail = plain_config(silent.local_addr().unwrap().port());
    let error = mailer(&mail)
        .within(limit)
        .send(&message())
        .await
        .unwrap_err();
    assert!(error.is_unreachable(), "{error}");

    let server = SmtpServer::start(json!({ "stall": true })).await;
    let error = mailer(&server.config())
        .within(limit * 10)
        .send(&message())
        .await
        .unwrap_err();
    assert!(matches!(error, SendError::Later { .. }), "{error}");

    let endless = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mail = plain_config(endless.local_addr().unwrap().port());
    let flood = tokio::spawn(async move {
        let (mut tcp, _) = endless.accept().await.unwrap();
        let mut said = 0_u64;
        while tcp.write_all(&[b'2'; 4096]).await.is_ok() {
            said += 4096;
        }
        said
    });
    let error = mailer(&mail).send(&message()).await.unwrap_err();
    assert!(error.to_string().contains("too much"), "{error}");
    // What the kernel's buffers took beyond the limit was never read.
    assert!(flood.await.unwrap() < 64 << 20);
}

#[test]
fn dates_beyond_what_mail_can_say_are_brought_within() {
    for at in [i64::MIN, -1, 0, i64::MAX] {
        let mut sent = message();
        sent.date = Micros(at);
        mailer(&plain_config(25)).compose(&sent).unwrap();
    }
}

proptest! {
    #[test]
    fn whatever_stands_in_a_mail_its_head_has_our_fields_and_its_lines_end_in_crlf(
        subject in any::<String>(), text in any::<String>(), to in any::<String>(),
    ) {
        let mut sent = message();
        sent.subject = subject;
        sent.text = Secret::new(text);
        let (_, bytes) = mailer(&plain_config(25)).compose(&sent).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let bare = text.replace("\r\n", "");
        prop_assert!(!bare.contains(['\r', '\n', '\0']));
        prop_assert!(text.split("\r\n").all(|line| line.len() <= 998));
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        let mut names: Vec<&str> = head
            .split("\r\n")
            .filter(|line| !line.starts_with([' ', '\t']))
            .map(|line| line.split_once(':').unwrap().0)
            .collect();
        names.sort_unstable();
        prop_assert_eq!(names, [
            "Auto-Submitted", "Content-Transfer-Encoding", "Content-Type", "Date", "From",
            "MIME-Version", "Message-ID", "Subject", "To",
        ]);
        sent.to = Secret::new(to);
        if let Ok((envelope, _)) = mailer(&plain_config(25)).compose(&sent) {
            prop_assert_eq!(envelope.to().len(), 1);
            prop_assert_eq!(envelope.to()[0].to_string(), sent.to.expose().as_str());
        }
    }
}
