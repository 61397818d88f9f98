//! Finds the word that somebody meant.

/// The candidate nearest to `word`, if any is near: at most a third of its letters differ.
///
/// Case, `_` and `-` make no difference, so that `SameSite` finds `same_site`.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = plain(word);
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let target = plain(candidate);
            let allowed = (target.len().max(word.len()) / 3).clamp(1, 4);
            if target.len().abs_diff(word.len()) > allowed {
                return None;
            }
            let distance = distance(&word, &target);
            (distance <= allowed).then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

fn plain(word: &str) -> Vec<char> {
    word.chars().filter(|c| !matches!(c, '_' | '-')).map(|c| c.to_ascii_lowercase()).collect()
}

/// The fewest letters to add, remove, change or swap with their neighbour.
fn distance(from: &[char], to: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX - 1);
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let changed = at(&above, j) + usize::from(a != b);
            let mut least = changed.min(at(&above, j + 1) + 1).min(at(&row, j) + 1);
            let is_swap = i > 0 && j > 0 && from.get(i - 1) == Some(b) && to.get(j - 1) == Some(a);
            if is_swap {
                least = least.min(at(&before, j - 1) + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    at(&above, to.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_edits_and_swaps() {
        for (from, to, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("stickyness", "stickiness", 1),
            ("same", "same", 0),
            ("wbe", "web", 1),
            ("bidn", "bind", 1),
        ] {
            assert_eq!(distance(&plain(from), &plain(to)), expected, "{from} {to}");
        }
    }

    #[test]
    fn only_near_words_are_proposed() {
        let known = ["stickiness", "targets", "same_site", "path"];
        for (word, expected) in [
            ("stickyness", Some("stickiness")),
            ("SameSite", Some("same_site")),
            ("target", Some("targets")),
            ("pth", Some("path")),
            ("colour", None),
            ("x", None),
        ] {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
    }
}
