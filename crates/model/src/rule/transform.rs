//! Transforms: how a request is rewritten for its target once a rule has been found.

use std::fmt;

use super::{BadRegex, Regex};

/// The rewrites of one rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transforms {
    /// Of the host, without a port. ELBv2: `host-header-rewrite`.
    pub host: Option<Rewrite>,
    /// Of path and query. ELBv2: `url-rewrite`.
    pub url: Option<Rewrite>,
}

/// An expression, and what stands for its first match.
#[derive(Clone, PartialEq, Eq)]
pub struct Rewrite {
    regex: Regex,
    replace: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// `$1`; `$0` is the whole match.
    Group(usize),
}

/// Why something is no rewrite.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadTransform {
    /// The expression is wrong.
    #[error(transparent)]
    Regex(#[from] BadRegex),
    /// The replacement is too long.
    #[error(
        "replace has {length} characters; it may have {}: shorten it",
        Regex::TRANSFORM_LEN_MAX
    )]
    TooLong {
        /// How long it is.
        length: usize,
    },
    /// A group that there is not.
    #[error(
        "replace speaks of ${group}, but the last group of the regular expression is ${groups}: put parentheses around what it is to stand for"
    )]
    Group {
        /// Which one.
        group: usize,
        /// How many there are.
        groups: usize,
    },
}

impl Transforms {
    /// Whether nothing is rewritten.
    pub fn is_empty(&self) -> bool {
        self.host.is_none() && self.url.is_none()
    }
}

impl fmt::Debug for Rewrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} -> {:?}", self.regex, self.replace)
    }
}

impl Rewrite {
    /// Compiles a rewrite of a host, in any case.
    pub fn host(regex: &str, replace: &str) -> Result<Self, BadTransform> {
        Self::new(regex, replace, true)
    }

    /// Compiles a rewrite of path and query.
    pub fn url(regex: &str, replace: &str) -> Result<Self, BadTransform> {
        Self::new(regex, replace, false)
    }

    fn new(regex: &str, replace: &str, any_case: bool) -> Result<Self, BadTransform> {
        let regex = Regex::new(regex, Regex::TRANSFORM_LEN_MAX, any_case)?;
        let length = replace.chars().count();
        if length > Regex::TRANSFORM_LEN_MAX {
            return Err(BadTransform::TooLong { length });
        }
        let (pieces, groups) = (pieces(replace), regex.groups());
        let unknown = pieces.iter().find_map(|piece| match piece {
            Piece::Group(group) if *group > groups => Some(*group),
            _ => None,
        });
        match unknown {
            Some(group) => Err(BadTransform::Group { group, groups }),
            None => Ok(Self { regex, replace: replace.to_owned(), pieces }),
        }
    }

    /// The expression.
    pub fn regex(&self) -> &Regex {
        &self.regex
    }

    /// The replacement as written.
    pub fn replacement(&self) -> &str {
        &self.replace
    }

    /// The text with the first match replaced; none where the expression does not fit.
    pub fn apply(&self, text: &[u8]) -> Option<Vec<u8>> {
        let captures = self.regex.captures(text)?;
        let whole = captures.get(0)?;
        let mut out = text.get(..whole.start())?.to_vec();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Group(group) => {
                    let found = captures.get(*group).map(|found| found.as_bytes());
                    out.extend_from_slice(found.unwrap_or_default());
                }
            }
        }
        out.extend_from_slice(text.get(whole.end()..)?);
        Some(out)
    }
}

/// `$1` to `$99` and `${1}` are groups, `$$` is a dollar, and a `$` before anything else is itself.
fn pieces(replace: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = replace;
    while let Some((before, after)) = rest.split_once('$') {
        literal.push_str(before);
        if let Some(behind) = after.strip_prefix('$') {
            literal.push('$');
            rest = behind;
            continue;
        }
        match group(after) {
            Some((group, behind)) => {
                if !literal.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut literal)));
                }
                pieces.push(Piece::Group(group));
                rest = behind;
            }
            None => {
                literal.push('$');
                rest = after;
            }
        }
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        pieces.push(Piece::Text(literal));
    }
    pieces
}

/// The number of a group behind its dollar, and what follows.
fn group(after: &str) -> Option<(usize, &str)> {
    const DIGITS_MAX: usize = 2;
    if let Some((inner, behind)) = after.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
        return Some((inner.parse().ok()?, behind));
    }
    let digits = after.bytes().take(DIGITS_MAX).take_while(u8::is_ascii_digit).count();
    let (number, behind) = after.split_at_checked(digits)?;
    Some((number.parse().ok()?, behind))
}
