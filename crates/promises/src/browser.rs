//! A real browser for drills, and listeners for where it may go. Every way that it has
//! ends in this process.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    process::Command,
    task::JoinSet,
    time::timeout,
};

/// One page in a headless browser takes a second or two; on a busy machine many more.
const PAGE: Duration = Duration::from_secs(40);
/// A connection to one of our listeners lives no longer.
const CONNECTION: Duration = Duration::from_secs(60);
/// So many at a time; the browser opens a handful.
pub(crate) const CONNECTIONS: usize = 64;
/// Of a page so much is kept, to tell it from the browser's own error page.
const MAX_PAGE: u64 = 256 << 10;

/// Chromium's own page for what it couldn't load.
pub(crate) fn is_error_page(page: &[u8]) -> bool {
    let mark = b"class=\"neterror\"";
    page.windows(mark.len()).any(|part| part == mark)
}

/// Accepts until dropped, [`CONNECTIONS`] at a time.
pub(crate) async fn serve<F>(listener: TcpListener, with: impl Fn(TcpStream) -> F + Send)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut open = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while open.len() >= CONNECTIONS {
            open.join_next().await;
        }
        let work = with(stream);
        open.spawn(async move {
            // One that lasts longer is dropped, thus closed.
            let _ = timeout(CONNECTION, work).await;
        });
        while open.try_join_next().is_some() {}
    }
}

/// A browser with a memory of its own, which outlives its processes.
pub(crate) struct Browser<'a> {
    pub(crate) program: &'a str,
    pub(crate) profile: &'a Path,
    /// Chromium's `--host-resolver-rules`.
    pub(crate) rules: String,
    /// The key to believe, where the target's authority isn't one of the browser's.
    pub(crate) trusted: Option<String>,
}

impl Browser<'_> {
    /// Loads a page and gives the document back as it then was.
    pub(crate) async fn visit(&self, url: &str) -> Result<Vec<u8>, &'static str> {
        let mut command = Command::new(self.program);
        command.args([
            "--headless",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            // It goes to HTTPS because it was told to, or not at all.
            "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable",
        ]);
        if is_root() {
            command.arg("--no-sandbox"); // Chromium refuses to start as root otherwise
        }
        if let Some(spki) = &self.trusted {
            command.arg(format!("--ignore-certificate-errors-spki-list={spki}"));
        }
        command
            .arg(format!("--host-resolver-rules={}", self.rules))
            .arg(format!("--user-data-dir={}", self.profile.display()))
            .args(["--dump-dom", url])
            .env("HOME", self.profile)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let mut child = command.spawn().map_err(|_| "browser-not-started")?;
        let mut page = Vec::new();
        let loading = async {
            if let Some(mut out) = child.stdout.take() {
                (&mut out).take(MAX_PAGE).read_to_end(&mut page).await?;
                tokio::io::copy(&mut out, &mut tokio::io::sink()).await?;
            }
            child.wait().await
        };
        match timeout(PAGE, loading).await {
            Ok(Ok(status)) if status.success() => Ok(page),
            Ok(_) => Err("browser-failed"),
            Err(_) => Err("browser-too-slow"),
        }
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// A folder for one browser, gone afterwards.
pub(crate) struct Profile(PathBuf);

impl Profile {
    pub(crate) fn new(word: &str) -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("waarborg-browser-{word}"));
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        // A process of the browser may still write; the folder holds nothing of worth.
        let _ = fs::remove_dir_all(&self.0);
    }
}
