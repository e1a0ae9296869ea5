//! What mails to the owner of an account say: a subject and plain text.

use terms::{Arg, Language, Micros, Secret};

use crate::{Pages, WaitingKind};

/// What there is to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountMail {
    /// Unknown devices are refused for a while, after too many tries.
    Locked {
        /// From which network the last try came.
        place: String,
        /// Where a button unlocks it: a whole address, with its secret.
        unlock: Secret<String>,
    },
    /// The password is another now.
    PasswordChanged {
        /// From which network.
        place: String,
        /// Where the account is looked after: a whole address.
        security: String,
    },
    /// Somebody asked for another password.
    Reset {
        /// From which network.
        place: String,
        /// Where it is chosen: a whole address, with its secret.
        choose: Secret<String>,
    },
    /// There is an account now, and no password yet.
    Invited {
        /// Where it is chosen: a whole address, with its secret.
        choose: Secret<String>,
    },
    /// There is a new second factor.
    FactorAdded {
        /// What it is called.
        name: String,
        /// From which network.
        place: String,
        /// Where second factors are looked after: a whole address.
        security: String,
    },
    /// A second factor is gone.
    FactorRemoved {
        /// What it was called.
        name: String,
        /// From which network.
        place: String,
        /// Where second factors are looked after: a whole address.
        security: String,
    },
    /// There is a new passkey.
    PasskeyAdded {
        /// What it is called.
        name: String,
        /// From which network.
        place: String,
        /// Where passkeys are looked after: a whole address.
        security: String,
    },
    /// A passkey is gone.
    PasskeyRemoved {
        /// What it was called.
        name: String,
        /// From which network.
        place: String,
        /// Where passkeys are looked after: a whole address.
        security: String,
    },
    /// A passkey showed a sign count that didn't rise: there may be a copy.
    PasskeyCopied {
        /// What it is called.
        name: String,
        /// From which network.
        place: String,
        /// Where passkeys are looked after: a whole address.
        security: String,
    },
    /// Somebody signed in with a recovery code.
    RecoveryUsed {
        /// From which network.
        place: String,
        /// How many are left.
        left: u64,
        /// Where new ones are made: a whole address.
        security: String,
    },
    /// There are new recovery codes.
    RecoveryRenewed {
        /// From which network.
        place: String,
        /// Where they are made: a whole address.
        security: String,
    },
    /// Somebody knows the password, and guesses at the second factor.
    CodesWrong {
        /// From which network.
        place: String,
        /// Where the password is changed: a whole address.
        security: String,
    },
    /// There is a new app password.
    AppPasswordMade {
        /// What it is called.
        name: String,
        /// From which network.
        place: String,
        /// Where app passwords are revoked: a whole address.
        security: String,
    },
    /// To the address of now: another is to take its place.
    AddressChanging {
        /// The new one.
        new: Secret<String>,
        /// From which network.
        place: String,
        /// Where the password is changed: a whole address.
        security: String,
    },
    /// To the new address: whoever reads it says so.
    AddressConfirm {
        /// From which network.
        place: String,
        /// Where it is confirmed: a whole address, with its secret.
        confirm: Secret<String>,
    },
    /// To an address that is this account's: another account was to have it.
    AddressTaken {
        /// From which network.
        place: String,
    },
    /// To the address before: it isn't the account's any more.
    AddressChanged {
        /// From which network.
        place: String,
        /// Where the password is changed: a whole address.
        security: String,
    },
    /// An administrator has begun to let the owner in without their second factor.
    LostFactorBegun {
        /// When the link will be mailed that lets them in.
        opens: Micros,
        /// Where it is stopped: a whole address, with its secret.
        stop: Secret<String>,
    },
    /// The time has come.
    LostFactorOpen {
        /// Until when the link holds.
        until: Micros,
        /// Where the password lets them in: a whole address, with its secret.
        enter: Secret<String>,
    },
    /// Nobody is let in without it.
    LostFactorStopped,
    /// To an address with which somebody wants to make an account: whoever reads it may.
    Register {
        /// From which network.
        place: String,
        /// Where name and password are chosen: a whole address, with its secret.
        confirm: Secret<String>,
    },
    /// The same to an address that has one.
    RegisteredBefore {
        /// From which network.
        place: String,
    },
    /// To an administrator: what another one asks for waits for somebody's approval.
    ApprovalWaits {
        /// What is to be done.
        kind: WaitingKind,
        /// The login name that it is about.
        user: String,
        /// The login name of whoever asks.
        asked_by: String,
        /// Where it is approved: a whole address.
        approvals: String,
    },
}

impl AccountMail {
    /// Whether it goes to an address that may be nobody's yet.
    const fn is_to_a_stranger(&self) -> bool {
        matches!(self, Self::AddressConfirm { .. } | Self::Register { .. })
    }
}

/// A mail's words, in its reader's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailText {
    /// One line.
    pub subject: String,
    /// Plain text with `\n` line ends; it may hold a link that acts.
    pub body: Secret<String>,
}

impl Pages {
    /// The mail about `mail`, which befell the account `login` at `at` on `portal`, a
    /// host.
    pub fn account_mail(
        &self,
        mail: &AccountMail,
        login: &str,
        portal: &str,
        at: Micros,
        language: Language,
    ) -> MailText {
        let say = self.texts().speech(language);
        let text = |text: &str| Arg::Text(one_line(text));
        let mut args = vec![
            ("login", text(login)),
            ("portal", text(portal)),
            ("at", Arg::Text(say.date_time(at))),
        ];
        let (subject, body) = match mail {
            AccountMail::Locked { place, unlock } => {
                args.extend([("place", text(place)), ("link", text(unlock.expose()))]);
                (
                    say.text_with("mail-locked-subject", &args),
                    say.text_with("mail-locked-body", &args),
                )
            }
            AccountMail::Reset { place, choose } => {
                args.extend([("place", text(place)), ("link", text(choose.expose()))]);
                (
                    say.text_with("mail-reset-subject", &args),
                    say.text_with("mail-reset-body", &args),
                )
            }
            AccountMail::Invited { choose } => {
                args.push(("link", text(choose.expose())));
                (
                    say.text_with("mail-invited-subject", &args),
                    say.text_with("mail-invited-body", &args),
                )
            }
            AccountMail::PasswordChanged { place, security } => {
                args.extend([("place", text(place)), ("link", text(security))]);
                (
                    say.text_with("mail-password-changed-subject", &args),
                    say.text_with("mail-password-changed-body", &args),
                )
            }
            AccountMail::FactorAdded {
                name,
                place,
                security,
            } => {
                args.extend(of_one(name, place, security));
                (
                    say.text_with("mail-factor-added-subject", &args),
                    say.text_with("mail-factor-added-body", &args),
                )
            }
            AccountMail::FactorRemoved {
                name,
                place,
                security,
            } => {
                args.extend(of_one(name, place, security));
                (
                    say.text_with("mail-factor-removed-subject", &args),
                    say.text_with("mail-factor-removed-body", &args),
                )
            }
            AccountMail::PasskeyAdded {
                name,
                place,
                security,
            } => {
                args.extend(of_one(name, place, security));
                (
                    say.text_with("mail-passkey-added-subject", &args),
                    say.text_with("mail-passkey-added-body", &args),
                )
            }
            AccountMail::PasskeyRemoved {
                name,
                place,
                security,
            } => {
                args.extend(of_one(name, place, security));
                (
                    say.text_with("mail-passkey-removed-subject", &args),
                    say.text_with("mail-passkey-removed-body", &args),
                )
            }
            AccountMail::PasskeyCopied {
                name,
                place,
                security,
            } => {
                args.extend(of_one(name, place, security));
                (
                    say.text_with("mail-passkey-copied-subject", &args),
                    say.text_with("mail-passkey-copied-body", &args),
                )
            }
            AccountMail::RecoveryUsed {
                place,
                left,
                security,
            } => {
                let left = i64::try_from(*left).unwrap_or(i64::MAX);
                args.extend([("place", text(place)), ("link", text(security))]);
                args.push(("left", Arg::Number(left)));
                (
                    say.text_with("mail-recovery-used-subject", &args),
                    say.text_with("mail-recovery-used-body", &args),
                )
            }
            AccountMail::RecoveryRenewed { place, security } => {
                args.extend([("place", text(place)), ("link", text(security))]);
                (
                    say.text_with("mail-recovery-renewed-subject", &args),
                    say.text_with("mail-recovery-renewed-body", &args),
                )
            }
            AccountMail::CodesWrong { place, security } => {
                args.extend([("place", text(place)), ("link", text(security))]);
                (
                    say.text_with("mail-codes-wrong-subject", &args),
                    say.text_with("mail-codes-wrong-body", &args),
                )
            }
            AccountMail::AppPasswordMade {
                name,
                place,
                security,
            } => {
                args.extend(of_one(name, place, security));
                (
                    say.text_with("mail-app-password-made-subject", &args),
                    say.text_with("mail-app-password-made-body", &args),
                )
            }
            AccountMail::AddressChanging {
                new,
                place,
                security,
            } => {
                args.extend(of_one(new.expose(), place, security));
                (
                    say.text_with("mail-address-changing-subject", &args),
                    say.text_with("mail-address-changing-body", &args),
                )
            }
            AccountMail::AddressConfirm { place, confirm } => {
                args.extend([("place", text(place)), ("link", text(confirm.expose()))]);
                (
                    say.text_with("mail-address-confirm-subject", &args),
                    say.text_with("mail-address-confirm-body", &args),
                )
            }
            AccountMail::AddressTaken { place } => {
                args.push(("place", text(place)));
                (
                    say.text_with("mail-address-taken-subject", &args),
                    say.text_with("mail-address-taken-body", &args),
                )
            }
            AccountMail::AddressChanged { place, security } => {
                args.extend([("place", text(place)), ("link", text(security))]);
                (
                    say.text_with("mail-address-changed-subject", &args),
                    say.text_with("mail-address-changed-body", &args),
                )
            }
            AccountMail::LostFactorBegun { opens, stop } => {
                args.extend([
                    ("opens", Arg::Text(say.date_time(*opens))),
                    ("link", text(stop.expose())),
                ]);
                (
                    say.text_with("mail-lost-factor-begun-subject", &args),
                    say.text_with("mail-lost-factor-begun-body", &args),
                )
            }
            AccountMail::LostFactorOpen { until, enter } => {
                args.extend([
                    ("until", Arg::Text(say.date_time(*until))),
                    ("link", text(enter.expose())),
                ]);
                (
                    say.text_with("mail-lost-factor-open-subject", &args),
                    say.text_with("mail-lost-factor-open-body", &args),
                )
            }
            AccountMail::LostFactorStopped => (
                say.text_with("mail-lost-factor-stopped-subject", &args),
                say.text_with("mail-lost-factor-stopped-body", &args),
            ),
            AccountMail::Register { place, confirm } => {
                args.extend([("place", text(place)), ("link", text(confirm.expose()))]);
                (
                    say.text_with("mail-register-subject", &args),
                    say.text_with("mail-register-body", &args),
                )
            }
            AccountMail::ApprovalWaits {
                kind,
                user,
                asked_by,
                approvals,
            } => {
                let what = kind.said(&say, &one_line(user));
                args.extend([
                    ("what", Arg::Text(what)),
                    ("name", text(asked_by)),
                    ("link", text(approvals)),
                ]);
                (
                    say.text_with("mail-approval-waits-subject", &args),
                    say.text_with("mail-approval-waits-body", &args),
                )
            }
            AccountMail::RegisteredBefore { place } => {
                args.push(("place", text(place)));
                (
                    say.text_with("mail-registered-before-subject", &args),
                    say.text_with("mail-registered-before-body", &args),
                )
            }
        };
        let foot = if mail.is_to_a_stranger() {
            say.text_with("mail-foot-address", &args)
        } else {
            say.text_with("mail-foot", &args)
        };
        MailText {
            subject,
            body: Secret::new(format!("{body}\n\n-- \n{foot}\n")),
        }
    }
}

/// What is told of one thing with a name.
fn of_one(name: &str, place: &str, security: &str) -> [(&'static str, Arg); 3] {
    let text = |text: &str| Arg::Text(one_line(text));
    [
        ("name", text(name)),
        ("place", text(place)),
        ("link", text(security)),
    ]
}

/// A foreign value can't begin a line of its own: what follows would read as ours.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|sign| {
            if sign.is_control() || matches!(sign, '\u{2028}' | '\u{2029}') {
                ' '
            } else {
                sign
            }
        })
        .collect()
}
