//! Sessions begin and end: in the store, then in the table of the edge.

use std::sync::{Arc, atomic::AtomicI64};

use seam::{Session, TokenHash};
use store::{Account, Actor, Change, Guesser, Guesses, NewHandover, StoredSession};
use terms::{ClientAddr, Secret};

use super::{AccountError, Accounts, secret, table};

/// How long a code may take from the portal to its site.
const CODE_LIFE: std::time::Duration = std::time::Duration::from_secs(120);

/// A session that has begun, and the secret of its cookie.
pub(crate) struct Begun {
    pub(crate) secret: Secret<String>,
    pub(crate) session: Arc<Session>,
}

/// The browser that somebody signs in with.
pub(crate) struct Device {
    /// Its secret's hash.
    pub(super) hash: TokenHash,
    /// What is left of whose guesses.
    pub(super) left: Vec<Left>,
}

/// What a success leaves of whose guesses.
pub(super) type Left = (Guesser, fn(Guesses) -> Guesses);

/// Where somebody signs in from.
#[derive(Debug, Clone)]
pub(crate) struct From {
    pub(crate) client: ClientAddr,
    /// `User-Agent`.
    pub(crate) agent: String,
}

impl From {
    /// The network, as the list of sessions shows it.
    pub(crate) fn network(&self) -> String {
        let kept = self.client.kept(terms::AddressKeeping::Truncated);
        kept.map_or_else(String::new, |network| {
            let bits = if network.is_ipv4() { 24 } else { 48 };
            format!("{network}/{bits}")
        })
    }
}

impl Accounts {
    /// A row for a new session.
    fn row(
        &self,
        hash: TokenHash,
        sid: String,
        parent: Option<&StoredSession>,
        account: &str,
        site: &str,
        from: &From,
    ) -> StoredSession {
        let now = self.clock.now();
        let life = self.publisher.config().session.life;
        StoredSession {
            sid,
            hash: hash.0,
            account: account.to_owned(),
            parent: parent.map(|it| it.sid.clone()),
            site: site.to_owned(),
            amr: parent.map_or_else(Vec::new, |it| it.amr.clone()),
            auth_time: parent.map_or(now, |it| it.auth_time),
            created_at: now,
            // A child lives no longer than what it comes from.
            expires_at: parent.map_or_else(|| now.after(life), |it| it.expires_at),
            last_seen: now,
            agent: from.agent.clone(),
            network: from.network(),
        }
    }

    /// Begins a session on the portal; `amr` says how (RFC 8176). What came before in the same browser is the
    /// caller's to end: the id is new in any case.
    pub(crate) async fn begin(
        &self,
        account: &Account,
        portal: &str,
        from: &From,
        device: Device,
        amr: &[&str],
    ) -> Result<Begun, AccountError> {
        let store = self.store()?;
        let made = secret::made(&self.rng);
        let mut row = self.row(made.hash, store.new_id(), None, &account.id, portal, from);
        row.amr = amr.iter().map(|&method| method.to_owned()).collect();
        let mut change = store.change(&Actor::account(&account.id)).await?;
        // A success forgets the guesses of this device, and lets strangers guess again
        // where a known one vouches for the account.
        for (whose, left) in device.left {
            let before = change.guesses_locked(&account.id, whose).await?;
            change
                .keep_guesses(&account.id, whose, &left(before))
                .await?;
        }
        change.begin_session(&row, &account.name).await?;
        self.has_factor(&mut change, account, amr).await?;
        change.keep_device(&account.id, device.hash.0).await?;
        change.commit().await?;
        let family = Arc::new(AtomicI64::new(row.last_seen.0));
        let begun = self.told(made, &row, account, family)?;
        self.settle(account).await?;
        Ok(begun)
    }

    /// Whoever shows a second factor hasn't lost it.
    async fn has_factor(
        &self,
        change: &mut Change,
        account: &Account,
        amr: &[&str],
    ) -> Result<(), AccountError> {
        if amr.contains(&"mfa") {
            self.stop_lost_in(change, account).await?;
        }
        Ok(())
    }

    /// Somebody may have become somebody else while they waited their turn: others' groups,
    /// or nobody who may sign in. Whoever changes it later finds the session in the table.
    async fn settle(&self, before: &Account) -> Result<(), AccountError> {
        let now = self.store()?.account(&before.id).await?;
        if now.is_none_or(|now| now.details() != before.details()) {
            self.refresh(&before.id).await?;
        }
        Ok(())
    }

    fn told(
        &self,
        made: secret::Made,
        row: &StoredSession,
        account: &Account,
        family: Arc<AtomicI64>,
    ) -> Result<Begun, AccountError> {
        let person = Arc::new(table::person_of(account));
        let session = table::of_session(&self.sessions, row, person, family, self.idle());
        // Its name was made by us.
        let session = Arc::new(session.ok_or(AccountError::Away)?);
        for on in &session.sites {
            self.assert(&session, on);
        }
        self.sessions.insert(made.hash, session.clone());
        Ok(Begun {
            secret: made.text,
            session,
        })
    }

    /// Somebody has shown once more who they are: the portal session goes on under a new
    /// secret. Those of sites stay as they are.
    pub(crate) async fn renew_session(
        &self,
        account: &Account,
        session: &Session,
        amr: &[&str],
    ) -> Result<Begun, AccountError> {
        let store = self.store()?;
        let made = secret::made(&self.rng);
        let mut change = store.change(&Actor::account(&account.id)).await?;
        let sid = session.public_name();
        let amr: Vec<_> = amr.iter().map(|&method| method.to_owned()).collect();
        let renewed = change.renew_session(&sid, made.hash.0, &amr).await?;
        let Some((before, row)) = renewed else {
            return Err(AccountError::Away);
        };
        let shown: Vec<_> = amr.iter().map(String::as_str).collect();
        self.has_factor(&mut change, account, &shown).await?;
        change.commit().await?;
        self.forget(&[before]);
        let begun = self.told(made, &row, account, session.last_seen.clone())?;
        self.settle(account).await?;
        Ok(begun)
    }

    /// Makes a code that carries a portal session to a site, for one browser.
    pub(crate) async fn hand_over(
        &self,
        session: &Session,
        site: &str,
        start: TokenHash,
    ) -> Result<Secret<String>, AccountError> {
        let made = secret::made(&self.rng);
        let mut tx = self.store()?.tx().await?;
        tx.keep_handover(NewHandover {
            hash: made.hash.0,
            session: &session.public_name(),
            site,
            start_hash: start.0,
            life: CODE_LIFE,
        })
        .await?;
        tx.commit().await?;
        Ok(made.text)
    }

    /// Takes a code: a new session on the site, child of the one it comes from. `None`
    /// where it holds for nothing here.
    pub(crate) async fn arrive(
        &self,
        code: &str,
        site: &str,
        start: TokenHash,
        from: &From,
    ) -> Result<Option<Begun>, AccountError> {
        let store = self.store()?;
        let mut tx = store.tx().await?;
        let code = secret::hash(code.as_bytes());
        let Some(parent) = tx.take_handover(code.0, site, start.0).await? else {
            // It is gone all the same.
            tx.commit().await?;
            return Ok(None);
        };
        let made = secret::made(&self.rng);
        let sid = store.new_id();
        let row = self.row(made.hash, sid, Some(&parent), &parent.account, site, from);
        tx.begin_child(&row).await?;
        tx.commit().await?;
        let account = store.account(&parent.account).await?;
        let live = self
            .sessions
            .find(&TokenHash(parent.hash), self.clock.now());
        // Ended in between: the table knows first, the row goes with its parent's.
        let (Some(account), Some(live)) = (account.filter(table::is_active), live) else {
            return Ok(None);
        };
        let begun = self.told(made, &row, &account, live.last_seen.clone())?;
        self.settle(&account).await?;
        Ok(Some(begun))
    }

    /// Ends a session and what hangs on it. `sid` may be that of a child: its whole
    /// family ends.
    pub(crate) async fn end(&self, sid: &str, actor: &Actor) -> Result<bool, AccountError> {
        let store = self.store()?;
        let mut change = store.change(actor).await?;
        let root = change.root_of(sid).await?;
        let ended = change.end_session(root.as_deref().unwrap_or(sid)).await?;
        if ended.is_empty() {
            return Ok(false);
        }
        change.commit().await?;
        self.forget(&ended);
        Ok(true)
    }

    /// Ends every session of an account, but for the family of one; returns how many.
    pub(crate) async fn end_all(
        &self,
        account: &str,
        but: Option<&str>,
        actor: &Actor,
    ) -> Result<usize, AccountError> {
        let store = self.store()?;
        let mut change = store.change(actor).await?;
        let ended = change.end_sessions(account, but).await?;
        if !ended.is_empty() {
            change.commit().await?;
        }
        self.forget(&ended);
        Ok(ended.len())
    }

    /// Takes what has ended out of the table, here and wherever an edge still drains.
    pub(super) fn forget(&self, ended: &[[u8; 32]]) {
        for hash in ended {
            self.revocations.revoke(&TokenHash(*hash));
        }
    }

    /// Tells the edge what an account is now: its sessions and tokens are put in place
    /// anew, and what is open with the old ones is cut.
    pub(super) async fn refresh(&self, id: &str) -> Result<(), AccountError> {
        let store = self.store()?;
        let account = store.account(id).await?.filter(table::is_active);
        let person = account.map(|account| Arc::new(table::person_of(&account)));
        for (token, session) in self.sessions.of(|person| &*person.account == id) {
            match &person {
                None => {
                    self.revocations.revoke(&token);
                }
                Some(person) if **person != *session.person => {
                    let next = Arc::new(renewed(&session, person.clone()));
                    // An edge that drains keeps what it has: there it ends.
                    self.revocations.revoke(&token);
                    self.sessions.insert(token, next);
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

/// The same session of the same person, of whom something else is known now.
fn renewed(session: &Session, person: Arc<seam::sessions::Person>) -> Session {
    Session {
        sid: session.sid,
        credential: session.credential,
        person,
        sites: session
            .sites
            .iter()
            .map(|site| seam::sessions::OnSite::new(site.host.clone()))
            .collect(),
        auth_time: session.auth_time,
        amr: session.amr.clone(),
        expires: session.expires,
        last_seen: session.last_seen.clone(),
        idle: session.idle,
        cut: Default::default(),
    }
}
