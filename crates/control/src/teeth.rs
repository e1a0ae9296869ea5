//! Cutting controls, so that tests can show that a drill fails without its control.
//!
//! Without the cargo feature `teeth`, which no release has, [`cut`] is a constant
//! `false` and nothing of this remains in the binary.

/// Whether `WAARBORG_CUT` (words separated by commas) names this control.
#[cfg(feature = "teeth")]
pub(crate) fn cut(control: &str) -> bool {
    static CUT: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    CUT.get_or_init(|| std::env::var("WAARBORG_CUT").unwrap_or_default())
        .split(',')
        .any(|word| word == control)
}

/// Never.
#[cfg(not(feature = "teeth"))]
pub(crate) const fn cut(_control: &str) -> bool {
    false
}
