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
    word.chars()
        .filter(|c| !matches!(c, '_' | '-'))
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// Levenshtein's distance, a row at a time.
fn distance(from: &[char], to: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(to) {
            let substituted = diagonal + usize::from(a != b);
            diagonal = *cell;
            *cell = substituted.min(*cell + 1).min(left + 1);
            left = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_single_letter_edits() {
        for (from, to, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("stickyness", "stickiness", 1),
            ("same", "same", 0),
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
