//! What forms are made of: inputs with their labels, hints and problems.
//!
//! Every input has a label; what is wrong with it, and how to fill it in, is tied to it
//! by `aria-describedby`, so that a screen reader says both.

use terms::{Arg, Secret};

use super::{Frame, passkey::Ceremony};
use crate::{PasswordProblem, Speech};

/// One of several things to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChoiceView {
    /// What the form sends.
    pub value: String,
    /// What the reader sees.
    pub text: String,
    /// Whether it is chosen already.
    pub chosen: bool,
}

/// An input that can be filled in wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// The login name: `login`.
    Login,
    /// The name for people: `name`.
    Name,
    /// `email`.
    Email,
    /// `password`.
    Password,
    /// Groups of a user: `group`, once per group.
    Groups,
    /// `state`.
    State,
    /// The login name of a token's owner: `owner`.
    Owner,
    /// `kind`.
    Kind,
    /// Sites of a token: `site`, once per site.
    Sites,
    /// `days`.
    Days,
    /// A range of addresses: `range`.
    Range,
    /// `reason`.
    Reason,
    /// `hours`.
    Hours,
    /// Where an entry of the register is: `address`.
    Address,
    /// Who has it: `holder`.
    Holder,
    /// With which second factor it is signed in to: `factor`.
    Factor,
}

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldProblem {
    /// Something must stand or be chosen there.
    Missing,
    /// Another user, group or token has it already.
    Taken,
    /// It is longer than `most` characters.
    TooLong {
        /// How long it may be.
        most: u32,
    },
    /// There are `most` of them already.
    TooMany {
        /// How many there may be.
        most: u32,
    },
    /// It has signs or a form that it can't have.
    Malformed,
    /// There is no such user, group, site or state.
    Unknown,
    /// The policy for passwords refuses it.
    Password(PasswordProblem),
    /// Administrators don't take away their own rights.
    OwnRights,
    /// Nobody would be an administrator any more.
    LastAdministrator,
    /// The configuration names the group as one of administrators.
    OfAdministrators,
    /// So many addresses aren't refused at once.
    TooWide,
    /// The drills come from there.
    Loopback,
    /// It stands so already.
    Same,
    /// As many links as there may be are on their way.
    Wait,
    /// Another administrator has to approve it, which a new account can't wait for.
    Approval,
    /// The same waits for approval already.
    Waits,
}

impl FieldProblem {
    pub(crate) fn said(self, say: Speech<'_>) -> String {
        match self {
            Self::Missing => say.text("field-missing"),
            Self::Taken => say.text("field-taken"),
            Self::TooLong { most } => {
                say.text_with("field-too-long", &[("most", Arg::Number(most.into()))])
            }
            Self::TooMany { most } => {
                say.text_with("field-too-many", &[("most", Arg::Number(most.into()))])
            }
            Self::Malformed => say.text("field-malformed"),
            Self::Unknown => say.text("field-unknown"),
            Self::Password(problem) => problem.said(say),
            Self::OwnRights => say.text("field-own-rights"),
            Self::LastAdministrator => say.text("field-last-administrator"),
            Self::OfAdministrators => say.text("field-of-administrators"),
            Self::TooWide => say.text("field-too-wide"),
            Self::Loopback => say.text("field-loopback"),
            Self::Same => say.text("field-same"),
            Self::Wait => say.text("field-wait"),
            Self::Approval => say.text("field-approval"),
            Self::Waits => say.text("field-waits"),
        }
    }
}

/// Whether an input is to be filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Free,
    Required,
    /// It says what can't be changed.
    Fixed,
}

/// How an input is filled in.
pub(crate) enum Kind {
    /// One line of text; `plain` is for names that no keyboard may correct.
    Line {
        sort: &'static str,
        value: String,
        autocomplete: &'static str,
        plain: bool,
        need: Need,
    },
    /// One of several.
    Select(Vec<ChoiceView>),
    /// Any of several.
    Checks(Vec<ChoiceView>),
}

/// An input with all that belongs to it.
pub(crate) struct Input {
    /// Unique in the page.
    pub(crate) id: String,
    pub(crate) name: &'static str,
    pub(crate) label: String,
    pub(crate) hint: Option<String>,
    pub(crate) problems: Vec<String>,
    /// Ids of texts elsewhere that concern it, with a space behind each.
    pub(crate) see: String,
    pub(crate) kind: Kind,
}

impl Input {
    fn new(id: &str, name: &'static str, label: String, kind: Kind) -> Self {
        Self {
            id: id.to_owned(),
            name,
            label,
            hint: None,
            problems: Vec::new(),
            see: String::new(),
            kind,
        }
    }

    /// Text for people.
    pub(crate) fn words(name: &'static str, label: String, value: &str) -> Self {
        Self::line(name, label, "text", value, "off", false)
    }

    /// A name that machines compare.
    pub(crate) fn plain(name: &'static str, label: String, value: &str) -> Self {
        Self::line(name, label, "text", value, "off", true)
    }

    /// The login name of whoever fills in the form.
    pub(crate) fn login(name: &'static str, label: String, value: &str) -> Self {
        Self::line(name, label, "text", value, "username", true)
    }

    /// A code that is good once, of digits or letters.
    pub(crate) fn code(name: &'static str, label: String) -> Self {
        Self::line(name, label, "text", "", "one-time-code", true)
    }

    pub(crate) fn email(name: &'static str, label: String, value: &str) -> Self {
        Self::line(name, label, "email", value, "off", true)
    }

    pub(crate) fn date(name: &'static str, label: String, value: &str) -> Self {
        Self::line(name, label, "date", value, "off", false)
    }

    /// Empty on every page: a password never comes back.
    pub(crate) fn password(name: &'static str, label: String, autocomplete: &'static str) -> Self {
        Self::line(name, label, "password", "", autocomplete, false)
    }

    pub(crate) fn select(name: &'static str, label: String, choices: &[ChoiceView]) -> Self {
        Self::new(name, name, label, Kind::Select(choices.to_vec()))
    }

    pub(crate) fn checks(name: &'static str, label: String, choices: &[ChoiceView]) -> Self {
        Self::new(name, name, label, Kind::Checks(choices.to_vec()))
    }

    fn line(
        name: &'static str,
        label: String,
        sort: &'static str,
        value: &str,
        autocomplete: &'static str,
        plain: bool,
    ) -> Self {
        let kind = Kind::Line {
            sort,
            value: value.to_owned(),
            autocomplete,
            plain,
            need: Need::Free,
        };
        Self::new(name, name, label, kind)
    }

    pub(crate) fn hint(self, hint: String) -> Self {
        Self {
            hint: Some(hint),
            ..self
        }
    }

    /// Whether a text elsewhere in the page concerns it.
    pub(crate) fn see(self, id: &str, concerned: bool) -> Self {
        let see = if concerned {
            format!("{id} ")
        } else {
            self.see
        };
        Self { see, ..self }
    }

    pub(crate) fn required(self) -> Self {
        self.need(Need::Required)
    }

    /// To be read, not changed.
    pub(crate) fn fixed(self) -> Self {
        self.need(Need::Fixed)
    }

    fn need(mut self, new: Need) -> Self {
        if let Kind::Line { need, .. } = &mut self.kind {
            *need = new;
        }
        self
    }

    /// With whatever is wrong with `field`.
    pub(crate) fn wrong(
        self,
        say: Speech<'_>,
        field: Field,
        problems: &[(Field, FieldProblem)],
    ) -> Self {
        let problems = problems
            .iter()
            .filter(|(at, _)| *at == field)
            .map(|(_, problem)| problem.said(say))
            .collect();
        Self { problems, ..self }
    }

    /// Whether a text of its own belongs to it.
    pub(crate) fn is_described(&self) -> bool {
        self.hint.is_some() || !self.problems.is_empty() || !self.see.is_empty()
    }

    /// What `aria-describedby` says.
    pub(crate) fn described(&self) -> String {
        let mut ids = self.see.clone();
        if !self.problems.is_empty() {
            ids.push_str(&format!("{}-problem ", self.id));
        }
        if self.hint.is_some() {
            ids.push_str(&format!("{}-hint", self.id));
        }
        ids.trim_end().to_owned()
    }

    pub(crate) fn is_wrong(&self) -> bool {
        !self.problems.is_empty() || !self.see.is_empty()
    }
}

/// A form, or a single button that POSTs.
pub(crate) struct Form {
    pub(crate) method: &'static str,
    pub(crate) action: String,
    pub(crate) hidden: Vec<(String, String)>,
    pub(crate) inputs: Vec<Input>,
    pub(crate) button: String,
    /// What the button is about, for those who hear it without its row.
    pub(crate) about: String,
    /// Classes of the button.
    pub(crate) look: &'static str,
    /// Classes of the form.
    pub(crate) shape: &'static str,
    /// What the browser is asked for before it is sent.
    pub(crate) ceremony: Option<Box<Ceremony>>,
}

impl Form {
    /// A form that changes something: it carries the token.
    pub(crate) fn post(
        frame: &Frame<'_>,
        path: &str,
        token: &Secret<String>,
        button: String,
    ) -> Self {
        Self {
            method: "post",
            action: frame.path(path),
            hidden: vec![("token".to_owned(), token.expose().clone())],
            inputs: Vec::new(),
            button,
            about: String::new(),
            look: "button",
            shape: "form",
            ceremony: None,
        }
    }

    /// A button beside a row or a heading.
    pub(crate) fn button(
        frame: &Frame<'_>,
        path: &str,
        token: &Secret<String>,
        button: String,
    ) -> Self {
        Self {
            look: "button quiet",
            shape: "single",
            ..Self::post(frame, path, token, button)
        }
    }

    /// A form that looks something up; what it asks for stands in the address.
    pub(crate) fn filter(frame: &Frame<'_>, path: &str) -> Self {
        Self {
            method: "get",
            action: frame.path(path),
            hidden: Vec::new(),
            inputs: Vec::new(),
            button: frame.say.text("filter-button"),
            about: String::new(),
            look: "button quiet",
            shape: "form filter",
            ceremony: None,
        }
    }

    pub(crate) fn hidden(mut self, name: &str, value: &str) -> Self {
        self.hidden.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn input(mut self, input: Input) -> Self {
        self.inputs.push(input);
        self
    }

    pub(crate) fn about(self, about: &str) -> Self {
        Self {
            about: about.to_owned(),
            ..self
        }
    }

    /// For the second of two ways.
    pub(crate) fn quiet(self) -> Self {
        Self {
            look: "button quiet",
            ..self
        }
    }

    /// For what can't be undone.
    pub(crate) fn danger(self) -> Self {
        Self {
            look: "button danger",
            ..self
        }
    }
}
