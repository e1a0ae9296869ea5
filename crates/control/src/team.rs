//! Promise `team`: the register of services and devices that the team uses, and what
//! counts in it. Console, commands, reminders and the drill all go through here.
//!
//! An entry counts while it is signed in to with a second factor by somebody's word that
//! hasn't ended. Nothing else does: an entry on which nobody gave a word is missing one.

mod commands;
mod evidence;
mod github;
mod remind;
#[cfg(test)]
mod tests;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use pages::{Field, FieldProblem};
use store::{
    Actor, Asset, AssetDetails, AssetFactor, AssetKind, Attestation, MAX_ASSET_TEXT, Staff,
};
use terms::{GroupName, Micros};

pub use self::commands::{AssetRow, TeamCommand, TeamReply};
pub(crate) use self::{commands::carry_out, evidence::evidence, github::Checked, remind::remind};
use crate::{
    accounts::{AccountError, Accounts},
    teeth,
};

/// Before its end somebody is reminded so long; of a short word in its second half.
const REMIND: Duration = Duration::from_secs(14 * 86_400);

/// How an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It counts.
    Proven,
    /// It counts, but the word on it ends soon.
    Ending,
    /// The word on it has ended.
    Ended,
    /// Nobody gave one.
    Missing,
    /// It is signed in to without a second factor.
    WithoutFactor,
}

impl Standing {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [
        Self::Proven,
        Self::Ending,
        Self::Ended,
        Self::Missing,
        Self::WithoutFactor,
    ];

    /// The word in lists and metrics.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Ending => "ending",
            Self::Ended => "ended",
            Self::Missing => "missing",
            Self::WithoutFactor => "without-factor",
        }
    }

    /// Whether it counts as shown.
    pub(crate) const fn counts(self) -> bool {
        matches!(self, Self::Proven | Self::Ending)
    }
}

/// How an entry stands at this moment.
pub(crate) fn standing(asset: &Asset, now: Micros) -> Standing {
    // promise: team
    if teeth::cut("team") {
        return Standing::Proven;
    }
    if asset.details.factor == AssetFactor::None {
        return Standing::WithoutFactor;
    }
    match &asset.attested {
        None => Standing::Missing,
        Some(word) if word.until <= now => Standing::Ended,
        Some(word) if word.until.since(now) <= soon(word) => Standing::Ending,
        Some(_) => Standing::Proven,
    }
}

fn soon(word: &Attestation) -> Duration {
    REMIND.min(word.until.since(word.at) / 2)
}

/// The register in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// In the order of [`Standing::ALL`].
    pub(crate) by_standing: [u64; Standing::ALL.len()],
    /// When the oldest word that counts was given.
    pub(crate) oldest: Option<Micros>,
}

impl Counts {
    /// Counts a register.
    pub(crate) fn of<'a>(register: impl Iterator<Item = &'a (Asset, Standing)>) -> Self {
        let mut counts = Self::default();
        for (asset, standing) in register {
            for (known, count) in Standing::ALL.iter().zip(&mut counts.by_standing) {
                *count += u64::from(known == standing);
            }
            let word = asset.attested.as_ref().filter(|_| standing.counts());
            counts.oldest = match (counts.oldest, word.map(|word| word.at)) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
        counts
    }

    /// How many stand like this.
    pub(crate) fn at(&self, standing: Standing) -> u64 {
        let mut counts = Standing::ALL.iter().zip(self.by_standing);
        let found = counts.find(|(known, _)| **known == standing);
        found.map_or(0, |(_, count)| count)
    }
}

/// What was seen last: for metrics, and for the console's page.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<(Counts, Option<Checked>)>);

impl Seen {
    fn lock(&self) -> MutexGuard<'_, (Counts, Option<Checked>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes how the register stands.
    pub(crate) fn counted(&self, counts: Counts) {
        self.lock().0 = counts;
    }

    /// Takes what GitHub said.
    pub(crate) fn checked(&self, checked: Checked) {
        self.lock().1 = Some(checked);
    }

    /// How the register stood.
    pub(crate) fn counts(&self) -> Counts {
        self.lock().0
    }

    /// What GitHub said last; `None` where this process hasn't asked.
    pub(crate) fn github(&self) -> Option<Checked> {
        self.lock().1
    }
}

/// What was typed about an entry that is to be made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Typed<'a> {
    /// A word of [`AssetKind`].
    pub(crate) kind: &'a str,
    /// What it is called.
    pub(crate) name: &'a str,
    /// Where it is; may be empty.
    pub(crate) address: &'a str,
    /// A login name, an address of an account, or any name.
    pub(crate) holder: &'a str,
    /// A word of [`AssetFactor`].
    pub(crate) factor: &'a str,
}

/// A text that people read.
fn text(field: Field, text: &str, needed: bool, wrong: &mut Vec<(Field, FieldProblem)>) -> String {
    let text = text.trim();
    if text.is_empty() && needed {
        wrong.push((field, FieldProblem::Missing));
    }
    if text.len() > MAX_ASSET_TEXT {
        let most = u32::try_from(MAX_ASSET_TEXT).unwrap_or(u32::MAX);
        wrong.push((field, FieldProblem::TooLong { most }));
    }
    if text.chars().any(char::is_control) {
        wrong.push((field, FieldProblem::Malformed));
    }
    text.to_owned()
}

impl Accounts {
    /// The register, each entry with how it stands.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn register(&self) -> Result<Vec<(Asset, Standing)>, AccountError> {
        let now = self.now();
        let judged = |asset| {
            let standing = standing(&asset, now);
            (asset, standing)
        };
        let assets = self.store()?.assets().await?;
        let register: Vec<_> = assets.into_iter().map(judged).collect();
        self.tallies.team.counted(Counts::of(register.iter()));
        Ok(register)
    }

    /// What was typed as an entry, or what is wrong with it.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn asset_details(
        &self,
        typed: &Typed<'_>,
    ) -> Result<Result<AssetDetails, Vec<(Field, FieldProblem)>>, AccountError> {
        let mut wrong = Vec::new();
        let kind = typed.kind.parse::<AssetKind>();
        if kind.is_err() {
            wrong.push((Field::Kind, FieldProblem::Unknown));
        }
        let factor = typed.factor.parse::<AssetFactor>();
        if factor.is_err() {
            wrong.push((Field::Factor, FieldProblem::Unknown));
        }
        let name = text(Field::Name, typed.name, true, &mut wrong);
        let address = text(Field::Address, typed.address, false, &mut wrong);
        let mut holder = text(Field::Holder, typed.holder, true, &mut wrong);
        let (Ok(kind), Ok(factor), true) = (kind, factor, wrong.is_empty()) else {
            return Ok(Err(wrong));
        };
        let account = self.store()?.account_named(&holder).await?;
        if let Some(account) = &account {
            // An address of theirs isn't shown.
            holder = account.name.to_string();
        }
        Ok(Ok(AssetDetails {
            kind,
            name,
            address,
            holder,
            account: account.map(|account| account.id),
            factor,
        }))
    }

    /// Puts an entry into the register; returns its id.
    ///
    /// # Errors
    /// [`AccountError`]: a name that is taken, a register that is full.
    pub(crate) async fn add_asset(
        &self,
        details: &AssetDetails,
        actor: &Actor,
    ) -> Result<String, AccountError> {
        let mut change = self.store()?.change(actor).await?;
        let id = change.add_asset(details).await?;
        change.commit().await?;
        Ok(id)
    }

    /// Takes somebody's word on an entry, for `life` and at most as long as is configured.
    /// Returns until when it counts.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn attest(
        &self,
        asset: &Asset,
        factor: AssetFactor,
        life: Option<Duration>,
        actor: &Actor,
    ) -> Result<Micros, AccountError> {
        let most = self.publisher.config().team.attest_for;
        let until = self.now().after(life.unwrap_or(most).min(most));
        let mut change = self.store()?.change(actor).await?;
        change.attest_asset(asset, factor, until).await?;
        change.commit().await?;
        Ok(until)
    }

    /// Takes an entry out of the register.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn remove_asset(
        &self,
        asset: &Asset,
        actor: &Actor,
    ) -> Result<(), AccountError> {
        let mut change = self.store()?.change(actor).await?;
        change.remove_asset(asset).await?;
        change.commit().await?;
        Ok(())
    }

    /// The groups whose members are the team; where none is configured, administrators.
    pub(crate) fn team_groups(&self) -> Vec<GroupName> {
        let config = self.publisher.config();
        let named = &config.team.groups;
        if named.is_empty() {
            config.admin.groups.clone()
        } else {
            named.clone()
        }
    }

    /// Who of the team may sign in here, and who of them has no second factor.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn staff(&self) -> Result<Staff, AccountError> {
        Ok(self.store()?.staff(&self.team_groups()).await?)
    }
}
