//! Regular expressions, as ALB restricts them. They take time in proportion to the text.

use std::fmt;

use regex::bytes::{Captures, RegexBuilder};

/// A regular expression, ready for use. It fits where it is found anywhere in the text, unless it says `^` and `$`.
///
/// No look-around, back references, atomic groups, possessive quantifiers or Unicode classes. A letter is an ASCII letter.
#[derive(Clone)]
pub struct Regex {
    text: String,
    any_case: bool,
    compiled: regex::bytes::Regex,
}

/// Why a text is no regular expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadRegex {
    /// Nothing is written.
    #[error("a regular expression is empty: write one, or leave the condition out")]
    Empty,
    /// Too long.
    #[error("a regular expression has {length} characters; it may have {max}: shorten it")]
    TooLong {
        /// How long it is.
        length: usize,
        /// How long it may be.
        max: usize,
    },
    /// Compiled, it takes too much memory.
    #[error("{text:?} is too large: use smaller repetitions")]
    TooLarge {
        /// What was written.
        text: String,
    },
    /// Not one, or with what is not supported.
    #[error("{text:?} is not a regular expression, {problem}: {}", BadRegex::HELP)]
    Syntax {
        /// What was written.
        text: String,
        /// What the parser says.
        problem: String,
    },
}

impl BadRegex {
    const HELP: &str = "there are no look-around, back references, atomic groups, possessive quantifiers and \\p classes";
}

impl fmt::Debug for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.text)
    }
}

impl Regex {
    /// Longest expression of a condition, in characters.
    pub const CONDITION_LEN_MAX: usize = 128;
    /// Longest expression of a transform, in characters.
    pub const TRANSFORM_LEN_MAX: usize = 1024;
    /// Bytes that one expression may take, compiled.
    const SIZE_MAX: usize = 1 << 20;
    /// Depth of groups in groups.
    const NEST_MAX: u32 = 32;

    /// Compiles an expression of at most `len_max` characters.
    pub fn new(text: &str, len_max: usize, any_case: bool) -> Result<Self, BadRegex> {
        let length = text.chars().count();
        if length == 0 {
            return Err(BadRegex::Empty);
        }
        if length > len_max {
            return Err(BadRegex::TooLong { length, max: len_max });
        }
        let mut builder = RegexBuilder::new(text);
        builder.unicode(false).case_insensitive(any_case);
        builder
            .size_limit(Self::SIZE_MAX)
            .dfa_size_limit(Self::SIZE_MAX)
            .nest_limit(Self::NEST_MAX);
        match builder.build() {
            Ok(compiled) if !has_possessive(text) => {
                Ok(Self { text: text.to_owned(), any_case, compiled })
            }
            Ok(_) => Err(BadRegex::Syntax {
                text: text.to_owned(),
                problem: "a quantifier follows another".into(),
            }),
            Err(regex::Error::CompiledTooBig(_)) => {
                Err(BadRegex::TooLarge { text: text.to_owned() })
            }
            Err(error) => {
                Err(BadRegex::Syntax { text: text.to_owned(), problem: last_line(&error) })
            }
        }
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is found in the text.
    pub fn matches(&self, text: &[u8]) -> bool {
        self.compiled.is_match(text)
    }

    /// Its first place in the text, with its groups.
    pub(super) fn captures<'t>(&self, text: &'t [u8]) -> Option<Captures<'t>> {
        self.compiled.captures(text)
    }

    /// How many groups it has.
    pub(super) fn groups(&self) -> usize {
        self.compiled.captures_len() - 1
    }
}

impl PartialEq for Regex {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.any_case == other.any_case
    }
}

impl Eq for Regex {}

impl fmt::Display for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// `a++`, `a*+` and `a?+` are possessive elsewhere; here they would repeat a repetition, which nobody means.
fn has_possessive(text: &str) -> bool {
    let (mut escaped, mut in_class, mut before) = (false, false, None);
    for c in text.chars() {
        let is_quantifier = !escaped && !in_class && matches!(c, '+' | '*' | '?' | '}');
        if is_quantifier && c == '+' && before.is_some() {
            return true;
        }
        before = is_quantifier.then_some(c);
        in_class = !escaped && (c == '[' || in_class && c != ']') || escaped && in_class;
        escaped = c == '\\' && !escaped;
    }
    false
}

/// The parser draws what it is about; what is wrong is on its last line.
fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let line = text.trim_end().rsplit('\n').next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}
