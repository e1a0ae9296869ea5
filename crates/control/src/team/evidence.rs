//! What the drill of `team` asks: how the register stands, how an entry of the run's own
//! is judged, and what GitHub says. Numbers go out, no name and no address.

use promises::ground::{GitHubAnswer, OwnEntry, PeopleCounts, RegisterCounts, TeamEvidence};
use store::{Actor, Asset, AssetDetails, AssetFactor, AssetKind};
use terms::RequestId;

use super::{Counts, Standing, github, standing};
use crate::accounts::{AccountError, Accounts};

/// How names of the runs' own entries begin; a random number follows.
const PREFIX: &str = "canary-";
/// Who has them.
const HOLDER: &str = "A drill’s own entry";

fn prover() -> Actor {
    Actor::system("prover")
}

fn is_own(asset: &Asset) -> bool {
    asset.details.name.starts_with(PREFIX) && asset.details.holder == HOLDER
}

/// Everything that a run asks for.
///
/// # Errors
/// [`AccountError`].
pub(crate) async fn evidence(accounts: &Accounts) -> Result<TeamEvidence, AccountError> {
    // What a run left that was broken off; there is one at a time.
    for asset in accounts
        .store()?
        .assets()
        .await?
        .iter()
        .filter(|it| is_own(it))
    {
        accounts.remove_asset(asset, &prover()).await?;
    }
    let own = own_entry(accounts).await?;
    let counts = Counts::of(accounts.register().await?.iter());
    let staff = accounts.staff().await?;
    let github = match &accounts.publisher.config().team.github {
        None => None,
        Some(github) => {
            let checked = github::check(github, &accounts.clock).await;
            accounts.tallies.team.checked(checked);
            Some(match checked.outcome {
                Ok(members) => GitHubAnswer::Members {
                    seen: members.seen,
                    without: members.without,
                },
                Err(why) => GitHubAnswer::Silent {
                    why: why.word().to_owned(),
                },
            })
        }
    };
    let oldest = counts.oldest.map(|at| accounts.now().since(at).as_secs());
    Ok(TeamEvidence {
        register: RegisterCounts {
            all: counts.by_standing.iter().sum(),
            proven: counts.at(Standing::Proven) + counts.at(Standing::Ending),
            ended: counts.at(Standing::Ended),
            missing: counts.at(Standing::Missing),
            without_factor: counts.at(Standing::WithoutFactor),
            oldest_days: oldest.unwrap_or(0) / 86_400,
        },
        own,
        people: PeopleCounts {
            people: staff.people,
            without: u64::try_from(staff.without.len()).unwrap_or(u64::MAX),
        },
        github,
    })
}

/// An entry of the run's own: added, attested and removed as anybody's.
async fn own_entry(accounts: &Accounts) -> Result<OwnEntry, AccountError> {
    let details = AssetDetails {
        kind: AssetKind::Service,
        name: format!("{PREFIX}{}", RequestId(accounts.rng.bytes())),
        address: String::new(),
        holder: HOLDER.to_owned(),
        account: None,
        factor: AssetFactor::App,
    };
    let id = accounts.add_asset(&details, &prover()).await?;
    let now = async || {
        let asset = accounts.store()?.asset(&id).await?;
        asset.ok_or(AccountError::Away)
    };
    let bare = now().await?;
    let until = accounts
        .attest(&bare, AssetFactor::App, None, &prover())
        .await?;
    let attested = now().await?;
    accounts.remove_asset(&attested, &prover()).await?;
    Ok(OwnEntry {
        bare: standing(&bare, accounts.now()).counts(),
        attested: standing(&attested, accounts.now()).counts(),
        // Nobody waits for it.
        ended: standing(&attested, until).counts(),
    })
}
