//! Bytes taken off from the front: what every reader of a server's answer works with.

/// Why reading can't go on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// More bytes are needed.
    Short,
    /// It isn't what it should be.
    Wrong,
}

/// Bytes taken off from the front.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Stop> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Stop::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Stop::Short)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Stop> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn word(&mut self) -> Result<u16, Stop> {
        self.array().map(u16::from_be_bytes)
    }

    /// A number of three bytes.
    pub(super) fn three(&mut self) -> Result<usize, Stop> {
        let [high, middle, low] = self.array()?;
        let number = u32::from_be_bytes([0, high, middle, low]);
        Ok(usize::try_from(number).unwrap_or(usize::MAX))
    }

    /// What follows its length in one byte.
    pub(super) fn sized8(&mut self) -> Result<&'a [u8], Stop> {
        let length = self.byte()?;
        self.take(usize::from(length))
    }

    /// What follows its length in two bytes.
    pub(super) fn sized16(&mut self) -> Result<&'a [u8], Stop> {
        let length = self.word()?;
        self.take(usize::from(length))
    }

    /// What follows its length in three bytes.
    pub(super) fn sized24(&mut self) -> Result<&'a [u8], Stop> {
        let length = self.three()?;
        self.take(length)
    }
}
