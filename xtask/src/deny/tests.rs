//! Each refusal beside its honest twin.

use super::{Ban, Bans, Licenses, Policy, Sources, ban, built, license, source};
use crate::workspace::Package;

fn policy() -> Policy {
    toml::from_str(include_str!("../../../deny.toml")).expect("deny.toml is in our form")
}

fn package(name: &str, license: Option<&str>, source: Option<&str>) -> Package {
    Package {
        name: name.into(),
        version: "1.0.0".into(),
        license: license.map(str::to_owned),
        source: source.map(str::to_owned),
        manifest_path: "/elsewhere/Cargo.toml".into(),
        dependencies: Vec::new(),
    }
}

#[test]
fn a_licence_outside_the_list_is_found_and_an_exception_holds_for_its_crate_only() {
    let Licenses { .. } = &policy().licenses;
    let check = |name, text| license(&policy().licenses, &package(name, text, None));
    assert_eq!(check("a", Some("MIT OR GPL-3.0-only")), None);
    assert!(check("a", Some("GPL-3.0-only")).is_some());
    assert!(check("a", None).is_some());
    assert_eq!(check("webpki-roots", Some("CDLA-Permissive-2.0")), None);
    assert!(check("a", Some("CDLA-Permissive-2.0")).is_some());
}

#[test]
fn a_banned_crate_is_found_and_a_caged_one_only_outside_its_cage() {
    let Bans { .. } = &policy().bans;
    let check = |name: &str, parents: &[&str]| {
        let parents = parents.iter().map(|name| (*name).to_owned()).collect();
        ban(&policy().bans, &package(name, None, None), &parents)
    };
    assert_eq!(check("serde", &["anybody"]), None);
    assert!(check("ring", &["rustls"]).is_some());
    assert_eq!(check("sqlx", &["waarborg-store"]), None);
    assert!(
        check("sqlx", &["waarborg-control", "waarborg-store"])
            .is_some_and(|text| text.ends_with("named by waarborg-control"))
    );
}

#[test]
fn a_package_from_anywhere_but_crates_io_is_found() {
    let Sources { .. } = &policy().sources;
    let check = |from| source(&policy().sources, &package("a", None, from));
    assert_eq!(
        check(Some(
            "registry+https://github.com/rust-lang/crates.io-index"
        )),
        None
    );
    assert!(check(Some("registry+https://example.invalid/index")).is_some());
    assert!(check(Some("git+https://example.invalid/a")).is_some());
    assert!(check(None).is_some());
}

#[test]
fn the_tree_gives_each_package_the_ones_that_name_it() {
    let tree = "0 a v0.1.0 (/a)\n1 b v1.0.0\n2 c v2.0.0\n1 c v2.0.0 (*)\n\n0 d v0.1.0 (/d)\n";
    let built = built(tree).expect("it is a tree");
    let parents = |name: &str| built[name].iter().cloned().collect::<Vec<_>>();
    assert_eq!(parents("c 2.0.0"), ["a", "b"]);
    assert_eq!(parents("d 0.1.0"), Vec::<String>::new());
    assert!(super::built("nothing of the kind").is_err());
}

#[test]
fn a_key_that_isnt_understood_is_refused() {
    let known = "crate = 'a'\nreason = 'b'";
    assert!(toml::from_str::<Ban>(known).is_ok());
    assert!(toml::from_str::<Ban>(&format!("{known}\nfeatures = ['c']")).is_err());
}
