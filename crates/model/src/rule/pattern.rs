//! Values with wildcards: `*` is any run of characters, `?` exactly one; the whole text must fit.

use std::fmt;

use crate::path;

/// Stands for a wildcard in an example of a path.
const WILD: &str = "x";

/// A value that texts are compared with, from their first to their last character.
///
/// At most [`Pattern::LEN_MAX`] characters. Matching takes time in proportion to the text, whatever the pattern.
#[derive(Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    /// What stands before the first wildcard; all of it where there is none. In lower case where case makes no difference.
    start: Box<[u8]>,
    /// From the first wildcard on.
    rest: Box<[Symbol]>,
    any_case: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Symbol {
    Byte(u8),
    /// `?`
    One,
    /// `*`
    Run,
}

/// Why a text is no pattern of its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadPattern {
    /// Nothing is like nothing.
    #[error("a value is empty: write one, or leave the condition out")]
    Empty,
    /// Too long.
    #[error(
        "{text:?} is longer than {} characters: put a wildcard for a part of it",
        Pattern::LEN_MAX
    )]
    TooLong {
        /// What was written.
        text: String,
    },
    /// A character that cannot stand there.
    #[error("{text:?} has the character {found:?}: {help}")]
    Character {
        /// What was written.
        text: String,
        /// The first one.
        found: char,
        /// What may stand there.
        help: &'static str,
    },
    /// A host name that is none.
    #[error(
        "{text:?} has no dot, so no host is like it: write all of the name, as \"shop.example\""
    )]
    HostWithoutDot {
        /// What was written.
        text: String,
    },
    /// A host name whose end is none.
    #[error(
        "{text:?} does not end as host names do: only letters may follow the last dot, as in \"*.shop.example\""
    )]
    HostEnd {
        /// What was written.
        text: String,
    },
    /// A path that no request has.
    #[error("{text:?} is like no path, since they all begin with a slash: write \"/{text}\"")]
    PathStart {
        /// What was written.
        text: String,
    },
    /// A path that no request has by the time when rules see it.
    #[error(
        "{text:?} is like no path, since rules see paths without dot segments and needless escapes: write {normal}, or path_normalization = false in the load balancer"
    )]
    PathNotNormal {
        /// What was written.
        text: String,
        /// What to write instead.
        normal: String,
    },
    /// A path with a space, which ends the path in a request.
    #[error("{text:?} has a space, and no request has one in its path: write %20")]
    PathSpace {
        /// What was written.
        text: String,
    },
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

impl Pattern {
    /// Longest pattern, in characters.
    pub const LEN_MAX: usize = 128;

    /// For host names, in any case: `A-Z a-z 0-9 - _ .` and wildcards, with at least one dot, and letters after the last one.
    pub fn host(text: &str) -> Result<Self, BadPattern> {
        let legal =
            |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.' | b'*' | b'?');
        let help = if text.contains(':') {
            "write the host without scheme and port"
        } else {
            "use A-Z a-z 0-9 - _ . and the wildcards * and ?"
        };
        check(text, legal, help)?;
        let Some((_, end)) = text.rsplit_once('.') else {
            return Err(BadPattern::HostWithoutDot { text: text.into() });
        };
        if end.is_empty() || !end.bytes().all(|c| c.is_ascii_alphabetic()) {
            return Err(BadPattern::HostEnd { text: text.into() });
        }
        Ok(Self::compile(text, symbols(text), true))
    }

    /// For paths, as they are written.
    pub fn path(text: &str) -> Result<Self, BadPattern> {
        let legal = |c: u8| c.is_ascii_alphanumeric() || b" _-.$/~\"'@:+&*?".contains(&c);
        let help = if text.contains('?') && text.contains('=') {
            "the path ends before the question mark; match what is behind it with query-string"
        } else {
            "use A-Z a-z 0-9 _-.$/~\"'@:+& and the wildcards * and ?; others as %20"
        };
        // Percent escapes are how such characters arrive; ALB's own list leaves them out.
        check(text, |c| legal(c) || c == b'%', help)?;
        if !text.starts_with(['/', '*', '?']) {
            return Err(BadPattern::PathStart { text: text.into() });
        }
        Ok(Self::compile(text, symbols(text), false))
    }

    /// As [`Self::path`], where paths come in their [normal form](crate::path): patterns that no such path is like are refused.
    pub fn normal_path(text: &str) -> Result<Self, BadPattern> {
        let pattern = Self::path(text)?;
        if text.contains(' ') {
            return Err(BadPattern::PathSpace { text: text.into() });
        }
        // Any character that is normal anywhere will do for a wildcard.
        let mut example = text.replace(['*', '?'], WILD);
        if example.starts_with(WILD) {
            example.insert(0, '/');
        }
        let normal = match path::normalize(example.as_bytes()) {
            Ok(normal) if *normal == *example.as_bytes() => return Ok(pattern),
            Ok(normal) if !text.contains(['*', '?']) => {
                format!("{:?}", String::from_utf8_lossy(&normal))
            }
            _ => "the path that is meant".to_owned(),
        };
        Err(BadPattern::PathNotNormal { text: text.into(), normal })
    }

    /// For values of header fields, in any case.
    pub fn header(text: &str) -> Result<Self, BadPattern> {
        check(text, |c| matches!(c, b' '..=b'~'), "use visible ASCII characters and spaces")?;
        Ok(Self::compile(text, symbols(text), true))
    }

    /// For keys and values of a query, in any case; `\*`, `\?` and `\\` stand for the characters themselves.
    pub fn query(text: &str) -> Result<Self, BadPattern> {
        check(text, |c| matches!(c, b' '..=b'~'), "use visible ASCII characters; others as %20")?;
        Ok(Self::compile(text, escaped_symbols(text), true))
    }

    fn compile(text: &str, mut symbols: Vec<Symbol>, any_case: bool) -> Self {
        if any_case {
            for symbol in &mut symbols {
                if let Symbol::Byte(byte) = symbol {
                    byte.make_ascii_lowercase();
                }
            }
        }
        let first = symbols.iter().position(|symbol| symbol.is_wildcard()).unwrap_or(symbols.len());
        let rest = symbols.split_off(first);
        let start = symbols.iter().filter_map(|symbol| symbol.byte()).collect();
        Self { text: text.to_owned(), start, rest: rest.into(), any_case }
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it has no wildcard.
    pub fn is_literal(&self) -> bool {
        self.rest.is_empty()
    }

    /// Whether its only wildcard is a `*` at its end, so that all that counts is [`Self::start`].
    pub fn is_start(&self) -> bool {
        *self.rest == [Symbol::Run]
    }

    /// Whether its only wildcard is a `*` at its beginning, so that all that counts is [`Self::end`].
    pub fn is_end(&self) -> bool {
        self.start.is_empty() && self.rest.first() == Some(&Symbol::Run) && self.wildcards() == 1
    }

    /// How many wildcards it has.
    pub fn wildcards(&self) -> usize {
        self.rest.iter().filter(|symbol| symbol.is_wildcard()).count()
    }

    /// What stands before the first wildcard, in lower case where case makes no difference.
    pub fn start(&self) -> &[u8] {
        &self.start
    }

    /// What stands after the last wildcard; all of it where there is none.
    pub fn end(&self) -> Vec<u8> {
        if self.is_literal() {
            return self.start.to_vec();
        }
        let last = self.rest.iter().rposition(|symbol| symbol.is_wildcard());
        let end = self.rest.get(last.map_or(0, |last| last + 1)..).unwrap_or_default();
        end.iter().filter_map(|symbol| symbol.byte()).collect()
    }

    /// Whether the whole text fits.
    pub fn matches(&self, text: &[u8]) -> bool {
        let Some((start, rest)) = text.split_at_checked(self.start.len()) else {
            return false;
        };
        let is_alike = if self.any_case {
            start.eq_ignore_ascii_case(&self.start)
        } else {
            *start == *self.start
        };
        is_alike && if self.rest.is_empty() { rest.is_empty() } else { self.rest_fits(rest) }
    }

    /// Looks for each piece between two `*` where it comes first: if that fails, a later place fails too.
    fn rest_fits(&self, text: &[u8]) -> bool {
        fits(&self.rest, text, |symbol, byte| match symbol {
            Symbol::Byte(own) if self.any_case => *own == byte.to_ascii_lowercase(),
            Symbol::Byte(own) => own == byte,
            Symbol::One => true,
            Symbol::Run => false,
        })
    }

    /// Whether every text that `other`, of the same kind, is like is like this one too. Sure when true; false may only mean unsure.
    pub fn covers(&self, other: &Self) -> bool {
        // Most do not; thousands of rules are compared with each other.
        if !other.start.starts_with(&self.start) {
            return false;
        }
        let all = |pattern: &Self| -> Vec<Symbol> {
            let start = pattern.start.iter().copied().map(Symbol::Byte);
            start.chain(pattern.rest.iter().copied()).collect()
        };
        fits(&all(self), &all(other), |own, others| match own {
            Symbol::One => *others != Symbol::Run,
            Symbol::Byte(_) => own == others,
            Symbol::Run => false,
        })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Symbol {
    fn is_wildcard(self) -> bool {
        !matches!(self, Self::Byte(_))
    }

    fn byte(self) -> Option<u8> {
        match self {
            Self::Byte(byte) => Some(byte),
            Self::One | Self::Run => None,
        }
    }
}

/// Whether the pattern is like all of the text, `is_like` saying it of one symbol and one element of the text.
fn fits<T>(pattern: &[Symbol], text: &[T], is_like: impl Fn(&Symbol, &T) -> bool) -> bool {
    let (mut symbol, mut at) = (0, 0);
    // Behind the last `*`, and where the text went on then.
    let mut again: Option<(usize, usize)> = None;
    while let Some(element) = text.get(at) {
        match pattern.get(symbol) {
            Some(Symbol::Run) => {
                symbol += 1;
                again = Some((symbol, at));
                continue;
            }
            Some(own) if is_like(own, element) => {
                symbol += 1;
                at += 1;
                continue;
            }
            _ => {}
        }
        let Some((behind, from)) = again else {
            return false;
        };
        again = Some((behind, from + 1));
        (symbol, at) = (behind, from + 1);
    }
    pattern.get(symbol..).unwrap_or_default().iter().all(|symbol| *symbol == Symbol::Run)
}

fn check(text: &str, legal: impl Fn(u8) -> bool, help: &'static str) -> Result<(), BadPattern> {
    if text.is_empty() {
        return Err(BadPattern::Empty);
    }
    if text.chars().count() > Pattern::LEN_MAX {
        return Err(BadPattern::TooLong { text: text.into() });
    }
    match text.chars().find(|c| !u8::try_from(*c).is_ok_and(&legal)) {
        Some(found) => Err(BadPattern::Character { text: text.into(), found, help }),
        None => Ok(()),
    }
}

fn symbols(text: &str) -> Vec<Symbol> {
    text.bytes().map(symbol).collect()
}

fn symbol(byte: u8) -> Symbol {
    match byte {
        b'*' => Symbol::Run,
        b'?' => Symbol::One,
        other => Symbol::Byte(other),
    }
}

fn escaped_symbols(text: &str) -> Vec<Symbol> {
    let mut symbols = Vec::with_capacity(text.len());
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        let escaped = bytes.next_if(|next| byte == b'\\' && matches!(next, b'*' | b'?' | b'\\'));
        symbols.push(escaped.map_or_else(|| symbol(byte), Symbol::Byte));
    }
    symbols
}
