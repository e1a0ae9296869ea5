//! What is typed about a user, and how what is kept of one is shown.

use login::lockout::CAP;
use pages::{ChoiceView, Field, FieldProblem, PasswordForm};
use store::{Guesses, Store};
use terms::{GroupName, Micros, Secret};

use crate::{
    accounts::AccountError,
    web::form::{Form, email, length},
};

/// A form's fields, judged.
pub(super) struct Typed {
    pub(super) display: String,
    pub(super) email: Option<Secret<String>>,
    pub(super) groups: Vec<GroupName>,
    pub(super) problems: Vec<(Field, FieldProblem)>,
}

impl Typed {
    pub(super) fn of(form: &Form) -> Self {
        let mut problems = Vec::new();
        let display = form.text("name").trim().to_owned();
        problems.extend(length(&display).map(|it| (Field::Name, it)));
        if display.chars().any(char::is_control) {
            problems.push((Field::Name, FieldProblem::Malformed));
        }
        let email = match email(form.text("email")) {
            Ok(email) => email,
            Err(problem) => {
                problems.push((Field::Email, problem));
                None
            }
        };
        let mut groups = Vec::new();
        for group in form.all("group") {
            match group.parse() {
                Ok(group) => groups.push(group),
                Err(_) => problems.push((Field::Groups, FieldProblem::Unknown)),
            }
        }
        // As the store gives them back, so that nothing changed is nothing to change.
        groups.sort_unstable();
        groups.dedup();
        Self {
            display,
            email,
            groups,
            problems,
        }
    }
}

/// Every group to choose from.
pub(super) async fn group_choices(
    store: &Store,
    chosen: &[&str],
) -> Result<Vec<ChoiceView>, AccountError> {
    let groups = store.groups().await?;
    let choice = |(name, _): (GroupName, u64)| ChoiceView {
        value: name.to_string(),
        chosen: chosen.contains(&name.as_str()),
        text: name.to_string(),
    };
    Ok(groups.into_iter().map(choice).collect())
}

/// Whether unknown devices are refused now.
pub(super) fn is_locked(guesses: &Guesses, now: Micros) -> bool {
    now < guesses.locked_until || CAP <= guesses.total
}

/// How a password is kept: the cost stands behind bcrypt's mark, in any of our forms.
pub(super) fn password_form(hash: Option<Secret<String>>) -> PasswordForm {
    let Some(hash) = hash else {
        return PasswordForm::None;
    };
    let mut parts = hash.expose().split('$');
    let mark = parts.by_ref().find(|part| part.starts_with('2'));
    let cost = parts.next().and_then(|cost| cost.parse().ok());
    PasswordForm::Bcrypt {
        cost: cost.unwrap_or(0),
        imported: mark != Some("2b"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_is_read_out_of_a_hash_in_any_form() {
        let check = |hash: &str, cost, imported| {
            let form = password_form(Some(Secret::new(hash.to_owned())));
            assert_eq!(form, PasswordForm::Bcrypt { cost, imported }, "{hash}");
        };
        check("$2b$12$abc", 12, false);
        check("$2y$05$abc", 5, true);
        check("$wb1$$2b$12$abc", 12, false);
        check("nonsense", 0, true);
        assert_eq!(password_form(None), PasswordForm::None);
    }
}
