//! A mail server that nobody here wrote (Python's `aiosmtpd`); it prints what it takes.

use crate::{
    free_port, in_time,
    program::{Program, command},
    tools,
};

/// A running one.
#[derive(Debug)]
pub struct MailServer {
    /// Its output: every mail as it came.
    pub program: Program,
    /// The section of a configuration that names it.
    pub section: String,
}

impl MailServer {
    /// Starts one on a free port.
    pub async fn start() -> Self {
        let port = free_port().await;
        let mut server = command(tools::python("python"));
        let at = format!("127.0.0.1:{port}");
        server.args(["-m", "aiosmtpd", "-n", "-d", "-l", &at]);
        server.env("PYTHONUNBUFFERED", "1");
        let program = Program::start("aiosmtpd", server);
        program.line("Server is listening on").await;
        let section = format!(
            "\n[mail]\nsmtp = \"smtp-plain://127.0.0.1:{port}\"\nfrom = \"waarborg@example.test\"\n\
             to = [\"ops@example.test\"]\n"
        );
        Self { program, section }
    }

    /// The value of `secret` in the first link behind the line `after` that leads to this
    /// page, however the mail was encoded.
    pub async fn secret(&self, after: usize, page: &str) -> String {
        let found = async {
            loop {
                let said = self.program.said();
                // Its log, on standard error, comes in between, even within a link.
                let is_mail = |line: &&str| !line.starts_with("! ");
                let text: Vec<&str> = said.lines().skip(after).filter(is_mail).collect();
                // Quoted-printable (RFC 2045 section 6.7): soft breaks, and `=` as `=3D`.
                let text = text.join("\n").replace("=\n", "").replace("=3D", "=");
                let link = text.split(&format!("{page}?secret=")).nth(1);
                let secret = link.map(|rest| {
                    let plain = |sign: &char| sign.is_ascii_alphanumeric() || "-_".contains(*sign);
                    rest.chars().take_while(plain).collect::<String>()
                });
                if let Some(secret) = secret.filter(|secret| secret.len() == 43) {
                    return secret;
                }
                let lines = self.program.lines();
                self.program.line_after(lines, "").await;
            }
        };
        in_time("a mail with a link", found).await
    }
}
