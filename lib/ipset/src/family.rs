//! The two families as numbers: what the code that serves both needs of them.

/// An address as a number.
pub(crate) trait Number: Copy + Ord {
    /// The next address, if this isn't the last.
    fn after(self) -> Option<Self>;
    /// The address before, if this isn't the first.
    fn before(self) -> Option<Self>;
    /// How many addresses lie between this one and a later one.
    fn until(self, later: Self) -> Self;
    /// How many leading bits two addresses share.
    fn shared_bits(self, other: Self) -> u32;
    fn trailing_zeros(self) -> u32;
    fn trailing_ones(self) -> u32;
}

macro_rules! number {
    ($type:ty) => {
        impl Number for $type {
            fn after(self) -> Option<Self> {
                self.checked_add(1)
            }

            fn before(self) -> Option<Self> {
                self.checked_sub(1)
            }

            fn until(self, later: Self) -> Self {
                later.saturating_sub(self)
            }

            fn shared_bits(self, other: Self) -> u32 {
                (self ^ other).leading_zeros()
            }

            fn trailing_zeros(self) -> u32 {
                self.trailing_zeros()
            }

            fn trailing_ones(self) -> u32 {
                self.trailing_ones()
            }
        }
    };
}

number!(u32);
number!(u128);
