//! Words of a body: what stands between spaces and signs.

use crate::limits::BODY_WORDS_MAX;

/// The words, in order: letters, digits and the signs that names and addresses are made of.
pub(super) fn words(body: &str) -> impl Iterator<Item = &str> {
    let is_inside = |sign: char| sign.is_alphanumeric() || matches!(sign, '-' | '_' | '.' | ':');
    body.split(move |sign: char| !is_inside(sign))
        .map(|word| word.trim_matches(['.', ':']))
        .filter(|word| !word.is_empty())
        .take(BODY_WORDS_MAX)
}

/// The word after the n-th of those words.
pub(super) fn after<'a>(body: &'a str, before: &str, nth: usize) -> Option<&'a str> {
    let mut words = words(body).peekable();
    let mut seen = 0;
    while let Some(word) = words.next() {
        if word == before {
            if seen == nth {
                return words.peek().copied();
            }
            seen += 1;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_names_and_addresses_are_made_of() {
        let text = "<p>Served by <b>web-2</b> (10.0.0.2:80), ok.";
        let found: Vec<&str> = words(text).collect();
        assert_eq!(found, ["p", "Served", "by", "b", "web-2", "b", "10.0.0.2:80", "ok"]);
        assert_eq!(after(text, "b", 0), Some("web-2"));
        assert_eq!(after(text, "b", 1), Some("10.0.0.2:80"));
        assert_eq!(after(text, "ok", 0), None);
    }
}
