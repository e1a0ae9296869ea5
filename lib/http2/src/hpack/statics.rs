//! The static table (§2.3.1, appendix A): an entry by its index, an index by its name.

use super::{Entry, list::CHUNK, name};

/// How many entries there are; indices begin with 1, the dynamic table's behind them.
pub(super) const LEN: usize = 61;

#[rustfmt::skip]
const TABLE: [(&str, &str); LEN] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

/// An entry's octets, its value right behind its name, padded to be copied at once.
#[derive(Clone, Copy)]
struct Padded {
    octets: [u8; CHUNK],
    name: u8,
    len: u8,
}

static ENTRIES: [Padded; LEN] = {
    let mut entries = [Padded {
        octets: [0; CHUNK],
        name: 0,
        len: 0,
    }; LEN];
    let mut at = 0;
    while at < LEN {
        let (name, value) = (TABLE[at].0.as_bytes(), TABLE[at].1.as_bytes());
        let mut octet = 0;
        while octet < name.len() + value.len() {
            entries[at].octets[octet] = if octet < name.len() {
                name[octet]
            } else {
                value[octet - name.len()]
            };
            octet += 1;
        }
        entries[at].name = name.len() as u8;
        entries[at].len = (name.len() + value.len()) as u8;
        at += 1;
    }
    entries
};

/// A power of two, large enough for few names to share a slot.
const SLOTS: usize = 256;

#[inline(always)]
const fn slot(hash: u64) -> usize {
    (hash >> (u64::BITS - SLOTS.ilog2())) as usize
}

/// By a name's hash the lowest index with that name, in its slot or the next ones; 0 ends
/// the search.
static INDEX: [u8; SLOTS] = {
    let mut index = [0; SLOTS];
    let mut at = 0;
    while at < LEN {
        let name = TABLE[at].0.as_bytes();
        let mut slot = slot(name::hash(name));
        while index[slot] != 0 && !equal(TABLE[index[slot] as usize - 1].0.as_bytes(), name) {
            slot = (slot + 1) % SLOTS;
        }
        if index[slot] == 0 {
            index[slot] = at as u8 + 1;
        }
        at += 1;
    }
    index
};

const fn equal(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    one.len() == other.len() && at == one.len()
}

/// The entry at `index`, from 1 to [`LEN`].
#[inline(always)]
pub(super) fn entry(index: usize) -> Option<Entry<'static>> {
    let padded = ENTRIES.get(index.wrapping_sub(1))?;
    Some(Entry {
        octets: &padded.octets,
        name_len: usize::from(padded.name),
        len: usize::from(padded.len),
    })
}

/// The lowest index of an entry with this name, in any case, of this hash.
#[inline]
pub(super) fn find_name(name: &[u8], hash: u64) -> Option<usize> {
    let mut slot = slot(hash);
    loop {
        let index = usize::from(INDEX[slot % SLOTS]);
        if name::same(entry(index)?.name(), name) {
            return Some(index);
        }
        slot += 1;
    }
}

/// The index of the entry with this value among those with the name of the entry at
/// `first`.
#[inline]
pub(super) fn find_value(first: usize, value: &[u8]) -> Option<usize> {
    let name = entry(first)?.name();
    let mut index = first;
    while let Some(entry) = entry(index).filter(|entry| entry.name() == name) {
        if entry.parts()?.1 == value {
            return Some(index);
        }
        index += 1;
    }
    None
}
