//! How values are decoded: percent (with `%uXXXX`), HTML character references, JSON.

/// Bytes at which it is worth looking closer.
const TELLING: [bool; 256] = {
    let mut telling = [false; 256];
    let mut bytes: &[u8] = b"<\"'`\\%&=$:";
    while let [first, rest @ ..] = bytes {
        telling[*first as usize] = true;
        bytes = rest;
    }
    telling
};

/// Whether a part of a request could carry markup, encoded in whatever way: one look, which
/// allocates nothing. `true` says no more than that it is worth decoding.
///
/// It looks for `<`, quotes, their encodings (once or twice percent-encoded, `%u`, `\u`,
/// character references), for `script:` and `data:`, and for a `=` inside a value.
pub fn is_suspect(raw: &[u8]) -> bool {
    let mut assigned = false;
    let telling = |(_, byte): &(usize, &u8)| TELLING.get(usize::from(**byte)) == Some(&true);
    for (at, byte) in raw.iter().enumerate().filter(telling) {
        let rest = || raw.get(at + 1..).unwrap_or_default();
        match byte {
            b'<' | b'"' | b'\'' | b'`' | b'\\' => return true,
            b'%' if is_suspect_escape(rest()) => return true,
            b'&' => {
                assigned = false;
                if matches!(rest(), [b'#' | b'l' | b'L' | b'q' | b'Q' | b'c', ..])
                    && is_reference(rest())
                {
                    return true;
                }
            }
            b'=' if std::mem::replace(&mut assigned, true) => return true,
            b'$' if rest().first() == Some(&b'{') => return true,
            b':' => {
                let before = raw.get(..at).unwrap_or_default();
                if ends_with(before, b"script") || ends_with(before, b"data") {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

fn ends_with(text: &[u8], end: &[u8]) -> bool {
    let from = text.len().saturating_sub(end.len());
    text.get(from..)
        .is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

/// Whether what stands behind a `%` may become what markup is made of: `" $ % & ' : < = \ ``.
fn is_suspect_escape(rest: &[u8]) -> bool {
    match rest {
        [b'u' | b'U', ..] => true,
        [b'2', low, ..] => matches!(low, b'2' | b'4'..=b'7'),
        [b'3', low, ..] => matches!(low, b'c' | b'C' | b'a' | b'A' | b'd' | b'D'),
        [b'5', b'c' | b'C', ..] | [b'6', b'0', ..] => true,
        _ => false,
    }
}

/// Whether a character reference begins here, behind its `&`, rather than a parameter.
fn is_reference(rest: &[u8]) -> bool {
    let name = rest
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric())
        .count();
    rest.first() == Some(&b'#') || rest.get(name) == Some(&b';') || name == 2
}

const fn hex(byte: u8) -> Option<u32> {
    match byte {
        b'0'..=b'9' => Some((byte - b'0') as u32),
        b'a'..=b'f' => Some((byte - b'a' + 10) as u32),
        b'A'..=b'F' => Some((byte - b'A' + 10) as u32),
        _ => None,
    }
}

fn hex_number(digits: &[u8]) -> Option<u32> {
    digits
        .iter()
        .try_fold(0_u32, |number, byte| Some(number << 4 | hex(*byte)?))
}

/// Appends a character; a full-width one as the ASCII character that servers take it for
/// (`best fit`), half of a surrogate pair as nothing.
fn push(out: &mut Vec<u8>, code: u32) {
    let code = match code {
        0xff01..=0xff5e => code - 0xfee0,
        other => other,
    };
    if let Some(character) = char::from_u32(code) {
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// Percent-decodes (WHATWG URL), `%uXXXX` too; with `plus`, a `+` is a space as in forms.
pub(super) fn percent(raw: &[u8], plus: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'+' if plus => out.push(b' '),
            b'%' => {
                if let Some(code) = after.get(..2).and_then(hex_number) {
                    out.extend(u8::try_from(code));
                    rest = after.get(2..).unwrap_or_default();
                } else if let Some(code) = after
                    .strip_prefix(b"u")
                    .or_else(|| after.strip_prefix(b"U"))
                    .and_then(|digits| hex_number(digits.get(..4)?))
                {
                    push(&mut out, code);
                    rest = after.get(5..).unwrap_or_default();
                } else {
                    out.push(b'%');
                }
            }
            other => out.push(*other),
        }
    }
    out
}

/// Named references that markup is made of (WHATWG HTML, named character references).
const NAMED: [(&[u8], u8); 14] = [
    (b"lt", b'<'),
    (b"gt", b'>'),
    (b"quot", b'"'),
    (b"apos", b'\''),
    (b"amp", b'&'),
    (b"colon", b':'),
    (b"equals", b'='),
    (b"lpar", b'('),
    (b"rpar", b')'),
    (b"sol", b'/'),
    (b"Tab", b'\t'),
    (b"NewLine", b'\n'),
    (b"grave", b'`'),
    (b"semi", b';'),
];
/// Digits of a numeric reference that are read; leading zeros among them.
const DIGITS_MAX: usize = 10;

/// Resolves character references.
pub(super) fn references(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte == b'&'
            && let Some((code, length)) = reference(after)
        {
            push(&mut out, code);
            rest = after.get(length..).unwrap_or_default();
            rest = rest.strip_prefix(b";").unwrap_or(rest);
        } else {
            out.push(*byte);
        }
    }
    out
}

/// The character of a reference, behind its `&`, and how long it is without its `;`.
fn reference(text: &[u8]) -> Option<(u32, usize)> {
    let Some(number) = text.strip_prefix(b"#") else {
        return NAMED.iter().find_map(|(name, byte)| {
            let found = text.get(..name.len())?.eq_ignore_ascii_case(name);
            found.then_some((u32::from(*byte), name.len()))
        });
    };
    let (digits, radix, before) = match number {
        [b'x' | b'X', digits @ ..] => (digits, 16, 2),
        digits => (digits, 10, 1),
    };
    let count = digits
        .iter()
        .take(DIGITS_MAX)
        .take_while(|byte| char::from(**byte).is_digit(radix))
        .count();
    let digits = std::str::from_utf8(digits.get(..count)?).ok()?;
    let code = u32::from_str_radix(digits, radix).ok()?;
    Some((code, before + count))
}

/// Resolves the escapes of a JSON string (RFC 8259 section 7), without its quotes.
pub(super) fn json(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        let Some((escape, after)) = after.split_first() else {
            break;
        };
        rest = after;
        match escape {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'b' | b'f' => out.push(b' '),
            b'u' => {
                if let Some(code) = after.get(..4).and_then(hex_number) {
                    push(&mut out, code);
                    rest = after.get(4..).unwrap_or_default();
                }
            }
            other => out.push(*other),
        }
    }
    out
}
