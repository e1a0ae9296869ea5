//! Promise `two-factor`: the code that is asked for behind a right password, and the app
//! that shows it.
//!
//! ```text
//! right password ─▶ half (sealed, in the form) ─▶ code counted ─▶ taken once ─▶ session
//! ```
//! Half a sign-in opens nothing: it is no session, holds for one browser and for minutes,
//! and for the password that it was given for.

use std::time::Duration;

use login::{
    lockout::{Attempt as Counted, LOCK_MAX, Notice, Rule, Until},
    two_factor::{Seed, Step, recovery_code},
};
use pages::AccountMail;
use seam::{Session, TokenHash};
use serde::{Deserialize, Serialize};
use store::{Account, Actor, Cell, Guesser, Purpose, Store};
use terms::{Language, Micros, Secret};

use super::{
    AccountError, Accounts,
    session::{Begun, Device, From, Left},
    sign_in::{Side, kept, strangers, strangers_reopened, strangers_succeeded},
    table,
};

/// How long a code may take after the password, and an app's set-up after its page.
const LIFE: Duration = Duration::from_secs(10 * 60);
/// Wrong codes of an account within [`Rule::window`]: of all half sign-ins together.
const CODES: Rule = Rule {
    guesses: 5,
    window: Duration::from_secs(5 * 60),
};
/// Wrong codes in a row of which the owner hears, however slowly they come.
const TOLD_AT: u32 = 10;
/// How somebody was known who gave both (RFC 8176).
const BY_APP: [&str; 3] = ["pwd", "otp", "mfa"];
/// The same by a code from paper.
const BY_RECOVERY: [&str; 2] = ["pwd", "mfa"];

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
    /// What the factor is called in the store: each offer is taken once.
    id: String,
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

/// A code that somebody gives.
struct Given<'a> {
    code: &'a Secret<String>,
    side: Side,
    from: &'a From,
    language: Language,
}

/// Whether a code is one of an account's.
enum Taken {
    /// It is; how somebody is known by it.
    Yes(&'static [&'static str]),
    No,
    Locked(Micros),
}

/// Whose codes are counted together: a stranger who knows the password doesn't lock a
/// device out that has signed in before.
const fn codes_of(side: Side) -> Guesser {
    match side {
        Side::Known(device) => Guesser::DeviceCodes(device.0),
        Side::Stranger => Guesser::Codes,
    }
}

/// What a success leaves of whose count.
pub(super) fn codes_left(side: Side) -> Vec<Left> {
    let own: Left = (codes_of(side), strangers_succeeded);
    match side {
        Side::Known(_) => vec![own, (Guesser::Codes, strangers_reopened)],
        Side::Stranger => vec![own],
    }
}

/// An app that is being set up.
pub(crate) struct Offer {
    id: String,
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
    /// It was added by the same form before.
    Before,
    /// There are too many already.
    Full,
}

impl Accounts {
    /// What a browser carries between password and code.
    pub(super) fn half(
        &self,
        store: &Store,
        account: &str,
        password_at: Option<Micros>,
        start: TokenHash,
    ) -> Secret<String> {
        let half = Half {
            account: account.to_owned(),
            start: terms::base64url(&start.0),
            at: self.now().0,
            password_at: password_at.map(|at| at.0),
        };
        let text = serde_json::to_vec(&half).unwrap_or_default();
        let sealed = store.seal(Purpose::SignIn, HALF, &text);
        Secret::new(terms::base64url(&sealed))
    }

    /// Whose password was right, where that still holds.
    pub(super) async fn whole(
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
        let from = &attempt.from;
        let device = attempt.device.as_ref();
        let side = self.side(&store, &account.id, device).await?;
        let given = Given {
            code: &attempt.code,
            side,
            from,
            language: attempt.language,
        };
        let amr = match self.taken(&store, &account, given).await? {
            Taken::Yes(amr) => amr,
            Taken::No => return Ok(Coded::Wrong),
            Taken::Locked(until) => return Ok(Coded::Locked(until)),
        };
        let own = self.own_device(&store, attempt.device).await?;
        let device = Device {
            hash: own.hash,
            left: side.left(),
        };
        let begun = self.begin(&account, &attempt.portal, from, device, amr);
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
        device: Option<&Secret<String>>,
        (from, language): (&From, Language),
    ) -> Result<Result<Begun, Coded>, AccountError> {
        let store = self.store()?;
        let side = self.side(&store, &account.id, device).await?;
        let given = Given {
            code,
            side,
            from,
            language,
        };
        Ok(match self.taken(&store, account, given).await? {
            Taken::Yes(amr) => Ok(self.renew_session(account, session, amr).await?),
            Taken::No => Err(Coded::Wrong),
            Taken::Locked(until) => Err(Coded::Locked(until)),
        })
    }

    /// Takes a code, counted before it is looked at.
    async fn taken(
        &self,
        store: &Store,
        account: &Account,
        given: Given<'_>,
    ) -> Result<Taken, AccountError> {
        if let Some(until) = self.knock_codes(store, account, &given).await? {
            return Ok(Taken::Locked(until));
        }
        let Given {
            code,
            side,
            from,
            language,
        } = given;
        let now = self.now();
        // Read before the transaction, which has a connection of its own.
        let seeds = store.seeds(&account.id).await?;
        let left = store.recovery_codes_left(&account.id).await?;
        let mut tx = store.tx().await?;
        let mut app = false;
        for (factor, seed) in seeds {
            // Those of earlier steps are refused by the statement that takes one.
            let seed = Seed::read(seed.expose());
            let step = seed.and_then(|seed| seed.check(code.expose(), now, None));
            if let Some(Step(step)) = step
                && tx.take_step(&factor.id, step).await?
            {
                app = true;
                break;
            }
        }
        let recovered = if let (false, Some(code)) = (app, recovery_code(code.expose())) {
            let hash = recovery_hash(store, &account.id, &code);
            tx.take_recovery_code(&account.id, hash).await?
        } else {
            false
        };
        if !app && !recovered {
            return Ok(Taken::No);
        }
        // A success forgets the count of this device; that of strangers, where it is known.
        for (guesser, left) in codes_left(side) {
            let before = tx.guesses_locked(&account.id, guesser).await?;
            tx.keep_guesses(&account.id, guesser, &left(before)).await?;
        }
        if app {
            tx.commit().await?;
            return Ok(Taken::Yes(&BY_APP));
        }
        let mut change = tx.by(&Actor::account(&account.id));
        let place = from.network();
        change.record_recovery(&account.id, &place)?;
        let left = left.saturating_sub(1);
        let mail = |security| AccountMail::RecoveryUsed {
            place,
            left,
            security,
        };
        self.tell(&mut change, account, language, mail).await?;
        change.commit().await?;
        Ok(Taken::Yes(&BY_RECOVERY))
    }

    /// Counts a code before it is looked at: `Some` where none is taken until then. The
    /// owner hears of the first lock, and of the tenth wrong code where none comes of them:
    /// whoever guesses knows the password.
    async fn knock_codes(
        &self,
        store: &Store,
        account: &Account,
        given: &Given<'_>,
    ) -> Result<Option<Micros>, AccountError> {
        let guesser = codes_of(given.side);
        let mut tx = store.tx().await?;
        let before = tx.guesses_locked(&account.id, guesser).await?;
        let mut door = strangers(before);
        let notice = match door.attempt(self.now(), CODES) {
            Counted::Counted(notice) => notice,
            Counted::Locked(Until::Time(until)) => return Ok(Some(until)),
            Counted::Locked(Until::Reopened) => return Ok(Some(self.now().after(LOCK_MAX))),
        };
        tx.keep_guesses(&account.id, guesser, &kept(door)).await?;
        if notice == Notice::None && door.failures != TOLD_AT {
            tx.commit().await?;
            return Ok(None);
        }
        let mut change = tx.by(&Actor::system("sign-in"));
        let place = given.from.network();
        if notice == Notice::TellOwner {
            self.tallies.locked();
            change.record_lock(&account.id, door.door.until, &place)?;
        } else {
            change.record_wrong_codes(&account.id, door.failures, &place)?;
        }
        let mail = |security| AccountMail::CodesWrong { place, security };
        self.tell(&mut change, account, given.language, mail)
            .await?;
        change.commit().await?;
        Ok(None)
    }

    /// A new seed for an app of whoever has this session.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) fn offer_app(&self, session: &Session) -> Result<Offer, AccountError> {
        let seed = Seed::new(&self.rng);
        let store = self.store()?;
        let id = store.new_id();
        let offered = Offered {
            id: id.clone(),
            seed: terms::base64url(seed.bytes()),
            at: self.now().0,
        };
        let text = Secret::new(serde_json::to_vec(&offered).unwrap_or_default());
        let row = session.public_name();
        let sealed = store.seal(Purpose::Totp, offer_cell(&row), text.expose());
        Ok(Offer {
            id,
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
            id: offered.id,
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
        let mut change = store.change(&Actor::account(&account.id)).await?;
        let new = (offer.id.as_str(), offer.seed.bytes());
        let first = match change.add_totp(&account.id, new, label, step).await {
            Ok(first) => first,
            Err(store::Error::TooLarge { .. }) => return Ok(Added::Full),
            // The form was sent twice: what came first holds.
            Err(store::Error::Taken { .. }) => return Ok(Added::Before),
            Err(error) => return Err(error.into()),
        };
        let (name, place) = (label.to_owned(), from.network());
        let mail = |security| AccountMail::FactorAdded {
            name,
            place,
            security,
        };
        let codes = self.factor_added(change, account, session, first, (language, mail));
        Ok(Added::Yes(codes.await?))
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
pub(super) fn recovery_hash(store: &Store, account: &str, code: &Secret<String>) -> [u8; 32] {
    let text = Secret::new(format!("recovery code of {account}: {}", code.expose()));
    store.keyed_hash(Purpose::Totp, text.expose())
}
