//! `waarborg demo`: everything at once, from nothing. A sample application that knows
//! nothing of Waarborg, and a local certificate authority that can vouch for `localhost`
//! only.

pub(crate) mod app;
pub(crate) mod ca;
mod people;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
};

use ca::Ca;
use config::{Config, Env};
use serde_json::json;
use terms::{Clock, Rng};
use tokio_util::sync::CancellationToken;

use crate::{
    fault,
    serve::{self, Signals},
    wire::{Server, StartError},
};

/// The demo can't start.
#[derive(Debug, thiserror::Error)]
enum DemoError {
    #[error(
        "the demo's passwords are known to everyone, so it listens on this machine only: expected a loopback address such as 127.0.0.1:8443, not {0}"
    )]
    NotLoopback(SocketAddr),
    #[error(
        "there is no home folder to keep the demo's certificates in; name one with `--data DIR`"
    )]
    NoHome,
    #[error("the demo's folder {folder}: {source}")]
    Folder {
        folder: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Ca(#[from] ca::CaError),
    #[error("the demo's own configuration has a mistake, which is a bug:\n{0}")]
    Config(Box<config::Mistakes>),
    #[error("the sample application can't start: {0}")]
    App(#[source] io::Error),
    #[error("signals can't be heard: {0}")]
    Signals(#[source] io::Error),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    People(#[from] people::PeopleError),
}

/// Serves the demo until SIGTERM or SIGINT.
pub(crate) fn run(listen: SocketAddr, data: Option<PathBuf>, json: bool) -> ExitCode {
    serve::log();
    match start(listen, data, json) {
        Ok((mut server, app, mut signals)) => {
            let runtime = server.runtime().handle().clone();
            runtime.block_on(serve::until_told(&mut signals, &mut server, None));
            server.stop();
            app.stop();
            ExitCode::SUCCESS
        }
        Err(error) => fault(&error),
    }
}

fn start(
    listen: SocketAddr,
    data: Option<PathBuf>,
    json: bool,
) -> Result<(Server, App, Signals), DemoError> {
    if !listen.ip().is_loopback() {
        return Err(DemoError::NotLoopback(listen));
    }
    let folder = data.or_else(home).ok_or(DemoError::NoHome)?;
    let wrong = |source| DemoError::Folder {
        folder: folder.clone(),
        source,
    };
    std::fs::create_dir_all(&folder).map_err(wrong)?;
    let folder = std::fs::canonicalize(&folder).map_err(wrong)?;
    let ca = Ca::open_or_create(&folder.join("ca"), &Clock::System, &Rng::System)?;
    let site = ca.leaf(&["localhost"])?;
    let portal = ca.leaf(&["portal.localhost"])?;
    let app = App::start(&folder.join("uploads")).map_err(DemoError::App)?;

    let text = configuration(&folder, listen, app.address, &site, &portal);
    let file = folder.join("demo.toml");
    let loaded = Config::parse(&file, &text, &Env::system(Clock::System))
        .map_err(|mistakes| DemoError::Config(Box::new(mistakes)))?;
    let server = Server::start(loaded, Some(ca.certificate()))?;
    let data = folder.join("data");
    let registered = server.runtime().block_on(async {
        people::make(&data).await?;
        people::register(&data).await
    })?;
    if registered {
        server.runtime().spawn(people::prove(data));
    }
    let port = server
        .listen
        .first()
        .map_or(listen.port(), SocketAddr::port);
    let signals = Signals::listen(&server).map_err(DemoError::Signals)?;
    say(port, &ca.certificate(), server.operations, json);
    Ok((server, app, signals))
}

/// The demo's configuration: what a user would write.
fn configuration(
    folder: &Path,
    listen: SocketAddr,
    upstream: SocketAddr,
    site: &ca::LeafFiles,
    portal: &ca::LeafFiles,
) -> String {
    // Browsers try ::1 first for `localhost`; not every machine has it.
    let both = listen.port() != 0
        && listen.ip() == IpAddr::V4(Ipv4Addr::LOCALHOST)
        && TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    let second = if both {
        format!(", \"[::1]:{}\"", listen.port())
    } else {
        String::new()
    };
    let quoted = |path: &Path| toml_string(&path.to_string_lossy());
    format!(
        "data = {data}\n\
         portal = \"portal.localhost\"\n\
         listen = [\"{listen}\"{second}]\n\
         operations = \"127.0.0.1:0\"\n\
         \n\
         [site.\"localhost\"]\n\
         upstream = \"http://{upstream}\"\n\
         access = \"public\"\n\
         certificate = {site_certificate}\n\
         key = {site_key}\n\
         \n\
         [[site.\"localhost\".routes]]\n\
         path = \"/office\"\n\
         access = \"login\"\n\
         groups = [\"staff\"]\n\
         \n\
         [site.\"portal.localhost\"]\n\
         certificate = {portal_certificate}\n\
         key = {portal_key}\n\
         \n\
         [admin]\n\
         groups = [\"admins\"]\n\
         \n\
         [hsts]\n\
         max_age = \"300s\"\n",
        data = quoted(&folder.join("data")),
        site_certificate = quoted(&site.certificate),
        site_key = quoted(&site.key),
        portal_certificate = quoted(&portal.certificate),
        portal_key = quoted(&portal.key),
    )
}

/// A TOML basic string.
fn toml_string(text: &str) -> String {
    let escaped: String = text
        .chars()
        .flat_map(|letter| match letter {
            '"' | '\\' => vec!['\\', letter],
            control if control.is_control() => {
                format!("\\u{:04X}", u32::from(control)).chars().collect()
            }
            plain => vec![plain],
        })
        .collect();
    format!("\"{escaped}\"")
}

fn home() -> Option<PathBuf> {
    let data = std::env::var_os("XDG_DATA_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    data.or_else(home)
        .map(|folder| folder.join("waarborg-demo"))
}

fn say(port: u16, ca: &Path, operations: SocketAddr, json: bool) {
    let url = format!("https://localhost:{port}");
    let portal = format!("https://portal.localhost:{port}");
    if json {
        let line = json!({
            "url": url,
            "portal": portal,
            "ca": ca,
            "operations": format!("http://{operations}"),
            "users": people::PEOPLE.iter().map(people::Person::told).collect::<Vec<_>>(),
        });
        println!("{line}");
    } else {
        println!("The sample application  {url}");
        println!("What is promised        {url}/-/security");
        println!("For the staff only      {url}/office");
        println!("Your account            {portal}/-/account");
        println!("The console             {portal}/-/admin/users (for admins with a second step)");
        println!("Health and metrics      http://{operations}/metrics");
        println!();
        println!("Sign in as");
        for person in &people::PEOPLE {
            let groups = person.groups.join(", ");
            println!("  {:<5} {:<30} {groups}", person.name, person.password);
        }
        println!();
        println!("Browsers don't know the demo's certificate authority. Trust it, or accept the");
        println!("warning; it can vouch for localhost only:");
        println!("  {}", ca.display());
        println!("  curl --cacert {} {url}/", ca.display());
        if !resolves("portal.localhost") {
            println!();
            println!("This system doesn't resolve portal.localhost. Browsers mostly do; else add");
            println!("this line to /etc/hosts:");
            println!("  127.0.0.1 portal.localhost");
        }
        println!();
    }
    println!("ready {url}");
}

fn resolves(name: &str) -> bool {
    use std::net::ToSocketAddrs as _;
    (name, 0)
        .to_socket_addrs()
        .is_ok_and(|mut found| found.next().is_some())
}

/// The sample application on a thread of its own, as if it were another program.
struct App {
    address: SocketAddr,
    stop: CancellationToken,
    thread: thread::JoinHandle<()>,
}

impl App {
    fn start(uploads: &Path) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let stop = CancellationToken::new();
        let (stopped, uploads) = (stop.clone(), uploads.to_owned());
        let thread = thread::Builder::new()
            .name("sample".to_owned())
            .spawn(move || {
                let served = runtime.block_on(async {
                    let listener = tokio::net::TcpListener::from_std(listener)?;
                    app::serve(listener, uploads, stopped).await
                });
                if let Err(error) = served {
                    tracing::error!(%error, "the sample application ended");
                }
            })?;
        Ok(Self {
            address,
            stop,
            thread,
        })
    }

    fn stop(self) {
        self.stop.cancel();
        if self.thread.join().is_err() {
            tracing::error!("the sample application panicked");
        }
    }
}
