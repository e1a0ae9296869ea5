//! `waarborg team`: what it asks and is answered, and how it is carried out, by the socket
//! and by a command that works alone.

use std::time::Duration;

use pages::{Field, FieldProblem};
use serde::{Deserialize, Serialize};
use store::{Actor, Asset, AssetFactor, MAX_ASSETS};

use super::{Standing, Typed};
use crate::{
    accounts::{AccountError, Accounts},
    socket::Reply,
};

/// What is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "do")]
pub enum TeamCommand {
    /// The whole register.
    List,
    /// Put something into it.
    Add {
        /// `service` or `device`.
        kind: String,
        /// What it is called.
        name: String,
        /// Where it is; may be empty.
        address: String,
        /// Who has it: a user, or any name.
        holder: String,
        /// With which second factor it is signed in to.
        factor: String,
    },
    /// Attest with which second factor something is signed in to.
    Attest {
        /// Its name or id.
        name: String,
        /// Which; as it stands there where it isn't said.
        factor: Option<String>,
        /// For how many days; as long as is configured where it isn't said.
        days: Option<u16>,
    },
    /// Take something out of it.
    Remove {
        /// Its name or id.
        name: String,
    },
}

/// What is answered.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "said")]
pub enum TeamReply {
    /// The register.
    Register {
        /// By name.
        entries: Vec<AssetRow>,
    },
}

/// An entry of the register, as `--json` prints it: the names stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetRow {
    /// 32 hexadecimal digits.
    pub id: String,
    /// `service` or `device`.
    pub kind: String,
    /// What it is called.
    pub name: String,
    /// Where it is; empty where nothing is known.
    pub address: String,
    /// Who has it.
    pub holder: String,
    /// With which second factor it is signed in to.
    pub factor: String,
    /// `proven`, `ending`, `ended`, `missing` or `without-factor`.
    pub standing: String,
    /// Who attested it last, as in the audit trail.
    pub attested_by: Option<String>,
    /// When: RFC 3339, UTC.
    pub attested: Option<String>,
    /// Until when that counts.
    pub until: Option<String>,
}

fn row((asset, standing): (Asset, Standing)) -> AssetRow {
    let (details, word) = (asset.details, asset.attested);
    AssetRow {
        id: asset.id,
        kind: details.kind.word().to_owned(),
        name: details.name,
        address: details.address,
        holder: details.holder,
        factor: details.factor.word().to_owned(),
        standing: standing.word().to_owned(),
        attested_by: word.as_ref().map(|word| word.by.clone()),
        attested: word.as_ref().map(|word| word.at.to_string()),
        until: word.map(|word| word.until.to_string()),
    }
}

/// Carries a command of `actor` out.
pub(crate) async fn carry_out(accounts: &Accounts, command: TeamCommand, actor: &Actor) -> Reply {
    match obey(accounts, command, actor).await {
        Ok(reply) => reply,
        Err(AccountError::Store(
            error @ (store::Error::Taken { .. }
            | store::Error::Missing { .. }
            | store::Error::TooLarge { .. }),
        )) => Reply::No {
            why: error.to_string(),
        },
        Err(error) => Reply::Failed {
            why: error.to_string(),
        },
    }
}

async fn obey(
    accounts: &Accounts,
    command: TeamCommand,
    actor: &Actor,
) -> Result<Reply, AccountError> {
    match command {
        TeamCommand::List => {
            let register = accounts.register().await?;
            let entries = register.into_iter().map(row).collect();
            Ok(Reply::Team {
                what: Box::new(TeamReply::Register { entries }),
            })
        }
        TeamCommand::Add {
            kind,
            name,
            address,
            holder,
            factor,
        } => {
            let typed = Typed {
                kind: &kind,
                name: &name,
                address: &address,
                holder: &holder,
                factor: &factor,
            };
            let details = match accounts.asset_details(&typed).await? {
                Ok(details) => details,
                Err(wrong) => {
                    let why: Vec<_> = wrong.into_iter().map(sentence).collect();
                    return Ok(Reply::No {
                        why: why.join("; "),
                    });
                }
            };
            accounts.add_asset(&details, actor).await?;
            let name = details.name;
            Ok(Reply::Done {
                what: format!(
                    "`{name}` is in the register; it counts once somebody has attested it: \
                     waarborg team attest \"{name}\""
                ),
            })
        }
        TeamCommand::Attest { name, factor, days } => {
            let asset = named(accounts, &name).await?;
            let factor = match factor.map(|word| word.parse::<AssetFactor>()).transpose() {
                Ok(factor) => factor.unwrap_or(asset.details.factor),
                Err(()) => {
                    return Ok(Reply::No {
                        why: sentence((Field::Factor, FieldProblem::Unknown)),
                    });
                }
            };
            let life = days.map(|days| Duration::from_secs(u64::from(days.max(1)) * 86_400));
            let until = accounts.attest(&asset, factor, life, actor).await?;
            let until = until.to_string();
            let day = until.get(..10).unwrap_or(&until);
            Ok(Reply::Done {
                what: format!("`{}` is attested until {day}", asset.details.name),
            })
        }
        TeamCommand::Remove { name } => {
            let asset = named(accounts, &name).await?;
            accounts.remove_asset(&asset, actor).await?;
            Ok(Reply::Done {
                what: format!("`{}` is out of the register", asset.details.name),
            })
        }
    }
}

async fn named(accounts: &Accounts, typed: &str) -> Result<Asset, AccountError> {
    let found = accounts.store()?.asset(typed).await?;
    found.ok_or_else(|| {
        AccountError::Store(store::Error::Missing {
            what: "entry",
            name: typed.to_owned(),
        })
    })
}

/// What is wrong with something that was typed.
fn sentence((field, problem): (Field, FieldProblem)) -> String {
    let field = match field {
        Field::Kind => "the kind",
        Field::Factor => "the second factor",
        Field::Address => "the address",
        Field::Holder => "the holder",
        _ => "the name",
    };
    match problem {
        FieldProblem::Missing => format!("{field} is missing"),
        FieldProblem::TooLong { most } => format!("{field} is longer than {most} bytes"),
        FieldProblem::TooMany { .. } => format!("the register has {MAX_ASSETS} entries already"),
        FieldProblem::Unknown => {
            format!("{field} is none that is known; see `waarborg team --help`")
        }
        _ => format!("{field} can't be kept: expected one line of text"),
    }
}
