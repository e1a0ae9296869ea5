//! Flow control (RFC 9113 §5.2 and §6.9), one window in each direction.

/// The largest window there may be.
pub(crate) const MAX: i64 = 0x7fff_ffff;

/// The window a connection, and a stream without settings, begins with.
pub(crate) const INITIAL: u32 = 65_535;

/// Larger than [`MAX`]: the sender of the update broke the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overflow;

/// What may be sent. Below zero after the peer has made its initial window smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SendWindow(i64);

impl SendWindow {
    pub(crate) fn new(initial: u32) -> Self {
        Self(i64::from(initial))
    }

    /// Bytes that may be sent now.
    pub(crate) fn room(self) -> usize {
        usize::try_from(self.0).unwrap_or(0)
    }

    pub(crate) fn spend(&mut self, bytes: usize) {
        self.0 -= i64::try_from(bytes).unwrap_or(MAX);
    }

    /// Moves it by a WINDOW_UPDATE, or by a change of the initial window.
    pub(crate) fn shift(&mut self, by: i64) -> Result<(), Overflow> {
        let moved = self.0 + by;
        if moved > MAX {
            return Err(Overflow);
        }
        self.0 = moved;
        Ok(())
    }
}

/// What the client may send us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReceiveWindow {
    /// Bytes that the client may still send.
    left: u32,
    /// Bytes dealt with but not yet announced.
    unannounced: u32,
    size: u32,
}

impl ReceiveWindow {
    pub(crate) const fn new(size: u32) -> Self {
        Self {
            left: size,
            unannounced: 0,
            size,
        }
    }

    /// Bytes that the client may still send.
    pub(crate) const fn left(self) -> u32 {
        self.left
    }

    /// Bytes came. More than allowed is the client's error.
    pub(crate) fn take(&mut self, bytes: u32) -> Result<(), Overflow> {
        self.left = self.left.checked_sub(bytes).ok_or(Overflow)?;
        Ok(())
    }

    /// Bytes were dealt with: the increment to announce now, once it is half a window, or
    /// a sixteenth where the client has hardly any left. The rest may be held by streams
    /// that nobody reads: the others go on with what there is.
    pub(crate) fn give_back(&mut self, bytes: u32) -> Option<u32> {
        self.unannounced = self.unannounced.saturating_add(bytes);
        let scarce = self.left < self.size / 4 && self.unannounced >= self.size / 16;
        if self.unannounced < self.size / 2 && !scarce {
            return None;
        }
        let increment = std::mem::take(&mut self.unannounced);
        self.left = self.left.saturating_add(increment);
        Some(increment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_may_go_below_zero_but_never_above_the_largest() {
        let mut window = SendWindow::new(10);
        window.spend(10);
        assert_eq!(window.shift(-100), Ok(()));
        assert_eq!(window.room(), 0);
        assert_eq!(window.shift(150), Ok(()));
        assert_eq!(window.room(), 50);
        assert_eq!(window.shift(MAX - 49), Err(Overflow));
    }

    #[test]
    fn what_was_dealt_with_is_announced_in_halves() {
        let mut window = ReceiveWindow::new(100);
        assert_eq!(window.take(60), Ok(()));
        assert_eq!(window.give_back(49), None);
        assert_eq!(window.give_back(1), Some(50));
        assert_eq!(window.take(90), Ok(()));
        assert_eq!(window.take(1), Err(Overflow));
    }

    #[test]
    fn a_client_that_has_hardly_any_left_is_told_of_little_too() {
        let mut window = ReceiveWindow::new(160);
        assert_eq!(window.take(120), Ok(()));
        assert_eq!(window.give_back(10), None);
        assert_eq!(window.take(1), Ok(()));
        assert_eq!(window.give_back(1), Some(11));
        assert_eq!(window.left(), 50);
    }
}
