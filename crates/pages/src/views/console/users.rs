//! The users: all of them, one of them, a new one.

use terms::{Arg, Language, Micros};

use super::{Console, Room, room, undone};
use crate::{
    Page, Pages, PasswordProblem, Speech,
    views::{
        app_password::TokenView,
        form::{ChoiceView, Field, FieldProblem, Form, Input},
        lost_factor::{LostFactor, lost_factor},
        message::Switcher,
        password, segment,
        session::SessionView,
        sheet::{Block, Sheet, wrong_alert},
        table::{Cell, PagerView, Table},
    },
};

/// Whether somebody may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UserState {
    /// They may: `active`.
    Active,
    /// They may not, until somebody says so: `disabled`.
    Disabled,
    /// There were too many tries: `locked`. Known devices may still sign in. Nobody sets
    /// it; it is looked for.
    Locked,
}

impl UserState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Active, Self::Disabled, Self::Locked];

    /// The value in forms.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Locked => "locked",
        }
    }

    fn said(self, say: Speech<'_>) -> String {
        match self {
            Self::Active => say.text("state-active"),
            Self::Disabled => say.text("state-disabled"),
            Self::Locked => say.text("state-locked"),
        }
    }
}

/// What the list was asked for, as it was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// A whole mail address, or how a name begins: `text`.
    pub text: String,
    /// Groups to choose from, the chosen one marked: `group`, empty for any.
    pub groups: Vec<ChoiceView>,
    /// `state`, empty for any.
    pub state: Option<UserState>,
}

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserLine {
    /// What names the user in addresses.
    pub id: String,
    /// The login name.
    pub login: String,
    /// The name for people.
    pub name: String,
    /// The address of mails; may be empty.
    pub email: String,
    /// Groups.
    pub groups: Vec<String>,
    /// Whether they may sign in.
    pub state: UserState,
    /// When they last signed in.
    pub last_sign_in: Option<Micros>,
}

/// `{prefix}admin/users`. The filter asks there by GET: `text`, `group`, `state`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsersView {
    /// What every page of the console has.
    pub console: Console,
    /// What was asked for.
    pub filter: UserFilter,
    /// Those found, on this page.
    pub users: Vec<UserLine>,
    /// The way to the others.
    pub pager: PagerView,
}

/// How a password is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordForm {
    /// There is none: nobody signs in with it.
    None,
    /// bcrypt.
    Bcrypt {
        /// Its cost.
        cost: u32,
        /// Whether it came from elsewhere and hasn't been hashed anew yet.
        imported: bool,
    },
}

/// What is typed about a user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserInputs {
    /// `login`: only for a new user.
    pub login: String,
    /// `name`.
    pub name: String,
    /// `email`.
    pub email: String,
    /// `group`, once per chosen one.
    pub groups: Vec<ChoiceView>,
}

/// `{prefix}admin/users/{id}`. Forms, each with `token`: there, with `name`, `email`,
/// `group` and `state`; to `…/password`, with `password`; to `…/unlock`,
/// `…/end-sessions`, `…/lost-factor` and `…/lost-factor/stop`. A link leads to `…/remove`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserView {
    /// What every page of the console has.
    pub console: Console,
    /// What names the user in addresses.
    pub id: String,
    /// The login name.
    pub login: String,
    /// What can be changed, as it stands or as it was typed.
    pub inputs: UserInputs,
    /// `active` or `disabled`, as it stands or as it was chosen.
    pub disabled: bool,
    /// What is wrong with what was typed.
    pub problems: Vec<(Field, FieldProblem)>,
    /// The fewest characters of a password.
    pub least: u32,
    /// What is wrong with the new password.
    pub password_problems: Vec<PasswordProblem>,
    /// When the account was made.
    pub created: Micros,
    /// When they last signed in.
    pub last_sign_in: Option<Micros>,
    /// How the password is kept.
    pub password: PasswordForm,
    /// Failed tries that count against the account now.
    pub failures: u32,
    /// Until when unknown devices are refused.
    pub locked_until: Option<Micros>,
    /// They are refused until somebody unlocks the account.
    pub locked_for_good: bool,
    /// Authenticator apps and passkeys.
    pub factors: u64,
    /// What can be done about lost ones.
    pub lost_factor: LostFactor,
    /// Sessions.
    pub sessions: Vec<SessionView>,
    /// Tokens and app passwords.
    pub tokens: Vec<TokenView>,
}

/// `{prefix}admin/users/add`. The form POSTs there: `token`, `login`, `name`, `email`,
/// `group`, `password` (empty for none).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserAddView {
    /// What every page of the console has.
    pub console: Console,
    /// What was typed before.
    pub inputs: UserInputs,
    /// What is wrong with it.
    pub problems: Vec<(Field, FieldProblem)>,
    /// The fewest characters of a password.
    pub least: u32,
}

/// `{prefix}admin/users/{id}/remove`. The form POSTs there: `token`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRemoveView {
    /// What every page of the console has.
    pub console: Console,
    /// What names the user in addresses.
    pub id: String,
    /// The login name.
    pub login: String,
    /// Why they weren't removed.
    pub problem: Option<FieldProblem>,
}

fn states(say: Speech<'_>, all: &[UserState], chosen: Option<UserState>) -> Vec<ChoiceView> {
    all.iter()
        .map(|state| ChoiceView {
            value: state.word().to_owned(),
            text: state.said(say),
            chosen: chosen == Some(*state),
        })
        .collect()
}

/// The choices with one for any of them in front.
pub(crate) fn or_any(say: Speech<'_>, choices: &[ChoiceView]) -> Vec<ChoiceView> {
    let any = ChoiceView {
        value: String::new(),
        text: say.text("filter-any"),
        chosen: choices.iter().all(|choice| !choice.chosen),
    };
    [&[any], choices].concat()
}

impl UsersView {
    fn filter(&self, sheet: &Sheet<'_>) -> Form {
        let say = sheet.frame.say;
        let filter = &self.filter;
        Form::filter(&sheet.frame, "admin/users")
            .input(Input::plain("text", say.text("users-text"), &filter.text))
            .input(Input::select(
                "group",
                say.text("label-group"),
                &or_any(say, &filter.groups),
            ))
            .input(Input::select(
                "state",
                say.text("label-state"),
                &or_any(say, &states(say, &UserState::ALL, filter.state)),
            ))
    }

    fn table(&self, sheet: &Sheet<'_>) -> Table {
        let frame = &sheet.frame;
        let say = frame.say;
        Table {
            title: say.text("users-title"),
            heads: vec![
                say.text("label-login"),
                say.text("label-name"),
                say.text("label-email"),
                say.text("label-groups"),
                say.text("label-state"),
                say.text("label-last-sign-in"),
            ],
            rows: self
                .users
                .iter()
                .map(|user| {
                    vec![
                        Cell::Link {
                            to: frame.path(&format!("admin/users/{}", segment(&user.id))),
                            text: user.login.clone(),
                        },
                        Cell::name(&user.name),
                        Cell::name(&user.email),
                        Cell::names(&user.groups, say.text("none")),
                        Cell::Text(user.state.said(say)),
                        Cell::moment(frame, user.last_sign_in, say.text("never")),
                    ]
                    .into()
                })
                .collect(),
        }
    }
}

impl UserView {
    fn facts(&self, sheet: &Sheet<'_>) -> Vec<(String, Cell)> {
        let frame = &sheet.frame;
        let say = frame.say;
        let password = match self.password {
            PasswordForm::None => say.text("password-none"),
            PasswordForm::Bcrypt { cost, imported } => {
                let key = if imported { "yes" } else { "no" };
                say.text_with(
                    "password-bcrypt",
                    &[
                        ("cost", Arg::Number(cost.into())),
                        ("imported", Arg::Word(key)),
                    ],
                )
            }
        };
        vec![
            (say.text("label-login"), Cell::name(&self.login)),
            (
                say.text("label-created"),
                Cell::At(frame.time(self.created)),
            ),
            (
                say.text("label-last-sign-in"),
                Cell::moment(frame, self.last_sign_in, say.text("never")),
            ),
            (say.text("label-password"), Cell::Text(password)),
            (
                say.text("label-failures"),
                Cell::Text(self.failures.to_string()),
            ),
            (
                say.text("label-locked-until"),
                if self.locked_for_good {
                    Cell::Text(say.text("locked-for-good"))
                } else {
                    Cell::moment(frame, self.locked_until, say.text("not-locked"))
                },
            ),
            (
                say.text("label-factors"),
                Cell::Text(self.factors.to_string()),
            ),
        ]
    }

    fn form(&self, sheet: &Sheet<'_>, path: &str) -> Form {
        let say = sheet.frame.say;
        let state = if self.disabled {
            UserState::Disabled
        } else {
            UserState::Active
        };
        let choices = states(say, &[UserState::Active, UserState::Disabled], Some(state));
        about_user(
            say,
            Form::post(
                &sheet.frame,
                path,
                &self.console.token,
                say.text("save-button"),
            ),
            &self.inputs,
            &self.problems,
        )
        .input(
            Input::select("state", say.text("label-state"), &choices)
                .hint(say.text("state-hint"))
                .wrong(say, Field::State, &self.problems),
        )
    }
}

fn about_user(
    say: Speech<'_>,
    form: Form,
    inputs: &UserInputs,
    problems: &[(Field, FieldProblem)],
) -> Form {
    let form = form
        .input(
            Input::words("name", say.text("label-name"), &inputs.name).wrong(
                say,
                Field::Name,
                problems,
            ),
        )
        .input(
            Input::email("email", say.text("label-email"), &inputs.email).wrong(
                say,
                Field::Email,
                problems,
            ),
        );
    if inputs.groups.is_empty() {
        return form;
    }
    form.input(
        Input::checks("group", say.text("label-groups"), &inputs.groups).wrong(
            say,
            Field::Groups,
            problems,
        ),
    )
}

impl Pages {
    /// The users.
    pub fn users(&self, view: &UsersView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let title = say.text("users-title");
        let mut sheet = room(frame, &view.console, Room::Users, title);
        sheet.link("admin/users/add", say.text("user-add-title"));
        let filter = view.filter(&sheet);
        sheet.add(Block::Form(filter));
        if view.users.is_empty() {
            sheet.text(say.text("users-none"));
        } else {
            let table = view.table(&sheet);
            sheet.add(Block::Table(table));
        }
        sheet.add(Block::Pager(view.pager.clone()));
        self.done(&sheet)
    }

    /// One user.
    pub fn user(&self, view: &UserView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let path = format!("admin/users/{}", segment(&view.id));
        let mut sheet = room(frame, &view.console, Room::Users, view.login.clone());
        let facts = view.facts(&sheet);
        sheet.add(Block::Facts(facts));
        let mut acts = vec![
            Form::button(
                &sheet.frame,
                &format!("{path}/unlock"),
                &view.console.token,
                say.text("unlock-button"),
            ),
            Form::button(
                &sheet.frame,
                &format!("{path}/end-sessions"),
                &view.console.token,
                say.text("sessions-end-all"),
            ),
        ];
        if view.locked_until.is_none() && view.failures == 0 {
            acts.remove(0);
        }
        sheet.add(Block::Acts(acts));
        sheet.add(Block::Heading(say.text("user-edit-title")));
        sheet.add_some(wrong_alert(say, &view.problems));
        let form = view.form(&sheet, &path);
        sheet.add(Block::Form(form));
        self.user_password(&mut sheet, view, &path);
        lost_factor(&mut sheet, view, &path);
        sheet.add(Block::Heading(say.text("console-sessions-title")));
        if view.sessions.is_empty() {
            sheet.text(say.text("console-sessions-none"));
        } else {
            let rows = view
                .sessions
                .iter()
                .map(|session| session.row(&sheet.frame, &view.console.token, None).into())
                .collect();
            sheet.add(Block::Table(Table {
                title: say.text("console-sessions-title"),
                heads: SessionView::heads(say, false),
                rows,
            }));
        }
        sheet.add(Block::Heading(say.text("tokens-title")));
        if view.tokens.is_empty() {
            sheet.text(say.text("tokens-none"));
        } else {
            let rows = view
                .tokens
                .iter()
                .map(|token| token.row(&sheet.frame, &view.console.token, None).into())
                .collect();
            sheet.add(Block::Table(Table {
                title: say.text("tokens-title"),
                heads: TokenView::heads(say, false),
                rows,
            }));
        }
        sheet.add(Block::Heading(say.text("user-remove-title")));
        sheet.link(&format!("{path}/remove"), say.text("user-remove-link"));
        self.done(&sheet)
    }

    /// A new password for somebody who has lost theirs.
    fn user_password(&self, sheet: &mut Sheet<'_>, view: &UserView, path: &str) {
        let say = sheet.frame.say;
        sheet.add(Block::Heading(say.text("user-password-title")));
        sheet.text(say.text("user-password-text"));
        let problems: Vec<_> = view
            .password_problems
            .iter()
            .map(|problem| (Field::Password, FieldProblem::Password(*problem)))
            .collect();
        sheet.add_some(wrong_alert(say, &problems));
        let form = Form::post(
            &sheet.frame,
            &format!("{path}/password"),
            &view.console.token,
            say.text("user-password-button"),
        )
        .input(
            Input::password("password", say.text("label-password"), "new-password")
                .required()
                .hint(password::hint(say, view.least))
                .wrong(say, Field::Password, &problems),
        );
        sheet.add(Block::Form(form));
    }

    /// A new user.
    pub fn user_add(&self, view: &UserAddView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let title = say.text("user-add-title");
        let mut sheet = room(frame, &view.console, Room::Users, title);
        sheet.add_some(wrong_alert(say, &view.problems));
        let form = Form::post(
            &sheet.frame,
            "admin/users/add",
            &view.console.token,
            say.text("add-button"),
        )
        .input(
            Input::plain("login", say.text("label-login"), &view.inputs.login)
                .required()
                .hint(say.text("user-login-hint"))
                .wrong(say, Field::Login, &view.problems),
        );
        let hint = format!(
            "{} {}",
            say.text("user-password-hint"),
            password::hint(say, view.least)
        );
        let form = about_user(say, form, &view.inputs, &view.problems).input(
            Input::password("password", say.text("label-password"), "new-password")
                .hint(hint)
                .wrong(say, Field::Password, &view.problems),
        );
        sheet.add(Block::Form(form));
        sheet.link("admin/users", say.text("users-back"));
        self.done(&sheet)
    }

    /// The question before a user is removed.
    pub fn user_remove(&self, view: &UserRemoveView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let path = format!("admin/users/{}", segment(&view.id));
        let title = say.text_with(
            "user-remove-question",
            &[("login", Arg::Text(view.login.clone()))],
        );
        let mut sheet = room(frame, &view.console, Room::Users, title);
        sheet.add_some(undone(say, view.problem));
        sheet.text(say.text("user-remove-text"));
        let form = Form::post(
            &sheet.frame,
            &format!("{path}/remove"),
            &view.console.token,
            say.text("remove-button"),
        )
        .danger();
        sheet.add(Block::Form(form));
        sheet.link(&path, say.text("keep-link"));
        self.done(&sheet)
    }
}
