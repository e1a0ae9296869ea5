//! Reminders: the team hears by alarm before a word on an entry ends, and of people of its
//! own who have no second factor. Without names: what leaves here isn't sealed, and the
//! console says which.

use std::{collections::BTreeSet, time::Duration};

use store::{Asset, Lease};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Counts, Standing};
use crate::{
    accounts::{AccountError, Accounts},
    alarms::{Alarm, Alarms},
};

/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_secs(600);
/// The kinds of the alarms.
const EVIDENCE: &str = "team-evidence";
const PEOPLE: &str = "team-without-second-factor";

/// Looks until `stop`, on the node that leads.
pub(crate) async fn remind(
    accounts: Accounts,
    mut lease: watch::Receiver<Option<Lease>>,
    alarms: Alarms,
    stop: CancellationToken,
) {
    let mut reminder = Reminder::new(accounts, alarms);
    let mut looks = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = looks.tick() => {}
            led = lease.changed() => if led.is_err() { return },
        }
        if lease.borrow_and_update().is_none() {
            continue;
        }
        if let Err(error) = reminder.look().await {
            tracing::warn!(%error, "the team's register could not be looked at");
        }
    }
}

/// What was told already.
pub(super) struct Reminder {
    accounts: Accounts,
    alarms: Alarms,
    /// Entries with the word that they were told with.
    entries: BTreeSet<(String, &'static str)>,
    people: BTreeSet<String>,
}

impl Reminder {
    pub(super) const fn new(accounts: Accounts, alarms: Alarms) -> Self {
        Self {
            accounts,
            alarms,
            entries: BTreeSet::new(),
            people: BTreeSet::new(),
        }
    }

    /// Raises what is new since the last look, and clears what is over.
    pub(super) async fn look(&mut self) -> Result<(), AccountError> {
        let register = self.accounts.register().await?;
        let key = |(asset, standing): &(Asset, Standing)| (asset.id.clone(), standing.word());
        let due = register
            .iter()
            .filter(|(_, at)| matches!(at, Standing::Ending | Standing::Ended));
        let due: BTreeSet<_> = due.map(key).collect();
        let counts = Counts::of(register.iter());
        let (ending, ended) = (counts.at(Standing::Ending), counts.at(Standing::Ended));
        let is_new = due.difference(&self.entries).next().is_some();
        self.tell(EVIDENCE, due.is_empty(), is_new, || Alarm {
            kind: EVIDENCE,
            subject: format!(
                "the team's register: {ended} attestations have ended, {ending} end soon"
            ),
            text: "What nobody attests any more doesn't count, and the promise `team` fails. The \
                   room “Team” of the console, or `waarborg team list`, says which they are. \
                   Whoever has the service or device looks whether it is still signed in to with \
                   a second factor, and attests it anew."
                .to_owned(),
        });
        self.entries = due;

        let staff = self.accounts.staff().await?;
        let without: BTreeSet<_> = staff.without.into_iter().collect();
        let is_new = without.difference(&self.people).next().is_some();
        let count = without.len();
        self.tell(PEOPLE, without.is_empty(), is_new, || Alarm {
            kind: PEOPLE,
            subject: format!("people of the team without a second factor: {count}"),
            text: "They are members of the team's groups and sign in by a password alone. \
                   `waarborg user list --group GROUP` lists the members; everybody switches it on \
                   in their account, under security."
                .to_owned(),
        });
        self.people = without;
        Ok(())
    }

    fn tell(&self, kind: &'static str, is_over: bool, is_new: bool, alarm: impl FnOnce() -> Alarm) {
        // Either is on its way when the call returns.
        if is_over {
            // Of an earlier process of this node, perhaps.
            if self.alarms.is_open(kind) {
                drop(self.alarms.clear(kind));
            }
        } else if is_new {
            drop(self.alarms.raise(alarm()));
        }
    }
}
