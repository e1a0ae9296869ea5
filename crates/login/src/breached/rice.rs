//! Rice codes: a number's upper part in ones and a nought, its lower bits as they are.

/// Writes codes into bytes, the first bit uppermost.
pub(super) struct Writer {
    precision: u32,
    bytes: Vec<u8>,
    held: u32,
}

impl Writer {
    pub(super) const fn new(precision: u32) -> Self {
        Self {
            precision,
            bytes: Vec::new(),
            held: 0,
        }
    }

    pub(super) fn push(&mut self, number: u64) {
        for _ in 0..number >> self.precision {
            self.bit(true);
        }
        self.bit(false);
        for place in (0..self.precision).rev() {
            self.bit(number >> place & 1 == 1);
        }
    }

    /// What was written, filled up with ones: they never make another whole code.
    pub(super) fn take(&mut self) -> Vec<u8> {
        while self.held != 0 {
            self.bit(true);
        }
        std::mem::take(&mut self.bytes)
    }

    fn bit(&mut self, bit: bool) {
        if self.held == 0 {
            self.bytes.push(0);
        }
        if let Some(last) = self.bytes.last_mut() {
            *last |= u8::from(bit) << (7 - self.held);
        }
        self.held = (self.held + 1) % 8;
    }
}

/// Reads them again.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    precision: u32,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8], precision: u32) -> Self {
        Self {
            bytes,
            at: 0,
            precision,
        }
    }

    fn bit(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1 == 1;
        self.at += 1;
        Some(bit)
    }
}

impl Iterator for Reader<'_> {
    type Item = u64;

    /// `None` when the bytes end before a code does.
    fn next(&mut self) -> Option<u64> {
        let mut upper = 0_u64;
        while self.bit()? {
            upper += 1;
        }
        let mut number = upper;
        for _ in 0..self.precision {
            number = number << 1 | u64::from(self.bit()?);
        }
        Some(number)
    }
}
