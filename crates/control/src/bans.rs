//! Promise `block`: addresses that somebody has refused for a while. They stand in the
//! store, so that they hold on every node and after a restart; each node looks for
//! changes every few seconds, and the one that makes one takes it at once.
//!
//! Some are made without a person, for what a client did ([`crate::strikes`]): each longer
//! than the one before, until that is forgotten. Never of whoever is on `allow`, exempt from
//! the throttle or a trusted proxy.
// promise: block

use std::{net::IpAddr, time::Duration};

use guards::{
    block::{IpRange, Said, one_form},
    strike::LENGTHS,
};
use store::{Actor, Evidence, MAX_BANS, MAX_LEARNED_BANS, MAX_REASON_BYTES, Store};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    block::{self, BlockCommand, BlockReply},
    publish::Publisher,
    state::{Kept, State},
    strikes::Case,
};

/// How often other nodes' changes are looked for.
const EVERY: Duration = Duration::from_secs(2);
/// How long one may last.
const LEAST: Duration = Duration::from_mins(1);
const MOST: Duration = Duration::from_hours(366 * 24);
/// A range may have a part of its family's addresses: a 256th of IPv4, a 65,536th of IPv6.
const WIDEST_V4: u128 = 1 << 24;
const WIDEST_V6: u128 = 1 << 112;

/// Addresses can't be refused for a while.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BanError {
    /// They can't be read.
    #[error("{0}; expected an address or range such as 203.0.113.7 or 2001:db8:7::/48")]
    Malformed(String),
    /// They are too many.
    #[error("{0} are too many addresses; expected at most an IPv4 /8 or an IPv6 /16")]
    TooWide(IpRange),
    /// The drills come from there.
    #[error(
        "{0} has loopback addresses: the drills come from there, and every local program would be \
         refused"
    )]
    Loopback(IpRange),
    /// For how long.
    #[error("expected a time from {} s to {} days", LEAST.as_secs(), MOST.as_secs() / 86_400)]
    Time,
    /// The reason has what no line of text has.
    #[error("the reason has control characters; expected a line of text")]
    Reason,
    /// The reason is too long.
    #[error("the reason is too long; expected at most {MAX_REASON_BYTES} bytes")]
    Long,
    /// There are too many.
    #[error("{MAX_BANS} ranges are refused for a while already; expected fewer: remove some")]
    Many,
    /// There are too many that nobody made.
    #[error("{MAX_LEARNED_BANS} clients are banned already; the next can be when one is over")]
    ManyLearned,
    /// There is no store.
    #[error("the store can't be reached")]
    NoStore,
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// A range that may be refused for a while.
fn range(text: &str) -> Result<IpRange, BanError> {
    let range: IpRange = text
        .trim()
        .parse()
        .map_err(|error| BanError::Malformed(format!("`{text}`: {error}")))?;
    let (first, last) = (range.first(), range.last());
    if first.is_ipv6() && one_form(first).is_ipv4() {
        let what = format!("`{text}` is IPv4 that NAT64 translates: write it as IPv4");
        return Err(BanError::Malformed(what));
    }
    let (bits, widest) = match (first, last) {
        (IpAddr::V4(first), IpAddr::V4(last)) => {
            (u128::from(last.to_bits() - first.to_bits()), WIDEST_V4)
        }
        (first, last) => (number(last) - number(first), WIDEST_V6),
    };
    if bits >= widest {
        return Err(BanError::TooWide(range));
    }
    let v4_loopback =
        first <= IpAddr::from([127, 255, 255, 255]) && last >= IpAddr::from([127, 0, 0, 0]);
    let loopback = match first {
        IpAddr::V4(_) => v4_loopback,
        IpAddr::V6(_) => range.contains(IpAddr::from(1_u128.to_be_bytes())),
    };
    if loopback {
        return Err(BanError::Loopback(range));
    }
    Ok(range)
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_bits().into(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// Has a range refused for a while.
pub(crate) async fn add(
    state: &State,
    addresses: &str,
    time: Duration,
    reason: &str,
    actor: &Actor,
) -> Result<String, BanError> {
    let range = range(addresses)?;
    if !(LEAST..=MOST).contains(&time) {
        return Err(BanError::Time);
    }
    if reason.chars().any(char::is_control) {
        return Err(BanError::Reason);
    }
    if reason.len() > MAX_REASON_BYTES {
        return Err(BanError::Long);
    }
    let store = state.accounts.store().map_err(|_| BanError::NoStore)?;
    let until = state.clock.now().after(time);
    let mut change = store.change(actor).await?;
    match change.ban(&range.to_string(), reason, until).await {
        Err(store::Error::TooLarge { .. }) => return Err(BanError::Many),
        done => done?,
    }
    change.commit().await?;
    follow(&store, &state.publisher).await?;
    Ok(format!("{range} is refused until {until}"))
}

/// Lets a range in again; whether it was refused for a while.
pub(crate) async fn remove(
    state: &State,
    addresses: &str,
    actor: &Actor,
) -> Result<Option<String>, BanError> {
    let range = range(addresses)?;
    let store = state.accounts.store().map_err(|_| BanError::NoStore)?;
    let mut change = store.change(actor).await?;
    if !change.lift_ban(&range.to_string()).await? {
        return Ok(None);
    }
    change.commit().await?;
    follow(&store, &state.publisher).await?;
    Ok(Some(format!("{range} is let in again")))
}

/// Carries out a command.
pub(crate) async fn carry_out(state: &State, what: BlockCommand, actor: &Actor) -> BlockReply {
    let done = match what {
        BlockCommand::Add {
            addresses,
            seconds,
            reason,
        } => {
            let time = Duration::from_secs(seconds);
            add(state, &addresses, time, &reason, actor).await
        }
        BlockCommand::Remove { addresses } => {
            let removed = remove(state, &addresses, actor).await;
            let missing = format!(
                "{addresses} is no entry that lasts for a while; `waarborg block list` shows them"
            );
            match removed {
                Ok(done) => return BlockReply::Done(done.ok_or(missing)),
                Err(error) => Err(error),
            }
        }
        asked @ (BlockCommand::Test { .. } | BlockCommand::List) => {
            let publisher = &state.publisher;
            let (set, config) = (publisher.block(), publisher.config());
            let known = (publisher.feed_views(), publisher.temporary());
            return block::answer(&asked, &config, &set, known);
        }
    };
    BlockReply::Done(done.map_err(|error| error.to_string()))
}

/// Takes what stands in the store.
pub(crate) async fn follow(store: &Store, publisher: &Publisher) -> Result<(), store::Error> {
    let asked = publisher.ask_bans();
    publisher.set_bans(asked, store.bans().await?);
    Ok(())
}

/// Bans whoever has done enough for it, until `stop`.
pub(crate) async fn judge(state: State, stop: CancellationToken) {
    loop {
        let cases = tokio::select! {
            () = stop.cancelled() => return,
            cases = state.strikes.cases() => cases,
        };
        for case in cases {
            if let Err(error) = ban(&state, &case).await {
                let cause = case.cause.word();
                tracing::warn!(%error, cause, "a client could not be banned");
            }
        }
    }
}

/// Bans a client, where it may be.
async fn ban(state: &State, case: &Case) -> Result<(), BanError> {
    let config = state.publisher.config();
    let spared = [case.client.first(), case.client.last()]
        .into_iter()
        .any(|address| {
            config.trusted_proxies.contains(address)
                || config.throttle.guard.exempts(address)
                || matches!(state.publisher.block().says(address), Said::Allowed(..))
        });
    if !config.block.bans || spared {
        return Ok(());
    }
    let store = state.accounts.store().map_err(|_| BanError::NoStore)?;
    let evidence = Evidence {
        cause: case.cause.word().to_owned(),
        strikes: case.strikes,
        first: case.first,
        last: case.last,
        request: case.id.to_string(),
    };
    let mut change = store.change(&Actor::system("ban")).await?;
    let addresses = case.client.to_string();
    let banned = change.ban_learned(&addresses, &evidence, &LENGTHS).await;
    let until = match banned {
        Err(store::Error::TooLarge { .. }) => return Err(BanError::ManyLearned),
        banned => banned?,
    };
    let Some(until) = until else { return Ok(()) };
    change.commit().await?;
    let cause = case.cause.word();
    tracing::info!(cause, %until, request = evidence.request, "a client is banned");
    state.tallies.banned(case.cause);
    follow(&store, &state.publisher).await?;
    Ok(())
}

/// Looks what other nodes have changed, until `stop`.
pub(crate) async fn run(
    mut kept: watch::Receiver<Option<Kept>>,
    publisher: std::sync::Arc<Publisher>,
    stop: CancellationToken,
) {
    let mut looks = tokio::time::interval(EVERY);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failed = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = looks.tick() => {}
            opened = kept.changed() => if opened.is_err() { return },
        }
        let store = kept
            .borrow_and_update()
            .as_ref()
            .map(|kept| kept.store.clone());
        let Some(store) = store else { continue };
        match follow(&store, &publisher).await {
            Ok(()) => failed = false,
            // Said once: those that are known go on.
            Err(error) if !failed => {
                failed = true;
                tracing::warn!(%error, "addresses that are refused for a while can't be read");
            }
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_neither_too_wide_nor_ours() {
        let said = |text: &str| range(text).map(|range| range.to_string());
        assert_eq!(said(" 203.0.113.7 ").unwrap(), "203.0.113.7");
        assert_eq!(said("10.0.0.0/8").unwrap(), "10.0.0.0/8");
        assert_eq!(said("2001:db8::/16").ok(), None, "bits behind the prefix");
        assert_eq!(said("2002::/16").unwrap(), "2002::/16");
        for (text, word) in [
            ("", "expected an address"),
            ("everybody", "expected an address"),
            ("198.51.100.7/24", "expected an address"),
            ("64:ff9b::198.51.100.7", "as IPv4"),
            ("0.0.0.0/0", "too many"),
            ("10.0.0.0/7", "too many"),
            ("2000::/15", "too many"),
            ("::/0", "too many"),
            ("127.0.0.1", "loopback"),
            ("126.255.255.255-127.0.0.0", "loopback"),
            ("::1", "loopback"),
            ("::/120", "loopback"),
        ] {
            let error = said(text).unwrap_err();
            assert!(error.to_string().contains(word), "{text}: {error}");
        }
    }
}
