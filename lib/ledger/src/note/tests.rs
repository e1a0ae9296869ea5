use proptest::prelude::*;
use zeroize::Zeroizing;

use super::*;

/// The example of Go's `sumdb/note`.
const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PETERS_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\
    \n\
    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn key(name: &str, byte: u8) -> SigningKey {
    SigningKey::from_seed(name, &Zeroizing::new([byte; 32])).unwrap()
}

fn open(note: &str, keys: &[&SigningKey]) -> Result<Note, NoteError> {
    let known: Vec<VerifierKey> = keys.iter().map(|key| key.verifier().clone()).collect();
    Note::open(note.as_bytes(), &known)
}

#[test]
fn a_note_signed_by_go_verifies_and_prints_the_same() {
    let note = Note::open(PETERS_NOTE.as_bytes(), &[PETER.parse().unwrap()]).unwrap();
    assert!(note.text().ends_with("problem is.\n"));
    assert_eq!(note.to_string(), PETERS_NOTE);
    let altered = PETERS_NOTE.replace("cryptography", "Cryptography");
    assert_eq!(
        Note::open(altered.as_bytes(), &[PETER.parse().unwrap()]),
        Err(NoteError::Forged {
            name: "PeterNeumann".into()
        })
    );
}

#[test]
fn several_keys_sign_and_unknown_ones_are_ignored() {
    let (ours, witness, stranger) = (key("log", 1), key("witness", 2), key("stranger", 3));
    let mut note = Note::sign("a text\n\nwith an empty line\n", &ours).unwrap();
    note.countersign(&witness).unwrap();
    let text = note.to_string();
    assert_eq!(open(&text, &[&ours]).unwrap(), note);
    assert_eq!(open(&text, &[&stranger, &witness]).unwrap(), note);
    assert_eq!(
        open(&text, &[&stranger]),
        Err(NoteError::Unsigned { known: 1 })
    );
    assert_eq!(open(&text, &[]), Err(NoteError::Unsigned { known: 0 }));
    // Same name, other key: another id, so a stranger.
    assert_eq!(
        open(&text, &[&key("log", 9)]),
        Err(NoteError::Unsigned { known: 1 })
    );
}

#[test]
fn a_forged_line_of_a_known_key_spoils_the_note_though_another_verifies() {
    let (ours, witness) = (key("log", 1), key("witness", 2));
    let mut note = Note::sign("one\n", &ours).unwrap();
    note.signatures
        .push(Note::sign("two\n", &witness).unwrap().signatures[0].clone());
    let text = note.to_string();
    assert!(open(&text, &[&ours]).is_ok());
    assert_eq!(
        open(&text, &[&ours, &witness]),
        Err(NoteError::Forged {
            name: "witness".into()
        })
    );
}

#[test]
fn what_is_not_a_note_is_refused() {
    let check = |note: &str, expected: NoteError| {
        assert_eq!(Note::parse(note.as_bytes()), Err(expected), "{note:?}");
    };
    let line = "— name AAAAAAE=";
    assert!(Note::parse(format!("text\n\n{line}\n").as_bytes()).is_ok());
    check("", NoteError::Form);
    check("text\n", NoteError::Form);
    check(&format!("text\n{line}\n"), NoteError::Form);
    check(&format!("text\n\n{line}"), NoteError::Form);
    check("text\n\n", NoteError::Form);
    check(&format!("\n\n{line}\n\n"), NoteError::Form);
    check(&format!("text\r\n\n{line}\n"), NoteError::Text);
    check(
        "text\n\n— name AAAAAAE\n",
        NoteError::SignatureLine { line: 1 },
    );
    check(
        "text\n\n— name AAAAAA==\n",
        NoteError::SignatureLine { line: 1 },
    );
    check(
        "text\n\n- name AAAAAAE=\n",
        NoteError::SignatureLine { line: 1 },
    );
    check(
        "text\n\n—  AAAAAAE=\n",
        NoteError::SignatureLine { line: 1 },
    );
    check(
        &format!("text\n\n{line}\n— na+me AAAAAAE=\n"),
        NoteError::SignatureLine { line: 2 },
    );
    let many = format!("{line}\n").repeat(MAX_SIGNATURES + 1);
    check(&format!("text\n\n{many}"), NoteError::TooManySignatures);
    let long = "t".repeat(MAX_NOTE);
    check(
        &format!("{long}\n\n{line}\n"),
        NoteError::TooLong {
            found: MAX_NOTE + 21 - 1,
        },
    );
    assert_eq!(Note::parse(b"\xff\n\nx\n"), Err(NoteError::Text));
}

#[test]
fn a_text_that_could_not_be_read_back_is_not_signed() {
    let key = key("log", 1);
    assert_eq!(Note::sign("", &key), Err(NoteError::Form));
    assert_eq!(Note::sign("no newline", &key), Err(NoteError::Form));
    assert_eq!(Note::sign("tab\there\n", &key), Err(NoteError::Text));
}

proptest! {
    #[test]
    fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Note::parse(&bytes);
    }

    #[test]
    fn reading_almost_notes_never_panics_and_is_exact(
        note in "[a\n]{0,4}\n{0,2}(— (n|log)? ?[A-Za-z0-9+/=]{0,12}\n{0,2}){0,3}",
    ) {
        if let Ok(read) = Note::parse(note.as_bytes()) {
            prop_assert_eq!(read.to_string(), note);
        }
    }

    #[test]
    fn any_text_comes_back(text in "[^\\x00-\\x1f]{0,40}(\n[^\\x00-\\x1f]{0,9}){0,4}") {
        let key = key("log", 1);
        let text = format!("{text}.\n");
        let note = Note::sign(&text, &key).unwrap();
        let read = open(&note.to_string(), &[&key]).unwrap();
        prop_assert_eq!(read.text(), text);
    }
}
