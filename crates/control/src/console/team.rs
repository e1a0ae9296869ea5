//! The register of what the team uses: looked through, added to, attested, cleared.

use axum::{extract::Path, response::Response};
use pages::{
    EntryFactor, EntryKind, EntryStanding, EntryView, Field, FieldProblem, GitHubSaid, TeamAddView,
    TeamEntryView, TeamView,
};
use store::{Asset, AssetFactor, AssetKind, MAX_ASSETS, Store};

use super::{
    rooms::Rooms,
    sessions::names,
    visit::{Changing, Visit},
};
use crate::{
    accounts::AccountError,
    team::{self, Standing, Typed},
    web::form::Form,
};

/// What stands before an account's id where it is the actor.
const ACCOUNT: &str = "account:";

pub(super) fn rooms(rooms: Rooms) -> Rooms {
    rooms
        .get("/team", list)
        .get("/team/add", ask_add)
        .post("/team/add", add)
        .get("/team/{id}", show)
        .post("/team/{id}/attest", attest)
        .get("/team/{id}/remove", ask_remove)
        .post("/team/{id}/remove", remove)
}

const fn kind(kind: AssetKind) -> EntryKind {
    match kind {
        AssetKind::Service => EntryKind::Service,
        AssetKind::Device => EntryKind::Device,
    }
}

const fn factor(factor: AssetFactor) -> EntryFactor {
    match factor {
        AssetFactor::Passkey => EntryFactor::Passkey,
        AssetFactor::SecurityKey => EntryFactor::SecurityKey,
        AssetFactor::App => EntryFactor::App,
        AssetFactor::Platform => EntryFactor::Platform,
        AssetFactor::SingleSignOn => EntryFactor::SingleSignOn,
        AssetFactor::Sms => EntryFactor::Sms,
        AssetFactor::None => EntryFactor::None,
    }
}

const fn standing(standing: Standing) -> EntryStanding {
    match standing {
        Standing::Proven => EntryStanding::Proven,
        Standing::Ending => EntryStanding::Ending,
        Standing::Ended => EntryStanding::Ended,
        Standing::Missing => EntryStanding::Missing,
        Standing::WithoutFactor => EntryStanding::WithoutFactor,
    }
}

/// Entries as people read them: login names in place of ids.
async fn views(
    store: &Store,
    register: Vec<(Asset, Standing)>,
) -> Result<Vec<EntryView>, AccountError> {
    let words = register.iter().filter_map(|(it, _)| it.attested.as_ref());
    let ids = words.filter_map(|word| word.by.strip_prefix(ACCOUNT));
    let names = names(store, ids).await?;
    let who = |by: &str| {
        let id = by.strip_prefix(ACCOUNT);
        let name = id.and_then(|id| names.get(id).cloned());
        name.unwrap_or_else(|| by.to_owned())
    };
    let view = |(asset, at): (Asset, Standing)| EntryView {
        id: asset.id,
        kind: kind(asset.details.kind),
        name: asset.details.name,
        address: asset.details.address,
        holder: asset.details.holder,
        factor: factor(asset.details.factor),
        standing: standing(at),
        attested: asset
            .attested
            .map(|word| (who(&word.by), word.at, word.until)),
    };
    Ok(register.into_iter().map(view).collect())
}

async fn list(visit: Visit) -> Response {
    visit.answer(listed(&visit).await)
}

async fn listed(visit: &Visit) -> Result<Response, AccountError> {
    let accounts = visit.accounts();
    let staff = accounts.staff().await?;
    let asked = accounts.publisher.config().team.github.is_some();
    let github = match accounts.tallies.team.github() {
        _ if !asked => GitHubSaid::NotAsked,
        None => GitHubSaid::NotYet,
        Some(checked) => match checked.outcome {
            Ok(members) => GitHubSaid::Members {
                at: checked.at,
                seen: members.seen,
                without: members.without,
            },
            Err(_) => GitHubSaid::Silent { at: checked.at },
        },
    };
    let view = TeamView {
        console: visit.console(),
        entries: views(&visit.store()?, accounts.register().await?).await?,
        people: (
            staff.people,
            u64::try_from(staff.without.len()).unwrap_or(u64::MAX),
        ),
        github,
    };
    Ok(visit.page(visit.pages().team(&view, visit.language)))
}

/// A form with what was typed before.
fn form_view(
    visit: &Visit,
    form: Option<&Form>,
    problems: Vec<(Field, FieldProblem)>,
) -> TeamAddView {
    let text = |name| form.map_or("", |form| form.text(name));
    let (mut kinds, mut factors) = (EntryKind::ALL.into_iter(), EntryFactor::ALL.into_iter());
    let (chosen, with) = (text("kind"), text("factor"));
    TeamAddView {
        console: visit.console(),
        kind: kinds
            .find(|kind| kind.word() == chosen)
            .unwrap_or(EntryKind::Service),
        name: text("name").to_owned(),
        address: text("address").to_owned(),
        holder: text("holder").to_owned(),
        factor: factors
            .find(|factor| factor.word() == with)
            .unwrap_or(EntryFactor::Passkey),
        problems,
    }
}

async fn ask_add(visit: Visit) -> Response {
    let view = form_view(&visit, None, Vec::new());
    visit.page(visit.pages().team_add(&view, visit.language))
}

async fn add(Changing { visit, form }: Changing) -> Response {
    visit.answer(added(&visit, &form).await)
}

async fn added(visit: &Visit, form: &Form) -> Result<Response, AccountError> {
    let accounts = visit.accounts();
    let typed = Typed {
        kind: form.text("kind"),
        name: form.text("name"),
        address: form.text("address"),
        holder: form.text("holder"),
        factor: form.text("factor"),
    };
    let problems = match accounts.asset_details(&typed).await? {
        Err(problems) => problems,
        Ok(details) => match accounts.add_asset(&details, visit.actor()).await {
            Ok(id) => return Ok(visit.done(&format!("team/{id}"), "added")),
            Err(AccountError::Store(store::Error::Taken { .. })) => {
                vec![(Field::Name, FieldProblem::Taken)]
            }
            Err(AccountError::Store(store::Error::TooLarge { .. })) => {
                let most = u32::try_from(MAX_ASSETS).unwrap_or(u32::MAX);
                vec![(Field::Name, FieldProblem::TooMany { most })]
            }
            Err(error) => return Err(error),
        },
    };
    let view = form_view(visit, Some(form), problems);
    Ok(visit.wrong(visit.pages().team_add(&view, visit.language)))
}

/// An entry that must be there, by its id.
async fn existing(store: &Store, id: &str) -> Result<Asset, AccountError> {
    let found = store.asset(id).await?;
    found.filter(|asset| asset.id == id).ok_or_else(|| {
        AccountError::Store(store::Error::Missing {
            what: "entry",
            name: id.to_owned(),
        })
    })
}

async fn entry(visit: &Visit, asset: Asset) -> Result<EntryView, AccountError> {
    let at = team::standing(&asset, visit.accounts().now());
    let mut views = views(&visit.store()?, vec![(asset, at)]).await?;
    views.pop().ok_or(AccountError::Away)
}

async fn page(
    visit: &Visit,
    asset: Asset,
    problems: Vec<(Field, FieldProblem)>,
) -> Result<pages::Page, AccountError> {
    let life = visit.accounts().publisher.config().team.attest_for;
    let view = TeamEntryView {
        console: visit.console(),
        entry: entry(visit, asset).await?,
        days: life.as_secs() / 86_400,
        problems,
    };
    Ok(visit.pages().team_entry(&view, visit.language))
}

async fn show(visit: Visit, Path(id): Path<String>) -> Response {
    let shown = async {
        let asset = existing(&visit.store()?, &id).await?;
        Ok(visit.page(page(&visit, asset, Vec::new()).await?))
    };
    visit.answer(shown.await)
}

async fn attest(Changing { visit, form }: Changing, Path(id): Path<String>) -> Response {
    let done = async {
        let asset = existing(&visit.store()?, &id).await?;
        let Ok(factor) = form.text("factor").parse::<AssetFactor>() else {
            let wrong = vec![(Field::Factor, FieldProblem::Unknown)];
            return Ok(visit.wrong(page(&visit, asset, wrong).await?));
        };
        let accounts = visit.accounts();
        accounts.attest(&asset, factor, None, visit.actor()).await?;
        Ok(visit.done(&format!("team/{}", asset.id), "attested"))
    };
    visit.answer(done.await)
}

async fn ask_remove(visit: Visit, Path(id): Path<String>) -> Response {
    let shown = async {
        let asset = existing(&visit.store()?, &id).await?;
        let view = entry(&visit, asset).await?;
        let pages = visit.pages();
        Ok(visit.page(pages.team_remove(&visit.console(), &view, visit.language)))
    };
    visit.answer(shown.await)
}

async fn remove(Changing { visit, .. }: Changing, Path(id): Path<String>) -> Response {
    let done = async {
        let asset = existing(&visit.store()?, &id).await?;
        visit.accounts().remove_asset(&asset, visit.actor()).await?;
        Ok(visit.done("team", "removed"))
    };
    visit.answer(done.await)
}
