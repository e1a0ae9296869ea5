//! Which bytes may stand where, as one table, and scanning by it.
//!
//! RFC 9110 §5.6.2 (token), §5.5 (field value), RFC 3986 §3.3 and §3.4 (path, query).

/// `tchar`.
pub(crate) const TOKEN: u8 = 1;
/// HTAB, SP, visible ASCII and obs-text (0x80 up).
pub(crate) const VALUE: u8 = 2;
/// A request target before its `?`.
pub(crate) const PATH: u8 = 4;
/// A request target after its `?`.
pub(crate) const QUERY: u8 = 8;
/// Labels of a host name and the dots between them.
pub(crate) const HOST: u8 = 16;
/// The value of `Upgrade`: tokens, `/`, `,` and white space.
pub(crate) const PROTOCOLS: u8 = 32;

const CLASSES: [u8; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        let mut classes = 0;
        let token = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-'
            )
            || matches!(byte, b'.' | b'^' | b'_' | b'`' | b'|' | b'~');
        if token {
            classes |= TOKEN;
        }
        if token || matches!(byte, b'/' | b',' | b' ' | b'\t') {
            classes |= PROTOCOLS;
        }
        if byte == b'\t' || (byte >= b' ' && byte != 0x7f) {
            classes |= VALUE;
        }
        // Browsers always encode these four; anything else visible arrives raw in
        // honest queries. In a path they also encode a backquote (the `http` crate
        // refuses it there), and `\`, which some servers take for `/`, becomes one.
        if byte.is_ascii_graphic() && !matches!(byte, b'"' | b'#' | b'<' | b'>') {
            classes |= QUERY;
            if !matches!(byte, b'?' | b'\\' | b'`') {
                classes |= PATH;
            }
        }
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') {
            classes |= HOST;
        }
        table[at] = classes;
        at += 1;
    }
    table
};

/// Whether `byte` is in `class`.
#[inline(always)]
pub(crate) fn is(byte: u8, class: u8) -> bool {
    CLASSES[usize::from(byte)] & class != 0
}

/// Whether all of `bytes` are in `class`.
#[inline]
pub(crate) fn all(bytes: &[u8], class: u8) -> bool {
    bytes.iter().all(|&byte| is(byte, class))
}

/// Where the run of `class` that starts at `from` ends: the first byte outside it, or
/// the end of `bytes`.
#[inline(always)]
pub(crate) fn run(bytes: &[u8], from: usize, class: u8) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest
        .iter()
        .position(|&byte| !is(byte, class))
        .unwrap_or(rest.len())
}

const EACH: u64 = 0x0101_0101_0101_0101;
const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The high bit of each byte of `word` that is 0. Exact: no carry leaves a byte.
#[inline(always)]
const fn zeros(word: u64) -> u64 {
    !(((word & LOW) + LOW) | word) & HIGH
}

/// [`run`] for [`VALUE`], eight bytes at a time: most bytes of a head are in values.
#[inline(always)]
pub(crate) fn value_run(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let (words, _) = rest.as_chunks::<8>();
    let mut at = from;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let control = !(((word & LOW) + EACH * 0x60) | word) & HIGH;
        let stop = control | zeros(word ^ (EACH * 0x7f));
        if stop != 0 {
            let stop = stop & !zeros(word ^ (EACH * 0x09));
            if stop != 0 {
                return at + stop.trailing_zeros() as usize / 8;
            }
        }
        at += 8;
    }
    run(bytes, at, VALUE)
}

/// [`run`] for [`TOKEN`], eight bytes at a time as long as they are letters and hyphens,
/// which most names are made of.
#[inline(always)]
pub(crate) fn name_run(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let (words, _) = rest.as_chunks::<8>();
    let mut at = from;
    for word in words {
        let word = u64::from_le_bytes(*word);
        // Letters are 0x61 to 0x7a once bit 0x20 is set; a byte from 0x80 up isn't one.
        let folded = (word | (EACH * 0x20)) & LOW;
        let letter = (folded + EACH * (0x80 - 0x61)) & !(folded + EACH * (0x80 - 0x7b)) & !word;
        let stop = !(letter | zeros(word ^ (EACH * 0x2d))) & HIGH;
        if stop != 0 {
            at += stop.trailing_zeros() as usize / 8;
            // Nearly always the colon; if not, perhaps another byte of a token.
            return run(bytes, at, TOKEN);
        }
        at += 8;
    }
    run(bytes, at, TOKEN)
}

/// `bytes` without spaces and tabs at either end (OWS, RFC 9110 §5.6.3).
pub(crate) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bytes_at_a_time_stop_where_one_at_a_time_stops() {
        for byte in 0..=255 {
            for place in 0..24 {
                let mut bytes = [b'a'; 24];
                bytes[place] = byte;
                bytes[(place + 5) % 24] = b'\t';
                bytes[(place + 7) % 24] = 0xff;
                for from in 0..=24 {
                    assert_eq!(
                        value_run(&bytes, from),
                        run(&bytes, from, VALUE),
                        "{bytes:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn white_space_goes_from_both_ends_only() {
        assert_eq!(trim(b" \t a b\t "), b"a b");
        assert_eq!(trim(b" \t "), b"");
    }
}
