//! The Cookie field: finding cookies in it, and taking some out without touching the others.
//!
//! RFC 6265bis as a server reads it, and no more: pairs are split at `;`, name and value at the first `=`, spaces and tabs around
//! both are dropped. Names are compared byte for byte. There are no quoted strings and no `$Version`, which have let cookies
//! pass for others; any other byte may stand anywhere.

use clingfish_model::{Span, limits, stickiness::CookieShape};

use crate::token::Alphabet;

#[cfg(test)]
mod tests;

const ALB: &[u8] = b"AWSALB";
const ALB_CORS: &[u8] = b"AWSALBCORS";
const ALB_APP: &[u8] = b"AWSALBAPP-";
const ALB_GROUP: &[u8] = b"AWSALBTG";
const ALB_GROUP_CORS: &[u8] = b"AWSALBTGCORS";
const CLASSIC: &[u8] = b"AWSELB";
const CLASSIC_CORS: &[u8] = b"AWSELBCORS";

/// The cookie names that carry a group's tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CookieNames {
    /// No cookie carries them.
    None,
    /// `AWSALB` and `AWSALBCORS`.
    Alb,
    /// `AWSALBAPP-0` to `AWSALBAPP-3`.
    AlbApp,
    /// `AWSALBTG` and `AWSALBTGCORS`.
    AlbGroup,
    /// `AWSELB` and `AWSELBCORS`.
    Classic,
    /// One configured name.
    One(Box<[u8]>),
    /// One configured name, and its twin's.
    Pair(Box<[u8]>),
}

/// Which of its group's cookies one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The one that stays on its site. In alb style both: neither goes before the other.
    Main,
    /// The one that other sites' requests bring.
    Twin,
}

impl CookieNames {
    /// Whether a cookie of that name may carry the group's token.
    pub fn include(&self, name: &[u8]) -> bool {
        self.role(name).is_some()
    }

    pub(crate) fn role(&self, name: &[u8]) -> Option<Role> {
        match self {
            Self::None => None,
            Self::Alb => (name == ALB || name == ALB_CORS).then_some(Role::Main),
            Self::AlbApp => match name.strip_prefix(ALB_APP)? {
                [b'0'..=b'3'] => Some(Role::Main),
                _ => None,
            },
            Self::AlbGroup => (name == ALB_GROUP || name == ALB_GROUP_CORS).then_some(Role::Main),
            Self::Classic => (name == CLASSIC || name == CLASSIC_CORS).then_some(Role::Main),
            Self::One(own) => (name == &**own).then_some(Role::Main),
            Self::Pair(own) => match name.strip_prefix(&**own)? {
                b"" => Some(Role::Main),
                suffix if suffix == CookieShape::TWIN_SUFFIX.as_bytes() => Some(Role::Twin),
                _ => None,
            },
        }
    }

    /// Whether a segment could be one of those cookies. A look that costs less than taking it apart.
    pub(crate) fn may_begin(&self, segment: &[u8]) -> bool {
        let name = match self {
            Self::None => return false,
            Self::Alb => ALB,
            Self::AlbApp => ALB_APP,
            Self::AlbGroup => ALB_GROUP,
            Self::Classic => CLASSIC,
            Self::One(own) | Self::Pair(own) => own,
        };
        trim_start(segment).starts_with(name)
    }

    /// Whether this Set-Cookie value sets one of the names: a target's own, which would displace ours.
    pub fn are_set_by(&self, set_cookie: &[u8]) -> bool {
        let cookie = set_cookie.split(|c| *c == b';').next();
        cookie.is_some_and(|cookie| pairs(cookie).any(|pair| self.include(pair.name)))
    }
}

/// The alphabet that tokens are written in under that name.
pub(crate) fn alphabet_of(name: &[u8]) -> Alphabet {
    // Both beginnings are reserved: no configured name has them.
    if name.starts_with(ALB) {
        Alphabet::Standard
    } else if name.starts_with(CLASSIC) {
        Alphabet::Hex
    } else {
        Alphabet::UrlSafe
    }
}

/// One cookie of a Cookie field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) value: &'a [u8],
    /// From after one `;` to before the next.
    pub(crate) span: Span,
}

/// The cookies of one Cookie field, in order. What has no `=` is no cookie.
pub(crate) fn pairs(field: &[u8]) -> impl Iterator<Item = Pair<'_>> {
    segments(field).filter_map(|span| pair(field, span))
}

/// What stands between the `;` of a Cookie field.
pub(crate) fn segments(field: &[u8]) -> impl Iterator<Item = Span> {
    let mut start = 0;
    let ends = memchr::memchr_iter(b';', field).chain([field.len()]);
    ends.map(move |end| {
        let span = Span::new(start, end - start);
        start = end + 1;
        span
    })
}

/// The cookie in one segment of `field`.
pub(crate) fn pair(field: &[u8], span: Span) -> Option<Pair<'_>> {
    let segment = span.of(field);
    let (name, value) = segment.split_at_checked(memchr::memchr(b'=', segment)?)?;
    Some(Pair { name: trim(name), value: trim(value.get(1..)?), span })
}

/// The value of the cookie in one segment, if it has that name. Costs less than [`pair`], which has to look for the `=`.
pub(crate) fn value_of<'a>(segment: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    behind(segment, name).map(trim)
}

/// Whether the cookie in one segment has that name.
pub(crate) fn is_named(segment: &[u8], name: &[u8]) -> bool {
    behind(segment, name).is_some()
}

fn behind<'a>(segment: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    trim_start(trim_start(segment).strip_prefix(name)?).strip_prefix(b"=")
}

/// The cookies of a request that targets do not get to see, as [`crate::read`] found them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cuts {
    cuts: [Cut; Self::MAX],
    count: u8,
    /// Header fields that held a token, by their ordinals among all fields.
    fields: [Option<u16>; limits::COOKIES_TRIED_MAX],
    /// A parameter of the query that did, in the path and query.
    parameter: Option<Span>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cut {
    field: u16,
    span: Span,
}

/// What became of one Cookie field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stripped {
    /// Nothing to take out: forward the field as it is. Nothing was appended.
    Untouched,
    /// What is left was appended.
    Shortened,
    /// Nothing is left: drop the field. Nothing was appended.
    Emptied,
}

impl Cuts {
    /// Most cookies taken out of one request: of our name, and as many of other names.
    pub const MAX: usize = 2 * limits::COOKIES_TRIED_MAX;

    /// Whether all cookies may be forwarded.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Appends what is left of the request's Cookie field number `field`, counted from 0.
    ///
    /// The cookies that stay keep their order and every byte, the spaces between them included.
    pub fn strip(&self, field: usize, value: &[u8], out: &mut Vec<u8>) -> Stripped {
        let before = out.len();
        let mut rest_from = None;
        for cut in self.of(field) {
            let from = rest_from.unwrap_or_default();
            push(value.get(from..cut.start()).unwrap_or_default(), before, out);
            rest_from = Some(cut.end() + 1);
        }
        let Some(from) = rest_from else { return Stripped::Untouched };
        match value.get(from..) {
            Some(rest) => push(rest, before, out),
            // The last cookie went, and leaves the `;` that was before it.
            None => out.truncate(out.len().saturating_sub(1).max(before)),
        }
        let left = out.get(before..).unwrap_or_default();
        if left.iter().all(|c| *c == b';' || is_space(*c)) {
            out.truncate(before);
            return Stripped::Emptied;
        }
        Stripped::Shortened
    }

    /// Whether the field of that ordinal, counted over all fields, held a token.
    pub fn hides(&self, field: usize) -> bool {
        // Mostly none is, and then the first says so.
        let mut hidden = self.fields.iter().map_while(|ordinal| *ordinal);
        hidden.any(|hidden| usize::from(hidden) == field)
    }

    /// What is left of the path and query: two parts to be written one after the other.
    pub fn path<'a>(&self, path_and_query: &'a [u8]) -> [&'a [u8]; 2] {
        let Some(span) = self.parameter else {
            return [path_and_query, b""];
        };
        let before = path_and_query.get(..span.start()).unwrap_or(path_and_query);
        let after = path_and_query.get(span.end()..).unwrap_or_default();
        match after {
            // The last parameter takes the `?` or `&` before it along, any other the `&` behind it.
            [] => [before.get(..before.len().saturating_sub(1)).unwrap_or_default(), b""],
            [_, rest @ ..] => [before, rest],
        }
    }

    /// Notes a header field that held a token.
    pub(crate) fn add_field(&mut self, ordinal: usize) {
        if let Some(slot) = self.fields.iter_mut().find(|slot| slot.is_none()) {
            *slot = u16::try_from(ordinal).ok();
        }
    }

    /// Notes the parameter that did.
    pub(crate) fn add_parameter(&mut self, span: Span) {
        self.parameter = Some(span);
    }

    /// Notes one more; false when there is no room.
    pub(crate) fn add(&mut self, field: usize, span: Span) -> bool {
        let (Ok(field), Some(slot)) =
            (u16::try_from(field), self.cuts.get_mut(usize::from(self.count)))
        else {
            return false;
        };
        *slot = Cut { field, span };
        self.count += 1;
        true
    }

    fn of(&self, field: usize) -> impl Iterator<Item = Span> {
        self.cuts
            .iter()
            .take(usize::from(self.count))
            .filter(move |cut| usize::from(cut.field) == field)
            .map(|cut| cut.span)
    }
}

/// Appends `bytes`; without leading space where they begin the field.
fn push(bytes: &[u8], field_start: usize, out: &mut Vec<u8>) {
    let bytes = if out.len() == field_start { trim_start(bytes) } else { bytes };
    out.extend_from_slice(bytes);
}

fn trim(bytes: &[u8]) -> &[u8] {
    let mut bytes = trim_start(bytes);
    while let [rest @ .., last] = bytes
        && is_space(*last)
    {
        bytes = rest;
    }
    bytes
}

fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && is_space(*first)
    {
        bytes = rest;
    }
    bytes
}

fn is_space(c: u8) -> bool {
    matches!(c, b' ' | b'\t')
}
