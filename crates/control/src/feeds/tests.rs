//! What isn't taken, and what is found again after a restart.

use guards::{
    block::{Entry, IpRange},
    network::{Network, Networks},
};
use terms::Micros;

use super::{guard::check, shelf};

fn entries(ranges: &[&str]) -> Vec<Entry> {
    let entry = |(number, range): (u32, &&str)| Entry {
        range: range.parse::<IpRange>().expect("a range"),
        number,
    };
    (1..).zip(ranges).map(entry).collect()
}

fn network(text: &str) -> Network {
    Network::parse(text).expect("a network")
}

#[test]
fn a_list_that_meets_a_trusted_proxy_or_all_of_an_administrators_network_is_not_taken() {
    let proxies = Networks::new([network("198.18.7.0/24"), network("127.0.0.1")]);
    let administrators = [network("198.19.5.0/24")];
    for (ranges, expected) in [
        (&["198.18.8.0/24", "127.0.0.1"][..], None),
        (&["198.19.5.7"], None),
        (&["198.18.8.0/24", "198.18.7.9"], Some("line 2")),
        (&["198.18.0.0/16"], Some("`trusted_proxies`")),
        (&["198.19.5.0/24"], Some("an administrator")),
        (&["198.19.0.0/16"], Some("line 1")),
    ] {
        let said = check(&entries(ranges), &proxies, &administrators);
        match expected {
            None => assert_eq!(said, Ok(()), "{ranges:?}"),
            Some(word) => assert!(
                said.as_ref().is_err_and(|why| why.contains(word)),
                "{ranges:?}: {said:?}"
            ),
        }
    }
}

#[test]
fn what_was_taken_is_found_again_and_only_whole_and_from_the_same_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = |url: &str| config::FeedSource {
        name: "drop".to_owned(),
        url: url.to_owned(),
        every: std::time::Duration::from_secs(60),
        action: guards::block::Action::Refuse,
        roots: config::Roots::Public,
    };
    let (here, elsewhere) = (source("https://a.test/x"), source("https://b.test/x"));
    assert!(shelf::load(folder.path(), &here).is_none());
    let label = shelf::Label {
        url: here.url.clone(),
        etag: Some("\"1\"".to_owned()),
        at: Micros(7),
    };
    shelf::keep(folder.path(), "drop", &label, b"198.18.0.7\n").expect("it is written");
    let kept = shelf::load(folder.path(), &here).expect("it is there");
    assert_eq!((kept.etag, kept.at), (label.etag, Micros(7)));
    assert_eq!(kept.entries.len(), 1);
    assert!(shelf::load(folder.path(), &elsewhere).is_none());
    // A process that ended between list and label.
    std::fs::write(folder.path().join("feeds/drop"), "198.18.0.8\n").expect("it is written");
    assert!(shelf::load(folder.path(), &here).is_none());
}
