//! What a drill is given: an order without secrets, and a way to ask control for
//! evidence.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
};

use config::Reading;
use serde::{Deserialize, Serialize};
use terms::{Clock, Micros, PromiseId, RequestId, Rng, Secret, Vantage};
use tokio::sync::{mpsc, oneshot};
use visitor::{http::Request, raw::Door};

/// What control writes to the prober's standard input, first line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    /// The run's id.
    pub run: String,
    /// Hex of the ledger's latest root: the run can't have been made before it.
    pub nonce: String,
    /// Which drills to run.
    pub promises: Vec<PromiseId>,
    /// What was promised.
    pub reading: Reading,
    /// Where to connect instead of what the names resolve to; `None` outside.
    pub connect: Option<SocketAddr>,
    /// The certificate authorities to trust (PEM); `None` for the public ones.
    pub roots: Option<PathBuf>,
    /// From where the run looks.
    pub vantage: Vantage,
    /// Whether anything may be tried that a visitor wouldn't (malformed hellos, ports):
    /// only against a target that consented.
    pub active: bool,
}

/// Evidence that only control can gather.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "ask")]
pub enum Question {
    /// Whether the access log has a line of this trace.
    Trace {
        /// 32 hex digits.
        trace: String,
    },
    /// Which report of promise `tls-report` is published.
    TlsReport,
    /// What becomes of passwords that an account of the run's own chooses, one after the
    /// other, and how all passwords are stored while it has the last that was taken.
    Passwords {
        /// At most [`CANDIDATES_MAX`].
        candidates: Vec<String>,
    },
    /// An account of the run's own, in no group.
    Canary,
    /// The address of every own page that people ask for, beside the console.
    Pages,
    /// Method and path of every room of the console.
    Console,
    /// One of them is put into a group of the run's own that may stand on the console's
    /// threshold.
    Threshold {
        /// Its name.
        name: String,
    },
    /// The register of what the team uses, and what is asked beside it.
    Team,
    /// Addresses to come from, of which one of each family is on the block list for the time
    /// of the run.
    Listed,
    /// Addresses to come from, none of which is on any list.
    Sources,
    /// How long one of them is locked.
    Lock {
        /// Its name.
        name: String,
    },
}

/// Passwords that one question may try.
pub const CANDIDATES_MAX: usize = 8;

/// Control's evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "evidence")]
pub enum Evidence {
    /// Lines of the access log.
    Trace {
        /// The lines found, as they stand there.
        lines: Vec<String>,
    },
    /// The report that is published.
    TlsReport {
        /// When its scan was; `None` while there is none of this configuration.
        at: Option<Micros>,
    },
    /// Passwords.
    Passwords(Box<PasswordEvidence>),
    /// An account that is removed after the run.
    Canary(Canary),
    /// Own pages.
    Pages {
        /// Each address below the prefix, with `{what}` where something is named.
        paths: Vec<String>,
    },
    /// The console's rooms.
    Console {
        /// Method and path below the console's own, with `{id}` and `{name}` where something
        /// is named.
        rooms: Vec<(String, String)>,
    },
    /// It is in the group.
    Threshold,
    /// The team's register.
    Team(TeamEvidence),
    /// Addresses to come from; those that are listed are taken off the list after the run.
    Sources(Sources),
    /// A lock.
    Lock {
        /// In how many seconds strangers may guess again; `None` where they may.
        ends_in_s: Option<u64>,
    },
    /// It can't be had here.
    None {
        /// Why: kebab-case.
        why: String,
    },
}

/// What stands in the team's register and what is known beside it: numbers only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamEvidence {
    /// The register, without the run's own entry.
    pub register: RegisterCounts,
    /// How an entry of the run's own was judged.
    pub own: OwnEntry,
    /// Who is in the groups of the team.
    pub people: PeopleCounts,
    /// What GitHub says; `None` where it isn't asked.
    pub github: Option<GitHubAnswer>,
}

/// Entries of the register by how they stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterCounts {
    /// All.
    pub all: u64,
    /// Those that count: a second factor, and a word that holds.
    pub proven: u64,
    /// Those whose word has ended.
    pub ended: u64,
    /// Those on which nobody gave one.
    pub missing: u64,
    /// Those that are signed in to without a second factor.
    pub without_factor: u64,
    /// Whole days since the oldest word that counts; 0 where none does.
    pub oldest_days: u64,
}

/// Whether an entry of the run's own counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnEntry {
    /// Before anybody's word on it.
    pub bare: bool,
    /// After it.
    pub attested: bool,
    /// As it will stand once that word has ended.
    pub ended: bool,
}

/// People of the team.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeopleCounts {
    /// How many may sign in.
    pub people: u64,
    /// How many of them have no second factor.
    pub without: u64,
}

/// What GitHub said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "github")]
pub enum GitHubAnswer {
    /// It told.
    Members {
        /// How many members it shows.
        seen: u64,
        /// How many of them have no second factor.
        without: u64,
    },
    /// It didn't.
    Silent {
        /// Why: kebab-case.
        why: String,
    },
}

/// Addresses to come from, and the door that believes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    /// The Unix socket.
    pub door: PathBuf,
    /// One of IPv4, one of IPv6.
    pub pairs: Vec<Pair>,
}

/// An address and its neighbour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// What is attacked from: listed, where that was asked for.
    pub attacker: IpAddr,
    /// The next address, on no list; of IPv6 in the same /64.
    pub twin: IpAddr,
}

impl Sources {
    /// Has a request come from `source`, through the door, to a public port.
    pub(crate) fn enter(&self, request: &mut Request, source: IpAddr, port: u16) {
        // Announced as connected to: an address of the same family.
        let local = match source {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        };
        request.entrance.door = Some(Door::Unix(self.door.clone()));
        request.entrance.announce = Some((
            SocketAddr::new(source, 40_000),
            SocketAddr::new(local, port),
        ));
    }
}

/// An account that a drill signs in to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// Its name.
    pub name: String,
    /// Its password.
    #[serde(with = "told")]
    pub password: Secret<String>,
}

/// A secret on its way to the prober, which is the one place it is told.
mod told {
    use serde::{Deserialize as _, Deserializer, Serializer};
    use terms::Secret;

    pub(super) fn serialize<S: Serializer>(
        secret: &Secret<String>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(secret.expose())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Secret<String>, D::Error> {
        String::deserialize(from).map(Secret::new)
    }
}

/// What became of passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordEvidence {
    /// Of each candidate, why it was refused: kebab-case. None where it was taken.
    pub choices: Vec<Vec<String>>,
    /// Whether the configured list of breached passwords is looked at.
    pub breached_file: bool,
    /// Of all that is stored, that of the run's own account included.
    pub stored: StoredCounts,
    /// Of the run's own; `None` where no candidate was taken.
    pub fresh: Option<Fresh>,
}

/// Numbers of stored passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredCounts {
    /// All.
    pub total: u64,
    /// Those that aren't bcrypt hashes.
    pub foreign: u64,
    /// Those of a cost under the configured one.
    pub weaker: u64,
    /// Those whose salt another has as well.
    pub same_salt: u64,
    /// The least cost.
    pub least_cost: Option<u8>,
}

/// How a password that was just taken is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fresh {
    /// bcrypt's cost; `None` where it isn't a bcrypt hash.
    pub cost: Option<u8>,
    /// Whether it opens with itself.
    pub opens: bool,
    /// Whether it opens with another.
    pub opens_to_another: bool,
}

/// A question and the place for its answer.
pub type Asked = (Question, oneshot::Sender<Evidence>);

/// Everything a drill works with.
#[derive(Debug)]
pub struct Ground {
    /// The order.
    pub order: Order,
    /// Time.
    pub clock: Clock,
    /// Chance.
    pub rng: Rng,
    /// The way to control; `None` against a foreign target.
    pub control: Option<mpsc::Sender<Asked>>,
    /// What was said so far, for progress on long work.
    pub progress: Option<mpsc::Sender<String>>,
}

impl Ground {
    /// A ground for one run.
    pub const fn new(order: Order, clock: Clock, rng: Rng) -> Self {
        Self {
            order,
            clock,
            rng,
            control: None,
            progress: None,
        }
    }

    /// Asks control.
    pub async fn ask(&self, question: Question) -> Evidence {
        let none = |why: &str| Evidence::None {
            why: why.to_owned(),
        };
        let Some(control) = &self.control else {
            return none("no-control");
        };
        let (answer, answered) = oneshot::channel();
        if control.send((question, answer)).await.is_err() {
            return none("control-gone");
        }
        answered.await.unwrap_or_else(|_| none("control-gone"))
    }

    /// An account of the run's own.
    ///
    /// # Errors
    /// Why there is none: kebab-case.
    pub(crate) async fn canary(&self) -> Result<Canary, String> {
        match self.ask(Question::Canary).await {
            Evidence::Canary(canary) => Ok(canary),
            Evidence::None { why } => Err(why),
            _ => Err("no-evidence".to_owned()),
        }
    }

    /// The address of every own page that people ask for, beside the console, below the
    /// prefix.
    ///
    /// # Errors
    /// Why they aren't known: kebab-case.
    pub(crate) async fn pages(&self) -> Result<Vec<String>, String> {
        match self.ask(Question::Pages).await {
            Evidence::Pages { paths } if !paths.is_empty() => Ok(paths),
            Evidence::None { why } => Err(why),
            _ => Err("no-evidence".to_owned()),
        }
    }

    /// Every room of the console: method and path.
    ///
    /// # Errors
    /// Why they aren't known: kebab-case.
    pub(crate) async fn console(&self) -> Result<Vec<(String, String)>, String> {
        match self.ask(Question::Console).await {
            Evidence::Console { rooms } if !rooms.is_empty() => Ok(rooms),
            Evidence::None { why } => Err(why),
            _ => Err("no-evidence".to_owned()),
        }
    }

    /// Lets an account of the run's own onto the console's threshold.
    ///
    /// # Errors
    /// Why it isn't: kebab-case.
    pub(crate) async fn onto_threshold(&self, name: &str) -> Result<(), String> {
        let name = name.to_owned();
        match self.ask(Question::Threshold { name }).await {
            Evidence::Threshold => Ok(()),
            Evidence::None { why } => Err(why),
            _ => Err("no-evidence".to_owned()),
        }
    }

    /// Addresses to come from: what `question` asks for.
    ///
    /// # Errors
    /// Why there are none: kebab-case.
    pub(crate) async fn sources(&self, question: Question) -> Result<Sources, String> {
        match self.ask(question).await {
            Evidence::Sources(sources) => Ok(sources),
            Evidence::None { why } => Err(why),
            _ => Err("no-evidence".to_owned()),
        }
    }

    /// A fresh trace id.
    pub fn trace(&self) -> RequestId {
        RequestId(self.rng.bytes())
    }

    /// Says what is being done.
    pub fn say(&self, what: impl Into<String>) {
        if let Some(progress) = &self.progress {
            // A listener that lags behind misses a line of progress, nothing else.
            let _ = progress.try_send(what.into());
        }
    }
}
