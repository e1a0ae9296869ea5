//! Promise `two-factor`: passkeys, in the place of a code or of name and password.
//!
//! ```text
//! question (sealed, in the form) ─▶ answer ─▶ whose? ─▶ verified ─▶ taken once, count risen
//! ```
//! A question holds for one browser, for what it was asked for and for minutes. Nothing is
//! written for one that nobody answers; one that was answered is taken in the transaction
//! that takes the sign count, on whichever node. No hash is computed: the login pool may
//! be as full as it likes.

use std::time::Duration;

use login::passkey::{Answer, Asked, CHALLENGE_LIFE, Person, Refused, RelyingParty, credential};
use pages::{AccountMail, Codes, PasskeyAsk};
use seam::{Session, TokenHash};
use serde::{Deserialize, Serialize};
use store::{Account, Actor, Cell, FactorKind, NewPasskey, Passkey, Purpose, Store};
use terms::{Language, Micros, Moment, Secret};

use super::{
    AccountError, Accounts,
    second_factor::codes_left,
    secret,
    session::{Begun, Device, From},
    table,
};

/// How somebody is known who has shown a passkey (RFC 8176): its key, and that they were
/// there and showed it a finger or a PIN.
const BY_PASSKEY: [&str; 3] = ["pop", "user", "mfa"];
/// The same behind a right password.
const BY_BOTH: [&str; 4] = ["pwd", "pop", "user", "mfa"];
/// How often the owner hears of a copy, and the trail.
const TOLD_EVERY: Duration = Duration::from_secs(3600);
/// Failures leave on this grid: no check takes as long.
const GRID: Duration = Duration::from_millis(250);

/// What a passkey is asked for, and of whom.
#[derive(Clone, Copy)]
pub(crate) enum Asking<'a> {
    /// Whoever sits at this browser signs in.
    SignIn(TokenHash),
    /// Whoever has given this account's password at this browser.
    Half(&'a str, TokenHash),
    /// Whose session this is shows once more who they are.
    Confirm(&'a Session),
    /// Whose session this is makes a new one.
    Offer(&'a Session),
}

impl Asking<'_> {
    /// Where a question opens: nowhere else.
    fn row(self) -> (&'static str, String) {
        let browser = |start: TokenHash| terms::base64url(&start.0);
        match self {
            Self::SignIn(start) => ("sign-in", browser(start)),
            Self::Half(account, start) => ("half", format!("{account} {}", browser(start))),
            Self::Confirm(session) => ("confirm", session.public_name()),
            Self::Offer(session) => ("offer", session.public_name()),
        }
    }

    /// Whose passkey it has to be; `None` where the passkey says.
    fn account(&self) -> Option<&str> {
        match self {
            Self::SignIn(_) => None,
            Self::Half(account, _) => Some(account),
            Self::Confirm(session) | Self::Offer(session) => Some(&session.person.account),
        }
    }
}

const fn question_cell<'a>(column: &'static str, row: &'a str) -> Cell<'a> {
    Cell {
        table: "passkey_challenge",
        column,
        row,
    }
}

/// What was asked, on its way through the browser's hands.
#[derive(Serialize, Deserialize)]
struct Question {
    /// Each is taken once.
    id: String,
    /// What the answer is compared with, in base64url.
    state: String,
    at: i64,
}

impl Question {
    fn state(&self) -> Option<Vec<u8>> {
        terms::from_base64url(self.state.as_bytes())
    }

    /// When no node takes it any more, though their clocks differ.
    fn forget_at(&self) -> Micros {
        Micros(self.at).after(CHALLENGE_LIFE).after(CHALLENGE_LIFE)
    }
}

/// What a browser sent: the question as it was, and its answer.
pub(crate) struct Said {
    pub(crate) sealed: String,
    pub(crate) answer: Secret<String>,
}

/// A passkey that somebody shows to sign in, and where it comes from.
pub(crate) struct PasskeyAttempt {
    pub(crate) said: Said,
    pub(crate) start: TokenHash,
    pub(crate) device: Option<Secret<String>>,
    pub(crate) portal: String,
    pub(crate) from: From,
    pub(crate) language: Language,
}

/// What came of it.
pub(crate) enum Keyed {
    /// A new session, and the new secret of the device.
    Yes {
        begun: Begun,
        device: Secret<String>,
    },
    /// It opens nothing: why isn't said.
    No,
    /// The password has to be given anew.
    Stale,
}

/// What came of making one.
pub(crate) enum PasskeyAdded {
    /// With the recovery codes, where it is the first second factor.
    Yes(Option<Vec<Secret<String>>>),
    /// The answer isn't one to the question, or somebody has that passkey.
    Refused,
    /// The page was too old.
    Stale,
    /// It was added by the same form before.
    Before,
    /// There are too many already.
    Full,
}

impl Accounts {
    /// The portal as passkeys know it; `None` where there can't be any.
    fn party(&self) -> Option<RelyingParty> {
        let config = self.publisher.config();
        RelyingParty::new(config.portal.as_deref()?, &config.portal_origin()?)
    }

    /// Whether browsers make passkeys for the portal.
    pub(crate) fn takes_passkeys(&self) -> bool {
        self.party().is_some()
    }

    fn sealed(&self, store: &Store, asking: Asking<'_>, asked: Asked) -> PasskeyAsk {
        let question = Question {
            id: store.new_id(),
            state: terms::base64url(&asked.state),
            at: self.now().0,
        };
        let text = serde_json::to_vec(&question).unwrap_or_default();
        let (column, row) = asking.row();
        let sealed = store.seal(Purpose::Passkey, question_cell(column, &row), &text);
        PasskeyAsk {
            options: asked.options,
            sealed: Secret::new(terms::base64url(&sealed)),
        }
    }

    /// The question, where it was asked here and for this, and lately.
    async fn question(
        &self,
        store: &Store,
        asking: Asking<'_>,
        sealed: &str,
    ) -> Option<(Question, Vec<u8>)> {
        let sealed = terms::from_base64url(sealed.as_bytes())?;
        let (column, row) = asking.row();
        let cell = question_cell(column, &row);
        let text = store.unseal(Purpose::Passkey, cell, &sealed).await.ok()?;
        let question: Question = serde_json::from_slice(text.expose()).ok()?;
        let fresh = self.now() < Micros(question.at).after(CHALLENGE_LIFE);
        let state = question.state().filter(|_| fresh)?;
        Some((question, state))
    }

    /// What a browser is asked for by whoever signs in without a name.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) fn ask_passkey(&self, start: TokenHash) -> Result<Option<PasskeyAsk>, AccountError> {
        let store = self.store()?;
        let asked = self.party().and_then(|party| party.ask(&[]).ok());
        Ok(asked.map(|asked| self.sealed(&store, Asking::SignIn(start), asked)))
    }

    /// Which codes somebody has whose account is known, and what their browser is asked
    /// for, where they have passkeys.
    pub(super) async fn ask_for(
        &self,
        store: &Store,
        account: &str,
        asking: Asking<'_>,
    ) -> Result<(Codes, Option<PasskeyAsk>), AccountError> {
        let factors = store.factors(account).await?;
        let has = |kind| factors.iter().any(|factor| factor.kind == kind);
        let codes = if has(FactorKind::Passkey) && !has(FactorKind::Totp) {
            Codes::Recovery
        } else {
            Codes::App
        };
        let Some(party) = self.party().filter(|_| has(FactorKind::Passkey)) else {
            return Ok((codes, None));
        };
        let asked = party.ask(&self.credentials(store, account).await?).ok();
        Ok((codes, asked.map(|asked| self.sealed(store, asking, asked))))
    }

    /// The same of somebody who is signed in.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn ask_to_confirm(
        &self,
        session: &Session,
    ) -> Result<(Codes, Option<PasskeyAsk>), AccountError> {
        let account = &session.person.account;
        let asking = Asking::Confirm(session);
        self.ask_for(&self.store()?, account, asking).await
    }

    /// The same of somebody who has given the right password.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn ask_behind_password(
        &self,
        half: &str,
        start: TokenHash,
    ) -> Result<(Codes, Option<PasskeyAsk>), AccountError> {
        let store = self.store()?;
        match self.whole(&store, half, start).await? {
            Some(account) => {
                let asking = Asking::Half(&account.id, start);
                self.ask_for(&store, &account.id, asking).await
            }
            None => Ok((Codes::App, None)),
        }
    }

    async fn credentials(
        &self,
        store: &Store,
        account: &str,
    ) -> Result<Vec<Vec<u8>>, AccountError> {
        let passkeys = store.passkeys(account).await?;
        let kept = passkeys.iter().map(|passkey| passkey.kept.expose());
        Ok(kept.filter_map(|kept| credential(kept)).collect())
    }

    /// Signs somebody in by a passkey alone.
    ///
    /// # Errors
    /// [`AccountError`]: 503.
    pub(crate) async fn sign_in_with_passkey(
        &self,
        attempt: PasskeyAttempt,
    ) -> Result<Keyed, AccountError> {
        let began = self.clock.moment();
        let store = self.store()?;
        let asking = Asking::SignIn(attempt.start);
        let keyed = self.keyed(&store, asking, attempt, &BY_PASSKEY).await?;
        self.tallies.keyed(&keyed);
        if !matches!(keyed, Keyed::Yes { .. }) {
            self.leave_on_grid(began).await;
        }
        Ok(keyed)
    }

    /// Ends what began with a right password by a passkey.
    ///
    /// # Errors
    /// [`AccountError`]: 503.
    pub(crate) async fn sign_in_with_both(
        &self,
        half: &str,
        attempt: PasskeyAttempt,
    ) -> Result<Keyed, AccountError> {
        let store = self.store()?;
        let Some(account) = self.whole(&store, half, attempt.start).await? else {
            return Ok(Keyed::Stale);
        };
        let asking = Asking::Half(&account.id, attempt.start);
        let keyed = self.keyed(&store, asking, attempt, &BY_BOTH).await?;
        self.tallies.keyed(&keyed);
        Ok(keyed)
    }

    async fn keyed(
        &self,
        store: &Store,
        asking: Asking<'_>,
        attempt: PasskeyAttempt,
        amr: &[&str],
    ) -> Result<Keyed, AccountError> {
        let from = &attempt.from;
        let shown = self
            .shown(store, asking, &attempt.said, from, attempt.language)
            .await?;
        let Some(account) = shown else {
            return Ok(Keyed::No);
        };
        let device = attempt.device.as_ref();
        let side = self.side(store, &account.id, device).await?;
        let own = self.own_device(store, attempt.device).await?;
        let mut left = side.left();
        left.extend(codes_left(side));
        let device = Device {
            hash: own.hash,
            left,
        };
        let begun = self.begin(&account, &attempt.portal, from, device, amr);
        Ok(Keyed::Yes {
            begun: begun.await?,
            device: own.text,
        })
    }

    /// Somebody who is signed in shows once more who they are, by a passkey; `None` where
    /// it isn't one of theirs.
    ///
    /// # Errors
    /// [`AccountError`]: 503.
    pub(crate) async fn confirm_by_passkey(
        &self,
        account: &Account,
        session: &Session,
        said: &Said,
        (from, language): (&From, Language),
    ) -> Result<Option<Begun>, AccountError> {
        let store = self.store()?;
        let asking = Asking::Confirm(session);
        let shown = self.shown(&store, asking, said, from, language).await?;
        Ok(match shown {
            Some(_) => Some(self.renew_session(account, session, &BY_PASSKEY).await?),
            None => None,
        })
    }

    /// Whose passkey was shown, once and with a sign count that has risen. What is refused
    /// is refused alike.
    async fn shown(
        &self,
        store: &Store,
        asking: Asking<'_>,
        said: &Said,
        from: &From,
        language: Language,
    ) -> Result<Option<Account>, AccountError> {
        let refused = |why: &dyn std::fmt::Display| {
            tracing::debug!(%why, "a passkey was refused");
            Ok(None)
        };
        let Some((question, state)) = self.question(store, asking, &said.sealed).await else {
            return refused(&"it wasn't asked for here, or too long ago");
        };
        let read = Answer::read(said.answer.expose());
        let read = read.and_then(|answer| Ok((answer.handle()?, answer)));
        let (handle, answer) = match read {
            Ok(read) => read,
            Err(why) => return refused(&why),
        };
        let Some(passkey) = store.passkey(answer.credential()).await? else {
            return refused(&"nobody has it");
        };
        // Whoever isn't known yet has to be named by the passkey; a name that is given has
        // to be its owner's in any case.
        let owner = secret::sid(&passkey.account);
        let named = handle.is_some_and(|handle| Some(handle) == owner);
        let theirs = match asking.account() {
            None => named,
            Some(account) => account == passkey.account && (named || handle.is_none()),
        };
        let account = store.account(&passkey.account).await?;
        let (Some(account), true) = (account.filter(table::is_active), theirs) else {
            return refused(&"it is another's");
        };
        let Some(party) = self.party() else {
            return refused(&"the portal takes none");
        };
        let count = match party.shown(&answer, &state, passkey.kept.expose()) {
            Ok(count) => Some(count),
            Err(Refused::CountBack) => None,
            Err(why) => return refused(&why),
        };
        let mut tx = store.tx().await?;
        if !tx
            .take_challenge(&question.id, question.forget_at())
            .await?
        {
            return refused(&"its challenge was answered before");
        }
        if let Some(count) = count
            && tx.take_sign_count(&passkey.factor.id, count).await?
        {
            tx.commit().await?;
            return Ok(Some(account));
        }
        self.refuse_copy(tx, &account, &passkey, from, language)
            .await?;
        refused(&Refused::CountBack)
    }

    /// Tells owner and trail of a sign count that didn't rise, once in a while: whoever
    /// has a copy fills neither.
    async fn refuse_copy(
        &self,
        mut tx: store::Tx,
        account: &Account,
        passkey: &Passkey,
        from: &From,
        language: Language,
    ) -> Result<(), AccountError> {
        let every = i64::try_from(TOLD_EVERY.as_micros()).unwrap_or(i64::MAX);
        let since = Micros(self.now().0.saturating_sub(every));
        if !tx.tells_of_copy(&passkey.factor.id, since).await? {
            return Ok(tx.commit().await?);
        }
        let mut change = tx.by(&Actor::system("sign-in"));
        let (name, place) = (passkey.factor.label.clone(), from.network());
        change.record_copy(passkey, &place)?;
        let mail = |security| AccountMail::PasskeyCopied {
            name,
            place,
            security,
        };
        self.tell(&mut change, account, language, mail).await?;
        change.commit().await?;
        Ok(())
    }

    /// Waits for the grid, so that no failure is told from another by its time.
    async fn leave_on_grid(&self, began: Moment) {
        let took = self.clock.moment().since(began).as_nanos() % GRID.as_nanos();
        let took = u64::try_from(took).map_or(GRID, Duration::from_nanos);
        tokio::time::sleep(GRID.saturating_sub(took)).await;
    }

    /// What the browser of whoever has this session is asked to make; `None` where the
    /// portal takes no passkeys.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn offer_passkey(
        &self,
        account: &Account,
        session: &Session,
    ) -> Result<Option<PasskeyAsk>, AccountError> {
        let store = self.store()?;
        let (Some(party), Some(handle)) = (self.party(), secret::sid(&account.id)) else {
            return Ok(None);
        };
        let person = Person {
            handle,
            name: account.name.as_str(),
            display: &account.display,
        };
        let had = self.credentials(&store, &account.id).await?;
        let asked = party.offer(person, &had).ok();
        Ok(asked.map(|asked| self.sealed(&store, Asking::Offer(session), asked)))
    }

    /// Adds a passkey that was made for this session. With the first second factor come
    /// recovery codes.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn add_passkey(
        &self,
        account: &Account,
        session: &Session,
        said: &Said,
        label: &str,
        (from, language): (&From, Language),
    ) -> Result<PasskeyAdded, AccountError> {
        let store = self.store()?;
        let asking = Asking::Offer(session);
        let Some((question, state)) = self.question(&store, asking, &said.sealed).await else {
            return Ok(PasskeyAdded::Stale);
        };
        let Some(party) = self.party() else {
            return Ok(PasskeyAdded::Refused);
        };
        let made = match party.made(said.answer.expose(), &state) {
            Ok(made) => made,
            Err(why) => {
                tracing::debug!(%why, "a new passkey was refused");
                return Ok(PasskeyAdded::Refused);
            }
        };
        let mut change = store.change(&Actor::account(&account.id)).await?;
        let forget_at = question.forget_at();
        // The form was sent twice: what came first holds.
        if !change.take_challenge(&question.id, forget_at).await? {
            return Ok(PasskeyAdded::Before);
        }
        let new = NewPasskey {
            id: &question.id,
            credential: &made.credential,
            kept: &made.kept,
            label,
        };
        let first = match change.add_passkey(&account.id, new).await {
            Ok(first) => first,
            Err(store::Error::TooLarge { .. }) => return Ok(PasskeyAdded::Full),
            // It isn't said that it is somebody's.
            Err(store::Error::Taken { .. }) => return Ok(PasskeyAdded::Refused),
            Err(error) => return Err(error.into()),
        };
        let (name, place) = (label.to_owned(), from.network());
        let mail = |security| AccountMail::PasskeyAdded {
            name,
            place,
            security,
        };
        let codes = self.factor_added(change, account, session, first, (language, mail));
        Ok(PasskeyAdded::Yes(codes.await?))
    }
}
