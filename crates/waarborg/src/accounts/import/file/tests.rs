use proptest::prelude::*;

use super::*;

fn good(text: &str) -> Vec<Line> {
    let content = read(text.as_bytes(), None).unwrap();
    assert_eq!(content.mistakes, [], "{text:?}");
    content.lines
}

fn mistakes(text: &str) -> Vec<(usize, String)> {
    let content = read(text.as_bytes(), None).unwrap();
    let of = |mistake: Mistake| (mistake.number, mistake.why);
    content.mistakes.into_iter().map(of).collect()
}

fn line(number: usize, name: &str, hash: &str) -> Line {
    Line {
        number,
        name: name.to_owned(),
        email: String::new(),
        display: String::new(),
        groups: Vec::new(),
        hash: Secret::new(hash.to_owned()),
    }
}

#[test]
fn columns_stand_in_any_order_and_all_but_the_name_may_be_absent() {
    assert_eq!(
        good(
            "Groups,NAME,password_hash,display,email\nstaff ops;it,ada,$2y$05$x,\"Lovelace, Ada\",ada@x.example\n"
        ),
        [Line {
            email: "ada@x.example".to_owned(),
            display: "Lovelace, Ada".to_owned(),
            groups: ["staff", "ops", "it"].map(str::to_owned).to_vec(),
            ..line(2, "ada", "$2y$05$x")
        }]
    );
    assert_eq!(good("name\nada\n"), [line(2, "ada", "")]);
}

#[test]
fn a_byte_order_mark_crlf_and_a_missing_last_line_end_change_nothing() {
    let expected = [line(2, "ada", "h"), line(4, "bob", "i")];
    for text in [
        "name,password_hash\nada,h\n\nbob,i\n",
        "name,password_hash\r\nada,h\r\n\r\nbob,i\r\n",
        "\u{feff}name,password_hash\r\nada,h\r\n\r\nbob,i",
        "\u{feff}\"name\",\"password_hash\"\n\"ada\",\"h\"\n\n\"bob\",\"i\"\r",
        "name,password_hash\n ada\t, h\n\nbob,i",
    ] {
        assert_eq!(good(text), expected, "{text:?}");
    }
    let htpasswd = "\u{feff}# users\r\nada:h\r\n\r\nbob:i:a remark\r\n";
    assert_eq!(good(htpasswd), [line(2, "ada", "h"), line(4, "bob", "i")]);
}

#[test]
fn a_quoted_value_may_hold_quotes_commas_and_lines() {
    let lines = good("name,display\nada,\"A \"\"Countess\"\",\r\nof Lovelace\"\nbob,B\n");
    assert_eq!(lines[0].display, "A \"Countess\",\r\nof Lovelace");
    assert_eq!((lines[1].number, lines[1].name.as_str()), (4, "bob"));
}

#[test]
fn every_malformed_line_is_named_and_the_next_is_read_again() {
    let text = "name,display\n\
                ada\n\
                bob,B,C\n\
                eve,E \"x\"\n\
                joe,\"J\" x\n\
                ,nobody\n\
                kim,K\n\
                Kim,again\n\
                zoe,\"never closed\n";
    let content = read(text.as_bytes(), None).unwrap();
    let numbers: Vec<_> = content.mistakes.iter().map(|it| it.number).collect();
    assert_eq!(numbers, [2, 3, 4, 5, 6, 8, 9]);
    assert_eq!(content.lines.len(), 1);
    assert_eq!(content.lines[0].name, "kim");
    let [why] = &mistakes("name\nada\nada\n")[..] else {
        panic!("one mistake")
    };
    assert_eq!(*why, (3, "the same name as in line 2".to_owned()));
    let [why] = &mistakes("name,email\nada,A@x\nbob,a@X\n")[..] else {
        panic!("one mistake")
    };
    assert_eq!(*why, (3, "the same e-mail address as in line 2".to_owned()));
    assert_eq!(mistakes("ada:h\nbob\neve:\n").len(), 2);
    let long = format!("name\n{}\n", "a".repeat(VALUE_MAX + 1));
    assert_eq!(mistakes(&long).len(), 1);
    let many = format!("name,groups\nada,{}\n", "g ".repeat(GROUPS_MAX + 1));
    assert_eq!(mistakes(&many).len(), 1);
}

#[test]
fn a_file_that_is_none_is_refused_whole_with_what_was_expected() {
    let check = |bytes: &[u8], expected: &str| {
        let error = read(bytes, None).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(b"", "empty");
    check(b"\xef\xbb\xbf\r\n", "empty");
    check(b"name\nada\nb\xff\n", "line 3 isn't UTF-8");
    check(b"\n# users\nada\n", "line 3");
    check(b"username,password_hash\n", "no column `username`");
    check(b"email,display\n", "no column `name`");
    check(b"name,email,name\n", "twice");
    check(b"name;email\n", "separated by commas");
    // What a form was said to be isn't guessed.
    let error = read(b"ada:h\n", Some(Form::Csv)).unwrap_err();
    assert!(matches!(error, Unreadable::Header(_)), "{error}");
}

fn quote(value: &str) -> String {
    format!("\"{}\"", value.replace('"', "\"\""))
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_and_each_line_is_there_once(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "(name|email|display)?[,:\"\r\n a\u{e9}]{0,40}".prop_map(String::into_bytes),
            "name,display\n([ab\",\r\n]{0,12}\n){0,6}".prop_map(String::into_bytes),
        ],
    ) {
        for form in [None, Some(Form::Csv), Some(Form::Htpasswd)] {
            let Ok(content) = read(&bytes, form) else { continue };
            let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
            let mut numbers: Vec<_> = content.lines.iter().map(|it| it.number)
                .chain(content.mistakes.iter().map(|it| it.number)).collect();
            numbers.sort_unstable();
            prop_assert!(numbers.iter().all(|number| (1..=lines).contains(number)));
            prop_assert!(numbers.windows(2).all(|two| two[0] < two[1]), "{numbers:?}");
        }
    }

    #[test]
    fn what_is_quoted_comes_back_as_it_was(
        values in prop::collection::vec("[^\0]{0,12}", 1..6),
        crlf in any::<bool>(),
    ) {
        let end = if crlf { "\r\n" } else { "\n" };
        let mut text = format!("display,name{end}");
        for (index, value) in values.iter().enumerate() {
            text.push_str(&format!("{},user{index}{end}", quote(value)));
        }
        let content = read(text.as_bytes(), None).unwrap();
        prop_assert_eq!(&content.mistakes, &[]);
        let back: Vec<_> = content.lines.into_iter().map(|line| line.display).collect();
        prop_assert_eq!(back, values);
    }
}
