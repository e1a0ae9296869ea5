//! Every page of portal and console, each in all the states in which it looks
//! different. The judges see them filled as they would be; the tests with hostile text
//! in every place that takes one.

use terms::{Language, Micros, Secret};

use super::api::*;

#[path = "addresses.rs"]
mod addresses;
#[path = "approvals.rs"]
mod approvals;
#[path = "content.rs"]
mod content;
#[path = "groups.rs"]
mod groups;
#[path = "links.rs"]
mod links;
#[path = "origins.rs"]
mod origins;
#[path = "team.rs"]
mod team;
#[path = "weaknesses.rs"]
mod weaknesses;

const NOW: Micros = Micros(1_795_442_712_345_678);
const PLACE: &str = "203.0.113.0/24";

/// What stands in the places of foreign text: one text everywhere, else what fits.
#[derive(Clone, Copy)]
pub(crate) struct Fill<'a>(pub(crate) Option<&'a str>);

impl Fill<'_> {
    fn with(self, fitting: &str) -> String {
        self.0.unwrap_or(fitting).to_owned()
    }

    fn secret(self, fitting: &str) -> Secret<String> {
        Secret::new(self.with(fitting))
    }

    fn some(self, fitting: &[&str]) -> Vec<String> {
        fitting.iter().map(|text| self.with(text)).collect()
    }

    fn choices(self, fitting: &[&str]) -> Vec<ChoiceView> {
        fitting
            .iter()
            .enumerate()
            .map(|(place, text)| ChoiceView {
                value: self.with(text),
                text: self.with(text),
                chosen: place == 1,
            })
            .collect()
    }

    fn token(self) -> Secret<String> {
        self.secret("4f1c9a7be0d2")
    }

    fn console(self, notice: Option<Notice>) -> Console {
        Console {
            token: self.token(),
            who: self.with("ada@example.com"),
            door: match notice {
                Some(_) => ConsoleDoor::Portal,
                None => ConsoleDoor::Machine,
            },
            notice,
        }
    }

    fn session(self, id: &str, browser: Option<&str>, is_this: bool) -> SessionView {
        SessionView {
            id: self.with(id),
            user: self.with("ada"),
            device: DeviceView {
                browser: browser.map(|browser| self.with(browser)),
                system: browser.map(|_| self.with("Linux")),
            },
            place: self.with(PLACE),
            begun: NOW,
            last_use: NOW,
            is_this,
            sites: self.some(if is_this {
                &["app.example.com", "a-rather-long-label.eu.example.com"]
            } else {
                &[]
            }),
        }
    }

    fn sessions(self) -> Vec<SessionView> {
        vec![
            self.session("1", Some("Firefox"), true),
            self.session("2", Some("Chrome"), false),
            self.session("3", None, false),
        ]
    }

    fn tokens(self) -> Vec<TokenView> {
        let one = |id: &str, kind, name: &str, sites: &[&str], last_use, expires| TokenView {
            id: self.with(id),
            kind,
            name: self.with(name),
            owner: self.with("ada"),
            sites: self.some(sites),
            created: NOW,
            last_use,
            expires,
        };
        let sites = ["app.example.com", "dav.example.com"];
        vec![
            one(
                "1",
                TokenKind::App,
                "Calendar on my phone",
                &sites,
                Some(NOW),
                Some(NOW),
            ),
            one(
                "2",
                TokenKind::Bearer,
                "a-name-without-any-space-in-it-0123456789",
                &[],
                None,
                None,
            ),
        ]
    }

    fn made(self, kind: TokenKind) -> TokenMadeView {
        TokenMadeView {
            kind,
            name: self.with("Calendar on my phone"),
            login: self.with("ada"),
            secret: self.secret("kfq7 2mzd 9xwp h4tr 6ncb v8sj y3ge"),
        }
    }
}

fn path(path: &str) -> OwnPath {
    OwnPath::new(path).expect("a path of our own")
}

fn pager() -> PagerView {
    PagerView {
        previous: Some(path("/-/admin/users?before=7")),
        next: Some(path("/-/admin/users?after=9&state=active")),
    }
}

fn origin(origin: &str) -> SiteOrigin {
    SiteOrigin::new(origin).expect("an origin")
}

/// The pages of the portal, by name.
pub(crate) fn portal(
    pages: &Pages,
    fill: Fill<'_>,
    language: Language,
) -> Vec<(&'static str, Page)> {
    let sign_in = |problem, toward: bool| {
        let view = SignInView {
            token: fill.token(),
            request: toward.then(|| fill.with("Zm9vYmFy-_=")),
            toward: toward.then(|| fill.with("app.example.com")),
            name: fill.with(if toward { "ada" } else { "" }),
            resets: toward,
            registers: toward,
            passkey: toward.then(|| asks(fill)),
            problem,
        };
        pages.sign_in(&view, language)
    };
    let account = |sites: bool| AccountView {
        token: fill.token(),
        login: fill.with("ada"),
        name: fill.with("Ada de Vries"),
        email: fill.with("ada@example.com"),
        groups: fill.some(if sites { &["staff", "support"] } else { &[] }),
        sites: if sites {
            vec![(
                fill.with("app.example.com"),
                origin("https://app.example.com"),
            )]
        } else {
            Vec::new()
        },
        mails: sites,
        console: sites,
    };
    let who = || fill.with("ada@example.com");
    let mut all = vec![
        ("sign-in", sign_in(None, true)),
        ("sign-in-plain", sign_in(None, false)),
        ("sign-in-wrong", sign_in(Some(SignInProblem::Wrong), true)),
        (
            "sign-in-passkey",
            sign_in(Some(SignInProblem::Passkey), true),
        ),
        (
            "sign-in-busy",
            sign_in(Some(SignInProblem::Busy { retry_after_s: 4 }), true),
        ),
        ("sign-in-stale", sign_in(Some(SignInProblem::Stale), true)),
        (
            "sign-in-too-long",
            sign_in(Some(SignInProblem::TooLong), true),
        ),
        (
            "sign-out",
            pages.sign_out(
                &SignOutView {
                    token: fill.token(),
                    who: who(),
                },
                language,
            ),
        ),
        ("signed-out", pages.signed_out(language)),
        (
            "arrived",
            pages.arrived(&path("/inbox?a=1&b=<i>"), language),
        ),
        (
            "no-cookie",
            pages.no_cookie(&path("/-/login?return=/inbox"), language),
        ),
        (
            "not-for-you",
            pages.not_for_you(
                &NotForYouView {
                    token: fill.token(),
                    who: who(),
                    site: fill.with("app.example.com"),
                },
                language,
            ),
        ),
        (
            "unlock",
            pages.unlock(
                &UnlockView {
                    token: fill.token(),
                    secret: fill.secret("s3cr3t"),
                },
                language,
            ),
        ),
        ("unlocked", pages.unlocked(language)),
        ("link-gone", pages.link_gone(language)),
        ("account", pages.account(&account(true), language)),
        ("account-bare", pages.account(&account(false), language)),
        (
            "security",
            pages.account_security(&security(fill), language),
        ),
        (
            "security-refused",
            pages.account_security(&security_refused(fill), language),
        ),
        ("code", pages.code(&code(fill, None), language)),
        (
            "code-wrong",
            pages.code(&code(fill, Some(CodeProblem::Wrong)), language),
        ),
        (
            "code-locked",
            pages.code(
                &code(fill, Some(CodeProblem::Locked { minutes: 5 })),
                language,
            ),
        ),
        (
            "code-passkey",
            pages.code(
                &CodeView {
                    passkey: Some(asks(fill)),
                    ..code(fill, None)
                },
                language,
            ),
        ),
        (
            "code-recovery",
            pages.code(
                &CodeView {
                    codes: Codes::Recovery,
                    ..code(fill, None)
                },
                language,
            ),
        ),
        (
            "passkey-add",
            pages.passkey_add(&passkey_add(fill, None), language),
        ),
        (
            "passkey-add-refused",
            pages.passkey_add(&passkey_add(fill, Some(PasskeyProblem::Refused)), language),
        ),
        (
            "factor-add",
            pages.factor_add(&factor_add(fill, None), language),
        ),
        (
            "factor-add-wrong",
            pages.factor_add(&factor_add(fill, Some(CodeProblem::Wrong)), language),
        ),
        (
            "recovery-codes",
            pages.recovery_codes(
                &RecoveryCodesView {
                    codes: (0..10).map(|_| fill.secret("7kq2m-9dxwp")).collect(),
                },
                language,
            ),
        ),
        (
            "confirm-password",
            pages.confirm(&confirm(fill, Proof::Password, None), language),
        ),
        (
            "confirm-code",
            pages.confirm(
                &confirm(fill, Proof::Code(Codes::App), Some(CodeProblem::Stale)),
                language,
            ),
        ),
        (
            "confirm-passkey",
            pages.confirm(
                &confirm(
                    fill,
                    Proof::Code(Codes::Recovery),
                    Some(CodeProblem::Passkey),
                ),
                language,
            ),
        ),
        (
            "threshold",
            pages.threshold(
                &ThresholdView {
                    token: fill.token(),
                    knocked: true,
                },
                language,
            ),
        ),
        (
            "resume",
            pages.resume(
                &ResumeView {
                    token: fill.token(),
                    path: "admin/users/u1".to_owned(),
                    fields: vec![(fill.with("name"), fill.secret("Ada de Vries"))],
                },
                language,
            ),
        ),
        (
            "app-password",
            pages.app_password_made(&fill.made(TokenKind::App), language),
        ),
        (
            "sessions",
            pages.account_sessions(
                &AccountSessionsView {
                    token: fill.token(),
                    sessions: fill.sessions(),
                    notice: Some(Notice::SessionEnded),
                },
                language,
            ),
        ),
        (
            "console-enter",
            pages.console_enter(
                &ConsoleEnterView {
                    secret: fill.secret("s3cr3t"),
                    token: fill.token(),
                },
                language,
            ),
        ),
        ("console-gone", pages.console_gone(language)),
    ];
    all.extend(links::all(pages, fill, language));
    all
}

fn code(fill: Fill<'_>, problem: Option<CodeProblem>) -> CodeView {
    CodeView {
        token: fill.token(),
        request: Some(fill.with("Zm9vYmFy-_=")),
        half: fill.secret("aGFsZg"),
        portal: fill.with("id.example.com"),
        codes: Codes::App,
        passkey: None,
        problem,
    }
}

fn asks(fill: Fill<'_>) -> PasskeyAsk {
    PasskeyAsk {
        options: fill.with("{\"challenge\":\"Y2hhbGxlbmdl\"}"),
        sealed: fill.secret("c2VhbGVk"),
    }
}

fn passkey_add(fill: Fill<'_>, problem: Option<PasskeyProblem>) -> PasskeyAddView {
    PasskeyAddView {
        token: fill.token(),
        ask: asks(fill),
        name: fill.with("My laptop"),
        problem,
    }
}

fn factor_add(fill: Fill<'_>, problem: Option<CodeProblem>) -> FactorAddView {
    FactorAddView {
        token: fill.token(),
        sealed: fill.secret("c2VhbGVk"),
        seed: fill.secret("GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"),
        uri: fill.secret(
            "otpauth://totp/id.example.com:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=id.example.com&algorithm=SHA1&digits=6&period=30",
        ),
        name: fill.with("My phone"),
        problem,
    }
}

fn confirm(fill: Fill<'_>, proof: Proof, problem: Option<CodeProblem>) -> ConfirmView {
    ConfirmView {
        token: fill.token(),
        login: fill.with("ada"),
        proof,
        passkey: (proof == Proof::Code(Codes::Recovery)).then(|| asks(fill)),
        back: fill.with("account/second-factor"),
        request: (proof == Proof::Code(Codes::App)).then(|| fill.with("Zm9vYmFy-_=")),
        problem,
    }
}

fn security(fill: Fill<'_>) -> AccountSecurityView {
    AccountSecurityView {
        token: fill.token(),
        login: fill.with("ada"),
        least: 15,
        problems: Vec::new(),
        strength: None,
        factors: vec![
            FactorView {
                id: fill.with("1"),
                name: fill.with("My phone"),
                created: NOW,
                last_use: Some(NOW),
            },
            FactorView {
                id: fill.with("2"),
                name: fill.with("The-tablet-in-the-kitchen"),
                created: NOW,
                last_use: None,
            },
        ],
        passkeys: vec![FactorView {
            id: fill.with("3"),
            name: fill.with("My laptop"),
            created: NOW,
            last_use: None,
        }],
        takes_passkeys: true,
        factor_due: None,
        recovery_left: 10,
        app_passwords: fill.tokens(),
        sites: fill.choices(&["app.example.com", "dav.example.com"]),
        app_problems: Vec::new(),
        notice: Some(Notice::PasswordChanged),
    }
}

fn security_refused(fill: Fill<'_>) -> AccountSecurityView {
    AccountSecurityView {
        problems: vec![
            PasswordProblem::CurrentWrong,
            PasswordProblem::TooShort { least: 15 },
            PasswordProblem::TooLong { most: 4096 },
            PasswordProblem::Guessable,
            PasswordProblem::Breached,
            PasswordProblem::ContainsName,
            PasswordProblem::ForbiddenCharacter,
            PasswordProblem::SameAsOld,
        ],
        strength: Some(Strength::Weak),
        factors: Vec::new(),
        passkeys: Vec::new(),
        factor_due: Some(NOW),
        app_passwords: Vec::new(),
        app_problems: vec![(Field::Name, FieldProblem::Missing)],
        notice: None,
        ..security(fill)
    }
}

/// The hand-over, the one page with a script of its own.
pub(crate) fn handover(pages: &Pages, fill: Fill<'_>, language: Language) -> Page {
    let view = HandoverView {
        site: origin("https://app.example.com:8443"),
        host: fill.with("app.example.com"),
        callback: path("/-/callback"),
        code: fill.secret("Y29kZQ"),
        hidden: vec![(fill.with("state"), fill.with("x"))],
        nonce: Nonce::new("AAECAwQFBgcICQoLDA0ODw==").expect("a nonce"),
    };
    pages.handover(&view, language)
}

/// The rooms of the console, by name.
pub(crate) fn console(
    pages: &Pages,
    fill: Fill<'_>,
    language: Language,
) -> Vec<(&'static str, Page)> {
    let mut all = users(pages, fill, language);
    all.extend(groups::all(pages, fill, language));
    all.extend(team::all(pages, fill, language));
    all.extend(approvals::all(pages, fill, language));
    all.extend(rest(pages, fill, language));
    all
}

fn user_line(fill: Fill<'_>, login: &str, state: UserState) -> UserLine {
    UserLine {
        id: fill.with(login),
        login: fill.with(login),
        name: fill.with("Ada de Vries"),
        email: fill.with(&format!("{login}@a-rather-long-label.eu.example.com")),
        groups: fill.some(&["staff", "support"]),
        state,
        last_sign_in: (state == UserState::Active).then_some(NOW),
    }
}

fn users(pages: &Pages, fill: Fill<'_>, language: Language) -> Vec<(&'static str, Page)> {
    let list = |users, notice| {
        let view = UsersView {
            console: fill.console(notice),
            filter: UserFilter {
                text: fill.with("ad"),
                groups: fill.choices(&["staff", "support"]),
                state: Some(UserState::Active),
            },
            users,
            pager: pager(),
        };
        pages.users(&view, language)
    };
    let inputs = || UserInputs {
        login: fill.with("ada"),
        name: fill.with("Ada de Vries"),
        email: fill.with("ada@example.com"),
        groups: fill.choices(&["staff", "support", "a-group-with-a-long-name-0123456789"]),
    };
    let user = |locked: bool| UserView {
        console: fill.console(locked.then_some(Notice::Stale)),
        id: fill.with("u1"),
        login: fill.with("ada"),
        inputs: inputs(),
        disabled: locked,
        problems: if locked {
            vec![(Field::Email, FieldProblem::Malformed)]
        } else {
            Vec::new()
        },
        least: 15,
        password_problems: if locked {
            Vec::new()
        } else {
            vec![PasswordProblem::Guessable]
        },
        created: NOW,
        last_sign_in: locked.then_some(NOW),
        password: if locked {
            PasswordForm::Bcrypt {
                cost: 10,
                imported: true,
            }
        } else {
            PasswordForm::None
        },
        failures: if locked { 10 } else { 0 },
        locked_until: locked.then_some(NOW),
        locked_for_good: false,
        factors: if locked { 2 } else { 0 },
        lost_factor: if locked {
            links::waits(fill)
        } else {
            LostFactor::Nothing
        },
        sessions: if locked { fill.sessions() } else { Vec::new() },
        tokens: if locked { fill.tokens() } else { Vec::new() },
    };
    let add = |inputs, problems| {
        let view = UserAddView {
            console: fill.console(None),
            inputs,
            problems,
            least: 15,
        };
        pages.user_add(&view, language)
    };
    let wrong = vec![
        (Field::Login, FieldProblem::Taken),
        (Field::Name, FieldProblem::TooLong { most: 200 }),
        (Field::Groups, FieldProblem::TooMany { most: 100 }),
        (Field::Groups, FieldProblem::Unknown),
        (
            Field::Password,
            FieldProblem::Password(PasswordProblem::Breached),
        ),
    ];
    let found = [
        ("ada", UserState::Active),
        ("bo", UserState::Disabled),
        ("a-rather-long-login-name-0123456789", UserState::Locked),
    ];
    let found = found
        .map(|(login, state)| user_line(fill, login, state))
        .into();
    vec![
        ("users", list(found, Some(Notice::Added))),
        ("users-none", list(Vec::new(), None)),
        ("user", pages.user(&user(true), language)),
        ("user-new", pages.user(&user(false), language)),
        ("user-lost", links::user_lost(pages, user(false), language)),
        ("user-add", add(UserInputs::default(), Vec::new())),
        ("user-add-wrong", add(inputs(), wrong)),
        (
            "user-remove",
            pages.user_remove(
                &UserRemoveView {
                    console: fill.console(None),
                    id: fill.with("u1"),
                    login: fill.with("ada"),
                    problem: Some(FieldProblem::OwnRights),
                },
                language,
            ),
        ),
    ]
}

fn reflections(fill: Fill<'_>) -> ReflectionsView {
    let line = |parameter: &str, from, context, done| ReflectionLine {
        page: fill.with("app.example.com /search"),
        from,
        parameter: fill.with(parameter),
        context,
        done,
        count: 3,
        first: NOW,
        last: NOW,
        id: fill.with("0123456789abcdef"),
    };
    ReflectionsView {
        console: fill.console(None),
        lines: vec![
            line(
                "q",
                ReflectedFrom::Query,
                ReflectedAs::Script,
                ReflectedDone::Observed,
            ),
            line(
                "",
                ReflectedFrom::Path,
                ReflectedAs::Markup,
                ReflectedDone::Neutralised,
            ),
            line(
                "text",
                ReflectedFrom::Form,
                ReflectedAs::Attribute,
                ReflectedDone::Refused,
            ),
        ],
        more: true,
    }
}

fn rest(pages: &Pages, fill: Fill<'_>, language: Language) -> Vec<(&'static str, Page)> {
    let sessions = ConsoleSessionsView {
        console: fill.console(None),
        user: fill.with("ada"),
        sessions: fill.sessions(),
        pager: PagerView::default(),
    };
    let tokens = TokensView {
        console: fill.console(Some(Notice::Revoked)),
        tokens: fill.tokens(),
        pager: PagerView::default(),
    };
    let add = TokenAddView {
        console: fill.console(None),
        owner: fill.with("ada"),
        kind: TokenKind::Bearer,
        name: fill.with("CI"),
        sites: fill.choices(&["app.example.com", "dav.example.com"]),
        problems: vec![
            (Field::Owner, FieldProblem::Unknown),
            (Field::Sites, FieldProblem::Unknown),
        ],
    };
    vec![
        (
            "console-sessions",
            pages.console_sessions(&sessions, language),
        ),
        ("tokens", pages.tokens(&tokens, language)),
        ("token-add", pages.token_add(&add, language)),
        (
            "token-made",
            pages.token_made(&fill.console(None), &fill.made(TokenKind::Bearer), language),
        ),
        ("addresses", addresses::addresses(pages, fill, language)),
        ("origins", origins::origins(pages, fill, language)),
        ("content", content::content(pages, fill, language)),
        ("content-none", content::nothing(pages, fill, language)),
        (
            "reflections",
            pages.reflections(&reflections(fill), language),
        ),
        ("weaknesses", weaknesses::weaknesses(pages, fill, language)),
        ("audit", pages.audit(&audit(fill), language)),
        (
            "audit-none",
            pages.audit(
                &AuditView {
                    lines: Vec::new(),
                    ..audit(fill)
                },
                language,
            ),
        ),
    ]
}

fn audit(fill: Fill<'_>) -> AuditView {
    let change = |field: &str, before: Option<&str>, after: Option<&str>| ChangeLine {
        field: fill.with(field),
        before: before.map(|text| fill.with(text)),
        after: after.map(|text| fill.with(text)),
    };
    let line = |action: &str, changes| AuditLine {
        at: NOW,
        actor: fill.with("ada"),
        action: fill.with(action),
        target: fill.with("user:0192f7a1-6b2e-7c3d-8e4f-5a6b7c8d9e0f"),
        changes,
    };
    AuditView {
        console: fill.console(None),
        filter: AuditFilter {
            actor: fill.with("ada"),
            action: fill.with(""),
            target: fill.with(""),
            from: fill.with("2026-11-01"),
            until: fill.with(""),
        },
        lines: vec![
            line(
                "user.changed",
                vec![
                    change(
                        "email",
                        Some("ada@example.com"),
                        Some("ada@a-rather-long-label.eu.example.com"),
                    ),
                    change("groups", None, Some("staff, support")),
                ],
            ),
            line("session.revoked", Vec::new()),
            line("user.removed", vec![change("login", Some("bo"), None)]),
        ],
        pager: pager(),
    }
}
