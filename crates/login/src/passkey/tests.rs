use super::{testing::Authenticator, *};

const HOST: &str = "id.test";
const ORIGIN: &str = "https://id.test:8443";
const ADA: Person<'_> = Person {
    handle: [7; 16],
    name: "ada",
    display: "Ada Lovelace",
};

fn party() -> RelyingParty {
    RelyingParty::new(HOST, ORIGIN).unwrap()
}

fn registered(count: u32) -> (Authenticator, Made) {
    let mut device = Authenticator::new(HOST, ORIGIN);
    device.count = count;
    let asked = party().offer(ADA, &[]).unwrap();
    let made = party().made(&device.create(&asked.options), &asked.state);
    (device, made.unwrap())
}

/// What comes of an answer that `change` has spoilt.
fn shows(
    (device, made): &mut (Authenticator, Made),
    change: impl FnOnce(&mut Authenticator),
) -> Result<u32, Refused> {
    change(device);
    let asked = party().ask(&[]).unwrap();
    let answer = Answer::read(&device.get(&asked.options))?;
    party().shown(&answer, &asked.state, &made.kept)
}

#[test]
fn a_passkey_is_discoverable_verifies_its_owner_and_is_asked_for_by_host_alone() {
    let asked = party().offer(ADA, &[vec![1, 2, 3]]).unwrap();
    let options: Value = serde_json::from_str(&asked.options).unwrap();
    assert_eq!(options["rp"]["id"], HOST);
    assert_eq!(options["user"]["id"], terms::base64url(&[7; 16]));
    assert_eq!(options["attestation"], "none");
    assert_eq!(options["timeout"], 300_000);
    let chosen = &options["authenticatorSelection"];
    assert_eq!(chosen["residentKey"], "required");
    assert_eq!(chosen["requireResidentKey"], true);
    assert_eq!(chosen["userVerification"], "required");
    assert_eq!(options["excludeCredentials"][0]["id"], "AQID");

    for (allowed, expected) in [(vec![], 0), (vec![vec![1, 2, 3]], 1)] {
        let asked = party().ask(&allowed).unwrap();
        let options: Value = serde_json::from_str(&asked.options).unwrap();
        assert_eq!(options["rpId"], HOST);
        assert_eq!(options["userVerification"], "required");
        let listed = options["allowCredentials"].as_array().unwrap();
        assert_eq!(listed.len(), expected);
    }
    let challenge = |asked: Asked| {
        let options: Value = serde_json::from_str(&asked.options).unwrap();
        options["challenge"].as_str().unwrap().to_owned()
    };
    let (one, other) = (party().ask(&[]).unwrap(), party().ask(&[]).unwrap());
    let one = challenge(one);
    assert_ne!(one, challenge(other), "each by chance");
    assert!(one.len() >= 43, "256 bits: {one}");
}

#[test]
fn the_party_is_one_host_by_name() {
    for (host, origin) in [
        ("127.0.0.1", "https://127.0.0.1"),
        ("id.test", "http://id.test"),
        ("test", "https://id.test"),
        ("id.test", "https://other.test"),
        ("id.test", "nonsense"),
    ] {
        assert!(RelyingParty::new(host, origin).is_none(), "{host} {origin}");
    }
    assert!(RelyingParty::new("portal.localhost", "https://portal.localhost:8443").is_some());
}

#[test]
fn a_passkey_shows_itself_and_says_whose_it_is() {
    let mut one = registered(0);
    assert_eq!(shows(&mut one, |_| ()), Ok(0), "it doesn't count");
    let mut one = registered(5);
    assert_eq!(shows(&mut one, |_| ()), Ok(7));
    assert_eq!(shows(&mut one, |_| ()), Ok(8));
    let asked = party().ask(&[]).unwrap();
    let answer = Answer::read(&one.0.get(&asked.options)).unwrap();
    assert_eq!(answer.credential(), one.1.credential);
    assert_eq!(answer.handle(), Ok(Some([7; 16])));
    assert_eq!(credential(&one.1.kept), Some(one.1.credential));
}

#[test]
fn a_passkey_of_another_origin_host_key_or_count_is_refused_and_so_is_an_unverified_owner() {
    type Spoil = fn(&mut Authenticator);
    let spoils: [(Spoil, Refused); 8] = [
        (
            |it| it.origin = "https://evil.test".to_owned(),
            Refused::Origin,
        ),
        (
            |it| it.origin = "https://id.test".to_owned(),
            Refused::Origin,
        ),
        (
            |it| it.origin = "https://x.id.test:8443".to_owned(),
            Refused::Origin,
        ),
        (|it| it.framed = true, Refused::Origin),
        (|it| it.host = "test".to_owned(), Refused::RelyingParty),
        (|it| it.verified = false, Refused::Unverified),
        (|it| it.count = 1, Refused::CountBack),
        (|it| it.count = 0, Refused::CountBack),
    ];
    for (spoil, expected) in spoils {
        let mut one = registered(5);
        assert_eq!(shows(&mut one, spoil), Err(expected));
    }
    // Another key under the same name.
    let (one, mut two) = (registered(5), registered(5));
    two.0.credential.clone_from(&one.0.credential);
    assert_eq!(shows(&mut (two.0, one.1), |_| ()), Err(Refused::Invalid));
    let (mut one, two) = (registered(5), registered(5));
    one.1 = two.1;
    assert_eq!(
        shows(&mut one, |_| ()),
        Err(Refused::Invalid),
        "by name too"
    );
}

#[test]
fn a_passkey_that_was_made_elsewhere_or_without_its_owner_is_refused() {
    type Spoil = fn(&mut Authenticator);
    let spoils: [(Spoil, Refused); 4] = [
        (
            |it| it.origin = "https://evil.test".to_owned(),
            Refused::Origin,
        ),
        (|it| it.framed = true, Refused::Origin),
        (|it| it.host = "evil.test".to_owned(), Refused::RelyingParty),
        (|it| it.verified = false, Refused::Unverified),
    ];
    for (spoil, expected) in spoils {
        let mut device = Authenticator::new(HOST, ORIGIN);
        spoil(&mut device);
        let asked = party().offer(ADA, &[]).unwrap();
        let made = party().made(&device.create(&asked.options), &asked.state);
        assert_eq!(made.unwrap_err(), expected);
    }
}

#[test]
fn an_answer_to_another_challenge_is_refused_and_nonsense_is_told_apart() {
    let (mut device, made) = registered(0);
    let (one, other) = (party().ask(&[]).unwrap(), party().ask(&[]).unwrap());
    let answer = Answer::read(&device.get(&one.options)).unwrap();
    let shown = party().shown(&answer, &other.state, &made.kept);
    assert_eq!(shown, Err(Refused::Challenge));
    assert!(party().shown(&answer, &one.state, &made.kept).is_ok());
    let (one, other) = (
        party().offer(ADA, &[]).unwrap(),
        party().offer(ADA, &[]).unwrap(),
    );
    let answer = device.create(&one.options);
    let made = party().made(&answer, &other.state);
    assert_eq!(made.unwrap_err(), Refused::Challenge);
    let long = format!("{answer}{}", " ".repeat(ANSWER_MAX));
    for bad in ["", "{}", "null", &answer, &long] {
        assert_eq!(Answer::read(bad).unwrap_err(), Refused::Malformed, "{bad}");
    }
    assert_eq!(
        party().made(&long, &one.state).unwrap_err(),
        Refused::Malformed
    );
}
