//! Medians, percentiles, and the interval of a ratio.

use serde::Serialize;

/// A ratio of two contestants with its 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Ratio {
    pub(super) mean: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// Student's t, two-sided 95 %, for 1 to 30 degrees of freedom (any table).
const T: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
];

/// The ratio of two series, paired round by round: the mean of the logarithms and t times
/// its standard error, so a ratio and its inverse have the same interval. None for fewer
/// than two pairs or figures that aren't positive.
pub(super) fn ratio(ours: &[f64], theirs: &[f64]) -> Option<Ratio> {
    let logs: Vec<f64> = ours
        .iter()
        .zip(theirs)
        .map(|(ours, theirs)| (ours / theirs).ln())
        .collect();
    let freedom = logs.len().checked_sub(1).filter(|freedom| 0 < *freedom)?;
    let count = count(logs.len());
    let mean = logs.iter().sum::<f64>() / count;
    let squares: f64 = logs.iter().map(|log| (log - mean).powi(2)).sum();
    let error = (squares / (count - 1.0) / count).sqrt();
    // Beyond the table: 1.96 is the limit, and 2.4 / n what is left of the difference.
    let t = T.get(freedom - 1).copied().unwrap_or(1.96 + 2.4 / count);
    let ratio = Ratio {
        mean: mean.exp(),
        low: (mean - t * error).exp(),
        high: (mean + t * error).exp(),
    };
    (ratio.low.is_finite() && ratio.high.is_finite()).then_some(ratio)
}

/// The value below which this part of the sorted values lies (nearest rank); none
/// without values.
pub(super) fn percentile(values: &mut [f64], part: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let rank = (part * count(values.len())).ceil();
    let rank = rank as usize;
    values.get(rank.max(1) - 1).copied()
}

/// The middle value.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    percentile(&mut values.to_vec(), 0.5)
}

fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::{median, percentile, ratio};

    #[test]
    fn equal_series_have_ratio_one_and_a_steady_ratio_has_no_width() {
        let even = ratio(&[2.0, 4.0], &[2.0, 4.0]).expect("two pairs");
        assert!((even.mean - 1.0).abs() < 1e-9 && (even.high - even.low).abs() < 1e-9);
        let twice = ratio(&[2.0, 4.0, 6.0], &[1.0, 2.0, 3.0]).expect("three pairs");
        assert!((twice.mean - 2.0).abs() < 1e-9 && (twice.low - 2.0).abs() < 1e-9);
    }

    #[test]
    fn the_interval_is_that_of_students_t() {
        // Logarithms 0 and ln 2: mean ln √2, standard error ln(2)/2, t 12.706.
        let ratio = ratio(&[1.0, 2.0], &[1.0, 1.0]).expect("two pairs");
        assert!((ratio.mean - 2f64.sqrt()).abs() < 1e-9);
        let width = (ratio.high / ratio.mean).ln();
        assert!((width - 12.706 * 2f64.ln() / 2.0).abs() < 1e-9);
    }

    #[test]
    fn one_pair_or_a_zero_gives_no_ratio() {
        assert_eq!(ratio(&[1.0], &[1.0]), None);
        assert_eq!(ratio(&[1.0, 0.0], &[1.0, 1.0]), None);
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        let mut values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(percentile(&mut values, 0.99), Some(99.0));
        assert_eq!(median(&values), Some(50.0));
        assert_eq!(median(&[]), None);
    }
}
