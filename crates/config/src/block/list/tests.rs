use proptest::prelude::*;

use super::*;

/// What is read, as `line range`, or what is wrong.
fn read_text(text: &str) -> Result<Vec<String>, String> {
    read(text.as_bytes())
        .map(|entries| {
            let shown = |entry: &Entry| format!("{} {}", entry.number, entry.range);
            entries.iter().map(shown).collect()
        })
        .map_err(|error| error.to_string())
}

fn good(text: &str, expected: &[&str]) {
    assert_eq!(
        read_text(text),
        Ok(expected.iter().map(|it| (*it).to_owned()).collect())
    );
}

fn bad(text: &str, part: &str) {
    let error = read_text(text).expect_err(text);
    assert!(error.contains(part), "{text:?}: {error}");
}

#[test]
fn each_of_the_usual_forms_is_read() {
    good(
        "# FireHOL\n; and Spamhaus\n\n198.51.100.0/24 ; SBL1\n203.0.113.7 # one\r\n2001:db8::/32\n",
        &["4 198.51.100.0/24", "5 203.0.113.7", "6 2001:db8::/32"],
    );
    good(
        "198.51.100.1-198.51.100.9\n",
        &["1 198.51.100.1-198.51.100.9"],
    );
    good("\u{feff}198.51.100.1\n", &["1 198.51.100.1"]);
    good(
        "198.51.100.7 bad.example worse-2.example\n203.0.113.7\tx.example # why\n",
        &["1 198.51.100.7", "2 203.0.113.7"],
    );
    good(
        "# made today\nip,score\n198.51.100.7,90\n\"2001:db8::7\" , \"a, b\"\n",
        &["3 198.51.100.7", "4 2001:db8::7"],
    );
    good("198.51.100.0/24,AS64500\n", &["1 198.51.100.0/24"]);
    good(
        "{\"cidr\":\"198.51.100.0/24\",\"sblid\":\"SBL1\",\"rir\":\"apnic\"}\n\
         {\"cidr\":\"2001:db8::/32\",\"sblid\":\"SBL2\",\"rir\":\"ripe\"}\n\
         {\"type\":\"metadata\",\"timestamp\":1,\"size\":99,\"records\":2}\n",
        &["1 198.51.100.0/24", "2 2001:db8::/32"],
    );
    good("{\"cidr\":\"198.51.100.0/24\"}\n", &["1 198.51.100.0/24"]);
}

#[test]
fn a_file_that_is_empty_is_not_taken() {
    for text in ["", "\n\n", "# nothing today\n", "ip,score\n"] {
        bad(text, "at least one address");
    }
}

#[test]
fn a_file_that_is_truncated_is_not_taken() {
    bad("198.51.100.7\n203.0.113.1", "its last line has no end");
    bad(
        "{\"cidr\":\"198.51.100.0/24\"}\n{\"cidr\":\"203.0\n",
        "it can't be read",
    );
    let drop = "{\"cidr\":\"198.51.100.0/24\",\"sblid\":\"SBL1\"}\n";
    bad(drop, "it was cut off after 1 entries");
    bad(
        &format!("{drop}{{\"type\":\"metadata\",\"records\":2}}\n"),
        "expected 2, as its last line says",
    );
    bad(
        &format!("{drop}{{\"type\":\"metadata\",\"records\":1}}\n{drop}"),
        "line 3: it goes on",
    );
}

#[test]
fn a_web_page_is_not_taken() {
    bad(
        "<!DOCTYPE html>\n<title>Log in</title>\n",
        "it is a web page",
    );
    bad("\n  <html>\n", "it is a web page");
    bad("# list\n<html>\n", "\"<html>\" is none");
}

#[test]
fn a_file_that_refuses_everybody_is_not_taken() {
    for range in ["0.0.0.0/0", "::/0", "0.0.0.0/1", "2000::/3", "0.0.0.0/2"] {
        bad(&format!("198.51.100.7\n{range}\n"), "line 2:");
    }
    good("224.0.0.0/3\n8000::/1\n", &["1 224.0.0.0/3", "2 8000::/1"]);
    // In pieces it is no better.
    let pieces: String = (0..9)
        .map(|piece| format!("{}.0.0.0/4\n", piece * 16))
        .collect();
    bad(&pieces, "more than half of all IPv4 addresses");
    let half: String = (0..8)
        .map(|piece| format!("{}.0.0.0/4\n", piece * 16))
        .collect();
    assert!(read_text(&format!("{half}{half}")).is_ok());
}

#[test]
fn a_line_that_can_not_be_read_spoils_the_file() {
    bad(
        "198.51.100.7\nexample.test\n",
        "line 2: \"example.test\" is none",
    );
    bad("198.51.100.7/24\n", "198.51.100.0/24");
    bad("fe80::1%eth0\n", "zone id");
    bad("::ffff:198.51.100.7\n", "198.51.100.7");
    bad("64:ff9b::198.51.100.7\n", "NAT64");
    bad("198.051.100.7\n", "leading zeros");
    bad("198.51.100.1 - 198.51.100.9\n", "line 1: \"-\" behind");
    bad("198.51.100.1 198.51.100.9\n", "behind");
    bad("127.0.0.1 ads.example\n", "lead nowhere");
    bad("0.0.0.0 ads.example\n", "lead nowhere");
    bad("ip,x\nip,x\n", "line 2:");
    bad("198.51.100.1,198.51.100.9\n", "second column");
    bad("{\"asn\":64500}\n", "there is no `cidr`");
    let bytes = read(b"198.51.100.7\n\xff\n").unwrap_err();
    assert_eq!(
        bytes.to_string(),
        "bytes that aren't text; expected a list in UTF-8"
    );
}

proptest! {
    #[test]
    fn whatever_is_read_is_what_stands_there(
        hosts in prop::collection::vec((any::<u32>(), 8_u8..=32), 1..40),
        form in 0..3,
    ) {
        let ranges: Vec<IpRange> = hosts
            .iter()
            .map(|(host, bits)| {
                IpRange::around(std::net::Ipv4Addr::from(*host).into(), *bits).unwrap()
            })
            .collect();
        let line = |range: &IpRange| match form {
            0 => format!("{range}\n"),
            1 => format!("\"{range}\",1\n"),
            _ => format!("{{\"cidr\":\"{range}\"}}\n"),
        };
        let text: String = ranges.iter().map(line).collect();
        let entries = read(text.as_bytes()).unwrap();
        prop_assert_eq!(entries.iter().map(|it| it.range).collect::<Vec<_>>(), ranges);
    }

    #[test]
    fn no_text_brings_it_down(text in "[0-9a-f.:,/{}\"# \n;<-]{0,200}") {
        let _ = read(text.as_bytes());
    }
}
