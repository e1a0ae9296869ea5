//! What control's parts share.

use std::sync::Arc;

use store::Store;
use terms::{Clock, Rng};
use tokio::sync::{Mutex, watch};

use crate::{
    access_log::Recent, accounts::Accounts, console::Door, keeper::Keeper, metrics::Tallies,
    publish::Publisher, strikes::Strikes, weaknesses::Weaknesses, xss::Reflections,
};

/// Shared by own pages, the socket and the drills.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) publisher: Arc<Publisher>,
    /// The store and the ledger in it; `None` while the store can't be reached.
    pub(crate) kept: watch::Receiver<Option<Kept>>,
    pub(crate) tallies: Arc<Tallies>,
    /// Lines of the access log where it can't be read back.
    pub(crate) recent: Arc<Recent>,
    /// Markup of requests that came back.
    pub(crate) reflections: Arc<Reflections>,
    /// What applications have shown of their weaknesses.
    pub(crate) weaknesses: Arc<Weaknesses>,
    /// What clients may be banned for.
    pub(crate) strikes: Arc<Strikes>,
    pub(crate) accounts: Accounts,
    /// Who may enter the console on the operations listener.
    pub(crate) door: Arc<Door>,
    pub(crate) clock: Clock,
    pub(crate) rng: Rng,
}

/// What stands in the store.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) store: Store,
    pub(crate) keeper: Arc<Mutex<Keeper>>,
}

impl State {
    /// The store and its ledger, if they can be reached.
    pub(crate) fn kept(&self) -> Option<Kept> {
        self.kept.borrow().clone()
    }
}
