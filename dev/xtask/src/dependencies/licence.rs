//! Judges SPDX expressions: `MIT OR Apache-2.0`, `(MIT OR Apache-2.0) AND Unicode-3.0`.

/// Whether the licences that are allowed suffice for the expression. One that cannot be read is not allowed.
pub(super) fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    // An old way to write OR.
    let spaced = expression.replace('/', " OR ");
    let spaced = spaced.replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { rest: &words, allowed };
    reader.any() == Some(true) && reader.rest.is_empty()
}

/// Reads from left to right. `None` is a mistake in the expression.
struct Reader<'a> {
    rest: &'a [&'a str],
    allowed: &'a [String],
}

impl Reader<'_> {
    fn any(&mut self) -> Option<bool> {
        let mut suffices = self.all()?;
        while self.takes("OR") {
            suffices |= self.all()?;
        }
        Some(suffices)
    }

    fn all(&mut self) -> Option<bool> {
        let mut suffices = self.one()?;
        while self.takes("AND") {
            suffices &= self.one()?;
        }
        Some(suffices)
    }

    fn one(&mut self) -> Option<bool> {
        if self.takes("(") {
            let suffices = self.any()?;
            return self.takes(")").then_some(suffices);
        }
        let mut licence = self.next()?.to_owned();
        if self.takes("WITH") {
            licence = format!("{licence} WITH {}", self.next()?);
        }
        Some(self.allowed.contains(&licence))
    }

    fn takes(&mut self, word: &str) -> bool {
        let is_next = self.rest.first() == Some(&word);
        if is_next {
            self.next();
        }
        is_next
    }

    fn next(&mut self) -> Option<&str> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }
}
