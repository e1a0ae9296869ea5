//! The name that somebody meant.

/// Insertions, deletions, replacements and swaps of neighbours that lead from one word
/// to the other (optimal string alignment), if at most `most`. Letters of either case
/// are the same, and so are `-` and `_`.
pub(crate) fn distance(one: &str, other: &str, most: usize) -> Option<usize> {
    let fold = |word: &str| -> Vec<char> {
        word.chars()
            .map(|c| {
                if c == '-' {
                    '_'
                } else {
                    c.to_ascii_lowercase()
                }
            })
            .collect()
    };
    let (one, other) = (fold(one), fold(other));
    if one.len().abs_diff(other.len()) > most {
        return None;
    }
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
            let mut cost = (at(&last, j) + usize::from(a != b))
                .min(at(&last, j + 1) + 1)
                .min(at(&row, j) + 1);
            let swapped =
                i > 0 && j > 0 && one.get(i - 1) == Some(b) && other.get(j - 1) == Some(a);
            if swapped {
                cost = cost.min(at(&before_last, j - 1) + 1);
            }
            row.push(cost);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|cost| *cost <= most)
}

/// The nearest of `names`, if it is near enough to have been meant: a third of its
/// letters may differ, but never all.
pub(crate) fn nearest<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    // Nobody misspells a name at this length; it bounds the work on foreign text.
    if word.len() > 64 {
        return None;
    }
    names
        .filter_map(|name| {
            let most = (name.len().max(word.len()) / 3).max(1);
            let cost = distance(word, name, most)?;
            (cost < name.len()).then_some((cost, name))
        })
        .min_by_key(|(cost, _)| *cost)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_was_meant_is_found_and_none_is_invented() {
        let names = ["upstream", "access", "aliases", "certificate", "key"];
        let check = |word, expected| assert_eq!(nearest(word, names.into_iter()), expected);
        check("upsteram", Some("upstream"));
        check("Upstream", Some("upstream"));
        check("acess", Some("access"));
        check("alias", Some("aliases"));
        check("kye", Some("key"));
        check("listen", None);
        check("x", None);
        check(&"upstream".repeat(100), None);
    }

    #[test]
    fn distances_are_those_of_the_book() {
        let check = |one, other, expected| assert_eq!(distance(one, other, 9), Some(expected));
        check("", "", 0);
        check("kitten", "sitting", 3);
        check("ab", "ba", 1);
        check("max-age", "max_age", 0);
        assert_eq!(distance("kitten", "sitting", 2), None);
    }
}
