//! Accounts that come from elsewhere, with the hashes of their passwords as they are.
//!
//! A piece of a file is one transaction: all of its accounts, or none. A dry run does all
//! but the commit, so that it can't judge otherwise than the run that counts. What a file
//! is made of is for the command to read; here every value is judged.

use std::collections::HashSet;

use login::password::{IMPORTED_COST_MAX, Stored, StoredError};
use store::{Actor, Change, Error, MAX_ENTRIES_PER_CHANGE, Store};

use super::commands::{Trouble, details, said};
use crate::socket::{
    Reply,
    accounts::{AccountReply, BadLine, IMPORT_ROWS, ImportRow},
};

// An account and its hash are a row of the trail each.
const _: () = assert!(2 * IMPORT_ROWS <= MAX_ENTRIES_PER_CHANGE);

/// What a hash is good for.
#[derive(Debug, PartialEq, Eq)]
enum Hash {
    /// It is kept as it is.
    Kept,
    /// It was made wrongly: its owner chooses another password.
    Reset,
}

/// Makes the accounts of these rows.
pub(super) async fn import(
    store: &Store,
    rows: Vec<ImportRow>,
    dry_run: bool,
    actor: &Actor,
) -> Result<Reply, Trouble> {
    if rows.len() > IMPORT_ROWS {
        return Err(Trouble::Failed(format!(
            "{} rows at once; at most {IMPORT_ROWS} are taken",
            rows.len()
        )));
    }
    let groups = store.groups().await?;
    let groups: HashSet<_> = groups.iter().map(|(name, _)| name.to_string()).collect();
    let mut change = store.change(actor).await?;
    let (mut taken, mut resets, mut bad) = (0, Vec::new(), Vec::new());
    for row in &rows {
        match one(&mut change, row, &groups).await? {
            Ok(hash) => {
                taken += 1;
                if hash == Some(Hash::Reset) {
                    resets.push(row.line);
                }
            }
            Err(wrong) => bad.extend(wrong.into_iter().map(|why| BadLine {
                line: row.line,
                why,
            })),
        }
    }
    if !dry_run && bad.is_empty() && taken > 0 {
        change.commit().await?;
    }
    said(AccountReply::Imported { taken, resets, bad })
}

/// Makes one account in the transaction, or says all that is wrong with its row.
async fn one(
    change: &mut Change,
    row: &ImportRow,
    groups: &HashSet<String>,
) -> Result<Result<Option<Hash>, Vec<String>>, Trouble> {
    let details = details(&row.user);
    let hash = row
        .hash
        .as_ref()
        .map(|hash| (judge(hash.0.expose()), &hash.0));
    let mut wrong = Vec::new();
    if let Err(more) = &details {
        wrong.extend(more.iter().cloned());
    }
    for group in row.user.groups.iter().map(|it| it.to_ascii_lowercase()) {
        // A malformed one was named already.
        if group.parse::<terms::GroupName>().is_ok() && !groups.contains(&group) {
            wrong.push(format!(
                "there is no group `{group}`; make it with `waarborg group add {group}`"
            ));
        }
    }
    if let Some((Err(why), _)) = &hash {
        wrong.push(why.clone());
    }
    let details = match details {
        Ok(details) if wrong.is_empty() => details,
        _ => return Ok(Err(wrong)),
    };
    let id = match change.add_account(&details).await {
        Ok(id) => id,
        // Whose an address is isn't said.
        Err(Error::Taken { what: "name", name }) => {
            return Ok(Err(vec![format!("there is a user `{name}` already")]));
        }
        Err(Error::Taken { .. }) => {
            return Ok(Err(vec!["another user has this e-mail address".to_owned()]));
        }
        Err(other) => return Err(other.into()),
    };
    match hash {
        Some((Ok(Hash::Kept), text)) => {
            change.set_password(&id, text, "password.import").await?;
            Ok(Ok(Some(Hash::Kept)))
        }
        Some((Ok(Hash::Reset), _)) => Ok(Ok(Some(Hash::Reset))),
        _ => Ok(Ok(None)),
    }
}

/// Whether a hash can be used; the words hold no part of it.
fn judge(text: &str) -> Result<Hash, String> {
    if let Some(other) = other_kind(text) {
        return Err(format!(
            "the hash is {other}, which can't be used: expected bcrypt (`$2a$`, `$2b$` or `$2y$`), \
             as `htpasswd -B` makes it; leave it out, and choose a password with `waarborg user password`"
        ));
    }
    match Stored::parse(text) {
        Ok(_) => Ok(Hash::Kept),
        Err(StoredError::ResetRequired) => Ok(Hash::Reset),
        Err(StoredError::Cost { cost }) => Err(format!(
            "the hash has cost {cost}: expected 4 to {IMPORTED_COST_MAX}, each step more takes \
             twice as long at every sign-in"
        )),
        Err(StoredError::Malformed(why)) => Err(format!("the hash can't be used: {why}")),
    }
}

/// The name of a kind of hash that isn't bcrypt.
fn other_kind(text: &str) -> Option<&'static str> {
    const KINDS: [(&str, &str); 10] = [
        ("$apr1$", "Apache's MD5 (`$apr1$`)"),
        ("{SHA}", "SHA-1 without a salt (`{SHA}`)"),
        ("{SSHA", "salted SHA (`{SSHA}`)"),
        ("{PLAIN}", "no hash but the password itself"),
        ("$1$", "MD5 (`$1$`)"),
        ("$5$", "SHA-256 crypt (`$5$`)"),
        ("$6$", "SHA-512 crypt (`$6$`)"),
        ("$y$", "yescrypt (`$y$`)"),
        ("$argon2", "Argon2"),
        // Ours, with a key of another installation.
        ("$wb1$", "of another Waarborg's own form"),
    ];
    let known = KINDS.iter().find(|(prefix, _)| text.starts_with(prefix));
    if let Some((_, name)) = known {
        return Some(name);
    }
    let of_crypt = |letter: u8| letter.is_ascii_alphanumeric() || b"./".contains(&letter);
    (text.len() == 13 && text.bytes().all(of_crypt))
        .then_some("the old crypt's or a password itself")
}

#[cfg(test)]
mod tests;
