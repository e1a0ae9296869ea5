//! Fields into header blocks (§6), with a table of our own the peer's follows.

use super::{OVERHEAD, TABLE_BYTES, dynamic::Table, integer, name, statics};

/// What may become of a field in the peer's dynamic table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Indexing {
    /// Referred to if it is in a table, else put there: what the next answer repeats.
    Yes,
    /// Written out: what changes with every answer.
    No,
    /// Written out, here and by whoever passes it on (§6.2.3): secrets.
    Never,
}

/// Slots by a pair's or a name's hash. A table of 4,096 octets has at most 128 entries.
const SLOTS: usize = 256;

#[inline(always)]
fn slot(hash: u64) -> usize {
    (hash >> (u64::BITS - SLOTS.ilog2())) as usize % SLOTS
}

/// Encodes the header blocks of one connection, in the order they are sent.
///
/// A block is [`Encoder::begin`], then [`Encoder::status`], then fields. Strings are
/// written raw: Huffman code would cost more than the octets it saves.
#[derive(Debug)]
pub struct Encoder {
    table: Table,
    /// The number of the entry that is likely to be referred to next: answers repeat each
    /// other's fields in the same order, the order of the table.
    guess: u32,
    /// The first guess of a block.
    first: u32,
    /// The number, modulo 256, of the entry last inserted with a pair of this hash, and
    /// with a name. Perhaps long evicted or another's: what is found is compared.
    pairs: [u8; SLOTS],
    names: [u8; SLOTS],
    sizes: Option<Sizes>,
}

/// Table sizes the peer has to be told (§4.2).
#[derive(Debug, Clone, Copy)]
struct Sizes {
    least: usize,
    last: usize,
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// With a table of 4,096 octets, the default of SETTINGS_HEADER_TABLE_SIZE.
    pub fn new() -> Self {
        Self {
            table: Table::new(TABLE_BYTES),
            guess: 0,
            first: 0,
            pairs: [0; SLOTS],
            names: [0; SLOTS],
            sizes: None,
        }
    }

    /// Takes the peer's SETTINGS_HEADER_TABLE_SIZE. We never use more than 4,096; less is
    /// told at the start of the next block.
    pub fn set_table_size(&mut self, peer: u32) {
        let last = TABLE_BYTES.min(peer as usize);
        let least = self.sizes.map_or(self.table.max(), |sizes| sizes.least);
        self.sizes = Some(Sizes {
            least: least.min(last),
            last,
        });
    }

    /// Begins a block: writes what the peer has to be told about the table.
    #[inline]
    pub fn begin(&mut self, out: &mut Vec<u8>) {
        self.guess = self.first;
        if let Some(sizes) = self.sizes.take() {
            self.announce(sizes, out);
        }
    }

    #[cold]
    fn announce(&mut self, sizes: Sizes, out: &mut Vec<u8>) {
        for size in [sizes.least, sizes.last] {
            if size != self.table.max() {
                self.table.resize(size);
                integer::encode(out, 0x20, 0x1f, size);
            }
        }
    }

    /// Writes `:status`, from 100 to 999.
    #[inline]
    pub fn status(&mut self, out: &mut Vec<u8>, status: u16) {
        let index = match status {
            200 => 0x88,
            204 => 0x89,
            206 => 0x8a,
            304 => 0x8b,
            400 => 0x8c,
            404 => 0x8d,
            500 => 0x8e,
            _ => {
                let digit = |unit: u16| b'0' + (status / unit % 10) as u8;
                let digits = [digit(100), digit(10), digit(1)];
                return self.field(out, ":status", &digits, Indexing::Yes);
            }
        };
        out.push(index);
    }

    /// Writes a field. The name, a token (RFC 9110 §5.1) in any case, goes out in lower
    /// case. With [`Indexing::Yes`] one larger than a quarter of the table isn't put there:
    /// it would cost all others their place.
    #[inline]
    pub fn field(&mut self, out: &mut Vec<u8>, name: &str, value: &[u8], indexing: Indexing) {
        let name = name.as_bytes();
        if indexing != Indexing::Yes {
            return self.literal(out, name, value, indexing);
        }
        let age = self.table.next().wrapping_sub(self.guess) as usize;
        if self.is(age, name, Some(value)) {
            self.guess = self.guess.wrapping_add(1);
            return integer::encode(out, 0x80, 0x7f, statics::LEN + age);
        }
        self.search(out, name, value);
    }

    /// Whether the entry of this age is there and has this name and value.
    #[inline(always)]
    fn is(&self, age: usize, name: &[u8], value: Option<&[u8]>) -> bool {
        let parts = self.table.get(age).and_then(|entry| entry.parts());
        parts.is_some_and(|(entry_name, entry_value)| {
            name::same(entry_name, name)
                && value.is_none_or(|value| name::equal(entry_value, value))
        })
    }

    /// The age of the entry of this number, modulo 256, if it has this name and value.
    fn find(&self, number: u8, name: &[u8], value: Option<&[u8]>) -> Option<usize> {
        // 0 is no entry's age, and none is as old as 256.
        let age = usize::from((self.table.next() as u8).wrapping_sub(number));
        self.is(age, name, value).then_some(age)
    }

    /// An index with this name, or 0.
    fn name(&self, name: &[u8], hash: u64) -> usize {
        if !name::is_plain(name) {
            return 0;
        }
        if let Some(index) = statics::find_name(name, hash) {
            return index;
        }
        self.find(self.names[slot(hash)], name, None)
            .map_or(0, |age| statics::LEN + age)
    }

    /// Writes a field without putting it into the table.
    #[inline(never)]
    fn literal(&self, out: &mut Vec<u8>, name: &[u8], value: &[u8], indexing: Indexing) {
        let pattern = match indexing {
            Indexing::Never => 0x10,
            Indexing::Yes | Indexing::No => 0,
        };
        let index = self.name(name, name::hash(name));
        literal(out, pattern, 0x0f, index, name, value);
    }

    /// Writes a field that may be anywhere in the table or not there yet.
    #[inline(never)]
    fn search(&mut self, out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
        let hash = name::hash(name);
        let pair = name::hash_pair(hash, value);
        let guess = self.guess;
        if let Some(age) = self.find(self.pairs[slot(pair)], name, Some(value)) {
            let number = self.table.next().wrapping_sub(age as u32);
            if guess == self.first {
                self.first = number;
            }
            self.guess = number.wrapping_add(1);
            return integer::encode(out, 0x80, 0x7f, statics::LEN + age);
        }
        let index = self.name(name, hash);
        if let Some(index) = statics::find_value(index, value) {
            return integer::encode(out, 0x80, 0x7f, index);
        }
        let large = name.len() + value.len() + OVERHEAD > self.table.max() / 4;
        if large || !name::is_plain(name) {
            return literal(out, 0, 0x0f, index, name, value);
        }
        literal(out, 0x40, 0x3f, index, name, value);
        let number = self.table.next();
        // In the case it came in: the table is compared with, never copied from.
        self.table.insert(name, value);
        self.pairs[slot(pair)] = number as u8;
        self.names[slot(hash)] = number as u8;
        // A new value most likely has taken the place of the one guessed.
        self.guess = guess.wrapping_add(1);
    }
}

/// Writes a literal whose name has this index, or 0.
fn literal(out: &mut Vec<u8>, pattern: u8, mask: u8, index: usize, name: &[u8], value: &[u8]) {
    integer::encode(out, pattern, mask, index);
    if index == 0 {
        integer::encode(out, 0, 0x7f, name.len());
        let start = out.len();
        out.extend_from_slice(name);
        if let Some(name) = out.get_mut(start..) {
            name.make_ascii_lowercase();
        }
    }
    integer::encode(out, 0, 0x7f, value.len());
    out.extend_from_slice(value);
}
