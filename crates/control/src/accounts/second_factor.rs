//! Promise `two-factor`: the code that is asked for behind a right password, and how
//! somebody switches that on and off.
//!
//! ```text
//! right password ─▶ half (sealed, in the form) ─▶ code counted ─▶ taken once ─▶ session
//! ```
//! Half a sign-in opens nothing: it is no session, holds for one browser and for minutes,
//! and for the password that it was given for.

use std::time::Duration;

use login::{
    lockout::{Attempt as Counted, Notice, Rule, Until},
    two_factor::{Seed, Step, recovery_code, recovery_codes},
};
use pages::AccountMail;
use seam::{Session, TokenHash};
use serde::{Deserialize, Serialize};
use store::{Account, Actor, Cell, Factor, Guesser, Purpose, Store};
use terms::{Language, Micros, Secret};

use super::{
    AccountError, Accounts, secret,
    session::{Begun, Device, From},
    sign_in::{door_succeeded, kept, strangers},
    table,
};

/// How long a code may take after the password, and an app's set-up after its page.
const LIFE: Duration = Duration::from_secs(10 * 60);
/// Wrong codes of an account within [`Rule::window`]: of all half sign-ins together.
const CODES: Rule = Rule {
    guesses: 5,
    window: Duration::from_secs(5 * 60),
};
/// How somebody was known who gave both (RFC 8176).
const BOTH: [&str; 3] = ["pwd", "otp", "mfa"];

const HALF: Cell<'_> = Cell {
    table: "half",
    column: "sign-in",
    row: "",
};

/// What says that a password was right.
#[derive(Serialize, Deserialize)]
struct Half {
    account: String,
    /// SHA-256 of the start cookie, in base64url.
    start: String,
    at: i64,
    /// When that password was chosen.
    password_at: Option<i64>,
}

/// A seed on its way into an app.
#[derive(Serialize, Deserialize)]
struct Offered {
    seed: String,
    at: i64,
}

/// A code, and where it comes from.
pub(crate) struct CodeAttempt {
    pub(crate) half: String,
    pub(crate) code: Secret<String>,
    pub(crate) start: TokenHash,
    pub(crate) device: Option<Secret<String>>,
    pub(crate) portal: String,
    pub(crate) from: From,
    pub(crate) language: Language,
}

/// What came of it.
pub(crate) enum Coded {
    /// A new session, and the new secret of the device.
    Yes {
        begun: Begun,
        device: Secret<String>,
    },
    Wrong,
    /// Too many were wrong; none is taken until then.
    Locked(Micros),
    /// The password has to be given anew.
    Stale,
}

/// Whether a code is one of an account's.
enum Taken {
    /// By an app, or by a recovery code, of which so many are left.
    App,
    Recovery {
        left: u64,
    },
    No,
    Locked(Micros),
}

/// An app that is being set up.
pub(crate) struct Offer {
    /// What goes through the browser's hands.
    pub(crate) sealed: Secret<String>,
    pub(crate) seed: Seed,
}

/// What came of setting one up.
pub(crate) enum Added {
    /// With the recovery codes, where it is the first.
    Yes(Option<Vec<Secret<String>>>),
    /// The code isn't the one of now.
    Wrong(Offer),
    /// The page was too old.
    Stale,
    /// There are too many already.
    Full,
}

impl Accounts {
    /// What a browser carries between password and code.
    pub(super) async fn half(
        &self,
        store: &Store,
        account: &str,
        start: TokenHash,
    ) -> Result<Secret<String>, AccountError> {
        let half = Half {
            account: account.to_owned(),
            start: terms::base64url(&start.0),
            at: self.now().0,
            password_at: password_at(store, account).await?,
        };
        let text = serde_json::to_vec(&half).unwrap_or_default();
        let sealed = store.seal(Purpose::SignIn, HALF, &text);
        Ok(Secret::new(terms::base64url(&sealed)))
    }

    async fn whole(
        &self,
        store: &Store,
        half: &str,
        start: TokenHash,
    ) -> Result<Option<Account>, AccountError> {
        let Some(sealed) = terms::from_base64url(half.as_bytes()) else {
            return Ok(None);
        };
        let Ok(text) = store.unseal(Purpose::SignIn, HALF, &sealed).await else {
            return Ok(None);
        };
        let Ok(half) = serde_json::from_slice::<Half>(text.expose()) else {
            return Ok(None);
        };
        let holds = half.start == terms::base64url(&start.0)
            && self.now() < Micros(half.at).after(LIFE)
            && password_at(store, &half.account).await? == half.password_at;
        if !holds {
            return Ok(None);
        }
        let account = store.account(&half.account).await?;
        Ok(account.filter(table::is_active))
    }

    /// Ends what began with a right password.
    ///
    /// # Errors
    /// [`AccountError`]: 503.
    pub(crate) async fn sign_in_with_code(
        &self,
        attempt: CodeAttempt,
    ) -> Result<Coded, AccountError> {
        let coded = self.code_attempt(attempt).await?;
        self.tallies.coded(&coded);
        Ok(coded)
    }

    async fn code_attempt(&self, attempt: CodeAttempt) -> Result<Coded, AccountError> {
        let store = self.store()?;
        let whole = self.whole(&store, &attempt.half, attempt.start).await?;
        let Some(account) = whole else {
            return Ok(Coded::Stale);
        };
        let (from, language) = (&attempt.from, attempt.language);
        match self
            .taken(&store, &account, &attempt.code, from, language)
            .await?
        {
            Taken::App | Taken::Recovery { .. } => {}
            Taken::No => return Ok(Coded::Wrong),
            Taken::Locked(until) => return Ok(Coded::Locked(until)),
        }
        let device = attempt.device.as_ref();
        let device = device.map(|secret| secret::hash(secret.expose().as_bytes()));
        let side = self.side(&store, &account.id, device).await?;
        let own = self.own_device(&store, attempt.device).await?;
        let device = Device {
            hash: own.hash,
            left: side.left(),
        };
        let begun = self.begin(&account, &attempt.portal, from, device, &BOTH);
        Ok(Coded::Yes {
            begun: begun.await?,
            device: own.text,
        })
    }

    /// Somebody who is signed in shows once more who they are, by a code.
    ///
    /// # Errors
    /// [`AccountError`]: 503.
    pub(crate) async fn confirm_by_code(
        &self,
        account: &Account,
        session: &Session,
        code: &Secret<String>,
        from: &From,
        language: Language,
    ) -> Result<Result<Begun, Coded>, AccountError> {
        let store = self.store()?;
        Ok(
            match self.taken(&store, account, code, from, language).await? {
                Taken::App | Taken::Recovery { .. } => {
                    Ok(self.renew_session(account, session, &BOTH).await?)
                }
                Taken::No => Err(Coded::Wrong),
                Taken::Locked(until) => Err(Coded::Locked(until)),
            },
        )
    }

    /// Takes a code, counted before it is looked at. What is right forgets the count.
    async fn taken(
        &self,
        store: &Store,
        account: &Account,
        code: &Secret<String>,
        from: &From,
        language: Language,
    ) -> Result<Taken, AccountError> {
        let counted = self.knock_codes(store, account, from, language).await?;
        if let Some(until) = counted {
            return Ok(Taken::Locked(until));
        }
        let now = self.now();
        let mut tx = store.tx().await?;
        let mut taken = Taken::No;
        for (factor, seed) in store.seeds(&account.id).await? {
            // Those of earlier steps are refused by the statement that takes one.
            let step =
                Seed::read(seed.expose()).and_then(|seed| seed.check(code.expose(), now, None));
            if let Some(Step(step)) = step
                && tx.take_step(&factor.id, step).await?
            {
                taken = Taken::App;
                break;
            }
        }
        if matches!(taken, Taken::No)
            && let Some(code) = recovery_code(code.expose())
            && tx
                .take_recovery_code(&account.id, recovery_hash(store, &account.id, &code))
                .await?
        {
            let left = store.recovery_codes_left(&account.id).await?;
            // It is still there for whoever reads beside this.
            taken = Taken::Recovery {
                left: left.saturating_sub(1),
            };
        }
        if matches!(taken, Taken::No) {
            return Ok(taken);
        }
        let before = tx.guesses_locked(&account.id, Guesser::Codes).await?;
        tx.keep_guesses(&account.id, Guesser::Codes, &door_succeeded(before))
            .await?;
        let Taken::Recovery { left } = taken else {
            tx.commit().await?;
            return Ok(taken);
        };
        let mut change = tx.by(&Actor::account(&account.id));
        let place = from.network();
        change.record_recovery(&account.id, &place)?;
        if let Some(security) = self.security_page() {
            let mail = AccountMail::RecoveryUsed {
                place,
                left,
                security,
            };
            self.mail(&mut change, account, &mail, language).await?;
        }
        change.commit().await?;
        Ok(taken)
    }

    /// Counts a code before it is looked at: `Some` where none is taken until then. The
    /// owner hears of the first lock, since whoever guesses knows the password.
    async fn knock_codes(
        &self,
        store: &Store,
        account: &Account,
        from: &From,
        language: Language,
    ) -> Result<Option<Micros>, AccountError> {
        let mut tx = store.tx().await?;
        let before = tx.guesses_locked(&account.id, Guesser::Codes).await?;
        let mut door = strangers(before);
        let counted = door.door.attempt(self.now(), CODES);
        let notice = match counted {
            Counted::Counted(notice) => notice,
            Counted::Locked(Until::Time(until)) => return Ok(Some(until)),
            Counted::Locked(Until::Reopened) => return Ok(Some(Micros(i64::MAX))),
        };
        tx.keep_guesses(&account.id, Guesser::Codes, &kept(door))
            .await?;
        if notice == Notice::None {
            tx.commit().await?;
            return Ok(None);
        }
        self.tallies.locked();
        let mut change = tx.by(&Actor::system("sign-in"));
        let place = from.network();
        change.record_lock(&account.id, door.door.until, &place)?;
        if let Some(security) = self.security_page() {
            let mail = AccountMail::CodesWrong { place, security };
            self.mail(&mut change, account, &mail, language).await?;
        }
        change.commit().await?;
        Ok(None)
    }

    /// A new seed for an app of whoever has this session.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) fn offer_app(&self, session: &Session) -> Result<Offer, AccountError> {
        let seed = Seed::new(&self.rng);
        let offered = Offered {
            seed: terms::base64url(seed.bytes()),
            at: self.now().0,
        };
        let text = Secret::new(serde_json::to_vec(&offered).unwrap_or_default());
        let row = session.public_name();
        let sealed = self
            .store()?
            .seal(Purpose::Totp, offer_cell(&row), text.expose());
        Ok(Offer {
            sealed: Secret::new(terms::base64url(&sealed)),
            seed,
        })
    }

    async fn offered(
        &self,
        store: &Store,
        session: &Session,
        sealed: &Secret<String>,
    ) -> Option<Offer> {
        let row = session.public_name();
        let bytes = terms::from_base64url(sealed.expose().as_bytes())?;
        let text = store.unseal(Purpose::Totp, offer_cell(&row), &bytes).await;
        let offered: Offered = serde_json::from_slice(text.ok()?.expose()).ok()?;
        let seed = Secret::new(terms::from_base64url(offered.seed.as_bytes())?);
        let fresh = self.now() < Micros(offered.at).after(LIFE);
        fresh.then_some(Offer {
            sealed: sealed.clone(),
            seed: Seed::read(seed.expose())?,
        })
    }

    /// Adds an app that shows the right code. With the first one come recovery codes.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn add_app(
        &self,
        account: &Account,
        session: &Session,
        sealed: &Secret<String>,
        (label, code): (&str, &Secret<String>),
        from: &From,
        language: Language,
    ) -> Result<Added, AccountError> {
        let store = self.store()?;
        let Some(offer) = self.offered(&store, session, sealed).await else {
            return Ok(Added::Stale);
        };
        let Some(Step(step)) = offer.seed.check(code.expose(), self.now(), None) else {
            return Ok(Added::Wrong(offer));
        };
        let first = store.factors(&account.id).await?.is_empty();
        let mut change = store.change(&Actor::account(&account.id)).await?;
        match change
            .add_totp(&account.id, label, offer.seed.bytes(), step)
            .await
        {
            Ok(_) => {}
            Err(store::Error::TooLarge { .. }) => return Ok(Added::Full),
            Err(error) => return Err(error.into()),
        }
        let codes = if first {
            Some(self.new_codes(&mut change, &account.id).await?)
        } else {
            None
        };
        if let Some(security) = self.security_page() {
            let mail = AccountMail::FactorAdded {
                name: label.to_owned(),
                place: from.network(),
                security,
            };
            self.mail(&mut change, account, &mail, language).await?;
        }
        change.commit().await?;
        Ok(Added::Yes(codes))
    }

    /// From when on no site is open to somebody who has no second factor and has to have
    /// one; `None` for everybody else. The time begins with the first question.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn factor_due(
        &self,
        session: &Session,
    ) -> Result<Option<Micros>, AccountError> {
        let config = self.publisher.config();
        let policy = &config.two_factor;
        let person = &session.person;
        let bound = policy
            .groups
            .iter()
            .any(|group| person.is_in(group.as_str()));
        let store = self.store()?;
        if !bound || !store.factors(&person.account).await?.is_empty() {
            return Ok(None);
        }
        let mut tx = store.tx().await?;
        let first = self.now().after(policy.grace);
        let due = tx.factor_due(&person.account, first).await?;
        tx.commit().await?;
        Ok(Some(due))
    }

    async fn new_codes(
        &self,
        change: &mut store::Change,
        account: &str,
    ) -> Result<Vec<Secret<String>>, AccountError> {
        let store = self.store()?;
        let codes = recovery_codes(&self.rng);
        let kept = codes.iter().filter_map(|code| recovery_code(code.expose()));
        let hashes: Vec<_> = kept
            .map(|code| recovery_hash(&store, account, &code))
            .collect();
        change.keep_recovery_codes(account, &hashes).await?;
        Ok(codes.into())
    }

    /// New recovery codes in the place of those that were left.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn renew_codes(
        &self,
        account: &Account,
    ) -> Result<Vec<Secret<String>>, AccountError> {
        let mut change = self.store()?.change(&Actor::account(&account.id)).await?;
        let codes = self.new_codes(&mut change, &account.id).await?;
        change.commit().await?;
        Ok(codes)
    }

    /// Removes every second factor of somebody who has lost theirs, and ends their
    /// sessions; the owner hears of each. Returns how many there were.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn reset_factors(
        &self,
        account: &Account,
        actor: &Actor,
    ) -> Result<usize, AccountError> {
        let store = self.store()?;
        let factors = store.factors(&account.id).await?;
        let mut change = store.change(actor).await?;
        for factor in &factors {
            change.remove_factor(&account.id, &factor.id).await?;
            if let Some(security) = self.security_page() {
                let mail = AccountMail::FactorRemoved {
                    name: factor.label.clone(),
                    place: "waarborg user".to_owned(),
                    security,
                };
                self.mail(&mut change, account, &mail, Language::En).await?;
            }
        }
        let ended = change.end_sessions(&account.id, None).await?;
        if factors.is_empty() && ended.is_empty() {
            return Ok(0);
        }
        change.commit().await?;
        self.forget(&ended);
        Ok(factors.len())
    }

    /// Removes a second factor; its owner hears of it where it wasn't a command.
    ///
    /// # Errors
    /// [`AccountError`]; missing, where it isn't the account's.
    pub(crate) async fn remove_factor(
        &self,
        account: &Account,
        id: &str,
        from: &From,
        language: Language,
        actor: &Actor,
    ) -> Result<Factor, AccountError> {
        let mut change = self.store()?.change(actor).await?;
        let factor = change.remove_factor(&account.id, id).await?;
        if let Some(security) = self.security_page() {
            let mail = AccountMail::FactorRemoved {
                name: factor.label.clone(),
                place: from.network(),
                security,
            };
            self.mail(&mut change, account, &mail, language).await?;
        }
        change.commit().await?;
        Ok(factor)
    }
}

const fn offer_cell(row: &str) -> Cell<'_> {
    Cell {
        table: "factor",
        column: "offer",
        row,
    }
}

async fn password_at(store: &Store, account: &str) -> Result<Option<i64>, AccountError> {
    let hash = store.password_hash(account).await?;
    Ok(hash.map(|(_, at)| at.0))
}

/// Nothing to guess by without the key, and alike for no two accounts.
fn recovery_hash(store: &Store, account: &str, code: &Secret<String>) -> [u8; 32] {
    let text = Secret::new(format!("recovery code of {account}: {}", code.expose()));
    store.keyed_hash(Purpose::Totp, text.expose())
}
