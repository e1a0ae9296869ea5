//! `[mail]`: how our mail leaves.

use std::path::PathBuf;

use terms::Secret;

use crate::{
    env::in_words,
    key::{Absent, Form, section},
    mistake::Kind,
    reader::Say,
    scalar::{self, Reach, Wrong},
    secret,
    table::Table,
};

section! {
    "[mail]",
    "How our mail leaves. Without this section none does, and alarms reach nobody by mail.";
    SMTP "smtp" Form::Text("`smtps://host:465` (TLS), `smtp://host:587` (STARTTLS, required) or `smtp-plain://127.0.0.1:25` (this machine only)"), Absent::Required(""), "\"smtps://mail.example.com:465\"",
        "The server that takes our mail. Its certificate is checked.";
    FROM "from" Form::Text("a mail address"), Absent::Required(""), "\"waarborg@example.com\"",
        "The sender.";
    TO "to" Form::Texts("a mail address", 20), Absent::Required(""), "[\"ops@example.com\"]",
        "Who gets alarms.";
    USER "user" Form::Text("a user name"), Absent::Means("no sign-in"), "\"waarborg\"",
        "Signs in to the server; needs `password`.";
    PASSWORD "password" Form::Secret("the password"), Absent::Means("no sign-in"), "{ file = \"mail-password\" }",
        "The user's password.";
    CA "ca" Form::Path("a PEM file with certificates"), Absent::Means("the public ones (Mozilla's)"), "\"company-ca.pem\"",
        "The only roots that the server's certificate may come from.";
}

/// How a connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// STARTTLS, without which nothing is sent (RFC 3207).
    StartTls,
    /// None: a loopback address.
    Plain,
}

/// `[mail]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The server's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// From the scheme of `smtp`.
    pub security: SmtpSecurity,
    /// `from`.
    pub from: String,
    /// `to`: at least one.
    pub to: Vec<String>,
    /// `user` and `password`.
    pub sign_in: Option<(String, Secret<String>)>,
    /// `ca`: its path and PEM bytes.
    pub ca: Option<(PathBuf, Vec<u8>)>,
}

fn smtp(text: &str) -> Result<(String, u16, SmtpSecurity), Wrong> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(Wrong::PLAIN);
    };
    let (security, port) = match scheme {
        "smtps" => (SmtpSecurity::Tls, 465),
        "smtp" => (SmtpSecurity::StartTls, 587),
        "smtp-plain" => (SmtpSecurity::Plain, 25),
        _ => return Err(Wrong::PLAIN),
    };
    let (host, port) = scalar::authority(rest, Some(port))?;
    let loopback = host == "localhost"
        || host
            .parse()
            .is_ok_and(|address| scalar::reach(address) == Reach::Loopback);
    if security == SmtpSecurity::Plain && !loopback {
        return Err(Wrong::help(
            "mail leaves this machine encrypted only: `smtps://` or `smtp://`",
        ));
    }
    Ok((host, port, security))
}

fn user(text: &str) -> Result<String, Wrong> {
    if text.is_empty() || text.len() > 256 || text.contains(char::is_control) {
        return Err(Wrong::PLAIN);
    }
    Ok(text.to_owned())
}

pub(crate) fn read(table: &Table<'_, '_>) -> Option<Mail> {
    let server = table.text(&SMTP, smtp);
    let from = table.text(&FROM, scalar::mail_address);
    let to = table.texts(&TO, scalar::mail_address);
    let user = table.text(&USER, user);
    let password = secret::read(table, &PASSWORD);
    let ca = table
        .path(&CA)
        .and_then(|path| match table.reader.env.read(&path) {
            Ok(file) => Some((path, file.bytes.expose().clone())),
            Err(error) => {
                let say = Say::what(format!("`ca` can't be read: {}", in_words(&error)));
                let span = table.span(&CA);
                let say = say.expected(CA.form.expected());
                table.reader.mistake(Kind::Unreadable, &span, say);
                None
            }
        });
    for (given, other) in [(&USER, &PASSWORD), (&PASSWORD, &USER)] {
        if table.has(given) && !table.has(other) {
            let say = Say::what(format!("`{}` without `{}`", given.name, other.name))
                .expected("both, or neither")
                .help(format!("add `{} = {}`", other.name, other.example));
            let span = table.span(given);
            table.reader.mistake(Kind::Conflict, &span, say);
        }
    }
    table.finish();
    let (host, port, security) = server?;
    Some(Mail {
        host,
        port,
        security,
        from: from?,
        to: to.into_iter().map(|at| at.value).collect(),
        sign_in: user.zip(password),
        ca,
    })
}
