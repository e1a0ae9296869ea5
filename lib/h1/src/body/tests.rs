//! Bodies: malformed chunks beside honest ones, cut everywhere.

use std::num::NonZeroUsize;

use proptest::prelude::*;

use super::*;
use crate::write;

/// The data, what was consumed and the trailers of a body that arrives in these pieces.
/// As a socket's buffer does, what isn't consumed comes again with the next piece.
fn decode_pieces(
    framing: Framing,
    limits: &Limits,
    bytes: &[u8],
    cuts: &[usize],
) -> Result<(Vec<u8>, usize, String, bool), Refusal> {
    let mut body = BodyDecoder::new(framing, limits);
    let (mut at, mut data) = (0, Vec::new());
    for &cut in cuts.iter().chain([&bytes.len()]) {
        loop {
            let piece = &bytes[at..cut.max(at)];
            let before = at;
            let decoded = match body.decode(piece) {
                Ok(decoded) => decoded,
                Err(refusal) => {
                    assert_eq!(body.decode(b"more"), Err(refusal), "said twice, it differs");
                    assert_eq!(body.at_end_of_input(), Err(refusal));
                    return Err(refusal);
                }
            };
            assert!(decoded.data.end <= decoded.consumed && decoded.consumed <= piece.len());
            data.extend_from_slice(&piece[decoded.data]);
            at += decoded.consumed;
            assert_eq!(decoded.done, body.is_done());
            if decoded.done || at == before {
                break;
            }
        }
    }
    let trailers = body
        .trailers()
        .iter()
        .map(|field| format!("{}={}", field.name, field.value.escape_ascii()));
    Ok((
        data,
        at,
        trailers.collect::<Vec<_>>().join(" "),
        body.is_done(),
    ))
}

fn chunked(text: &str) -> Result<(String, usize, String, bool), Refusal> {
    let bytes = text.replace('^', "\r\n").into_bytes();
    let whole = decode_pieces(Framing::Chunked, &Limits::default(), &bytes, &[]);
    let every: Vec<_> = (0..bytes.len()).collect();
    assert_eq!(
        whole,
        decode_pieces(Framing::Chunked, &Limits::default(), &bytes, &every),
        "{text:?}"
    );
    whole.map(|(data, at, trailers, done)| (String::from_utf8(data).unwrap(), at, trailers, done))
}

#[test]
fn malformed_chunks_are_refused() {
    use Refusal as R;
    for (name, body, refusal) in [
        ("no size", "^hello^0^^", R::ChunkSize),
        ("size with a space behind", "5 ^hello^0^^", R::ChunkSize),
        ("size with a space before", " 5^hello^0^^", R::ChunkSize),
        ("size with a tab", "5\t;a^hello^0^^", R::ChunkSize),
        ("size with a plus", "+5^hello^0^^", R::ChunkSize),
        ("size with a minus", "-5^hello^0^^", R::ChunkSize),
        ("size with 0x", "0x5^hello^0^^", R::ChunkSize),
        ("size with an underscore", "1_0^hello^0^^", R::ChunkSize),
        ("size of no digit", "g^hello^0^^", R::ChunkSize),
        (
            "size of 17 digits",
            "00000000000000005^hello^0^^",
            R::ChunkSize,
        ),
        ("extension without a size", ";a=b^hello^0^^", R::ChunkSize),
        ("size ended by LF", "5\nhello^0^^", R::BareLf),
        ("size ended by CR", "5\rhello^0^^", R::BareCr),
        ("LF in an extension", "5;a\nhello^0^^", R::BareLf),
        ("CR in an extension", "5;a\rb^hello^0^^", R::BareCr),
        ("NUL in an extension", "5;a\0^hello^0^^", R::ChunkExtension),
        ("data without CRLF", "5^hello0^^", R::ChunkEnd),
        ("data ended by LF", "5^hello\n0^^", R::ChunkEnd),
        ("data ended by CR", "5^hello\r0^^", R::ChunkEnd),
        ("data longer than its size", "4^hello^0^^", R::ChunkEnd),
        ("data shorter than its size", "6^hello^0^^", R::ChunkEnd),
        ("last chunk ended by LF", "0\n^", R::BareLf),
        ("body ended by LF", "0^\n", R::BareLf),
        ("body ended by CR", "0^\rX", R::BareCr),
        ("trailer without a colon", "0^abc^^", R::NameByte),
        (
            "trailer with a space before its colon",
            "0^A : b^^",
            R::SpaceInName,
        ),
        ("folded trailer", "0^A: b^ c^^", R::FoldedLine),
        ("trailer folded at once", "0^ A: b^^", R::FoldedLine),
        ("trailer ended by LF", "0^A: b\n^", R::BareLf),
        ("NUL in a trailer", "0^A: \0^^", R::ValueByte),
        (
            "trailer Content-Length",
            "0^Content-Length: 5^^",
            R::Trailer,
        ),
        (
            "trailer Transfer-Encoding",
            "0^A: b^transfer-encoding: chunked^^",
            R::Trailer,
        ),
        (
            "trailer Transfer_Encoding",
            "0^Transfer_Encoding: chunked^^",
            R::FramingAlias,
        ),
        ("trailer Host", "0^Host: a^^", R::Trailer),
        ("trailer Authorization", "0^Authorization: a^^", R::Trailer),
        ("trailer Cookie", "0^Cookie: a^^", R::Trailer),
        (
            "trailer X-Forwarded-For",
            "0^X-Forwarded-For: a^^",
            R::Trailer,
        ),
    ] {
        assert_eq!(chunked(body), Err(refusal), "{name}");
    }
}

#[test]
fn honest_chunks_are_decoded_and_what_follows_is_left() {
    let ok =
        |data: &str, at, trailers: &str, done| Ok((data.to_owned(), at, trailers.to_owned(), done));
    assert_eq!(chunked("5^hello^0^^"), ok("hello", 15, "", true));
    assert_eq!(
        chunked("5^hello^6^ world^0^^GET /"),
        ok("hello world", 26, "", true)
    );
    assert_eq!(chunked("0^^"), ok("", 5, "", true));
    assert_eq!(chunked("000^^"), ok("", 7, "", true));
    assert_eq!(
        chunked("A;x^0123456789^0;y=\"z\"^^"),
        ok("0123456789", 28, "", true)
    );
    assert_eq!(
        chunked("0000000000000005; a = b ^hello^0^^"),
        ok("hello", 38, "", true)
    );
    assert_eq!(chunked("2^\r\n^0^^"), ok("\r\n", 12, "", true));
    assert_eq!(
        chunked("1^a^0^Digest: x^grpc-status:0^^rest"),
        ok("a", 37, "Digest=x grpc-status=0", true)
    );
    assert_eq!(chunked("5^hel"), ok("hel", 6, "", false));
    assert_eq!(chunked("ffffffffffffffff^a"), ok("a", 19, "", false));
}

#[test]
fn one_call_reads_a_whole_small_body() {
    let mut body = BodyDecoder::new(Framing::Chunked, &Limits::default());
    let decoded = body.decode(b"5\r\nhello\r\n0\r\n\r\nnext").unwrap();
    assert_eq!(
        decoded,
        Decoded {
            consumed: 15,
            data: 3..8,
            done: true
        }
    );
    let mut body = BodyDecoder::new(Framing::Length(5), &Limits::default());
    assert_eq!(
        body.decode(b"hellonext").unwrap(),
        Decoded {
            consumed: 5,
            data: 0..5,
            done: true
        }
    );
}

#[test]
fn a_length_is_counted_and_a_close_ends_only_what_may_be_ended_by_it() {
    let limits = Limits::default();
    let mut body = BodyDecoder::new(Framing::Length(3), &limits);
    assert_eq!(
        body.decode(b"ab").unwrap(),
        Decoded {
            consumed: 2,
            data: 0..2,
            done: false
        }
    );
    assert_eq!(body.at_end_of_input(), Err(Refusal::Truncated));
    assert_eq!(
        body.decode(b"cd").unwrap(),
        Decoded {
            consumed: 1,
            data: 0..1,
            done: true
        }
    );
    assert_eq!(body.at_end_of_input(), Ok(()));
    for framing in [Framing::None, Framing::Length(0)] {
        let mut body = BodyDecoder::new(framing, &limits);
        assert!(body.is_done());
        assert_eq!(
            body.decode(b"GET").unwrap(),
            Decoded {
                consumed: 0,
                data: 0..0,
                done: true
            }
        );
    }
    let mut body = BodyDecoder::new(Framing::UntilClose, &limits);
    assert_eq!(
        body.decode(b"abc").unwrap(),
        Decoded {
            consumed: 3,
            data: 0..3,
            done: false
        }
    );
    assert_eq!(body.at_end_of_input(), Ok(()));
    let mut body = BodyDecoder::new(Framing::Chunked, &limits);
    body.decode(b"1\r\na\r\n0\r\n").unwrap();
    assert_eq!(body.at_end_of_input(), Err(Refusal::Truncated));
}

#[test]
fn each_limit_lets_its_measure_pass_and_refuses_one_more() {
    let limits = Limits {
        line: 20,
        chunk_line: 16,
        trailers: 40,
        fields: 3,
        ..Limits::default()
    };
    let outcome = |text: String| {
        let bytes = text.replace('^', "\r\n").into_bytes();
        let whole = decode_pieces(Framing::Chunked, &limits, &bytes, &[]);
        let every: Vec<_> = (0..bytes.len()).collect();
        assert_eq!(
            whole,
            decode_pieces(Framing::Chunked, &limits, &bytes, &every),
            "{text:?}"
        );
        whole.err()
    };
    let extension = |len| format!("1;{}^a^0^^", "e".repeat(len));
    assert_eq!(outcome(extension(12)), None);
    assert_eq!(outcome(extension(13)), Some(Refusal::ChunkLineTooLong));
    // 16 × 64 bytes of extensions in all, each `;` counted.
    assert_eq!(outcome(format!("{}0^^", "1;eeeeeee^a^".repeat(128))), None);
    assert_eq!(
        outcome(format!("{}0;^^", "1;eeeeeee^a^".repeat(128))),
        Some(Refusal::ChunkLineTooLong)
    );
    let trailer = |len| format!("0^a: {}^^", "v".repeat(len));
    assert_eq!(outcome(trailer(15)), None);
    assert_eq!(outcome(trailer(16)), Some(Refusal::FieldTooLong));
    let trailers = |len| format!("0^a: {}^b: {}^^", "v".repeat(14), "v".repeat(len));
    assert_eq!(outcome(trailers(14)), None);
    assert_eq!(outcome(trailers(15)), Some(Refusal::TrailersTooLarge));
    assert_eq!(outcome(format!("0^{}^", "a: b^".repeat(3))), None);
    assert_eq!(
        outcome(format!("0^{}^", "a: b^".repeat(4))),
        Some(Refusal::TooManyFields)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_in_chunks_is_read_again_however_it_is_cut(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..6),
        trailers in prop::collection::vec(("x-[a-z]{1,8}", "[!-~]{0,10}"), 0..3),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
    ) {
        let mut bytes = Vec::new();
        for piece in &pieces {
            match NonZeroUsize::new(piece.len()) {
                Some(len) if piece[0] & 1 == 0 => {
                    write::chunk_head(&mut bytes, len);
                    bytes.extend_from_slice(piece);
                    write::chunk_end(&mut bytes);
                }
                _ => write::chunk(&mut bytes, piece),
            }
        }
        write::last_chunk(&mut bytes, trailers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
        let len = bytes.len();
        bytes.extend_from_slice(b"HTTP/1.1");
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
        cuts.sort_unstable();
        let named: Vec<_> = trailers.iter().map(|(name, value)| format!("{name}={}", value.escape_default())).collect();
        let read = decode_pieces(Framing::Chunked, &Limits::default(), &bytes, &cuts);
        prop_assert_eq!(read, Ok((pieces.concat(), len, named.join(" "), true)));
    }

    #[test]
    fn cutting_the_input_anywhere_changes_nothing(
        text in "(([0-9a-f]{0,2}(;[a-z=\" ]{0,4})?|0)[ \r\n]{0,1}\r\n[a-z\r\n:]{0,12}\r\n){0,4}[ -~\r\n]{0,20}",
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        limits in prop_oneof![
            Just(Limits::default()),
            (0..20_usize, 0..20_usize, 0..30_usize, 0..3_usize)
                .prop_map(|(chunk_line, line, trailers, fields)| Limits { chunk_line, line, trailers, fields, ..Limits::default() }),
        ],
    ) {
        let bytes = text.as_bytes();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.sort_unstable();
        let whole = decode_pieces(Framing::Chunked, &limits, bytes, &[]);
        let every: Vec<_> = (0..bytes.len()).collect();
        prop_assert_eq!(&whole, &decode_pieces(Framing::Chunked, &limits, bytes, &cuts));
        prop_assert_eq!(&whole, &decode_pieces(Framing::Chunked, &limits, bytes, &every));
    }
}
