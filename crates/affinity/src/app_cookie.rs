//! Cookies of ours that go with one of the application's: what is copied from it, and ALB's cookie that several groups share.

use clingfish_model::{
    UnixMillis,
    limits::{APP_BINDINGS_MAX, COOKIES_TRIED_MAX},
};

use crate::{
    cookie::{pairs, segments},
    keyring::KeyRing,
    memo::Memo,
    policy::Policy,
    token::Token,
};

/// The value of a shard that holds nothing.
pub(crate) const REMOVED: &[u8] = b"_remove_";

/// Whether a cookie says that it holds nothing. Most are too short for that.
pub(crate) fn is_removed(cookie: &[u8]) -> bool {
    cookie.len() > REMOVED.len() && cookie.trim_ascii_end().ends_with(REMOVED)
}

/// The texts of a shard: tokens, one after the other, of which [`APP_BINDINGS_MAX`] are looked at.
pub(crate) fn tokens(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.chunks_exact(Token::TEXT_BYTES).take(APP_BINDINGS_MAX)
}

/// The tokens of other groups in a request's cookie, to be kept when this group's is written; the limit leaves room for that.
///
/// The first of each group counts.
pub fn others<'a>(
    fields: impl Iterator<Item = &'a [u8]>,
    policy: &Policy,
    ring: &KeyRing,
    now: UnixMillis,
    memo: &mut Memo,
) -> Vec<u8> {
    let mut groups = vec![policy.group()];
    let mut kept = Vec::new();
    let own = fields.flat_map(pairs).filter(|pair| policy.names().include(pair.name));
    let own = own.take(COOKIES_TRIED_MAX);
    for text in own.flat_map(|pair| tokens(pair.value)) {
        let Ok(opened) = memo.open(text, ring, policy.purpose(), policy.alphabet(), now) else {
            continue;
        };
        let group = opened.token.group;
        if !groups.contains(&group) && groups.len() < APP_BINDINGS_MAX {
            groups.push(group);
            kept.extend_from_slice(text);
        }
    }
    kept
}

/// A cookie that the application sets in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppSets<'a> {
    /// Its attributes as written, from the first `;` on; empty where there are none.
    attributes: &'a [u8],
}

impl<'a> AppSets<'a> {
    /// Token flags that say what can be said again without the application.
    const PLAIN_SCOPE: u16 = 1 << 12;
    const SAME_SITE_NONE: u16 = 1 << 13;
    const PARTITIONED: u16 = 1 << 14;
    const LASTING: u16 = 1 << 15;
    /// What is taken for granted of a cookie that was not seen being set: the host's own.
    pub(crate) const PLAIN: u16 = Self::PLAIN_SCOPE | Self::LASTING;
    /// The bits of a token's flags that it fills.
    pub(crate) const FLAG_BITS: u16 =
        Self::PLAIN_SCOPE | Self::SAME_SITE_NONE | Self::PARTITIONED | Self::LASTING;

    /// The last Set-Cookie value of that name, which is the one that a browser keeps.
    ///
    /// In classic style one that ends in a semicolon does not count, as at AWS.
    pub fn find(
        set_cookies: impl Iterator<Item = &'a [u8]>,
        policy: &Policy,
    ) -> Option<AppSets<'a>> {
        let name = policy.app_cookie()?;
        let is_ignored =
            |value: &[u8]| policy.is_classic() && value.trim_ascii_end().ends_with(b";");
        let set = |value: &'a [u8]| {
            let end = memchr::memchr(b';', value).unwrap_or(value.len());
            let (cookie, attributes) = value.split_at_checked(end)?;
            let is_named = pairs(cookie).any(|pair| pair.name == name);
            (is_named && !is_ignored(value)).then_some(AppSets { attributes })
        };
        set_cookies.filter_map(set).last()
    }

    /// As written.
    pub(crate) fn attributes(&self) -> &'a [u8] {
        self.attributes
    }

    /// Name and value of each; an empty value where it has none.
    pub(crate) fn each(&self) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> {
        let attributes = self.attributes;
        segments(attributes).map(move |span| span.of(attributes).trim_ascii()).filter_map(|text| {
            let end = memchr::memchr(b'=', text).unwrap_or(text.len());
            let (name, rest) = text.split_at_checked(end)?;
            let value = rest.get(1..).map(<[u8]>::trim_ascii);
            (!name.is_empty()).then_some((name.trim_ascii(), value))
        })
    }

    /// What a token notes of it, so that it can be renewed when the application does not say it again.
    pub fn flags(&self) -> u16 {
        let mut flags = Self::PLAIN_SCOPE;
        for (name, value) in self.each() {
            let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
            match value.unwrap_or_default() {
                path if is(b"path") && path != b"/" => flags &= !Self::PLAIN_SCOPE,
                _ if is(b"domain") => flags &= !Self::PLAIN_SCOPE,
                site if is(b"samesite") && site.eq_ignore_ascii_case(b"none") => {
                    flags |= Self::SAME_SITE_NONE;
                }
                _ if is(b"partitioned") => flags |= Self::PARTITIONED,
                _ if is(b"max-age") || is(b"expires") => flags |= Self::LASTING,
                _ => {}
            }
        }
        flags
    }
}

/// Whether a cookie can be written again from what its token notes: one with a path or domain of its own cannot.
pub(crate) fn is_renewable(token: &Token) -> bool {
    token.flags & AppSets::PLAIN_SCOPE != 0
}

/// Whether the cookie outlives the browser.
pub(crate) fn is_lasting(token: &Token) -> bool {
    token.flags & AppSets::LASTING != 0
}

/// Attributes for a cookie that is written again, after those of its end.
pub(crate) fn renewed_attributes(token: &Token, https: bool) -> &'static [u8] {
    let is = |flag| token.flags & flag != 0;
    match (is(AppSets::SAME_SITE_NONE), is(AppSets::PARTITIONED)) {
        (true, true) => b"; Path=/; HttpOnly; Secure; SameSite=None; Partitioned",
        (true, false) => b"; Path=/; HttpOnly; Secure; SameSite=None",
        _ if https => b"; Path=/; HttpOnly; Secure; SameSite=Lax",
        _ => b"; Path=/; HttpOnly; SameSite=Lax",
    }
}

/// Whether a browser takes `SameSite=None` for what it says: Chromium from version 80 on, as ALB finds out.
pub fn is_chromium(user_agent: &[u8]) -> bool {
    let marks: [&[u8]; 2] = [b"Chrome/", b"Chromium/"];
    marks.into_iter().any(|mark| {
        let at = memchr::memmem::find(user_agent, mark).map(|at| at + mark.len());
        let digits = at.and_then(|at| user_agent.get(at..)).unwrap_or_default();
        let digits = digits.iter().take_while(|c| c.is_ascii_digit()).take(4);
        digits.fold(0, |number: u32, c| number * 10 + u32::from(c - b'0')) >= 80
    })
}
